package find

import (
	"fmt"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/doctime"
	"github.com/neardup/neardup/lsh"
)

// Clusters returns the clusters of near-duplicates.
func (s *Sketches) Clusters() ([]lsh.Cluster[int], error) {
	before, err := s.preference()
	if err != nil {
		return nil, err
	}
	p := s.env().Progress("clustering", "", 0)
	defer p.Stop()
	s.order = lsh.ClusterOptions[int]{Before: before}
	clusters, work, err := s.Batch(p).Clusters(s.env().Ctx, s.Source(), s.order)
	if err != nil {
		return nil, err
	}
	s.bounded(work)
	return clusters, s.c.Err()
}

// preference returns which of two documents Options.Keep prefers; nil is the
// earlier one of the input. Otherwise equals go by id, so that the order of the
// input does not matter.
func (s *Sketches) preference() (func(a, b int) bool, error) {
	docs := s.c.Docs
	if s.c.Ranks != nil {
		return func(a, b int) bool {
			if x, y := s.c.Ranks[a], s.c.Ranks[b]; x != y {
				return x > y
			}
			return docs[a].ID < docs[b].ID
		}, nil
	}
	switch s.o.Keep {
	case "longest":
		return func(a, b int) bool {
			if x, y := s.c.Size(a), s.c.Size(b); x != y {
				return x > y
			}
			return docs[a].ID < docs[b].ID
		}, nil
	case "newest":
		times := make([]time.Time, len(docs))
		for i, d := range docs {
			t, err := doctime.Parse(d.Time)
			if err != nil {
				s.env().Problem(corpus.Problem(&input.Error{Place: d.Place, Reason: "no time", Err: fmt.Errorf("%w; taken for the oldest", err)}))
			}
			times[i] = t
		}
		return func(a, b int) bool {
			if !times[a].Equal(times[b]) {
				return times[a].After(times[b])
			}
			return docs[a].ID < docs[b].ID
		}, nil
	}
	return nil, nil
}
