package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

var reportCommand = command{
	name:    "report",
	summary: "what a person wants to know, on one screen (the default)",
	help: `Shows the clusters of near-duplicates and which document to keep, the passages
that other documents share, and the blocks that sites recycle. Recycled blocks
are left out before documents are compared, so that pages of one site do not
resemble each other by their frame. With -html the same goes into a page that
also shows the texts side by side, their differences marked.
`,
	example: `stories/
corpus.jsonl.gz -html findings.html
'crawl/*.warc.gz' -keep longest -html findings.html -overwrite
`,
	flags: []flagGroup{matchFlags, keepFlag, shingleFlags, passageFlags, htmlFlags, inputFlags, quietFlag},
	run:   runReport,
}

// listed is how many findings of a kind the report shows; the other commands
// list all.
const listed = 10

func runReport(j *job) error {
	if err := j.checkPage(); err != nil {
		return err
	}
	if err := j.load(); err != nil {
		return err
	}
	blocks, err := j.blocks()
	if err != nil {
		return err
	}
	masks := make([][]shingle.Span, len(j.docs))
	for i := range blocks {
		masks[i] = spans(blocks[i])
	}
	s, err := j.sketchWithout(masks)
	if err != nil {
		return err
	}
	clusters, err := j.clusters(s)
	if err != nil {
		return err
	}
	pairs, err := j.sharedOutside(clusters, masks)
	if err != nil {
		return err
	}
	fmt.Fprintf(j.out, "%s, %d bytes of text\n", j.counted(), j.texts.Bytes())
	j.reportClusters(clusters)
	j.reportPassages(pairs)
	j.reportBlocks(blocks)
	if j.opt.html == "" {
		return nil
	}
	return j.writePage(findings{s, masks, clusters, pairs, blocks})
}

func (j *job) reportClusters(clusters []lsh.RowCluster) {
	extra := 0
	for _, c := range clusters {
		extra += len(c.Members) - 1
	}
	fmt.Fprintf(j.out, "\nNEAR-DUPLICATES  %s; %s could go (Jaccard %v or more to the one to keep)\n\n",
		count(len(clusters), "cluster"), count(extra, "document"), j.opt.threshold)
	// The largest first: they are what a person should look at.
	slices.SortStableFunc(clusters, func(a, b lsh.RowCluster) int { return cmp.Compare(len(b.Members), len(a.Members)) })
	for i, c := range clusters {
		if i == listed {
			fmt.Fprintf(j.out, "  … and %s; dedup clusters lists them\n", count(len(clusters)-i, "more cluster"))
			break
		}
		fmt.Fprintf(j.out, "  keep   %s\n", printable(j.docs[c.Representative].ID))
		for n, m := range c.Members[1:] {
			if n == listed {
				fmt.Fprintf(j.out, "         … and %d more\n", len(c.Members)-1-n)
				break
			}
			fmt.Fprintf(j.out, "  %.3f    %s\n", m.Similarity, printable(j.docs[m.Row].ID))
		}
	}
}

// sharedOutside returns the passages that documents of different clusters share.
func (j *job) sharedOutside(clusters []lsh.RowCluster, masks [][]shingle.Span) ([]passage.Pair, error) {
	cluster := map[string]int{}
	for i, c := range clusters {
		for _, m := range c.Members {
			cluster[j.docs[m.Row].ID] = i + 1
		}
	}
	ix, err := j.passageIndex(masks)
	if err != nil {
		return nil, err
	}
	var pairs []passage.Pair
	for pair, err := range j.shared(ix, masks) {
		if err != nil {
			return nil, err
		}
		if c := cluster[pair.A]; c == 0 || c != cluster[pair.B] {
			pairs = append(pairs, pair)
		}
	}
	if s := ix.Stats(); s.Common > 0 {
		j.note("%s", commonPhrases(s))
	}
	return pairs, nil
}

func (j *job) reportPassages(pairs []passage.Pair) {
	total := 0
	for _, p := range pairs {
		total += len(p.Passages)
	}
	fmt.Fprintf(j.out, "\nSHARED PASSAGES  %s of %d words or more, in %s of documents that are no near-duplicates\n",
		count(total, "passage"), j.opt.minTokens, count(len(pairs), "pair"))
	words := func(p passage.Pair) (n int) {
		for _, s := range p.Passages {
			n += s.Tokens
		}
		return n
	}
	slices.SortStableFunc(pairs, func(a, b passage.Pair) int { return cmp.Compare(words(b), words(a)) })
	row := j.rows()
	for i, pair := range pairs {
		if i == listed {
			fmt.Fprintf(j.out, "\n  … and %s; dedup passages lists them\n", count(len(pairs)-i, "more pair"))
			break
		}
		fmt.Fprintf(j.out, "\n  %s\n  %s\n", printable(pair.A), printable(pair.B))
		a := j.texts.At(row[pair.A])
		for n, p := range pair.Passages {
			if n == listed {
				fmt.Fprintf(j.out, "    … and %d more\n", len(pair.Passages)-n)
				break
			}
			alike := kind(p)
			if !p.Exact {
				alike = percent(p.Similarity)
			}
			fmt.Fprintf(j.out, "    %4d words  %-6s  %s\n", p.Tokens, alike, excerpt(p.A.Of(a), 66))
		}
	}
}

// A recycled is a block as the report lists it.
type recycled struct {
	block boilerplate.Block
	text  string
	host  string
	pages []int
}

// recycled gathers the flagged blocks of each host that are the same but for
// space and numbers.
func (j *job) recycled(blocks [][]boilerplate.Block) []*recycled {
	found := map[string]*recycled{}
	var order []*recycled
	for i, d := range j.docs {
		text := j.texts.At(i)
		for _, b := range blocks[i] {
			key := d.Host + "\x00" + withoutNumbers(oneLine(b.Of(text)))
			r := found[key]
			if r == nil {
				r = &recycled{block: b, text: b.Of(text), host: d.Host}
				found[key] = r
				order = append(order, r)
			}
			if n := len(r.pages); n == 0 || r.pages[n-1] != i {
				r.pages = append(r.pages, i)
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

func (j *job) reportBlocks(blocks [][]boilerplate.Block) {
	order := j.recycled(blocks)
	pages := 0
	for _, b := range blocks {
		if len(b) > 0 {
			pages++
		}
	}
	fmt.Fprintf(j.out, "\nRECYCLED BLOCKS  %s on %s\n\n", count(len(order), "block"), count(pages, "document"))
	slices.SortStableFunc(order, func(a, b *recycled) int { return cmp.Compare(len(b.pages), len(a.pages)) })
	for i, r := range order {
		if i == listed {
			fmt.Fprintf(j.out, "  … and %s; dedup boilerplate lists them\n", count(len(order)-i, "more block"))
			break
		}
		fmt.Fprintf(j.out, "  %s of %s, %s\n    %s\n", count(len(r.pages), "document"), cmp.Or(printable(r.host), "no host"), r.block.Reason, excerpt(r.text, 72))
	}
}
