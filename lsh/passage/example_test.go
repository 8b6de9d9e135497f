package passage_test

import (
	"fmt"

	"github.com/neardup/neardup/lsh/passage"
)

func Example() {
	var ix passage.Index
	ix.Add("harbour", "The council met on Monday.\n\nThe old harbour wall, which was built in 1884 of stone from the quarry above the town, will be repaired this summer, the mayor said.\n\nBoats will moor at the north quay.")
	ix.Add("walks", "“The old harbour wall, which was built in 1884 of stone from the nearby quarry above the town, will be repaired this summer,” the mayor said.\n\nWalkers may use the upper path.")
	ix.Add("weather", "It will rain on Tuesday.")
	for p := range ix.Pairs() {
		a, _ := ix.Text(p.A)
		b, _ := ix.Text(p.B)
		for _, s := range p.Passages {
			fmt.Printf("%s and %s share %d of %d words:\n%s\n%s\n", p.A, p.B, s.Matched, s.Tokens, s.A.Of(a), s.B.Of(b))
		}
	}
	// Output:
	// harbour and walks share 25 of 26 words:
	// The old harbour wall, which was built in 1884 of stone from the quarry above the town, will be repaired this summer, the mayor said.
	// “The old harbour wall, which was built in 1884 of stone from the nearby quarry above the town, will be repaired this summer,” the mayor said.
}
