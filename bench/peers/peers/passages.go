package peers

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// A Doc is a document with its id.
type Doc struct{ ID, Text string }

// A Shared is a passage that two documents share, in bytes of their texts.
type Shared struct {
	A, B         string
	SpanA, SpanB [2]int
}

// A PassageFinder finds shared passages. If a finder is given the pairs to compare,
// it does not have to find them.
type PassageFinder struct {
	Name  string
	Given bool
	Find  func(docs map[string]string, order []string, pairs [][2]string) []Shared
}

// Passages is the list of finders.
var Passages = []PassageFinder{
	{Name: "neardup passage.Index", Find: neardupCorpus},
	{Name: "neardup shingle.Aligner", Given: true, Find: neardupAligner},
	{Name: "Smith-Waterman", Given: true, Find: smithWatermanOnce},
	{Name: "Smith-Waterman, repeated", Given: true, Find: smithWatermanAgain},
}

func neardupCorpus(docs map[string]string, order []string, _ [][2]string) (out []Shared) {
	var ix passage.Index
	for _, id := range order {
		ix.Add(id, docs[id])
	}
	for p := range ix.Pairs(context.Background()) {
		out = appendPassages(out, p.A, p.B, p.Passages)
	}
	return out
}

func neardupAligner(docs map[string]string, _ []string, pairs [][2]string) (out []Shared) {
	var al shingle.Aligner
	for _, p := range pairs {
		out = appendPassages(out, p[0], p[1], al.Align(docs[p[0]], docs[p[1]]))
	}
	return out
}

func appendPassages(out []Shared, a, b string, ps []shingle.Passage) []Shared {
	for _, p := range ps {
		out = append(out, Shared{a, b, [2]int{p.A.Start, p.A.End}, [2]int{p.B.Start, p.B.End}})
	}
	return out
}

// leastWords is the minimum length of a passage, in words, for every finder.
const leastWords = 12

// A token is a word, represented by its number, and its position in bytes.
type token struct{ word, start, end int }

// tokens splits a text into words and numbers them by the dictionary, to which it adds
// new words.
func tokens(text string, dictionary map[string]int) (out []token) {
	start := -1
	add := func(end int) {
		if start >= 0 {
			w := strings.ToLower(text[start:end])
			n, ok := dictionary[w]
			if !ok {
				n = len(dictionary)
				dictionary[w] = n
			}
			out = append(out, token{n, start, end})
			start = -1
		}
	}
	for i, r := range text {
		if r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) {
			if start < 0 {
				start = i
			}
		} else {
			add(i)
		}
	}
	add(len(text))
	return out
}

// smithWatermanOnce reports the best local alignment of two texts, by words, as
// the R package textreuse does: 2 for an equal word, -1 for an unequal one and
// for a gap (Smith and Waterman 1981).
func smithWatermanOnce(docs map[string]string, _ []string, pairs [][2]string) []Shared {
	return smithWaterman(docs, pairs, 1)
}

// smithWatermanAgain repeats the alignment on the text outside the passages found so
// far, until no passage of twelve words is left, as users who need more than one
// passage do.
func smithWatermanAgain(docs map[string]string, _ []string, pairs [][2]string) []Shared {
	return smithWaterman(docs, pairs, 1<<30)
}

func smithWaterman(docs map[string]string, pairs [][2]string, most int) (out []Shared) {
	for _, p := range pairs {
		dictionary := map[string]int{}
		a, b := tokens(docs[p[0]], dictionary), tokens(docs[p[1]], dictionary)
		for range most {
			fromA, toA, fromB, toB, matched := align(a, b)
			if matched < leastWords {
				break
			}
			out = append(out, Shared{p[0], p[1], [2]int{a[fromA].start, a[toA-1].end}, [2]int{b[fromB].start, b[toB-1].end}})
			// Words that match nothing, not even each other.
			for i := fromA; i < toA; i++ {
				a[i].word = -1
			}
			for i := fromB; i < toB; i++ {
				b[i].word = -2
			}
		}
	}
	return out
}

// align returns the best local alignment: the tokens of both sides, and the number
// of equal ones.
func align(a, b []token) (fromA, toA, fromB, toB, matched int) {
	const up, left, diagonal = 1, 2, 3
	width := len(b) + 1
	way := make([]uint8, (len(a)+1)*width)
	row := make([]int32, width)
	best, bestI, bestJ := int32(0), 0, 0
	for i := 1; i <= len(a); i++ {
		var corner int32 // the cell above and to the left
		for j := 1; j <= len(b); j++ {
			equal := int32(-1)
			if a[i-1].word == b[j-1].word {
				equal = 2
			}
			score, from := int32(0), uint8(0)
			if s := corner + equal; s > score {
				score, from = s, diagonal
			}
			if s := row[j] - 1; s > score {
				score, from = s, up
			}
			if s := row[j-1] - 1; s > score {
				score, from = s, left
			}
			corner, row[j] = row[j], score
			way[i*width+j] = from
			if score > best {
				best, bestI, bestJ = score, i, j
			}
		}
	}
	i, j := bestI, bestJ
	for way[i*width+j] != 0 {
		switch way[i*width+j] {
		case diagonal:
			i, j = i-1, j-1
			if a[i].word == b[j].word {
				matched++
			}
		case up:
			i--
		case left:
			j--
		}
	}
	return i, bestI, j, bestJ, matched
}

// SortShared sorts passages into a defined order.
func SortShared(s []Shared) {
	slices.SortFunc(s, func(x, y Shared) int {
		if c := strings.Compare(x.A+"\x00"+x.B, y.A+"\x00"+y.B); c != 0 {
			return c
		}
		return x.SpanA[0] - y.SpanA[0]
	})
}
