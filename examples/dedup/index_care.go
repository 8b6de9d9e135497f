package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/index"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh/disk"
)

var verifyCommand = cli.Command{
	Name:    "index verify",
	Usage:   cli.NoInputs,
	Summary: "check an index for damage",
	Help: `Reads every byte of the index, checks that every document can be found by its
record, and prints {"whole":true,...}. Exit status 0: whole, 1: damaged; "dedup
index repair" then saves the undamaged parts. It changes nothing, and may run while
another process adds documents.

The last write to an index that was not closed may be unfinished: that is
not damage, and its size is printed as unfinished_bytes.
`,
	Example: `-db seen
`,
	New: func() cli.Action { return new(indexVerify) },
}

var exportCommand = cli.Command{
	Name:    "index export",
	Usage:   cli.NoInputs,
	Summary: "print the stored documents as JSON Lines",
	Help: `Prints {"id":"...","time":"...","signature":"..."} for every document, in the
order in which they were added; time is when it was added, and signature is the form
that package minhash reads. With -shingles it also prints the shingles' hashes, in
hexadecimal. An index holds no texts.
`,
	Example: `-db seen | zstd > seen.jsonl.zst
`,
	New: func() cli.Action { return new(indexExport) },
}

var repairCommand = cli.Command{
	Name:    "index repair",
	Usage:   cli.NoInputs,
	Summary: "copy the undamaged parts of an index into a new one",
	Help: `Copies the undamaged parts of an index into a new one, in the folder that -to
names, and prints {"file":"...","offset":n,"bytes":n,"reason":"..."} for each
part that is lost. The damaged index is not changed. A lost part may have been a
removal: then the document is back. Exit status 0: nothing is lost, 1: something is.
`,
	Example: `-db seen -to repaired
`,
	New: func() cli.Action { return new(indexRepair) },
}

var expireCommand = cli.Command{
	Name:    "index expire",
	Usage:   cli.NoInputs,
	Summary: "remove old documents",
	Help: `Removes the documents that were added longer ago than -older, prints
{"expired":n,"documents":n} once that is durable, and frees disk space when most of
it is unused.
`,
	Example: `-db seen -older 90d
`,
	New: func() cli.Action { return new(indexExpire) },
}

// openAny opens an index with any shingle settings and any key.
func openAny(e *cli.Env, dir string, m index.Mode) (*disk.Index, error) {
	ix, err := disk.Open(dir, disk.Options{ReadOnly: m == index.ToRead})
	if errors.Is(err, fs.ErrNotExist) && !isDamage(err) {
		return nil, fmt.Errorf("%s has no index; \"dedup index add\" creates one", dir)
	}
	if err != nil {
		return nil, err
	}
	index.WarnRecovery(e, dir, ix, m)
	return ix, nil
}

func isDamage(err error) bool {
	return errors.Is(err, disk.ErrCorrupt) || errors.Is(err, disk.ErrFormat)
}

// damaged reports an error that indicates damage, so that the exit status is 1, and
// returns any other error.
func damaged(e *cli.Env, err error) error {
	if isDamage(err) {
		e.Problem(cli.Problem{Kind: "damage", Err: err})
		return nil
	}
	return err
}

// checkNoInputs returns an error if a command that reads only an index is given
// inputs.
func checkNoInputs(e *cli.Env, command string) error {
	if len(e.Inputs) > 0 {
		return fmt.Errorf("%s takes no input", command)
	}
	return nil
}

type indexVerify struct{ indexOptions }

func (k *indexVerify) Flags() []cli.Flags { return []cli.Flags{k.dbFlag(), k.outputFlags()} }

func (k *indexVerify) Run(e *cli.Env) (err error) {
	if err := checkNoInputs(e, "index verify"); err != nil {
		return err
	}
	c := show.Checked{}
	ix, err := openAny(e, k.db, index.ToRead)
	if err == nil {
		defer func() { err = index.Close(ix, err) }()
		c.Documents, c.Unfinished = ix.Len(), ix.Recovery().Bytes
		err = ix.Verify(e.Ctx)
	}
	c.Whole = err == nil
	if isDamage(err) {
		c.Damage = err.Error()
	}
	if err := damaged(e, err); err != nil {
		return err
	}
	return e.Print(c)
}

type indexExport struct {
	indexOptions
	shingles bool
}

func (k *indexExport) Flags() []cli.Flags {
	own := cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolVar(&k.shingles, "shingles", false, "also print the hashes of the shingles")
	}}
	return []cli.Flags{k.dbFlag(), own, k.outputFlags()}
}

func (k *indexExport) Run(e *cli.Env) (err error) {
	if err := checkNoInputs(e, "index export"); err != nil {
		return err
	}
	ix, err := openAny(e, k.db, index.ToRead)
	if err != nil {
		return err
	}
	defer func() { err = index.Close(ix, err) }()
	n := 0
	for d, err := range ix.All(e.Ctx) {
		if err != nil {
			return fmt.Errorf("%w; %d documents are printed before the damage: \"dedup index repair\" saves the others", err, n)
		}
		sig, err := d.Signature.MarshalText()
		if err != nil {
			return err
		}
		x := show.Exported{ID: d.ID, Time: d.Time.UTC().Format("2006-01-02T15:04:05.000Z"), Signature: string(sig)}
		if k.shingles {
			for _, h := range d.Set {
				x.Shingles = append(x.Shingles, fmt.Sprintf("%016x", h))
			}
		}
		if err := e.Print(x); err != nil {
			return err
		}
		n++
	}
	e.Summary("%s printed", show.Count(n, "document"))
	return nil
}

type indexRepair struct {
	indexOptions
	to string
}

func (k *indexRepair) Flags() []cli.Flags {
	own := cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&k.to, "to", "", "`folder` of the new index, empty or absent")
		},
		Check: func() error {
			if k.to == "" {
				return errors.New("name the folder of the new index with -to")
			}
			return nil
		},
	}
	return []cli.Flags{k.dbFlag(), own, k.outputFlags()}
}

func (k *indexRepair) Run(e *cli.Env) error {
	if err := checkNoInputs(e, "index repair"); err != nil {
		return err
	}
	r, err := disk.Repair(e.Ctx, k.db, k.to)
	if err != nil {
		return err
	}
	var lost int64
	for _, l := range r.Lost {
		lost += l.Bytes
		if err := e.Print(show.Lost{File: r.Log, Offset: l.Offset, Bytes: l.Bytes, ID: l.ID, Reason: l.Reason}); err != nil {
			return err
		}
	}
	if len(r.Lost) > 0 {
		e.Problem(cli.Problem{Kind: "loss", Err: fmt.Errorf("%s: %d bytes in %d places are lost", r.Log, lost, len(r.Lost))})
	}
	e.Summary("%d records of %s saved; the new index has %s", r.Records, r.Log, show.Count(r.Documents, "document"))
	return nil
}

type indexExpire struct {
	indexOptions
	older time.Duration
}

func (k *indexExpire) Flags() []cli.Flags {
	own := cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.Func("older", "`age` above which documents are removed, for example 90d, 12h or 30m", func(s string) (err error) {
				k.older, err = parseAge(s)
				return err
			})
		},
		Check: func() error {
			if k.older <= 0 {
				return errors.New("missing -older: give the age of the documents to remove, for example -older 90d")
			}
			return nil
		},
	}
	return []cli.Flags{k.dbFlag(), own, k.outputFlags()}
}

// parseAge reads a positive duration, which may be in days.
func parseAge(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n float64
		n, err = strconv.ParseFloat(days, 64)
		if n*float64(day) > float64(1<<62) {
			err = strconv.ErrRange
		}
		d = time.Duration(n * float64(day))
	}
	if err != nil || d <= 0 {
		return 0, errors.New("not a positive number of days, hours, minutes or seconds")
	}
	return d, nil
}

func (k *indexExpire) Run(e *cli.Env) (err error) {
	if err := checkNoInputs(e, "index expire"); err != nil {
		return err
	}
	ix, err := openAny(e, k.db, index.ToWrite)
	if err != nil {
		return err
	}
	defer func() { err = index.Close(ix, err) }()
	n, err := ix.Expire(e.Ctx, time.Now().Add(-k.older))
	if err == nil {
		err = ix.Sync(e.Ctx)
	}
	if err != nil {
		return err
	}
	if err := e.Print(show.Expired{Expired: n, Documents: ix.Len()}); err != nil {
		return err
	}
	if err := e.Out.Flush(); err != nil {
		return err
	}
	e.Summary("%s expired; the index has %d", show.Count(n, "document"), ix.Len())
	return index.CompactIfFree(e.Ctx, ix)
}
