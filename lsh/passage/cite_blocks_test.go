package passage

import (
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// TestCuesAreFoundBetweenEmptyLines compares searching between empty lines with searching
// the whole text, on texts assembled from pieces of cues and gaps.
func TestCuesAreFoundBetweenEmptyLines(t *testing.T) {
	race.Alone(t)
	pieces := strings.Split("\n|\n\n|\n\n\n| |according|According|to|the|The|Wall Street Journal|Reuters|reported|published by|told|"+
		"LONDON, May 4 (AP) -|By Jane Doe|Reporting by Ann Lee|Source: Agency|- Jane Doe|© The Times|has|wrote|. |x", "|")
	seed := uint64(1)
	for range 4000 {
		var b strings.Builder
		for range 14 {
			seed = seed*6364136223846793005 + 1442695040888963407
			b.WriteString(pieces[seed>>33%uint64(len(pieces))])
			if seed>>60 < 9 {
				b.WriteByte(" \n"[seed>>32&1])
			}
		}
		text := b.String()
		for _, c := range cues {
			var want [][]int
			for _, m := range c.pattern.FindAllStringSubmatchIndex(text, -1) {
				block := "\n" + text[:m[1]]
				if k := strings.LastIndex(block, "\n\n"); k >= 0 {
					block = block[k+1:]
				}
				rest, _, _ := strings.Cut(text[m[1]:], "\n\n")
				if block += rest; slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(block, w) }) {
					want = append(want, m)
				}
			}
			got := slices.Collect(c.matches(text))
			if !slices.EqualFunc(got, want, slices.Equal) {
				t.Fatalf("%q in %q: %v, want %v", c.pattern, text, got, want)
			}
		}
	}
}

// TestCitingManyEqualsCitingOne compares searching for many passages of a text with
// searching for one, on texts assembled from cues and gaps.
func TestCitingManyEqualsCitingOne(t *testing.T) {
	race.Alone(t)
	pieces := strings.Split("\n|\n\n|\n\n\n| | |according to the |Wall Street Journal |Reuters |reported |published by |told the |"+
		"LONDON, May 4 (AP) - |By Jane Doe\n|Reporting by Ann Lee\n|Source: Agency\n|- Jane Doe\n|\n– Jane Doe\n|© The Times\n|laut Reuters |wrote. |x |据新华社报道。|)-", "|")
	seed := uint64(7)
	found := 0
	for range 1500 {
		var b strings.Builder
		for range 20 {
			seed = seed*6364136223846793005 + 1442695040888963407
			b.WriteString(pieces[seed>>33%uint64(len(pieces))])
		}
		text := b.String()
		var c citing
		for range 6 {
			seed = seed*6364136223846793005 + 1442695040888963407
			from := int(seed >> 40 % uint64(len(text)))
			span := shingle.Span{Start: from, End: from + int(seed>>20%uint64(len(text)-from)) + 1}
			got, want := c.cites(text, span), Cites(text, span)
			if !slices.Equal(got, want) {
				t.Fatalf("cites of %v in %q = %v, want %v", span, text, got, want)
			}
			found += len(got)
		}
	}
	if found < 1000 {
		t.Errorf("%d cues found, want many", found)
	}
}
