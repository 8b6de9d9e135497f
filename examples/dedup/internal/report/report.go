// Package report shows the findings about a corpus to a person: on a terminal, or as
// a page for a browser.
package report

import (
	"slices"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// Findings are the clusters, shared passages and recycled blocks of a corpus.
type Findings struct {
	c        *corpus.Corpus
	o        find.Options
	sketches *find.Sketches
	blocks   [][]boilerplate.Block // flagged or masked blocks of each document
	masks    [][]shingle.Span      // spans of each document left out of comparisons
	clusters []cluster
	pairs    []pair      // documents of different clusters that share passages
	recycled []*recycled // blocks by host
	pages    int         // number of documents with recycled blocks
	words    map[int]int // number of words of a document, not counting recycled blocks
	ix       *find.Passages
}

type cluster = lsh.Cluster[int]

// Find makes the Findings of a corpus; recycled blocks are left out before documents
// are compared. Close the Findings.
func Find(c *corpus.Corpus, o find.Options) (*Findings, error) {
	f := &Findings{c: c, o: o, words: map[int]int{}}
	if err := find.RequirePassages(c); err != nil {
		return nil, err
	}
	blocks, err := find.Blocks(c)
	if err != nil {
		return nil, err
	}
	f.blocks = blocks
	if f.masks = find.MasksFor(c, o, blocks); f.masks == nil {
		f.masks = make([][]shingle.Span, len(c.Docs))
	}
	for i := range blocks {
		if slices.ContainsFunc(blocks[i], func(b boilerplate.Block) bool { return b.Flagged }) {
			f.pages++
		}
	}
	f.recycled = gather(c, blocks)
	if f.sketches, err = find.Sketch(c, o, f.masks); err != nil {
		return nil, err
	}
	if f.clusters, err = f.findClusters(); err == nil {
		err = f.findPassages()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	f.rank()
	return f, nil
}

// Close removes the temporary files of the findings.
func (f *Findings) Close() { f.sketches.Close() }

// findClusters finds the clusters by the criterion of the options.
func (f *Findings) findClusters() ([]cluster, error) {
	if f.o.Covered == 0 {
		return f.sketches.Clusters()
	}
	v, err := find.CoverMasked(f.c, f.o, find.MasksOf(f.blocks))
	if err != nil {
		return nil, err
	}
	defer v.Close()
	pairs, err := v.Pairs()
	if err != nil {
		return nil, err
	}
	return v.Clusters(pairs, nil)
}

// findPassages finds the passages that documents of different clusters share.
func (f *Findings) findPassages() error {
	cluster := map[int]int{}
	for i, c := range f.clusters {
		for _, m := range c.Members {
			cluster[m.ID] = i + 1
		}
	}
	ix, err := find.IndexPassages(f.c, f.o, f.masks)
	if err != nil {
		return err
	}
	row := f.c.Rows()
	for pair, err := range ix.Shared() {
		if err != nil {
			return err
		}
		a, b := row[pair.A], row[pair.B]
		if c := cluster[a]; c == 0 || c != cluster[b] {
			f.addPair(a, b, pair)
		}
	}
	for _, s := range ix.LeftOut() {
		f.c.Env().Note("%s", s)
	}
	f.ix = ix
	return nil
}
