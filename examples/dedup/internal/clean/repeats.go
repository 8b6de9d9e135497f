package clean

import (
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/lsh/repeat"
	"github.com/neardup/neardup/shingle"
)

// Repeat is the reason of a span whose text is in the output already.
const Repeat = "repeat"

// repeatEvidence is where a document that is kept has the text: id, and offsets in
// its text as read.
type repeatEvidence struct {
	ID    string `json:"id"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// Together documents are cut into pieces at a time.
const (
	togetherDocuments = 512
	togetherBytes     = 8 << 20
)

// runBytes is about how many bytes of memory a run takes that package repeat keeps.
const runBytes = 32

// Repeats adds the repetitions among the documents that are kept, in the order of
// -keep, of what is left of their texts. The corpus of -against comes before them.
// It returns how many sentences or paragraphs stay although they repeat others.
func (c Cuts) Repeats(docs *corpus.Corpus, d *Decision, o find.Options, border repeat.Border) (blocked int, err error) {
	// Of runs of words 2 are kept for half as many words as -min, a word being 4 bytes
	// and more; of sentences and paragraphs there are fewer.
	if err := docs.Require("repeats of so much text", 2*runBytes*docs.Bytes()/int64(4*(o.MinTokens/2+2))); err != nil {
		return 0, err
	}
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
	// The rest of a text without blocks and items is searched, and stays as it is
	// until all repeats are known.
	left := func(row int) shingle.Rest { return c.rest(row, docs.Text(row)) }
	found := make(Cuts, len(c))
	cutter := repeat.New(repeat.Options{
		MinTokens: o.MinTokens, Border: border, Seed: o.Confirmer().Seed,
		Text: func(n int) string { return left(rows[n]).Text },
	})
	p := docs.Env().Progress("looking for repeats", "documents", len(rows))
	defer p.Stop()
	for from := 0; from < len(rows); {
		to, bytes := from, 0
		for to < len(rows) && to < from+togetherDocuments && (to == from || bytes+docs.Size(rows[to]) <= togetherBytes) {
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
			for _, f := range cutter.Add(t) {
				source := rows[f.Document]
				at := f.At
				if len(c[source]) > 0 {
					at = left(source).Original(at)
				}
				found[row] = append(found[row], Span{rests[i].Original(f.Span), Repeat, repeatEvidence{docs.Docs[source].ID, at.Start, at.End}})
			}
		}
		p.Add(to - from)
		from = to
	}
	for i, spans := range found {
		for _, s := range spans {
			c.add(i, s)
		}
	}
	return cutter.Stats().Blocked, docs.Err()
}
