package seen

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/neardup/neardup/boilerplate"
)

// A shared store is ahead of a filter that was killed: it has everything that the
// filter stored since its last save, and everything that other filters stored.
// Repeating operations on it would undo later changes and give different verdicts.
// So the journal of a Durable with a shared store also holds the outcome of each
// operation, written before it is answered. An operation with a known outcome is
// repeated without the store. An operation without one was not answered, and is
// carried out as new.

// An outcome is the result of an operation.
type outcome struct {
	Verdicts []Verdict `json:"verdicts,omitempty"` // verdicts on all pages that the operation decided, in order
	Names    []naming  `json:"names,omitempty"`
}

// A naming is a change of the name of a kept text. If Name is "", the text has its
// original name again.
type naming struct {
	Text string `json:"text"`
	Name string `json:"name,omitempty"`
	Time int64  `json:"time,omitempty"` // in milliseconds since 1970; 0 if unknown
}

// outcomes are the outcomes of the operations in a frame.
type outcomes struct {
	Frame uint64    `json:"frame"`
	Ops   []outcome `json:"ops"`
}

// record appends the verdict on a page to the current outcome, if there is one.
func (f *Filter) record(v Verdict) {
	if f.outcome != nil {
		f.outcome.Verdicts = append(f.outcome.Verdicts, v)
	}
}

// repeat returns the recorded verdict on a page.
func (f *Filter) repeat(p Page) (Verdict, error) {
	if len(f.repeated.Verdicts) == 0 || f.repeated.Verdicts[0].ID != p.ID {
		return Verdict{}, fmt.Errorf("seen: the journal has no verdict on %q: %w", p.ID, boilerplate.ErrCorrupt)
	}
	v := f.repeated.Verdicts[0]
	f.repeated.Verdicts = f.repeated.Verdicts[1:]
	if v.Outcome == New {
		return v, wrap(f.keepText(p.ID, p.Text, f.mask(p)))
	}
	return v, nil
}

// doOutcome applies an operation with a known outcome, or returns its outcome.
func (d *Durable) doOutcome(ctx context.Context, x op, known *outcome) (r result, out outcome, err error) {
	if err := d.f.enter(ctx); err != nil {
		return r, out, err
	}
	defer d.f.leave()
	f := d.f
	if known != nil {
		left := *known
		f.repeated = &left
		defer func() { f.repeated = nil }()
	} else {
		f.outcome = &out
		f.names.log = &out.Names
		defer func() { f.outcome, f.names.log = nil, nil }()
	}
	r, err = d.doEntered(ctx, x)
	if err == nil && known != nil {
		for _, n := range known.Names {
			switch {
			case n.Name == "":
				f.names.drop(n.Text)
			case n.Time == 0:
				f.names.set(n.Text, n.Name, time.Time{})
			default:
				f.names.set(n.Text, n.Name, time.UnixMilli(n.Time))
			}
		}
	}
	return r, out, err
}

// writeOutcomes writes the outcomes of the operations of a frame and makes them
// durable.
func (d *Durable) writeOutcomes(o outcomes) error {
	line, err := json.Marshal(op{Outcomes: &o})
	if err != nil {
		return err
	}
	d.journals.Lock()
	defer d.journals.Unlock()
	if err := d.journal.write(append(line, '\n')); err != nil {
		return err
	}
	return d.journal.sync()
}

// readOutcomes returns the outcomes in the journals, starting with the given one. It
// does not report damage: replaying the journals does.
func readOutcomes(dir string, number, frame uint64) map[uint64][]outcome {
	out := map[uint64][]outcome{}
	for ; ; number++ {
		b, err := os.ReadFile(journalName(dir, number))
		if err != nil {
			return out
		}
		frame, _, err = readJournal(b, frame, func(payload []byte) error {
			var x op
			if json.Unmarshal(payload, &x) == nil && x.Outcomes != nil {
				out[x.Outcomes.Frame] = x.Outcomes.Ops
			}
			return nil
		})
		if err != nil {
			return out
		}
	}
}
