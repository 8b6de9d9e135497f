package table

import "encoding/binary"

// The types of Thrift's compact protocol.
const (
	typeStop = iota
	typeTrue
	typeFalse
	typeByte
	typeI16
	typeI32
	typeI64
	typeDouble
	typeBinary
	typeList
	typeSet
	typeMap
	typeStruct
	typeUUID
)

// maxDepth is the deepest nesting of a structure; Parquet's go down to about six.
const maxDepth = 24

// A compact reads Thrift's compact protocol, the encoding of the footer and the page
// headers. Once failed is set, everything it returns is zero.
type compact struct {
	b       []byte
	i       int
	structs int // number of structs that lists may still hold; each takes hundreds of bytes of memory
	failed  bool
}

func (t *compact) fail() { t.failed, t.i = true, len(t.b) }

func (t *compact) byte() byte {
	if t.i >= len(t.b) {
		t.fail()
		return 0
	}
	t.i++
	return t.b[t.i-1]
}

func (t *compact) uvarint() uint64 {
	v, n := binary.Uvarint(t.b[t.i:])
	if n <= 0 {
		t.fail()
		return 0
	}
	t.i += n
	return v
}

func (t *compact) varint() int64 {
	u := t.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// length reads a length that is at most the number of bytes left.
func (t *compact) length() int {
	n := t.uvarint()
	if n > uint64(len(t.b)-t.i) {
		t.fail()
		return 0
	}
	return int(n)
}

// fields calls f for every field of a struct; f must read the value.
func (t *compact) fields(f func(id int64, typ byte)) {
	for id := int64(0); !t.failed; {
		h := t.byte()
		if h == typeStop {
			return
		}
		if delta := h >> 4; delta != 0 {
			id += int64(delta)
		} else {
			id = t.varint()
		}
		f(id, h&15)
	}
}

// skip skips a value.
func (t *compact) skip(typ byte, depth int) {
	if depth > maxDepth {
		t.fail()
		return
	}
	switch typ {
	case typeTrue, typeFalse:
	case typeByte:
		t.byte()
	case typeI16, typeI32, typeI64:
		t.uvarint()
	case typeDouble:
		t.take(8)
	case typeUUID:
		t.take(16)
	case typeBinary:
		t.take(t.length())
	case typeList, typeSet:
		h := t.byte()
		n := int(h >> 4)
		if n == 15 {
			n = t.length()
		}
		t.elements(n, h&15, depth)
	case typeMap:
		if n := t.length(); n > 0 {
			h := t.byte()
			for range n {
				t.elements(1, h>>4, depth)
				t.elements(1, h&15, depth)
			}
		}
	case typeStruct:
		t.fields(func(_ int64, typ byte) { t.skip(typ, depth+1) })
	default:
		t.fail()
	}
}

// elements skips n values of a list, in which a boolean takes a byte.
func (t *compact) elements(n int, typ byte, depth int) {
	if typ == typeStruct || typ == typeList || typ == typeSet || typ == typeMap || typ == typeBinary {
		if t.structs -= n; t.structs < 0 {
			t.fail()
		}
	}
	if typ == typeTrue || typ == typeFalse {
		typ = typeByte
	}
	for ; n > 0 && !t.failed; n-- {
		t.skip(typ, depth+1)
	}
}

func (t *compact) take(n int) {
	if n > len(t.b)-t.i {
		t.fail()
		return
	}
	t.i += n
}

// A pageHeader is the header of a page (struct PageHeader of parquet.thrift).
type pageHeader struct {
	kind         int64 // type of page: 0 data, 1 index, 2 dictionary, 3 data of version 2
	packed, size int64 // bytes in the file, bytes when unpacked
	values       int64
	nulls        int64 // in version 2: number of nulls
	encoding     int64
	levels       int64 // encoding of definition levels
	defBytes     int64 // in version 2: size of the definition levels, before the compressed bytes
	repBytes     int64
	plain        bool // in version 2: not compressed, despite the chunk's codec
	bytes        int  // size of the header itself
}

const (
	dataPage       = 0
	dictionaryPage = 2
	dataPageV2     = 3
)

// parsePageHeader reads a page's header; ok is false if b does not hold it.
func parsePageHeader(b []byte) (h pageHeader, ok bool) {
	t := compact{b: b, structs: 1 << 10}
	t.fields(func(id int64, typ byte) {
		switch {
		case typ == typeI32 && id == 1:
			h.kind = t.varint()
		case typ == typeI32 && id == 2:
			h.size = t.varint()
		case typ == typeI32 && id == 3:
			h.packed = t.varint()
		case typ == typeStruct && (id == 5 || id == 7 || id == 8):
			h.inner(&t, id)
		default:
			t.skip(typ, 1)
		}
	})
	h.bytes = t.i
	return h, !t.failed
}

// inner reads the part of the header for one kind of page.
func (h *pageHeader) inner(t *compact, part int64) {
	t.fields(func(id int64, typ byte) {
		var dst *int64
		switch part {
		case 5, 7:
			dst = map[int64]*int64{1: &h.values, 2: &h.encoding, 3: &h.levels}[id]
		case 8:
			dst = map[int64]*int64{1: &h.values, 2: &h.nulls, 4: &h.encoding, 5: &h.defBytes, 6: &h.repBytes}[id]
			if id == 7 {
				h.plain = typ == typeFalse
			}
		}
		if dst != nil && typ == typeI32 {
			*dst = t.varint()
		} else {
			t.skip(typ, 2)
		}
	})
}
