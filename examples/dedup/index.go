package main

import (
	"errors"
	"flag"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
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
			example: `-db seen corpus.jsonl
-db seen -threshold 0.9 -sync 10000 'crawl/*.warc.gz'
-db seen -quiet - < new.jsonl
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
			example: `-db seen today.jsonl
-db seen -limit 1 article.txt
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
			example: `-db seen https://example.org/a https://example.org/b
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
			example: `-db seen -verify
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
	defer func() { err = d.close(err) }()
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
	defer func() { err = d.close(err) }()
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
	defer func() { err = d.close(err) }()
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
	defer func() { err = d.close(err) }()
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
