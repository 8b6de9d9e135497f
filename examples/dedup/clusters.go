package main

import (
	"fmt"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh"
)

var clustersCommand = cli.Command{
	Name:    "clusters",
	Summary: "show which documents belong together and which one to keep",
	Help: `Prints every cluster of two and more near-duplicates. Each member has a
Jaccard similarity of at least -threshold to the representative, the document to
keep; clusters never chain from document to document. With -covered pages are
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
	read corpus.Options
	cli.Output
}

func (k *clusters) Flags() []cli.Flags {
	return []cli.Flags{k.MatchFlags(), k.CoveredFlag(), k.KeepFlag(&k.read), k.ShingleFlags(), k.StripFlag(), k.read.InputFlags(), k.OutputFlags()}
}

func (k *clusters) Run(e *cli.Env) error {
	c, err := corpus.Load(e, k.read, nil, e.Inputs)
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
	e.Summary("%s in %s: keep %d, %d are near-duplicates (%s to the one kept, %s)",
		show.Count(len(found), "cluster"), c.Counted(), len(c.Docs)-members+len(found), members-len(found), k.Criterion(e.Given["threshold"]), k.Figures())
	c.ReportCompared()
	return nil
}

// find returns the clusters by the criterion of the flags.
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

// showCluster shows a cluster to a person.
func showCluster(e *cli.Env, c *corpus.Corpus, cl lsh.Cluster[int]) {
	fmt.Fprintf(e.Out, "keep   %s\n", show.Printable(c.Docs[cl.Representative].ID))
	for _, m := range cl.Members {
		if m.ID != cl.Representative {
			fmt.Fprintf(e.Out, "%.3f    %s\n", m.Similarity, show.Printable(c.Docs[m.ID].ID))
		}
	}
}
