package lsh

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/neardup/neardup/minhash"
)

// An engine finds pairs and clusters among the rows of a source, one band at a time.
// [Batch] and [Index] both use it, so their answers are the same.
//
// Rows with the same signature, and the same set where sets are known, are exact
// duplicates: only the first of them takes part, and the others share its result.
type engine struct {
	src      Source
	opts     Options
	rule     Rule
	key      keyer
	grouper  grouper
	ctx      context.Context
	workers  int
	progress func(done, total int)
	done     int
	total    int

	sets     func(row int) []uint64 // returns the set of a row, or nil if it is not known; may be nil
	tags     *Tags                  // the tags of all rows, or nil
	sketcher *minhash.Sketcher      // estimates the number of elements; may be nil
	rank     []uint32               // position of each row in the order of preference; nil means the order of the rows
	removed  func(row int) bool     // nil if no row is removed

	state []uint8  // state of each row
	link  []uint32 // for each row another row, whose meaning depends on the state

	sized     int                 // number of bands whose oversized buckets are known
	oversized map[uint64][]uint32 // leaders of the buckets not compared in full, by band<<32 | tag
	work      Work
	edges     []edge    // matches found so far, unordered
	linkings  []linking // links made so far, including those that others replaced, unordered
}

// A linking links a row to an earlier one that it matches.
type linking struct {
	row, to    uint32
	similarity float64
}

// An edge is a pair of matching rows.
type edge struct {
	a, b uint32
	Score
}

// The states of a row.
const (
	open      = iota // still undecided
	absent           // empty or removed: takes no part
	duplicate        // exact duplicate of the row in its link
	chosen           // representative
	joined           // member of the cluster of the row in its link
	waiting          // its link is an earlier match that is not a representative
)

const none = math.MaxUint32

func newEngine(ctx context.Context, src Source, o Options, workers int) *engine {
	o = o.withDefaults(src.K())
	if r, ok := src.(Registers); ok && r.Size > 0 && len(r.Values)%r.Size != 0 {
		panic("lsh: the length of Registers.Values is not a multiple of Registers.Size")
	}
	if src.Len() < 0 {
		panic("lsh: the number of documents must not be negative")
	}
	e := &engine{
		src:       src,
		opts:      o,
		rule:      NewRule(src.K(), o.Threshold),
		key:       makeKeyer(o.Banding, o.Seed),
		ctx:       ctx,
		workers:   workers,
		state:     make([]uint8, src.Len()),
		link:      make([]uint32, src.Len()),
		oversized: map[uint64][]uint32{},
	}
	return e
}

// bandsPerScan is the number of bands that share a scan of the signatures: two if a
// scan reads a file and no memory is taken by ranks.
func (e *engine) bandsPerScan() int {
	if _, ok := e.src.(File); ok && e.rank == nil && e.tags == nil {
		return 2
	}
	return 1
}

// before reports whether row a precedes row b in the order of preference.
func (e *engine) before(a, b uint32) bool { return e.rankOf(a) < e.rankOf(b) }

func (e *engine) rankOf(row uint32) uint32 {
	if e.rank == nil {
		return row
	}
	return e.rank[row]
}

func (e *engine) step() {
	e.done++
	if e.progress != nil {
		e.progress(e.done, e.total)
	}
}

// A worker holds the state of one goroutine of the engine.
type worker struct {
	*engine
	buf  []uint32   // registers read from the source
	regs [][]uint32 // registers of the rows of a bucket; nil where they were not needed yet
	err  error      // error of the source when registers were read for a comparison
	rows []uint32   // rows of a bucket, in the order of preference
	keep map[uint32][]uint64
	work Work

	edges    []edge
	linkings []linking
	local    []int // links between the rows of a bucket: see connecting
}

func (e *engine) newWorker() *worker {
	return &worker{engine: e, keep: map[uint32][]uint64{}}
}

// keptSets is the number of sets that a worker caches.
const keptSets = 64

// set returns the set of a row; nil if it is not known.
func (w *worker) set(row uint32) []uint64 {
	if w.sets == nil {
		return nil
	}
	if s, ok := w.keep[row]; ok {
		return s
	}
	if len(w.keep) >= keptSets {
		clear(w.keep)
	}
	s := w.sets(int(row))
	w.keep[row] = s
	return s
}

// one returns the registers of a row, valid until buf is used again.
func (w *worker) one(buf []uint32, row uint32) ([]uint32, error) {
	return w.src.Rows(buf, int(row), 1)
}

// sortRows sets w.rows to the rows of a bucket in the order of preference.
func (w *worker) sortRows(entries []uint64) {
	w.rows = w.rows[:0]
	for _, x := range entries {
		w.rows = append(w.rows, uint32(x))
	}
	if w.rank != nil {
		slices.SortFunc(w.rows, func(a, b uint32) int { return cmp.Compare(w.rank[a], w.rank[b]) })
	}
}

// fetch makes w.regs the registers of w.rows. Where there are tags, most rows of a
// bucket were compared in an earlier one, and registers are read when they are needed.
func (w *worker) fetch() error {
	k := w.src.K()
	if n := len(w.rows) * k; cap(w.buf) < n {
		w.buf = make([]uint32, n)
	}
	w.regs = slices.Grow(w.regs[:0], len(w.rows))[:len(w.rows)]
	clear(w.regs)
	if w.tags == nil {
		for i := range w.regs {
			w.registers(i)
		}
	}
	return w.err
}

// registers returns the registers of the i-th row of the bucket. If they cannot be
// read, it sets w.err and returns the registers of an empty signature.
func (w *worker) registers(i int) []uint32 {
	if w.regs[i] == nil {
		k := w.src.K()
		buf := w.buf[i*k : (i+1)*k : (i+1)*k]
		r, err := w.one(buf, w.rows[i])
		if err != nil {
			w.err = cmp.Or(w.err, err)
			clear(buf)
			r = buf
		}
		w.regs[i] = r
	}
	return w.regs[i]
}

// score compares the i-th and the j-th row of the bucket and reports whether they
// match.
func (w *worker) score(i, j int) (Score, bool) {
	a, b := w.registers(i), w.registers(j)
	return w.judge(w.rows[i], w.rows[j], a, b, func() (float64, float64) { return w.elements(a), w.elements(b) })
}

// match is score without the containments of an estimate, which take longer than
// everything else.
func (w *worker) match(i, j int) (Score, bool) {
	return w.judge(w.rows[i], w.rows[j], w.registers(i), w.registers(j), nil)
}

// judge compares rows a and b with the given registers.
func (w *worker) judge(a, b uint32, ra, rb []uint32, sizes func() (float64, float64)) (Score, bool) {
	w.work.Candidates++
	agree := minhash.Agree(ra, rb)
	if w.sets == nil {
		return w.rule.judge(agree, nil, nil, sizes)
	}
	return w.rule.judge(agree, scoreSets, func() (sa, sb []uint64, known bool) {
		if sa = w.set(a); sa == nil {
			return nil, nil, false
		}
		if sb = w.set(b); sb == nil {
			return nil, nil, false
		}
		w.work.Verified++
		return sa, sb, true
	}, sizes)
}

// similarity returns the similarity of two documents, even below the threshold.
func (w *worker) similarity(sa, sb []uint64, ra, rb []uint32) float64 {
	if sa != nil && sb != nil {
		return scoreSets(sa, sb).Similarity
	}
	return float64(minhash.Agree(ra, rb)) / float64(w.rule.K)
}

// elements estimates the number of elements of a signature; 0 if the scheme is
// not known.
func (w *worker) elements(regs []uint32) float64 {
	if w.sketcher == nil {
		return 0
	}
	sig, err := w.sketcher.Wrap(regs)
	if err != nil {
		return 0
	}
	return sig.Cardinality()
}

// compared reports whether the i-th and the j-th row of the bucket were already
// compared in an earlier band: they share that band, and its bucket was compared in
// full or one of them was a leader.
func (w *worker) compared(band, i, j int) bool {
	x, y := w.rows[i], w.rows[j]
	// full reports whether x and y were compared in the bucket of tag in band b.
	full := func(b int, tag uint32) bool {
		leaders, oversized := w.oversized[uint64(b)<<32|uint64(tag)]
		return !oversized || slices.Contains(leaders, x) || slices.Contains(leaders, y)
	}
	if w.tags != nil {
		for b := range band {
			if tag := w.tags.at(b, x); tag == w.tags.at(b, y) && (len(w.oversized) == 0 || full(b, tag)) {
				return true
			}
		}
		return false
	}
	rx, ry := w.registers(i), w.registers(j)
	r := w.opts.Banding.Rows
	for b := range band {
		if slices.Equal(rx[b*r:b*r+r], ry[b*r:b*r+r]) && (len(w.oversized) == 0 || full(b, w.key.tag(rx, b))) {
			return true
		}
	}
	return false
}

// eachPart calls f for every part of the grouper, in parallel, and adds up the work
// of all workers.
func (e *engine) eachPart(f func(w *worker, p int) error) error {
	return e.each(len(e.grouper.parts), f)
}

func (e *engine) each(n int, f func(w *worker, i int) error) error {
	var all []*worker
	err := parallel(e.ctx, e.workers, n, func() func(int) error {
		w := e.newWorker()
		all = append(all, w)
		return func(i int) error { return f(w, i) }
	})
	for _, w := range all {
		e.work.add(w.work)
		e.edges = append(e.edges, w.edges...)
		e.linkings = append(e.linkings, w.linkings...)
	}
	return err
}

// isEmpty reports whether the registers belong to the empty set.
func isEmpty(registers []uint32) bool {
	for _, v := range registers {
		if v != ^uint32(0) {
			return false
		}
	}
	return true
}
