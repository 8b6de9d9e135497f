package seen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/internal/wire"
	"github.com/neardup/neardup/lsh/disk"
)

// An interrupted index copies the directory of its filter while the changes of a save are
// written to disk.
type interrupted struct {
	*own
	copyTo func(name string)
}

func (x interrupted) apply(ctx context.Context, c *changes) error {
	x.copyTo("before")
	half := *c
	half.docs, half.layers = c.docs[:len(c.docs)/2], nil
	if err := x.own.apply(ctx, &half); err != nil {
		return err
	}
	x.copyTo("half")
	if err := x.own.apply(ctx, c); err != nil {
		return err
	}
	x.copyTo("after")
	return nil
}

func text(word string) string { return strings.Repeat(word+" ", 3) + word + "s are here " + word }

// contents returns the documents of an index in order.
func contents(t *testing.T, f *Filter) (all []string) {
	t.Helper()
	for d, err := range f.ix.(*own).ix.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(d.ID, d.Time.UnixMilli(), d.Set, d.Signature.Values()))
	}
	return all
}

// If a process dies at any point while a save writes to the index, the directory opens
// with the index of the complete save.
func TestInterruptedSaveOpensAsWhole(t *testing.T) {
	dir := t.TempDir()
	f, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	day := time.UnixMilli(1_000_000_000_000)
	judge := func(id, word string, at time.Time) {
		t.Helper()
		v, err := f.Judge(t.Context(), Page{ID: id, Text: text(word), Time: at})
		if err != nil || v.Outcome != New {
			t.Fatalf("Judge(%s) = %+v, %v, want New", id, v, err)
		}
	}
	for i, word := range []string{"ant", "bee", "cat", "dog"} {
		judge(word, word, day.Add(time.Duration(i)*time.Hour))
	}
	if err := f.Save(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	// The ant is forgotten by its time, the cat by its ID, the bee becomes an eel, and a
	// fox comes that is older than the ant.
	if err := f.Forget(t.Context(), day.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if ok, err := f.remove(t.Context(), "cat"); !ok || err != nil {
		t.Fatalf("remove(cat) = %v, %v, want true", ok, err)
	}
	judge("bee", "eel", day.Add(9*time.Hour))
	judge("fox", "fox", day.Add(-time.Hour))
	judge("goat", "goat", day)
	judge("ibis", "ibis", day)
	copies := map[string]string{}
	f.ix = interrupted{f.ix.(*own), func(name string) {
		to := t.TempDir()
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		copies[name] = to
	}}
	if err := f.Save(t.Context(), []byte("second")); err != nil {
		t.Fatal(err)
	}
	f.ix = f.ix.(interrupted).own
	want := contents(t, f)
	if len(want) != 5 {
		t.Fatalf("%d documents: %q", len(want), want)
	}
	if _, err := os.Stat(filepath.Join(f.folder(2), changesFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat(changes) after the save = %v, want os.ErrNotExist", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"before", "half", "after"} {
		for range 2 { // opened twice, since the first opening may also end in a crash
			g, err := Open(copies[name], Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := contents(t, g); !slices.Equal(got, want) || string(g.note) != "second" {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
			if err := g.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A damaged list of changes is an error at every position, and its declared length is
// never allocated.
func TestCorruptChangesAreRefused(t *testing.T) {
	o := Options{}.withDefaults()
	mh := o.sketcher()
	c := &changes{expired: time.UnixMilli(5), gone: []string{"", "b"}}
	for _, word := range []string{"ant", "bee"} {
		set := shingler.Set(text(word))
		c.docs = append(c.docs, disk.Document{ID: word, Time: time.UnixMilli(7), Signature: mh.Sketch(set), Set: set})
	}
	b := c.marshal()
	got, err := unmarshalChanges(b, mh.Scheme())
	if err != nil || string(got.marshal()) != string(b) {
		t.Fatalf("changes written and read = %+v, %v, want the same", got, err)
	}
	for at := range b {
		bad := slices.Clone(b)
		bad[at] ^= 4
		if _, err := unmarshalChanges(bad, mh.Scheme()); err == nil {
			t.Errorf("changes with byte %d changed = nil error, want an error", at)
		}
		if _, err := unmarshalChanges(b[:at], mh.Scheme()); err == nil {
			t.Errorf("first %d bytes of the changes = nil error, want an error", at)
		}
	}
}

// A list that can be read is written back unchanged.
func FuzzChanges(f *testing.F) {
	mh := Options{}.withDefaults().sketcher()
	set := shingler.Set(text("ant"))
	c := &changes{gone: []string{"b"}, docs: []disk.Document{{ID: "a", Time: time.UnixMilli(7), Signature: mh.Sketch(set), Set: set}}}
	b := c.marshal()
	f.Add(b[:len(b)-8])
	f.Fuzz(func(t *testing.T, b []byte) {
		b = wire.AppendChecksum(b, 0)
		c, err := unmarshalChanges(b, mh.Scheme())
		if err == nil && !bytes.Equal(c.marshal(), b) {
			t.Errorf("changes %x read as %+v are written as %x, want the same bytes", b, c, c.marshal())
		}
	})
}

// A save of version 1, whose index already has its changes, opens.
func TestFirstVersionOpens(t *testing.T) {
	dir := t.TempDir()
	f, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Judge(t.Context(), Page{ID: "a", Text: text("ant")}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Save(t.Context(), []byte("note")), f.Close()); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(f.folder(1), heldFile)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(string(b), heldMagic)
	if !ok {
		t.Fatalf("save begins with %.40q, want %q", b, heldMagic)
	}
	if err := os.WriteFile(name, []byte(heldMagic1+rest), 0o666); err != nil {
		t.Fatal(err)
	}
	g, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := g.Judge(t.Context(), Page{ID: "b", Text: text("ant")}); err != nil || v.Match != "a" || string(g.note) != "note" {
		t.Errorf("Judge(copy of a) = %+v, %v with note %q, want a match with a and %q", v, err, g.note, "note")
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
}
