package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

var indexCommand = command{
	name:    "index",
	summary: "a durable index: has this document been seen, where, how similar",
	help: `Keeps an index of documents in a folder. It survives crashes: a document that
was acknowledged stays. One process at a time may add and remove; any number may
query meanwhile. What is printed is one JSON object a line.

As a filter, "dedup index add -db seen -" reads JSON Lines and answers each line
with {"id":...,"new":...}, as soon as its document is durable: lines that are
there together are stored together, a line that comes alone is not kept waiting.
Stream processors that hand lines to a program and wait for its own, such as
Bento with its processor "subprocess", can use it as it is.
`,
	commands: []command{
		{
			name:    "index add",
			summary: "store documents and say which are new",
			help: `Stores every document, in the place of the one with its id, and prints
{"id":"...","new":true} once it is on disk; new means that no other stored
document is at or above the threshold. The first add creates the index and
fixes -threshold, -k, -unit and -size; later ones may leave them out, and may not
say anything else. Shingles are stored, so that similarities are exact, at 8
bytes each; with -estimate they are not.
`,
			flags: []flagGroup{dbFlag, syncFlag, databaseFlags, inputFlags, indexOutputFlags},
			run:   runIndexAdd,
		},
		{
			name:    "index query",
			summary: "which stored documents are like these",
			help: `Prints {"id":"...","match":"...","similarity":x} for every stored document that
is like one of the input, the best first, its own id included.
`,
			flags: []flagGroup{dbFlag, limitFlag, databaseFlags, inputFlags, indexOutputFlags},
			run:   runIndexQuery,
		},
		{
			name:    "index remove",
			usage:   "ID...",
			summary: "take documents out",
			help: `Takes the documents with the ids out of the index, prints
{"id":"...","removed":true} for each once that is durable, false where there was
none, and gives back room on disk when most of it is free.
`,
			flags: []flagGroup{dbFlag, indexOutputFlags},
			run:   runIndexRemove,
		},
		{
			name:    "index stats",
			usage:   noInputs,
			summary: "how much is stored",
			help: `Prints one JSON object: documents, removed ones whose room is not yet free, the
threshold, bands and scheme, bytes on disk, and the sizes of the largest buckets.
With -verify it reads every byte and says whether it is as it was written.
`,
			flags: []flagGroup{dbFlag, verifyFlag, indexOutputFlags},
			run:   runIndexStats,
		},
	},
}

func dbFlag(fs *flag.FlagSet, o *options) {
	fs.StringVar(&o.db, "db", "", "`folder` of the index")
}

func syncFlag(fs *flag.FlagSet, o *options) {
	fs.IntVar(&o.sync, "sync", 1000, "documents to store and acknowledge together at most")
}

func limitFlag(fs *flag.FlagSet, o *options) {
	fs.IntVar(&o.limit, "limit", 0, "matches to print for a document at most (default all)")
}

func verifyFlag(fs *flag.FlagSet, o *options) {
	fs.BoolVar(&o.verify, "verify", false, "read everything and check it")
}

// databaseFlags are those that an index fixes.
func databaseFlags(fs *flag.FlagSet, o *options) {
	matchFlags(fs, o)
	shingleFlags(fs, o)
}

func indexOutputFlags(fs *flag.FlagSet, o *options) {
	fs.BoolVar(&o.json, "json", false, "print JSON, which is what this command prints anyway")
	quietFlag(fs, o)
}

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
		o.Scheme = minhash.New(minhash.Options{K: j.opt.k, Shingling: j.opt.shingler().String()}).Scheme()
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

// settle makes shingler and sketcher those of the index, and refuses flags that
// say otherwise.
func (d *database) settle() error {
	have := d.ix.Scheme()
	if err := d.sh.UnmarshalText([]byte(have.Shingling)); err != nil {
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
	type item struct {
		doc *input.Doc
		err error
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	items := make(chan item, 256)
	o := d.j.opt.input
	o.Stdin, o.Repeats, o.Workers = d.j.stdin, true, d.j.opt.workers
	if slices.Contains(d.j.inputs, "-") {
		o.Workers = 1 // nothing is read ahead
	}
	go func() {
		defer close(items)
		for doc, err := range input.Read(d.j.inputs, o) {
			select {
			case items <- item{doc, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	p := d.j.progress("indexing", 0)
	defer p.stop()
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
		e.sig = d.mh.SketchHashes(e.set)
		if d.j.opt.estimate {
			e.set = nil
		}
		return nil
	})
}

// each calls f(i) for every i below n, on as many goroutines as -workers says,
// and returns one of the errors.
func (j *job) each(n int, f func(i int) error) error {
	var failed onceError
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(j.opt.workers, n) {
		wg.Go(func() {
			for j.ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				failed.set(f(i))
			}
		})
	}
	wg.Wait()
	return cmp.Or(failed.err, j.ctx.Err())
}

// acknowledgement is what index add prints.
type acknowledgement struct {
	ID  string `json:"id"`
	New bool   `json:"new"`
}

func runIndexAdd(j *job) (err error) {
	d, err := j.open(toCreate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.ix.Close()) }()
	stored, fresh := 0, 0
	err = d.batches(j.ctx, j.opt.sync, func(batch []*entry) error {
		for _, e := range batch {
			if e.match, e.old, err = d.ix.Insert(j.ctx, disk.Document{ID: e.doc.ID, Signature: e.sig, Set: e.set}); err != nil {
				return err
			}
		}
		if err := d.ix.Sync(j.ctx); err != nil {
			return err
		}
		for _, e := range batch {
			stored++
			if !e.old {
				fresh++
			}
			if err := j.print(acknowledgement{e.doc.ID, !e.old}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		j.summary("%s stored, %d new; the index has %d", count(stored, "document"), fresh, d.ix.Len())
	}
	return err
}

// matchJSON is what index query prints.
type matchJSON struct {
	ID         string  `json:"id"`
	Match      string  `json:"match"`
	Similarity float64 `json:"similarity"`
}

func runIndexQuery(j *job) (err error) {
	d, err := j.open(toRead)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.ix.Close()) }()
	asked, matches := 0, 0
	err = d.batches(j.ctx, 1000, func(batch []*entry) error {
		err := j.each(len(batch), func(i int) (err error) {
			e := batch[i]
			e.found, err = d.ix.Search(j.ctx, e.sig, lsh.SearchOptions{Set: e.set, Limit: j.opt.limit})
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range batch {
			asked++
			matches += len(e.found)
			for _, m := range e.found {
				if err := j.print(matchJSON{e.doc.ID, m.ID, m.Similarity}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		j.summary("%s asked for, %d matches among %d stored", count(asked, "document"), matches, d.ix.Len())
	}
	return err
}

// removedJSON is what index remove prints.
type removedJSON struct {
	ID      string `json:"id"`
	Removed bool   `json:"removed"`
}

func runIndexRemove(j *job) (err error) {
	d, err := j.open(toWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.ix.Close()) }()
	removed := make([]bool, len(j.inputs))
	n := 0
	for i, id := range j.inputs {
		if removed[i], err = d.ix.Remove(j.ctx, id); err != nil {
			return err
		}
		if removed[i] {
			n++
		}
	}
	if err := d.ix.Sync(j.ctx); err != nil {
		return err
	}
	for i, id := range j.inputs {
		if err := j.print(removedJSON{id, removed[i]}); err != nil {
			return err
		}
	}
	if err := j.out.Flush(); err != nil {
		return err
	}
	s, err := d.ix.Stats(j.ctx)
	if err != nil {
		return err
	}
	if s.Removed > s.Documents+10_000 {
		err = d.ix.Compact(j.ctx)
	}
	j.summary("%s removed; the index has %d", count(n, "document"), s.Documents)
	return err
}

// statsJSON is what index stats prints.
type statsJSON struct {
	Documents  int     `json:"documents"`
	Removed    int     `json:"removed"`
	Threshold  float64 `json:"threshold"`
	Bands      int     `json:"bands"`
	Rows       int     `json:"rows"`
	K          int     `json:"k"`
	Shingles   string  `json:"shingles"`
	LogBytes   int64   `json:"log_bytes"`
	TableBytes int64   `json:"table_bytes"`
	Largest    []int   `json:"largest_buckets"`
	Verified   bool    `json:"verified,omitempty"`
}

func runIndexStats(j *job) (err error) {
	if len(j.inputs) > 0 {
		return errors.New("index stats takes no input")
	}
	d, err := j.open(toRead)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.ix.Close()) }()
	s, err := d.ix.Stats(j.ctx)
	if err != nil {
		return err
	}
	if j.opt.verify {
		if err := d.ix.Verify(j.ctx); err != nil {
			return err
		}
	}
	if s.Largest == nil {
		s.Largest = []int{}
	}
	return j.print(statsJSON{
		s.Documents, s.Removed, s.Threshold, s.Banding.Bands, s.Banding.Rows,
		d.ix.Scheme().K, d.sh.String(), s.LogBytes, s.TableBytes, s.Largest, j.opt.verify,
	})
}
