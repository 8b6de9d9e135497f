package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/htmlreport"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/passage"
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
	// The largest first: they are what a person should look at.
	slices.SortStableFunc(clusters, func(a, b lsh.Cluster[int]) int { return cmp.Compare(len(b.Members), len(a.Members)) })
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
	pairs := f.pairs
	total := 0
	for _, p := range pairs {
		total += len(p.Passages)
	}
	fmt.Fprintf(w, "\nSHARED PASSAGES  %s of %d words or more, in %s of documents that are no near-duplicates\n",
		show.Count(total, "passage"), f.o.MinTokens, show.Count(len(pairs), "pair"))
	words := func(p passage.Pair) (n int) {
		for _, s := range p.Passages {
			n += s.Tokens
		}
		return n
	}
	slices.SortStableFunc(pairs, func(a, b passage.Pair) int { return cmp.Compare(words(b), words(a)) })
	row := f.c.Rows()
	for i, pair := range pairs {
		if i == listed {
			fmt.Fprintf(w, "\n  … and %s; dedup passages lists them\n", show.Count(len(pairs)-i, "more pair"))
			break
		}
		fmt.Fprintf(w, "\n  %s\n  %s\n", show.Printable(pair.A), show.Printable(pair.B))
		a := f.c.Text(row[pair.A])
		for n, p := range pair.Passages {
			if n == listed {
				fmt.Fprintf(w, "    … and %d more\n", len(pair.Passages)-n)
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

// A recycled is a block as the report lists it.
type recycled struct {
	block  boilerplate.Block
	text   string
	host   string
	pages  []int              // documents
	places []htmlreport.Place // in them
}

// recycled gathers the flagged blocks of each host that are the same but for
// space and numbers.
func (f *Findings) recycled() []*recycled {
	found := map[string]*recycled{}
	var order []*recycled
	for i, d := range f.c.Docs {
		text := f.c.Text(i)
		for _, b := range f.blocks[i] {
			if !b.Flagged {
				continue
			}
			key := d.Host + "\x00" + withoutNumbers(show.OneLine(b.Of(text)))
			r := found[key]
			if r == nil {
				r = &recycled{block: b, text: b.Of(text), host: d.Host}
				found[key] = r
				order = append(order, r)
			}
			if n := len(r.pages); n == 0 || r.pages[n-1] != i {
				r.pages = append(r.pages, i)
				r.places = append(r.places, htmlreport.Place{Document: i, Span: b.Span})
			}
		}
	}
	return order
}

// withoutNumbers returns s with every number the same, as package boilerplate
// has it.
func withoutNumbers(s string) string {
	was := false
	return strings.Map(func(r rune) rune {
		digit := unicode.IsDigit(r)
		defer func() { was = digit }()
		switch {
		case digit && was:
			return -1
		case digit:
			return '0'
		}
		return r
	}, s)
}

func (f *Findings) showBlocks(w io.Writer) {
	order := f.recycled()
	pages := 0
	for _, b := range f.blocks {
		if len(b) > 0 {
			pages++
		}
	}
	fmt.Fprintf(w, "\nRECYCLED BLOCKS  %s on %s\n\n", show.Count(len(order), "block"), show.Count(pages, "document"))
	slices.SortStableFunc(order, func(a, b *recycled) int { return cmp.Compare(len(b.pages), len(a.pages)) })
	for i, r := range order {
		if i == listed {
			fmt.Fprintf(w, "  … and %s; dedup boilerplate lists them\n", show.Count(len(order)-i, "more block"))
			break
		}
		fmt.Fprintf(w, "  %s of %s, %s\n    %s\n", show.Count(len(r.pages), "document"), cmp.Or(show.Printable(r.host), "no host"), r.block.Reason, show.Excerpt(r.text, 72))
	}
}
