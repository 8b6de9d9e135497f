package shingle

import "slices"

// A Set is a set of shingle hashes: in ascending order, without repeats.
type Set []uint64

// MakeSet sorts hashes in place, drops repeats and returns the result, which
// shares the memory of hashes.
func MakeSet(hashes []uint64) Set {
	slices.Sort(hashes)
	return Set(slices.Compact(hashes))
}

// Common returns the number of elements that s and t share.
func (s Set) Common(t Set) int {
	n := 0
	for i, j := 0, 0; i < len(s) && j < len(t); {
		switch {
		case s[i] < t[j]:
			i++
		case s[i] > t[j]:
			j++
		default:
			i, j, n = i+1, j+1, n+1
		}
	}
	return n
}

// Jaccard returns |s∩t| / |s∪t|, and 0 when either set is empty.
func (s Set) Jaccard(t Set) float64 {
	c := s.Common(t)
	if c == 0 {
		return 0
	}
	return float64(c) / float64(len(s)+len(t)-c)
}

// Containment returns the share of s that is in t, and 0 when either is empty.
func (s Set) Containment(t Set) float64 {
	if len(s) == 0 {
		return 0
	}
	return float64(s.Common(t)) / float64(len(s))
}
