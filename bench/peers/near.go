package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/neardup/neardup/bench/peers/peers"
)

// A contestant is a peer that runs as a process.
type contestant struct {
	name string
	// command returns the command that runs the peer; nil if the peer is missing.
	command func(docs, threshold, pairs string) []string
	// program is set for a complete program, which prints pairs by id.
	program bool
}

// contestants are the installed peers.
func contestants(in *installed) []contestant {
	var cs []contestant
	for _, p := range peers.Near {
		cs = append(cs, contestant{name: p.Name, command: func(docs, threshold, pairs string) []string {
			return []string{in.self, "peer", p.Name, docs, threshold, pairs}
		}})
	}
	cs = append(cs, contestant{name: "neardup, dedup program", program: true, command: func(docs, threshold, _ string) []string {
		return []string{in.dedup, "pairs", "-json", "-quiet", "-workers", "1", "-threshold", threshold, docs}
	}})
	if in.gaoya != "" {
		cs = append(cs, contestant{name: "gaoya", command: func(docs, threshold, pairs string) []string {
			return []string{in.gaoya, "gaoya", docs, threshold, pairs}
		}})
	}
	if in.python != "" {
		for _, name := range pythonNear {
			cs = append(cs, contestant{name: name, command: func(docs, threshold, pairs string) []string {
				return []string{in.python, filepath.Join(in.drivers, "near.py"), name, docs, threshold, pairs}
			}})
		}
	}
	return cs
}

var pythonNear = []string{"datasketch affine32", "datasketch legacy", "datasketch affine32, xxhash", "rensa R-MinHash, LSH",
	"rensa R-MinHash, deduplicator", "rensa C-MinHash, deduplicator", "FastSketchLSH", "text-dedup", "shingles alone, Python"}

// real lists the real corpora, with exact references.
var real = []struct {
	name, docs, silver string
	thresholds         []float64
}{
	{"reuters", "reuters21578/docs.jsonl", "reuters21578/silver_j5.tsv", []float64{.8, .5}},
	{"documentation", "docs_versions_reactnative/docs.jsonl", "docs_versions_reactnative/silver_j5.tsv", []float64{.8, .5}},
}

// runPairs measures the real corpora.
func runPairs(c config, in *installed, res *results) error {
	res.Pairs, res.Corpora = nil, nil
	for _, r := range real {
		docs := filepath.Join(c.shared, "data", r.docs)
		ids, size, err := readIDs(docs)
		if err != nil {
			return err
		}
		row := map[string]int{}
		for i, id := range ids {
			row[id] = i
		}
		tr, err := readSilver(filepath.Join(c.shared, "data", r.silver), row)
		if err != nil {
			return err
		}
		info := corpus{Name: r.name, Documents: len(ids), Bytes: size}
		for i, t := range r.thresholds {
			d := due{Threshold: t}
			for _, s := range tr {
				if s >= t {
					d.Pairs++
				}
			}
			info.Due = append(info.Due, d)
			rounds := c.rounds
			if i > 0 {
				rounds = 1
			}
			found, err := race(c, contestants(in), docs, row, len(ids), tr, t, rounds, nil)
			if err != nil {
				return err
			}
			for _, f := range found {
				f.Corpus, f.Bytes = r.name, size
				res.Pairs = append(res.Pairs, f)
			}
		}
		res.Corpora = append(res.Corpora, info)
	}
	return nil
}

// runGrowth measures generated corpora, each ten times the size of the one before.
func runGrowth(c config, in *installed, res *results) error {
	res.Growth = nil
	const threshold = .8
	stopped, quadratic := map[string]string{}, map[string]bool{}
	for _, p := range peers.Near {
		quadratic[p.Name] = p.Quadratic
	}
	for n := 1000; n <= c.largest; n *= 10 {
		docs, tr, err := generated(c.work, n)
		if err != nil {
			return err
		}
		rounds := c.rounds
		if n >= 100_000 {
			rounds = 1
		}
		stat, err := os.Stat(docs)
		if err != nil {
			return err
		}
		found, err := race(c, contestants(in), docs, nil, n, tr, threshold, rounds, stopped)
		if err != nil {
			return err
		}
		for _, f := range found {
			f.Corpus, f.Bytes = "generated", int(stat.Size())
			if len(f.Runs) > 0 && f.Runs[0].Loop != nil {
				f.Bytes = f.Runs[0].Loop.Bytes
			}
			res.Growth = append(res.Growth, f)
			// Ten times as many documents take ten times as long, or a hundred times as long if
			// every pair is compared.
			grows := 10.
			if quadratic[f.Peer] {
				grows = 100
			}
			if cpu := median(f.Runs, processCPU); f.Stopped == "" && grows*cpu > c.limit.Seconds() {
				stopped[f.Peer] = fmt.Sprintf("not started: took %.0f s for a tenth of the documents", cpu)
				if quadratic[f.Peer] {
					stopped[f.Peer] += ", and grows quadratically"
				}
			} else if f.Stopped != "" && stopped[f.Peer] == "" {
				stopped[f.Peer] = "not started: was stopped with fewer documents"
			}
		}
		if err := res.write(resultsFile); err != nil { // saved now, because the next size takes ten times as long
			return err
		}
	}
	return nil
}

// race runs all peers in turn. row maps the ids of documents to rows; it is nil if the
// ids are rows.
func race(c config, cs []contestant, docs string, row map[string]int, n int, tr truth, threshold float64, rounds int, stopped map[string]string) ([]nearResult, error) {
	out := make([]nearResult, len(cs))
	pairs := filepath.Join(c.work, "pairs")
	for round := range rounds {
		for i, p := range cs {
			f := &out[i]
			f.Threshold, f.Documents, f.Peer = threshold, n, p.name
			if why := stopped[p.name]; why != "" {
				f.Stopped = why
			}
			if f.Stopped != "" {
				continue
			}
			progress("%s at %g, %d documents, round %d: %s", filepath.Base(filepath.Dir(docs)), threshold, n, round+1, p.name)
			printed, cost, err := measure(c.limit, c.work, p.command(docs, fmt.Sprint(threshold), pairs)...)
			if errors.Is(err, errLimit) {
				f.Stopped, f.Runs = fmt.Sprintf("stopped after %.0f s of processor time", c.limit.Seconds()), nil
				continue
			}
			if errors.Is(err, errFailed) {
				progress("%v", err)
				f.Stopped, f.Runs = "failed", nil
				continue
			}
			if err != nil {
				return nil, err
			}
			run := nearRun{Process: cost}
			var found [][2]int
			if p.program {
				found, err = parsePairs(printed, row)
			} else {
				run.Loop = new(report)
				if err = parseReport(printed, run.Loop); err == nil {
					found, err = readPairs(pairs)
				}
				if err == nil && run.Loop.Documents != n {
					err = fmt.Errorf("%s read only %d of %d documents", p.name, run.Loop.Documents, n)
				}
			}
			if err != nil {
				return nil, err
			}
			f.Runs = append(f.Runs, run)
			if round == 0 {
				f.Quality = judge(n, tr, threshold, found)
			}
		}
	}
	return out, nil
}

// parsePairs parses the pairs that dedup printed.
func parsePairs(printed []byte, row map[string]int) (pairs [][2]int, err error) {
	for dec := json.NewDecoder(bytes.NewReader(printed)); dec.More(); {
		var p struct{ A, B string }
		if err := dec.Decode(&p); err != nil {
			return nil, err
		}
		var rows [2]int
		for i, id := range []string{p.A, p.B} {
			if row == nil {
				if _, err := fmt.Sscan(id, &rows[i]); err != nil {
					return nil, err
				}
			} else {
				n, ok := row[id]
				if !ok {
					return nil, fmt.Errorf("unknown document %q", id)
				}
				rows[i] = n
			}
		}
		pairs = append(pairs, rows)
	}
	return pairs, nil
}

// readIDs returns the ids of a file of documents in order, and the number of bytes
// of their texts.
func readIDs(name string) (ids []string, size int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	for dec := json.NewDecoder(bufio.NewReader(f)); dec.More(); {
		var d peers.Doc
		if err := dec.Decode(&d); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", name, err)
		}
		ids = append(ids, d.ID)
		size += len(d.Text)
	}
	return ids, size, nil
}
