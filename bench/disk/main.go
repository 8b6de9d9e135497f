// Command compare puts the same documents into an index of package disk and into
// SQLite, runs the same queries on both, and prints the time and space taken.
//
//	GOWORK=off go run . -docs 1000000
//
// SQLite (modernc.org/sqlite, no cgo) has a table of documents and one of band keys,
// write-ahead logging, and synchronous=FULL, so that a commit is as durable as a
// Sync. Both sides receive ready-made signatures, find candidates by the same bands,
// and compare signatures. They take turns, with a tenth of the documents each time.
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
)

var (
	docs    = flag.Int("docs", 100_000, "documents")
	batch   = flag.Int("sync", 1000, "documents per sync")
	queries = flag.Int("queries", 2000, "number of queries run on each side")
	singles = flag.Int("singles", 300, "number of documents to sync one by one")
	dir     = flag.String("dir", "", "folder for the files (default: a temporary folder)")
	alone   = flag.Bool("alone", false, "measure the index alone, without SQLite")
)

var (
	sketcher = minhash.New(minhash.Options{Elements: minhash.Name("compare")})
	banding  = lsh.Choose(128, 0.8, 0.99)
)

// A store is one side of the comparison.
type store interface {
	add(ctx context.Context, id string, sig minhash.Signature) error
	sync(ctx context.Context) error
	query(ctx context.Context, sig minhash.Signature) (int, error)
	reopen(ctx context.Context) error
	close() error
}

// A side is a store and its measurements.
type side struct {
	name           string
	dir            string
	store          store
	adding         time.Duration
	batches, solo  []time.Duration
	queries        []time.Duration
	open           time.Duration
	matches        int
	memory, mapped int64
}

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	top := *dir
	if top == "" {
		var err error
		if top, err = os.MkdirTemp("", "compare"); err != nil {
			return err
		}
		defer os.RemoveAll(top)
	}
	sides := []*side{{name: "lsh/disk"}, {name: "SQLite"}}
	if *alone {
		sides = sides[:1]
	}
	for i, s := range sides {
		s.dir = filepath.Join(top, strconv.Itoa(i))
		if err := os.MkdirAll(s.dir, 0o777); err != nil {
			return err
		}
		if i == 0 {
			s.store = &ours{dir: s.dir}
		} else {
			s.store = &sqlite{dir: s.dir}
		}
		if err := s.store.reopen(ctx); err != nil {
			return err
		}
	}
	for part := range 10 {
		for _, s := range sides {
			if err := s.fill(ctx, part**docs/10, (part+1)**docs/10); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	for _, s := range sides {
		if err := s.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	for _, s := range sides {
		if s.matches != sides[0].matches {
			return fmt.Errorf("%s found %d matches, but %s found %d", s.name, s.matches, sides[0].name, sides[0].matches)
		}
		if err := s.store.close(); err != nil {
			return err
		}
	}
	return report(sides)
}

// document returns the signature of document i: every fourth one is a near-duplicate
// of an earlier one.
func document(i int) minhash.Signature {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	base := r
	if i%4 == 3 {
		base = rand.New(rand.NewPCG(uint64(r.IntN(i/4+1)*4), 1))
	}
	set := make([]uint64, 60)
	for j := range set {
		set[j] = base.Uint64()
	}
	if i%4 == 3 {
		set[0], set[1] = r.Uint64(), r.Uint64()
	}
	return sketcher.Sketch(set)
}

// fill adds documents, one batch per sync.
func (s *side) fill(ctx context.Context, from, to int) error {
	sigs := make([]minhash.Signature, 0, *batch)
	for from < to {
		sigs = sigs[:0]
		for i := from; i < min(to, from+*batch); i++ {
			sigs = append(sigs, document(i))
		}
		began := time.Now()
		for i, sig := range sigs {
			if err := s.store.add(ctx, "page/"+strconv.Itoa(from+i), sig); err != nil {
				return err
			}
		}
		if err := s.store.sync(ctx); err != nil {
			return err
		}
		took := time.Since(began)
		s.adding += took
		s.batches = append(s.batches, took/time.Duration(len(sigs)))
		from += len(sigs)
	}
	return nil
}

func (s *side) measure(ctx context.Context) error {
	for i := range *singles {
		sig := document(*docs + i)
		began := time.Now()
		if err := s.store.add(ctx, "single/"+strconv.Itoa(i), sig); err != nil {
			return err
		}
		if err := s.store.sync(ctx); err != nil {
			return err
		}
		s.solo = append(s.solo, time.Since(began))
	}
	if err := s.store.close(); err != nil {
		return err
	}
	debug.FreeOSMemory()
	before := resident()
	began := time.Now()
	if err := s.store.reopen(ctx); err != nil {
		return err
	}
	s.open = time.Since(began)
	r := rand.New(rand.NewPCG(7, 7))
	for range *queries {
		sig := document(r.IntN(*docs))
		began := time.Now()
		n, err := s.store.query(ctx, sig)
		if err != nil {
			return err
		}
		s.queries = append(s.queries, time.Since(began))
		s.matches += n
	}
	after := resident()
	s.memory, s.mapped = after.heap-before.heap, after.file-before.file
	return nil
}

func report(sides []*side) error {
	fmt.Printf("%d documents, %d per sync, bands %v; %s, %s/%s, %d processors\n\n", *docs, *batch, banding, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Printf("%-34s", "")
	for _, s := range sides {
		fmt.Printf("%16s", s.name)
	}
	if len(sides) > 1 {
		fmt.Printf("%12s", "ratio")
	}
	fmt.Println()
	row := func(what string, f func(s *side) float64, format string, faster bool) {
		fmt.Printf("%-34s", what)
		for _, s := range sides {
			fmt.Printf("%16s", fmt.Sprintf(format, f(s)))
		}
		if len(sides) > 1 {
			a, b := f(sides[0]), f(sides[1])
			if !faster {
				a, b = b, a
			}
			fmt.Printf("%12.2f", a/b)
		}
		fmt.Println()
	}
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
	at := func(share float64, of func(*side) []time.Duration) func(*side) float64 {
		return func(s *side) float64 {
			d := slices.Sorted(slices.Values(of(s)))
			if len(d) == 0 {
				return 0
			}
			return us(d[min(len(d)-1, int(share*float64(len(d))))])
		}
	}
	batches := func(s *side) []time.Duration { return s.batches }
	solo := func(s *side) []time.Duration { return s.solo }
	asked := func(s *side) []time.Duration { return s.queries }
	row("adds per second", func(s *side) float64 { return float64(*docs) / s.adding.Seconds() }, "%.0f", true)
	row("add, µs, p50 of batches", at(.5, batches), "%.1f", false)
	row("add, µs, p99 of batches", at(.99, batches), "%.1f", false)
	row("add and sync one, µs, p50", at(.5, solo), "%.0f", false)
	row("add and sync one, µs, p99", at(.99, solo), "%.0f", false)
	row("open, ms", func(s *side) float64 { return us(s.open) / 1e3 }, "%.1f", false)
	row("queries per second", func(s *side) float64 {
		var all time.Duration
		for _, d := range s.queries {
			all += d
		}
		return float64(len(s.queries)) / all.Seconds()
	}, "%.0f", true)
	row("query, µs, p50", at(.5, asked), "%.1f", false)
	row("query, µs, p99", at(.99, asked), "%.1f", false)
	row("matches", func(s *side) float64 { return float64(s.matches) }, "%.0f", true)
	for _, s := range sides {
		n, err := size(s.dir)
		if err != nil {
			return err
		}
		s.adding = time.Duration(n) // from here on, adding holds the size on disk
	}
	row("bytes per document on disk", func(s *side) float64 { return float64(s.adding) / float64(*docs+*singles) }, "%.0f", false)
	row("MB of memory after the queries", func(s *side) float64 { return float64(s.memory) / 1e6 }, "%.1f", false)
	row("MB of file pages mapped", func(s *side) float64 { return float64(s.mapped) / 1e6 }, "%.1f", false)
	return nil
}

func size(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}

// ours is the index of package disk.
type ours struct {
	dir string
	ix  *disk.Index
}

func (o *ours) reopen(context.Context) (err error) {
	o.ix, err = disk.Open(o.dir, disk.Options{Scheme: sketcher.Scheme()})
	return err
}

func (o *ours) add(ctx context.Context, id string, sig minhash.Signature) error {
	return o.ix.Add(ctx, disk.Document{ID: id, Signature: sig, Time: time.UnixMilli(1)})
}

func (o *ours) sync(ctx context.Context) error { return o.ix.Sync(ctx) }

func (o *ours) query(ctx context.Context, sig minhash.Signature) (int, error) {
	found, err := o.ix.Search(ctx, sig, lsh.SearchOptions{})
	return len(found), err
}

func (o *ours) close() error { return o.ix.Close() }

// blob returns the registers of a signature as bytes.
func blob(sig minhash.Signature) []byte {
	var b []byte
	for _, v := range sig.Values() {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}
