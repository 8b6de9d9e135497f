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
	masks    [][]shingle.Span
	clusters []cluster
	pairs    []pair      // of documents of different clusters
	recycled []*recycled // blocks
	pages    int         // documents with recycled blocks
}

type cluster = lsh.Cluster[int]

// Find finds them; recycled blocks are left out before documents are compared. Close
// the findings.
func Find(c *corpus.Corpus, o find.Options) (*Findings, error) {
	f := &Findings{c: c, o: o, masks: make([][]shingle.Span, len(c.Docs))}
	blocks, err := find.Blocks(c, o)
	if err != nil {
		return nil, err
	}
	for i := range blocks {
		f.masks[i] = boilerplate.Mask(blocks[i])
		if slices.ContainsFunc(blocks[i], func(b boilerplate.Block) bool { return b.Flagged }) {
			f.pages++
		}
	}
	f.recycled = gather(c, blocks)
	if f.sketches, err = find.Sketch(c, o, f.masks); err != nil {
		return nil, err
	}
	if f.clusters, err = f.sketches.Clusters(); err == nil {
		err = f.findPassages()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	f.rank()
	return f, nil
}

// Close removes what the findings keep outside memory.
func (f *Findings) Close() { f.sketches.Close() }

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
	if s := ix.LeftOut(); s != "" {
		f.c.Env().Note("%s", s)
	}
	return nil
}
