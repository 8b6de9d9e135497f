package show

import (
	"math/rand/v2"
	"testing"

	"github.com/neardup/neardup/shingle"
)

// TestAppendLine compares the lines of passages with those of encoding/json.
func TestAppendLine(t *testing.T) {
	ids := []string{"", "a.txt", `quoted "id"\`, "a\nb\x00", "<&>", "上海/条例", "broken \xff", "\u2028", "é\U0001F600"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, b := ids[r.IntN(len(ids))], ids[r.IntN(len(ids))]
		tokens := 12 + r.IntN(1<<r.IntN(20))
		p := NewPassage(a, b, shingle.Passage{
			A: shingle.Span{Start: r.IntN(1000), End: r.IntN(1 << 30)}, B: shingle.Span{Start: r.IntN(3), End: r.IntN(1 << 20)},
			Tokens: tokens, Similarity: 2 * float64(1+r.IntN(tokens)) / float64(tokens+tokens),
			Exact: r.IntN(2) == 0, Moved: r.IntN(2) == 0, Template: r.IntN(2) == 0,
		}).In(r.IntN(3), r.IntN(3))
		want, err := JSON(p)
		if err != nil {
			t.Fatal(err)
		}
		idA, errA := Quote(a)
		idB, errB := Quote(b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := p.AppendLine([]byte("x"), idA, idB); string(got) != "x"+string(want) {
			t.Fatalf("got %s, want x%s", got, want)
		}
	}
}
