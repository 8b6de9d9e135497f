package lsh

import (
	"context"
)

// Repeats compares a new batch of documents with known ones, which are the rows
// below known: it returns every new document that matches a known one or an earlier
// new one, so a second copy within the batch is found too. Results are in the order
// of their rows. In each pair, A is the new document and B its most similar match: a
// known document takes precedence over any new one, and ties go to the lowest row.
//
// Known documents are not compared with each other. For a lasting corpus to which
// documents are added one at a time, use [Index.InsertNew].
func (b *Batch) Repeats(ctx context.Context, src Source, known int) ([]Pair[int], Work, error) {
	if known < 0 || known > src.Len() {
		panic("lsh: known must be from 0 to the number of documents")
	}
	e := b.engine(ctx, src)
	matches, err := e.repeats(uint32(known))
	return matches, e.work, err
}

func (e *engine) repeats(known uint32) ([]Pair[int], error) {
	e.total = e.opts.Banding.Bands + 1
	if err := e.prepare(); err != nil {
		return nil, err
	}
	for row := range e.link {
		if e.state[row] == open {
			e.link[row] = none
		}
	}
	best := make([]float64, e.src.Len()-int(known))
	err := e.bands(e.isOpen, visit{
		wanted: func(w *worker, j int) bool { return w.rows[j] >= known },
		compare: func(w *worker, band, j int) {
			row := w.rows[j]
			at := &best[row-known]
			for i, other := range w.rows[:j] {
				link := w.link[row]
				if link < known && other >= known || w.compared(band, i, j) {
					continue
				}
				s, ok := w.match(i, j)
				if !ok {
					continue
				}
				// Rows of a bucket ascend, buckets of different bands do not.
				closer := s.Similarity > *at || s.Similarity == *at && other < link
				if link == none || other < known && link >= known || closer {
					w.link[row], *at = other, s.Similarity
				}
			}
		},
	})
	if err != nil {
		return nil, err
	}
	e.grouper = grouper{} // reuse its memory for the result
	return e.bestMatches(known)
}

// bestMatches returns the matches named by the links.
func (e *engine) bestMatches(known uint32) ([]Pair[int], error) {
	var out []Pair[int]
	for row := known; int(row) < len(e.state); row++ {
		match := uint32(none)
		switch e.state[row] {
		case open:
			match = e.link[row]
		case duplicate:
			leader := e.link[row]
			match = leader
			if leader >= known && e.link[leader] < known {
				match = e.link[leader]
			}
		}
		if match != none {
			out = append(out, Pair[int]{A: int(row), B: int(match)})
		}
	}
	const batch = 64
	err := e.each((len(out)+batch-1)/batch, func(w *worker, i int) error {
		a, b := make([]uint32, w.src.K()), make([]uint32, w.src.K())
		for j := i * batch; j < min((i+1)*batch, len(out)); j++ {
			m := &out[j]
			ra, err := w.one(a, uint32(m.A))
			if err != nil {
				return err
			}
			rb, err := w.one(b, uint32(m.B))
			if err != nil {
				return err
			}
			m.Score, _ = w.judge(uint32(m.A), uint32(m.B), ra, rb, func() (float64, float64) { return w.elements(ra), w.elements(rb) })
		}
		return nil
	})
	return out, err
}
