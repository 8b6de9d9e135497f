package clean

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/items"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/shingle"
)

// The parts that -cut takes out of texts, in this order:
const (
	CutBlocks  = "blocks"  // recycled blocks
	CutItems   = "items"   // items of an evaluation
	CutRepeats = "repeats" // repeats of text that is in the output already
)

// Parts are the values of -cut.
var Parts = []string{CutBlocks, CutItems, CutRepeats}

// A Span is a part of a text that was taken out, and the reason.
type Span struct {
	shingle.Span
	Reason   string
	Evidence any
}

// Cuts are the spans to take out of the texts of documents; nil Cuts have none. Make
// them with [NewCuts] and Close them.
type Cuts struct {
	spans   [][]Span // by document, ascending and disjoint, excluding repeats; nil for none
	repeats *repeats // nil for none
}

// NewCuts returns Cuts without spans for a number of documents.
func NewCuts(docs int) *Cuts { return &Cuts{spans: make([][]Span, docs)} }

// Of returns the spans of document i, ascending and disjoint.
func (c *Cuts) Of(i int) ([]Span, error) {
	if c == nil {
		return nil, nil
	}
	var others []Span
	if c.spans != nil {
		others = c.spans[i]
	}
	if c.repeats == nil {
		return others, nil
	}
	return c.repeats.of(i, others)
}

// Drop discards the spans of document i, which has no repeats.
func (c *Cuts) Drop(i int) { c.spans[i] = nil }

// Close removes temporary files.
func (c *Cuts) Close() {
	if c != nil && c.repeats != nil {
		c.repeats.close()
	}
}

// insert adds a span to others, except for the parts that they already cover.
func insert(spans []Span, s Span) []Span {
	at := len(spans)
	for at > 0 && spans[at-1].End > s.Start {
		at--
	}
	var parts []Span
	end := at
	for ; end < len(spans) && spans[end].Start < s.End; end++ {
		part := s
		part.End = spans[end].Start
		if part.Start < part.End {
			parts = append(parts, part)
		}
		parts = append(parts, spans[end])
		s.Start = max(s.Start, spans[end].End)
	}
	if s.Start < s.End {
		parts = append(parts, s)
	}
	return slices.Replace(spans, at, end, parts...)
}

func (c *Cuts) add(i int, s Span) { c.spans[i] = insert(c.spans[i], s) }

// rest returns a text without spans.
func rest(spans []Span, text string) shingle.Rest {
	cuts := make([]shingle.Span, len(spans))
	for k, s := range spans {
		cuts[k] = s.Span
	}
	return shingle.Cut(text, cuts)
}

// Figures counts spans by reason; it returns nil if there was nothing to cut.
func (c *Cuts) Figures() map[string]show.CutFigures {
	if c == nil {
		return nil
	}
	all := map[string]show.CutFigures{}
	for _, spans := range c.spans {
		for _, s := range spans {
			f := all[s.Reason]
			f.Spans++
			f.Bytes += s.Len()
			all[s.Reason] = f
		}
	}
	if c.repeats != nil && c.repeats.figures.Spans > 0 {
		all[Repeat] = c.repeats.figures
	}
	return all
}

// RecycledBlocks adds the masked blocks of every document.
func (c *Cuts) RecycledBlocks(blocks [][]boilerplate.Block) {
	for i := range blocks {
		c.spans[i] = masked(c.spans[i], blocks[i])
	}
}

// masked adds the masked blocks to spans.
func masked(spans []Span, blocks []boilerplate.Block) []Span {
	for _, b := range blocks {
		if b.Masked {
			spans = insert(spans, Span{b.Span, b.Reason.String(), blockEvidence{b.Documents, b.Hosts, b.Scope.String()}})
		}
	}
	return spans
}

// blockEvidence is the evidence for cutting a recycled block.
type blockEvidence struct {
	Documents int    `json:"documents"`
	Hosts     int    `json:"hosts"`
	Scope     string `json:"scope"`
}

// Items adds the evaluation items that documents hold, each with the full stop of
// its sentence.
func (c *Cuts) Items(docs *corpus.Corpus, held [][]items.Held) {
	for i := range held {
		for _, h := range held[i] {
			text := docs.Text(i)[h.End:]
			end := h.End + len(text) - len(strings.TrimLeft(text, ".!?…。！？"))
			c.add(i, Span{shingle.Span{Start: h.Start, End: end}, Item, itemEvidence{h.Item, h.Similarity, h.Kind, h.Part}})
		}
	}
}

// itemEvidence is the evidence for cutting an item.
type itemEvidence struct {
	Item       items.Place `json:"item"`
	Similarity float64     `json:"similarity"`
	Kind       string      `json:"kind"`
	Part       string      `json:"part"`
}

// A SpanLog is a file that lists the spans taken out of texts, one JSON object per
// line. A nil SpanLog writes nothing.
type SpanLog struct {
	file *outfile.File
	w    *outfile.Packed
}

// NewSpanLog creates the file, which appears when it is committed. If the name is
// empty, there is no log.
func NewSpanLog(name string, overwrite bool) (*SpanLog, error) {
	if name == "" {
		return nil, nil
	}
	f, err := outfile.Create(name, overwrite)
	if err != nil {
		return nil, err
	}
	w, err := outfile.NewPacked(f, name)
	if err != nil {
		f.Abort()
		return nil, err
	}
	return &SpanLog{f, w}, nil
}

// Add writes the spans of the document with that id.
func (l *SpanLog) Add(id string, spans []Span) error {
	if l == nil {
		return nil
	}
	for _, s := range spans {
		line, err := show.JSON(show.Cut{ID: id, Start: s.Start, End: s.End, Reason: s.Reason, Evidence: s.Evidence})
		if err != nil {
			return err
		}
		if _, err := l.w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// Commit makes the log visible.
func (l *SpanLog) Commit() error {
	if l == nil {
		return nil
	}
	return errors.Join(l.w.Close(), l.file.Commit())
}

// Abort removes the uncommitted file.
func (l *SpanLog) Abort() {
	if l != nil {
		l.file.Abort()
	}
}

// cutDocument takes spans out of the next document: out of the record if records are
// copied, or out of its fields if records are converted.
func (c *Writer) cutDocument(d *input.Doc, spans []Span) (text *string, err error) {
	if len(spans) == 0 {
		return nil, nil
	}
	if err := c.spans.Add(c.row.ID, spans); err != nil {
		return nil, err
	}
	cut := rest(spans, d.Text).Text
	if c.table != nil {
		return &cut, nil
	}
	switch d.Format {
	case input.Text:
		d.Raw = []byte(cut)
	case input.JSONL:
		d.Raw, err = withText(d.Raw, c.docs.Reading.Fields.Text, cut)
	}
	if err != nil {
		return nil, fmt.Errorf("%v: %w", d.Place, err)
	}
	return nil, nil
}

// withText returns a line of JSON Lines with its text replaced.
func withText(line []byte, name, text string) ([]byte, error) {
	fields, err := objectFields(line)
	if err != nil {
		return nil, err
	}
	if fields, err = setText(fields, name, text); err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := show.JSON(f.name)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, bytes.TrimSpace(name)...), ':'), f.value...)
	}
	return append(out, '}'), nil
}

// setText sets the text field.
func setText(fields []field, name, text string) ([]field, error) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return nil, fmt.Errorf("-cut changes only top-level fields of a record, and %q is in a nested object", name)
	}
	value, err := show.JSON(text)
	if err != nil {
		return nil, err
	}
	fields[i].value = bytes.TrimSpace(value)
	return fields, nil
}
