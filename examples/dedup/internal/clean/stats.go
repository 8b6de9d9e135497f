package clean

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// Figures returns how many documents were kept, removed and left out, in all and by
// source and host. A source is a file of many documents, or a folder of files of one.
func (d *Decision) Figures() show.Figures {
	c := d.c
	f := show.Figures{
		Removed: map[string]int{}, LeftOut: map[string]int{}, Other: map[string]int{}, ClusterSizes: map[string]int{},
		Sources: []show.Group{}, Hosts: []show.Group{},
	}
	sources, hosts := map[string]*show.Group{}, map[string]*show.Group{}
	count := func(groups map[string]*show.Group, name string, add func(*show.Group)) {
		g := groups[name]
		if g == nil {
			g = &show.Group{Name: name}
			groups[name] = g
		}
		add(g)
	}
	at := 0
	for i := c.Old; i < len(c.Docs); i++ {
		doc := c.Docs[i]
		for at < len(d.Removals) && d.Removals[at].Row < i {
			at++
		}
		removed := at < len(d.Removals) && d.Removals[at].Row == i
		add := func(g *show.Group) {
			g.Documents++
			if removed {
				g.Removed++
			} else {
				g.Kept++
			}
		}
		add(&f.Group)
		count(sources, source(doc.Place), add)
		count(hosts, doc.Host, add)
		if removed {
			f.Removed[d.reason(d.Removals[at])]++
		}
	}
	for loss, n := range c.Lost {
		add := func(g *show.Group) {
			g.Documents += n
			g.LeftOut += n
		}
		add(&f.Group)
		count(sources, loss.File, add)
		f.LeftOut[loss.Reason] += n
	}
	for kind, n := range c.Other {
		f.Other[kind] += n
	}
	f.Cut = d.Cuts.figures()
	singles := f.Kept
	for _, k := range d.Clusters {
		f.ClusterSizes[strconv.Itoa(len(k.Members))]++
		singles--
	}
	f.ClusterSizes["1"] = singles
	f.Sources, f.Hosts = sorted(sources), sorted(hosts)
	return f
}

// reason returns that of a removal.
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
