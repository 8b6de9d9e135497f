package lsh

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/neardup/neardup/minhash"
)

// An engine finds pairs and clusters among the rows of a source, one band at a
// time. [Batch] and [Index] both use it, so their answers are the same.
//
// Rows with the same signature, and the same set where sets are known, are
// twins: only the first of them takes part, the others share its fate.
type engine struct {
	src      Source
	opts     Options
	rule     rule
	key      keyer
	grouper  grouper
	ctx      context.Context
	workers  int
	progress func(done, total int)
	done     int
	total    int

	sets     func(row int) []uint64 // nil, or a set that may be nil where it is not known
	sketcher *minhash.Sketcher      // nil, or what estimates the number of elements
	rank     []uint32               // position of each row in the order of preference; nil: as the rows are
	removed  func(row int) bool     // nil: none

	state []uint8  // of each row
	link  []uint32 // of each row: a row that its state gives a meaning

	giants map[uint64][]uint32 // heads of the buckets not compared in full, by band<<32 | tag
	work   Work
	edges  []edge // found so far, in no order
}

// An edge is a pair of matching rows.
type edge struct {
	a, b uint32
	Score
}

// The states of a row.
const (
	open     = iota // to be decided
	absent          // empty or removed: takes no part
	twin            // of the row that its link names
	chosen          // representative
	joined          // member of the cluster of the row that its link names
	waiting         // its link is an earlier match that is no representative
	finished        // takes no part in what is still to be done
)

const none = math.MaxUint32

// Work says what a batch call did and what it left out to stay linear.
type Work struct {
	Documents  int   // that took part: neither empty nor removed
	Twins      int   // of them with signature and set of an earlier one
	Candidates int64 // pairs whose signatures were compared
	Verified   int64 // of them, pairs whose sets were compared

	// LargestBucket is the number of documents in the largest bucket, twins
	// counted once.
	LargestBucket int

	// Bounded is the number of buckets that were too large to compare all their
	// documents with each other: each was compared with the first 8 only.
	// BoundedDocuments is the number of documents in them, counted once for
	// each bucket, and Skipped the number of comparisons that were left out.
	// A pair that meets in a smaller bucket too is found all the same.
	Bounded, BoundedDocuments int
	Skipped                   int64

	// BoundedTwins is the number of documents in groups of twins of which not
	// every pair is listed: each is paired with the first of its group, and the
	// first stands for all in the pairs with others.
	BoundedTwins int
}

const (
	// fullBucket is the size up to which all documents of a bucket are always
	// compared with each other.
	fullBucket = 128
	// Larger buckets are too, the smaller ones first, as long as they take no
	// more comparisons than these over all bands, whichever is more.
	totalWork, workPerDocument = 1 << 22, 16
	// giantHeads is how many documents of a bounded bucket all others are
	// compared with.
	giantHeads = 8
)

// budget returns how many comparisons in larger buckets, or pairs of twins, n
// documents may take.
func budget(n int) float64 { return max(totalWork, workPerDocument*float64(n)) }

// fullUpTo returns the largest size up to which everything fits the budget,
// given in ascending order the sizes above fullBucket, each of which takes
// cost(size).
func fullUpTo(sizes []int, budget float64, cost func(size float64) float64) int {
	full, left := fullBucket, budget
	for i := 0; i < len(sizes); {
		size, end := sizes[i], i
		for end < len(sizes) && sizes[end] == size {
			end++
		}
		if left -= float64(end-i) * cost(float64(size)); left < 0 {
			break
		}
		full, i = size, end
	}
	return full
}

// skipped returns how many comparisons are left out in a bucket of n documents.
func skipped(n int) int64 { return int64(pairsOf(float64(n - giantHeads))) }

// pairsOf returns the number of pairs of n documents.
func pairsOf(n float64) float64 { return n * (n - 1) / 2 }

func newEngine(ctx context.Context, src Source, o Options, workers int) *engine {
	o = o.withDefaults(src.K())
	e := &engine{
		src:     src,
		opts:    o,
		rule:    makeRule(src.K(), o.Threshold),
		key:     makeKeyer(o.Banding, o.Seed),
		ctx:     ctx,
		workers: workers,
		state:   make([]uint8, src.Len()),
		link:    make([]uint32, src.Len()),
		giants:  map[uint64][]uint32{},
	}
	return e
}

// bandsPerScan is how many bands share a scan of the signatures: two where a
// scan means reading a file and no ranks take the memory.
func (e *engine) bandsPerScan() int {
	if _, ok := e.src.(File); ok && e.rank == nil {
		return 2
	}
	return 1
}

// before says whether row a precedes row b in the order of preference.
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

// A worker is what one goroutine of the engine needs.
type worker struct {
	*engine
	buf  []uint32   // registers read from the source
	regs [][]uint32 // of the rows of a bucket
	rows []uint32   // of a bucket, in the order of preference
	keep map[uint32][]uint64
	work Work

	edges []edge
	local []int // of the rows of a bucket: see connecting
}

func (e *engine) newWorker() *worker {
	return &worker{engine: e, keep: map[uint32][]uint64{}}
}

// keptSets is how many sets a worker keeps at hand.
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

// one returns the registers of a row, which remain until buf is used again.
func (w *worker) one(buf []uint32, row uint32) ([]uint32, error) {
	return w.src.Rows(buf, int(row), 1)
}

// sortRows makes w.rows the rows of a bucket in the order of preference.
func (w *worker) sortRows(entries []uint64) {
	w.rows = w.rows[:0]
	for _, x := range entries {
		w.rows = append(w.rows, uint32(x))
	}
	if w.rank != nil {
		slices.SortFunc(w.rows, func(a, b uint32) int { return cmp.Compare(w.rank[a], w.rank[b]) })
	}
}

// fetch makes w.regs the registers of the rows.
func (w *worker) fetch(rows []uint32) error {
	k := w.src.K()
	if n := len(rows) * k; cap(w.buf) < n {
		w.buf = make([]uint32, n)
	}
	w.regs = w.regs[:0]
	for i, row := range rows {
		r, err := w.one(w.buf[i*k:(i+1)*k:(i+1)*k], row)
		if err != nil {
			return err
		}
		w.regs = append(w.regs, r)
	}
	return nil
}

// score compares the i-th and the j-th row of the bucket and says whether they
// match.
func (w *worker) score(i, j int) (Score, bool) {
	return w.scoreRows(w.rows[i], w.rows[j], w.regs[i], w.regs[j])
}

// scoreRows compares rows a and b, whose registers are given.
func (w *worker) scoreRows(a, b uint32, ra, rb []uint32) (Score, bool) {
	w.work.Candidates++
	n := minhash.Agree(ra, rb)
	if w.sets != nil {
		if n < w.rule.floor {
			return Score{}, false
		}
		if sa := w.set(a); sa != nil {
			if sb := w.set(b); sb != nil {
				w.work.Verified++
				s := exact(sa, sb)
				return s, s.Similarity >= w.rule.threshold
			}
		}
	}
	if n < w.rule.accept {
		return Score{}, false
	}
	return w.rule.estimate(n, func() (float64, float64) { return w.elements(ra), w.elements(rb) }), true
}

// similarity returns the similarity of two documents, whatever it is.
func (w *worker) similarity(sa, sb []uint64, ra, rb []uint32) float64 {
	if sa != nil && sb != nil {
		return exact(sa, sb).Similarity
	}
	return float64(minhash.Agree(ra, rb)) / float64(w.rule.k)
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

// met says whether the i-th and the j-th row of the bucket were compared in a
// band before already: they share it, and its bucket was compared in full or one
// of them was a head.
func (w *worker) met(band, i, j int) bool {
	x, y, rx, ry := w.rows[i], w.rows[j], w.regs[i], w.regs[j]
	r := w.opts.Banding.Rows
	for b := range band {
		if slices.Equal(rx[b*r:b*r+r], ry[b*r:b*r+r]) {
			if len(w.giants) == 0 {
				return true
			}
			heads, giant := w.giants[uint64(b)<<32|uint64(w.key.tag(rx, b))]
			if !giant || slices.Contains(heads, x) || slices.Contains(heads, y) {
				return true
			}
		}
	}
	return false
}

// prepare finds the rows that take no part and the twins.
func (e *engine) prepare() error {
	n := e.src.Len()
	if uint64(n) >= none {
		panic("lsh: more documents than 32 bits can number")
	}
	e.grouper = grouper{src: e.src, key: &e.key, workers: e.workers, tags: make([]uint32, n*e.bandsPerScan())}
	whole := e.opts.Banding.Bands // the band number of the whole signature
	if err := e.grouper.scan(e.ctx, whole, 1); err != nil {
		return err
	}
	if err := e.markAbsent(); err != nil {
		return err
	}
	if err := e.grouper.group(e.ctx, 0, e.isOpen); err != nil {
		return err
	}
	err := e.eachPart(func(w *worker, p int) error {
		return w.grouper.buckets(p, func(_ uint32, entries []uint64) error { return w.twins(entries) })
	})
	e.step()
	return err
}

func (e *engine) isOpen(row int) bool { return e.state[row] == open }

// markAbsent marks the rows that are removed or have an empty signature.
func (e *engine) markAbsent() error {
	empty := make([]uint32, e.src.K())
	for i := range empty {
		empty[i] = ^uint32(0)
	}
	tag := e.key.tag(empty, e.opts.Banding.Bands)
	w := e.newWorker()
	buf := make([]uint32, e.src.K())
	for row := range e.state {
		switch {
		case e.removed != nil && e.removed(row):
			e.state[row] = absent
			continue
		case e.grouper.tags[row] == tag:
			r, err := w.one(buf, uint32(row))
			if err != nil {
				return err
			}
			if isEmpty(r) {
				e.state[row] = absent
				continue
			}
		}
		e.work.Documents++
	}
	return nil
}

// twins marks the twins among rows whose signatures are very likely the same.
func (w *worker) twins(entries []uint64) error {
	w.sortRows(entries)
	leaders := make(map[uint64]uint32, min(len(w.rows), 4)) // by the hash of signature and set
	k := w.src.K()
	buf := make([]uint32, 2*k)
	for _, row := range w.rows {
		regs, err := w.one(buf[:k:k], row)
		if err != nil {
			return err
		}
		set := w.set(row)
		h := w.key.start[0]
		for _, v := range regs {
			h = fold(h^uint64(v), w.key.mul)
		}
		for _, x := range set {
			h = fold(h^x, w.key.mul)
		}
		leader, ok := leaders[h]
		if !ok {
			leaders[h] = row
			continue
		}
		other, err := w.one(buf[k:], leader)
		if err != nil {
			return err
		}
		if slices.Equal(regs, other) && slices.Equal(set, w.set(leader)) {
			w.state[row], w.link[row] = twin, leader
			w.work.Twins++
		}
	}
	return nil
}

// eachPart calls f for every part of the grouper, in parallel, and adds up the
// work of all workers.
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
	}
	return err
}

func (w *Work) add(v Work) {
	w.Twins += v.Twins
	w.Candidates += v.Candidates
	w.Verified += v.Verified
	w.LargestBucket = max(w.LargestBucket, v.LargestBucket)
	w.Bounded += v.Bounded
	w.BoundedDocuments += v.BoundedDocuments
	w.Skipped += v.Skipped
	w.BoundedTwins += v.BoundedTwins
}

// A visit says what is to be done in a bucket, whose documents are in the order
// of preference.
type visit struct {
	// wanted says whether w.rows[j] has to be compared with the rows before it;
	// registers are not fetched where no row has to.
	wanted func(w *worker, j int) bool
	// compare compares w.rows[j] with all before it; w.regs are there.
	compare func(w *worker, band, j int)
}

// run makes the comparisons of a bucket from its j-th row on.
func (v visit) run(w *worker, band, j int) {
	for ; j < len(w.rows); j++ {
		if v.wanted(w, j) {
			v.compare(w, band, j)
		}
	}
}

// bands visits the buckets of every band among the rows that take says.
func (e *engine) bands(take func(row int) bool, v visit) error {
	per := e.bandsPerScan()
	for b := 0; b < e.opts.Banding.Bands; b += per {
		n := min(per, e.opts.Banding.Bands-b)
		if err := e.grouper.scan(e.ctx, b, n); err != nil {
			return err
		}
		for i := range n {
			if err := e.grouper.group(e.ctx, i, take); err != nil {
				return err
			}
			if err := e.band(b+i, v); err != nil {
				return err
			}
			e.step()
		}
	}
	return nil
}

// band visits the buckets of one band.
func (e *engine) band(b int, v visit) error {
	full, err := e.fullSize(b)
	if err != nil {
		return err
	}
	return e.eachPart(func(w *worker, p int) error {
		return w.grouper.buckets(p, func(tag uint32, entries []uint64) error {
			n := len(entries)
			w.work.LargestBucket = max(w.work.LargestBucket, n)
			if n <= full {
				return w.bucket(entries, b, v)
			}
			w.work.Bounded++
			w.work.BoundedDocuments += n
			w.work.Skipped += skipped(n)
			return w.giant(tag, entries, b, v)
		})
	})
}

// bucket visits a bucket that is compared in full.
func (w *worker) bucket(entries []uint64, band int, v visit) error {
	w.sortRows(entries)
	w.local = w.local[:0]
	first := 1
	for first < len(w.rows) && !v.wanted(w, first) {
		first++
	}
	if first == len(w.rows) {
		return nil
	}
	if err := w.fetch(w.rows); err != nil {
		return err
	}
	v.run(w, band, first)
	return nil
}

// fullSize returns the size up to which the buckets of a band are compared in
// full, and notes those that are larger.
func (e *engine) fullSize(band int) (int, error) {
	sizes := make([][]int, len(e.grouper.parts))
	err := e.eachPart(func(w *worker, p int) error {
		return w.grouper.buckets(p, func(_ uint32, entries []uint64) error {
			if len(entries) > fullBucket {
				sizes[p] = append(sizes[p], len(entries))
			}
			return nil
		})
	})
	if err != nil {
		return 0, err
	}
	large := slices.Concat(sizes...)
	slices.Sort(large)
	full := fullUpTo(large, budget(e.work.Documents)/float64(e.opts.Banding.Bands), pairsOf)
	if len(large) == 0 || large[len(large)-1] <= full {
		return full, nil
	}
	for p := range e.grouper.parts {
		err := e.grouper.buckets(p, func(tag uint32, entries []uint64) error {
			if len(entries) > full {
				e.giants[uint64(band)<<32|uint64(tag)] = e.heads(entries)
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return full, nil
}

// heads returns the first rows of a bucket in the order of preference.
func (e *engine) heads(entries []uint64) []uint32 {
	heads := make([]uint32, 0, giantHeads+1)
	for _, x := range entries {
		row := uint32(x)
		if len(heads) == giantHeads && !e.before(row, heads[giantHeads-1]) {
			continue
		}
		i, _ := slices.BinarySearchFunc(heads, row, func(a, b uint32) int { return cmp.Compare(e.rankOf(a), e.rankOf(b)) })
		heads = slices.Insert(heads, i, row)
		heads = heads[:min(len(heads), giantHeads)]
	}
	return heads
}

// giant visits a bucket that is too large: its heads among themselves, then
// every other document with the heads.
func (w *worker) giant(tag uint32, entries []uint64, band int, v visit) error {
	heads := w.giants[uint64(band)<<32|uint64(tag)]
	w.rows = append(w.rows[:0], heads...)
	if err := w.fetch(w.rows); err != nil {
		return err
	}
	w.local = w.local[:0]
	v.run(w, band, 1)
	buf := make([]uint32, w.src.K())
	w.rows = append(w.rows, 0)
	w.regs = append(w.regs, nil)
	for i, x := range entries {
		if i&1023 == 0 {
			if err := w.ctx.Err(); err != nil {
				return err
			}
		}
		row := uint32(x)
		if slices.Contains(heads, row) {
			continue
		}
		w.rows[giantHeads] = row
		if !v.wanted(w, giantHeads) {
			continue
		}
		r, err := w.one(buf, row)
		if err != nil {
			return err
		}
		w.regs[giantHeads] = r
		v.compare(w, band, giantHeads)
	}
	return nil
}
