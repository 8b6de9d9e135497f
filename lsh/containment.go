package lsh

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync/atomic"
)

// Contained returns every pair of documents in which one is contained in the other
// to at least the given share: a short text inside a long one, even if their
// similarity is low. Rows run from 0 to docs-1. Sets must be set. It is called at
// most three times per row, and a nil set counts as empty. Scores are exact, pairs
// are in ascending order.
//
// It is an exact join, not a hashing scheme: it finds all pairs, however different
// their sizes, unless so many documents share elements that the work has to be
// bounded; [Work] then reports this. It needs about 2 bytes for each element of each
// set, and 24 for each element that occurs in several documents.
//
// The method is prefix filtering (Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and
// Srikant 2007): if A shares at least t elements with B, then any |A|-t+1 elements
// of A include one that is in B. The rarest elements are used. Elements of a single
// document are never shared, so they are not kept.
func (b *Batch) Contained(ctx context.Context, docs int, containment float64) ([]Pair[int], Work, error) {
	if b.Sets == nil {
		panic("lsh: containment needs Batch.Sets")
	}
	if !(containment > 0 && containment <= 1) {
		panic("lsh: containment must be above 0 and at most 1")
	}
	if uint64(docs) >= none {
		panic("lsh: too many documents for 32-bit row numbers")
	}
	j := &join{b: b, sets: asSets(b.Sets), ctx: ctx, docs: docs, least: containment, workers: workers(b.Workers)}
	pairs, err := j.run()
	return pairs, j.work, err
}

// A join finds the pairs of sets in which one contains the other.
type join struct {
	b       *Batch
	sets    func(row int) []uint64
	ctx     context.Context
	docs    int
	least   float64
	workers int
	work    Work

	size    []uint32 // number of elements of each set
	firstOf []uint32 // for an exact duplicate, the first row with the same set; otherwise none

	// tokens[start[i]:start[i+1]] are the shared elements of row i, numbered by
	// their frequency, the rarest first.
	start  []int
	tokens []uint32

	// rows[from[i]:from[i+1]] are the rows indexed under shared element i, in
	// ascending order.
	from []int
	rows []uint32
	full int // largest number of rows of an element that are all examined
}

func (j *join) run() ([]Pair[int], error) {
	const steps = 4
	step := func(n int) {
		if j.b.Progress != nil {
			j.b.Progress(n, steps)
		}
	}
	seen, err := j.findShared()
	if err != nil {
		return nil, err
	}
	step(1)
	if err := j.findPostings(seen); err != nil {
		return nil, err
	}
	step(2)
	edges, err := j.findPairs()
	if err != nil {
		return nil, err
	}
	step(3)
	e := &engine{edges: edges, link: j.firstOf, state: make([]uint8, j.docs), sets: j.sets, work: j.work}
	for row, t := range j.firstOf {
		if t != none {
			e.state[row] = duplicate
			e.work.ExactDuplicates++
		}
	}
	e.sortEdges()
	e.expandDuplicates()
	j.work = e.work
	pairs := pairsOfEdges(e.edges, rowNumber)
	step(4)
	return pairs, nil
}

// findShared reads all sets once to find their sizes and the elements that occur in
// more than one.
func (j *join) findShared() (*repeatFilter, error) {
	const sample = 256
	sum, n := 0, 0
	for i := 0; i < j.docs; i += max(1, j.docs/sample) {
		sum += len(j.sets(i))
		n++
	}
	seen := makeRepeatFilter(float64(sum) / float64(max(1, n)) * float64(j.docs))
	j.size = make([]uint32, j.docs)
	var documents atomic.Int64
	err := j.each(j.docs, func(row int) {
		set := j.sets(row)
		j.size[row] = uint32(len(set))
		for _, x := range set {
			seen.add(x)
		}
		if len(set) > 0 {
			documents.Add(1)
		}
	})
	j.work.Documents = int(documents.Load())
	return seen, err
}

// each calls f for every i below n. Workers take the numbers in blocks, in parallel.
func (j *join) each(n int, f func(i int)) error {
	const block = 64
	return parallel(j.ctx, j.workers, (n+block-1)/block, func() func(int) error {
		return func(b int) error {
			for i := b * block; i < min((b+1)*block, n); i++ {
				f(i)
			}
			return nil
		}
	})
}

// findPostings fills the lists of tokens and of rows, and finds the exact duplicates.
func (j *join) findPostings(seen *repeatFilter) error {
	elements, hashes, err := j.sharedElements(seen)
	if err != nil {
		return err
	}
	number, n := numberByFrequency(elements)
	j.tokens = make([]uint32, len(elements))
	err = j.each(j.docs, func(row int) {
		list := elements[j.start[row]:j.start[row+1]]
		tokens := j.tokens[j.start[row]:j.start[row+1]]
		for i, x := range list {
			tokens[i] = number.at(x)
		}
		slices.Sort(tokens) // elements without a number come last
	})
	if err != nil {
		return err
	}
	j.findDuplicates(hashes)

	j.from = make([]int, n+1)
	for row := range j.docs {
		for _, t := range j.postings(row) {
			j.from[t+1]++
		}
	}
	for t := range n {
		j.from[t+1] += j.from[t]
	}
	j.rows = make([]uint32, j.from[n])
	next := slices.Clone(j.from)
	for row := range j.docs {
		for _, t := range j.postings(row) {
			j.rows[next[t]] = uint32(row)
			next[t]++
		}
	}
	j.bound()
	return nil
}

// sharedElements returns the elements that may occur in more than one row, row by
// row, and a hash of each row's whole set. It also fills j.start.
func (j *join) sharedElements(seen *repeatFilter) (elements, hashes []uint64, err error) {
	const run = 1024
	runs := make([][]uint64, (j.docs+run-1)/run)
	hashes = make([]uint64, j.docs)
	j.start = make([]int, j.docs+1)
	err = parallel(j.ctx, j.workers, len(runs), func() func(int) error {
		return func(r int) error {
			var list []uint64
			for row := r * run; row < min((r+1)*run, j.docs); row++ {
				before := len(list)
				h := j.b.Seed
				for _, x := range j.sets(row) {
					h = fold(h^x, 0xA0761D6478BD642F)
					if seen.twice(x) {
						list = append(list, x)
					}
				}
				hashes[row] = h
				j.start[row+1] = len(list) - before
			}
			runs[r] = list
			return nil
		}
	})
	for row := range j.docs {
		j.start[row+1] += j.start[row]
	}
	return slices.Concat(runs...), hashes, err
}

// list returns the tokens of a row.
func (j *join) list(row int) []uint32 {
	t := j.tokens[j.start[row]:j.start[row+1]]
	for len(t) > 0 && t[len(t)-1] == none {
		t = t[:len(t)-1]
	}
	return t
}

// postings returns the tokens under which a row is indexed: none for exact
// duplicates.
func (j *join) postings(row int) []uint32 {
	if j.firstOf[row] != none {
		return nil
	}
	return j.list(row)
}

// findDuplicates finds the rows with the same set as an earlier row. All elements of
// such sets are shared, so comparing tokens is enough.
func (j *join) findDuplicates(hashes []uint64) {
	j.firstOf = make([]uint32, j.docs)
	order := make([]uint32, 0, j.docs)
	for row := range j.docs {
		j.firstOf[row] = none
		if n := len(j.list(row)); n > 0 && n == int(j.size[row]) {
			order = append(order, uint32(row))
		}
	}
	slices.SortFunc(order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(hashes[a], hashes[b]), cmp.Compare(a, b))
	})
	for i := 0; i < len(order); {
		first := order[i]
		for i++; i < len(order) && hashes[order[i]] == hashes[first]; i++ {
			if slices.Equal(j.list(int(first)), j.list(int(order[i]))) {
				j.firstOf[order[i]] = first
			}
		}
	}
}

// bound decides how many rows of an element are examined.
func (j *join) bound() {
	var large []int
	for t := range len(j.from) - 1 {
		n := j.from[t+1] - j.from[t]
		j.work.LargestBucket = max(j.work.LargestBucket, n)
		if n > FullBucket {
			large = append(large, n)
		}
	}
	slices.Sort(large)
	j.full = fullUpTo(large, budget(j.docs), pairsOf)
	for _, n := range large {
		if n > j.full {
			j.work.Bounded++
			j.work.BoundedDocuments += n
			j.work.Skipped += skipped(n)
		}
	}
}

// needed returns the number of elements that a set of the given size must share to
// count as contained.
func (j *join) needed(size uint32) int {
	n := int(math.Ceil(j.least*float64(size) - 1e-6))
	for float64(n)/float64(size) < j.least {
		n++
	}
	return max(1, n)
}

// findPairs returns the pairs of rows that are not exact duplicates.
func (j *join) findPairs() ([]edge, error) {
	const block = 64
	out := make([][]edge, (j.docs+block-1)/block)
	var candidates atomic.Int64
	err := parallel(j.ctx, j.workers, len(out), func() func(int) error {
		var near []uint32
		return func(b int) error {
			for row := b * block; row < min((b+1)*block, j.docs); row++ {
				near = j.candidates(near[:0], row)
				candidates.Add(int64(len(near)))
				for _, other := range near {
					small, large := uint32(row), other
					if j.larger(small, large) {
						small, large = large, small
					}
					if x, ok := j.compare(small, large); ok {
						out[b] = append(out[b], x)
					}
				}
			}
			return nil
		}
	})
	j.work.Candidates = candidates.Load()
	j.work.Verified = j.work.Candidates
	return slices.Concat(out...), err
}

// larger reports whether row a may contain row b: it has more elements or, if both
// have the same number, comes later.
func (j *join) larger(a, b uint32) bool {
	return cmp.Or(cmp.Compare(j.size[a], j.size[b]), cmp.Compare(a, b)) > 0
}

// candidates appends the rows that may contain the given one: rows that are at least
// as large and share one of its rarest elements. For an element that too many rows
// share, it appends the first rows, whatever their size, because these look only for
// each other.
func (j *join) candidates(near []uint32, row int) []uint32 {
	list := j.postings(row)
	need := 0
	if len(list) > 0 {
		need = j.needed(j.size[row])
	}
	if len(list) == 0 || len(list) < need {
		return near
	}
	for _, t := range list[:len(list)-need+1] {
		rows := j.rows[j.from[t]:j.from[t+1]]
		bounded := len(rows) > j.full
		if bounded {
			rows = rows[:BucketLeaders]
		}
		for _, other := range rows {
			if j.larger(other, uint32(row)) || bounded && other != uint32(row) {
				near = append(near, other)
			}
		}
	}
	slices.Sort(near)
	return slices.Compact(near)
}

// compare returns the pair of a row and a larger one, if the larger one contains it.
func (j *join) compare(a, b uint32) (edge, bool) {
	n := commonTokens(j.list(int(a)), j.list(int(b)))
	if float64(n)/float64(j.size[a]) < j.least {
		return edge{}, false
	}
	na, nb := float64(j.size[a]), float64(j.size[b])
	c := float64(n)
	return orderedEdge(a, b, Score{c / (na + nb - c), c / na, c / nb, true}), true
}

// commonTokens returns the number of tokens that two ascending lists share. Its cost
// is the length of the shorter list times the logarithm of the longer one's.
func commonTokens(a, b []uint32) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	n := 0
	for _, t := range a {
		i, ok := slices.BinarySearch(b, t)
		if ok {
			n++
		}
		b = b[i:]
	}
	return n
}
