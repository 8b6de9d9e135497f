package passage

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// A posting says that a document holds a fingerprint, and at which token.
type posting struct {
	hash     uint64
	doc, pos uint32
}

// gone stands for the number of a document that is no more.
const gone = ^uint32(0)

// A store keeps postings: what came last as it came, the rest in a few sorted
// runs, each at most half as long as the one before it. Sorted runs are never
// changed, so that readers may keep them.
type store struct {
	pending [][]posting // pieces of up to pieceSize
	runs    [][]posting
	removed int // documents removed since the runs were last made one
}

const pieceSize = 1 << 14

func (s *store) add(doc uint32, fps []fingerprint) {
	for len(fps) > 0 {
		n := len(s.pending)
		if n == 0 || len(s.pending[n-1]) == cap(s.pending[n-1]) {
			// A small index needs little, a large one is not copied as it grows.
			size := min(max(len(fps), 2*n*256), pieceSize)
			s.pending = append(s.pending, make([]posting, 0, size))
			n++
		}
		last := s.pending[n-1]
		k := min(len(fps), cap(last)-len(last))
		for _, f := range fps[:k] {
			last = append(last, posting{f.hash, doc, f.pos})
		}
		s.pending[n-1], fps = last, fps[k:]
	}
}

// seal sorts what is pending. On the way it drops postings of documents that are
// no more, so that one which is replaced again and again leaves no trail.
func (s *store) seal(docs []*document) {
	if len(s.pending) == 0 {
		return
	}
	run := s.living(sorted(s.pending), docs)
	s.pending = nil
	for len(s.runs) > 0 && len(s.runs[len(s.runs)-1]) < 2*len(run) {
		last := len(s.runs) - 1
		run = mergeRuns(s.living(s.runs[last], docs), run)
		s.runs = s.runs[:last]
	}
	if len(run) > 0 {
		s.runs = append(s.runs, run)
	}
}

// living returns a run without the documents that are no more: the run itself if
// there are none of them.
func (s *store) living(run []posting, docs []*document) []posting {
	if s.removed == 0 {
		return run
	}
	first := slices.IndexFunc(run, func(p posting) bool { return docs[p.doc] == nil })
	if first < 0 {
		return run
	}
	left := slices.Clone(run[:first])
	for _, p := range run[first:] {
		if docs[p.doc] != nil {
			left = append(left, p)
		}
	}
	return left
}

// single makes one run of all, without the documents that are no more.
func (s *store) single(docs []*document) []posting {
	s.seal(docs)
	for len(s.runs) > 1 {
		k := len(s.runs) - 2
		s.runs = append(s.runs[:k], mergeRuns(s.runs[k], s.runs[k+1]))
	}
	if len(s.runs) == 0 {
		return nil
	}
	s.runs[0] = s.living(s.runs[0], docs)
	s.removed = 0
	return s.runs[0]
}

// renumber gives the documents, of which docs are those of the old numbers, new
// numbers in the same order.
func (s *store) renumber(docs []*document, number []uint32) {
	s.seal(docs)
	for i, run := range s.runs {
		var left []posting
		for _, p := range run {
			if p.doc = number[p.doc]; p.doc != gone {
				left = append(left, p)
			}
		}
		s.runs[i] = left
	}
	s.removed = 0
}

// holders appends the postings of a fingerprint, in the order of documents, and
// returns how many documents have them. Beyond most documents of a run, if that is
// above 0, it counts no further: the first ones are there, and that they are many
// is known.
func (s *store) holders(dst []posting, hash uint64, docs []*document, most int) ([]posting, int) {
	start, df := len(dst), 0
	for _, run := range s.runs {
		from, ok := slices.BinarySearchFunc(run, hash, func(p posting, h uint64) int { return cmp.Compare(p.hash, h) })
		if !ok {
			continue
		}
		last, n := gone, 0 // all postings of a document are in one run
		for ; from < len(run) && run[from].hash == hash; from++ {
			p := run[from]
			if docs[p.doc] == nil {
				continue
			}
			if p.doc != last {
				if most > 0 && n > most {
					break
				}
				last = p.doc
				n++
			}
			dst = append(dst, p)
		}
		df += n
	}
	if len(s.runs) > 1 {
		slices.SortFunc(dst[start:], comparePostings)
	}
	return dst, df
}

func comparePostings(x, y posting) int {
	return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.doc, y.doc), cmp.Compare(x.pos, y.pos))
}

// checkNumber panics if there are more postings than the 32 bits hold by which a
// search refers to them.
func checkNumber(n int) {
	if uint64(n) > math.MaxUint32 {
		panic("passage: more fingerprints than 32 bits can number")
	}
}

func mergeRuns(x, y []posting) []posting {
	checkNumber(len(x) + len(y))
	out := make([]posting, 0, len(x)+len(y))
	for len(x) > 0 && len(y) > 0 {
		if comparePostings(y[0], x[0]) < 0 {
			out, y = append(out, y[0]), y[1:]
		} else {
			out, x = append(out, x[0]), x[1:]
		}
	}
	return append(append(out, x...), y...)
}

// sorted returns the postings of all pieces in order. Hashes are as good as
// random, so it deals the postings out by their leading bits into parts that fit
// the nearest cache, and sorts those by the next bits; what still ties is rare.
func sorted(pieces [][]posting) []posting {
	n := 0
	for _, p := range pieces {
		n += len(p)
	}
	checkNumber(n)
	lead := min(max(bits.Len(uint(n))-8, 0), 14) // parts of about 256
	shift := 64 - lead
	end := make([]uint32, 1<<lead)
	for _, piece := range pieces {
		for i := range piece {
			end[piece[i].hash>>shift]++
		}
	}
	sum := uint32(0)
	for part, k := range end {
		end[part], sum = sum, sum+k
	}
	out := make([]posting, n)
	for _, piece := range pieces {
		for _, p := range piece {
			at := &end[p.hash>>shift]
			out[*at] = p
			*at++
		}
	}
	var scratch []posting
	from := uint32(0)
	for _, to := range end {
		scratch = sortPart(out[from:to], scratch, lead)
		from = to
	}
	return out
}

// sortPart sorts postings whose hashes agree in the leading bits. They come in
// the order of documents and tokens, which every step keeps among equal hashes.
// It returns scratch, perhaps grown.
func sortPart(ps, scratch []posting, lead int) []posting {
	if len(ps) < 24 {
		insert(ps, ps)
		return scratch
	}
	if len(scratch) < len(ps) {
		scratch = make([]posting, 2*len(ps))
	}
	tmp := scratch[:len(ps)]
	if len(ps) <= 1024 {
		deal(tmp, ps, 64-lead-8)
		insert(ps, tmp)
		return scratch
	}
	deal(tmp, ps, 64-lead-16)
	deal(ps, tmp, 64-lead-8)
	low := 64 - lead - 16
	for i, k := 0, 0; i < len(ps); i = k {
		mixed := false
		for k = i + 1; k < len(ps) && ps[k].hash>>low == ps[i].hash>>low; k++ {
			mixed = mixed || ps[k].hash != ps[i].hash
		}
		if mixed {
			slices.SortFunc(ps[i:k], comparePostings)
		}
	}
	return scratch
}

// deal orders from by eight bits of the hash into to.
func deal(to, from []posting, shift int) {
	var at [256]uint32
	for i := range from {
		at[from[i].hash>>shift&255]++
	}
	sum := uint32(0)
	for d, k := range at {
		at[d], sum = sum, sum+k
	}
	for _, p := range from {
		k := &at[p.hash>>shift&255]
		to[*k] = p
		*k++
	}
}

// insert sorts from into to, which may be the same, one by one: good for what is
// nearly in order.
func insert(to, from []posting) {
	for i, p := range from {
		k := i
		for ; k > 0 && to[k-1].hash > p.hash; k-- {
			to[k] = to[k-1]
		}
		to[k] = p
	}
}
