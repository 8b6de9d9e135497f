package main

import (
	"fmt"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/doctime"
	"github.com/neardup/neardup/lsh"
)

var clustersCommand = command{
	name:    "clusters",
	summary: "which documents belong together, and which one to keep",
	help: `Prints every cluster of two and more near-duplicates. Each member has a
Jaccard similarity of at least -threshold to the representative, the document to
keep; clusters never chain from document to document.
`,
	example: `corpus.jsonl
-keep newest -threshold 0.9 versions.parquet
-json -strip 'crawl/*.warc.gz'
`,
	flags: []flagGroup{matchFlags, keepFlag, shingleFlags, stripFlag, inputFlags, outputFlags},
	run:   runClusters,
}

// clusterJSON is a cluster as -json prints it.
type clusterJSON struct {
	Representative string       `json:"representative"`
	Members        []memberJSON `json:"members"`
}

type memberJSON struct {
	ID         string  `json:"id"`
	Similarity float64 `json:"similarity"`
}

func runClusters(j *job) error {
	if err := j.load(); err != nil {
		return err
	}
	s, err := j.sketch()
	if err != nil {
		return err
	}
	clusters, err := j.clusters(s)
	if err != nil {
		return err
	}
	members := 0
	for _, c := range clusters {
		members += len(c.Members)
		if !j.opt.json {
			j.printCluster(c)
			continue
		}
		out := clusterJSON{Representative: j.docs[c.Representative].ID}
		for _, m := range c.Members {
			out.Members = append(out.Members, memberJSON{j.docs[m.Row].ID, m.Similarity})
		}
		if err := j.print(out); err != nil {
			return err
		}
	}
	j.summary("%s in %s: keep %d, %d are near-duplicates (Jaccard %v or more to the one kept, %s)",
		count(len(clusters), "cluster"), j.counted(), len(j.docs)-members+len(clusters), members-len(clusters), j.opt.threshold, j.kind())
	return nil
}

// printCluster shows a cluster to a person.
func (j *job) printCluster(c lsh.RowCluster) {
	fmt.Fprintf(j.out, "keep   %s\n", printable(j.docs[c.Representative].ID))
	for _, m := range c.Members {
		if m.Row != c.Representative {
			fmt.Fprintf(j.out, "%.3f    %s\n", m.Similarity, printable(j.docs[m.Row].ID))
		}
	}
}

// clusters returns the clusters that the flags ask for.
func (j *job) clusters(s *sketches) ([]lsh.RowCluster, error) { return j.clustersAmong(s, nil) }

// clustersAmong returns the clusters of some documents, of all if rows is nil.
func (j *job) clustersAmong(s *sketches, rows []int) ([]lsh.RowCluster, error) {
	p := j.progress("clustering", "", 0)
	defer p.stop()
	before, err := j.preference()
	if err != nil {
		return nil, err
	}
	if all := before; rows != nil && all != nil {
		before = func(a, b int) bool { return all(rows[a], rows[b]) }
	}
	clusters, work, err := j.batch(s, rows, p).Clusters(j.ctx, j.source(rows), lsh.RowClusterOptions{Before: before})
	if err != nil {
		return nil, err
	}
	j.bounded(work)
	if rows != nil {
		for _, c := range clusters {
			for i, m := range c.Members {
				c.Members[i].Row = rows[m.Row]
			}
		}
		for i, c := range clusters {
			clusters[i].Representative = rows[c.Representative]
		}
	}
	return clusters, j.texts.Err()
}

// preference returns which of two documents -keep prefers; nil is the earlier
// one of the input. Otherwise equals go by id, so that the order of the input
// does not matter.
func (j *job) preference() (func(a, b int) bool, error) {
	switch j.opt.keep {
	case "longest":
		return func(a, b int) bool {
			if x, y := j.texts.Size(a), j.texts.Size(b); x != y {
				return x > y
			}
			return j.docs[a].ID < j.docs[b].ID
		}, nil
	case "newest":
		times := make([]time.Time, len(j.docs))
		for i, d := range j.docs {
			t, err := doctime.Parse(d.Time)
			if err != nil {
				j.inputError(&input.Error{Place: d.Place, Err: fmt.Errorf("%w; taken for the oldest", err)})
			}
			times[i] = t
		}
		return func(a, b int) bool {
			if !times[a].Equal(times[b]) {
				return times[a].After(times[b])
			}
			return j.docs[a].ID < j.docs[b].ID
		}, nil
	}
	return nil, nil
}
