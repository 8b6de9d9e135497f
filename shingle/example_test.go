package shingle_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/neardup/neardup/shingle"
)

func Example() {
	a := "The keeper wrote every evening into a book that nobody read."
	b := "The keeper wrote every evening into a BOOK – that nobody read!"
	c := "The keeper wrote every morning into a book that nobody read."
	var sh shingle.Shingler
	fmt.Printf("%.2f %.2f\n", sh.Set(a).Jaccard(sh.Set(b)), sh.Set(a).Jaccard(sh.Set(c)))
	// Output: 1.00 0.17
}

func ExampleShingler() {
	sh := shingle.Shingler{Size: 3}
	fmt.Println(sh)
	text := "One fish, two fish."
	for s := range sh.All(text) {
		fmt.Println(s.Of(text))
	}
	// Output:
	// words:3
	// One fish, two
	// fish, two fish
}

func ExampleShingler_AppendTokens() {
	text := "L’été à 東京タワー"
	for _, t := range (shingle.Shingler{}).AppendTokens(nil, text) {
		fmt.Printf("%q ", t.Of(text))
	}
	// Output: "L’été" "à" "東" "京" "タワー"
}

// Skipped spans, such as the navigation of a page, leave no trace.
func ExampleShingler_Hashes_skip() {
	sh := shingle.Shingler{Size: 2}
	page := "The keeper wrote [Home News About] every evening."
	menu := shingle.Span{Start: strings.Index(page, "["), End: strings.Index(page, "]") + 1}
	fmt.Println(slices.Equal(
		sh.Hashes(page, menu),
		sh.Hashes("The keeper wrote every evening.")))
	// Output: true
}

func ExampleShingler_HashesFrom() {
	sh := shingle.Shingler{Size: 2}
	n := 0
	for hashes, err := range sh.HashesFrom(strings.NewReader("a text of any size")) {
		if err != nil {
			fmt.Println(err)
			return
		}
		n += len(hashes)
	}
	fmt.Println(n)
	// Output: 4
}

func ExampleShingler_UnmarshalText() {
	var sh shingle.Shingler
	err := sh.UnmarshalText([]byte("chars:8+accents"))
	fmt.Println(sh.Unit == shingle.Chars, sh.Size, sh.KeepAccents, err)
	// Output: true 8 true <nil>
}

func ExampleSet() {
	sh := shingle.Shingler{Size: 2}
	short := sh.Set("nobody ever read the book")
	long := sh.Set("he knew that nobody ever read the book he wrote")
	fmt.Println(short.Common(long), short.Jaccard(long), short.Containment(long))
	// Output: 4 0.4444444444444444 1
}

func ExampleToken() {
	a := (shingle.Shingler{}).AppendTokens(nil, "CAFÉ")
	b := (shingle.Shingler{}).AppendTokens(nil, "cafe\u0301")
	fmt.Println(a[0].Hash == b[0].Hash, a[0].Span, b[0].Span)
	// Output: true {0 5} {0 6}
}

func ExampleUnit() {
	text := "a b, ab"
	for _, u := range []shingle.Unit{shingle.Words, shingle.Chars} {
		fmt.Println(len(shingle.Shingler{Unit: u}.AppendTokens(nil, text)))
	}
	// Output:
	// 3
	// 4
}

func ExampleShingle() {
	text := "To be, or not to be"
	for s := range (shingle.Shingler{Size: 2}).All(text) {
		fmt.Printf("%x %s\n", s.Hash>>48, s.Of(text))
	}
	// Output:
	// 5aa7 To be
	// 3d40 be, or
	// 2ba0 or not
	// 2b2c not to
	// 5aa7 to be
}

func ExampleParagraphs() {
	text := "A title\n\nLines that were wrapped at some width or other\nbelong together.\n- An item\n- Another\n"
	for p := range shingle.Paragraphs(text) {
		fmt.Printf("%2d %q\n", p.Start, p.Of(text))
	}
	// Output:
	//  0 "A title"
	//  9 "Lines that were wrapped at some width or other\nbelong together."
	// 73 "- An item"
	// 83 "- Another"
}

func ExampleSpan() {
	s := shingle.Span{Start: 4, End: 10}
	fmt.Println(s.Len(), s.Of("The keeper wrote"))
	// Output: 6 keeper
}
