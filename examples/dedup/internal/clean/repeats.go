package clean

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/lsh/repeat"
	"github.com/neardup/neardup/shingle"
)

// Repeat is the reason for a span whose text is already in the output.
const Repeat = "repeat"

// repeatEvidence is the place of the text in a kept document: its id, and offsets in
// its text as read.
type repeatEvidence struct {
	ID    string `json:"id"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// together is the number of documents that are cut into pieces at a time; each byte
// of their text takes several bytes of memory.
const (
	togetherDocuments = 512
	togetherBytes     = 8 << 20
)

// together returns the number of bytes of text that are cut into pieces at a time.
func together(memory int64) int { return int(min(togetherBytes, memory/128)) }

// Repeats adds the repeats among the kept documents, in the order of -keep. It
// searches only text that is not cut already. The corpus of -against comes first. It
// returns the number of sentences or paragraphs that stay although they repeat
// others. It uses the memory that is left within -memory: a few hundredths for texts
// that are cut into pieces and a thirty-second for the repeats found. The rest is in
// temporary files.
func (c *Cuts) Repeats(docs *corpus.Corpus, d *Decision, o find.Options, border repeat.Border) (blocked int, err error) {
	var rows []int
	removed := 0
	for i := docs.Old; i < len(docs.Docs); i++ {
		if removed < len(d.Removals) && d.Removals[removed].Row == i {
			removed++
			continue
		}
		rows = append(rows, i)
	}
	find.InOrder(docs, o, rows)
	rows = append(slices.Repeat([]int{0}, docs.Old), rows...)
	for i := range docs.Old {
		rows[i] = i
	}
	// The search covers each text without its blocks and items. This rest does not
	// change until all repeats are known.
	left := func(row int) shingle.Rest { return rest(c.spans[row], docs.Text(row)) }
	found := &repeats{numbers: make([]uint32, len(docs.Docs)), spool: spool.NewTexts(docs.Memory() / 32)}
	found.id = func(row int) (string, error) { return docs.Docs[row].ID, nil }
	c.repeats = found
	cutter := repeat.New(repeat.Options{
		MinTokens: o.MinTokens, Border: border, Seed: o.Confirmer().Seed, Memory: docs.Spare(),
		Text: func(n int) string { return left(rows[n]).Text },
	})
	defer cutter.Close()
	p := docs.Env().Progress("looking for repeats", "documents", len(rows))
	defer p.Stop()
	most := together(docs.Memory())
	for from := 0; from < len(rows); {
		to, bytes := from, 0
		for to < len(rows) && to < from+togetherDocuments && (to == from || bytes+docs.Size(rows[to]) <= most) {
			bytes += docs.Size(rows[to])
			to++
		}
		texts := make([]*repeat.Text, to-from)
		rests := make([]shingle.Rest, to-from)
		err := corpus.Each(docs.Env().Ctx, docs.Workers(), to-from, func(i int) error {
			rests[i] = left(rows[from+i])
			texts[i] = cutter.Prepare(rests[i].Text)
			return nil
		})
		if err != nil {
			return 0, err
		}
		for i, t := range texts {
			row := rows[from+i]
			if row < docs.Old {
				cutter.Keep(t)
				continue
			}
			var parts []part
			for _, f := range cutter.Add(t) {
				source := rows[f.Document]
				at := f.At
				if len(c.spans[source]) > 0 {
					at = left(source).Original(at)
				}
				parts = append(parts, part{rests[i].Original(f.Span), source, at})
			}
			if err := errors.Join(cutter.Err(), docs.Err(), found.add(row, parts, c.spans[row])); err != nil {
				return 0, err
			}
		}
		p.Add(to - from)
		from = to
	}
	return cutter.Stats().Blocked, found.spool.Flush()
}

// A part is a repeat, with the document that keeps the text and its place there.
type part struct {
	shingle.Span
	source int
	at     shingle.Span
}

// repeats holds the repeats of documents by number: in memory or, beyond a limit, in
// a temporary file.
type repeats struct {
	id      func(document int) (string, error)
	numbers []uint32 // position in the spool, from 1, by document; 0 for none
	spool   *spool.Texts
	figures show.CutFigures
	closes  []*spool.Texts
}

// add adds the repeats of a document whose other spans are given.
func (r *repeats) add(document int, parts []part, others []Span) error {
	if len(parts) == 0 {
		return nil
	}
	var b []byte
	end := 0
	for _, p := range parts {
		for _, n := range []int{p.Start - end, p.Len(), p.source, p.at.Start, p.at.Len()} {
			b = binary.AppendUvarint(b, uint64(n))
		}
		end = p.End
	}
	all, err := r.insert(others, parts)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Reason == Repeat {
			r.figures.Spans++
			r.figures.Bytes += s.Len()
		}
	}
	r.numbers[document] = uint32(r.spool.Len() + 1)
	return r.spool.Append(string(b))
}

// of returns the repeats of a document, given its other spans.
func (r *repeats) of(document int, others []Span) ([]Span, error) {
	if r.numbers[document] == 0 {
		return others, nil
	}
	data := []byte(r.spool.At(int(r.numbers[document] - 1)))
	if err := r.spool.Err(); err != nil {
		return nil, err
	}
	next := func() int {
		n, size := binary.Uvarint(data)
		data = data[size:]
		return int(n)
	}
	var parts []part
	end := 0
	for len(data) > 0 {
		var p part
		p.Start = end + next()
		p.End = p.Start + next()
		p.source = next()
		p.at.Start = next()
		p.at.End = p.at.Start + next()
		end = p.End
		parts = append(parts, p)
	}
	return r.insert(others, parts)
}

// insert adds repeats to other spans.
func (r *repeats) insert(others []Span, parts []part) ([]Span, error) {
	spans := slices.Clone(others)
	for _, p := range parts {
		id, err := r.id(p.source)
		if err != nil {
			return nil, err
		}
		spans = insert(spans, Span{p.Span, Repeat, repeatEvidence{id, p.at.Start, p.at.End}})
	}
	return spans, nil
}

func (r *repeats) close() {
	r.spool.Close()
	for _, t := range r.closes {
		t.Close()
	}
}
