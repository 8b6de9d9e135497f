package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// results holds the measurements of a run; figures.json has the last one.
type results struct {
	Machine string // model and number of processors, and the system
	Go      string
	Date    string
	Rounds  int
	Rows    []measured
}

// measured is a row with its figures.
type measured struct {
	What, Command string
	Figures       []figure
}

// median returns the median of values.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// show formats a value as the figure requires, or with up to three digits.
func (f figure) show(v float64) string {
	switch {
	case f.Format != "":
		return fmt.Sprintf(f.Format, v)
	case v == 0 || v >= 99.5:
		return fmt.Sprintf("%.0f", v)
	}
	digits := max(0, 1-int(math.Floor(math.Log10(v)+1e-9)))
	return fmt.Sprintf("%.*f", digits, v)
}

// cell returns the text for the figures of a row: each median with its label and unit and, if
// spread is set and they differ, the smallest and the largest value.
func (m measured) cell(spread bool) string {
	var parts []string
	for _, f := range m.Figures {
		s := f.show(median(f.Values))
		if low, high := f.show(slices.Min(f.Values)), f.show(slices.Max(f.Values)); spread && low != high {
			s += fmt.Sprintf(" (%s to %s)", low, high)
		}
		parts = append(parts, strings.TrimSpace(f.Label+" "+s+" "+f.Unit))
	}
	return strings.Join(parts, "; ")
}

// rounds returns the number of rounds as text.
func (r *results) rounds() string {
	if r.Rounds == 1 {
		return "one round"
	}
	return fmt.Sprintf("%d rounds", r.Rounds)
}

// short returns the table for the README: only its rows, without spreads and commands.
func (r *results) short() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %s; %s; medians of %s.\n\n| measured | figure |\n|---|---|\n", r.Machine, r.Go, r.Date, r.rounds())
	for i, m := range r.Rows {
		if rows[i].readme {
			fmt.Fprintf(&b, "| %s | %s |\n", m.What, m.cell(false))
		}
	}
	return b.String()
}

// long returns the whole table, with spreads and commands.
func (r *results) long() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %s; %s; medians of %s that alternated, with the smallest and largest value.\n\n| measured | figure | command |\n|---|---|---|\n", r.Machine, r.Go, r.Date, r.rounds())
	for _, m := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", m.What, m.cell(true), strings.ReplaceAll(m.Command, "|", `\|`))
	}
	return b.String()
}

// The lines between which a page has its table:
const (
	begin = "<!-- figures: made by bench/figures, do not edit -->\n"
	end   = "<!-- end of figures -->\n"
)

// replace returns the page with the table between its marks.
func replace(page, table string) (string, error) {
	head, rest, ok := strings.Cut(page, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("the page lacks %q or %q, which enclose the figures", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return head + begin + table + end + tail, nil
}
