package shingle_test

import (
	"fmt"

	"github.com/neardup/neardup/shingle"
)

const (
	gazette = "The bridge was closed at dawn.\n\n\"No one will cross it before the engineers have seen every bolt,\" said the mayor on Friday.\n\nTraffic was heavy all day."
	courier = "Shops on the far bank stayed shut. “No one will cross it before our engineers have seen every single bolt”, the mayor said on Friday."
)

func ExampleAligner() {
	for _, p := range (shingle.Aligner{}).Align(gazette, courier) {
		fmt.Printf("%d of %d words, exact: %t\n%s\n%s\n", p.Matched, p.Tokens, p.Exact, p.A.Of(gazette), p.B.Of(courier))
	}
	// Output:
	// 14 of 18 words, exact: false
	// "No one will cross it before the engineers have seen every bolt," said the mayor on Friday.
	// “No one will cross it before our engineers have seen every single bolt”, the mayor said on Friday.
}

// Edits shows the changes from one text to the other.
func ExampleAligner_Edits() {
	var al shingle.Aligner
	for _, p := range al.Align(gazette, courier) {
		for _, e := range al.Edits(gazette, courier, p) {
			fmt.Printf("%-7s  %q -> %q\n", e.Op, e.A.Of(gazette), e.B.Of(courier))
		}
	}
	// Output:
	// equal    "No one will cross it before" -> "No one will cross it before"
	// replace  "the" -> "our"
	// equal    "engineers have seen every" -> "engineers have seen every"
	// insert   "" -> "single"
	// equal    "bolt" -> "bolt"
	// delete   "said" -> ""
	// equal    "the mayor" -> "the mayor"
	// insert   "" -> "said"
	// equal    "on Friday" -> "on Friday"
}

// A text that is aligned with many others is tokenized once.
func ExampleText() {
	al := shingle.Aligner{MinTokens: 6}
	story := al.Prepare(gazette)
	for _, other := range []string{courier, "Traffic was heavy all day on the other bridges as well.", "Rain."} {
		fmt.Println(len(al.AlignTexts(story, al.Prepare(other))))
	}
	// Output:
	// 1
	// 0
	// 0
}

func ExampleSnap() {
	a := "He sighed. They all knew that the winter would be long and the wood was running out in every house. She wept."
	b := "It was said that the winter would be long and the wood was running out in every house of ours!"
	for _, snap := range []shingle.Snap{shingle.SnapNear, shingle.SnapSentence} {
		for _, p := range (shingle.Aligner{Snap: snap}).Align(a, b) {
			fmt.Println(p.A.Of(a))
		}
	}
	// Output:
	// that the winter would be long and the wood was running out in every house
	// They all knew that the winter would be long and the wood was running out in every house.
}

func ExampleCopies() {
	a := "Our motto has always been to mend what is broken and to keep what is mended."
	b := a + "\n\nAnd so on for years, until the day when nobody could recall it any more, let alone live by it.\n\n" + a
	for _, copies := range []shingle.Copies{shingle.CoverCopies, shingle.BestCopy} {
		for _, p := range (shingle.Aligner{Copies: copies}).Align(a, b) {
			fmt.Println(copies, p.A, p.B)
		}
	}
	// Output:
	// 0 {0 76} {0 76}
	// 0 {0 76} {174 250}
	// 1 {0 76} {0 76}
}
