package main

import (
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// sketches is what pairs and clusters are found by: for every document its
// registers and, unless signatures are trusted, its shingles.
type sketches struct {
	k      int
	values []uint32      // k registers a document
	sizes  []int         // distinct shingles of each document
	sets   []shingle.Set // nil with -estimate
}

// sketch shingles and sketches every document, without its recycled blocks if
// -strip asks for that.
func (j *job) sketch() (*sketches, error) {
	masks, err := j.masks()
	if err != nil {
		return nil, err
	}
	sh := j.opt.shingler()
	mh := minhash.New(minhash.Options{K: j.opt.k})
	s := &sketches{
		k:      j.opt.k,
		values: make([]uint32, j.opt.k*len(j.docs)),
		sizes:  make([]int, len(j.docs)),
	}
	if !j.opt.estimate {
		s.sets = make([]shingle.Set, len(j.docs))
	}
	err = j.parallel("sketching", len(j.docs), func(i int) {
		var mask []shingle.Span
		if masks != nil {
			mask = masks[i]
		}
		set := sh.Set(j.docs[i].Text, mask...)
		mh.AppendValues(s.values[i*s.k:i*s.k:(i+1)*s.k], set)
		s.sizes[i] = len(set)
		if s.sets != nil {
			s.sets[i] = set
		}
	})
	return s, err
}
