package report

import (
	"cmp"
	"fmt"
	"io"

	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// listed is how many findings of a kind the report shows; the other commands
// list all.
const listed = 10

// Screen shows the findings to a person.
func (f *Findings) Screen(w io.Writer) {
	fmt.Fprintf(w, "%s, %d bytes of text\n", f.c.Counted(), f.c.Bytes())
	f.showClusters(w)
	f.showPassages(w)
	f.showBlocks(w)
}

func (f *Findings) showClusters(w io.Writer) {
	clusters := f.clusters
	extra := 0
	for _, c := range clusters {
		extra += len(c.Members) - 1
	}
	fmt.Fprintf(w, "\nNEAR-DUPLICATES  %s; %s could go (Jaccard %v or more to the one to keep)\n\n",
		show.Count(len(clusters), "cluster"), show.Count(extra, "document"), f.o.Threshold)
	for i, c := range clusters {
		if i == listed {
			fmt.Fprintf(w, "  … and %s; dedup clusters lists them\n", show.Count(len(clusters)-i, "more cluster"))
			break
		}
		fmt.Fprintf(w, "  keep   %s\n", show.Printable(f.c.Docs[c.Representative].ID))
		for n, m := range c.Members[1:] {
			if n == listed {
				fmt.Fprintf(w, "         … and %d more\n", len(c.Members)-1-n)
				break
			}
			fmt.Fprintf(w, "  %.3f    %s\n", m.Similarity, show.Printable(f.c.Docs[m.ID].ID))
		}
	}
}

func (f *Findings) showPassages(w io.Writer) {
	total := 0
	for _, p := range f.pairs {
		total += len(p.passages)
	}
	fmt.Fprintf(w, "\nSHARED PASSAGES  %s of %d words or more, in %s of documents that are no near-duplicates\n",
		show.Count(total, "passage"), f.o.MinTokens, show.Count(len(f.pairs), "pair"))
	for i, pair := range f.pairs {
		if i == listed {
			fmt.Fprintf(w, "\n  … and %s; dedup passages lists them\n", show.Count(len(f.pairs)-i, "more pair"))
			break
		}
		fmt.Fprintf(w, "\n  %s\n  %s\n", show.Printable(f.c.Docs[pair.a].ID), show.Printable(f.c.Docs[pair.b].ID))
		a := f.c.Text(pair.a)
		for n, p := range pair.passages {
			if n == listed {
				fmt.Fprintf(w, "    … and %d more\n", len(pair.passages)-n)
				break
			}
			alike := show.Kind(p)
			if !p.Exact {
				alike = show.Percent(p.Similarity)
			}
			fmt.Fprintf(w, "    %4d words  %-6s  %s\n", p.Tokens, alike, show.Excerpt(p.A.Of(a), 66))
		}
	}
}

func (f *Findings) showBlocks(w io.Writer) {
	fmt.Fprintf(w, "\nRECYCLED BLOCKS  %s on %s\n\n", show.Count(len(f.recycled), "block"), show.Count(f.pages, "document"))
	for i, r := range f.recycled {
		if i == listed {
			fmt.Fprintf(w, "  … and %s; dedup boilerplate lists them\n", show.Count(len(f.recycled)-i, "more block"))
			break
		}
		fmt.Fprintf(w, "  %s of %s, %s\n    %s\n", show.Count(len(r.places), "document"), cmp.Or(show.Printable(r.host), "no host"), r.block.Reason, show.Excerpt(r.text, 72))
	}
}
