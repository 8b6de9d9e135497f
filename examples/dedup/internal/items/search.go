package items

import (
	"cmp"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/until"
	"github.com/neardup/neardup/lsh/decon"
)

// Found is the result of a search: the items that documents hold.
type Found struct {
	Documents int            // number of documents read
	IDs       map[int]string // ids of the documents that hold an item, by document number
	Matches   []decon.Match
}

// A searcher is a search by one of the rules.
type searcher interface {
	Add(document int, text string) bool
	Matches() []decon.Match
}

// Documents are searched in batches of this many documents, or of this many bytes of
// text.
const (
	batch      = 256
	batchBytes = 4 << 20
)

// Search reads the inputs and finds the items that they hold. Texts are not kept.
func Search(e *cli.Env, ix *decon.Index, o Options, read corpus.Options) (Found, error) {
	var s searcher = ix.Search()
	if o.Rule == "gpt3" {
		s = decon.NewGPT3(ix.Items())
	}
	found := Found{IDs: map[int]string{}}
	p, docs := corpus.Read(e, "searching", e.Inputs, read, nil)
	defer p.Stop()
	var waiting []*input.Doc
	size := 0
	search := func() error {
		held := make([]bool, len(waiting))
		err := corpus.Each(e.Ctx, read.Workers, len(waiting), func(i int) error {
			held[i] = s.Add(found.Documents+i, waiting[i].Text)
			return nil
		})
		for i, d := range waiting {
			if held[i] {
				found.IDs[found.Documents+i] = d.ID
			}
		}
		found.Documents += len(waiting)
		p.Add(len(waiting))
		waiting, size = waiting[:0], 0
		return err
	}
	for it, err := range until.Done(e.Ctx, docs) {
		if err != nil {
			return Found{}, err
		}
		if it.Err != nil {
			p.Clear()
			e.Problem(corpus.Problem(it.Err))
		}
		if it.Doc == nil {
			continue
		}
		waiting = append(waiting, it.Doc)
		if size += len(it.Doc.Text); len(waiting) == batch || size >= batchBytes {
			if err := search(); err != nil {
				return Found{}, err
			}
		}
	}
	if err := search(); err != nil {
		return Found{}, err
	}
	found.Matches = s.Matches()
	return found, nil
}

// InCorpus returns, for each document of a corpus, a list of the items that it
// holds. It does not search the documents of -against.
func InCorpus(c *corpus.Corpus, ix *decon.Index) ([][]Held, error) {
	s := ix.Search()
	p := c.Env().Progress("searching for items", "documents", len(c.Docs)-c.Old)
	defer p.Stop()
	err := corpus.Each(c.Env().Ctx, c.Workers(), len(c.Docs)-c.Old, func(i int) error {
		s.Add(c.Old+i, c.Text(c.Old+i))
		p.Add(1)
		return nil
	})
	if err = cmp.Or(err, c.Err()); err != nil {
		return nil, err
	}
	held := make([][]Held, len(c.Docs))
	for _, m := range s.Matches() {
		held[m.Document] = append(held[m.Document], newHeld(ix, m, false))
	}
	return held, nil
}

// A Finding is one line of JSON: an item, or a part of one, that a document holds.
type Finding struct {
	ID string `json:"id"`
	Held
}

// A Held is an item, or a part of one, at a place of a document.
type Held struct {
	Start      int     `json:"start"`
	End        int     `json:"end"`
	Item       Place   `json:"item"`
	Similarity float64 `json:"similarity"`
	Kind       string  `json:"kind"` // exact or edited
	Part       string  `json:"part"` // question, answer, or "" for an item without parts
}

// A Place is the part of an item that was found: a range of bytes of its text, or of the
// question or answer that Held.Part names.
type Place struct {
	ID    string `json:"id"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// NewFinding returns a match as a line of JSON. parts reports whether items have
// questions and answers.
func NewFinding(id string, ix *decon.Index, m decon.Match, parts bool) Finding {
	return Finding{id, newHeld(ix, m, parts)}
}

func newHeld(ix *decon.Index, m decon.Match, parts bool) Held {
	h := Held{
		Start: m.Span.Start, End: m.Span.End,
		Item:       Place{ix.Items()[m.Item].ID, m.ItemSpan.Start, m.ItemSpan.End},
		Similarity: m.Similarity, Kind: "edited",
	}
	if m.Exact {
		h.Kind = "exact"
	}
	switch {
	case m.Part == decon.Answer:
		h.Part = "answer"
	case parts || ix.Items()[m.Item].Answer != "":
		h.Part = "question"
	}
	return h
}
