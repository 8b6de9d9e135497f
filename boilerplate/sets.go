package boilerplate

import (
	"iter"
	"slices"
)

// seen remembers hashes of observed documents: at most limit, and at least the
// latest limit/2.
type seen struct {
	limit  int
	recent idSet
	old    idSet
}

func (s *seen) has(id uint64) bool { return s.recent.has(id) || s.old.has(id) }

// len returns the number of documents remembered.
func (s *seen) len() int { return s.recent.filled + s.old.filled }

// add adds an id that is not remembered yet.
func (s *seen) add(id uint64) {
	if s.recent.filled >= s.limit/2 {
		s.old, s.recent = s.recent, idSet{}
	}
	s.recent.add(id)
}

// addAll adds the ids of other that s lacks, and returns the number of ids that s had
// already.
func (s *seen) addAll(other *seen) (common int) {
	for id := range other.all() {
		if s.has(id) {
			common++
		}
	}
	s.recent.reserve(min(other.len()-common, s.limit/2-s.recent.filled))
	for id := range other.all() {
		if !s.has(id) {
			s.add(id)
		}
	}
	return common
}

// all yields the documents, those observed earlier first.
func (s *seen) all() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for _, set := range [...]*idSet{&s.old, &s.recent} {
			for _, id := range set.slots {
				if id != 0 && !yield(id) {
					return
				}
			}
		}
	}
}

// An idSet is a set of hashes other than 0.
type idSet struct {
	slots  []uint64 // open addressing; the length is zero or a power of two
	filled int
}

func (s *idSet) find(id uint64) int {
	mask := uint64(len(s.slots) - 1)
	for i := id & mask; ; i = (i + 1) & mask {
		if x := s.slots[i]; x == id || x == 0 {
			return int(i)
		}
	}
}

func (s *idSet) has(id uint64) bool {
	return len(s.slots) > 0 && s.slots[s.find(id)] == id
}

// reserve makes room for n more ids, like gramTable.reserve.
func (s *idSet) reserve(n int) {
	size := len(s.slots)
	for n > 0 && s.filled+n > size-size/4 {
		size = max(16, 2*size)
	}
	if size == len(s.slots) {
		return
	}
	old := s.slots
	s.slots = make([]uint64, size)
	for _, x := range old {
		if x != 0 {
			s.slots[s.find(x)] = x
		}
	}
}

func (s *idSet) add(id uint64) {
	s.reserve(1)
	if p := &s.slots[s.find(id)]; *p == 0 {
		*p = id
		s.filled++
	}
}

// A hashSet is a set of hashes other than 0.
type hashSet struct {
	place placing
	slots []uint64 // open addressing; the length is a power of two
	n     int
}

// clear empties the set and makes room for some hashes.
func (s *hashSet) clear(room int) {
	size := 64
	for size < 2*room {
		size *= 2
	}
	s.slots = slices.Grow(s.slots[:0], size)[:size]
	clear(s.slots)
	s.n = 0
}

// add adds a hash and reports whether it was already there.
func (s *hashSet) add(h uint64) bool {
	if 2*s.n >= len(s.slots) {
		s.grow()
	}
	slots, mask := s.slots, uint64(len(s.slots)-1)
	for i := s.place.of(h, len(slots)); ; i++ {
		p := &slots[i&mask]
		switch *p {
		case h:
			return true
		case 0:
			*p = h
			s.n++
			return false
		}
	}
}

// appendNew adds hashes and appends the new ones to dst, except 0.
func (s *hashSet) appendNew(dst, hashes []uint64) []uint64 {
	for 2*(s.n+len(hashes)) > len(s.slots) {
		s.grow()
	}
	slots, mask := s.slots, uint64(len(s.slots)-1)
	shift := shiftFor(len(slots))
	was := len(dst)
	n := was
	dst = slices.Grow(dst, len(hashes))[:n+len(hashes)]
	for _, h := range hashes {
		i := s.place.at(h, shift)
		x := slots[i&mask]
		for x != h && x != 0 {
			i++
			x = slots[i&mask]
		}
		slots[i&mask] = h
		dst[n] = h
		if x != h {
			n++
		}
	}
	s.n += n - was
	return dst[:n]
}

// grow doubles the capacity.
func (s *hashSet) grow() {
	old := slices.Clone(s.slots)
	s.clear(len(old))
	for _, x := range old {
		if x != 0 {
			s.add(x)
		}
	}
}
