package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed page.md.tmpl
var pageTemplate string

// ours is the row with which all others are compared: the usage in the README.
const ours = "neardup"

// A why is a reason why a peer is ahead; page.md.tmpl describes it in words.
type why string

const (
	whyLoop     why = "loop"
	whyProcess  why = "process"
	whyMemory   why = "memory"
	whyIndex    why = "index"
	whyStrict   why = "strict"
	whyQuality  why = "quality"
	whyClusters why = "clusters"
)

// whys lists all reasons, in the order of the page.
var whys = []why{whyLoop, whyProcess, whyMemory, whyIndex, whyStrict, whyQuality, whyClusters}

// A loss is a measure in which a peer is ahead of neardup.
type loss struct {
	Why         why
	Where, Peer string
	Ours, Peers string
}

// A pager makes the tables and records where peers are ahead.
type pager struct {
	*results
	lost []loss
}

// writePage writes the page and its plots.
func writePage(r *results, folder string) error {
	files, err := makePage(r)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(folder, name), files[name], 0o666); err != nil {
			return err
		}
	}
	return nil
}

// makePage returns the files of the page, by name.
func makePage(r *results) (map[string][]byte, error) {
	p := &pager{results: r}
	t, err := template.New("page").Funcs(template.FuncMap{
		"count": count, "pairs": p.pairsTable, "summary": p.summary, "growth": p.growthTables, "growthQuality": p.growthQuality,
		"passages": p.passagesTable, "blocks": p.blocksTable, "behind": p.lossesFor, "losses": p.losses, "version": p.version,
		"mib": func(n int) string { return mib(float64(n)) },
	}).Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, err
	}
	files := map[string][]byte{"comparison.md": b.Bytes()}
	maps.Copy(files, plots(r))
	return files, nil
}

// lossesFor returns the losses of neardup that have one reason. They are recorded
// while the tables are made, so make the tables first.
func (p *pager) lossesFor(w string) []loss {
	var out []loss
	for _, b := range p.lost {
		if b.Why == why(w) {
			out = append(out, b)
		}
	}
	return out
}

// losses formats the losses as a Markdown list with one item per peer.
func (p *pager) losses(bs []loss) string {
	var b strings.Builder
	for _, peer := range slices.Sorted(maps.Keys(byPeer(bs))) {
		var parts []string
		for _, x := range byPeer(bs)[peer] {
			parts = append(parts, fmt.Sprintf("%s: %s against neardup's %s", x.Where, x.Peers, x.Ours))
		}
		fmt.Fprintf(&b, "- %s. %s.\n", label(peer), strings.Join(parts, "; "))
	}
	return b.String()
}

func byPeer(bs []loss) map[string][]loss {
	m := map[string][]loss{}
	for _, b := range bs {
		m[b.Peer] = append(m[b.Peer], b)
	}
	return m
}

func (p *pager) version(name string) string {
	for _, v := range p.Versions {
		if v.Name == name {
			return v.Version
		}
	}
	return "(absent)"
}

// labels are the names of the peers on the page.
var labels = map[string]string{
	ours:                     "**neardup**",
	"neardup-signatures":     "**neardup**, signatures only",
	"neardup-common":         "**neardup**, shingles of the others",
	"neardup, dedup program": "**neardup**, the program `dedup`",
	"map of sets":            "map of sets (exact)",
}

func label(peer string) string {
	if l, ok := labels[peer]; ok {
		return l
	}
	if rest, ok := strings.CutPrefix(peer, "neardup"); ok {
		return "**neardup**" + rest
	}
	return peer
}

// number formats v to about three significant digits; it returns "" for NaN and
// infinities.
func number(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return ""
	case v >= 100:
		return count(int(math.Round(v)))
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func times(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return number(v) + "×"
}

func secs(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case v < .1:
		return number(v*1000) + " ms"
	}
	return number(v) + " s"
}

func mib(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return number(v/(1<<20)) + " MiB"
}

// count formats n with separated thousands.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
