package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/columns"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/screen"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/shingle"
)

// Screen shows the findings on one screen: the largest of each kind, and the number
// of the rest.
func (f *Findings) Screen(w io.Writer, s screen.Screen) {
	sections := []*section{f.clusterSection(s), f.passageSection(s), f.blockSection(s)}
	header := show.Count(len(f.c.Docs), "document")
	if n := f.c.Empty(); n > 0 {
		header += fmt.Sprintf(" (%s empty)", show.Number(n))
	}
	fmt.Fprintln(w, columns.Cut(header+", "+show.Bytes(f.c.Bytes())+" of text", s.Width))
	// One line is for the header, one for the prompt below, and two are for each
	// heading.
	share(s.Height-2-2*len(sections), sections)
	for _, sec := range sections {
		name, rest, _ := strings.Cut(columns.Cut(sec.heading, s.Width), "  ")
		fmt.Fprintf(w, "\n%s  %s\n", s.Heading(name), rest)
		for _, line := range sec.lines(s) {
			fmt.Fprintln(w, line)
		}
	}
}

// A section is the findings of one kind.
type section struct {
	heading string
	count   int
	least   int                        // number of lines of a finding in short form
	size    func(i int) int            // returns the number of lines of finding i in full
	command string                     // command that lists all findings
	show    func(n, most int) []string // returns the first n findings, each on at most the given number of lines

	rows int // lines given to the section
}

// need returns the lines that the section would fill, up to a limit.
func (sec *section) need(limit int) (n int) {
	for i := 0; i < sec.count && n <= limit; i++ {
		n += sec.size(i)
	}
	return n
}

// share gives every section its part of the rows; rows that one section does not
// need go to the others.
func share(rows int, sections []*section) {
	order := slices.Clone(sections)
	slices.SortStableFunc(order, func(a, b *section) int { return cmp.Compare(a.need(rows), b.need(rows)) })
	for i, sec := range order {
		sec.rows = min(sec.need(rows), rows/(len(order)-i))
		rows -= sec.rows
	}
}

// lines returns the lines that fit.
func (sec *section) lines(s screen.Screen) []string {
	if sec.need(sec.rows) <= sec.rows {
		return sec.show(sec.count, sec.rows)
	}
	rows, n := sec.rows, sec.count
	if rows < n*sec.least {
		rows-- // for the line that counts the rest
		n = rows / sec.least
	}
	lines := sec.show(n, max(sec.least, rows/max(n, 1)))
	if n < sec.count {
		lines = append(lines, s.Quiet(columns.Cut(fmt.Sprintf("  … and %s more: dedup %s …", show.Number(sec.count-n), sec.command), s.Width)))
	}
	return lines
}

// A table is lines of cells; each column except the last is as wide as its widest
// cell.
type table [][]string

// format returns the lines, none wider than width: cells that do not fit are cut or
// left out. Each column has a style.
func (t table) format(width int, styles ...func(string) string) (lines []string) {
	var widths []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns.Width(cell))
		}
	}
	const gap, least = "  ", 6
	for _, row := range t {
		var b strings.Builder
		left := width
		for i, cell := range row {
			if left -= len(gap); left < min(widths[i], least) {
				break
			}
			cell = columns.Pad(columns.Cut(cell, left), min(widths[i], left))
			left -= columns.Width(cell)
			if style, bare := styles[i], strings.TrimRight(cell, " "); style != nil {
				cell = style(bare) + cell[len(bare):]
			}
			b.WriteString(gap + cell)
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

// id returns the id of a document, shortened in the middle to a width.
func (f *Findings) id(doc, width int) string {
	return columns.Middle(show.Printable(f.c.Docs[doc].ID), width)
}

func (f *Findings) clusterSection(s screen.Screen) *section {
	gone := 0
	for _, c := range f.clusters {
		gone += len(c.Members) - 1
	}
	sec := &section{count: len(f.clusters), least: 1, command: "clusters", heading: "NEAR-DUPLICATES  none"}
	if gone > 0 {
		sec.heading = fmt.Sprintf("NEAR-DUPLICATES  %s (%s) could go, in %s", show.Count(gone, "document"),
			show.Percent(float64(gone)/float64(len(f.c.Docs))), show.Count(len(f.clusters), "cluster"))
	}
	sec.size = func(i int) int { return len(f.clusters[i].Members) }
	sec.show = func(n, most int) (lines []string) {
		short := slices.ContainsFunc(f.clusters[:n], func(c cluster) bool { return len(c.Members) > most }) && n > 1
		if short {
			var t table
			for _, c := range f.clusters[:n] {
				t = append(t, []string{
					"keep " + f.id(c.Representative, s.Width*2/5),
					show.Number(len(c.Members)-1) + " could go, " + alike(c),
					show.Excerpt(f.c.Text(c.Representative), s.Width),
				})
			}
			return t.format(s.Width, nil, s.Warning, s.Quiet)
		}
		for _, c := range f.clusters[:n] {
			t := table{{"keep", f.id(c.Representative, s.Width-9)}}
			rest := 0
			for _, m := range c.Members {
				if m.ID == c.Representative {
					continue
				}
				if len(t) == most-1 && len(c.Members) > most {
					rest++
					continue
				}
				t = append(t, []string{fmt.Sprintf("%5s", show.Percent(m.Similarity)), f.id(m.ID, s.Width-9)})
			}
			lines = append(lines, t.format(s.Width, s.Good, nil)...)
			if rest > 0 {
				lines = append(lines, s.Quiet(fmt.Sprintf("         … and %s more", show.Number(rest))))
			}
		}
		return lines
	}
	return sec
}

// alike describes how similar the documents of a cluster are to the one to keep.
func alike(c cluster) string {
	low, high := 1., 0.
	for _, m := range c.Members {
		if m.ID != c.Representative {
			low, high = min(low, m.Similarity), max(high, m.Similarity)
		}
	}
	if show.Percent(low) == show.Percent(high) {
		return show.Percent(low)
	}
	return strings.TrimSuffix(show.Percent(low), " %") + "–" + show.Percent(high)
}

func (f *Findings) passageSection(s screen.Screen) *section {
	total := 0
	for _, p := range f.pairs {
		total += len(p.passages)
	}
	sec := &section{count: len(f.pairs), least: 2, command: "passages", heading: "SHARED PASSAGES  none between other documents"}
	if total > 0 {
		sec.heading = fmt.Sprintf("SHARED PASSAGES  %s, in %s of other documents", show.Number(total), show.Count(len(f.pairs), "pair"))
	}
	sec.size = func(i int) int { return 2 + len(f.pairs[i].passages) }
	sec.show = func(n, most int) (lines []string) {
		if most == 2 {
			var t table
			for _, p := range f.pairs[:n] {
				words, longest := 0, p.passages[0]
				for _, q := range p.passages {
					words += q.Matched
					if q.Matched > longest.Matched {
						longest = q
					}
				}
				a, b := f.shares(p)
				t = append(t,
					[]string{fmt.Sprintf("%5s of A", show.Percent(a)), f.id(p.a, s.Width*9/20), show.Count(len(p.passages), "passage") + ", " + show.Count(words, "word")},
					[]string{fmt.Sprintf("%5s of B", show.Percent(b)), f.id(p.b, s.Width*9/20), show.Excerpt(longest.A.Of(f.c.Text(p.a)), s.Width)})
			}
			return t.format(s.Width, s.Figure, nil, s.Quiet)
		}
		for _, p := range f.pairs[:n] {
			lines = append(lines, f.pairLines(p, most, s)...)
		}
		return lines
	}
	return sec
}

// pairLines shows a pair on at most the given number of lines: its largest passages,
// in the order of the first text.
func (f *Findings) pairLines(p pair, most int, s screen.Screen) []string {
	a, b := f.shares(p)
	t := table{
		{fmt.Sprintf("%5s of A", show.Percent(a)), f.id(p.a, s.Width-15)},
		{fmt.Sprintf("%5s of B", show.Percent(b)), f.id(p.b, s.Width-15)},
	}
	lines := t.format(s.Width, s.Figure, nil)
	room, least := most-2, 0
	if len(p.passages) > room {
		room--
		sizes := make([]int, len(p.passages))
		for i, q := range p.passages {
			sizes[i] = q.Matched
		}
		slices.SortFunc(sizes, func(a, b int) int { return cmp.Compare(b, a) })
		least = sizes[max(room-1, 0)]
	}
	t = nil
	for _, q := range p.passages {
		if len(t) < room && q.Matched >= least {
			t = append(t, []string{fmt.Sprintf("%5s words", show.Number(q.Tokens)), kind(q) + show.RecycledIn(find.Recycled(q, f.blocks[p.a], f.blocks[p.b])), show.Excerpt(q.A.Of(f.c.Text(p.a)), s.Width)})
		}
	}
	lines = append(lines, t.format(s.Width, s.Figure, s.Figure, s.Quiet)...)
	if rest := len(p.passages) - len(t); rest > 0 {
		lines = append(lines, s.Quiet(fmt.Sprintf("    … and %s more", show.Number(rest))))
	}
	return lines
}

func kind(p shingle.Passage) string {
	if p.Exact {
		return "exact"
	}
	alike := show.Percent(p.Similarity) + " alike"
	if p.Template {
		alike += ", a template"
	}
	return alike
}

func (f *Findings) blockSection(s screen.Screen) *section {
	sec := &section{count: len(f.recycled), least: 1, command: "boilerplate", heading: "RECYCLED BLOCKS  none"}
	if len(f.recycled) > 0 {
		sec.heading = fmt.Sprintf("RECYCLED BLOCKS  %s, on %s", show.Number(len(f.recycled)), show.Count(f.pages, "document"))
	}
	sec.size = func(int) int { return 1 }
	sec.show = func(n, _ int) []string {
		var t table
		for _, r := range f.recycled[:n] {
			t = append(t, []string{
				show.Count(len(r.places), "document"),
				columns.Middle(cmp.Or(show.Printable(r.host), "no host"), s.Width/4),
				r.block.Reason.String(),
				show.Excerpt(r.text, s.Width),
			})
		}
		return t.format(s.Width, s.Figure, nil, nil, s.Quiet)
	}
	return sec
}
