package find

import (
	"slices"
	"strconv"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/lsh"
)

// A Match is an older document that a new one repeats.
type Match struct {
	Row int
	lsh.Score
}

// Old returns, for every new document, the matching ones of the -against corpus,
// best first, at most limit of them; 0 means all. Score.A is the new one.
func (s *Sketches) Old(limit int) ([][]Match, error) {
	old := s.c.Old
	o := lsh.Options{Threshold: s.o.Threshold, Capacity: old}
	if !s.o.Estimate {
		o.Sets = func(id string) []uint64 { return s.set(rowOf(id)) }
	}
	ix := lsh.New(o)
	// Rows serve as ids, because the corpus and the inputs may use the same ids.
	for row := range old {
		sig, err := s.Signature(row)
		if err != nil {
			return nil, err
		}
		ix.Add(strconv.Itoa(row), sig)
		if err := s.env().Ctx.Err(); err != nil {
			return nil, err
		}
	}
	found := make([][]Match, len(s.c.Docs)-old)
	if old == 0 {
		return found, nil // an index without documents has no scheme, so it cannot be searched
	}
	p := s.env().Progress("comparing", "documents", len(found))
	defer p.Stop()
	err := corpus.Each(s.env().Ctx, s.c.Workers(), len(found), func(i int) error {
		sig, err := s.Signature(old + i)
		if err != nil {
			return err
		}
		so := lsh.SearchOptions{Limit: limit}
		if !s.o.Estimate {
			so.Set = s.set(old + i)
		}
		for _, m := range ix.Search(sig, so) {
			found[i] = append(found[i], Match{rowOf(m.ID), m.Score})
		}
		p.Add(1)
		return nil
	})
	if err == nil {
		err = s.c.Err()
	}
	return found, err
}

// rowOf is the inverse of strconv.Itoa, for ids returned by Old.
func rowOf(id string) int {
	row, err := strconv.Atoi(id)
	if err != nil {
		panic(err)
	}
	return row
}

// PairsAgainst returns the pairs of a new document with one of the corpus or with
// another new one, in input order.
func (s *Sketches) PairsAgainst() ([]lsh.Pair[int], error) {
	found, err := s.Old(0)
	if err != nil {
		return nil, err
	}
	rows := make([]int, len(found))
	for i := range rows {
		rows[i] = s.c.Old + i
	}
	p := s.env().Progress("comparing", "", 0)
	defer p.Stop()
	pairs, work, err := s.batchAmong(rows, p).Pairs(s.env().Ctx, subset{s.Source(), rows})
	if err != nil {
		return nil, err
	}
	s.bounded(work)
	for i, p := range pairs {
		pairs[i].A, pairs[i].B = rows[p.A], rows[p.B]
	}
	for i, ms := range found {
		for _, m := range ms {
			m.ContainmentA, m.ContainmentB = m.ContainmentB, m.ContainmentA // A is the older one
			pairs = append(pairs, lsh.Pair[int]{A: m.Row, B: s.c.Old + i, Score: m.Score})
		}
	}
	return union(pairs, nil), s.c.Err()
}

// ClustersAmong returns the clusters of some documents.
func (s *Sketches) ClustersAmong(rows []int) ([]lsh.Cluster[int], error) {
	prefer := s.preference()
	var before func(a, b int) bool
	if prefer != nil {
		before = func(a, b int) bool { return prefer(rows[a], rows[b]) }
	}
	p := s.env().Progress("clustering", "", 0)
	defer p.Stop()
	clusters, work, err := s.batchAmong(rows, p).Clusters(s.env().Ctx, subset{s.Source(), rows}, lsh.ClusterOptions[int]{Before: before})
	if err != nil {
		return nil, err
	}
	s.bounded(work)
	for i, c := range clusters {
		clusters[i].Representative = rows[c.Representative]
		for i, m := range c.Members {
			c.Members[i].ID = rows[m.ID]
		}
	}
	return clusters, s.c.Err()
}

// batchAmong returns a search with the given options, among some documents.
func (s *Sketches) batchAmong(rows []int, p *cli.Progress) *lsh.Batch {
	b := s.Batch(p)
	b.Tags = nil // the existing tags cover all documents
	if b.Sets != nil {
		b.Sets = func(row int) []uint64 { return s.set(rows[row]) }
	}
	return b
}

// A subset is a source with only some documents of another source.
type subset struct {
	lsh.Source
	rows []int
}

// Len returns the number of documents.
func (s subset) Len() int { return len(s.rows) }

// Rows returns the registers of n documents, reading adjacent ones in one call.
func (s subset) Rows(buf []uint32, row, n int) ([]uint32, error) {
	k := s.K()
	out := buf[:0]
	for n > 0 {
		run := 1
		for run < n && s.rows[row+run] == s.rows[row]+run {
			run++
		}
		values, err := s.Source.Rows(buf[len(out):len(out)+run*k], s.rows[row], run)
		if err != nil {
			return nil, err
		}
		out = append(out, values...)
		row, n = row+run, n-run
	}
	return slices.Clip(out), nil
}
