package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"slices"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// A database is an open index and how to make what it keeps.
type database struct {
	j  *job
	ix *disk.Index
	sh shingle.Shingler
	mh *minhash.Sketcher
}

// A mode says what an index is opened for.
type mode uint8

const (
	toRead mode = iota
	toWrite
	toCreate // if it is not there
)

// open opens the index, which must be as the flags that were given say.
func (j *job) open(m mode) (*database, error) {
	if err := j.ctx.Err(); err != nil {
		return nil, err
	}
	o := disk.Options{ReadOnly: m == toRead}
	if j.opt.given["threshold"] {
		o.Threshold = j.opt.threshold
	}
	ix, err := disk.Open(j.opt.db, o)
	if errors.Is(err, fs.ErrNotExist) {
		if m != toCreate {
			return nil, fmt.Errorf("there is no index in %s: \"dedup index add\" makes one", j.opt.db)
		}
		o.Scheme = j.opt.sketcher().Scheme()
		o.Threshold = j.opt.threshold
		ix, err = disk.Open(j.opt.db, o)
	}
	if err != nil {
		return nil, err
	}
	d := &database{j: j, ix: ix}
	if err := d.settle(); err != nil {
		return nil, errors.Join(err, ix.Close())
	}
	if r := ix.Recovery(); r.Bytes > 0 {
		j.warn("%s: the last %d bytes of %s were never acknowledged and are cut off", j.opt.db, r.Bytes, r.File)
	}
	return d, nil
}

// close closes the index at the end of work that ended with err. An index that
// could not be written says so once.
func (d *database) close(err error) error {
	if e := d.ix.Close(); err == nil {
		return e
	}
	return err
}

// settle makes shingler and sketcher those of the index, and refuses flags that
// say otherwise.
func (d *database) settle() error {
	have := d.ix.Scheme()
	if err := d.sh.UnmarshalText([]byte(have.Elements)); err != nil {
		return fmt.Errorf("%s: made by another program: %w", d.j.opt.db, err)
	}
	want, k := d.sh, have.K
	given, o := d.j.opt.given, d.j.opt.shingler()
	if given["unit"] && o.Unit != want.Unit {
		want.Unit, want.Size = o.Unit, 0
	}
	if given["size"] {
		want.Size = o.Size
	}
	if given["k"] {
		k = d.j.opt.k
	}
	if want.String() != d.sh.String() || k != have.K {
		return fmt.Errorf("%s: the index has -k %d and shingles of %v, not -k %d and %v: %w", d.j.opt.db, have.K, d.sh, k, want, disk.ErrMismatch)
	}
	var err error
	d.mh, err = minhash.ForScheme(have)
	return err
}

// An entry is a document on its way into or against the index.
type entry struct {
	doc *input.Doc
	sig minhash.Signature
	set shingle.Set

	match lsh.Match
	old   bool
	found []lsh.Match
}

// idle is how long to wait for more documents before those at hand are dealt with.
const idle = 10 * time.Millisecond

// maxBatch bounds the text that is dealt with together.
const maxBatch = 64 << 20

// batches reads the input and calls f with up to n documents at a time: fewer
// where no more come for a moment, since whoever sends them may wait for the answer.
func (d *database) batches(ctx context.Context, n int, f func([]*entry) error) error {
	debug.SetMemoryLimit(d.j.opt.memory)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	o := d.j.opt.input
	o.Repeats = true
	if slices.Contains(d.j.inputs, "-") {
		o.Workers = 1 // nothing is read ahead
	}
	p, read := d.j.items("indexing", d.j.inputs, o)
	defer p.stop()
	items := background(ctx, read)
	var batch []*entry
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
			err = d.j.out.Flush()
		}
		p.add(len(batch))
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
			if it.err != nil {
				p.clear()
				d.j.inputError(it.err)
			}
			if it.doc == nil {
				continue
			}
			batch = append(batch, &entry{doc: it.doc})
			if size += len(it.doc.Text); len(batch) < n && size < maxBatch {
				continue
			}
		case <-wait:
		}
		if err := flush(); err != nil {
			return err
		}
	}
}

// sketch makes signatures and sets, on as many goroutines as -workers says.
func (d *database) sketch(batch []*entry) error {
	return d.j.each(len(batch), func(i int) error {
		e := batch[i]
		e.set = d.sh.Set(e.doc.Text)
		e.sig = d.mh.Sketch(e.set)
		if d.j.opt.estimate {
			e.set = nil
		}
		return nil
	})
}
