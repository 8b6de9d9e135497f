package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/index"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/disk"
)

var indexCommand = cli.Command{
	Name:    "index",
	Summary: "a durable index: has this document been seen, where, how similar",
	Help: `Keeps an index of documents in a folder. It survives crashes: a document that
was acknowledged stays. One process at a time may add and remove; any number may
query meanwhile. What is printed is one JSON object a line.

As a filter, "dedup index add -db seen -" reads JSON Lines and answers each line
with {"id":...,"new":...}, as soon as its document is durable: lines that are
there together are stored together, a line that comes alone is not kept waiting.
Stream processors that hand lines to a program and wait for its own, such as
Bento with its processor "subprocess", can use it as it is.
`,
	Commands: []cli.Command{
		{
			Name:    "index add",
			Summary: "store documents and say which are new",
			Help: `Stores every document, in the place of the one with its id, and prints
{"id":"...","new":true} once it is on disk; new means that no other stored
document is at or above the threshold. The first add creates the index and
fixes -threshold, -k, -unit and -size; later ones may leave them out, and may not
say anything else. Shingles are stored, so that similarities are exact, at 8
bytes each; with -estimate they are not.
`,
			Example: `-db seen corpus.jsonl
-db seen -threshold 0.9 -sync 10000 'crawl/*.warc.gz'
-db seen -quiet - < new.jsonl
`,
			New: func() cli.Action { return new(indexAdd) },
		},
		{
			Name:    "index query",
			Summary: "which stored documents are like these",
			Help: `Prints {"id":"...","match":"...","similarity":x} for every stored document that
is like one of the input, the best first, its own id included.
`,
			Example: `-db seen today.jsonl
-db seen -limit 1 article.txt
`,
			New: func() cli.Action { return new(indexQuery) },
		},
		{
			Name:    "index remove",
			Usage:   "ID...",
			Summary: "take documents out",
			Help: `Takes the documents with the ids out of the index, prints
{"id":"...","removed":true} for each once that is durable, false where there was
none, and gives back room on disk when most of it is free.
`,
			Example: `-db seen https://example.org/a https://example.org/b
`,
			New: func() cli.Action { return new(indexRemove) },
		},
		{
			Name:    "index stats",
			Usage:   cli.NoInputs,
			Summary: "how much is stored",
			Help: `Prints one JSON object: documents, removed ones whose room is not yet free, the
threshold, bands and scheme, bytes on disk, and the sizes of the largest buckets.
With -verify it reads every byte and says whether it is as it was written.
`,
			Example: `-db seen -verify
`,
			New: func() cli.Action { return new(indexStats) },
		},
	},
}

// indexOptions are what the commands of an index have in common.
type indexOptions struct {
	db  string
	ids string
	find.Options
	read corpus.Options
	cli.Output
}

func (k *indexOptions) dbFlag() cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) { fs.StringVar(&k.db, "db", "", "`folder` of the index") },
		Check: func() error {
			if k.db == "" {
				return errors.New("no index: name its folder with -db")
			}
			return nil
		},
	}
}

// idFlag is -id, for commands that read documents.
func (k *indexOptions) idFlag() cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&k.ids, "id", "", "what a document without an id is stored under: `place|content` (default: it is left out)")
		},
		Check: func() error {
			return cli.OneOf("id", k.ids, string(input.RealIDs), string(input.PlaceIDs), string(input.ContentIDs))
		},
	}
}

// settingFlags are those that an index fixes.
func (k *indexOptions) settingFlags() cli.Flags {
	a, b := k.MatchFlags(), k.ShingleFlags()
	return cli.Flags{
		Register: func(fs *flag.FlagSet) { a.Register(fs); b.Register(fs) },
		Check:    func() error { return cmp.Or(a.Check(), b.Check()) },
	}
}

func (k *indexOptions) outputFlags() cli.Flags {
	return cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolVar(&k.JSON, "json", false, "print JSON, which is what this command prints anyway")
		k.QuietFlag().Register(fs)
	}}
}

// open opens the index, which must be as the flags that were given say.
func (k *indexOptions) open(e *cli.Env, m index.Mode) (*index.Database, error) {
	return index.Open(e, k.db, k.Options, k.read, input.IDs(k.ids), m)
}

type indexAdd struct {
	indexOptions
	sync int
}

func (k *indexAdd) Flags() []cli.Flags {
	own := cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.IntVar(&k.sync, "sync", 1000, "documents to store and acknowledge together at most")
		},
		Check: func() error {
			if k.sync < 1 {
				return fmt.Errorf("-sync %d: must be 1 or more", k.sync)
			}
			return nil
		},
	}
	return []cli.Flags{k.dbFlag(), own, k.idFlag(), k.settingFlags(), k.read.InputFlags(), k.outputFlags()}
}

func (k *indexAdd) Run(e *cli.Env) (err error) {
	d, err := k.open(e, index.ToCreate)
	if err != nil {
		return err
	}
	defer func() { err = d.Close(err) }()
	stored, fresh := 0, 0
	err = d.Batches(k.sync, func(batch []*index.Entry) error {
		old := make([]bool, len(batch))
		for i, b := range batch {
			if _, old[i], err = d.Insert(e.Ctx, disk.Document{ID: b.Doc.ID, Signature: b.Signature, Set: b.Set}); err != nil {
				return err
			}
		}
		if err := d.Sync(e.Ctx); err != nil {
			return err
		}
		for i, b := range batch {
			stored++
			if !old[i] {
				fresh++
			}
			if err := e.Print(show.Added{ID: b.Doc.ID, New: !old[i]}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		e.Summary("%s stored, %d new; the index has %d", show.Count(stored, "document"), fresh, d.Len())
	}
	return err
}

type indexQuery struct {
	indexOptions
	limit int
}

func (k *indexQuery) Flags() []cli.Flags {
	own := cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.IntVar(&k.limit, "limit", 0, "matches to print for a document at most (default all)")
		},
		Check: func() error {
			if k.limit < 0 {
				return fmt.Errorf("-limit %d: must be 0 (all) or more", k.limit)
			}
			return nil
		},
	}
	return []cli.Flags{k.dbFlag(), own, k.idFlag(), k.settingFlags(), k.read.InputFlags(), k.outputFlags()}
}

func (k *indexQuery) Run(e *cli.Env) (err error) {
	d, err := k.open(e, index.ToRead)
	if err != nil {
		return err
	}
	defer func() { err = d.Close(err) }()
	asked, matches := 0, 0
	err = d.Batches(1000, func(batch []*index.Entry) error {
		found := make([][]lsh.Match[string], len(batch))
		err := corpus.Each(e.Ctx, k.read.Workers, len(batch), func(i int) (err error) {
			found[i], err = d.Search(e.Ctx, batch[i].Signature, lsh.SearchOptions{Set: batch[i].Set, Limit: k.limit})
			return err
		})
		if err != nil {
			return err
		}
		for i, b := range batch {
			asked++
			matches += len(found[i])
			for _, m := range found[i] {
				if err := e.Print(show.Found{ID: b.Doc.ID, Match: m.ID, Similarity: m.Similarity}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		e.Summary("%s asked for, %d matches among %d stored", show.Count(asked, "document"), matches, d.Len())
	}
	return err
}

type indexRemove struct{ indexOptions }

func (k *indexRemove) Flags() []cli.Flags { return []cli.Flags{k.dbFlag(), k.outputFlags()} }

func (k *indexRemove) Run(e *cli.Env) (err error) {
	d, err := k.open(e, index.ToWrite)
	if err != nil {
		return err
	}
	defer func() { err = d.Close(err) }()
	removed := make([]bool, len(e.Inputs))
	n := 0
	for i, id := range e.Inputs {
		if removed[i], err = d.Remove(e.Ctx, id); err != nil {
			return err
		}
		if removed[i] {
			n++
		}
	}
	if err := d.Sync(e.Ctx); err != nil {
		return err
	}
	for i, id := range e.Inputs {
		if err := e.Print(show.Removed{ID: id, Removed: removed[i]}); err != nil {
			return err
		}
	}
	if err := e.Out.Flush(); err != nil {
		return err
	}
	s, err := d.Stats(e.Ctx)
	if err != nil {
		return err
	}
	if s.Removed > s.Documents+10_000 {
		err = d.Compact(e.Ctx)
	}
	e.Summary("%s removed; the index has %d", show.Count(n, "document"), s.Documents)
	return err
}

type indexStats struct {
	indexOptions
	verify bool
}

func (k *indexStats) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolVar(&k.verify, "verify", false, "read everything and check it")
	}}
	return []cli.Flags{k.dbFlag(), own, k.outputFlags()}
}

func (k *indexStats) Run(e *cli.Env) (err error) {
	if len(e.Inputs) > 0 {
		return errors.New("index stats takes no input")
	}
	d, err := k.open(e, index.ToRead)
	if err != nil {
		return err
	}
	defer func() { err = d.Close(err) }()
	s, err := d.Stats(e.Ctx)
	if err != nil {
		return err
	}
	if k.verify {
		if err := d.Verify(e.Ctx); err != nil {
			return err
		}
	}
	if s.Largest == nil {
		s.Largest = []int{}
	}
	return e.Print(show.Stats{
		Documents: s.Documents, Removed: s.Removed, Threshold: s.Threshold, Bands: s.Banding.Bands, Rows: s.Banding.Rows,
		K: d.Scheme().K, Shingles: d.Shingles(), LogBytes: s.LogBytes, TableBytes: s.TableBytes, Largest: s.Largest, Verified: k.verify,
	})
}
