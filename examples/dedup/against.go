package main

import (
	"slices"
	"strconv"

	"github.com/neardup/neardup/lsh"
)

// A match is an older document that a new one repeats.
type match struct {
	row int
	lsh.Score
}

// matchesOld returns for every new document the matching ones of the -against
// corpus, best first, at most limit of them; 0 means all. Score.A is the new one.
func (j *job) matchesOld(s *sketches, limit int) ([][]match, error) {
	o := lsh.Options{Threshold: j.opt.threshold, Capacity: j.old}
	if !j.opt.estimate {
		o.Sets = func(id string) []uint64 { return s.set(rowOf(id)) }
	}
	ix := lsh.New(o)
	// Rows serve as ids: the corpus and the inputs may use the same ones.
	for row := range j.old {
		sig, err := s.signature(row)
		if err != nil {
			return nil, err
		}
		ix.Add(strconv.Itoa(row), sig)
		if err := j.ctx.Err(); err != nil {
			return nil, err
		}
	}
	found := make([][]match, len(j.docs)-j.old)
	if j.old == 0 {
		return found, nil // an index without documents has no scheme to search by
	}
	var failed onceError
	err := j.parallel("comparing", len(found), func(i int) {
		sig, err := s.signature(j.old + i)
		if err != nil {
			failed.set(err)
			return
		}
		so := lsh.SearchOptions{Limit: limit}
		if !j.opt.estimate {
			so.Set = s.set(j.old + i)
		}
		for _, m := range ix.Search(sig, so) {
			found[i] = append(found[i], match{rowOf(m.ID), m.Score})
		}
	})
	if err == nil {
		err = failed.err
	}
	return found, err
}

// rowOf is the opposite of strconv.Itoa, for ids that matchesOld gave.
func rowOf(id string) int {
	row, err := strconv.Atoi(id)
	if err != nil {
		panic(err)
	}
	return row
}

// pairsAgainst returns the pairs of a new document with one of the corpus or with
// another new one, in input order.
func (j *job) pairsAgainst(s *sketches) ([]lsh.RowPair, error) {
	found, err := j.matchesOld(s, 0)
	if err != nil {
		return nil, err
	}
	fresh := make([]int, len(found))
	for i := range fresh {
		fresh[i] = j.old + i
	}
	pairs, err := j.pairsAmong(s, fresh)
	if err != nil {
		return nil, err
	}
	for i, ms := range found {
		for _, m := range ms {
			m.ContainmentA, m.ContainmentB = m.ContainmentB, m.ContainmentA // A is the older
			pairs = append(pairs, lsh.RowPair{A: m.row, B: j.old + i, Score: m.Score})
		}
	}
	return union(pairs, nil), nil
}

// pairsAmong returns the pairs among some documents, all of them if rows is nil.
func (j *job) pairsAmong(s *sketches, rows []int) ([]lsh.RowPair, error) {
	p := j.progress("comparing", "", 0)
	defer p.stop()
	pairs, work, err := j.batch(s, rows, p).Pairs(j.ctx, j.source(rows))
	if err != nil {
		return nil, err
	}
	j.bounded(work)
	if rows != nil {
		for i, p := range pairs {
			pairs[i].A, pairs[i].B = rows[p.A], rows[p.B]
		}
	}
	return pairs, j.texts.Err()
}

// batch returns the search that the flags describe, among some documents or, if
// rows is nil, all.
func (j *job) batch(s *sketches, rows []int, p *progress) *lsh.Batch {
	b := &lsh.Batch{Threshold: j.opt.threshold, Scheme: s.mh.Scheme(), Workers: j.opt.workers, Progress: p.of}
	switch {
	case j.opt.estimate:
	case rows == nil:
		b.Sets = s.set
	default:
		b.Sets = func(row int) []uint64 { return s.set(rows[row]) }
	}
	return b
}

// source returns the signatures of some documents or, if rows is nil, of all.
func (j *job) source(rows []int) lsh.Source {
	if rows == nil {
		return j.registers.Source()
	}
	return subset{j.registers.Source(), rows}
}

// A subset is a source that has only some documents of another.
type subset struct {
	lsh.Source
	rows []int
}

// Len returns the number of documents.
func (s subset) Len() int { return len(s.rows) }

// Rows returns the registers of n documents, reading what lies together at once.
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
