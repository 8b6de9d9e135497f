// Package corpus gives tests access to the real data next to the repository, and
// generates any amount of made-up text. Nothing outside tests imports it.
package corpus

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A Doc is one line of a JSON Lines file of documents.
type Doc struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Host string `json:"host"`
}

// Shared returns the path of a file in the folder "shared" next to the repository.
// If that folder is absent, it skips the test with a message. A file that is missing
// although the folder exists fails the test.
func Shared(tb testing.TB, elem ...string) string {
	tb.Helper()
	dir := filepath.Join(root(tb), "..", "shared")
	if _, err := os.Stat(dir); err != nil {
		tb.Skip("no real data: the folder shared is not next to the repository")
	}
	name := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(name); err != nil {
		tb.Fatal(err)
	}
	return name
}

// Docs reads a JSON Lines file of documents below shared/data.
func Docs(tb testing.TB, elem ...string) []Doc {
	tb.Helper()
	f, err := os.Open(Shared(tb, append([]string{"data"}, elem...)...))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var docs []Doc
	for dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<20)); dec.More(); {
		var d Doc
		if err := dec.Decode(&d); err != nil {
			tb.Fatalf("%s: %v", f.Name(), err)
		}
		docs = append(docs, d)
	}
	return docs
}

// A Pair is one line of an exact all-pairs reference.
type Pair struct {
	A, B        string
	Jaccard     float64
	Containment float64 // containment of the smaller document in the larger
}

// Silver reads an exact all-pairs reference (silver_*.tsv) below shared/data.
func Silver(tb testing.TB, elem ...string) []Pair {
	tb.Helper()
	data, err := os.ReadFile(Shared(tb, append([]string{"data"}, elem...)...))
	if err != nil {
		tb.Fatal(err)
	}
	var pairs []Pair
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if i == 0 {
			continue // the header
		}
		c := strings.Split(line, "\t")
		if len(c) < 4 {
			tb.Fatalf("line %d: %d columns", i+1, len(c))
		}
		j, err1 := strconv.ParseFloat(c[2], 64)
		k, err2 := strconv.ParseFloat(c[3], 64)
		if err1 != nil || err2 != nil {
			tb.Fatalf("line %d: not a number", i+1)
		}
		pairs = append(pairs, Pair{c[0], c[1], j, k})
	}
	return pairs
}

// root returns the folder of the repository: the topmost one above the working
// directory that holds a go.mod.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	top := ""
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			top = dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	if top == "" {
		tb.Fatal("no go.mod above the working directory")
	}
	return top
}
