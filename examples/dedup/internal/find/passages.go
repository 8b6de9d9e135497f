package find

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/internal/doctime"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// Passages is an index of the texts of a corpus, ignoring masked spans.
type Passages struct {
	*passage.Index
	c     *corpus.Corpus
	masks [][]shingle.Span
	least int // minimum number of words in a shared passage
	left  int // number of pairs not compared; known once all pairs have been yielded

	untimed []cli.Problem // documents whose time cannot be parsed, for searches that need it

	memory   saver
	progress *cli.Progress // progress of a search for groups; nil if there is none
}

// IndexPassages adds every document to an index, ignoring its masked spans; nil
// masks hide nothing.
func IndexPassages(c *corpus.Corpus, o Options, masks [][]shingle.Span) (*Passages, error) {
	return IndexFirst(c, o, masks, len(c.Docs), nil)
}

// IndexFirst is like IndexPassages, but adds first the documents of indexes written
// by [Passages.Save] and then only the first n documents of the corpus. The id of a
// document in a saved index belongs to that document alone.
func IndexFirst(c *corpus.Corpus, o Options, masks [][]shingle.Span, n int, saved []string) (*Passages, error) {
	if err := RequirePassages(c, saved...); err != nil {
		return nil, err
	}
	po := passage.Options{Workers: c.Workers()}
	po.Aligner.MinTokens = o.MinTokens
	ix := &Passages{c: c, masks: masks, least: o.MinTokens, memory: saveMemory(c.Bytes())}
	po.LeftOut = func(pairs int) { ix.left = pairs }
	po.Progress = func(done, total int) {
		if ix.progress != nil {
			ix.progress.Of(done, total)
		}
	}
	ix.Index = passage.New(po)
	p := c.Env().Progress("indexing", "documents", n)
	defer p.Stop()
	for _, name := range saved {
		if err := ix.open(name, po); err != nil {
			return nil, err
		}
	}
	for i, d := range c.Docs[:n] {
		if _, ok := ix.Text(d.ID); ok {
			return nil, fmt.Errorf("%v: id %q is also in a saved index; give one of them another id", d.Place, d.ID)
		}
		at, err := doctime.Parse(d.Time)
		if err != nil {
			ix.untimed = append(ix.untimed, corpus.Problem(&input.Error{Place: d.Place, Reason: "no time", Err: fmt.Errorf("%w; treated as a document without a time", err)}))
		}
		var mask []shingle.Span
		if masks != nil {
			mask = masks[i]
		}
		ix.AddAt(d.ID, at, c.Text(i), mask...)
		p.Add(1)
		if err := c.Env().Ctx.Err(); err != nil {
			return nil, err
		}
	}
	return ix, nil
}

// open adds the documents of a saved index.
func (ix *Passages) open(name string, po passage.Options) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	old, err := passage.Read(f, po)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	before := ix.Len()
	if ix.Merge(old); ix.Len() < before+old.Len() {
		return fmt.Errorf("%s: some of its documents have the same ids as those of another saved index", name)
	}
	return nil
}

// Approximate memory of an index of passages, in bytes: per byte of text, per
// document, and per byte of a saved index.
const (
	passagesPerByte     = 5
	passagesPerDocument = 256
	passagesPerSaved    = 3
)

// RequirePassages returns an error if the passages of the corpus and of saved indexes
// take more memory than the flags allow.
func RequirePassages(c *corpus.Corpus, saved ...string) error {
	n := passagesPerByte*c.Bytes() + passagesPerDocument*int64(len(c.Docs))
	for _, name := range saved {
		if f, err := os.Stat(name); err == nil { // opening the file reports the error
			n += passagesPerSaved * f.Size()
		}
	}
	return c.Require("passages of so much text", n)
}

// IsSaved reports whether a file is an index written by [Passages.Save].
func IsSaved(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false // reading it as a corpus reports the error
	}
	defer f.Close()
	_, err = passage.Read(io.LimitReader(f, 5), passage.Options{})
	return !errors.Is(err, passage.ErrFormat)
}

// reportUntimed reports the documents whose time cannot be parsed.
func (ix *Passages) reportUntimed() {
	for _, p := range ix.untimed {
		ix.c.Env().Problem(p)
	}
	ix.untimed = nil
}

// Save writes the index to a file, which replaces an existing one when it is
// complete.
func (ix *Passages) Save(name string) error {
	ix.reportUntimed()
	f, err := outfile.Create(name, true)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := ix.WriteTo(f); err != nil {
		return err
	}
	return f.Commit()
}

// Against yields the pairs of an indexed document and a document of the corpus,
// starting at row from, in the order of the corpus.
func (ix *Passages) Against(from int, masks [][]shingle.Span) iter.Seq2[passage.Pair, error] {
	return func(yield func(passage.Pair, error) bool) {
		c := ix.c
		p := c.Env().Progress("comparing", "documents", len(c.Docs)-from)
		defer p.Stop()
		row := c.Rows()
		for i := from; i < len(c.Docs); i++ {
			if err := c.Env().Ctx.Err(); err != nil {
				yield(passage.Pair{}, err)
				return
			}
			var mask []shingle.Span
			if masks != nil {
				mask = masks[i]
			}
			for _, m := range ix.Query(c.Text(i), mask...) {
				pair := passage.Pair{A: m.ID, B: c.Docs[i].ID, Passages: m.Passages}
				for k, s := range pair.Passages {
					pair.Passages[k].A, pair.Passages[k].B = s.B, s.A
				}
				if a, ok := row[m.ID]; ok && a < from && ix.masks != nil && len(ix.masks[a])+len(mask) > 0 {
					if pair.Passages = ix.withHidden(pair.Passages, a, i); len(pair.Passages) == 0 {
						continue
					}
				}
				if !yield(pair, nil) {
					return
				}
			}
			p.Add(1)
		}
	}
}

// Shared yields the pairs that share passages, in the order of their first
// documents, and shows the progress of the search.
func (ix *Passages) Shared() iter.Seq2[passage.Pair, error] {
	return func(yield func(passage.Pair, error) bool) {
		c := ix.c
		p := c.Env().Progress("aligning", "pairs", 0)
		defer p.Stop()
		row := c.Rows()
		for pair, err := range ix.Pairs(c.Env().Ctx) {
			if err == nil {
				p.Add(1)
				p.Of(row[pair.A]+1, len(c.Docs))
				if a, b := row[pair.A], row[pair.B]; ix.masks != nil && len(ix.masks[a])+len(ix.masks[b]) > 0 {
					if pair.Passages = ix.withHidden(pair.Passages, a, b); len(pair.Passages) == 0 {
						continue
					}
				}
			}
			if !yield(pair, err) {
				return
			}
		}
	}
}

// withHidden makes the figures of passages count all words, including hidden ones. A
// passage may run across a block that was left out of the search; the words of the
// block are differences if only one side has them. If they are more than a quarter
// of the passage, it is cut, so that no passage consists of hidden text.
func (ix *Passages) withHidden(passages []shingle.Passage, a, b int) []shingle.Passage {
	maskA, maskB := ix.masks[a], ix.masks[b]
	if !slices.ContainsFunc(passages, func(p shingle.Passage) bool { return touches(maskA, p.A) || touches(maskB, p.B) }) {
		return passages
	}
	var out []shingle.Passage
	for _, p := range passages {
		if touches(maskA, p.A) || touches(maskB, p.B) {
			if q := ix.count(p, a, b); 4*q.Matched >= 3*q.Tokens {
				out = append(out, q)
			} else {
				out = append(out, ix.parts(p, a, b)...)
			}
			continue
		}
		out = append(out, p)
	}
	return out
}

// count returns a passage with figures that count all its words.
func (ix *Passages) count(p shingle.Passage, a, b int) shingle.Passage {
	var sh shingle.Shingler
	textA, textB := ix.c.Text(a), ix.c.Text(b)
	same := 0
	for _, e := range (shingle.Aligner{}).Edits(textA, textB, p) {
		if e.Op == shingle.Equal {
			same += len(sh.AppendTokens(nil, e.A.Of(textA)))
		}
	}
	x, y := len(sh.AppendTokens(nil, p.A.Of(textA))), len(sh.AppendTokens(nil, p.B.Of(textB)))
	p.Tokens, p.Matched, p.Similarity = max(x, y), same, 2*float64(same)/float64(x+y)
	p.Exact = same == x && same == y
	return p
}

// parts returns the parts of a passage between blocks left out.
func (ix *Passages) parts(p shingle.Passage, a, b int) (out []shingle.Passage) {
	x, y := side(ix.c.Text(a), p.A, ix.masks[a]), side(ix.c.Text(b), p.B, ix.masks[b])
	var al shingle.Aligner
	var part shingle.Passage
	var wordsA, wordsB int // words from the beginning of the part to its last common word
	var looseA, looseB int // words after its last common word
	cut := func() {
		if part.Matched >= ix.least {
			part.Tokens = max(wordsA, wordsB)
			part.Similarity = 2 * float64(part.Matched) / float64(wordsA+wordsB)
			part.Exact = part.Matched == wordsA && part.Matched == wordsB
			out = append(out, part)
		}
		part, wordsA, wordsB, looseA, looseB = shingle.Passage{}, 0, 0, 0, 0
	}
	var sh shingle.Shingler
	for _, e := range al.EditsOf(al.Prepare(x.text, x.mask...), al.Prepare(y.text, y.mask...), 0, 0) {
		ta := sh.AppendTokens(nil, x.text[e.A.Start:e.A.End], within(x.mask, e.A)...)
		tb := sh.AppendTokens(nil, y.text[e.B.Start:e.B.End], within(y.mask, e.B)...)
		for i := range max(len(ta), len(tb)) {
			var u, v shingle.Span
			if i < len(ta) {
				u = shingle.Span{Start: ta[i].Start + e.A.Start, End: ta[i].End + e.A.Start}
			}
			if i < len(tb) {
				v = shingle.Span{Start: tb[i].Start + e.B.Start, End: tb[i].End + e.B.Start}
			}
			if part.Matched > 0 && (u.Len() > 0 && x.hides(part.A.End-p.A.Start, u.Start) || v.Len() > 0 && y.hides(part.B.End-p.B.Start, v.Start)) {
				cut()
			}
			if e.Op != shingle.Equal {
				if part.Matched > 0 {
					looseA, looseB = looseA+min(1, u.Len()), looseB+min(1, v.Len())
				}
				continue
			}
			if part.Matched == 0 {
				part.A.Start, part.B.Start = u.Start+p.A.Start, v.Start+p.B.Start
			}
			part.A.End, part.B.End = u.End+p.A.Start, v.End+p.B.Start
			part.Matched++
			wordsA, wordsB, looseA, looseB = wordsA+looseA+1, wordsB+looseB+1, 0, 0
		}
	}
	cut()
	return out
}

// A hidden is the text of one side of a passage with its masked parts.
type hidden struct {
	text string
	mask []shingle.Span
}

func side(text string, s shingle.Span, mask []shingle.Span) hidden {
	return hidden{s.Of(text), within(mask, s)}
}

// within returns the parts of spans in s, relative to its start.
func within(spans []shingle.Span, s shingle.Span) (in []shingle.Span) {
	for _, k := range spans {
		if k.Start < s.End && s.Start < k.End {
			in = append(in, shingle.Span{Start: max(k.Start, s.Start) - s.Start, End: min(k.End, s.End) - s.Start})
		}
	}
	return in
}

// hides reports whether a masked span lies between two offsets.
func (h hidden) hides(from, to int) bool {
	return slices.ContainsFunc(h.mask, func(k shingle.Span) bool { return from <= k.Start && k.End <= to })
}

// Recycled returns the number of documents and hosts on which a passage recurs, if
// at least half of one of its sides is in recycled blocks. If there are several such
// blocks, it uses the most widespread one.
func Recycled(p shingle.Passage, a, b []boilerplate.Block) (documents, hosts int) {
	for _, s := range [...]struct {
		span   shingle.Span
		blocks []boilerplate.Block
	}{{p.A, a}, {p.B, b}} {
		n, most, of := 0, 0, 0
		from, _ := slices.BinarySearchFunc(s.blocks, s.span.Start, func(k boilerplate.Block, at int) int { return cmp.Compare(k.End, at) })
		for _, k := range s.blocks[from:] {
			if k.Start >= s.span.End {
				break // blocks are ascending and disjoint
			}
			if common := min(k.End, s.span.End) - max(k.Start, s.span.Start); common > 0 && k.Flagged {
				n += common
				if k.Documents > most {
					most, of = k.Documents, k.Hosts
				}
			}
		}
		if 2*n >= s.span.Len() && most > documents {
			documents, hosts = most, of
		}
	}
	return documents, hosts
}

// touches reports whether one of the spans has bytes in s.
func touches(spans []shingle.Span, s shingle.Span) bool {
	return slices.ContainsFunc(spans, func(k shingle.Span) bool { return k.Start < s.End && s.Start < k.End })
}

// LeftOut describes the pairs that the search for passages left out.
func (ix *Passages) LeftOut() []string {
	var out []string
	if ix.left > 0 {
		out = append(out, fmt.Sprintf("%s of documents not compared: they share only short phrases that occur in more than 64 documents, and such a phrase is only compared in its first 8 documents", show.Count(ix.left, "pair")))
	}
	if s := ix.Stats(); s.Common > 0 {
		out = append(out, fmt.Sprintf("%s found in more than 256 documents; these are compared only with the first 8 of them, so up to %s of documents were not compared", show.Count(s.Common, "phrase"), show.Count(s.Withheld, "pair")))
	}
	return out
}
