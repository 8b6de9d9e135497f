package main

import (
	"errors"
	"fmt"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/items"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh/decon"
)

var deconCommand = cli.Command{
	Name:    "decon",
	Summary: "show which documents hold items of an evaluation",
	Usage:   "[INPUT...]",
	Help: `Prints every place where a document of a training corpus holds an item of an
evaluation: a question or an answer, word for word or with words substituted,
inserted and left out. Case, accents, punctuation and layout do not count. Words
are weighted by their rarity in the corpus, so common turns of phrase are not
evidence. An answer of fewer than -min words is reported only next to its question,
word for word.

-against reads the items like a corpus, one item per record, or opens a file that
-save wrote. For comparison, -rule gpt3 applies the rule by which the
training text of GPT-3 was filtered: 13 equal words in a row.
`,
	Example: `-against evals.jsonl corpus.jsonl.zst
-against quiz.jsonl -field-question q -field-answer a crawl/
-against evals/ -save evals.items && dedup decon -against evals.items -json a.jsonl
`,
	New: func() cli.Action { return new(deconFlags) },
}

type deconFlags struct {
	items.Options
	read corpus.Options
	cli.Output
}

func (d *deconFlags) Flags() []cli.Flags {
	return []cli.Flags{d.ItemFlags(), d.read.InputFlags(), cli.OutputFlags(&d.Output)}
}

func (d *deconFlags) Run(e *cli.Env) error {
	if len(e.Inputs) == 0 && d.Save == "" {
		return errors.New("no input: name the documents to search, or use -save FILE to only save the items")
	}
	ix, err := items.Load(e, d.Options, d.read)
	if err != nil {
		return err
	}
	st := ix.Stats()
	if d.Save != "" {
		if err := items.Save(ix, d.Save, d.Overwrite); err != nil {
			return err
		}
		e.Summary("%s saved in %s", show.Count(st.Items, "item"), show.Printable(d.Save))
	}
	if st.Short > 0 {
		e.Warn("%s of %s skipped: fewer than %d words; see -min", show.Count(st.Short, "item"), show.Number(st.Items), d.MinTokens)
	}
	if len(e.Inputs) == 0 {
		return nil
	}
	found, err := items.Search(e, ix, d.Options, d.read)
	if err != nil {
		return err
	}
	documents, held := map[int]bool{}, map[int]bool{}
	for _, m := range found.Matches {
		documents[m.Document], held[m.Item] = true, true
		f := items.NewFinding(found.IDs[m.Document], ix, m, d.Question != "")
		if d.JSON {
			err = e.Print(f)
		} else {
			_, err = fmt.Fprintln(e.Out, show.Printable(itemLine(f, ix, m)))
		}
		if err != nil {
			return err
		}
	}
	e.Summary("%s: %s %s of %s", show.Count(found.Documents, "document"), holding(len(documents)), show.Number(len(held)), show.Count(st.Items, "item"))
	return nil
}

func holding(n int) string {
	if n == 1 {
		return "1 holds"
	}
	return show.Number(n) + " hold"
}

// itemLine returns a finding as a line for people.
func itemLine(f items.Finding, ix *decon.Index, m decon.Match) string {
	it := ix.Items()[m.Item]
	text := it.Text
	if m.Part == decon.Answer {
		text = it.Answer
	}
	what := "exact"
	if f.Kind != "exact" {
		what = show.Percent(f.Similarity) + " alike"
	}
	if f.Part != "" {
		what += " " + f.Part
	}
	return fmt.Sprintf("%s [%d:%d]  %s  %s: %s", f.ID, f.Start, f.End, what, f.Item.ID, show.Excerpt(m.ItemSpan.Of(text), 60))
}
