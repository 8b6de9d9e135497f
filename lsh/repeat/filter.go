package repeat

import "math/bits"

// A filter is a Bloom filter of keys in which each key stays within one line of 64
// bytes (Putze, Sanders and Singler 2007): has is always true for a key that was
// added. The zero filter reports every key as present.
type filter struct {
	lines  [][8]uint64
	probes int // number of bits that a key sets
}

// mostBits is the largest useful number of bits per key: with it, about one in 200
// keys that were not added is reported.
const mostBits = 12

// newFilter returns a filter for n keys that takes at most the given number of
// bytes.
func newFilter(n, bytes int) filter {
	lines := min(bytes/64, (n*mostBits+511)/512)
	perKey := lines * 512 / max(n, 1)
	if perKey == 0 {
		return filter{} // a filter this small would report nearly all keys
	}
	return filter{make([][8]uint64, lines), min(max(1, perKey*7/10), 7)}
}

// bytes returns the size of a filter.
func (f *filter) bytes() int { return 64 * len(f.lines) }

// line returns the line of a key, and 63 bits to choose among its bits.
func (f *filter) line(key uint64) (*[8]uint64, uint64) {
	h := mix(key)
	i, _ := bits.Mul64(h, uint64(len(f.lines)))
	return &f.lines[i], h * 0x9e3779b97f4a7c15
}

func (f *filter) add(key uint64) {
	if len(f.lines) == 0 {
		return
	}
	line, h := f.line(key)
	for range f.probes {
		line[h>>61] |= 1 << (h >> 55 & 63)
		h <<= 9
	}
}

func (f *filter) has(key uint64) bool {
	if len(f.lines) == 0 {
		return true
	}
	line, h := f.line(key)
	for range f.probes {
		if line[h>>61]&(1<<(h>>55&63)) == 0 {
			return false
		}
		h <<= 9
	}
	return true
}
