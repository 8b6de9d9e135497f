package lsh_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

const (
	harbour = "The harbour of the old town was closed on Monday after a crane fell into the water. " +
		"Nobody was hurt, the port authority said, but two ferries had to turn around and land further up the coast."
	harbourUpdated = "UPDATE: The harbour of the old town was closed on Monday after a crane fell into the water. " +
		"Nobody was hurt, the port authority said, but two ferries had to turn around and land further up the coast."
	bakery = "A bakery in the upper town has won the national prize for rye bread for the third time. " +
		"The owner, who learned the trade from her aunt, thinks that patience is all there is to it."
	summary = "Nobody was hurt, the port authority said, but two ferries had to turn around and land further up the coast."
)

func Example() {
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	ix := lsh.New(lsh.Options{Threshold: 0.7})
	for _, d := range []struct{ id, text string }{
		{"harbour", harbour}, {"bakery", bakery}, {"update", harbourUpdated},
	} {
		h := sh.AppendHashes(nil, d.text)
		ix.AddSet(d.id, mh.Sketch(h), h)
	}
	pairs, err := ix.Pairs(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range pairs {
		fmt.Printf("%s and %s: %.2f, exact %v\n", p.A, p.B, p.Similarity, p.Exact)
	}
	// Output:
	// harbour and update: 0.97, exact true
}

// A crawler keeps new pages. The index is its only state: it stores a page unless it
// already has a match.
func ExampleIndex_InsertNew() {
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	ix := lsh.New(lsh.Options{})
	for _, page := range []struct{ url, text string }{
		{"a.example/1", harbour}, {"b.example/news", harbourUpdated}, {"a.example/2", bakery},
	} {
		h := sh.AppendHashes(nil, page.text)
		if m, found := ix.InsertNew(page.url, mh.Sketch(h), h); found {
			fmt.Printf("%s repeats %s: %.2f\n", page.url, m.ID, m.Similarity)
		} else {
			fmt.Printf("%s is new\n", page.url)
		}
	}
	fmt.Println(ix.Len(), "pages")
	// Output:
	// a.example/1 is new
	// b.example/news repeats a.example/1: 0.97
	// a.example/2 is new
	// 2 pages
}

// A rule judges candidates from elsewhere, here from a query engine that returned two
// signatures that share a band.
func ExampleRule() {
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	rule := lsh.NewRule(128, lsh.DefaultThreshold)
	a, b := sh.Set(harbour), sh.Set(harbourUpdated)
	agree := minhash.Agree(mh.Sketch(a).Values(), mh.Sketch(b).Values())
	s, ok := rule.Judge(agree, func() (x, y []uint64, known bool) { return a, b, true }, nil)
	fmt.Printf("match %v: %.2f, exact %v\n", ok, s.Similarity, s.Exact)
	// Output:
	// match true: 0.97, exact true
}

func ExampleIndex_Search() {
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	ix := lsh.New(lsh.Options{Threshold: 0.3})
	for id, text := range []string{harbour, harbourUpdated, bakery} {
		ix.Add(fmt.Sprint(id), mh.Sketch(sh.AppendHashes(nil, text)))
	}
	set := sh.Set(harbour)
	for _, m := range ix.Search(mh.Sketch(set), lsh.SearchOptions{Limit: 1}) {
		fmt.Printf("%s: %.2f\n", m.ID, m.Similarity)
	}
	// Output:
	// 0: 1.00
}

func ExampleIndex_Clusters() {
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	ix := lsh.New(lsh.Options{})
	for _, d := range []struct{ id, text string }{
		{"harbour", harbour}, {"bakery", bakery}, {"update", harbourUpdated},
	} {
		h := sh.AppendHashes(nil, d.text)
		ix.AddSet(d.id, mh.Sketch(h), h)
	}
	clusters, err := ix.Clusters(context.Background(), lsh.ClusterOptions[string]{Keep: lsh.Longest})
	if err != nil {
		fmt.Println(err)
	}
	for _, c := range clusters {
		fmt.Println("keep", c.Representative)
		for _, m := range c.Members[1:] {
			fmt.Printf("drop %s: %.2f\n", m.ID, m.Similarity)
		}
	}
	// Output:
	// keep update
	// drop harbour: 0.97
}

func ExampleBatch() {
	texts := []string{harbour, bakery, harbourUpdated, strings.ToUpper(bakery)}
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	var registers []uint32
	for _, t := range texts {
		registers = mh.AppendValues(registers, sh.AppendHashes(nil, t))
	}
	b := lsh.Batch{Sets: func(row int) []uint64 { return sh.Set(texts[row]) }}
	pairs, _, err := b.Pairs(context.Background(), lsh.Registers{Size: mh.Scheme().K, Values: registers})
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range pairs {
		fmt.Printf("%d and %d: %.2f\n", p.A, p.B, p.Similarity)
	}
	// Output:
	// 0 and 2: 0.97
	// 1 and 3: 1.00
}

// A short text inside a long one has a low similarity and a high containment.
func ExampleBatch_Contained() {
	texts := []string{harbour, bakery, summary}
	var sh shingle.Shingler
	b := lsh.Batch{Sets: func(row int) []uint64 { return sh.Set(texts[row]) }}
	pairs, _, err := b.Contained(context.Background(), len(texts), 0.9)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range pairs {
		fmt.Printf("%d and %d: similarity %.2f, %.2f of %d is in %d\n", p.A, p.B, p.Similarity, p.ContainmentB, p.B, p.A)
	}
	// Output:
	// 0 and 2: similarity 0.48, 1.00 of 2 is in 0
}

// Repeats compares new documents with known ones and with each other.
func ExampleBatch_Repeats() {
	texts := []string{harbour, bakery, summary, harbourUpdated, summary}
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	var registers []uint32
	for _, t := range texts {
		registers = mh.AppendValues(registers, sh.AppendHashes(nil, t))
	}
	var b lsh.Batch
	repeats, _, err := b.Repeats(context.Background(), lsh.Registers{Size: mh.Scheme().K, Values: registers}, 2)
	if err != nil {
		fmt.Println(err)
	}
	for _, r := range repeats {
		fmt.Printf("%d repeats %d\n", r.A, r.B)
	}
	// Output:
	// 3 repeats 0
	// 4 repeats 2
}

// The bandings for signatures of 128 registers: the probability of finding pairs at the
// threshold and above it, and the share of pairs with little in common that become
// candidates.
func ExampleChoose() {
	fmt.Println("threshold  banding  at it  +0.05  unrelated: 0.05      0.1      0.2")
	for _, t := range []float64{0.3, 0.5, 0.7, 0.8, 0.9} {
		b := lsh.Choose(128, t, 0.99)
		fmt.Printf("%9.1f  %7v  %.3f  %.3f  %15.0e  %7.0e  %7.0e\n",
			t, b, b.Recall(t), b.Recall(t+0.05), b.Recall(0.05), b.Recall(0.1), b.Recall(0.2))
	}
	// Output:
	// threshold  banding  at it  +0.05  unrelated: 0.05      0.1      0.2
	//       0.3     49x2  0.990  0.998            1e-01    4e-01    9e-01
	//       0.5     35x3  0.991  0.998            4e-03    3e-02    2e-01
	//       0.7     17x4  0.991  0.998            1e-04    2e-03    3e-02
	//       0.8     16x6  0.992  0.999            2e-07    2e-05    1e-03
	//       0.9    11x10  0.991  1.000            1e-12    1e-09    1e-06
}

func ExampleNeededK() {
	fmt.Println(lsh.NeededK(0.8, 0.99, 6), "registers for bands of 6 rows")
	fmt.Println(lsh.NeededK(0.8, 0.99, 10), "registers for bands of 10 rows")
	// Output:
	// 96 registers for bands of 6 rows
	// 410 registers for bands of 10 rows
}

// A million pairs of documents with a tenth in common, and ten pairs of near-duplicates.
func ExampleBanding_Candidates() {
	pairs := make([]float64, 20)
	pairs[2], pairs[18] = 1e6, 10
	for _, b := range []lsh.Banding{{Bands: 16, Rows: 6}, {Bands: 49, Rows: 2}} {
		fmt.Printf("%v: %.0f candidates\n", b, b.Candidates(pairs))
	}
	// Output:
	// 16x6: 71 candidates
	// 49x2: 537769 candidates
}
