package disk_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
)

var flips = flag.Int("flips", 400, "how many bits TestFlippedBitsAreReported flips in an index of each kind")

const flipDocs = 70

// flipIndex creates an index in a directory. Every document is synced, the last one in
// a sync of its own.
func flipIndex(t *testing.T, dir string) *disk.Index {
	t.Helper()
	o := options
	o.TableSize = 20
	ix := open(t, dir, o)
	for i := range flipDocs {
		check(t, ix.Add(t.Context(), makeDocument(fmt.Sprint(i), i/3, i, i%2 == 0)))
		if i%8 == 0 || i >= flipDocs-2 {
			check(t, ix.Sync(t.Context()))
		}
	}
	return ix
}

// TestFlippedBitsAreReported flips single bits in an index that was closed, one whose
// writer was killed, and one that is open. Every flip is reported by opening or by
// Verify; in the last frame of an index that was not closed, it may be reported as a
// cut-off end. Until a flip is reported, no query returns a wrong match, and none
// misses a match because records are damaged.
func TestFlippedBitsAreReported(t *testing.T) {
	race.Alone(t)
	ctx := t.Context()
	for _, kind := range []string{"closed", "killed", "running"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			ix := flipIndex(t, dir)
			var want [][]match
			for i := range flipDocs {
				want = append(want, must(ix.Search(ctx, makeDocument("", i/3, i, false).Signature, lsh.SearchOptions{}))(t))
			}
			switch kind {
			case "closed":
				check(t, ix.Close())
			case "killed":
				copied := t.TempDir()
				check(t, os.CopyFS(copied, os.DirFS(dir)))
				check(t, ix.Close())
				dir = copied
			}
			f := flipper{t: t, dir: dir, want: want, r: rand.New(rand.NewPCG(7, 7)), unclosed: kind != "closed"}
			f.files()
			for range *flips {
				name, undo := f.flip()
				if kind == "running" {
					f.ask(ix, name)
					f.verify(ix, name)
				} else {
					f.open(name)
				}
				undo()
			}
			t.Logf("%d flips: %d reported on opening, %d by Verify, %d as a cut-off end; %d queries answered, of which %d lacked a match that damaged tables hid", *flips, f.refused, f.verified, f.dropped, f.answered, f.hidden)
			if *flips >= 400 && (f.verified == 0 || f.answered == 0 || kind != "running" && f.refused == 0) {
				t.Errorf("%d flips: %d reported on opening, %d by Verify, %d queries answered, want some of each (else nothing is proved)", *flips, f.refused, f.verified, f.answered)
			}
			if kind == "running" {
				check(t, ix.Verify(ctx))
			} else {
				whole := open(t, dir, disk.Options{ReadOnly: true})
				check(t, whole.Verify(ctx))
			}
		})
	}
}

// A flipper flips bits in the files of an index.
type flipper struct {
	t        *testing.T
	dir      string
	want     [][]match
	r        *rand.Rand
	unclosed bool

	names []string
	sizes []int64

	refused, verified, dropped, answered, hidden int
}

func (f *flipper) files() {
	for _, e := range must(os.ReadDir(f.dir))(f.t) {
		if e.Name() != "LOCK" {
			f.names = append(f.names, e.Name())
			f.sizes = append(f.sizes, must(e.Info())(f.t).Size())
		}
	}
}

// flip flips a bit somewhere in the files.
func (f *flipper) flip() (where string, undo func()) {
	var total int64
	for _, n := range f.sizes {
		total += n
	}
	at := f.r.Int64N(total)
	i := 0
	if f.r.IntN(4) == 0 { // otherwise small files would get few flips
		i = f.r.IntN(len(f.names))
		at = f.r.Int64N(f.sizes[i])
	} else {
		for ; at >= f.sizes[i]; i++ {
			at -= f.sizes[i]
		}
	}
	bit := byte(1) << f.r.IntN(8)
	change := func() {
		file := must(os.OpenFile(filepath.Join(f.dir, f.names[i]), os.O_RDWR, 0))(f.t)
		b := []byte{0}
		must(file.ReadAt(b, at))(f.t)
		b[0] ^= bit
		must(file.WriteAt(b, at))(f.t)
		check(f.t, file.Close())
	}
	change()
	return fmt.Sprintf("%s, byte %d, bit %#x", f.names[i], at, bit), change
}

func isDamage(err error) bool {
	return errors.Is(err, disk.ErrCorrupt) || errors.Is(err, disk.ErrFormat) || errors.Is(err, disk.ErrVersion)
}

// open opens the index with its flipped bit for reading, and sometimes a copy of it for
// writing, and checks that it is correct or reports damage.
func (f *flipper) open(where string) {
	ix, err := disk.Open(f.dir, disk.Options{ReadOnly: true})
	if f.r.IntN(50) == 0 {
		dir := f.t.TempDir()
		check(f.t, os.CopyFS(dir, os.DirFS(f.dir)))
		writer, werr := disk.Open(dir, disk.Options{})
		if (err == nil) != (werr == nil) || err == nil && writer.Recovery() != ix.Recovery() {
			f.t.Fatalf("%s: Open by a reader = %v, by a writer = %v, want both to succeed with one Recovery or both to fail", where, err, werr)
		}
		if werr == nil {
			check(f.t, writer.Close())
		}
	}
	if err != nil {
		if !isDamage(err) {
			f.t.Fatalf("%s: Open = %v, want nil, ErrCorrupt, ErrFormat or ErrVersion", where, err)
		}
		f.refused++
		return
	}
	f.ask(ix, where)
	if ix.Recovery().Bytes > 0 {
		if !f.unclosed || ix.Len() < flipDocs-1 {
			f.t.Fatalf("%s: Len() = %d, Recovery() = %+v, want an end cut off only in an unclosed index, and at most one document of %d lost", where, ix.Len(), ix.Recovery(), flipDocs)
		}
		f.dropped++
	} else {
		f.verify(ix, where)
	}
	check(f.t, ix.Close())
}

// ask searches for every document. The answers must be correct; a match may be missing
// only if the flip is in tables that were checked before it, or if the end of the log
// was cut off.
func (f *flipper) ask(ix *disk.Index, where string) {
	for i := range flipDocs {
		got, err := ix.Search(f.t.Context(), makeDocument("", i/3, i, false).Signature, lsh.SearchOptions{})
		if err != nil {
			if !isDamage(err) {
				f.t.Fatalf("%s: Search = %v, want nil, ErrCorrupt, ErrFormat or ErrVersion", where, err)
			}
			continue
		}
		f.answered++
		if slices.Equal(got, f.want[i]) {
			continue
		}
		for _, m := range got {
			if !slices.Contains(f.want[i], m) {
				f.t.Fatalf("%s: query %d returns %v, want only matches among %v", where, i, m, f.want[i])
			}
		}
		if f.unclosed && (strings.HasPrefix(where, "tables") || ix.Recovery().Bytes > 0) {
			f.hidden++
			continue
		}
		f.t.Fatalf("%s: query %d returns %v, want %v", where, i, got, f.want[i])
	}
}

func (f *flipper) verify(ix *disk.Index, where string) {
	if err := ix.Verify(f.t.Context()); !isDamage(err) {
		f.t.Fatalf("%s: Verify = %v, want ErrCorrupt, ErrFormat or ErrVersion", where, err)
	}
	f.verified++
}
