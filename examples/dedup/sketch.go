package main

import (
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// sketches is what pairs and clusters are found by: for every document its
// registers and, unless signatures are trusted, its shingles.
type sketches struct {
	k      int
	scheme minhash.Scheme
	values []uint32      // k registers a document
	sets   []shingle.Set // nil with -estimate
}

// sketch shingles and sketches every document, without its recycled blocks if
// -strip asks for that.
func (j *job) sketch() (*sketches, error) {
	masks, err := j.masks()
	if err != nil {
		return nil, err
	}
	return j.sketchWithout(masks)
}

// sketchWithout shingles and sketches every document without the spans of its
// mask; nil masks hide nothing.
func (j *job) sketchWithout(masks [][]shingle.Span) (*sketches, error) {
	sh := j.opt.shingler()
	mh := minhash.New(minhash.Options{K: j.opt.k})
	s := &sketches{
		k:      j.opt.k,
		scheme: mh.Scheme(),
		values: make([]uint32, j.opt.k*len(j.docs)),
	}
	if !j.opt.estimate {
		s.sets = make([]shingle.Set, len(j.docs))
	}
	err := j.parallel("sketching", len(j.docs), func(i int) {
		var mask []shingle.Span
		if masks != nil {
			mask = masks[i]
		}
		set := sh.Set(j.docs[i].Text, mask...)
		mh.AppendValues(s.values[i*s.k:i*s.k:(i+1)*s.k], set)
		if s.sets != nil {
			s.sets[i] = set
		}
	})
	return s, err
}

// kind says what the figures rest on.
func (s *sketches) kind() string {
	if s.sets != nil {
		return "exact"
	}
	return "estimated"
}
