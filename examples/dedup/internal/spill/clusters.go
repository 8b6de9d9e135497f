package spill

import (
	"encoding/binary"
	"iter"
	"math"

	"github.com/neardup/neardup/examples/dedup/internal/extsort"
	"github.com/neardup/neardup/internal/sorted"
)

// A place is a document that is not a representative, with its representative.
type place struct {
	ref, rep   int64
	similarity float64
}

func (p place) append(dst []byte) []byte {
	return binary.LittleEndian.AppendUint64(appendRef(appendRef(dst, p.ref), p.rep), math.Float64bits(p.similarity))
}

func placeAt(b []byte) (p place, err error) {
	if p.ref, p.rep, err = pairRef(b); err != nil || len(b) < 2*refSize+8 {
		return p, errRecord
	}
	p.similarity = math.Float64frombits(binary.LittleEndian.Uint64(b[2*refSize:]))
	return p, nil
}

// joined yields the documents that join a representative, except exact duplicates,
// in order: each joins the first representative that it matches. It keeps a bit for
// each document.
func (r *Run) joined() iter.Seq2[place, error] {
	return func(yield func(place, error) bool) {
		var clusters sorted.Clusters
		for record, err := range r.all("matches", len(r.parts), 0) {
			var p place
			if err == nil {
				p, err = placeAt(record) // the similarity comes first in a score
			}
			if err != nil {
				yield(p, err)
				return
			}
			if clusters.Join(p.ref, p.rep) && !yield(p, nil) {
				return
			}
		}
	}
}

// byFirst yields the exact duplicates as records of first and ref, sorted by the
// first document of their group.
func (r *Run) byFirst(s *extsort.Sorter) iter.Seq2[[]byte, error] {
	var buf []byte
	return sortAll(s, func(yield func([]byte, error) bool) {
		for part := range r.parts {
			for record, err := range r.all("duplicates", len(r.parts), part) {
				if err == nil && len(record) < 2*refSize {
					err = errRecord
				}
				if err == nil {
					buf = appendRef(appendRef(buf[:0], refAt(record[refSize:])), refAt(record))
				}
				if !yield(buf, err) || err != nil {
					return
				}
			}
		}
	})
}

// places yields all documents that are not representatives, unordered.
func (r *Run) places() iter.Seq2[place, error] {
	return func(yield func(place, error) bool) {
		dups := pull(r.byFirst(r.outputSorter(false)))
		defer dups.stop()
		dup, err := dups.record()
		// upTo yields the duplicates of documents before a ref.
		upTo := func(ref int64, of place) bool {
			for err == nil && dup != nil && refAt(dup) < ref {
				p := place{refAt(dup[refSize:]), refAt(dup), 1}
				if p.rep == of.ref {
					p.rep, p.similarity = of.rep, of.similarity
				}
				if !yield(p, nil) {
					return false
				}
				dup, err = dups.record()
			}
			return true
		}
		for p, failed := range r.joined() {
			if failed != nil {
				yield(p, failed)
				return
			}
			if !upTo(p.ref, place{ref: -1}) || !yield(p, nil) || !upTo(p.ref+1, p) {
				return
			}
		}
		if !upTo(maxRef+1, place{ref: -1}) {
			return
		}
		if err != nil {
			yield(place{}, err)
		}
	}
}

// outputSorter returns a sorter for the last steps; three of these are in use at a
// time. Close it.
func (r *Run) outputSorter(unique bool) *extsort.Sorter {
	return extsort.New(extsort.Options{Dir: r.s.Dir, Memory: r.read.Memory / 8, Workers: r.workers, Unique: unique})
}

// A Member is a document of a cluster.
type Member struct {
	ID         string
	Similarity float64 // similarity to the representative
	First      bool    // it is the representative, and the first of its cluster
}

// Members yields the members of all clusters: the representative first, then the
// others in order.
func (r *Run) Members() iter.Seq2[Member, error] {
	return func(yield func(Member, error) bool) {
		byRef, members := r.outputSorter(true), r.outputSorter(false)
		defer byRef.Close()
		defer members.Close()
		if err := r.addMembers(byRef, members); err != nil {
			yield(Member{}, r.advise(err))
			return
		}
		for record, err := range members.All() {
			if err != nil {
				yield(Member{}, r.advise(err))
				return
			}
			p, err := placeAt(record)
			// The representative and the ref alternate: see addMembers.
			if !yield(Member{string(record[2*refSize+8:]), p.similarity, p.ref == p.rep}, err) || err != nil {
				return
			}
		}
	}
}

// addMembers adds the members of all clusters to a sorter, each with the ref of its
// representative, its own ref, its similarity and its name.
func (r *Run) addMembers(byRef, members *extsort.Sorter) error {
	var buf []byte
	for p, err := range r.places() {
		if err != nil {
			return err
		}
		if err := byRef.Add(p.append(buf[:0])); err != nil {
			return err
		}
		// The representative is also a member; equal records are merged.
		if err := byRef.Add(place{p.rep, p.rep, 1}.append(buf[:0])); err != nil {
			return err
		}
	}
	return r.join(byRef.All(), func(record []byte, d *named) error {
		p, err := placeAt(record)
		if err != nil {
			return err
		}
		buf = place{p.rep, p.ref, p.similarity}.append(buf[:0])
		return members.Add(append(buf, d.name()...))
	})
}
