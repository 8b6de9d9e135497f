package main

import (
	"github.com/neardup/neardup/examples/dedup/internal/clean"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spill"
)

// runSpilled is like Run, but keeps intermediate results in a folder.
func (k *cleaning) runSpilled(e *cli.Env, w *clean.Writer) error {
	r, err := spill.Start(e, k.Options, k.read, k.spill)
	if err != nil {
		return err
	}
	if complete, err := r.Search(); err != nil || !complete {
		return err
	}
	r.WarnBounded()
	sizes, err := r.Decide()
	if err != nil {
		return err
	}
	var repeats *clean.RepeatStream
	if k.cuts(clean.CutRepeats) {
		repeats = clean.NewRepeatStream(e, k.read, k.Options, k.borderOf(), k.spill.Dir)
		defer repeats.Close()
	}
	t := clean.NewTally()
	docs := clean.Corpus{Reading: r.Reading()}
	err = eachOutcome(r, func(o *spill.Outcome) error {
		reason := ""
		if o.Match != nil {
			text, err := o.Text()
			if err != nil {
				return err
			}
			if reason = clean.Near; text == o.Match.Text {
				reason = clean.Identical
			}
		} else if repeats != nil {
			text, err := o.Text()
			if err != nil {
				return err
			}
			if err := repeats.Add(o.Name, text); err != nil {
				return err
			}
		}
		t.Add(o.Doc.Place, o.Doc.Host, reason)
		docs.Docs++
		docs.Meet(o.Doc.Format, o.Doc.File)
		return nil
	})
	if err != nil {
		return err
	}
	lost, other := r.Lost()
	for loss, n := range lost {
		t.Lost(loss, n)
		docs.LeftOut += n
	}
	for kind, n := range other {
		t.Other(kind, n)
	}
	if err := w.Plan(docs); err != nil {
		return err
	}
	if k.JSON || k.dry {
		err := eachOutcome(r, func(o *spill.Outcome) error {
			if o.Match == nil {
				return nil
			}
			return k.print(e, o.Name, o.Match.Name, o.Match.Similarity, func() (show.Removal, error) { return removalLine(o) })
		})
		if err != nil {
			return err
		}
	}
	f := t.Figures(sizes)
	var cuts *clean.Cuts
	if repeats != nil {
		blocked := 0
		if cuts, blocked, err = repeats.Cuts(); err != nil {
			return err
		}
		defer cuts.Close()
		k.warnBlocked(e, blocked)
		f.Cut = cuts.Figures()
	}
	if !k.dry {
		all, err := r.Outcomes()
		if err != nil {
			return err
		}
		defer all.Close()
		if err := w.WriteRows(docs, &spilledRows{all: all, cuts: cuts}); err != nil {
			return err
		}
	}
	if err := w.WriteFigures(f); err != nil {
		return err
	}
	k.summarize(e, w, f)
	return endSpilled(e, r)
}

// eachOutcome calls f for each document.
func eachOutcome(r *spill.Run, f func(o *spill.Outcome) error) error {
	all, err := r.Outcomes()
	if err != nil {
		return err
	}
	defer all.Close()
	for {
		o, err := all.Next()
		if err != nil || o == nil {
			return err
		}
		if err := f(o); err != nil {
			return err
		}
	}
}

// removalLine returns the removal of a document as a line of the log.
func removalLine(o *spill.Outcome) (show.Removal, error) {
	text, err := o.Text()
	return clean.Line(o.Name, o.Doc.Place, o.Match.Name, o.Match.Score, text, o.Match.Text), err
}

// spilledRows yields the documents of a run.
type spilledRows struct {
	all  *spill.Outcomes
	cuts *clean.Cuts // indexed by position among the kept documents; nil for none
	kept int
}

// Next returns the next document.
func (s *spilledRows) Next() (*clean.Row, error) {
	o, err := s.all.Next()
	if err != nil || o == nil {
		return nil, err
	}
	row := &clean.Row{ID: o.Name, Place: o.Doc.Place, Text: o.Text}
	if o.Match != nil {
		row.Removal = func() (show.Removal, error) { return removalLine(o) }
		return row, nil
	}
	if s.cuts != nil {
		n := s.kept
		row.Spans = func() ([]clean.Span, error) { return s.cuts.Of(n) }
	}
	s.kept++
	return row, nil
}
