package boilerplate_test

import (
	"fmt"
	"strings"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// gazette is a page of a small newspaper.
func gazette(paragraphs ...string) string {
	page := "Home · News · Weather · About us\n\n" +
		strings.Join(paragraphs, "\n\n") +
		"\n\nPrinted by the Harbour Gazette since 1893. All rights reserved."
	return page
}

var gazettePages = []boilerplate.Page{
	{ID: "/ferry", Host: "gazette.example", Text: gazette("Ferry to become a museum",
		"The old ferry will be sold to a museum across the bay, the council decided on Monday after a long debate.")},
	{ID: "/kites", Host: "gazette.example", Text: gazette("Rain at the kite festival",
		"Rain kept most visitors away from the annual kite festival, but three hundred children came all the same.")},
	{ID: "/bakery", Host: "gazette.example", Text: gazette("Bakery opens by the lighthouse",
		"A new bakery has opened its doors beside the lighthouse, and its rye bread is gone before eight each day.")},
}

// Two passes over a corpus: observe every page, then judge every page.
func Example() {
	d := boilerplate.New(boilerplate.Options{})
	for _, p := range gazettePages {
		d.Observe(p)
	}
	page := gazettePages[0]
	for _, b := range d.Judge(page) {
		fmt.Printf("%-5v %d pages  %-14v %.28q\n", b.Flagged, b.Documents, b.Reason, b.Of(page.Text))
	}
	// Output:
	// true  3 pages  navigation     "Home · News · Weather · Abou"
	// false 1 pages  own text       "Ferry to become a museum"
	// false 1 pages  own text       "The old ferry will be sold t"
	// true  3 pages  site furniture "Printed by the Harbour Gazet"
}

// A signature of the page's own text takes one line.
func ExampleDetector_Mask() {
	d := boilerplate.New(boilerplate.Options{})
	for _, p := range gazettePages {
		d.Observe(p)
	}
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	var plain, masked []minhash.Signature
	for _, p := range gazettePages {
		plain = append(plain, mh.Sketch(sh.Hashes(p.Text)))
		masked = append(masked, mh.Sketch(sh.Hashes(p.Text, d.Mask(p)...)))
	}
	fmt.Println("plain pages look alike: ", plain[0].Similarity(plain[1]) > 0.1)
	fmt.Println("masked pages look alike:", masked[0].Similarity(masked[1]) > 0.1)
	// Output:
	// plain pages look alike:  true
	// masked pages look alike: false
}

// Streaming: each page is judged by the pages before it; judging it again later revises
// the verdict.
func ExampleDetector_Next() {
	d := boilerplate.New(boilerplate.Options{})
	for _, p := range gazettePages {
		flagged := 0
		for _, b := range d.Next(p) {
			if b.Flagged {
				flagged++
			}
		}
		fmt.Println(p.ID, flagged)
	}
	first := gazettePages[0]
	fmt.Println(first.ID, len(d.Mask(first)), "revised")
	// Output:
	// /ferry 0
	// /kites 2
	// /bakery 2
	// /ferry 2 revised
}

// Strip leaves out the spans that Mask returns.
func ExampleDetector_Strip() {
	d := boilerplate.New(boilerplate.Options{})
	for _, p := range gazettePages {
		d.Observe(p)
	}
	fmt.Println(d.Strip(boilerplate.Page{Host: "gazette.example", Text: gazette("A page that nobody has observed.")}))
	// Output:
	// A page that nobody has observed.
}

// Workers observe shares of the pages, and one detector merges their counts.
func ExampleDetector_Merge() {
	whole := boilerplate.New(boilerplate.Options{})
	for _, p := range gazettePages {
		worker := boilerplate.New(boilerplate.Options{})
		worker.Observe(p)
		if err := whole.Merge(worker); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(whole.Stats().Documents)
	// Output: 3
}

// A sign-off of several hosts is recognised on a new host.
func ExampleBlock() {
	d := boilerplate.New(boilerplate.Options{})
	signOff := "Reporting by the Harbour Agency; corrections to desk@agency.example"
	for i, host := range []string{"a.example", "b.example", "c.example"} {
		story := fmt.Sprintf("Story number %s, of which there is but one on this host.", strings.Repeat("x", i+1))
		d.Observe(boilerplate.Page{Host: host, Text: story + "\n\n" + signOff})
	}
	page := boilerplate.Page{Host: "new.example", Text: "Something else entirely happened here last night.\n\n" + signOff}
	b := d.Judge(page)[1]
	fmt.Println(b.Flagged, b.Scope, b.Documents, b.Hosts, b.Reason, b.Confidence)
	// Output: true global 4 4 sign-off 0.75
}

// A detector is saved and loaded with its options.
func ExampleDetector_UnmarshalBinary() {
	d := boilerplate.New(boilerplate.Options{MinDocuments: 3})
	for _, p := range gazettePages {
		d.Observe(p)
	}
	data, err := d.MarshalBinary()
	if err != nil {
		fmt.Println(err)
		return
	}
	var loaded boilerplate.Detector
	if err := loaded.UnmarshalBinary(data); err != nil {
		fmt.Println(err)
		return
	}
	page := gazettePages[1]
	fmt.Println(len(loaded.Mask(page)), "blocks masked")
	// Output: 2 blocks masked
}

// Cut removes spans from a text, here those found by the caller's own rule.
func ExampleCut() {
	text := "A headline\n\nADVERTISEMENT\n\nA story."
	var ads []shingle.Span
	for p := range shingle.Paragraphs(text) {
		if p.Of(text) == "ADVERTISEMENT" {
			ads = append(ads, p)
		}
	}
	fmt.Printf("%q\n", boilerplate.Cut(text, ads))
	// Output: "A headline\n\nA story."
}
