package boilerplate_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/wire"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

func marshal(tb testing.TB, d *boilerplate.Detector) []byte {
	tb.Helper()
	data, err := d.MarshalBinary()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// goldenPages are the pages that the detectors in testdata observed.
func goldenPages() []boilerplate.Page {
	pages, _ := newsroom()
	pages = slices.DeleteFunc(pages, func(p boilerplate.Page) bool { return len(p.ID)%2 == 1 })
	for i, text := range []string{
		"Ein Satz auf Deutsch, über Straßen.\n\n版权所有 未经许可 不得转载 本站全部内容归编辑部所有",
		"Another page, 12 of 40.\n\n版权所有 未经许可 不得转载 本站全部内容归编辑部所有",
	} {
		pages = append(pages, boilerplate.Page{
			ID: fmt.Sprint("golden", i), Group: "golden", Text: text, Time: date(20 + i),
		})
	}
	return pages
}

func golden(tb testing.TB) []byte {
	tb.Helper()
	name := filepath.Join("testdata", "v2.detector")
	if *update {
		d := observeAll(boilerplate.New(boilerplate.Options{}), goldenPages())
		if err := os.WriteFile(name, marshal(tb, d), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// TestGoldenFileIsReadAndWritten reads the file that version 2 wrote. If it fails, saved
// detectors can no longer be read or give other verdicts, which requires a new version of
// the format.
func TestGoldenFileIsReadAndWritten(t *testing.T) {
	data := golden(t)
	var d boilerplate.Detector
	if err := d.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, marshal(t, &d)) {
		t.Error("MarshalBinary of the golden file's detector differs from the file, want the same bytes")
	}
	pages := goldenPages()
	fresh := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	if !bytes.Equal(data, marshal(t, fresh)) {
		t.Error("MarshalBinary after observing the golden pages differs from the file, want the same bytes")
	}
	if diff := cmp.Diff(judgeAll(fresh, pages), judgeAll(&d, pages)); diff != "" {
		t.Errorf("verdicts of the detector in the file (-want from observed pages +got from the file):\n%s", diff)
	}
	for _, b := range d.Judge(pages[len(pages)-1])[1:] {
		if !b.Flagged || b.Scope != boilerplate.Group {
			t.Errorf("golden notice: got %+v, want flagged in scope Group", b)
		}
	}
}

// TestGoldenOlderVersionsAreRead reads files of version 1, one of them from before
// detectors knew documents whose text has changed. They judge like a detector of this
// version with the same options, and are written as version 2 with the same payload.
func TestGoldenOlderVersionsAreRead(t *testing.T) {
	pages := goldenPages()
	fresh := observeAll(boilerplate.New(boilerplate.Options{Gap: 20}), pages)
	want := judgeAll(fresh, pages)
	for _, name := range []string{"v1.detector", "v1-older.detector"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		var d boilerplate.Detector
		if err := d.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, judgeAll(&d, pages)); diff != "" {
			t.Errorf("%s: verdicts (-want from observed pages +got from the file):\n%s", name, diff)
		}
		data[len("nbpl")] = 2
		if !bytes.Equal(mend(data), marshal(t, &d)) {
			t.Errorf("%s: MarshalBinary differs from the file with its version set to 2, want the same bytes", name)
		}
	}
}

func TestUnmarshalRefusesDamage(t *testing.T) {
	data := golden(t)
	var d boilerplate.Detector
	for _, c := range []struct {
		why  string
		data []byte
		want error
	}{
		{"nothing", nil, boilerplate.ErrFormat},
		{"another file", []byte("GIF89a and so on and on"), boilerplate.ErrFormat},
		{"a later version", append([]byte("nbpl\x03"), data[5:]...), boilerplate.ErrVersion},
		{"cut", data[:len(data)/2], boilerplate.ErrCorrupt},
		{"one byte more", append(slices.Clone(data), 0), boilerplate.ErrCorrupt},
	} {
		if err := d.UnmarshalBinary(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.why, err, c.want)
		}
	}
	step := 1 + len(data)/500
	for i := 0; i < len(data); i += step {
		bad := slices.Clone(data)
		bad[i] ^= 0x10
		if err := d.UnmarshalBinary(bad); err == nil {
			t.Fatalf("UnmarshalBinary with byte %d of %d damaged = nil error, want an error", i, len(data))
		}
	}
	if err := d.UnmarshalBinary(data); err != nil {
		t.Errorf("UnmarshalBinary of undamaged data after the failed ones = %v, want nil", err)
	}
}

// TestMergeOfPartsIsTheWhole merges detectors that saw parts of the pages, with and
// without pages in common.
func TestMergeOfPartsIsTheWhole(t *testing.T) {
	pages, _ := newsroom()
	pages = append(pages, site(60, 0.7, 2)...)
	whole := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	want := judgeAll(whole, pages)

	part := func(keep func(i int) bool) *boilerplate.Detector {
		d := boilerplate.New(boilerplate.Options{})
		for i, p := range pages {
			if keep(i) {
				d.Observe(p)
			}
		}
		return d
	}
	a := part(func(i int) bool { return i%3 == 0 })
	b := part(func(i int) bool { return i%3 == 1 })
	c := part(func(i int) bool { return i%3 == 2 })
	merge := func(into *boilerplate.Detector, from ...*boilerplate.Detector) *boilerplate.Detector {
		t.Helper()
		var d boilerplate.Detector
		if err := d.UnmarshalBinary(marshal(t, into)); err != nil {
			t.Fatal(err)
		}
		for _, f := range from {
			if err := d.Merge(f); err != nil {
				t.Fatal(err)
			}
		}
		return &d
	}
	for name, d := range map[string]*boilerplate.Detector{
		"a b c": merge(a, b, c), "c b a": merge(c, b, a), "a, b and c": merge(a, merge(b, c)),
		"everything and nothing":     merge(whole, boilerplate.New(boilerplate.Options{})),
		"nothing and everything":     merge(boilerplate.New(boilerplate.Options{}), whole),
		"everything twice":           merge(whole, whole),
		"everything and one as well": merge(whole, observeAll(boilerplate.New(boilerplate.Options{}), pages[:1])),
	} {
		if diff := cmp.Diff(want, judgeAll(d, pages)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got := d.Stats().Documents; got != len(pages) {
			t.Errorf("%s: %d documents, want %d", name, got, len(pages))
		}
	}
	// Half of the pages are in both parts: the counts are estimates, but the verdicts do
	// not change.
	d := merge(part(func(i int) bool { return i%4 < 3 }), part(func(i int) bool { return i%4 > 0 }))
	for i, blocks := range judgeAll(d, pages) {
		for k, b := range blocks {
			w := want[i][k]
			if b.Flagged != w.Flagged {
				t.Errorf("half in common: %s: %+v, want %+v", pages[i].ID, b, w)
			}
			if w.Documents <= 8 && b.Documents != w.Documents || b.Documents < w.Documents/2 || b.Documents > 2*w.Documents {
				t.Errorf("half in common: %s: %d documents, want %d", pages[i].ID, b.Documents, w.Documents)
			}
		}
	}
	for _, o := range []boilerplate.Options{{Seed: 1}, {HostOnly: true}} {
		if err := boilerplate.New(o).Merge(a); !errors.Is(err, boilerplate.ErrMismatch) {
			t.Errorf("New(%+v).Merge(detector of other options) = %v, want ErrMismatch", o, err)
		}
	}
	if err := a.Merge(a); err != nil || a.Stats().Documents != len(pages)/3 {
		t.Errorf("Merge with itself = %v, want nil; Documents = %d, want %d", err, a.Stats().Documents, len(pages)/3)
	}
}

func FuzzUnmarshal(f *testing.F) {
	small := boilerplate.New(boilerplate.Options{})
	f.Add(marshal(f, small))
	pages := goldenPages()
	observeAll(small, pages[len(pages)-2:])
	f.Add(marshal(f, small))
	f.Add(golden(f)[:200])
	page := pages[0]
	f.Fuzz(func(t *testing.T, data []byte) {
		var d boilerplate.Detector
		// The checksum is corrected, or else only the checksum would be tested.
		if d.UnmarshalBinary(mend(data)) != nil {
			return
		}
		data = slices.Clone(data)
		data[len("nbpl")] = 2 // version 1 is read, and written as 2
		if got, want := marshal(t, &d), mend(data); !bytes.Equal(got, want) {
			t.Errorf("read %x, wrote %x", want, got)
		}
		d.Judge(page)
		d.Next(page)
		d.Merge(small)
		d.Judge(page)
	})
}

// mend returns data with a correct checksum at its end.
func mend(data []byte) []byte {
	if len(data) < 8 {
		return data
	}
	return wire.AppendChecksum(slices.Clone(data[:len(data)-8]), 0)
}
