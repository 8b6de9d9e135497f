package warc_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/neardup/neardup/examples/dedup/internal/input/warc"
	"github.com/neardup/neardup/internal/race"
)

// record returns a record as written in a file.
func record(kind, uri, block string) string {
	return fmt.Sprintf("WARC/1.0\r\nWARC-Type: %s\r\nWARC-Target-URI: %s\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", kind, uri, len(block), block)
}

func gzipped(members ...string) string {
	var b bytes.Buffer
	for _, m := range members {
		w := gzip.NewWriter(&b)
		w.Write([]byte(m))
		w.Close()
	}
	return b.String()
}

func zstandard(frames ...string) string {
	w, _ := zstd.NewWriter(nil)
	var b []byte
	for _, f := range frames {
		b = w.EncodeAll([]byte(f), b)
	}
	return string(b)
}

// read returns the contents of a file, a line for each record and error.
func read(t *testing.T, file string, o warc.Options) (lines []string) {
	t.Helper()
	r, err := warc.NewReader(strings.NewReader(file), o)
	if err != nil {
		return []string{err.Error()}
	}
	defer r.Close()
	for range 1000 {
		rec, err := r.Next()
		if err == io.EOF {
			if _, err = r.Next(); err != io.EOF {
				t.Errorf("Next after the end = %v, want io.EOF", err)
			}
			return lines
		}
		if err != nil {
			if _, ok := errors.AsType[*warc.Error](err); !ok {
				t.Errorf("error %v of type %T, want a *warc.Error", err, err)
			}
			lines = append(lines, err.Error())
			continue
		}
		lines = append(lines, fmt.Sprintf("%d %d %s %s %q", rec.Number, rec.Offset, rec.Type, rec.TargetURI(), rec.Block))
	}
	t.Fatal("Next does not end after 1000 records, want io.EOF")
	return nil
}

func TestReaderReturnsRecords(t *testing.T) {
	a, b := record("response", "http://a/", "one"), record("Conversion", "<http://b/>", "")
	la, lga := len(a), len(gzipped(a))
	wantA, wantB := `1 0 response http://a/ "one"`, `conversion http://b/ ""`
	for _, tt := range []struct {
		why, file string
		want      []string
	}{
		{"empty", "", nil},
		{"plain", a + b, []string{wantA, fmt.Sprintf("2 %d %s", la, wantB)}},
		{"gzip by record", gzipped(a, b), []string{wantA, fmt.Sprintf("2 %d %s", lga, wantB)}},
		{"gzip as a whole", gzipped(a + b), []string{wantA, "2 0 " + wantB}},
		{"gzip, cut within records", gzipped(a[:20], a[20:]+b[:5], b[5:]), []string{wantA, fmt.Sprintf("2 %d %s", len(gzipped(a[:20])), wantB)}},
		{"Zstandard by record", zstandard(a, b), []string{wantA, fmt.Sprintf("2 %d %s", la, wantB)}},
		{"Zstandard as a whole", zstandard(a + b), []string{wantA, fmt.Sprintf("2 %d %s", la, wantB)}},
		{"version 1.1, bare line feeds, a folded and a repeated field", "WARC/1.1\nwarc-type:response\nX: y\n  folded\nWARC-Type: other\n  with more\ncontent-length: 3\nWARC-Target-URI: http://a/\n\none\n\n",
			[]string{wantA}},
		{"no line ends after the last", strings.TrimSpace(a), []string{wantA}},
		{"blank lines all over", "\r\n\r\n" + a + "\r\n\r\n\r\n" + b, []string{fmt.Sprintf("1 4 %s", wantA[4:]), fmt.Sprintf("2 %d %s", la+10, wantB)}},
	} {
		if diff := cmp.Diff(tt.want, read(t, tt.file, warc.Options{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
	}
}

// A broken record gives an error that names it; the records around it are read.
func TestBrokenRecordIsReported(t *testing.T) {
	a, z := record("response", "http://a/", "one"), record("response", "http://z/", "last")
	long := strings.Replace(record("response", "http://b/", "two"), "Length: 3", "Length: 30", 1)
	short := strings.Replace(record("response", "http://b/", "two and more"), "Length: 12", "Length: 3", 1)
	beyond := strings.Replace(record("response", "http://b/", "two"), "Length: 3", "Length: 4000000000", 1)
	corrupt := []byte(gzipped(record("response", "http://b/", strings.Repeat("some text that packs ", 40))))
	corrupt[len(corrupt)-6] ^= 0x55 // the checksum
	shuffled := bytes.Clone(corrupt)
	for i := 40; i < len(shuffled)-8; i += 3 {
		shuffled[i] ^= 0xff
	}
	wantA := `1 0 response http://a/ "one"`
	at := func(n, offset int) string { return fmt.Sprintf("%d %d response http://z/ \"last\"", n, offset) }
	for _, tt := range []struct {
		why, file string
		want      []string // the beginning of each line of read
	}{
		{"a length too great, plain", a + long + z,
			[]string{wantA, fmt.Sprintf("record 2 at byte %d: wrong Content-Length: it declares 30", len(a)), at(3, len(a+long))}},
		{"a length too great, gzip", gzipped(a, long, z),
			[]string{wantA, fmt.Sprintf("record 2 at byte %d: wrong Content-Length", len(gzipped(a))), at(3, len(gzipped(a, long)))}},
		{"a length too great in the last record", a + beyond,
			[]string{wantA, fmt.Sprintf("record 2 at byte %d: wrong Content-Length: it declares 4000000000 bytes, but the file ends earlier", len(a))}},
		{"a length beyond the file and the limit", a + beyond + z,
			[]string{wantA, fmt.Sprintf("record 2 at byte %d: wrong Content-Length: it declares 4000000000", len(a))}},
		{"a length too small", a + short + z,
			[]string{wantA, fmt.Sprintf("record 2 at byte %d: wrong Content-Length: it declares 3", len(a)), at(3, len(a+short))}},
		{"no length", a + strings.Replace(long, "Content-Length: 30\r\n", "", 1) + z,
			[]string{wantA, fmt.Sprintf(`record 2 at byte %d: wrong Content-Length ""`, len(a)), at(3, len(a+long)-len("Content-Length: 30\r\n"))}},
		{"a negative length", strings.Replace(a, "Length: 3", "Length: -3", 1) + z, []string{`record 1 at byte 0: wrong Content-Length "-3"`, at(2, len(a)+1)}},
		{"a header line without a colon", strings.Replace(a, "WARC-Type: ", "WARC-Type ", 1) + z, []string{"record 1 at byte 0: header line", at(2, len(a)-1)}},
		{"no archive at all", "just some text\nof two lines\n", []string{`record 1 at byte 0: no version line like WARC/1.0, but "just some text"`}},
		{"no archive at first", "just some text\n" + z, []string{"record 1 at byte 0: no version line", at(2, 15)}},
		{"a header without end", "WARC/1.0\r\n" + strings.Repeat("X: y\r\n", 1<<18), []string{"record 1 at byte 0: a header of more than 1048576 bytes"}},
		{"a version line without end", "WARC/" + strings.Repeat("1", 2<<20) + "\n" + z, []string{"record 1 at byte 0: a header of more than", at(2, 2<<20+6)}},
		{"a file cut within a header", a[:30], []string{"record 1 at byte 0: the file ends within a header: unexpected EOF"}},
		{"a file cut within a block", a + z[:len(z)-6], []string{wantA, fmt.Sprintf("record 2 at byte %d: wrong Content-Length: it declares 4 bytes, but the file ends earlier", len(a))}},
		{"a cut gzip member", gzipped(a, z)[:len(gzipped(a))+30], []string{wantA, fmt.Sprintf("record 2 at byte %d: ", len(gzipped(a)))}},
		{"a wrong checksum", gzipped(a) + string(corrupt) + gzipped(z),
			[]string{wantA, fmt.Sprintf("record 2 at byte %d: ", len(gzipped(a))), at(3, len(gzipped(a))+len(corrupt))}},
		{"garbage in a gzip member", gzipped(a) + string(shuffled) + gzipped(z),
			[]string{wantA, fmt.Sprintf("record 2 at byte %d: ", len(gzipped(a))), at(3, len(gzipped(a))+len(shuffled))}},
		{"garbage between gzip members", gzipped(a) + "garbage \x1f\x8b garbage" + gzipped(z),
			[]string{wantA, fmt.Sprintf("record 2 at byte %d: ", len(gzipped(a))), at(3, len(gzipped(a))+len("garbage \x1f\x8b garbage"))}},
		{"garbage in Zstandard", zstandard(a) + "\x28\xb5\x2f\xfd garbage", []string{wantA, fmt.Sprintf("record 2 at byte %d: ", len(a))}},
	} {
		got := read(t, tt.file, warc.Options{})
		ok := len(got) == len(tt.want)
		for i := range min(len(got), len(tt.want)) {
			ok = ok && strings.HasPrefix(got[i], tt.want[i])
		}
		if !ok {
			t.Errorf("%s:\n got %.200q\nwant %.200q", tt.why, got, tt.want)
		}
	}
}

func TestOptionsSelectRecords(t *testing.T) {
	file := record("response", "http://a/", "longer than ten") + record("metadata", "http://b/", "not wanted, and long") + record("response", "http://c/", "short")
	got := read(t, file, warc.Options{MaxBlock: 10, Want: func(r *warc.Record) bool { return r.Type == "response" }})
	want := []string{
		"record 1 at byte 0: a block of 15 bytes, more than 10: over the limit",
		`2 100 metadata http://b/ ""`,
		`3 205 response http://c/ "short"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A file may begin with the dictionary of its frames.
func TestDictionaryBeforeFramesIsUsed(t *testing.T) {
	race.Alone(t)
	var samples [][]byte
	for i := range 200 {
		samples = append(samples, []byte(record("response", fmt.Sprintf("http://a/%d", i), strings.Repeat(fmt.Sprint("text ", i), 5))))
	}
	dict, err := zstd.BuildDict(zstd.BuildDictOptions{ID: 7, Contents: samples, History: bytes.Join(samples[:20], nil), Offsets: [3]int{1, 4, 8}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderDict(dict))
	if err != nil {
		t.Fatal(err)
	}
	body := w.EncodeAll([]byte(record("response", "http://a/", "one")), nil)
	for _, d := range []string{string(dict), zstandard(string(dict))} {
		size := []byte{byte(len(d)), byte(len(d) >> 8), byte(len(d) >> 16), 0}
		file := "\x5d\x2a\x4d\x18" + string(size) + d + string(body)
		if diff := cmp.Diff([]string{`1 0 response http://a/ "one"`}, read(t, file, warc.Options{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := read(t, file[:len(d)/2], warc.Options{}); len(got) != 1 || !strings.Contains(got[0], "unexpected EOF") {
			t.Errorf("file cut within the dictionary: got %q, want one error, unexpected EOF", got)
		}
	}
}

func TestParseResponseDecodesBody(t *testing.T) {
	packed := gzipped("packed text")
	chunks := "4\r\npack\r\n7;x=y\r\ned text\r\n0\r\n\r\n"
	for _, tt := range []struct {
		why, block, body string
		err              error
	}{
		{"plain", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nbody", "body", nil},
		{"no reason, HTTP/2", "HTTP/2 200\r\n\r\nbody", "body", nil},
		{"bare line feeds", "HTTP/1.0 200 OK\nX: y\n\nbody", "body", nil},
		{"a line without a colon", "HTTP/1.0 200 OK\nnonsense\n\nbody", "body", nil},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, "packed text", nil},
		{"chunks undone by the crawler", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<p>text", "<p>text", nil},
		{"a chunk cut off", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npack\r\n7\r\ned", "packed", io.ErrUnexpectedEOF},
		{"a chunk size of nonsense", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npack\r\nzz\r\ned", "pack", io.ErrUnexpectedEOF},
		{"gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + packed, "packed text", nil},
		{"gzip undone by the crawler", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\npacked text", "packed text", nil},
		{"gzip in chunks", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(packed), packed), "packed text", nil},
		{"gzip cut off", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + packed[:len(packed)-8], "packed text", io.ErrUnexpectedEOF},
		{"Zstandard", "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\n" + zstandard("packed text"), "packed text", nil},
		{"brotli", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n\x0f\x05\x80packed text\x03", "packed text", nil},
		{"a bomb", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzipped(strings.Repeat("0", 1<<20)), "", warc.ErrLimit},
		{"a bomb in a bomb", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n" + gzipped(gzipped(strings.Repeat("0", 1<<24))), "", warc.ErrLimit},
		{"packed over and over", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip, gzip\r\n\r\n", "", warc.ErrLimit},
		{"too long", "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("0", 2000), "", warc.ErrLimit},
		{"no response", "GET / HTTP/1.1\r\n\r\n", "", warc.ErrHTTP},
		{"nothing", "", "", warc.ErrHTTP},
	} {
		r, err := warc.ParseResponse([]byte(tt.block), 1000, nil)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", tt.why, err, tt.err)
		}
		if r == nil != (tt.err == warc.ErrHTTP) {
			t.Errorf("%s: response %v, want none only with ErrHTTP", tt.why, r)
		}
		if r != nil && (string(r.Body) != tt.body || r.Status != 200) {
			t.Errorf("%s: status %d, body %q, want %q", tt.why, r.Status, r.Body, tt.body)
		}
	}
}

// FuzzReader checks that arbitrary bytes give records and errors in ascending order and
// then the end, and that no more is held than the file has.
func FuzzReader(f *testing.F) {
	a, b := record("response", "http://a/", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"+gzipped("text")), record("conversion", "http://b/", "two")
	f.Add([]byte(a + b))
	f.Add([]byte(gzipped(a, b)))
	f.Add([]byte(zstandard(a, b)))
	f.Add([]byte("WARC/1.0\r\nContent-Length: 99999999999\r\n\r\n" + a))
	f.Add([]byte("WARC/1.0\nContent-Length: 1\n\n\r\n\r\nWARC/WARC/\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := warc.NewReader(bytes.NewReader(file), warc.Options{MaxBlock: 1 << 16, MaxHeader: 1 << 12})
		if err != nil {
			return
		}
		defer r.Close()
		number, offset := 0, int64(0)
		for range 2*len(file) + 2 {
			rec, err := r.Next()
			if err == io.EOF {
				return
			}
			n, at := 0, int64(0)
			if e, ok := errors.AsType[*warc.Error](err); ok {
				n, at = e.Number, e.Offset
			} else if err != nil {
				t.Fatalf("error %v of type %T, want a *warc.Error", err, err)
			} else {
				n, at = rec.Number, rec.Offset
				if len(rec.Block) > 1<<16 || len(rec.Header) > 1<<12 {
					t.Fatalf("%d bytes of header, %d of block, want at most %d and %d", len(rec.Header), len(rec.Block), 1<<12, 1<<16)
				}
				if p, err := warc.ParseResponse(rec.Block, 1000, nil); err == nil && len(p.Body) > 1000 {
					t.Fatalf("%d bytes of body, want at most 1000", len(p.Body))
				}
			}
			if n != number+1 || at < offset {
				t.Fatalf("record %d at %d follows record %d at %d, want the next number, in order", n, at, number, offset)
			}
			number, offset = n, at
		}
		t.Fatal("Next does not end, want io.EOF")
	})
}
