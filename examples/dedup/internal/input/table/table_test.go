package table_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"

	"github.com/neardup/neardup/examples/dedup/internal/input/table"
	"github.com/neardup/neardup/internal/race"
)

// write returns a file of rows as parquet-go writes it.
func write[T any](t testing.TB, rows []T, perGroup int, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	for len(rows) > 0 {
		n := min(perGroup, len(rows))
		if _, err := w.Write(rows[:n]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read returns the rows of columns, "null" for null, and the errors.
func read(file []byte, o table.Options, names ...string) (rows []string, errs []error) {
	f, err := table.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, []error{err}
	}
	var columns []table.Column
	for _, name := range names {
		c, err := f.Column(name)
		if err != nil {
			return nil, []error{err}
		}
		columns = append(columns, c)
	}
	r := f.Rows(columns, o)
	defer r.Close()
	for {
		values, err := r.Next()
		if err == io.EOF {
			return rows, errs
		}
		if err != nil {
			if errs = append(errs, err); len(errs) > 1000 {
				return rows, errs
			}
			continue
		}
		var row []string
		for _, v := range values {
			if v == nil {
				row = append(row, "null")
			} else {
				row = append(row, fmt.Sprintf("%q", v))
			}
		}
		rows = append(rows, strings.Join(row, " "))
	}
}

type plainRow struct {
	ID   int64   `parquet:"id"`
	N    int32   `parquet:"n"`
	Text string  `parquet:"text"`
	Opt  *string `parquet:"opt,optional"`
}
type deltaRow struct {
	ID   int64   `parquet:"id,delta"`
	N    int32   `parquet:"n,delta"`
	Text string  `parquet:"text,delta"`
	Opt  *string `parquet:"opt,optional"`
}
type dictRow struct {
	ID   int64   `parquet:"id,dict"`
	N    int32   `parquet:"n,dict"`
	Text string  `parquet:"text,dict"`
	Opt  *string `parquet:"opt,optional,dict"`
}

// samples are n rows with texts that share beginnings, repeat and are empty.
func samples(n int) (plain []plainRow, delta []deltaRow, dict []dictRow, want []string) {
	for i := range n {
		id := int64(i*i*7919) - 5
		if i%50 == 0 {
			id = math.MinInt64 + int64(i)
		}
		text := strings.Repeat("beginning ", i%7) + fmt.Sprint(i%31)
		if i%13 == 0 {
			text = ""
		}
		r := plainRow{ID: id, N: int32(-i) * 1000003, Text: text}
		opt := "null"
		if i%3 > 0 && i/100%3 > 0 {
			s := strings.Repeat("opt", i%4)
			r.Opt = &s
			opt = fmt.Sprintf("%q", s)
		}
		plain, delta, dict = append(plain, r), append(delta, deltaRow(r)), append(dict, dictRow(r))
		want = append(want, fmt.Sprintf("%q %q %q %s", fmt.Sprint(r.ID), fmt.Sprint(r.N), r.Text, opt))
	}
	return plain, delta, dict, want
}

// Pages of every encoding, compression and version that parquet-go writes are read.
func TestReadUnderstandsEveryEncoding(t *testing.T) {
	race.Alone(t)
	plain, delta, dict, want := samples(1500)
	codecs := map[string]compress.Codec{
		"plain": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip,
		"brotli": &parquet.Brotli, "zstd": &parquet.Zstd, "lz4": &parquet.Lz4Raw,
	}
	for name, codec := range codecs {
		for version := 1; version <= 2; version++ {
			options := []parquet.WriterOption{parquet.Compression(codec), parquet.DataPageVersion(version), parquet.PageBufferSize(2000)}
			for encoding, file := range map[string][]byte{
				"plain": write(t, plain, 700, options...),
				"delta": write(t, delta, 700, options...),
				"dict":  write(t, dict, 700, options...),
			} {
				rows, errs := read(file, table.Options{}, "id", "n", "text", "opt")
				if len(errs) > 0 {
					t.Errorf("%s, %s, version %d: errors %v, want none", encoding, name, version, errs)
				}
				if diff := cmp.Diff(want, rows); diff != "" {
					t.Errorf("%s, %s, version %d (-want +got):\n%s", encoding, name, version, diff)
				}
			}
		}
	}
}

type prefixRow struct {
	Text string `parquet:"text,delta"`
}

// DELTA_LENGTH_BYTE_ARRAY, which parquet-go writes only on request.
func TestDeltaLengthIsRead(t *testing.T) {
	schema := parquet.NewSchema("table", parquet.Group{
		"text": parquet.Encoded(parquet.String(), &parquet.DeltaLengthByteArray),
		"more": parquet.Encoded(parquet.String(), &parquet.DeltaByteArray),
	})
	var b bytes.Buffer
	w := parquet.NewGenericWriter[map[string]any](&b, schema, parquet.Compression(&parquet.Snappy))
	var want []string
	for i := range 1000 {
		s, m := strings.Repeat("s", i%300), fmt.Sprintf("prefix/%03d/%d", i/10, i)
		if _, err := w.WriteRows([]parquet.Row{{parquet.ValueOf(m).Level(0, 0, 0), parquet.ValueOf(s).Level(0, 0, 1)}}); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%q %q", s, m))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rows, errs := read(b.Bytes(), table.Options{}, "text", "more")
	if len(errs) > 0 {
		t.Error(errs)
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTypesAreRecognized(t *testing.T) {
	type inner struct {
		URL *string `parquet:"url,optional"`
	}
	type row struct {
		Millis  time.Time `parquet:"millis,timestamp(millisecond)"`
		Micros  time.Time `parquet:"micros,timestamp(microsecond)"`
		Nanos   time.Time `parquet:"nanos,timestamp(nanosecond)"`
		Day     int32     `parquet:"day,date"`
		Big     uint64    `parquet:"big"`
		Small   uint32    `parquet:"small"`
		UUID    [16]byte  `parquet:"uuid,uuid"`
		Fixed   [3]byte   `parquet:"fixed"`
		Bytes   []byte    `parquet:"bytes"`
		Meta    *inner    `parquet:"meta,optional"`
		List    []string  `parquet:"list"`
		Float   float64   `parquet:"float"`
		Decimal int64     `parquet:"decimal,decimal(2:10)"`
		Bool    bool      `parquet:"bool"`
	}
	at := time.Date(1969, 12, 31, 23, 59, 58, 123456789, time.UTC)
	url := "http://a/"
	file := write(t, []row{{
		Millis: at, Micros: at, Nanos: at, Day: -1, Big: math.MaxUint64, Small: math.MaxUint32,
		UUID: [16]byte{0x12, 0x34, 15: 0xff}, Fixed: [3]byte{'a', 'b', 'c'}, Bytes: []byte("bytes"), Meta: &inner{&url},
	}, {Millis: at, Micros: at, Nanos: at, Meta: &inner{}}, {Millis: at, Micros: at, Nanos: at}}, 10)
	rows, errs := read(file, table.Options{}, "millis", "micros", "nanos", "day", "big", "small", "uuid", "fixed", "bytes", "meta.url")
	want := `"1969-12-31T23:59:58.123Z" "1969-12-31T23:59:58.123456Z" "1969-12-31T23:59:58.123456789Z" "1969-12-31" ` +
		`"18446744073709551615" "4294967295" "12340000-0000-0000-0000-0000000000ff" "abc" "bytes" "http://a/"`
	if len(errs) > 0 || len(rows) != 3 || rows[0] != want || !strings.HasSuffix(rows[1], ` "" null`) || !strings.HasSuffix(rows[2], ` "" null`) {
		t.Errorf("errors %v, rows\n%s\nwant\n%s", errs, strings.Join(rows, "\n"), want)
	}
	for name, want := range map[string]error{
		"none": table.ErrColumn, "list": table.ErrUnsupported, "float": table.ErrUnsupported,
		"decimal": table.ErrUnsupported, "bool": table.ErrUnsupported, "meta": table.ErrUnsupported,
	} {
		if _, errs := read(file, table.Options{}, name); len(errs) != 1 || !errors.Is(errs[0], want) {
			t.Errorf("column %q: %v, want %v", name, errs, want)
		}
	}
}

// A broken page costs its row group; the other row groups are read.
func TestBrokenPageCostsItsRowGroup(t *testing.T) {
	plain, _, _, want := samples(300)
	file := write(t, plain, 100, parquet.Compression(&parquet.Zstd))
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	m := f.Metadata().RowGroups[1].Columns[2].MetaData
	for i := range int64(20) {
		file[m.DataPageOffset+m.TotalCompressedSize-1-i] ^= 0xa5
	}
	rows, errs := read(file, table.Options{}, "id", "n", "text", "opt")
	if len(errs) != 1 {
		t.Fatalf("errors %v, want one", errs)
	}
	e, ok := errors.AsType[*table.Error](errs[0])
	if !ok || e.Column != "text" || e.Row < 100 || e.End != 200 {
		t.Errorf("error %+v, want one of column text and rows from 100 to 200", e)
	}
	if diff := cmp.Diff(append(want[:e.Row:e.Row], want[200:]...), rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// With any byte of a file changed, or the file cut anywhere, the result is rows and
// errors, without a panic and with bounded memory.
func TestDamageCausesNoPanic(t *testing.T) {
	race.Alone(t)
	plain, delta, dict, want := samples(40)
	opt := []parquet.WriterOption{parquet.Compression(&parquet.Snappy), parquet.PageBufferSize(300)}
	lz4 := []parquet.WriterOption{parquet.Compression(&parquet.Lz4Raw), parquet.DataPageVersion(1)}
	for name, file := range map[string][]byte{
		"plain": write(t, plain, 20, opt...), "delta": write(t, delta, 20, opt...), "dict": write(t, dict, 20, opt...), "lz4": write(t, plain, 20, lz4...),
	} {
		damaged := 0
		check := func(file []byte) {
			rows, errs := read(file, table.Options{MaxPage: 1 << 20}, "id", "n", "text", "opt")
			if len(rows) > 1000 {
				t.Fatalf("%s: %d rows, want at most 1000", name, len(rows))
			}
			if len(errs) > 0 || cmp.Diff(want, rows) != "" {
				damaged++
			}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n := 0
		for i := 0; i < len(file); i += 3 {
			for _, x := range []byte{0x01, 0x80, 0x7f ^ file[i]} {
				changed := bytes.Clone(file)
				changed[i] ^= x
				check(changed)
				n++
			}
			check(file[:i])
		}
		runtime.ReadMemStats(&after)
		if per := (after.TotalAlloc - before.TotalAlloc) / uint64(n); per > 8<<20 {
			t.Errorf("%s: %d bytes allocated per damaged file of %d bytes, want at most %d", name, per, len(file), 8<<20)
		}
		if damaged < n/4 {
			t.Errorf("%s: %d of %d changes gave an error or other rows, want at least a quarter", name, damaged, n)
		}
	}
}

func FuzzRead(f *testing.F) {
	plain, delta, dict, _ := samples(30)
	f.Add(write(f, plain, 20, parquet.Compression(&parquet.Snappy)))
	f.Add(write(f, delta, 20, parquet.Compression(&parquet.Zstd)))
	f.Add(write(f, dict, 20, parquet.Compression(&parquet.Lz4Raw)))
	f.Add(write(f, []prefixRow{{"a"}, {"ab"}}, 20))
	f.Fuzz(func(t *testing.T, file []byte) {
		f, err := table.Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		var columns []table.Column
		for _, name := range f.Names() {
			if c, err := f.Column(name); err == nil {
				columns = append(columns, c)
			}
		}
		if len(columns) == 0 {
			return
		}
		r := f.Rows(columns, table.Options{MaxPage: 1 << 20})
		defer r.Close()
		last := int64(-1)
		for range 100_000 {
			_, err := r.Next()
			if err == io.EOF {
				return
			}
			if e, ok := errors.AsType[*table.Error](err); ok {
				if e.Row >= e.End || e.End != r.Row() {
					t.Fatalf("rows %d to %d are lost and the next is %d, want the end of the lost rows", e.Row, e.End, r.Row())
				}
			} else if err != nil || r.Row() <= last {
				t.Fatalf("row %d follows row %d, error %v, want ascending rows and nil", r.Row(), last, err)
			}
			last = r.Row()
		}
	})
}

// A copy has the wanted rows with every column.
func TestCopyKeepsWantedRows(t *testing.T) {
	_, _, dict, want := samples(700)
	file := write(t, dict, 300, parquet.Compression(&parquet.Zstd), parquet.KeyValueMetadata("made-by", "a test"))
	var b bytes.Buffer
	var kept []string
	var rows []int
	for i, row := range want {
		if i%3 != 1 {
			kept, rows = append(kept, row), append(rows, i+1)
		}
	}
	if err := copyTable(t, &b, file, rows); err != nil {
		t.Fatal(err)
	}
	got, errs := read(b.Bytes(), table.Options{}, "id", "n", "text", "opt")
	if diff := cmp.Diff(kept, got); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v (-want +got):\n%s", errs, diff)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := f.Lookup("made-by"); v != "a test" {
		t.Errorf("metadata made-by of the copy = %q, want %q", v, "a test")
	}
	if c := f.Metadata().RowGroups[0].Columns[2].MetaData.Codec; c.String() != "ZSTD" {
		t.Errorf("compression %v, want ZSTD", c)
	}
	if n := len(f.RowGroups()); n != 3 {
		t.Errorf("%d row groups, want 3", n)
	}
	file[40] ^= 0xff // any result is fine except a panic
	_ = copyTable(t, io.Discard, file[:len(file)-9], rows)
}

// PyArrow lists the encoding of the levels before that of the values for a column without
// a dictionary.
func TestCopyKeepsPlainColumns(t *testing.T) {
	file, err := os.ReadFile("testdata/plain.parquet")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := copyTable(t, &b, file, []int{2, 3}); err != nil {
		t.Fatal(err)
	}
	want, _ := read(file, table.Options{}, "id", "n", "text")
	got, errs := read(b.Bytes(), table.Options{}, "id", "n", "text")
	if diff := cmp.Diff(want[1:], got); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v (-want +got):\n%s", errs, diff)
	}
}

// FuzzPage checks that a page yields as many values as it declares, or an error.
func FuzzPage(f *testing.F) {
	kinds := []format.Type{format.ByteArray, format.Int32, format.Int64, format.Int96, format.FixedLenByteArray}
	encodings := []format.Encoding{format.Plain, format.RLEDictionary, format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray, format.Encoding(77)}
	f.Add(uint8(0), uint8(0), uint8(0), uint32(2), false, []byte("\x01\x00\x00\x00a\x02\x00\x00\x00bc"))
	f.Add(uint8(0), uint8(1), uint8(0), uint32(9), false, []byte("\x02\x08\x01\x03\x24\x09"))
	f.Add(uint8(0), uint8(1), uint8(1), uint32(9), true, []byte("\x12\x01\x02\x12\x01\x00\x00\x00"))
	f.Add(uint8(2), uint8(2), uint8(0), uint32(5), false, []byte("\x80\x01\x04\x05\x0e\x02\x00\x00\x00\x00"))
	f.Add(uint8(0), uint8(3), uint8(0), uint32(2), false, []byte("\x80\x01\x04\x02\x02\x02\x00\x00\x00\x00ab"))
	f.Add(uint8(0), uint8(4), uint8(0), uint32(1), false, []byte("\x80\x01\x04\x01\x00\x80\x01\x04\x01\x02a"))
	f.Fuzz(func(t *testing.T, kind, encoding, levels uint8, values uint32, v2 bool, data []byte) {
		values %= 1 << 14
		k := kinds[int(kind)%len(kinds)]
		n, err := table.DecodePage(k, encodings[int(encoding)%len(encodings)], int(levels%4), int64(values), v2, data)
		if err == nil && n != int(values) {
			t.Fatalf("DecodePage = %d values, nil error, want %d values or an error", n, values)
		}
		_ = table.DecodeDictionary(k, int64(values), data)
	})
}

// copyTable copies rows of one file; the first row is 1. The copy is the same if several
// row groups are copied at a time.
func copyTable(t *testing.T, w io.Writer, file []byte, rows []int) error {
	name := filepath.Join(t.TempDir(), "in.parquet")
	if err := os.WriteFile(name, file, 0o666); err != nil {
		t.Fatal(err)
	}
	from := []table.Selection{{File: name, Rows: rows}}
	var several bytes.Buffer
	also := table.Copy(&several, from, table.CopyOptions{Workers: 3, Memory: 1 << 30})
	var one bytes.Buffer
	err := table.Copy(&one, from, table.CopyOptions{})
	if (err == nil) != (also == nil) || !bytes.Equal(one.Bytes(), several.Bytes()) {
		t.Errorf("copying several row groups at a time: %d bytes, %v; one: %d bytes, %v", several.Len(), also, one.Len(), err)
	}
	_, writing := w.Write(one.Bytes())
	return errors.Join(err, writing)
}
