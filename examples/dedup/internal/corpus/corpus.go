// Package corpus holds the documents that a command reads: their texts, in memory
// or, beyond a limit, in a temporary file, and where each was read.
package corpus

import (
	"cmp"
	"fmt"
	"math"
	"runtime/debug"
	"strconv"
	"sync/atomic"

	"github.com/neardup/neardup/examples/dedup/internal/bytesize"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/examples/dedup/internal/until"
	"github.com/neardup/neardup/internal/doctime"
	"github.com/neardup/neardup/shingle"
)

// A Document is everything about a document except its text.
type Document struct {
	ID, Host, URL, Time string
	Format              string
	Place               input.Place
	Blocks              []shingle.Span // blocks of an HTML page; nil if they follow from the text
}

// A Loss is a reason why documents of a file could not be read.
type Loss struct{ File, Reason string }

// A Corpus holds documents by number, in the order in which they were read.
type Corpus struct {
	Docs []Document
	Old  int // number of documents, the first ones, from the corpus that the others are compared with

	// Lost counts the documents of the inputs, not of the other corpus, that were left
	// out because they could not be read.
	Lost map[Loss]int

	// Other counts the files in folders that are not documents, by kind.
	Other map[string]int

	// Ranks are the values of the field that -keep names; nil if it names none.
	Ranks []float64

	// Compared describes the part of the documents that was compared, "" for the whole
	// text.
	Compared string

	env   *cli.Env
	o     Options
	texts *spool.Texts
	hosts map[string]string
	sites atomic.Int32 // result of HasSites: 1 no, 2 yes, 0 not known yet
}

// HasSites reports whether a host has several documents: with only one page, the
// frame of a site cannot be recognized.
func (c *Corpus) HasSites() bool {
	if known := c.sites.Load(); known != 0 {
		return known == 2
	}
	answer := int32(1)
	seen := map[string]struct{}{}
	for i := range c.Docs {
		host := c.Docs[i].Host
		if host == "" {
			continue
		}
		if _, again := seen[host]; again {
			answer = 2
			break
		}
		seen[host] = struct{}{}
	}
	c.sites.Store(answer)
	return answer == 2
}

// ReportCompared prints which text was compared, after a summary.
func (c *Corpus) ReportCompared() {
	if c.Compared != "" {
		c.env.Summary("%s", c.Compared)
	}
}

// Load reads the documents of inputs, those of against first. It reports and counts
// unreadable documents. Close the corpus.
func Load(e *cli.Env, o Options, against, inputs []string) (*Corpus, error) {
	debug.SetMemoryLimit(o.Memory - o.Memory/8) // the rest is for code, stacks and open files
	c := &Corpus{Lost: map[Loss]int{}, Other: map[string]int{}, env: e, o: o, texts: spool.NewTexts(o.Memory / 8)}
	err := c.load(against, inputs)
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Corpus) load(against, inputs []string) error {
	if len(against) > 0 {
		if err := c.read(against); err != nil {
			return err
		}
		c.Old = len(c.Docs)
		clear(c.Lost)
		clear(c.Other)
	}
	if err := c.read(inputs); err != nil {
		return err
	}
	return c.texts.Flush()
}

// read appends the documents of inputs.
func (c *Corpus) read(inputs []string) error {
	p, items := Read(c.env, "reading", inputs, c.o, nil)
	defer p.Stop()
	for it, err := range until.Done(c.env.Ctx, items) {
		if err != nil {
			return err
		}
		if it.Err != nil {
			p.Clear()
			c.report(it.Err)
		}
		if d := it.Doc; d != nil {
			if len(c.Docs)%1024 == 0 {
				if err := c.Require("so many documents", perDocument*int64(len(c.Docs))); err != nil {
					return err
				}
			}
			c.Docs = append(c.Docs, Document{d.ID, c.intern(d.Host), d.URL, d.Time, d.Format, d.Place, d.Blocks})
			if c.o.Input.Fields.Rank != "" {
				c.Ranks = append(c.Ranks, c.rank(d))
			}
			if err := c.texts.Append(d.Text); err != nil {
				return err
			}
			p.Add(1)
		}
	}
	return nil
}

// report prints a read error and counts the documents left out.
func (c *Corpus) report(err error) {
	c.env.Problem(Problem(err))
	e, ok := err.(*input.Error)
	switch {
	case !ok || e.Lost == 0:
	case e.Note:
		c.Other[e.Reason] += e.Lost
	default:
		c.Lost[Loss{e.File, e.Reason}] += e.Lost
	}
}

// LeftOut returns how many documents could not be read.
func (c *Corpus) LeftOut() (n int) {
	for _, lost := range c.Lost {
		n += lost
	}
	return n
}

// rank returns the number by which a document is ranked, or the least number if it
// has none.
func (c *Corpus) rank(d *input.Doc) float64 {
	x, ok := Rank(d)
	if !ok {
		c.env.Problem(Problem(NoRank(d.Place, c.o.Input.Fields.Rank)))
	}
	return x
}

// Rank returns the number by which a document is ranked, or the least number and
// false.
func Rank(d *input.Doc) (float64, bool) {
	if x, err := strconv.ParseFloat(d.Rank, 64); err == nil && x == x {
		return x, true
	}
	if t, err := doctime.Parse(d.Rank); err == nil && d.Rank != "" {
		return float64(t.UnixNano()) / 1e9, true
	}
	return math.Inf(-1), false
}

// NoRank is the note about a document without a number to be ranked by.
func NoRank(p input.Place, field string) error {
	return &input.Error{Place: p, Reason: "no number to rank by", Note: true, Err: fmt.Errorf("field %q is neither a number nor a time; ranked last", field)}
}

// NoTime is the error for a document whose time cannot be parsed.
func NoTime(p input.Place, err error) error {
	return &input.Error{Place: p, Reason: "no time", Err: fmt.Errorf("%w; treated as the oldest", err)}
}

// Reading returns the options for reading the inputs again, in one goroutine.
func (c *Corpus) Reading() input.Options { return c.o.Again(c.env) }

// perDocument is roughly the memory, in bytes, of a document without its text and
// its signature, which may be in files: its id, its place, its part in the search.
const perDocument = 512

// Require returns an error if something takes more memory than the flags allow.
func (c *Corpus) Require(what string, bytes int64) error {
	if bytes <= c.o.Memory {
		return nil
	}
	need := bytesize.Size((bytes/(64<<20) + 1) * (64 << 20))
	return fmt.Errorf("%s take about %v of memory, and -memory is %v: pass -memory %v, or split the input", what, need, bytesize.Size(c.o.Memory), need)
}

// Problem converts a read error into a problem to report.
func Problem(err error) cli.Problem {
	e, ok := err.(*input.Error)
	if !ok {
		return cli.Problem{Err: err}
	}
	return cli.Problem{Kind: e.Reason, File: e.File, Err: e, Note: e.Note}
}

// intern returns a host read before instead of an equal one.
func (c *Corpus) intern(host string) string {
	if h, ok := c.hosts[host]; ok {
		return h
	}
	if c.hosts == nil {
		c.hosts = map[string]string{}
	}
	if len(c.hosts) < 1<<16 {
		c.hosts[host] = host
	}
	return host
}

// Close removes the temporary files of the corpus.
func (c *Corpus) Close() { c.texts.Close() }

// Text returns the text of document i. If it cannot be read, the text is empty and
// Err returns the reason.
func (c *Corpus) Text(i int) string { return c.texts.At(i) }

// Size returns the length of the text of document i in bytes.
func (c *Corpus) Size(i int) int { return c.texts.Size(i) }

// Bytes returns the length of all texts.
func (c *Corpus) Bytes() int64 { return c.texts.Bytes() }

// Err returns the first failure of Text. Check it before using results.
func (c *Corpus) Err() error { return c.texts.Err() }

// Memory returns the number of bytes of memory that the flags allow.
func (c *Corpus) Memory() int64 { return c.o.Memory }

// Spare returns a quarter of the memory that the documents leave, and no less than a
// sixteenth of all.
func (c *Corpus) Spare() int64 {
	return max(c.o.Memory/16, (c.o.Memory-perDocument*int64(len(c.Docs)))/4)
}

// Workers returns the number of goroutines that the flags allow.
func (c *Corpus) Workers() int { return c.o.workers() }

// Env returns the environment in which the corpus was read.
func (c *Corpus) Env() *cli.Env { return c.env }

// Empty returns the number of documents without text.
func (c *Corpus) Empty() (n int) {
	for i := range c.Docs {
		if c.Size(i) == 0 {
			n++
		}
	}
	return n
}

// Counted returns the number of documents read, as text.
func (c *Corpus) Counted() string { return Counted(len(c.Docs), c.Empty()) }

// Counted returns a number of documents and of those without text, as text.
func Counted(docs, empty int) string {
	s := show.Count(docs, "document")
	if empty > 0 {
		s += fmt.Sprintf(" (%d empty)", empty)
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
	err := Each(c.env.Ctx, c.o.workers(), len(c.Docs), func(i int) error {
		err := f(i)
		p.Add(1)
		return err
	})
	return cmp.Or(err, c.Err())
}
