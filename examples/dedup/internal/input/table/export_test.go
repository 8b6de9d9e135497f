package table

import (
	"github.com/parquet-go/parquet-go/format"
)

// DecodePage decodes the data of a page of a column, whose values may be null if levels
// is not 0, and returns the number of values and its error.
func DecodePage(kind format.Type, encoding format.Encoding, levels int, values int64, v2 bool, data []byte) (n int, err error) {
	f := &File{}
	r := f.Rows(nil, Options{MaxPage: 1 << 20})
	ch := &chunk{rows: r, c: Column{kind: kind, length: 5, levels: levels}, dict: [][]byte{{1}, {}, {2, 3}}}
	h := pageHeader{kind: dataPage, size: int64(len(data)), values: values, encoding: int64(encoding), levels: int64(format.RLE)}
	if v2 {
		h.kind, h.defBytes = dataPageV2, int64(len(data)/4)
	}
	if err := ch.data(h, data); err != nil {
		return 0, err
	}
	for ch.left > 0 {
		if _, err := ch.next(); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// DecodeDictionary decodes the data of a dictionary page.
func DecodeDictionary(kind format.Type, values int64, data []byte) error {
	ch := &chunk{rows: (&File{}).Rows(nil, Options{}), c: Column{kind: kind, length: 5}}
	return ch.dictionary(pageHeader{values: values, size: int64(len(data))}, data)
}
