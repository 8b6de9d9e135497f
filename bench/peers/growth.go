package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// sizes returns the numbers of documents in the growth measurement.
func (p *pager) sizes() (ns []int) {
	for _, r := range p.Growth {
		if !slices.Contains(ns, r.Documents) {
			ns = append(ns, r.Documents)
		}
	}
	return ns
}

// growthPeers returns the peers of the growth measurement: first those that reached the
// most documents, then by the time of their loop at that number.
func (p *pager) growthPeers() (names []string) {
	key := map[string]float64{}
	for _, r := range p.Growth {
		if _, ok := key[r.Peer]; !ok {
			names = append(names, r.Peer)
			key[r.Peer] = math.Inf(1)
		}
		if r.Stopped == "" {
			key[r.Peer] = order(r)/float64(r.Documents) - float64(r.Documents) // peers that reached more documents come first
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return compareFloat(key[a], key[b]) })
	return names
}

// growthTables returns a table of the growth measurement: what is loop, process, memory
// or index.
func (p *pager) growthTables(what string) string {
	ns := p.sizes()
	var b strings.Builder
	b.WriteString("| |")
	for _, n := range ns {
		fmt.Fprintf(&b, " %s |", count(n))
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(ns)) + "\n")
	for _, peer := range p.growthPeers() {
		fmt.Fprintf(&b, "| %s |", label(peer))
		for _, n := range ns {
			b.WriteString(" " + p.growthCell(what, peer, n) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (p *pager) growthAt(peer string, n int) (nearResult, bool) {
	for _, r := range p.Growth {
		if r.Peer == peer && r.Documents == n {
			return r, true
		}
	}
	return nearResult{}, false
}

func (p *pager) growthCell(what, peer string, n int) string {
	if what == "index" && floor(peer) {
		return ""
	}
	r, ok := p.growthAt(peer, n)
	if !ok {
		return ""
	}
	if r.Stopped != "" {
		return r.Stopped
	}
	us, ok := p.growthAt(ours, n)
	if !ok {
		return "?"
	}
	each := func(w why, f func(nearRun) float64, show func(float64) string) string {
		v, o := median(r.Runs, f)/float64(n), median(us.Runs, f)/float64(n)
		if math.IsNaN(v) {
			return ""
		}
		if v < o && !strings.HasPrefix(peer, "neardup") && !floor(peer) {
			p.lost = append(p.lost, loss{w, fmt.Sprintf("%s documents", count(n)), peer, show(o), show(v)})
			return show(v) + mark(w)
		}
		return show(v)
	}
	micro := func(v float64) string { return number(v*1e6) + " µs" }
	whole := func(v float64) string { return number(v) + " B" }
	switch what {
	case "loop":
		return each(whyLoop, loopCPU, micro)
	case "process":
		return each(whyProcess, processCPU, micro)
	case "memory":
		return each(whyMemory, processRSS, whole)
	}
	return each(whyIndex, indexBytes, whole)
}

// growthQuality returns a table of the quality of each peer at the largest number of
// documents that it reached.
func (p *pager) growthQuality() string {
	var b strings.Builder
	b.WriteString("| | documents | banding | recall | precision | F1 | strict F1 | ARI |\n|---|--:|---|--:|--:|--:|--:|--:|\n")
	for _, peer := range p.growthPeers() {
		for _, n := range slices.Backward(p.sizes()) {
			r, ok := p.growthAt(peer, n)
			if !ok || r.Stopped != "" || floor(peer) {
				continue
			}
			banding := ""
			if r.Runs[0].Loop != nil {
				banding = r.Runs[0].Loop.Banding
			}
			q := r.Quality
			fmt.Fprintf(&b, "| %s | %s | %s | %.4f | %.4f | %.4f | %.4f | %.4f |\n", label(peer), count(n), banding, q.Recall, q.Precision, q.F1, q.StrictF1, q.ARI)
			break
		}
	}
	return b.String()
}
