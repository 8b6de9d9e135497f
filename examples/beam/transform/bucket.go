package transform

import (
	"fmt"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/neardup/neardup/lsh"
)

// A BucketKey names the bucket of the documents that have one band in common,
// or the part of it with a salt.
type BucketKey struct {
	Key  uint64 // of the band, its number included
	Band uint16
	Salt uint16
}

// A Part is what a salted part of a bucket sends to the bucket.
type Part struct {
	Count int64
	Salt  uint16
	Refs  []Ref // all, or of a part that is held the first lsh.BucketLeaders of Count
}

// A Star is candidate pairs: A with each of B, all of which A is preferred to.
type Star struct {
	A Ref
	B []Ref
}

// Candidates is what [FindCandidates] finds.
type Candidates struct {
	Stars   beam.PCollection // of Star; pairs recur where they share several bands
	Bounded beam.PCollection // of Bounded
}

// FindCandidates returns the pairs of documents that share a band, by the rule
// of package lsh: buckets of up to [lsh.FullBucket] are compared in full, larger
// ones as [lsh.FullSize] says, and of the others all documents with the first
// [lsh.BucketLeaders].
//
// Parts of a bucket with up to lsh.FullBucket documents are sent to it as they
// are. A larger part is held: it sends its number and its heads, and its
// documents wait under the salted key until the bucket has been decided on.
func FindCandidates(s beam.Scope, c Collapsed, o Options) Candidates {
	s = s.Scope("Candidates")
	o = o.withDefaults()
	keyed := beam.ParDo(s, &bandsFn{Salts: o.Salts}, c.Leaders)
	parts, held := beam.ParDo2(s, &partFn{}, beam.GroupByKey(s, keyed))
	small, large, again := beam.ParDo3(s, &bucketFn{Salts: o.Salts}, beam.GroupByKey(s, parts))
	d := decide(s, c.Leaders, large, o)
	settled, full := beam.ParDo2(s, &heldFn{}, beam.GroupByKey(s, beam.Flatten(s, held, again, d.verdicts)))
	rest := beam.ParDo(s, &fullFn{}, beam.GroupByKey(s, full))
	return Candidates{Stars: beam.Flatten(s, small, d.stars, settled, rest), Bounded: d.bounded}
}

// bandsFn sends a leader to its buckets.
type bandsFn struct{ Salts int }

// ProcessElement emits the reference under the salted key of every band.
func (f *bandsFn) ProcessElement(t Twin, emit func(BucketKey, Ref)) {
	salt := saltOf(t.Ref, f.Salts)
	for b, k := range t.Keys {
		emit(BucketKey{Key: k, Band: uint16(b), Salt: salt}, t.Ref)
	}
}

// heads keeps the first references of a bucket.
type heads []Ref

// add puts r where it belongs.
func (h *heads) add(r Ref) {
	i, _ := slices.BinarySearch(*h, r)
	if i == lsh.BucketLeaders {
		return
	}
	*h = slices.Insert(*h, i, r)
	*h = (*h)[:min(len(*h), lsh.BucketLeaders)]
}

// partFn makes the salted parts of buckets.
type partFn struct{}

// ProcessElement sends a part to its bucket; one that is too large to be sent is
// held.
func (*partFn) ProcessElement(k BucketKey, refs func(*Ref) bool, part func(BucketKey, Part), held func(BucketKey, Held)) {
	var (
		r     Ref
		few   []Ref
		first heads
		n     int64
	)
	for refs(&r) {
		if n++; n <= lsh.FullBucket {
			few = append(few, r)
			continue
		}
		if n == lsh.FullBucket+1 {
			for _, x := range few {
				first.add(x)
				held(k, Held{Kind: heldRefs, Refs: []Ref{x}})
			}
			few = nil
		}
		first.add(r)
		held(k, Held{Kind: heldRefs, Refs: []Ref{r}})
	}
	p := Part{Count: n, Salt: k.Salt, Refs: few}
	if few == nil {
		p.Refs = first
	}
	k.Salt = whole
	part(k, p)
}

// bucketFn makes buckets of their parts.
type bucketFn struct{ Salts int }

// ProcessElement emits the pairs of a bucket that is always compared in full; of
// a larger one what is needed to decide on it, and its documents back to the
// salted keys.
func (f *bucketFn) ProcessElement(k BucketKey, parts func(*Part) bool, star func(Star), large func(int, Large), again func(BucketKey, Held)) {
	var (
		p     Part
		n     int64
		refs  []Ref
		first heads
		salts []uint16 // of the parts that are held
	)
	for parts(&p) {
		n += p.Count
		if int64(len(p.Refs)) < p.Count {
			salts = append(salts, p.Salt)
			for _, r := range p.Refs {
				first.add(r)
			}
			continue
		}
		if len(refs) == 0 {
			refs = p.Refs // most buckets have one part
		} else {
			refs = append(slices.Clip(refs), p.Refs...)
		}
	}
	if n <= lsh.FullBucket {
		allPairs(refs, star)
		return
	}
	waiting := map[uint16][]Ref{}
	for _, r := range refs {
		first.add(r)
		salt := saltOf(r, f.Salts)
		waiting[salt] = append(waiting[salt], r)
	}
	for salt, rs := range waiting {
		again(BucketKey{k.Key, k.Band, salt}, Held{Kind: heldRefs, Refs: rs})
		salts = append(salts, salt)
	}
	slices.Sort(salts)
	large(int(k.Band), Large{Key: k, Count: n, Heads: first, Salts: salts})
}

// allPairs emits every pair of refs, which it sorts.
func allPairs(refs []Ref, emit func(Star)) {
	slices.Sort(refs)
	for i := 1; i < len(refs); i++ {
		emit(Star{refs[i-1], refs[i:]})
	}
}

// heldKind tells the contents of a Held.
type heldKind byte

const (
	heldRefs    heldKind = iota // documents of the part
	verdictHead                 // compare the documents with these heads
	verdictFull                 // send the documents to the bucket
)

// Held is what meets under the salted key of a large bucket: the documents that
// wait there, and what was decided about the bucket.
type Held struct {
	Kind heldKind
	Refs []Ref
}

// heldFn does with the documents of a part what was decided.
type heldFn struct{}

// ProcessElement pairs the documents with the heads of their bucket, or sends
// them to it.
func (*heldFn) ProcessElement(k BucketKey, held func(*Held) bool, star func(Star), full func(BucketKey, Held)) error {
	var (
		h       Held
		refs    []Ref
		verdict *Held
	)
	for held(&h) {
		if h.Kind == heldRefs {
			refs = append(refs, h.Refs...)
			continue
		}
		v := h
		verdict = &v
	}
	if verdict == nil {
		return fmt.Errorf("transform: nothing was decided about bucket %x of band %d", k.Key, k.Band)
	}
	if verdict.Kind == verdictFull {
		k.Salt = whole
		full(k, Held{Kind: heldRefs, Refs: refs})
		return nil
	}
	// Heads are paired with each other once for the bucket.
	refs = slices.DeleteFunc(refs, func(r Ref) bool { return slices.Contains(verdict.Refs, r) })
	if len(refs) > 0 {
		for _, head := range verdict.Refs {
			star(Star{head, refs})
		}
	}
	return nil
}

// fullFn compares large buckets in full.
type fullFn struct{}

// ProcessElement emits every pair of the bucket.
func (*fullFn) ProcessElement(_ BucketKey, held func(*Held) bool, star func(Star)) {
	var (
		h    Held
		refs []Ref
	)
	for held(&h) {
		refs = append(refs, h.Refs...)
	}
	allPairs(refs, star)
}

func init() {
	registerDoFn[bandsFn]()
	registerDoFn[partFn]()
	registerDoFn[bucketFn]()
	registerDoFn[heldFn]()
	registerDoFn[fullFn]()
	register.Emitter2[BucketKey, Ref]()
	register.Emitter2[BucketKey, Part]()
	register.Emitter2[BucketKey, Held]()
	register.Emitter2[int, Large]()
	register.Emitter1[Star]()
	register.Iter1[Ref]()
	register.Iter1[Part]()
	register.Iter1[Held]()
}
