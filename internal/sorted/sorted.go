// Package sorted holds the rules of a search whose records arrive in sorted order:
// which documents of a bucket are compared, which candidates may match, and which
// document joins which cluster. Package lsh/stage applies them to lines, dedup -spill
// to files.
//
// A ref is the number of a document in the order of preference.
package sorted

import (
	"slices"

	"github.com/neardup/neardup/lsh"
)

// Refs is a set of refs, one bit each, in pages that are allocated when needed. The
// zero set is empty.
type Refs struct {
	pages map[int64]*[1 << 10]uint64
}

// Add adds a ref.
func (s *Refs) Add(ref int64) {
	p := s.pages[ref>>16]
	if p == nil {
		if s.pages == nil {
			s.pages = map[int64]*[1 << 10]uint64{}
		}
		p = new([1 << 10]uint64)
		s.pages[ref>>16] = p
	}
	p[ref>>6&(1<<10-1)] |= 1 << (ref & 63)
}

// Has reports whether the set has a ref.
func (s *Refs) Has(ref int64) bool {
	p := s.pages[ref>>16]
	return p != nil && p[ref>>6&(1<<10-1)]>>(ref&63)&1 != 0
}

// A Bucket makes the pairs of documents to compare, one bucket after the other. A
// bucket that is compared in full gives all its pairs; an oversized one gives the
// pairs of each document with the leaders. A Bucket keeps the refs until the bucket
// is oversized.
type Bucket struct {
	// Pair receives each pair, the lower ref first.
	Pair func(a, b int64) error

	// Self adds the pair of a document with itself before its other pairs.
	Self bool

	refs []int64 // refs of the bucket so far; its leaders once it is oversized
	n    int
}

// Add adds the next document of the bucket, in the order of refs. Buckets of up to
// full documents are compared in full.
func (b *Bucket) Add(ref int64, full int) error {
	b.n++
	switch {
	case b.n <= full:
		b.refs = append(b.refs, ref)
		return nil
	case b.n == full+1: // oversized: pair the refs so far with the leaders
		leaders := min(lsh.BucketLeaders, len(b.refs))
		if err := b.pairs(leaders); err != nil {
			return err
		}
		b.refs = b.refs[:leaders]
	}
	for _, a := range b.refs {
		if err := b.Pair(a, ref); err != nil {
			return err
		}
	}
	return nil
}

// End ends the bucket. Another one may follow.
func (b *Bucket) End() error {
	var err error
	if b.n == len(b.refs) && b.n > 1 { // not oversized
		err = b.pairs(b.n - 1)
	}
	b.refs, b.n = b.refs[:0], 0
	return err
}

// pairs makes the pairs of each of the first refs with all refs after it.
func (b *Bucket) pairs(firsts int) error {
	for i, x := range b.refs[:firsts] {
		rest := b.refs[i+1:]
		if b.Self {
			rest = b.refs[i:]
		}
		for _, y := range rest {
			if err := b.Pair(x, y); err != nil {
				return err
			}
		}
	}
	return nil
}

// Full returns the size up to which the buckets of a band are compared in full, and
// the number of comparisons left out, for a corpus with the given number of non-empty
// documents. The sizes are those of buckets above [lsh.FullBucket]; Full sorts them.
func Full(sizes []int, documents, bands int) (full int, work lsh.Work) {
	slices.Sort(sizes)
	full = lsh.FullSize(sizes, documents, bands)
	for _, n := range sizes {
		if n > full {
			rest := int64(n - lsh.BucketLeaders)
			work.Bounded++
			work.BoundedDocuments += n
			work.Skipped += rest * (rest - 1) / 2
		}
	}
	return full, work
}

// Clusters decides which documents join a representative. The zero Clusters is ready
// to use.
type Clusters struct {
	gone    Refs // documents that have a representative
	now     int64
	begun   bool
	decided bool
}

// Join reports whether b joins the cluster of a, given that a and b match and that a is
// less than b. Matches must come in ascending order of b, then of a. A document joins
// the first representative that it matches, and becomes one if it matches none.
func (c *Clusters) Join(b, a int64) bool {
	if !c.begun || b != c.now {
		c.now, c.begun, c.decided = b, true, false
	}
	if c.decided || c.gone.Has(a) {
		return false
	}
	c.decided = true
	c.gone.Add(b)
	return true
}

// Pack appends one byte for each register; equal registers give equal bytes.
func Pack(dst []byte, regs []uint32) []byte {
	for _, v := range regs {
		dst = append(dst, byte(v*0x9E3779B1>>24))
	}
	return dst
}

// Agree counts the equal bytes of two packed signatures of the same length. The count
// is never below the number of equal registers; about one in 256 different registers
// agrees by chance.
func Agree(x, y []byte) int {
	y = y[:len(x)]
	same := 0
	for i, v := range x {
		if v == y[i] {
			same++
		}
	}
	return same
}
