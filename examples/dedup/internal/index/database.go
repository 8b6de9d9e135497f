// Package index opens the durable index of "dedup index" and makes the signatures
// and sets for it.
package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/until"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// A Database is an open index and everything needed to make its entries.
type Database struct {
	*disk.Index
	e    *cli.Env
	dir  string
	o    find.Options
	read corpus.Options
	ids  input.IDs
	sh   shingle.Shingler
	mh   *minhash.Sketcher
}

// A Mode is the purpose for which an index is opened.
type Mode uint8

// The modes of [Open]:
const (
	ToRead Mode = iota
	ToWrite
	ToCreate // created if it does not exist
)

// Open opens the index in a folder and checks it against the given flags. Shingles
// are hashed with the key; 0 means no key.
func Open(e *cli.Env, dir string, key uint64, o find.Options, read corpus.Options, ids input.IDs, m Mode) (*Database, error) {
	if err := e.Ctx.Err(); err != nil {
		return nil, err
	}
	do := disk.Options{ReadOnly: m == ToRead}
	if e.Given["threshold"] {
		do.Threshold = o.Threshold
	}
	ix, err := disk.Open(dir, do)
	if errors.Is(err, fs.ErrNotExist) {
		if m != ToCreate {
			return nil, fmt.Errorf("%s has no index; \"dedup index add\" creates one", dir)
		}
		if err := foreign(dir); err != nil {
			return nil, err
		}
		sh := o.Shingler()
		sh.Seed = key
		do.Scheme = minhash.New(minhash.Options{K: o.K, Elements: sh}).Scheme()
		do.Threshold = o.Threshold
		ix, err = disk.Open(dir, do)
	}
	if err != nil {
		return nil, err
	}
	d := &Database{Index: ix, e: e, dir: dir, o: o, read: read, ids: ids}
	if err := d.settle(key); err != nil {
		return nil, errors.Join(err, ix.Close())
	}
	WarnRecovery(e, dir, ix, m)
	return d, nil
}

// foreign returns an error if a folder holds anything other than an index.
func foreign(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != "LOCK" { // remains of an index that was never completed
			return fmt.Errorf("%s contains %s and is not an index: name a new or empty folder with -db", dir, e.Name())
		}
	}
	return nil
}

// WarnRecovery reports an incomplete end of the log on standard error.
func WarnRecovery(e *cli.Env, dir string, ix *disk.Index, m Mode) {
	r := ix.Recovery()
	switch {
	case r.Bytes == 0:
	case m == ToRead:
		e.Warn("%s: the last %d bytes of %s, from %d on, are not a complete write and are ignored: a process is still writing, was killed while writing, or they are damaged", dir, r.Bytes, r.File, r.Offset)
	default:
		e.Warn("%s: the last %d bytes of %s, from %d on, were an incomplete write, as left by a killed process, and were cut off", dir, r.Bytes, r.File, r.Offset)
	}
}

// CompactIfFree frees disk space if most of the space is unused.
func CompactIfFree(ctx context.Context, ix *disk.Index) error {
	s, err := ix.Stats(ctx)
	if err == nil && s.Removed > s.Documents+10_000 {
		err = ix.Compact(ctx)
	}
	return err
}

// Close closes the index after work that ended with err. A failure to write the
// index is reported only once.
func (d *Database) Close(err error) error { return Close(d.Index, err) }

// Close closes an index after work that ended with err.
func Close(ix *disk.Index, err error) error {
	if e := ix.Close(); err == nil {
		return e
	}
	return err
}

// settle takes the shingler and the sketcher from the index, and returns an error if
// the flags or the key differ from it.
func (d *Database) settle(key uint64) error {
	have := d.Scheme()
	d.sh.Seed = key
	err := d.sh.UnmarshalText([]byte(have.Elements))
	switch {
	case errors.Is(err, shingle.ErrSeed) && key == 0:
		return fmt.Errorf("%s: the shingles of the index are keyed: name the file of the key with -key", d.dir)
	case errors.Is(err, shingle.ErrSeed):
		return fmt.Errorf("%s: the index was not made with this -key", d.dir)
	case err != nil:
		return fmt.Errorf("%s: made by another program: %w", d.dir, err)
	}
	want, k := d.sh, have.K
	given, o := d.e.Given, d.o.Shingler()
	if given["unit"] && o.Unit != want.Unit {
		want.Unit, want.Size = o.Unit, 0
	}
	if given["size"] {
		want.Size = o.Size
	}
	if given["k"] {
		k = d.o.K
	}
	if want.String() != d.sh.String() || k != have.K {
		return fmt.Errorf("%s: the index has -k %d and shingles of %v, not -k %d and %v: %w", d.dir, have.K, d.sh, k, want, disk.ErrMismatch)
	}
	d.mh, err = minhash.ForScheme(have)
	return err
}

// An Entry is a document to be added or searched for.
type Entry struct {
	Doc       *input.Doc
	Signature minhash.Signature
	Set       shingle.Set // nil with -estimate
}

// idle is how long to wait for more documents before processing the ones at hand.
const idle = 10 * time.Millisecond

// maxBatch bounds the bytes of text in a batch.
const maxBatch = 64 << 20

// Batches reads the input and calls f with up to n documents at a time: with fewer
// if no more arrive for a moment, since the sender may be waiting for the answer.
func (d *Database) Batches(n int, f func([]*Entry) error) error {
	debug.SetMemoryLimit(d.read.Memory)
	ctx, stop := context.WithCancel(d.e.Ctx)
	defer stop()
	p, read := corpus.Read(d.e, "indexing", d.e.Inputs, d.read, func(o *input.Options) {
		o.Repeats, o.IDs = true, d.ids
		if slices.Contains(d.e.Inputs, "-") {
			o.Workers = 1 // nothing is read ahead
		}
	})
	defer p.Stop()
	items := until.Background(ctx, read)
	var batch []*Entry
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := d.sketch(batch)
		if err == nil {
			err = f(batch)
		}
		if err == nil {
			err = d.e.Out.Flush()
		}
		p.Add(len(batch))
		batch, size = batch[:0], 0
		return err
	}
	for {
		var wait <-chan time.Time
		if len(batch) > 0 {
			wait = time.After(idle)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case it, ok := <-items:
			if !ok {
				return flush()
			}
			if it.Err != nil {
				p.Clear()
				d.e.Problem(corpus.Problem(it.Err))
			}
			if it.Doc == nil {
				continue
			}
			batch = append(batch, &Entry{Doc: it.Doc})
			if size += len(it.Doc.Text); len(batch) < n && size < maxBatch {
				continue
			}
		case <-wait:
		}
		if err := flush(); err != nil {
			return err
		}
	}
}

// sketch makes signatures and sets, on -workers goroutines.
func (d *Database) sketch(batch []*Entry) error {
	return corpus.Each(d.e.Ctx, d.read.Workers, len(batch), func(i int) error {
		e := batch[i]
		e.Set = d.sh.Set(e.Doc.Text)
		e.Signature = d.mh.Sketch(e.Set)
		if d.o.Estimate {
			e.Set = nil
		}
		return nil
	})
}
