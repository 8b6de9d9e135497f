package decon

import "math"

// An aligner aligns a whole entry with the best part of a stretch of words, by
// dynamic programming over every pair of words. Entries are short and stretches are
// little longer, so it can afford a cost that an aligner of whole documents cannot.
type aligner struct {
	score []int32
	step  []byte
	pairs []pair
}

// A pair is two equal words, by their positions in the entry and in the stretch.
type pair struct{ a, b int }

// Scores of a pair of equal words, and of an unpaired word on either side between
// the first and the last pair. One more common word is worth a few unrelated words
// in between, but not a copy of the entry's last word a line further on.
const (
	equalScore = 3
	gapScore   = -1
)

// jumpScore is the score of any number of consecutive unpaired words of the stretch:
// three words on either side outweigh an inserted remark.
const jumpScore = -8

// The steps of an alignment.
const (
	stop = iota
	both
	skipA
	skipB
	jump

	leap = 1 << 3 // a flag: jumps that end at this word or after it begin one word earlier
)

// align returns the pairs, ascending, of the best alignment of a with a part of b.
// Of several best alignments, it takes the one that ends first.
func (al *aligner) align(a, b []uint32) []pair {
	width := len(b) + 1
	size := (len(a) + 1) * width
	if cap(al.score) < 2*width {
		al.score = make([]int32, 2*width)
	}
	if cap(al.step) < size {
		al.step = make([]byte, size)
	}
	above, row := al.score[:width], al.score[width:2*width]
	step := al.step[:size]
	clear(above)
	clear(step[:width])
	best, at := int32(0), 0
	for i, x := range a {
		steps := step[(i+1)*width : (i+2)*width]
		row[0], steps[0] = 0, stop
		jumped := int32(math.MinInt32)
		for j, y := range b {
			s, d, from := int32(0), byte(stop), byte(0)
			if x == y && above[j]+equalScore > s {
				s, d = above[j]+equalScore, both
			}
			if g := above[j+1] + gapScore; g > s {
				s, d = g, skipA
			}
			if g := row[j] + gapScore; g > s {
				s, d = g, skipB
			}
			if g := row[j] + jumpScore; g > jumped {
				jumped = g
				from = leap
			}
			if jumped > s {
				s, d = jumped, jump
			}
			row[j+1], steps[j+1] = s, d|from
			if s > best {
				best, at = s, (i+1)*width+j+1
			}
		}
		above, row = row, above
	}
	al.pairs = al.pairs[:0]
	for at > 0 && step[at]&^leap != stop {
		switch step[at] &^ leap {
		case both:
			al.pairs = append(al.pairs, pair{at/width - 1, at%width - 1})
			at -= width + 1
		case skipA:
			at -= width
		case skipB:
			at--
		case jump:
			for step[at]&leap == 0 {
				at--
			}
			at--
		}
	}
	for i, j := 0, len(al.pairs)-1; i < j; i, j = i+1, j-1 {
		al.pairs[i], al.pairs[j] = al.pairs[j], al.pairs[i]
	}
	return al.pairs
}
