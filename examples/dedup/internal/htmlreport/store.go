package htmlreport

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/neardup/neardup/shingle"
)

// A store holds the documents that the page names, each once, most of them with
// their text. Findings refer to documents by number, and to places in a text by
// UTF-16 code units, the unit of the script.
type store struct {
	report *Report
	limit  int    // longer texts are kept in part
	folder string // common beginning of all ids
	docs   []*doc
	number map[int]int // by row, for documents kept whole or by name only
	left   int         // bytes that may still be added
	kept   int         // the part of left that is reserved for the names of later findings
	spared int         // comparisons left out because no bytes were left
}

// A doc is a document of the page.
type doc struct {
	Document
	data  docData
	kept  []shingle.Span // parts of Text on the page, ascending and disjoint
	text  string         // the kept parts of Text
	plain bool           // every byte of text is one code unit
	marks []mark         // the first letter at or after every markEvery-th byte of text
	depth int            // length of the chain of texts from which this one is copied
}

// docData is a document as the page's script reads it.
type docData struct {
	ID     string `json:"i"`
	Host   string `json:"h,omitempty"`
	Source string `json:"s,omitempty"`
	Link   string `json:"l,omitempty"`
	// Text is the text as a string, or as an array: the number of another document,
	// followed by strings and by pairs of numbers, the start and length of a copy from
	// there.
	Text     any   `json:"t,omitempty"`
	Recycled []int `json:"m,omitempty"` // start, end, start, end …
	Cuts     []int `json:"c,omitempty"` // place, number of letters left out there …
}

const markEvery = 64

type mark struct{ place, units int }

// named returns the number of a document, adding its name if it is new. Names count
// against the limit of bytes, but are added even beyond it.
func (st *store) named(row int) int {
	if n, ok := st.number[row]; ok {
		return n
	}
	d := &doc{Document: st.report.Document(row)}
	st.number[row] = st.add(d)
	return st.number[row]
}

// add adds a document without its text.
func (st *store) add(d *doc) int {
	d.data = docData{ID: shown(strings.TrimPrefix(d.ID, st.folder)), Host: shown(d.Host), Source: shown(d.Source), Link: safeLink(d.Link)}
	st.left -= jsonSize(d.data)
	st.docs = append(st.docs, d)
	return len(st.docs) - 1
}

// room returns the number of bytes that texts may still take.
func (st *store) room() int { return st.left - st.kept }

// has reports whether the whole text of a document is in the store.
func (st *store) has(row int) bool {
	n, ok := st.number[row]
	return ok && st.docs[n].data.Text != nil
}

// A copied is a stretch of text that also occurs in another text.
type copied struct{ from, to shingle.Span }

// whole adds the whole text of a document, if there is room. If copies are given,
// the text is encoded by copies from another document.
func (st *store) whole(n, other int, copies []copied) bool {
	d := st.docs[n]
	if d.data.Text != nil {
		return true
	}
	d.keep([]shingle.Span{{End: len(d.Text)}})
	return st.fill(d, other, copies)
}

// excerpt adds the parts of a long document around some spans, as a separate
// document, and returns its number or -1.
func (st *store) excerpt(row int, around []shingle.Span) int {
	d := &doc{Document: st.report.Document(row)}
	d.keep(windows(d.Text, around, st.limit))
	if st.room() < len(d.text) {
		return -1
	}
	n := st.add(d)
	if !st.fill(d, -1, nil) {
		st.docs = st.docs[:n]
		return -1
	}
	return n
}

// fill writes the text of a document, unless that would take too many bytes.
func (st *store) fill(d *doc, other int, copies []copied) bool {
	data := d.data
	data.Text = shown(d.text)
	if other >= 0 && st.docs[other].depth < 4 && st.docs[other].data.Text != nil && len(copies) > 0 {
		data.Text = append([]any{other}, d.deltaOf(st.docs[other], copies)...)
	}
	for _, m := range d.Mask {
		if from, to := d.unit(m.Start), d.unit(m.End); from < to {
			data.Recycled = append(data.Recycled, from, to)
		}
	}
	at := 0
	for _, k := range append(d.kept[:len(d.kept):len(d.kept)], shingle.Span{Start: len(d.Text), End: len(d.Text)}) {
		if left := d.Text[at:k.Start]; left != "" {
			data.Cuts = append(data.Cuts, d.unit(k.Start), utf8.RuneCountInString(left))
		}
		at = k.End
	}
	cost := jsonSize(data) - jsonSize(d.data)
	if cost > st.room() {
		return false
	}
	if _, delta := data.Text.([]any); delta {
		d.depth = st.docs[other].depth + 1
	}
	st.left -= cost
	d.data = data
	return true
}

// deltaOf encodes the text of d by copies from another document.
func (d *doc) deltaOf(other *doc, copies []copied) []any {
	// Shorter copies cost more bytes than they save.
	const least = 24
	slices.SortStableFunc(copies, func(a, b copied) int { return a.to.Start - b.to.Start })
	var ops []any
	at := 0
	literal := func(until int) {
		if until > at {
			ops = append(ops, shown(d.Text[at:until]))
			at = until
		}
	}
	put := func(from, to, n int) { // n bytes at from in the other text equal those at to
		if skip := at - to; skip > 0 {
			from, to, n = from+skip, to+skip, n-skip
		}
		for n > 0 && !utf8.RuneStart(d.Text[to]) { // after an overlap
			from, to, n = from+1, to+1, n-1
		}
		if n < least {
			return
		}
		literal(to)
		start, end := other.unit(from), other.unit(from+n)
		ops = append(ops, start, end-start)
		at = to + n
	}
	for _, c := range copies {
		a, b := c.from.Of(other.Text), c.to.Of(d.Text)
		head := 0
		for head < min(len(a), len(b)) && a[head] == b[head] {
			head++
		}
		for head > 0 && (head < len(a) && !utf8.RuneStart(a[head]) || head < len(b) && !utf8.RuneStart(b[head])) {
			head--
		}
		put(c.from.Start, c.to.Start, head)
		tail := 0
		for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
			tail++
		}
		for tail > 0 && !utf8.RuneStart(a[len(a)-tail]) {
			tail--
		}
		put(c.from.End-tail, c.to.End-tail, tail)
	}
	literal(len(d.Text))
	return ops
}

// keep selects the parts of the text that are on the page.
func (d *doc) keep(spans []shingle.Span) {
	d.kept = spans
	d.text = d.Text
	if len(spans) != 1 || spans[0].Len() != len(d.Text) {
		var b strings.Builder
		for _, s := range spans {
			b.WriteString(s.Of(d.Text))
		}
		d.text = b.String()
	}
	d.marks, d.plain = nil, true
	for i := range len(d.text) {
		if c := d.text[i]; c >= utf8.RuneSelf || c == '\r' {
			d.plain = false
			break
		}
	}
	if d.plain {
		return
	}
	units, next := 0, 0
	for i, r := range d.text {
		for ; next <= i; next += markEvery {
			d.marks = append(d.marks, mark{i, units})
		}
		units += unitsOf(r)
	}
}

// unit returns the number of code units of the text on the page that precede an
// offset of the whole text.
func (d *doc) unit(place int) int {
	at := 0 // the offset in d.text
	for _, k := range d.kept {
		if place <= k.Start {
			break
		}
		at += min(place, k.End) - k.Start
	}
	if d.plain {
		return at
	}
	m := min(at/markEvery, len(d.marks)-1)
	for m > 0 && d.marks[m].place > at {
		m--
	}
	from := d.marks[m]
	units := from.units
	for i, r := range d.text[from.place:] {
		if from.place+i >= at {
			break
		}
		units += unitsOf(r)
	}
	return units
}

// unitsOf returns the number of UTF-16 code units of a letter on the page.
func unitsOf(r rune) int {
	switch r = shownRune(r); {
	case r < 0:
		return 0
	case utf16.RuneLen(r) == 2:
		return 2
	}
	return 1
}

// windows returns the parts of a long text around some spans: about limit bytes,
// including the beginning of the text and, for a long span, its head and tail.
func windows(text string, around []shingle.Span, limit int) []shingle.Span {
	const context, most, head, tail = 240, 4000, 2400, 1200
	spans := []shingle.Span{{End: cutAfter(text, min(600, limit))}}
	used := spans[0].End
	for _, s := range around {
		if used >= limit {
			break
		}
		parts := []shingle.Span{s}
		if s.Len() > most {
			parts = []shingle.Span{{Start: s.Start, End: s.Start + head}, {Start: s.End - tail, End: s.End}}
		}
		for _, p := range parts {
			p = shingle.Span{Start: cutBefore(text, len(text)-max(0, p.Start-context)), End: cutAfter(text, min(len(text), p.End+context))}
			spans = append(spans, p)
			used += p.Len()
		}
	}
	slices.SortFunc(spans, func(a, b shingle.Span) int { return a.Start - b.Start })
	merged := spans[:1]
	for _, s := range spans[1:] {
		if last := &merged[len(merged)-1]; s.Start <= last.End+40 {
			last.End = max(last.End, s.End)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// jsonSize returns the length of a value as JSON.
func jsonSize(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		panic("htmlreport: " + err.Error()) // every such value can be represented in JSON
	}
	return len(b)
}
