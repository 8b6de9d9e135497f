package find

import (
	"slices"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/internal/doctime"
	"github.com/neardup/neardup/lsh"
)

// Clusters returns the clusters of near-duplicates.
func (s *Sketches) Clusters() ([]lsh.Cluster[int], error) {
	before := s.preference()
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

// preference returns the order of documents by Options.Keep; nil means the order of
// the input. Otherwise ties are broken by id, so that the order of the input does
// not matter.
func (s *Sketches) preference() func(a, b int) bool {
	return preference(s.c, s.o.Keep, func(i int, err error) {
		s.env().Problem(corpus.Problem(corpus.NoTime(s.c.Docs[i].Place, err)))
	})
}

// InOrder sorts documents by Options.Keep, the most preferred first.
func InOrder(c *corpus.Corpus, o Options, rows []int) {
	if before := preference(c, o.Keep, func(int, error) {}); before != nil {
		slices.SortStableFunc(rows, func(a, b int) int {
			switch {
			case before(a, b):
				return -1
			case before(b, a):
				return 1
			}
			return 0
		})
	}
}

// preference returns the order of documents for a value of -keep. It calls unknown
// for times that cannot be parsed.
func preference(c *corpus.Corpus, keep string, unknown func(i int, err error)) func(a, b int) bool {
	docs := c.Docs
	if c.Ranks != nil {
		return func(a, b int) bool {
			if x, y := c.Ranks[a], c.Ranks[b]; x != y {
				return x > y
			}
			return docs[a].ID < docs[b].ID
		}
	}
	switch keep {
	case "longest":
		return func(a, b int) bool {
			if x, y := c.Size(a), c.Size(b); x != y {
				return x > y
			}
			return docs[a].ID < docs[b].ID
		}
	case "newest":
		times := make([]time.Time, len(docs))
		for i, d := range docs {
			t, err := doctime.Parse(d.Time)
			if err != nil {
				unknown(i, err)
			}
			times[i] = t
		}
		return func(a, b int) bool {
			if !times[a].Equal(times[b]) {
				return times[a].After(times[b])
			}
			return docs[a].ID < docs[b].ID
		}
	}
	return nil
}
