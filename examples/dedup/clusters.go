package main

import (
	"bytes"
	"fmt"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spill"
	"github.com/neardup/neardup/lsh"
)

var clustersCommand = cli.Command{
	Name:    "clusters",
	Summary: "show which documents belong together and which one to keep",
	Help: `Prints every cluster of two or more near-duplicates. Each member has a
Jaccard similarity of at least -threshold to the representative, the document to
keep; clusters never chain from document to document. With -covered, pages are
compared by the share of their own text that they have in common, and that share is
the similarity.
`,
	Example: `corpus.jsonl
-keep newest -threshold 0.9 versions.parquet
-covered 0.25 -json 'crawl/*.warc.gz'
`,
	New: func() cli.Action { return new(clusters) },
}

type clusters struct {
	find.Options
	read  corpus.Options
	spill spill.Spill
	cli.Output
}

func (k *clusters) Flags() []cli.Flags {
	return []cli.Flags{
		find.MatchFlags(&k.Options), find.CoveredFlag(&k.Options), find.KeepFlag(&k.Options, &k.read),
		find.ShingleFlags(&k.Options), find.StripFlag(&k.Options), k.read.InputFlags(), k.spill.Flags(&k.Options),
		cli.OutputFlags(&k.Output),
	}
}

func (k *clusters) Run(e *cli.Env) error {
	if k.spill.Dir != "" {
		return k.runSpilled(e)
	}
	switch {
	case k.Estimate:
		k.read.Texts = corpus.Nowhere
	case k.Covered == 0:
		k.read.Texts = corpus.Large
	}
	c, err := k.Load(e, k.read, e.Inputs)
	if err != nil {
		return err
	}
	defer c.Close()
	found, err := k.find(c)
	if err != nil {
		return err
	}
	members := 0
	for _, cl := range found {
		members += len(cl.Members)
		if !k.JSON {
			showCluster(e, c, cl)
			continue
		}
		out := show.Cluster{Representative: c.Docs[cl.Representative].ID}
		for _, m := range cl.Members {
			out.Members = append(out.Members, show.Member{ID: c.Docs[m.ID].ID, Similarity: m.Similarity})
		}
		if err := e.Print(out); err != nil {
			return err
		}
	}
	k.summarize(e, len(found), members, len(c.Docs), c.Counted())
	c.ReportCompared()
	return nil
}

func (k *clusters) summarize(e *cli.Env, clusters, members, docs int, counted string) {
	e.Summary("%s in %s: keep %d, %d are near-duplicates (%s to the one kept, %s)",
		show.Count(clusters, "cluster"), counted, docs-members+clusters, members-clusters, k.Criterion(e.Given["threshold"]), k.Figures())
}

// runSpilled is like Run, but keeps intermediate results in a folder.
func (k *clusters) runSpilled(e *cli.Env) error {
	r, err := spill.Start(e, k.Options, k.read, k.spill)
	if err != nil {
		return err
	}
	if complete, err := r.Search(); err != nil || !complete {
		return err
	}
	r.WarnBounded()
	clusters, members := 0, 0
	for m, err := range r.Members() {
		if err != nil {
			return err
		}
		if members++; m.First {
			clusters++
		}
		if !k.JSON {
			showMember(e, m.ID, m.Similarity, m.First)
			continue
		}
		if err := printMember(e, m, clusters > 1); err != nil {
			return err
		}
	}
	if k.JSON && clusters > 0 {
		fmt.Fprintln(e.Out, "]}")
	}
	docs, empty := r.Docs()
	k.summarize(e, clusters, members, int(docs), corpus.Counted(int(docs), int(empty)))
	return endSpilled(e, r)
}

// endSpilled removes the files of a run after its findings have been written.
func endSpilled(e *cli.Env, r *spill.Run) error {
	if err := e.Out.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return r.Remove()
}

// printMember prints a member as part of its cluster's line, which may be too long
// to hold in memory; another is true if the line has already begun.
func printMember(e *cli.Env, m spill.Member, another bool) error {
	line, err := show.JSON(show.Member{ID: m.ID, Similarity: m.Similarity})
	if err != nil {
		return err
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	if !m.First {
		fmt.Fprintf(e.Out, ",%s", line)
		return nil
	}
	id, err := show.JSON(m.ID)
	if err != nil {
		return err
	}
	if another {
		fmt.Fprintln(e.Out, "]}")
	}
	fmt.Fprintf(e.Out, `{"representative":%s,"members":[%s`, bytes.TrimSuffix(id, []byte("\n")), line)
	return nil
}

// find returns the clusters under the criterion that the flags select.
func (k *clusters) find(c *corpus.Corpus) ([]lsh.Cluster[int], error) {
	if k.Covered == 0 {
		s, err := find.SketchStripped(c, k.Options)
		if err != nil {
			return nil, err
		}
		defer s.Close()
		return s.Clusters()
	}
	v, err := find.Cover(c, k.Options)
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

// showCluster prints a cluster for people.
func showCluster(e *cli.Env, c *corpus.Corpus, cl lsh.Cluster[int]) {
	for _, m := range cl.Members {
		showMember(e, c.Docs[m.ID].ID, m.Similarity, m.ID == cl.Representative)
	}
}

func showMember(e *cli.Env, id string, similarity float64, first bool) {
	if first {
		fmt.Fprintf(e.Out, "keep   %s\n", show.Printable(id))
		return
	}
	fmt.Fprintf(e.Out, "%.3f    %s\n", similarity, show.Printable(id))
}
