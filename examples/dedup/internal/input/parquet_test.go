package input_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/neardup/neardup/examples/dedup/internal/input"
)

type parquetRow struct {
	ID   string    `parquet:"id"`
	Text *string   `parquet:"text,optional,snappy"`
	Host string    `parquet:"host,dict"`
	Time time.Time `parquet:"time,timestamp(millisecond)"`
	Key  int64     `parquet:"key"`
	Body []byte    `parquet:"body,zstd"`
}

func parquetFile[T any](t testing.TB, perGroup int, rows ...T) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b)
	for i, r := range rows {
		if _, err := w.Write([]T{r}); err != nil {
			t.Fatal(err)
		}
		if i%perGroup == perGroup-1 {
			w.Flush()
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestParquetRowsAreRead(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	text := []string{"one", "", "thrée", "bad \xff"}
	file := parquetFile(t, 2,
		parquetRow{ID: "a", Text: &text[0], Host: "h", Time: at, Key: 7, Body: []byte("x")},
		parquetRow{ID: "b", Text: &text[1], Host: "h", Time: at, Key: 8},
		parquetRow{ID: "none", Time: at},
		parquetRow{ID: "c", Text: &text[2], Time: at, Key: 9},
		parquetRow{ID: "d", Text: &text[3], Time: at, Key: 10},
	)
	tree(t, map[string]string{"c.parquet": file})
	docs, messages := read(t, input.Options{}, "c.parquet")
	doc := func(row int, id, text, host string) input.Doc {
		return input.Doc{ID: id, Text: text, Host: host, Time: "2026-01-02T03:04:05Z", Format: input.Parquet, Place: input.Place{File: "c.parquet", Row: row}}
	}
	want := []input.Doc{doc(1, "a", "one", "h"), doc(2, "b", "", "h"), doc(4, "c", "thrée", ""), doc(5, "d", "bad \ufffd", "")}
	if diff := cmp.Diff(want, docs); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"c.parquet: row 3: no text; skipped",
		"c.parquet: row 5: not valid UTF-8; bad bytes are read as U+FFFD (three bytes in offsets)",
	}, messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	docs, messages = read(t, input.Options{Fields: input.Fields{ID: "key", Text: "body"}}, "c.parquet")
	if diff := cmp.Diff([]string{"7", "8", "0", "9", "10"}, ids(docs)); diff != "" || docs[0].Text != "x" || len(messages) > 0 {
		t.Errorf("other columns (-want +got):\n%s\ntext %q, messages %q", diff, docs[0].Text, messages)
	}
}

// An error about a file comes with advice.
func TestBadParquetComesWithAdvice(t *testing.T) {
	text := "text"
	good := parquetFile(t, 10, parquetRow{ID: "a", Text: &text})
	footer := binary.LittleEndian.Uint32([]byte(good[len(good)-8:]))
	long := []byte(good)
	binary.LittleEndian.PutUint32(long[len(long)-8:], 1<<31)
	for _, tt := range []struct {
		why, file, message string
		fields             input.Fields
	}{
		{"not Parquet", "just text that is long enough", `c.parquet: not a Parquet file: it begins with "just"; skipped`, input.Fields{}},
		{"nothing", "", "c.parquet: not a Parquet file: it has 0 bytes; skipped", input.Fields{}},
		{"cut off", good[:len(good)-100], "c.parquet: not a Parquet file: it ends with", input.Fields{}},
		{"a footer longer than the file", string(long), "c.parquet: broken Parquet: a footer of 2147483648 bytes", input.Fields{}},
		{"a footer of zeros", good[:len(good)-8-int(footer)] + strings.Repeat("\x00", int(footer)) + good[len(good)-8:], "c.parquet: broken Parquet: ", input.Fields{}},
		{"a list of two billion row groups", "PAR1" + strings.Repeat("\x15\x02", 1) + "\x39\xfc\xff\xff\xff\xff\x07" + "\x09\x00\x00\x00PAR1", "c.parquet: broken Parquet: its footer declares more fields than it holds", input.Fields{}},
		{"no such column", good, `c.parquet: no column "none" for a document's text (name another with -field-text; the columns are id, text, host, time, key, body); skipped`, input.Fields{Text: "none"}},
		{"no such host", good, `c.parquet: no column "none" for a document's host (name another with -field-host; the columns are`, input.Fields{Host: "none"}},
		{"numbers for text", good, `c.parquet: column "key" holds no text (name another with -field-text); skipped`, input.Fields{Text: "key"}},
		{"gzip", gzipped(good), "c.parquet: not a Parquet file: it begins with", input.Fields{}},
	} {
		tree(t, map[string]string{"c.parquet": tt.file, "d.txt": "read"})
		docs, messages := read(t, input.Options{Fields: tt.fields}, "c.parquet", "d.txt")
		if len(docs) != 1 || docs[0].ID != "d.txt" {
			t.Errorf("%s: ids %q, want %q alone", tt.why, ids(docs), "d.txt")
		}
		if len(messages) != 1 || !strings.HasPrefix(messages[0], tt.message) {
			t.Errorf("%s: messages %q, want %q…", tt.why, messages, tt.message)
		}
	}
	if _, messages := read(t, input.Options{Format: input.Parquet, Stdin: strings.NewReader(good)}, "-"); len(messages) != 1 || !strings.Contains(messages[0], "name the file") {
		t.Errorf("Parquet from standard input: messages %q, want one: %q", messages, "name the file")
	}
}
