package lsh

import (
	"context"
	"slices"

	"github.com/neardup/neardup/internal/hashset"
	"github.com/neardup/neardup/minhash"
)

// A view is the content of an index at one moment. It is a [Source].
type view struct {
	opts      Options
	scheme    minhash.Scheme
	sketcher  *minhash.Sketcher
	names     []string
	sets      []record
	locks     *recordLocks
	group     []uint32
	registers blocks
}

func (ix *Index) view() *view {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	v := &view{
		opts:     ix.opts,
		scheme:   ix.scheme,
		sketcher: ix.sketcher,
		// A later removal in the index writes to these, so the view has copies.
		names:     slices.Clone(ix.names),
		sets:      slices.Clone(ix.sets),
		group:     slices.Clone(ix.group),
		locks:     ix.arena.locks,
		registers: ix.registers,
	}
	v.registers.list = slices.Clone(v.registers.list)
	if ix.nonNil == 0 {
		v.sets = nil
	}
	return v
}

func (v *view) name(row uint32) string { return v.names[row] }

// record returns the hashes of a row, or nil if none were given.
func (v *view) record(row int) record {
	if row < len(v.sets) {
		return v.sets[row]
	}
	return nil
}

// set returns the set of a row; nil if it is not known.
func (v *view) set(row int) []uint64 {
	if r := v.record(row); r != nil {
		return r.set(v.locks)
	}
	if v.opts.Sets != nil {
		return hashset.Of(v.opts.Sets(v.names[row]))
	}
	return nil
}

func (v *view) removed(row int) bool { return v.group[row] == none }

// Len returns the number of rows.
func (v *view) Len() int { return len(v.group) }

// K returns the number of registers.
func (v *view) K() int { return v.scheme.K }

// Rows returns the registers of n rows.
func (v *view) Rows(buf []uint32, row, n int) ([]uint32, error) {
	k := v.scheme.K
	if n == 1 {
		if g := v.group[row]; g != none {
			return v.registers.at(int(g)), nil
		}
	}
	for i := range n {
		if g := v.group[row+i]; g != none {
			copy(buf[i*k:(i+1)*k], v.registers.at(int(g)))
		}
	}
	return buf[:n*k], nil
}

// engine returns an engine over the rows of the index; nil if it never had any.
func (v *view) engine(ctx context.Context) *engine {
	if v.sketcher == nil {
		return nil
	}
	e := newEngine(ctx, v, v.opts, workers(v.opts.Workers))
	e.sketcher = v.sketcher
	e.removed = v.removed
	e.progress = v.opts.Progress
	if v.sets != nil || v.opts.Sets != nil {
		e.sets = v.set
	}
	return e
}

// note stores the work of a call of Pairs or Clusters for Stats.
func (ix *Index) note(w Work) { ix.work.Store(&w) }
