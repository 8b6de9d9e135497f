package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/parquet-go/parquet-go"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// The rows of every format equal the keys computed by the library.
func TestBandsRowsEqualLibraryKeys(t *testing.T) {
	t.Chdir(t.TempDir())
	const long = "one text of more than five words that is there twice"
	docs := map[string]string{"a": long, "tab\tquote\"line\n": long, "short": "word"}
	corpus := `{"id":"a","text":"` + long + `"}
{"id":"empty","text":" "}
{"id":"tab\tquote\"line\n","text":"` + long + `"}
{"id":"short","text":"word"}
`
	if err := os.WriteFile("docs.jsonl", []byte(corpus), 0o666); err != nil {
		t.Fatal(err)
	}
	var want []show.BandRow
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{})
	b := lsh.Choose(128, .7, .99)
	for _, id := range []string{"a", "tab\tquote\"line\n", "short"} {
		for band, key := range mh.Sketch(sh.Set(docs[id])).BandKeys(nil, b.Bands, b.Rows, 0) {
			want = append(want, show.BandRow{Band: int32(band), Key: int64(key), ID: id})
		}
	}
	if len(want) != 3*b.Bands {
		t.Fatalf("%d rows", len(want))
	}
	for _, name := range []string{"", "rows.tsv", "rows.tsv.gz", "rows.parquet"} {
		args := []string{"bands", "-threshold", ".7", "docs.jsonl"}
		if name != "" {
			args = append(args, "-out", name)
		}
		stdout, stderr, status := dedup(t, "", args...)
		if status != cli.ExitDone {
			t.Fatalf("bands -out %q: status %d, %s, want %d", name, status, stderr, cli.ExitDone)
		}
		if diff := cmp.Diff(want, readRows(t, name, stdout)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
	f, err := os.Open("rows.parquet")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	scheme, _ := p.Lookup("neardup.scheme")
	banding, _ := p.Lookup("neardup.banding")
	if scheme != minhash.New(minhash.Options{Elements: sh}).Scheme().String() || banding != b.String() {
		t.Errorf("metadata: scheme %q, banding %q, want %q, %q", scheme, banding, minhash.New(minhash.Options{Elements: sh}).Scheme(), b)
	}
}

// readRows reads the output of bands, from a file or printed.
func readRows(t *testing.T, name, stdout string) []show.BandRow {
	t.Helper()
	if filepath.Ext(name) == ".parquet" {
		rows, err := parquet.ReadFile[show.BandRow](name)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	r := csv.NewReader(strings.NewReader(stdout))
	if name != "" {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r = csv.NewReader(f)
		if filepath.Ext(name) == ".gz" {
			z, err := gzip.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			r = csv.NewReader(z)
		}
	}
	r.Comma = '\t'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"band", "key", "id"}, lines[0]); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	var rows []show.BandRow
	for _, l := range lines[1:] {
		band, err := strconv.ParseInt(l[0], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		key, err := strconv.ParseInt(l[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, show.BandRow{Band: int32(band), Key: key, ID: l[2]})
	}
	return rows
}

// Contradictory flags are refused, and no existing file is overwritten.
func TestBandsRefusesContradictions(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"a.txt": "a text", "there.tsv": "old"} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for want, args := range map[string][]string{
		"must be bands x rows":    {"-banding", "16"},
		"as in 16x6":              {"-banding", "16x6x2"},
		"bands x rows":            {"-banding", "0x6"},
		"256 registers":           {"-banding", "16x16"},
		"use one of them":         {"-banding", "16x6", "-threshold", ".5"},
		"cannot be combined with": {"-json", "-out", "x.tsv"},
		"exists already":          {"-out", "there.tsv"},
		"no such file or direct":  {"-out", "missing/x.parquet"},
	} {
		stdout, stderr, status := dedup(t, "", append(append([]string{"bands"}, args...), "a.txt")...)
		if status != cli.ExitFatal || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%q: status %d, %q on standard output, %q on standard error; want an error with %q and no output", args, status, stdout, stderr, want)
		}
	}
	if got, err := os.ReadFile("there.tsv"); err != nil || string(got) != "old" {
		t.Errorf("existing file = %q, %v, want %q", got, err, "old")
	}
	if left, _ := filepath.Glob(".*"); len(left) > 0 {
		t.Errorf("hidden files %q remain, want none", left)
	}
}

// The rows of registers equal the library's signatures, and an empty document has no row.
func TestRegisterRowsEqualLibrarySignatures(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("docs.jsonl", []byte("{\"id\":\"a\",\"text\":\"one two three\"}\n{\"id\":\"empty\",\"text\":\"\"}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var sh shingle.Shingler
	want := show.RegisterRow{ID: "a"}
	var text []string
	for _, v := range minhash.New(minhash.Options{}).Sketch(sh.Set("one two three")).Values() {
		want.Registers = append(want.Registers, int32(v))
		text = append(text, strconv.Itoa(int(int32(v))))
	}
	stdout, stderr, status := dedup(t, "", "bands", "-registers", "docs.jsonl")
	if status != cli.ExitDone || stdout != "id\tregisters\na\t"+strings.Join(text, ",")+"\n" {
		t.Errorf("bands -registers: status %d, %s, output %q, want only the row of a", status, stderr, stdout)
	}
	if _, stderr, status := dedup(t, "", "bands", "-registers", "-out", "rows.parquet", "docs.jsonl"); status != cli.ExitDone {
		t.Fatal(stderr)
	}
	rows, err := parquet.ReadFile[show.RegisterRow]("rows.parquet")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]show.RegisterRow{want}, rows); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}
