package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/neardup/neardup/bench/peers/peers"
)

// A generated corpus has 200 near-duplicates in every thousand documents, each one
// similar to another document of the thousand. A quarter of them differ only in case
// and punctuation, the others in one, two or four words. All other pairs of
// documents have next to nothing in common. Documents have 60 to 140 words from a
// vocabulary of 30,000, both frequent and rare, as in any language.
const generation = 1 // increment it when the documents change

const vocabulary = 30_000

// A pairOf is a planted pair and its true similarity.
type pairOf struct {
	A, B    int
	Jaccard float64
}

// generate writes n documents and returns the planted pairs.
func generate(w io.Writer, n int) ([]pairOf, error) {
	r := rand.New(rand.NewPCG(generation, 1))
	lexicon := make([]string, vocabulary)
	for i := range lexicon {
		lexicon[i] = invent(r)
	}
	// The frequency of the word of rank k is about 1/k.
	pick := func() string { return lexicon[int(math.Exp(r.Float64()*math.Log(vocabulary)))-1] }
	enc := json.NewEncoder(w)
	put := func(i int, words []string, shout bool) error {
		return enc.Encode(map[string]string{"id": fmt.Sprint(i), "text": prose(words, shout)})
	}
	var pairs []pairOf
	for start := 0; start < n; start += 1000 {
		size := min(1000, n-start)
		base := size * 4 / 5
		docs := make([][]string, base)
		for i := range docs {
			docs[i] = make([]string, 60+r.IntN(81))
			for j := range docs[i] {
				docs[i][j] = pick()
			}
			if err := put(start+i, docs[i], false); err != nil {
				return nil, err
			}
		}
		for v := range size - base {
			from := 4 * v
			words := append([]string(nil), docs[from]...)
			for range []int{0, 1, 2, 4}[v%4] {
				words[r.IntN(len(words))] = pick()
			}
			if err := put(start+base+v, words, v%4 == 0); err != nil {
				return nil, err
			}
			pairs = append(pairs, pairOf{start + from, start + base + v, jaccard(docs[from], words)})
		}
	}
	return pairs, nil
}

// documentsMain writes the number of documents that its argument gives.
func documentsMain(args []string, w io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: documents NUMBER")
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 0 {
		return fmt.Errorf("documents %s: not a number of documents", args[0])
	}
	b := bufio.NewWriterSize(w, 1<<20)
	if _, err := generate(b, n); err != nil {
		return err
	}
	return b.Flush()
}

// invent makes up a word.
func invent(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteByte("bcdfghklmnprstvz"[r.IntN(16)])
		b.WriteByte("aeiou"[r.IntN(5)])
		if r.IntN(3) == 0 {
			b.WriteByte("lmnrst"[r.IntN(6)])
		}
	}
	return b.String()
}

// prose makes sentences from words: full stops instead of commas and a few
// additional capitals make no difference to any tokenizer.
func prose(words []string, shout bool) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i%11 == 0:
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		case shout && i%7 == 3:
			b.WriteString(strings.ToUpper(w))
		default:
			b.WriteString(w)
		}
		switch {
		case i == len(words)-1 || i%11 == 10:
			b.WriteString(". ")
		case i%5 == 4 && !shout:
			b.WriteString(", ")
		default:
			b.WriteString(" ")
		}
	}
	return b.String()
}

// jaccard is the exact Jaccard similarity.
func jaccard(a, b []string) float64 {
	in := func(words []string) map[string]bool {
		set := map[string]bool{}
		for i := 0; i+peers.Width <= len(words); i++ {
			set[strings.Join(words[i:i+peers.Width], " ")] = true
		}
		return set
	}
	sa, sb := in(a), in(b)
	common := 0
	for s := range sa {
		if sb[s] {
			common++
		}
	}
	return float64(common) / float64(len(sa)+len(sb)-common)
}

// generated returns a file of n documents and their truth. It writes the file unless it
// exists.
func generated(work string, n int) (file string, tr truth, err error) {
	file = filepath.Join(work, fmt.Sprintf("generated-%d-%d.jsonl", generation, n))
	to := io.Discard
	if _, err := os.Stat(file); err != nil {
		f, err := os.Create(file + ".part")
		if err != nil {
			return "", nil, err
		}
		defer f.Close()
		to = f
	}
	b := bufio.NewWriterSize(to, 1<<20)
	pairs, err := generate(b, n)
	if err == nil {
		err = b.Flush()
	}
	if err == nil && to != io.Discard {
		err = os.Rename(file+".part", file)
	}
	tr = truth{}
	for _, p := range pairs {
		tr[[2]int{p.A, p.B}] = p.Jaccard
	}
	return file, tr, err
}
