// Package corpus holds the documents that a command reads: their texts, in memory
// or, beyond a limit, in a temporary file, and where each was read.
package corpus

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync/atomic"
	"unsafe"

	"github.com/neardup/neardup/examples/dedup/internal/bytesize"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/internal/doctime"
	"github.com/neardup/neardup/shingle"
)

// A Document holds everything about a document except its text.
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
	Old  int // the first Old documents are from the corpus that the others are compared with

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

	env      *cli.Env
	o        Options
	texts    *spool.Texts
	sketches *Sketches // nil if they were not made while reading
	empty    int       // documents without text
	hosts    map[string]string
	names    names
	sites    atomic.Int32 // result of HasSites: 1 no, 2 yes, 0 not known yet
}

// HasSites reports whether a host has several documents: the frame of a site cannot
// be recognized from a single page.
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

// Load reads the documents of against, then those of inputs. It reports and counts
// unreadable documents. Close the corpus.
func Load(e *cli.Env, o Options, against, inputs []string) (*Corpus, error) {
	o.limitMemory()
	c := &Corpus{Lost: map[Loss]int{}, Other: map[string]int{}, env: e, o: o, texts: spool.NewTexts(0)}
	if o.Texts == Small || o.Texts == Large {
		c.texts = spool.NewTexts(o.Memory / 8)
	}
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
	if c.sketches != nil {
		if err := c.sketches.Registers.Flush(); err != nil {
			return err
		}
	}
	return c.texts.Flush()
}

// sketching begins to make signatures, if the options ask for them.
func (c *Corpus) sketching() *sketcher {
	if c.o.Sketching == nil {
		return nil
	}
	s := &sketcher{Sketching: c.o.Sketching}
	if c.sketches == nil {
		c.sketches = c.newSketches(s.K, s.Tags)
	}
	s.out = c.sketches
	return s
}

// read appends the documents of inputs.
func (c *Corpus) read(inputs []string) error {
	sketching := c.sketching()
	r := newGrowth(inputs)
	p, items := Read(c.env, "reading", inputs, c.o, func(o *input.Options) {
		o.Brief = true
		o.Interrupt = c.env.Ctx.Done()
		if sketching != nil {
			o.Sketch = sketching.prepare
		}
		r.watch(o)
	})
	defer p.Stop()
	for it := range items {
		if it.Err != nil {
			p.Clear()
			c.report(it.Err)
		}
		d := it.Doc
		if d == nil {
			continue
		}
		if len(c.Docs)%1024 == 0 {
			if err := c.makeRoom(r); err != nil {
				return err
			}
		}
		c.add(d)
		if sketching != nil {
			if !sketching.WholeTexts && c.sites.Load() == 2 {
				sketching.end()
				sketching, c.o.Sketching, c.sketches = nil, nil, nil
			} else if err := sketching.add(c, d.Sketch); err != nil {
				return err
			}
		}
		if err := c.addText(d.Text); err != nil {
			return err
		}
		p.Add(1)
	}
	return c.env.Ctx.Err()
}

// makeRoom prepares for the next 1024 documents.
func (c *Corpus) makeRoom(r *growth) error {
	docs := int64(len(c.Docs))
	if err := c.Require("so many documents", perDocument*docs); err != nil {
		return err
	}
	// At the beginning many bytes are read ahead of the documents, so the estimate is too
	// low: it is asked for only when the room made before is used up.
	if more := r.documents(len(c.Docs)); more > 0 && cap(c.Docs)-len(c.Docs) < 1024 {
		c.Docs = slices.Grow(c.Docs, int(min(int64(more), c.o.Memory/perDocument-docs)))
	}
	if c.o.Texts != Large {
		return nil
	}
	// Documents and signatures have priority over texts, because the search needs them
	// most often. Texts are written to a file before they take memory from the others.
	// Room for documents that are still to come counts from the moment that it is made.
	fixed := perDocument*docs + int64(cap(c.Docs)-len(c.Docs))*int64(unsafe.Sizeof(Document{}))
	if c.sketches != nil {
		fixed += c.sketches.Registers.Held()
	}
	c.texts.Hold(max(c.o.Memory/8, c.o.Memory*3/4-fixed))
	if fixed+c.texts.Held() > c.o.Memory*7/8 && c.texts.Held() > c.o.Memory/8 {
		return c.texts.Unload()
	}
	return nil
}

// add appends a document without its text and its signature. It copies the strings
// of d, which is valid only until the next document.
func (c *Corpus) add(d *input.Doc) {
	c.Docs = append(c.Docs, Document{c.names.clone(d.ID), c.intern(d.Host), c.names.clone(d.URL), c.names.clone(d.Time), d.Format, d.Place, d.Blocks})
	if c.o.Input.Fields.Rank != "" {
		c.Ranks = append(c.Ranks, c.rank(d))
	}
}

// addText appends the text of a document.
func (c *Corpus) addText(text string) error {
	if text == "" {
		c.empty++
	}
	if c.o.Texts == Nowhere {
		return c.texts.Skip(text)
	}
	return c.texts.Append(text)
}

// report prints a read error and counts the documents lost to it.
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

// rank returns the number by which a document is ranked, or the lowest possible one
// if it has none; rank reports such a document.
func (c *Corpus) rank(d *input.Doc) float64 {
	x, ok := Rank(d)
	if !ok {
		c.env.Problem(Problem(NoRank(d.Place, c.o.Input.Fields.Rank)))
	}
	return x
}

// Rank returns the number by which a document is ranked; if it has none, the lowest
// possible one and false.
func Rank(d *input.Doc) (float64, bool) {
	if x, err := strconv.ParseFloat(d.Rank, 64); err == nil && x == x {
		return x, true
	}
	if t, err := doctime.Parse(d.Rank); err == nil && d.Rank != "" {
		return float64(t.UnixNano()) / 1e9, true
	}
	return math.Inf(-1), false
}

// NoRank returns the note about a document that has no number to rank it by.
func NoRank(p input.Place, field string) error {
	return &input.Error{Place: p, Reason: "no number to rank by", Note: true, Err: fmt.Errorf("field %q is neither a number nor a time; ranked last", field)}
}

// NoTime returns the error for a document whose time cannot be parsed.
func NoTime(p input.Place, err error) error {
	return &input.Error{Place: p, Reason: "no time", Err: fmt.Errorf("%w; treated as the oldest", err)}
}

// Reading returns the options for reading the inputs a second time.
func (c *Corpus) Reading() input.Options { return c.o.Again(c.env) }

// perDocument is the approximate memory in bytes that a document takes for its id,
// its place and its part in the search. Text and signature, which may be in files,
// are not included.
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

// intern returns an equal host that was read before, if there is one, to save
// memory.
func (c *Corpus) intern(host string) string {
	if host == "" {
		return ""
	}
	if h, ok := c.hosts[host]; ok {
		c.sites.Store(2)
		return h
	}
	if c.hosts == nil {
		c.hosts = map[string]string{}
	}
	host = c.names.clone(host)
	if len(c.hosts) < 1<<16 {
		c.hosts[host] = host
	}
	return host
}

// Close removes the temporary files of the corpus.
func (c *Corpus) Close() {
	c.texts.Close()
	c.DropSketches()
}

// Text returns the text of document i. If it cannot be read, the text is empty and
// Err returns the reason.
func (c *Corpus) Text(i int) string { return c.texts.At(i) }

// Borrow is like Text, for a text that is needed only until *buf is used again.
func (c *Corpus) Borrow(i int, buf *[]byte) string { return c.texts.Borrow(i, buf) }

// Scan returns a reader of texts in ascending order.
func (c *Corpus) Scan() *spool.Scan { return c.texts.Scan() }

// Size returns the length of the text of document i in bytes.
func (c *Corpus) Size(i int) int { return c.texts.Size(i) }

// Bytes returns the length of all texts.
func (c *Corpus) Bytes() int64 { return c.texts.Bytes() }

// Err returns the first failure of Text. Check it before using results.
func (c *Corpus) Err() error { return c.texts.Err() }

// Memory returns the number of bytes of memory that the flags allow.
func (c *Corpus) Memory() int64 { return c.o.Memory }

// Spare returns a quarter of the memory that the documents leave free, but at least
// a sixteenth of the total.
func (c *Corpus) Spare() int64 {
	return max(c.o.Memory/16, (c.o.Memory-perDocument*int64(len(c.Docs)))/4)
}

// Workers returns the number of goroutines that the flags allow.
func (c *Corpus) Workers() int { return c.o.workers() }

// Env returns the environment in which the corpus was read.
func (c *Corpus) Env() *cli.Env { return c.env }

// Empty returns how many documents have no text.
func (c *Corpus) Empty() int { return c.empty }

// Counted formats the number of documents read; see the function [Counted].
func (c *Corpus) Counted() string { return Counted(len(c.Docs), c.Empty()) }

// Counted formats a number of documents, some of them without text: "7 documents (2
// empty)".
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
