package main

import (
	"flag"
	"fmt"
	"iter"
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/columns"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

var passagesCommand = command{
	name:    "passages",
	summary: "which passages documents share, with their places in both",
	help: `Prints every passage of at least -min words that two documents share, in any
order, though a few words were changed: both texts side by side, with the words
that only one of them has in [brackets]. Offsets are bytes of the documents. With
-strip a passage may run across a recycled block, whose words then count as
differences if only one document has them.
`,
	example: `a.txt b.txt
-strip -min 20 articles.jsonl
-json articles.jsonl.zst
`,
	flags: []flagGroup{passageFlags, stripFlag, inputFlags, outputFlags},
	run:   runPassages,
}

func passageFlags(fs *flag.FlagSet, o *options) {
	fs.IntVar(&o.minTokens, "min", 12, "least number of words of a passage that both documents have")
}

// passageJSON is a passage as -json prints it.
type passageJSON struct {
	A          spanJSON `json:"a"`
	B          spanJSON `json:"b"`
	Similarity float64  `json:"similarity"`
	Tokens     int      `json:"tokens"`
	Kind       string   `json:"kind"`
}

type spanJSON struct {
	ID    string `json:"id"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

func newPassageJSON(a, b string, p shingle.Passage) passageJSON {
	return passageJSON{spanJSON{a, p.A.Start, p.A.End}, spanJSON{b, p.B.Start, p.B.End}, p.Similarity, p.Tokens, kind(p)}
}

func runPassages(j *job) error {
	if err := j.load(); err != nil {
		return err
	}
	masks, err := j.masks()
	if err != nil {
		return err
	}
	ix, err := j.passageIndex(masks)
	if err != nil {
		return err
	}
	pairs, passages := 0, 0
	for pair, err := range j.shared(ix, masks) {
		if err != nil {
			return err
		}
		pairs++
		passages += len(pair.Passages)
		if err := j.printPair(ix, pair); err != nil {
			return err
		}
	}
	if s := ix.Stats(); s.Common > 0 {
		j.warn("%s", commonPhrases(s))
	}
	j.summary("%s: %s of %d words or more shared by %s", j.counted(), count(passages, "passage"), j.opt.minTokens, count(pairs, "pair"))
	return nil
}

// countHidden makes the figures of passages those of all their words. A passage may
// run across a block that was left out of the search: the two sides are equal only
// if they are there too.
func (j *job) countHidden(passages []shingle.Passage, a, b int, masks [][]shingle.Span) {
	var sh shingle.Shingler
	textA, textB := j.texts.At(a), j.texts.At(b)
	for i, p := range passages {
		if !touches(masks[a], p.A) && !touches(masks[b], p.B) {
			continue
		}
		same := 0
		for _, e := range (shingle.Aligner{}).Edits(textA, textB, p) {
			if e.Op == shingle.Equal {
				same += len(sh.AppendTokens(nil, e.A.Of(textA)))
			}
		}
		x, y := len(sh.AppendTokens(nil, p.A.Of(textA))), len(sh.AppendTokens(nil, p.B.Of(textB)))
		p.Tokens, p.Matched, p.Similarity = max(x, y), same, 2*float64(same)/float64(x+y)
		p.Exact = same == x && same == y
		passages[i] = p
	}
}

// touches reports whether one of the spans has bytes in s.
func touches(spans []shingle.Span, s shingle.Span) bool {
	return slices.ContainsFunc(spans, func(k shingle.Span) bool { return k.Start < s.End && s.Start < k.End })
}

// commonPhrases tells what the search for passages left out.
func commonPhrases(s passage.Stats) string {
	return fmt.Sprintf("%s found in more than 256 documents; such a phrase leads to the first documents that hold it only, which left %s of documents uncompared", count(s.Common, "phrase"), count(s.Withheld, "pair"))
}

// passageIndex puts every document into an index, without what masks hide.
func (j *job) passageIndex(masks [][]shingle.Span) (*passage.Index, error) {
	o := passage.Options{Workers: j.opt.workers}
	o.Aligner.MinTokens = j.opt.minTokens
	ix := passage.New(o)
	p := j.progress("indexing", "documents", len(j.docs))
	defer p.stop()
	for i, d := range j.docs {
		var mask []shingle.Span
		if masks != nil {
			mask = masks[i]
		}
		ix.Add(d.ID, j.texts.At(i), mask...)
		p.add(1)
		if err := j.ctx.Err(); err != nil {
			return nil, err
		}
	}
	return ix, nil
}

// shared yields the pairs that share passages, without what masks hide. They come
// in the order of their first documents, which tells how far the search is.
func (j *job) shared(ix *passage.Index, masks [][]shingle.Span) iter.Seq2[passage.Pair, error] {
	return func(yield func(passage.Pair, error) bool) {
		p := j.progress("aligning", "pairs", 0)
		defer p.stop()
		row := j.rows()
		for pair, err := range until(j.ctx, ix.Pairs()) {
			if err == nil {
				p.add(1)
				p.of(row[pair.A]+1, len(j.docs))
				if a, b := row[pair.A], row[pair.B]; masks != nil && len(masks[a])+len(masks[b]) > 0 {
					j.countHidden(pair.Passages, a, b, masks)
				}
			}
			if !yield(pair, err) {
				return
			}
		}
	}
}

// printPair prints the passages of two documents.
func (j *job) printPair(ix *passage.Index, pair passage.Pair) error {
	if !j.opt.json {
		a, _ := ix.Text(pair.A)
		b, _ := ix.Text(pair.B)
		j.showPair(pair.A, a, pair.B, b, pair.Passages)
		return nil
	}
	for _, p := range pair.Passages {
		if err := j.print(newPassageJSON(pair.A, pair.B, p)); err != nil {
			return err
		}
	}
	return nil
}

func kind(p shingle.Passage) string {
	if p.Exact {
		return "exact"
	}
	return "edited"
}

// showPair shows what two documents share, side by side.
func (j *job) showPair(idA, a, idB, b string, passages []shingle.Passage) {
	const width, lines = 48, 40
	var al shingle.Aligner
	columns.Write(j.out, width, 0, printable(idA), printable(idB))
	for _, p := range passages {
		fmt.Fprintf(j.out, "\n  %s, %s", kind(p), count(p.Tokens, "word"))
		if !p.Exact {
			fmt.Fprintf(j.out, ", %s alike", percent(p.Similarity))
		}
		fmt.Fprintf(j.out, ", bytes %d to %d and %d to %d\n\n", p.A.Start, p.A.End, p.B.Start, p.B.End)
		left, right := p.A.Of(a), p.B.Of(b)
		if !p.Exact {
			left, right = marked(al.Edits(a, b, p), a, b, p)
		}
		columns.Write(j.out, width, lines, printable(oneLine(left)), printable(oneLine(right)))
	}
	fmt.Fprintln(j.out)
}

// marked returns both sides of a passage with what only one side has in brackets.
func marked(edits []shingle.Edit, a, b string, p shingle.Passage) (left, right string) {
	side := func(text string, whole shingle.Span, of func(shingle.Edit) shingle.Span) string {
		var s []byte
		at := whole.Start
		for _, e := range edits {
			span := of(e)
			s = append(s, text[at:max(at, span.Start)]...)
			if e.Op == shingle.Equal || span.Len() == 0 {
				s = append(s, span.Of(text)...)
			} else {
				s = append(append(append(s, '['), span.Of(text)...), ']')
			}
			at = max(at, span.End)
		}
		return string(append(s, text[at:max(at, whole.End)]...))
	}
	return side(a, p.A, func(e shingle.Edit) shingle.Span { return e.A }),
		side(b, p.B, func(e shingle.Edit) shingle.Span { return e.B })
}
