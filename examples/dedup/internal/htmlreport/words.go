package htmlreport

import (
	"fmt"
	"strconv"
	"strings"
)

// tiles returns the figures of the summary.
func (r *Report) tiles() []tile {
	removed := 0
	for _, c := range r.Clusters {
		removed += len(c.Members) - 1
	}
	passages := 0
	for _, s := range r.Shared {
		passages += len(s.Passages)
	}
	pages := map[int]bool{}
	for _, b := range r.Blocks {
		for _, p := range b.Places {
			pages[p.Document] = true
		}
	}
	share := "0 %"
	if r.Documents > 0 {
		share = percentOf(float64(removed) / float64(r.Documents))
	}
	read := byteSize(r.Bytes) + " of text"
	if r.Empty > 0 {
		read += ", " + number(r.Empty) + " empty"
	}
	return []tile{
		{number(r.Documents), plural(r.Documents, "document"), read, ""},
		{number(removed), "could go", fmt.Sprintf("%s of all, in %s", share, count(len(r.Clusters), "cluster")), "#clusters"},
		{number(passages), plural(passages, "shared passage"), "in " + count(len(r.Shared), "pair") + " of other documents", "#passages"},
		{number(len(r.Blocks)), plural(len(r.Blocks), "recycled block"), "on " + count(len(pages), "document"), "#blocks"},
	}
}

// number writes n with a thin space between thousands.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

func plural(n int, what string) string {
	if n == 1 {
		return what
	}
	return what + "s"
}

func count(n int, what string) string { return number(n) + " " + plural(n, what) }

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// decimal formats a similarity without trailing zeros.
func decimal(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }

// percentOf formats a share; only 1 is shown as 100 %, and only 0 as 0 %. The space
// is non-breaking.
func percentOf(x float64) string {
	switch {
	case x <= 0:
		return "0\u00a0%"
	case x >= 1:
		return "100\u00a0%"
	case x < .001:
		return "under 0.1\u00a0%"
	case x > .999:
		return "over 99.9\u00a0%"
	case x < .1 || x > .9:
		return strconv.FormatFloat(100*x, 'f', 1, 64) + "\u00a0%"
	}
	return strconv.FormatFloat(100*x, 'f', 0, 64) + "\u00a0%"
}

// byteSize formats a number of bytes with two or three digits.
func byteSize(n int64) string {
	const units = "KMGTP"
	if n < 1000 {
		return count(int(n), "byte")
	}
	x, u := float64(n)/1000, 0
	for x >= 999.5 && u+1 < len(units) {
		x, u = x/1000, u+1
	}
	digits := 0
	if x < 9.95 {
		digits = 1
	}
	unit := units[u : u+1]
	if unit == "K" {
		unit = "k"
	}
	return strconv.FormatFloat(x, 'f', digits, 64) + " " + unit + "B"
}
