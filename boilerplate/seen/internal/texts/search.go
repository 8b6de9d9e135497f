package texts

import (
	"cmp"
	"context"
	"slices"
)

// Limits of a search. If a fingerprint occurs in more than 256 texts (common), only
// the first 8 (holders) become candidates.
const (
	common  = 256
	holders = 8
)

// A Candidate is a text that shares fingerprints with another.
type Candidate struct {
	Shared int // number of fingerprints shared
	Text   Text
}

// Near returns the texts that share the most fingerprints with a text, at most the
// given number, best first, and the number of texts left out. Ties are in the order
// in which the texts were put. The same ID may occur several times.
func (s *Store) Near(ctx context.Context, t Text, most int) (out []Candidate, left int, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	type place struct{ file, text uint32 } // file counts the files first, then the batches
	shared := map[place]int{}
	var found []place
	var numbers []uint32
	for i, h := range fingerprints(t) {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		found = found[:0]
		for i, x := range s.files {
			if numbers, err = x.find(numbers[:0], prints, h, common+1-len(found)); err != nil {
				return nil, 0, err
			}
			for _, n := range numbers {
				found = append(found, place{uint32(i), n})
			}
		}
		for i, b := range s.batches {
			numbers = numbers[:0]
			for n := b.heads[h]; n > 0; n = b.links[n-1].before {
				numbers = append(numbers, b.links[n-1].text)
			}
			for _, n := range slices.Backward(numbers) { // links run from the latest text to the first
				found = append(found, place{uint32(len(s.files) + i), n})
			}
		}
		if len(found) > common {
			found = found[:holders]
		}
		for _, p := range found {
			shared[p]++
		}
	}
	order := found[:0]
	for p := range shared {
		order = append(order, p)
	}
	slices.SortFunc(order, func(a, b place) int {
		return cmp.Or(cmp.Compare(shared[b], shared[a]), cmp.Compare(a.file, b.file), cmp.Compare(a.text, b.text))
	})
	for _, p := range order[:min(most, len(order))] {
		var c Candidate
		if int(p.file) < len(s.files) {
			if c.Text, err = s.files[p.file].text(int(p.text)); err != nil {
				return nil, 0, err
			}
		} else {
			c.Text = s.batches[int(p.file)-len(s.files)].texts[p.text]
		}
		c.Shared = shared[p]
		out = append(out, c)
	}
	return out, len(order) - len(out), nil
}
