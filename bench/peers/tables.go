package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// pairsTable returns the table of one corpus at one threshold, the fastest peer first.
func (p *pager) pairsTable(corpus string, threshold float64) string {
	var rows []nearResult
	for _, r := range p.Pairs {
		if r.Corpus == corpus && r.Threshold == threshold {
			rows = append(rows, r)
		}
	}
	us, ok := find(rows, ours)
	if !ok {
		return "(not measured)\n"
	}
	where := fmt.Sprintf("%s at %g", corpus, threshold)
	slices.SortStableFunc(rows, func(a, b nearResult) int { return compareFloat(order(a), order(b)) })
	var b strings.Builder
	b.WriteString("| | loop, MB/s | documents/s | loop CPU | times | process CPU | times | wall | peak memory | recall | precision | F1 | strict F1 | ARI | pairs | where it is ahead of neardup |\n")
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n")
	for _, r := range rows {
		name := label(r.Peer)
		if r.Stopped != "" {
			fmt.Fprintf(&b, "| %s | %s |%s\n", name, r.Stopped, strings.Repeat(" |", 14))
			continue
		}
		loop, process, memory := median(r.Runs, loopCPU), median(r.Runs, processCPU), median(r.Runs, processRSS)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |", name,
			number(float64(r.Bytes)/1e6/loop), number(float64(r.Documents)/loop), secs(loop), times(loop/median(us.Runs, loopCPU)),
			secs(process), times(process/median(us.Runs, processCPU)), secs(median(r.Runs, processWall)), mib(memory))
		if floor(r.Peer) {
			b.WriteString(" | | | | | | |\n")
			continue
		}
		q := r.Quality
		fmt.Fprintf(&b, " %.3f | %.3f | **%.3f** | %.3f | %.3f | %s | %s |\n",
			q.Recall, q.Precision, q.F1, q.StrictF1, q.ARI, count(q.Reported), p.compare(where, us, r))
	}
	return b.String()
}

// summary returns the table at the top of the page: each peer's cost compared with
// neardup's, on one corpus at one threshold, the fastest first.
func (p *pager) summary(corpus string, threshold float64) string {
	var rows []nearResult
	for _, r := range p.Pairs {
		if r.Corpus == corpus && r.Threshold == threshold && r.Stopped == "" && !floor(r.Peer) && (r.Peer == ours || !strings.HasPrefix(r.Peer, "neardup")) {
			rows = append(rows, r)
		}
	}
	us, ok := find(rows, ours)
	if !ok {
		return "(not measured)\n"
	}
	slices.SortStableFunc(rows, func(a, b nearResult) int { return compareFloat(order(a), order(b)) })
	var b strings.Builder
	b.WriteString("| | processor time, loop | processor time, process | peak memory | recall | precision |\n|---|--:|--:|--:|--:|--:|\n")
	for _, r := range rows {
		ratio := func(f func(nearRun) float64) string { return times(median(r.Runs, f) / median(us.Runs, f)) }
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.3f | %.3f |\n", label(r.Peer), ratio(loopCPU), ratio(processCPU), ratio(processRSS), r.Quality.Recall, r.Quality.Precision)
	}
	return b.String()
}

// floor reports whether a row is not a peer but the lower bound of their time.
func floor(peer string) bool { return strings.HasPrefix(peer, "shingles alone") }

// compare records the measures in which a peer is ahead, and returns the cell that
// shows it.
func (p *pager) compare(where string, us, r nearResult) string {
	if strings.HasPrefix(r.Peer, "neardup") {
		return ""
	}
	var cell []string
	less := func(w why, f func(nearRun) float64, show func(float64) string) {
		o, t := median(us.Runs, f), median(r.Runs, f)
		if t < o { // false if either is NaN
			p.lost = append(p.lost, loss{w, where, r.Peer, show(o), show(t)})
			cell = append(cell, fmt.Sprintf("%s %s%s", w, times(o/t), mark(w)))
		}
	}
	more := func(w why, o, t float64) {
		if t > o+.0005 {
			p.lost = append(p.lost, loss{w, where, r.Peer, fmt.Sprintf("%.3f", o), fmt.Sprintf("%.3f", t)})
			cell = append(cell, fmt.Sprintf("%s %.3f%s", w, t-o, mark(w)))
		}
	}
	less(whyLoop, loopCPU, secs)
	less(whyProcess, processCPU, secs)
	less(whyMemory, processRSS, mib)
	more(whyQuality, us.Quality.F1, r.Quality.F1)
	more(whyStrict, us.Quality.StrictF1, r.Quality.StrictF1)
	more(whyClusters, us.Quality.ARI, r.Quality.ARI)
	return strings.Join(cell, ", ")
}

func mark(w why) string { return fmt.Sprintf(" ([why](#why-%s))", w) }

// order returns the sort key of a result: the time of the loop, or of the process if
// there is no loop. Peers without figures come last.
func order(r nearResult) float64 {
	if r.Stopped != "" {
		return math.Inf(1)
	}
	if v := median(r.Runs, loopCPU); !math.IsNaN(v) {
		return v
	}
	return median(r.Runs, processCPU)
}

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func find(rows []nearResult, peer string) (nearResult, bool) {
	i := slices.IndexFunc(rows, func(r nearResult) bool { return r.Peer == peer })
	if i < 0 || rows[i].Stopped != "" {
		return nearResult{}, false
	}
	return rows[i], true
}

// passagesTable returns the table of passages: the plagdet score for each set, and the
// cost of all sets together.
func (p *pager) passagesTable() string {
	var sets, names []string
	at := map[[2]string]sharedResult{}
	for _, r := range p.Passages {
		if !slices.Contains(sets, r.Set) {
			sets = append(sets, r.Set)
		}
		if !slices.Contains(names, r.Peer) {
			names = append(names, r.Peer)
		}
		at[[2]string{r.Set, r.Peer}] = r
	}
	// A peer that is given the pairs is compared with the Aligner, which is given them
	// too.
	us := func(given bool) string {
		if given {
			return "neardup shingle.Aligner"
		}
		return "neardup passage.Index"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| | given the pairs | %s | loop CPU | process CPU | loop, MB/s | peak memory | where it is ahead of neardup |\n|---|---|%s--:|--:|--:|--:|---|\n", strings.Join(sets, " | "), strings.Repeat("--:|", len(sets)))
	for _, name := range names {
		var loop, process, memory, size float64
		var cells, lost []string
		given := false
		for _, set := range sets {
			r := at[[2]string{set, name}]
			given = given || r.Given
			if r.Stopped != "" {
				cells = append(cells, r.Stopped)
				loop, process = math.NaN(), math.NaN()
				continue
			}
			cells = append(cells, fmt.Sprintf("%.3f", r.Score))
			loop += median(r.Runs, loopCPU)
			process += median(r.Runs, processCPU)
			memory = max(memory, median(r.Runs, processRSS))
			size += float64(at[[2]string{set, us(given)}].Bytes)
			if o := at[[2]string{set, us(given)}].Score; r.Score > o+.0005 && !strings.HasPrefix(name, "neardup") {
				p.lost = append(p.lost, loss{whyQuality, "passages, " + set, name, fmt.Sprintf("%.3f", o), fmt.Sprintf("%.3f", r.Score)})
				lost = append(lost, set+mark(whyQuality))
			}
		}
		var base float64
		for _, set := range sets {
			base = max(base, median(at[[2]string{set, us(given)}].Runs, processRSS))
		}
		if memory < base && !strings.HasPrefix(name, "neardup") {
			p.lost = append(p.lost, loss{whyMemory, "passages", name, mib(base), mib(memory)})
			lost = append(lost, "memory "+times(base/memory)+mark(whyMemory))
		}
		yes := "no"
		if given {
			yes = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", label(name), yes, strings.Join(cells, " | "), secs(loop), secs(process), number(size/1e6/loop), mib(memory), strings.Join(lost, ", "))
	}
	return b.String()
}

// blocksTable returns the table of blocks: precision, recall and F1 of the content kept.
func (p *pager) blocksTable() string {
	var us sharedResult
	for _, r := range p.Blocks {
		if r.Peer == "neardup, two passes" {
			us = r
		}
	}
	var b strings.Builder
	b.WriteString("| | precision | recall | F1 of content | loop CPU | process CPU | pages/s | peak memory | where it is ahead of neardup |\n|---|--:|--:|--:|--:|--:|--:|--:|---|\n")
	for _, r := range p.Blocks {
		lost := ""
		if r.Score > us.Score+.0005 && !strings.Contains(r.Peer, "neardup") {
			p.lost = append(p.lost, loss{whyQuality, "blocks", r.Peer, fmt.Sprintf("%.3f", us.Score), fmt.Sprintf("%.3f", r.Score)})
			lost = fmt.Sprintf("%.3f%s", r.Score-us.Score, mark(whyQuality))
		}
		loop := median(r.Runs, loopCPU)
		pages := ""
		if !math.IsNaN(loop) {
			pages = number(float64(r.Runs[0].Loop.Documents) / loop)
		}
		fmt.Fprintf(&b, "| %s | %.3f | %.3f | **%.3f** | %s | %s | %s | %s | %s |\n", label(r.Peer), r.Precision, r.Recall, r.Score, secs(loop), secs(median(r.Runs, processCPU)), pages, mib(median(r.Runs, processRSS)), lost)
	}
	return b.String()
}
