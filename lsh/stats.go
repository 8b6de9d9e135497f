package lsh

import "slices"

// Stats describes an [Index]. The zero value describes an index that never held a
// document.
type Stats struct {
	Documents  int     // documents in the index
	Signatures int     // distinct signatures
	Removed    int     // rows whose memory is not reused yet
	Banding    Banding // see Options

	// Largest lists the number of different signatures in the ten largest buckets of all
	// bands, in descending order. Very large buckets mean that very many documents share
	// text, such as a template, without being alike.
	Largest []int

	// BoundedQueries is the number of queries with a limit that did not compare all
	// documents that share a band.
	BoundedQueries int64

	// Last is the work of the last call of Pairs or Clusters.
	Last Work
}

// Stats returns figures about the index. It reads every bucket.
func (ix *Index) Stats() Stats {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	s := Stats{
		Documents:      ix.live,
		Removed:        len(ix.names) - ix.live,
		Banding:        ix.opts.Banding,
		BoundedQueries: ix.boundedQueries.Load(),
	}
	if w := ix.work.Load(); w != nil {
		s.Last = *w
	}
	for _, f := range ix.first {
		if f != 0 {
			s.Signatures++
		}
	}
	if ix.sketcher == nil {
		return s
	}
	const top = 10
	for b := range ix.opts.Banding.Bands {
		for _, slot := range ix.tables.bands[b].slots {
			n := 0
			for e := uint32(slot); e != 0; e = ix.tables.next.at(int(e - 1))[b] {
				if ix.first[e-1] != 0 {
					n++
				}
			}
			if n == 0 || len(s.Largest) == top && n <= s.Largest[top-1] {
				continue
			}
			i, _ := slices.BinarySearchFunc(s.Largest, n, func(x, n int) int { return n - x })
			s.Largest = slices.Insert(s.Largest, i, n)
			s.Largest = s.Largest[:min(top, len(s.Largest))]
		}
	}
	return s
}
