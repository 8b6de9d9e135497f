package align

import "math/bits"

// The hash of a gram is a polynomial of its tokens modulo 2^32, which rolls from gram
// to gram (Karp and Rabin 1987) and takes the same steps for 16 grams in a vector. It
// is mixed, because only the leading bits are used.
const (
	gramFactor = 0x85EBCA6B
	gramMix    = 0x9E3779B1
	gramFold   = 15
)

// blockGrams is the number of grams whose bits are in a word.
const blockGrams = 64

// hash returns the hash of the q ids that begin at index at.
func (t *table) hash(ids []uint32, at int) uint32 {
	h := uint32(0)
	for _, id := range ids[at : at+t.q] {
		h = h*gramFactor + id
	}
	return mixGram(h)
}

func mixGram(h uint32) uint32 { return (h ^ h>>gramFold) * gramMix }

// maybeIn sets, for each of the first n grams of ids, the bit of out that shows whether
// its hash is in the table; ids has n+q-1 tokens or more.
func (t *table) maybeIn(ids []uint32, n int, out []uint64) {
	k := maybeBlocks(t, ids, n/blockGrams, out) // blocks done
	maybeInGeneric(t, ids[blockGrams*k:], n-blockGrams*k, out[k:])
}

func maybeInGeneric(t *table, ids []uint32, n int, out []uint64) {
	if n == 0 {
		return
	}
	h, power := uint32(0), uint32(1)
	for _, id := range ids[:t.q-1] {
		h, power = h*gramFactor+id, power*gramFactor
	}
	first, last := ids[:n], ids[t.q-1:t.q-1+n]
	for from := 0; from < n; from += blockGrams {
		word := uint64(0)
		for k := range min(blockGrams, n-from) {
			h = h*gramFactor + last[from+k]
			bit := mixGram(h) >> t.maybeShift
			word |= t.maybe[bit/64] >> (bit % 64) & 1 << k
			h -= first[from+k] * power
		}
		out[from/blockGrams] = word
	}
}

// meet collects the grams of b that are in the table, and counts their places.
func (t *table) meet(b []uint32, want func(j int) bool) {
	t.hits = t.hits[:0]
	at, next := -1, 0 // where the next gram is expected if the current run continues: at in b, next in t.ids
	for from, n := 0, len(b)-t.q+1; from < n; from += blockGrams * len(t.some) {
		part := min(n-from, blockGrams*len(t.some))
		t.maybeIn(b[from:], part, t.some[:])
		for w, word := range t.some[:(part+blockGrams-1)/blockGrams] {
			for ; word != 0; word &= word - 1 {
				j := from + blockGrams*w + bits.TrailingZeros64(word)
				var s int32
				// Most grams that occur continue a run, and need no look-up.
				if end := next + t.q - 1; j == at && end < len(t.ids) && t.ids[end] == b[j+t.q-1] && t.of[next] >= 0 {
					s = t.of[next]
					at, next = at+1, next+1
				} else {
					if s = t.slot(b, j); t.slots[s].count == 0 {
						continue
					}
					at, next = j+1, int(t.slots[s].first)+1
				}
				if want != nil && !want(j) {
					continue
				}
				t.hits = append(t.hits, hit{int32(j), s})
				t.slots[s].other++
			}
		}
	}
}
