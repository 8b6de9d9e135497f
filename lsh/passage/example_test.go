package passage_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"time"

	"github.com/neardup/neardup/lsh/passage"
)

func Example() {
	var ix passage.Index
	ix.Add("harbour", "The council met on Monday.\n\nThe old harbour wall, which was built in 1884 of stone from the quarry above the town, will be repaired this summer, the mayor said.\n\nBoats will moor at the north quay.")
	ix.Add("walks", "“The old harbour wall, which was built in 1884 of stone from the nearby quarry above the town, will be repaired this summer,” the mayor said.\n\nWalkers may use the upper path.")
	ix.Add("weather", "It will rain on Tuesday.")
	for p := range ix.Pairs(context.Background()) {
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

const wall = "The old harbour wall, which was built in 1884 of stone from the quarry above the town, will be repaired this summer."

func ExampleIndex_Query() {
	ix := passage.New(passage.Options{})
	ix.Add("monday", "News from the town hall. "+wall)
	ix.Add("tuesday", "No news.")
	for _, m := range ix.Query("We read that " + wall) {
		text, _ := ix.Text(m.ID)
		for _, p := range m.Passages {
			fmt.Printf("%s: %s\n", m.ID, p.B.Of(text))
		}
	}
	// Output:
	// monday: The old harbour wall, which was built in 1884 of stone from the quarry above the town, will be repaired this summer.
}

// Groups returns who has a passage, and who had it first.
func ExampleIndex_Groups() {
	var ix passage.Index
	day := func(d int) time.Time { return time.Date(2024, 6, d, 0, 0, 0, 0, time.UTC) }
	ix.AddAt("copy", day(3), "As everyone writes: "+wall)
	ix.AddAt("source", day(1), wall+" So it was decided.")
	ix.AddAt("late", day(9), "It bears repeating, as the summer is short. "+wall)
	for _, g := range groupsOf(&ix) {
		for _, m := range g.Members {
			fmt.Println(m.Time.Format(time.DateOnly), m.ID, m.Span)
		}
	}
	// Output:
	// 2024-06-01 source {0 116}
	// 2024-06-03 copy {20 136}
	// 2024-06-09 late {44 160}
}

func ExampleRead() {
	var ix passage.Index
	ix.Add("a", "First. "+wall)
	ix.Add("b", wall+" Last.")
	var file bytes.Buffer
	if _, err := ix.WriteTo(&file); err != nil {
		log.Fatal(err)
	}
	again, err := passage.Read(&file, passage.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for p := range again.Pairs(context.Background()) {
		fmt.Println(p.A, p.B, len(p.Passages))
	}
	// Output:
	// a b 1
}

// Stats counts what the cap on common fingerprints left out.
func ExampleStats() {
	ix := passage.New(passage.Options{MaxDocuments: 10})
	for i := range 40 {
		ix.Add(fmt.Sprint(i), wall)
	}
	pairs := 0
	for range ix.Pairs(context.Background()) {
		pairs++
	}
	s := ix.Stats()
	fmt.Println(s.Documents, "documents,", pairs, "pairs tried of", 40*39/2)
	fmt.Println(s.Common == s.Distinct, s.Withheld == s.Common*32*31/2)
	// Output:
	// 40 documents, 284 pairs tried of 780
	// true true
}
