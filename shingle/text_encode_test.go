package shingle_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/shingle"
)

// FuzzRestore writes and reads the tokens of any text, and reads any bytes as tokens.
func FuzzRestore(f *testing.F) {
	f.Add("The ferry leaves at ½ past seven; 渡船早上七点开。", []byte{}, uint8(3), uint8(9))
	f.Add("a b", []byte{2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1}, uint8(0), uint8(0))
	f.Add("a", []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, text string, tokens []byte, from, to uint8) {
		var al shingle.Aligner
		var skip []shingle.Span
		if from < to && int(to) <= len(text) {
			skip = []shingle.Span{{Start: int(from), End: int(to)}}
		}
		want := al.Prepare(text, skip...)
		got, rest, err := al.Restore(text, append(want.AppendTokens(nil), "rest"...), skip...)
		if err != nil || string(rest) != "rest" {
			t.Fatalf("Restore leaves %q, %v, want %q, nil", rest, err, "rest")
		}
		if !slices.Equal(want.Tokens(), got.Tokens()) || !slices.Equal(want.Weights(), got.Weights()) {
			t.Fatalf("Restore: tokens %v of weights %v, want %v and %v", got.Tokens(), got.Weights(), want.Tokens(), want.Weights())
		}
		for i := range want.Len() {
			if want.Token(i) != got.Token(i) {
				t.Fatalf("token %d: %v, want %v", i, got.Token(i), want.Token(i))
			}
		}
		if diff := cmp.Diff(al.AlignTexts(want, want), al.AlignTexts(got, want)); diff != "" {
			t.Fatalf("AlignTexts of the restored text (-want as of the prepared one +got):\n%s", diff)
		}
		// Any tokens that are accepted can be aligned.
		if odd, _, err := al.Restore(text, tokens); err == nil {
			al.AlignTexts(odd, want)
			al.AlignTexts(odd, odd)
		}
	})
}
