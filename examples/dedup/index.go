package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"

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
	Summary: "keep a durable index of the documents seen",
	Help: `Keeps an index of documents in a folder. It survives crashes: a document that
was acknowledged stays. One process at a time may add and remove; any number may
query meanwhile. The output is one JSON object a line.

As a filter, "dedup index add -db seen -" reads JSON Lines and answers each line
with {"id":...,"new":...}, as soon as its document is durable: lines that arrive
together are stored together, and a single line is not kept waiting.
Stream processors that pass lines to a program and wait for its answers, such as
Bento with its processor "subprocess", can use it directly.
`,
	Commands: []cli.Command{
		{
			Name:    "index add",
			Summary: "store documents and report which are new",
			Help: `Stores every document, replacing the one with its id, and prints
{"id":"...","new":true} once it is on disk; new means that no other stored
document matches it at the threshold. With -new-only it stores only documents
that are new, and prints {"id":"...","new":false,"match":"...","similarity":x}
for the others: each of them matches a document that is kept.
A stored id does not match itself, so lines may be sent again.

The first add creates the index and fixes -threshold, -k, -unit, -size and -key;
later ones may omit all of them except -key, and must not differ. Shingles are
stored, at 8 bytes each, so that similarities are exact; with -estimate they are
not. An author who knows how shingles are hashed can make texts that collide: where
authors may be hostile, -key FILE hashes them under the content of a secret file.
`,
			Example: `-db seen corpus.jsonl
-db seen -new-only 'crawl/*.jsonl.zst'
-db seen -threshold 0.9 -sync 10000 'crawl/*.warc.gz'
-db seen -quiet - < new.jsonl
`,
			New: func() cli.Action { return new(indexAdd) },
		},
		{
			Name:    "index query",
			Summary: "find stored documents that are similar to these",
			Help: `Prints {"id":"...","match":"...","similarity":x} for every stored document that
is similar to an input document, best first, including the one with the same id.
`,
			Example: `-db seen today.jsonl
-db seen -limit 1 article.txt
`,
			New: func() cli.Action { return new(indexQuery) },
		},
		{
			Name:    "index remove",
			Usage:   "ID...",
			Summary: "remove documents",
			Help: `Removes the documents with these ids from the index, prints
{"id":"...","removed":true} for each once that is durable, false if it was not
stored, and frees disk space when most of it is unused.
`,
			Example: `-db seen https://example.org/a https://example.org/b
`,
			New: func() cli.Action { return new(indexRemove) },
		},
		{
			Name:    "index stats",
			Usage:   cli.NoInputs,
			Summary: "print sizes and settings",
			Help: `Prints one JSON object: documents, removed ones whose space is not yet free, the
threshold, bands and scheme, bytes on disk, and the sizes of the largest buckets.
With -verify it also checks the index, like "dedup index verify".
`,
			Example: `-db seen -verify
`,
			New: func() cli.Action { return new(indexStats) },
		},
		verifyCommand, exportCommand, repairCommand, expireCommand,
	},
}

// indexOptions are the options shared by all index commands.
type indexOptions struct {
	db      string
	keyFile string
	ids     string
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
			fs.StringVar(&k.ids, "id", "", "id of a document without one: its `place|content` (default: leave the document out)")
		},
		Check: func() error {
			return cli.OneOf("id", k.ids, string(input.RealIDs), string(input.PlaceIDs), string(input.ContentIDs))
		},
	}
}

// settingFlags are the flags for settings that are fixed when an index is created.
func (k *indexOptions) settingFlags() cli.Flags {
	a, b := find.MatchFlags(&k.Options), find.ShingleFlags(&k.Options)
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			a.Register(fs)
			b.Register(fs)
			fs.StringVar(&k.keyFile, "key", "", "secret `file` whose content keys the hashes of shingles (default: no key)")
		},
		Check: func() error { return cmp.Or(a.Check(), b.Check()) },
	}
}

func (k *indexOptions) outputFlags() cli.Flags {
	return cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolVar(&k.JSON, "json", false, "print JSON (this command always does)")
		cli.QuietFlag(&k.Output).Register(fs)
	}}
}

// open opens the index and checks it against the flags.
func (k *indexOptions) open(e *cli.Env, m index.Mode) (*index.Database, error) {
	var key uint64
	if k.keyFile != "" {
		var err error
		if key, err = readKey(k.keyFile); err != nil {
			return nil, err
		}
	}
	return index.Open(e, k.db, key, k.Options, k.read, input.IDs(k.ids), m)
}

// readKey derives the key from the content of a file.
func readKey(name string) (uint64, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, fmt.Errorf("-key: %w", err)
	}
	const least = 8
	if len(b) < least {
		return 0, fmt.Errorf("-key %s: a key needs at least %d bytes; make one with: head -c 32 /dev/urandom > %[1]s", name, least)
	}
	sum := sha256.Sum256(b)
	return max(1, binary.LittleEndian.Uint64(sum[:])), nil // 0 would mean no key
}

type indexAdd struct {
	indexOptions
	sync    int
	newOnly bool
}

func (k *indexAdd) Flags() []cli.Flags {
	own := cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.IntVar(&k.sync, "sync", 1000, "maximum number of documents to store and acknowledge together")
			fs.BoolVar(&k.newOnly, "new-only", false, "store only documents that match no other")
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
	insert := d.InsertAll
	if k.newOnly {
		insert = d.InsertNewAll
	}
	stored, fresh := 0, 0
	err = d.Batches(k.sync, func(batch []*index.Entry) error {
		docs := make([]disk.Document, len(batch))
		for i, b := range batch {
			docs[i] = disk.Document{ID: b.Doc.ID, Signature: b.Signature, Set: b.Set}
		}
		verdicts, err := insert(e.Ctx, docs)
		if err != nil {
			return err
		}
		for i, v := range verdicts {
			a := show.Added{ID: docs[i].ID, New: !v.Seen}
			if v.Seen && k.newOnly {
				a.Match, a.Similarity = v.Match.ID, v.Match.Similarity
			} else {
				stored++
			}
			if !v.Seen {
				fresh++
			}
			if err := e.Print(a); err != nil {
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
			fs.IntVar(&k.limit, "limit", 0, "maximum number of matches to print per document (default all)")
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
		e.Summary("%s queried, %d matches among %d stored", show.Count(asked, "document"), matches, d.Len())
	}
	return err
}

type indexRemove struct{ indexOptions }

func (k *indexRemove) Flags() []cli.Flags { return []cli.Flags{k.dbFlag(), k.outputFlags()} }

func (k *indexRemove) Run(e *cli.Env) (err error) {
	ix, err := openAny(e, k.db, index.ToWrite)
	if err != nil {
		return err
	}
	defer func() { err = index.Close(ix, err) }()
	removed := make([]bool, len(e.Inputs))
	n := 0
	for i, id := range e.Inputs {
		if removed[i], err = ix.Remove(e.Ctx, id); err != nil {
			return err
		}
		if removed[i] {
			n++
		}
	}
	if err := ix.Sync(e.Ctx); err != nil {
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
	e.Summary("%s removed; the index has %d", show.Count(n, "document"), ix.Len())
	return index.CompactIfFree(e.Ctx, ix)
}

type indexStats struct {
	indexOptions
	verify bool
}

func (k *indexStats) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolVar(&k.verify, "verify", false, "also read and check everything; exit status 1 if the index is damaged")
	}}
	return []cli.Flags{k.dbFlag(), own, k.outputFlags()}
}

func (k *indexStats) Run(e *cli.Env) (err error) {
	if err := checkNoInputs(e, "index stats"); err != nil {
		return err
	}
	ix, err := openAny(e, k.db, index.ToRead)
	if err != nil && k.verify {
		return damaged(e, err)
	}
	if err != nil {
		return err
	}
	defer func() { err = index.Close(ix, err) }()
	s, err := ix.Stats(e.Ctx)
	if err == nil && k.verify {
		err = ix.Verify(e.Ctx)
	}
	whole := err == nil
	if err := damaged(e, err); err != nil {
		return err
	}
	if s.Largest == nil {
		s.Largest = []int{}
	}
	sc := ix.Scheme()
	return e.Print(show.Stats{
		Documents: s.Documents, Removed: s.Removed, Threshold: s.Threshold, Bands: s.Banding.Bands, Rows: s.Banding.Rows,
		K: sc.K, Shingles: sc.Elements, LogBytes: s.LogBytes, TableBytes: s.TableBytes, Largest: s.Largest, Verified: k.verify && whole,
	})
}
