// Package report shows the findings about a corpus to a person: on a terminal, or as
// a page for a browser.
package report

import (
	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// Findings are the clusters, shared passages and recycled blocks of a corpus.
type Findings struct {
	c        *corpus.Corpus
	o        find.Options
	sketches *find.Sketches
	masks    [][]shingle.Span
	clusters []lsh.Cluster[int]
	pairs    []passage.Pair // of documents of different clusters
	blocks   [][]boilerplate.Block
}

// Find finds them; recycled blocks are left out before documents are compared. Close
// the findings.
func Find(c *corpus.Corpus, o find.Options) (*Findings, error) {
	f := &Findings{c: c, o: o, masks: make([][]shingle.Span, len(c.Docs))}
	var err error
	if f.blocks, err = find.Blocks(c, o); err != nil {
		return nil, err
	}
	for i := range f.blocks {
		f.masks[i] = boilerplate.Mask(f.blocks[i])
	}
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
	return f, nil
}

// Close removes what the findings keep outside memory.
func (f *Findings) Close() { f.sketches.Close() }

// findPassages finds the passages that documents of different clusters share.
func (f *Findings) findPassages() error {
	cluster := map[string]int{}
	for i, c := range f.clusters {
		for _, m := range c.Members {
			cluster[f.c.Docs[m.ID].ID] = i + 1
		}
	}
	ix, err := find.IndexPassages(f.c, f.o, f.masks)
	if err != nil {
		return err
	}
	for pair, err := range ix.Shared() {
		if err != nil {
			return err
		}
		if c := cluster[pair.A]; c == 0 || c != cluster[pair.B] {
			f.pairs = append(f.pairs, pair)
		}
	}
	if s := ix.LeftOut(); s != "" {
		f.c.Env().Note("%s", s)
	}
	return nil
}
