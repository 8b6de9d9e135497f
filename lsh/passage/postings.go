package passage

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// A posting records at which token of the index a fingerprint begins. The hash is in
// two halves, so that a posting takes 12 bytes.
type posting struct {
	low, high uint32
	at        uint32 // number of the token: see numbering
}

func newPosting(hash uint64, at uint32) posting {
	return posting{uint32(hash), uint32(hash >> 32), at}
}

func (p posting) hash() uint64 { return uint64(p.high)<<32 | uint64(p.low) }

// gone replaces the number of a removed document.
const gone = ^uint32(0)

// A store keeps the postings of documents in a few sorted runs, each at most half as
// long as the one before it. Sorted runs never change, so readers may keep them. The
// fingerprints of the newest documents are computed when they are sorted.
type store struct {
	numbers numbering
	runs    [][]posting
	sealed  int // documents with lower numbers have their postings in runs
	removed int // documents removed since the runs were last merged into one
}

// seal sorts the postings of the documents numbered sealed or higher. It also drops
// the postings of removed documents, so that a document that is replaced again and
// again leaves no trail.
func (s *store) seal(docs []*document, window int) {
	if s.sealed == len(docs) {
		return
	}
	fresh := docs[s.sealed:]
	run := sorted(func(visit func(p posting)) {
		var buf []fingerprint
		for i, d := range fresh {
			if d == nil {
				continue
			}
			buf = appendFingerprints(buf[:0], d.text, window)
			first := s.numbers.first[s.sealed+i]
			for _, f := range buf {
				visit(newPosting(f.hash, first+f.pos))
			}
		}
	})
	s.sealed = len(docs)
	s.push(run, docs)
}

// push adds a sorted run of documents that are not in any other run.
func (s *store) push(run []posting, docs []*document) {
	for len(s.runs) > 0 && len(s.runs[len(s.runs)-1]) < 2*len(run) {
		last := len(s.runs) - 1
		run = mergeRuns(s.living(s.runs[last], docs), run)
		s.runs = s.runs[:last]
	}
	if len(run) > 0 {
		s.runs = append(s.runs, run)
	}
}

// living returns a run without removed documents: the run itself if there are none.
func (s *store) living(run []posting, docs []*document) []posting {
	if s.removed == 0 {
		return run
	}
	first := slices.IndexFunc(run, func(p posting) bool { return docs[s.numbers.doc(p.at)] == nil })
	if first < 0 {
		return run
	}
	left := slices.Clone(run[:first])
	for _, p := range run[first:] {
		if docs[s.numbers.doc(p.at)] != nil {
			left = append(left, p)
		}
	}
	return left
}

// single merges all runs into one, without removed documents.
func (s *store) single(docs []*document, window int) postings {
	s.seal(docs, window)
	for len(s.runs) > 1 {
		k := len(s.runs) - 2
		s.runs = append(s.runs[:k], mergeRuns(s.runs[k], s.runs[k+1]))
	}
	if len(s.runs) == 0 {
		return postings{nil, s.numbers}
	}
	s.runs[0] = s.living(s.runs[0], docs)
	s.removed = 0
	return postings{s.runs[0], s.numbers}
}

// renumber gives the documents new numbers in the same order; docs is indexed by the
// old numbers.
func (s *store) renumber(docs []*document, number []uint32, window int) {
	s.seal(docs, window)
	s.sealed = 0
	var numbers numbering
	for i, n := range number {
		if n != gone {
			s.sealed++
			numbers.add(docs[i].text.Len())
		}
	}
	for i, run := range s.runs {
		var left []posting
		for _, p := range run {
			if d := s.numbers.doc(p.at); number[d] != gone {
				left = append(left, posting{p.low, p.high, p.at - s.numbers.first[d] + numbers.first[number[d]]})
			}
		}
		s.runs[i] = left
	}
	s.numbers, s.removed = numbers, 0
}

// holders appends the postings of a fingerprint, in the order of documents, and
// returns the number of documents with them. If most is above 0, it stops in each
// run once it has counted more than most documents: dst then has the postings of the
// first ones, and the number returned is above most.
func (s *store) holders(dst []posting, hash uint64, docs []*document, most int) ([]posting, int) {
	start, df := len(dst), 0
	for _, run := range s.runs {
		from, ok := slices.BinarySearchFunc(run, hash, func(p posting, h uint64) int { return cmp.Compare(p.hash(), h) })
		if !ok {
			continue
		}
		end, n := uint32(0), 0 // all postings of a document are in one run
		alive := false
		for ; from < len(run) && run[from].hash() == hash; from++ {
			p := run[from]
			if p.at >= end {
				d := s.numbers.doc(p.at)
				end, alive = s.numbers.first[d+1], docs[d] != nil
				if alive {
					if most > 0 && n > most {
						break
					}
					n++
				}
			}
			if alive {
				dst = append(dst, p)
			}
		}
		df += n
	}
	if len(s.runs) > 1 {
		slices.SortFunc(dst[start:], comparePostings)
	}
	return dst, df
}

func comparePostings(x, y posting) int {
	return cmp.Or(cmp.Compare(x.hash(), y.hash()), cmp.Compare(x.at, y.at))
}

// checkNumber panics if there are too many postings for the 32-bit numbers by which
// a search refers to them.
func checkNumber(n int) {
	if uint64(n) > math.MaxUint32 {
		panic("passage: too many fingerprints for 32-bit numbers")
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

// sorted calls each twice and returns the postings that it visits in sorted order;
// both calls must visit the same ones. Hashes are as good as random, so it
// distributes the postings by their leading bits into parts that fit the nearest
// cache, and sorts those by the next bits; ties beyond these are rare.
func sorted(each func(visit func(p posting))) []posting {
	const most = 14
	counts := make([]uint32, 1<<most)
	n := 0
	each(func(p posting) {
		counts[p.hash()>>(64-most)]++
		n++
	})
	checkNumber(n)
	lead := min(max(bits.Len(uint(n))-8, 0), most) // parts of about 256 postings
	shift := 64 - lead
	end := make([]uint32, 1<<lead)
	sum := uint32(0)
	for k, count := range counts {
		if k&(1<<(most-lead)-1) == 0 {
			end[k>>(most-lead)] = sum
		}
		sum += count
	}
	out := make([]posting, n)
	each(func(p posting) {
		at := &end[p.hash()>>shift]
		out[*at] = p
		*at++
	})
	var scratch []posting
	from := uint32(0)
	for _, to := range end {
		scratch = sortPart(out[from:to], scratch, lead)
		from = to
	}
	return out
}

// sortPart sorts postings whose hashes agree in the leading bits. They arrive in the
// order of documents and tokens, which every step keeps among equal hashes. It
// returns scratch, which may have grown.
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
		for k = i + 1; k < len(ps) && ps[k].hash()>>low == ps[i].hash()>>low; k++ {
			mixed = mixed || ps[k].hash() != ps[i].hash()
		}
		if mixed {
			slices.SortFunc(ps[i:k], comparePostings)
		}
	}
	return scratch
}

// deal distributes the postings in from over to by eight bits of the hash.
func deal(to, from []posting, shift int) {
	var at [256]uint32
	for i := range from {
		at[from[i].hash()>>shift&255]++
	}
	sum := uint32(0)
	for d, k := range at {
		at[d], sum = sum, sum+k
	}
	for _, p := range from {
		k := &at[p.hash()>>shift&255]
		to[*k] = p
		*k++
	}
}

// insert sorts the postings in from into to, which may be the same slice. It is an
// insertion sort, which is fast if the input is nearly in order.
func insert(to, from []posting) {
	for i, p := range from {
		k, hash := i, p.hash()
		for ; k > 0 && to[k-1].hash() > hash; k-- {
			to[k] = to[k-1]
		}
		to[k] = p
	}
}
