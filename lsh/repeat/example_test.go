package repeat_test

import (
	"fmt"

	"github.com/neardup/neardup/lsh/repeat"
	"github.com/neardup/neardup/shingle"
)

func Example() {
	docs := []string{
		"The bridge was closed for eight days while divers looked at its piers. Traffic went round by Alder Street.",
		"Letters: The Bridge was closed for eight days, while divers looked at its piers. Who pays?",
	}
	c := repeat.New(repeat.Options{MinTokens: 8})
	for i, text := range docs {
		var spans []shingle.Span
		for _, f := range c.Add(c.Prepare(text)) {
			spans = append(spans, f.Span)
			fmt.Printf("%d: %q is in %d: %q\n", i, f.Of(text), f.Document, f.At.Of(docs[f.Document]))
		}
		fmt.Println(shingle.Cut(text, spans).Text)
	}
	// Output:
	// The bridge was closed for eight days while divers looked at its piers. Traffic went round by Alder Street.
	// 1: "The Bridge was closed for eight days, while divers looked at its piers." is in 0: "The bridge was closed for eight days while divers looked at its piers."
	// Letters: Who pays?
}
