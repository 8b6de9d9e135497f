package clean

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// Figures counts the documents kept, removed and left out, in total and by source
// and host. A source is a file of many documents, or a folder of files with one
// document each.
func (d *Decision) Figures() show.Figures {
	c := d.c
	t := NewTally()
	at := 0
	for i := c.Old; i < len(c.Docs); i++ {
		for at < len(d.Removals) && d.Removals[at].Row < i {
			at++
		}
		reason := ""
		if at < len(d.Removals) && d.Removals[at].Row == i {
			reason = d.reason(d.Removals[at])
		}
		t.Add(c.Docs[i].Place, c.Docs[i].Host, reason)
	}
	for loss, n := range c.Lost {
		t.Lost(loss, n)
	}
	for kind, n := range c.Other {
		t.Other(kind, n)
	}
	sizes := map[int]int{}
	for _, k := range d.Clusters {
		sizes[len(k.Members)]++
	}
	f := t.Figures(sizes)
	f.Cut = d.Cuts.Figures()
	return f
}

// A Tally counts documents. Make it with [NewTally].
type Tally struct {
	f              show.Figures
	sources, hosts map[string]*show.Group
}

// NewTally returns an empty tally.
func NewTally() *Tally {
	return &Tally{
		f: show.Figures{
			Removed: map[string]int{}, LeftOut: map[string]int{}, Other: map[string]int{}, ClusterSizes: map[string]int{},
			Sources: []show.Group{}, Hosts: []show.Group{},
		},
		sources: map[string]*show.Group{}, hosts: map[string]*show.Group{},
	}
}

func group(groups map[string]*show.Group, name string) *show.Group {
	g := groups[name]
	if g == nil {
		g = &show.Group{Name: name}
		groups[name] = g
	}
	return g
}

// Add counts a document that is removed for a reason, or kept if the reason is
// empty.
func (t *Tally) Add(p input.Place, host, reason string) {
	for _, g := range []*show.Group{&t.f.Group, group(t.sources, source(p)), group(t.hosts, host)} {
		g.Documents++
		if reason != "" {
			g.Removed++
		} else {
			g.Kept++
		}
	}
	if reason != "" {
		t.f.Removed[reason]++
	}
}

// Lost counts documents that could not be read.
func (t *Tally) Lost(loss corpus.Loss, n int) {
	for _, g := range []*show.Group{&t.f.Group, group(t.sources, loss.File)} {
		g.Documents += n
		g.LeftOut += n
	}
	t.f.LeftOut[loss.Reason] += n
}

// Other counts files that are not documents.
func (t *Tally) Other(kind string, n int) { t.f.Other[kind] += n }

// Figures returns the figures; sizes counts the clusters of each size.
func (t *Tally) Figures(sizes map[int]int) show.Figures {
	f := t.f
	singles := f.Kept
	for size, n := range sizes {
		f.ClusterSizes[strconv.Itoa(size)] += n
		singles -= n
	}
	f.ClusterSizes["1"] = singles
	f.Sources, f.Hosts = sorted(t.sources), sorted(t.hosts)
	return f
}

// reason returns the reason of a removal.
func (d *Decision) reason(r Removal) string {
	switch {
	case r.Match < 0:
		return Item
	case d.c.Size(r.Row) == d.c.Size(r.Match) && d.c.Text(r.Row) == d.c.Text(r.Match):
		return Identical
	case d.exact:
		return Equal
	}
	return Near
}

func source(p input.Place) string {
	if p.Line+p.Row+p.Record > 0 || p.File == "-" {
		return p.File
	}
	return filepath.Dir(p.File)
}

func sorted(groups map[string]*show.Group) []show.Group {
	out := []show.Group{}
	for _, g := range groups {
		g.Rate = float64(g.Removed) / float64(max(1, g.Kept+g.Removed))
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b show.Group) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// WriteFigures writes figures to the file of -stats.
func (c *Writer) WriteFigures(f show.Figures) error {
	if c.to.Stats == "" {
		return nil
	}
	f.Rate = float64(f.Group.Removed) / float64(max(1, f.Kept+f.Group.Removed))
	f.Passed = c.Passed
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	file, err := outfile.Create(c.to.Stats, c.to.Overwrite)
	if err != nil {
		return err
	}
	defer file.Abort()
	if _, err := file.Write(append(data, '\n')); err != nil {
		return err
	}
	return file.Commit()
}
