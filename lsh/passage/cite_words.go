package passage

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/neardup/neardup/shingle"
)

// A citing finds the cues near many passages of one text: it looks up the paragraphs
// of the text and the words of all cues once. The zero value is ready to use. All
// calls must pass the same text; any number of goroutines may make them.
type citing struct {
	once       sync.Once
	paragraphs []shingle.Span
	words      [][]cueWord // words of each cue, in ascending order
}

// A cueWord is a word of a cue in a text: its first byte, its end, and the place
// where the search for a match starts, after a leading line feed if the word has
// one.
type cueWord struct{ start, end, at int }

// cites is [Cites] for a passage of the text.
func (c *citing) cites(text string, passage shingle.Span) []Cite {
	c.once.Do(func() {
		c.paragraphs = slices.Collect(shingle.Paragraphs(text))
		c.words = wordsOfCues.find(text)
	})
	window := nearby(c.paragraphs, passage)
	return citesAt(text, window, func(n int, part string, from int) int {
		if from == 0 && cues[n].opens(part) {
			return 0
		}
		words := c.words[n]
		k, _ := slices.BinarySearchFunc(words, window.Start+from, func(w cueWord, at int) int { return cmp.Compare(w.start, at) })
		for ; k < len(words) && words[k].start < window.End; k++ {
			if words[k].end <= window.End {
				return words[k].at - window.Start
			}
		}
		return len(part)
	})
}

// A wordTable finds the words of all cues in one pass: few places of a text begin
// with the first three bytes of a word.
type wordTable struct {
	begin [1 << 9]uint64 // a bit for the hash of any three bytes that a word may begin with
	words [256][]tableWord
}

type tableWord struct {
	cue  int
	word string
}

var wordsOfCues = func() *wordTable {
	t := new(wordTable)
	for n, c := range cues {
		for _, w := range c.words {
			t.words[w[0]] = append(t.words[w[0]], tableWord{n, w})
			for last := range 256 {
				if len(w) > 2 {
					last = int(w[2])
				}
				h := hashBytes(w[0], w[1], byte(last))
				t.begin[h/64] |= 1 << (h % 64)
			}
		}
	}
	return t
}()

func hashBytes(a, b, c byte) uint32 {
	return (uint32(a) | uint32(b)<<8 | uint32(c)<<16) * 0x9E3779B1 >> 17
}

// find returns the words of every cue in a text.
func (t *wordTable) find(text string) [][]cueWord {
	out := make([][]cueWord, len(cues))
	for i := 0; i+1 < len(text); i++ {
		if i+2 < len(text) {
			if h := hashBytes(text[i], text[i+1], text[i+2]); t.begin[h/64]>>(h%64)&1 == 0 {
				continue
			}
		}
		for _, w := range t.words[text[i]] {
			if strings.HasPrefix(text[i:], w.word) {
				out[w.cue] = append(out[w.cue], cueWord{i, i + len(w.word), i + len(w.word) - len(strings.TrimPrefix(w.word, "\n"))})
			}
		}
	}
	return out
}
