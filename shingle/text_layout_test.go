package shingle_test

import (
	"strings"
	"testing"

	"github.com/neardup/neardup/shingle"
)

// TestTextKeepsTokenPlaces compares the places of a prepared text's tokens with those of
// the Shingler, for tokens and gaps so long that they are stored separately.
func TestTextKeepsTokenPlaces(t *testing.T) {
	word := func(n int) string { return strings.Repeat("a", n) }
	for name, text := range map[string]string{
		"short":        strings.Repeat("one two 三 ", 100),
		"long tokens":  word(253) + " " + word(254) + " " + word(255) + " " + word(256) + " b " + word(70_000) + " c",
		"long gap":     "a b" + strings.Repeat(" ", 65_533) + "c d" + strings.Repeat(" ", 70_000) + "e f",
		"gap later":    strings.Repeat("x ", 100) + strings.Repeat(" ", 65_536) + strings.Repeat("y ", 100),
		"gap at block": strings.Repeat("x ", 64) + strings.Repeat(" ", 65_536) + strings.Repeat("y ", 100),
		"one token":    "x",
		"none":         " ",
	} {
		var al shingle.Aligner
		got, want := al.Prepare(text), al.Shingler.AppendTokens(nil, text)
		if got.Len() != len(want) {
			t.Fatalf("%s: %d tokens, want %d", name, got.Len(), len(want))
		}
		for i, w := range want {
			if got.Token(i) != (shingle.Span{Start: w.Start, End: w.End}) {
				t.Fatalf("%s: token %d at %v, want %v", name, i, got.Token(i), w)
			}
		}
	}
}
