package neardup_test

import (
	"context"
	"fmt"
	"log"

	"github.com/neardup/neardup"
)

const (
	ferry = "The night ferry between the two harbours will sail again from May, nine years after the last crossing, with forty cabins and one saloon."
	bread = "The bakers of the old town let their rye rest for two nights now, and their customers have learnt to order on a Tuesday."
)

func ExampleCompare() {
	fmt.Println(neardup.Compare(
		"From our own correspondent. "+ferry,
		"THE NIGHT FERRY between the two harbours will sail again from May, ten years after the last crossing, with forty cabins and one saloon.\n\n"+bread))
	// Output:
	// Jaccard 0.28; 62 % of A is in B, 34 % of B is in A; passages cover 82 % of A, 48 % of B
	// 24 words, 96 % alike, bytes 28 to 164 of A and 0 to 135 of B:
	// 	"The night ferry between the two harbours will sail again…"
}

// Two sites print the same story, each in its own frame.
func ExampleCorpus() {
	const post = "\n\nHarbour Post reporters file from the quay every morning but Sunday."
	const wire = "\n\nNorthern Wire keeps this page current until midnight."
	var c neardup.Corpus
	c.Add(neardup.Document{ID: "post/ferry", Host: "post", Text: ferry + post})
	c.Add(neardup.Document{ID: "post/bread", Host: "post", Text: bread + post})
	c.Add(neardup.Document{ID: "wire/ferry", Host: "wire", Text: ferry + wire})
	c.Add(neardup.Document{ID: "wire/ice", Host: "wire", Text: "The glacier lost another metre of its height in July." + wire})
	pairs, err := c.Pairs(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range pairs {
		fmt.Printf("%s and %s: %.2f\n", p.A, p.B, p.Similarity)
	}
	for _, b := range c.Recycled("post/ferry") {
		fmt.Printf("in %d documents: %v\n", b.Documents, b.Reason)
	}
	// Output:
	// post/ferry and wire/ferry: 1.00
	// in 2 documents: site furniture
}

func ExampleCorpus_AddNew() {
	var c neardup.Corpus
	for _, d := range []neardup.Document{
		{ID: "monday", Text: ferry},
		{ID: "tuesday", Text: bread},
		{ID: "wednesday", Text: "UPDATE: " + ferry},
	} {
		if m, seen := c.AddNew(d); seen {
			fmt.Printf("%s: like %s, %.2f\n", d.ID, m.ID, m.Similarity)
		} else {
			fmt.Printf("%s: new\n", d.ID)
		}
	}
	// Output:
	// monday: new
	// tuesday: new
	// wednesday: like monday, 0.95
}

func ExampleCorpus_Passages() {
	var c neardup.Corpus
	c.Add(neardup.Document{ID: "a", Text: "Ships.\n\n" + ferry})
	c.Add(neardup.Document{ID: "b", Text: bread + "\n\n" + ferry})
	for p, err := range c.Passages(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		for _, s := range p.Passages {
			fmt.Printf("%d words in %s at %d and in %s at %d\n", s.Tokens, p.A, s.A.Start, p.B, s.B.Start)
		}
	}
	// Output:
	// 24 words in a at 8 and in b at 122
}
