// Package corpus holds the documents that a command reads: their texts, in memory
// or beyond a limit in a temporary file, and where each was read.
package corpus

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/examples/dedup/internal/until"
	"github.com/neardup/neardup/shingle"
)

// A Document is all but the text of one.
type Document struct {
	ID, Host, URL, Time string
	Place               input.Place
	Blocks              []shingle.Span // of a page of HTML; nil where the text shows them
}

// A Corpus is documents by number, in the order in which they were read.
type Corpus struct {
	Docs []Document
	Old  int // how many of them, the first ones, are from the corpus that the others are compared with

	env   *cli.Env
	o     Options
	texts *spool.Texts
}

// Load reads the documents of inputs, those of against first if that is not "".
// It reports and counts what cannot be read. Close the corpus.
func Load(e *cli.Env, o Options, against string, inputs []string) (*Corpus, error) {
	debug.SetMemoryLimit(o.Memory)
	c := &Corpus{env: e, o: o, texts: spool.NewTexts(o.Memory / 4)}
	err := c.load(against, inputs)
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Corpus) load(against string, inputs []string) error {
	if against != "" {
		if err := c.read([]string{against}); err != nil {
			return err
		}
		c.Old = len(c.Docs)
	}
	if err := c.read(inputs); err != nil {
		return err
	}
	return c.texts.Flush()
}

// read appends the documents of inputs.
func (c *Corpus) read(inputs []string) error {
	p, items := Read(c.env, "reading", inputs, c.o.Input, c.o.Workers)
	defer p.Stop()
	for it, err := range until.Done(c.env.Ctx, items) {
		if err != nil {
			return err
		}
		if it.Err != nil {
			p.Clear()
			c.env.InputError(it.Err)
		}
		if d := it.Doc; d != nil {
			c.Docs = append(c.Docs, Document{d.ID, d.Host, d.URL, d.Time, d.Place, d.Blocks})
			if err := c.texts.Append(d.Text); err != nil {
				return err
			}
			p.Add(1)
		}
	}
	return nil
}

// Close removes what the corpus keeps outside memory.
func (c *Corpus) Close() { c.texts.Close() }

// Text returns the text of document i. If it cannot be had the text is empty and
// Err returns the reason.
func (c *Corpus) Text(i int) string { return c.texts.At(i) }

// Size returns the length of the text of document i in bytes.
func (c *Corpus) Size(i int) int { return c.texts.Size(i) }

// Bytes returns the length of all texts.
func (c *Corpus) Bytes() int64 { return c.texts.Bytes() }

// Err returns the first failure of Text. Check it before results are believed.
func (c *Corpus) Err() error { return c.texts.Err() }

// Memory returns how many bytes of memory the flags allow.
func (c *Corpus) Memory() int64 { return c.o.Memory }

// Workers returns how many goroutines the flags allow.
func (c *Corpus) Workers() int { return c.o.Workers }

// Env returns where the corpus was read.
func (c *Corpus) Env() *cli.Env { return c.env }

// Empty returns how many documents have no text.
func (c *Corpus) Empty() (n int) {
	for i := range c.Docs {
		if c.Size(i) == 0 {
			n++
		}
	}
	return n
}

// Counted returns how many documents were read, as text.
func (c *Corpus) Counted() string {
	s := show.Count(len(c.Docs), "document")
	if n := c.Empty(); n > 0 {
		s += fmt.Sprintf(" (%d empty)", n)
	}
	return s
}

// Rows returns the number of each document by its id.
func (c *Corpus) Rows() map[string]int {
	row := make(map[string]int, len(c.Docs))
	for i, d := range c.Docs {
		row[d.ID] = i
	}
	return row
}

// Parallel calls f(i) for every document, on as many goroutines as the flags allow,
// and shows the progress. Each call must write only its own results.
func (c *Corpus) Parallel(what string, f func(i int) error) error {
	p := c.env.Progress(what, "documents", len(c.Docs))
	defer p.Stop()
	err := Each(c.env.Ctx, c.o.Workers, len(c.Docs), func(i int) error {
		err := f(i)
		p.Add(1)
		return err
	})
	return cmp.Or(err, c.Err())
}
