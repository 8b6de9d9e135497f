// Package peers has the contestants written in Go, each used as its own
// documentation recommends.
package peers

import (
	"strings"
	"unicode"
)

// Width is the number of words in a shingle, Registers the number of registers in a
// signature.
const (
	Width     = 5
	Registers = 128
)

// A Found is the output of a peer.
type Found struct {
	Pairs   [][2]int // the rows of each pair, the lower first
	Banding string   // bands x rows, or its equivalent
	Index   any      // the memory that the peer keeps to answer the next query
}

// A Peer finds the near-duplicates among texts: all its work on a text is within the
// call, including tokens and shingles.
type Peer struct {
	Name string
	Find func(texts []string, threshold float64) Found
	// Quadratic is set if the peer compares every document with every other one.
	Quadratic bool
	// Floor is set if the peer only makes shingles and finds nothing: its time is a lower
	// bound for all peers.
	Floor bool
}

// Near is the list of peers.
var Near = []Peer{
	{Name: "neardup", Find: neardupSets},
	{Name: "neardup-signatures", Find: neardupSignatures},
	{Name: "neardup-common", Find: neardupCommon},
	{Name: "ekzhu/minhash-lsh", Find: ekzhu},
	{Name: "dgryski/go-minhash", Find: dgryski},
	{Name: "mfonda/simhash", Find: mfonda, Quadratic: true},
	{Name: "map of sets", Find: mapOfSets},
	{Name: "shingles alone, Go", Find: shinglesAlone, Floor: true},
}

// words is the tokenizer for all peers without one of their own: runs of letters,
// digits and underscores of the lower-cased text, like \w+ in other languages.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r)
	})
}

// shingles returns runs of five words; a shorter text is one shingle.
func shingles(text string) []string {
	ws := words(text)
	if len(ws) == 0 {
		return nil
	}
	w := min(Width, len(ws))
	out := make([]string, 0, len(ws)-w+1)
	for i := 0; i+w <= len(ws); i++ {
		out = append(out, strings.Join(ws[i:i+w], " "))
	}
	return out
}
