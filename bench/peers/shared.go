package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/neardup/neardup/bench/peers/peers"
	"github.com/neardup/neardup/boilerplate"
)

// A task is passages or blocks on one set of documents.
type task struct {
	set         string
	docs, truth string // the files that the peers read
	score       []string
}

// A finder is a peer for a task, run as a process.
type finder struct {
	name    string
	given   bool
	command func(t task, out string) []string
	program bool // a complete program, which prints its findings instead of writing them to out
}

// planted lists the edits of planted passages, with the names that plant.py uses.
var planted = []struct{ name, edit string }{
	{"as they are", "none"}, {"typography", "typography"}, {"10 % of the words edited", "words:0.1"}, {"30 % of the words edited", "words:0.3"},
}

const plantedPairs = 300

func runPassages(c config, in *installed, res *results) error {
	res.Passages = nil
	score := filepath.Join(c.shared, "score", "score_passages.py")
	var tasks []task
	for _, p := range planted {
		dir := filepath.Join(c.work, "planted-"+p.edit)
		docs, gold := filepath.Join(dir, "docs.jsonl"), filepath.Join(dir, "gold.jsonl")
		if out, err := command("", nil, "python3", filepath.Join(c.shared, "score", "plant.py"), "--source",
			filepath.Join(c.shared, "data", "throughput", "english_rfc.jsonl"), "--out", dir, "--pairs", strconv.Itoa(plantedPairs), "--edit", p.edit, "--seed", "1"); err != nil {
			return fmt.Errorf("plant.py: %w\n%s", err, out)
		}
		tasks = append(tasks, task{p.name, docs, gold, []string{"python3", score, "--truth", gold, "--docs", docs}})
	}
	stories, err := writeStories(c)
	if err != nil {
		return err
	}
	gold := filepath.Join(c.shared, "seeds", "gold.jsonl")
	tasks = append(tasks, task{"two news stories", stories, gold, []string{"python3", score, "--truth", gold, "--docs", stories}})

	fs := []finder{{name: "neardup, dedup program", program: true, command: func(t task, _ string) []string {
		return []string{in.dedup, "passages", "-json", "-quiet", "-workers", "1", t.docs}
	}}}
	for _, p := range peers.Passages {
		fs = append(fs, finder{name: p.Name, given: p.Given, command: func(t task, out string) []string {
			return []string{in.self, "passages", p.Name, t.docs, t.truth, out}
		}})
	}
	if in.python != "" {
		for _, name := range []string{"difflib", "difflib, joined"} {
			fs = append(fs, finder{name: name, given: true, command: func(t task, out string) []string {
				return []string{in.python, filepath.Join(in.drivers, "passages.py"), name, t.docs, t.truth, out}
			}})
		}
	}
	res.Passages, err = runTasks(c, tasks, fs, `plagdet ([0-9.]+)`)
	return err
}

// writeStories makes one file of documents from the two stories.
func writeStories(c config) (string, error) {
	names, err := filepath.Glob(filepath.Join(c.shared, "seeds", "*.txt"))
	if err != nil || len(names) == 0 {
		return "", errors.Join(err, errors.New("the folder shared/seeds has no stories"))
	}
	var b bytes.Buffer
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		if err := json.NewEncoder(&b).Encode(map[string]string{"id": filepath.Base(name), "text": string(text)}); err != nil {
			return "", err
		}
	}
	file := filepath.Join(c.work, "stories.jsonl")
	return file, os.WriteFile(file, b.Bytes(), 0o666)
}

func runBlocks(c config, in *installed, res *results) error {
	res.Blocks = nil
	score := filepath.Join(c.shared, "score", "score_blocks.py")
	data := filepath.Join(c.shared, "data", "html_cleanportaleval")
	labelled, html := filepath.Join(data, "blocks.jsonl"), filepath.Join(data, "pages.jsonl")
	docs := filepath.Join(c.work, "blocks-docs.jsonl")
	out, err := command("", nil, "python3", score, "to-docs", labelled)
	if err != nil {
		return fmt.Errorf("score_blocks.py: %w\n%s", err, out)
	}
	if err := os.WriteFile(docs, []byte(out), 0o666); err != nil {
		return err
	}
	t := task{"five news portals", docs, labelled, []string{"python3", score, "score", labelled}}
	fs := []finder{
		{name: "nothing flagged", program: true, command: func(task, string) []string { return []string{"true"} }},
		{name: "neardup, dedup program", program: true, command: func(t task, _ string) []string {
			return []string{in.dedup, "boilerplate", "-json", "-quiet", "-workers", "1", t.docs}
		}},
	}
	for _, p := range peers.Blocks {
		fs = append(fs, finder{name: p.Name, command: func(t task, out string) []string {
			return []string{in.self, "blocks", p.Name, t.docs, t.truth, out}
		}})
	}
	if in.python != "" {
		for _, name := range []string{"jusText", "trafilatura", "trafilatura, deduplicate", "trafilatura's duplicate test"} {
			fs = append(fs, finder{name: name, command: func(t task, out string) []string {
				return []string{in.python, filepath.Join(in.drivers, "blocks.py"), name, html, t.truth, out}
			}})
		}
	}
	if res.Blocks, err = runTasks(c, []task{t}, fs, `F1 ([0-9.]+)`); err != nil {
		return err
	}
	if in.python == "" {
		return nil
	}
	// The combination flags a block if either of the two flags it. It is not run on
	// its own, so it has no cost.
	both := filepath.Join(c.work, "flagged-both")
	var joined []byte
	sum := sharedResult{Set: t.set, Peer: "trafilatura and neardup, two passes"}
	for _, r := range res.Blocks {
		if r.Peer == "trafilatura" || r.Peer == "neardup, two passes" {
			data, err := os.ReadFile(findings(c, t, r.Peer))
			if err != nil {
				return err
			}
			joined = append(joined, data...)
			sum.Bytes = r.Bytes
		}
	}
	if err := os.WriteFile(both, joined, 0o666); err != nil {
		return err
	}
	if err := rate(&sum, t, both, `F1 ([0-9.]+)`); err != nil {
		return err
	}
	res.Blocks = append(res.Blocks, sum)
	return nil
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

// findings returns the file of a peer's findings.
func findings(c config, t task, peer string) string {
	return filepath.Join(c.work, "found-"+unfit.ReplaceAllString(t.set+"-"+peer, "-"))
}

// runTasks runs every finder on every task, one after the other in each round, and
// scores the findings.
func runTasks(c config, tasks []task, fs []finder, figure string) ([]sharedResult, error) {
	var out []sharedResult
	for _, t := range tasks {
		rs := make([]sharedResult, len(fs))
		for round := range c.rounds {
			for i, f := range fs {
				r := &rs[i]
				r.Set, r.Peer, r.Given = t.set, f.name, f.given
				if r.Stopped != "" {
					continue
				}
				progress("%s, round %d: %s", t.set, round+1, f.name)
				found := findings(c, t, f.name)
				printed, cost, err := measure(c.limit, c.work, f.command(t, found)...)
				if errors.Is(err, errLimit) {
					r.Stopped = fmt.Sprintf("stopped after %.0f s of processor time", c.limit.Seconds())
					continue
				}
				if err != nil {
					return nil, err
				}
				run := nearRun{Process: cost}
				if f.program {
					if err := os.WriteFile(found, printed, 0o666); err != nil {
						return nil, err
					}
				} else {
					run.Loop = new(report)
					if err := parseReport(printed, run.Loop); err != nil {
						return nil, err
					}
					r.Bytes = run.Loop.Bytes
				}
				r.Runs = append(r.Runs, run)
				if round == 0 {
					if err := rate(r, t, found, figure); err != nil {
						return nil, err
					}
				}
			}
		}
		out = append(out, rs...)
	}
	return out, nil
}

// rate runs the task's scoring program on the findings.
func rate(r *sharedResult, t task, found, figure string) error {
	args := append(t.score[1:len(t.score):len(t.score)], found)
	printed, err := command("", nil, t.score[0], args...)
	read := func(pattern string) float64 {
		m := regexp.MustCompile(pattern).FindStringSubmatch(printed)
		if m == nil {
			return 0
		}
		v, _ := strconv.ParseFloat(m[1], 64)
		return v
	}
	if !regexp.MustCompile(figure).MatchString(printed) {
		return fmt.Errorf("%s: %w\n%s", t.score[1], err, printed)
	}
	r.Precision, r.Recall, r.Score, r.Granularity = read(`precision ([0-9.]+)`), read(`recall ([0-9.]+)`), read(figure), read(`granularity ([0-9.]+)`)
	return nil
}

// sharedMain is the program for the finders that are written in Go:
//
//	compare passages NAME DOCS.jsonl GOLD.jsonl FOUND
//	compare blocks   NAME DOCS.jsonl -          FOUND
func sharedMain(kind string, args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("%s: want the arguments NAME DOCS TRUTH FOUND", kind)
	}
	docs, err := readDocs(args[1])
	if err != nil {
		return err
	}
	rep := report{Documents: len(docs)}
	for _, d := range docs {
		rep.Bytes += len(d.Text)
	}
	var find func()
	var encode func(*json.Encoder) error
	if kind == "passages" {
		find, encode, err = passageFinder(args[0], docs, args[2], &rep)
	} else {
		find, encode, err = blockFinder(args[0], docs, &rep)
	}
	if err != nil {
		return err
	}
	began, wall := ownCPU(), time.Now()
	find()
	rep.LoopCPU, rep.LoopWall = ownCPU()-began, time.Since(wall).Seconds()
	f, err := os.Create(args[3])
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	if err := encode(json.NewEncoder(w)); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(rep)
}

// A hosted document is a document with its site.
type hosted struct{ ID, Text, Host string }

func readDocs(name string) (docs []hosted, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for dec := json.NewDecoder(bytes.NewReader(data)); dec.More(); {
		var d hosted
		if err := dec.Decode(&d); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		docs = append(docs, d)
	}
	return docs, nil
}

// A place is a span of a document as stored in files of findings.
type place struct {
	ID    string `json:"id"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

func passageFinder(name string, docs []hosted, gold string, rep *report) (func(), func(*json.Encoder) error, error) {
	data, err := os.ReadFile(gold)
	if err != nil {
		return nil, nil, err
	}
	text := map[string]string{}
	var order []string
	for _, d := range docs {
		text[d.ID] = d.Text
		order = append(order, d.ID)
	}
	var given [][2]string
	seen := map[[2]string]bool{}
	for dec := json.NewDecoder(bytes.NewReader(data)); dec.More(); {
		var g struct{ A, B place }
		if err := dec.Decode(&g); err != nil {
			return nil, nil, err
		}
		if p := [2]string{g.A.ID, g.B.ID}; !seen[p] {
			seen[p] = true
			given = append(given, p)
		}
	}
	for _, p := range peers.Passages {
		if p.Name != name {
			continue
		}
		var found []peers.Shared
		return func() { found = p.Find(text, order, given) }, func(enc *json.Encoder) error {
			peers.SortShared(found)
			for _, s := range found {
				if err := enc.Encode(map[string]place{"a": {s.A, s.SpanA[0], s.SpanA[1]}, "b": {s.B, s.SpanB[0], s.SpanB[1]}}); err != nil {
					return err
				}
			}
			rep.Pairs = len(found)
			return nil
		}, nil
	}
	return nil, nil, fmt.Errorf("unknown passage finder %q", name)
}

func blockFinder(name string, docs []hosted, rep *report) (func(), func(*json.Encoder) error, error) {
	pages := make([]boilerplate.Page, len(docs))
	for i, d := range docs {
		pages[i] = boilerplate.Page{ID: d.ID, Host: d.Host, Text: d.Text}
	}
	for _, p := range peers.Blocks {
		if p.Name != name {
			continue
		}
		var found []peers.Flagged
		return func() { found = p.Find(pages) }, func(enc *json.Encoder) error {
			for _, s := range found {
				if err := enc.Encode(place{s.ID, s.Start, s.End}); err != nil {
					return err
				}
			}
			rep.Pairs = len(found)
			return nil
		}, nil
	}
	return nil, nil, fmt.Errorf("unknown block finder %q", name)
}
