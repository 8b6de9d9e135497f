package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/bench/peers/peers"
	"github.com/neardup/neardup/boilerplate"
)

// TestMain makes the test binary act as the process of a peer, like the program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"measure", "peer", "passages", "blocks"}, os.Args[1]) {
		if err := run(os.Args[1:]); err != nil {
			println(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// small is a generated corpus and its planted findings.
func small(t *testing.T, n int) (texts []string, tr truth, file string) {
	t.Helper()
	file, tr, err := generated(t.TempDir(), n)
	if err != nil {
		t.Fatal(err)
	}
	if texts, err = readTexts(file); err != nil {
		t.Fatal(err)
	}
	if len(texts) != n {
		t.Fatalf("%d documents, want %d", len(texts), n)
	}
	return texts, tr, file
}

// Every peer finds the exact duplicates, and only the peer without a threshold reports
// unlike documents.
func TestPeersFindExactDuplicates(t *testing.T) {
	texts, tr, _ := small(t, 500)
	copies := 0
	for _, p := range peers.Near {
		t.Run(p.Name, func(t *testing.T) {
			f := p.Find(texts, .8)
			if p.Floor {
				if len(f.Pairs) > 0 {
					t.Errorf("the floor found %v, want nothing", f.Pairs)
				}
				return
			}
			if f.Banding == "" || f.Index == nil {
				t.Errorf("banding %q, index %v, want neither to be empty", f.Banding, f.Index)
			}
			got := map[[2]int]bool{}
			for _, pair := range f.Pairs {
				if pair[0] >= pair[1] {
					t.Fatalf("pair %v, want the smaller number first", pair)
				}
				got[pair] = true
			}
			copies = 0
			for pair, s := range tr {
				if s == 1 {
					copies++
					if !got[pair] {
						t.Errorf("copies %v were not found, want every exact duplicate", pair)
					}
				}
			}
			if q := judge(len(texts), tr, .8, f.Pairs); q.Precision < .95 || q.Recall < .5 {
				t.Errorf("precision %.3f, recall %.3f, want at least 0.95 and 0.5", q.Precision, q.Recall)
			}
		})
	}
	if copies < 20 {
		t.Errorf("%d copies are planted, want at least 20", copies)
	}
}

// Exact peers must agree with the generator, and neardup with the exact peers.
func TestExactPeersAgree(t *testing.T) {
	texts, tr, _ := small(t, 500)
	for _, p := range peers.Near {
		if p.Name != "map of sets" && p.Name != ours && p.Name != "neardup-common" {
			continue
		}
		for _, threshold := range []float64{.8, .5} {
			q := judge(len(texts), tr, threshold, p.Find(texts, threshold).Pairs)
			if q.StrictPrecision != 1 || q.StrictRecall < .98 || p.Name == "map of sets" && q.StrictRecall != 1 {
				t.Errorf("%s at %g: strict precision %.3f, recall %.3f, want 1 and at least 0.98", p.Name, threshold, q.StrictPrecision, q.StrictRecall)
			}
		}
	}
}

// A peer in a separate process gives the same result as a call.
func TestProcessEqualsCall(t *testing.T) {
	texts, _, file := small(t, 200)
	pairs := filepath.Join(t.TempDir(), "pairs")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peers.Near {
		printed, c, err := measure(60e9, "", self, "peer", p.Name, file, "0.8", pairs)
		if err != nil {
			t.Fatal(err)
		}
		var rep report
		if err := parseReport(printed, &rep); err != nil {
			t.Fatal(err)
		}
		got, err := readPairs(pairs)
		if err != nil {
			t.Fatal(err)
		}
		want := p.Find(texts, .8).Pairs
		for _, l := range [][][2]int{got, want} {
			slices.SortFunc(l, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
		}
		if !slices.Equal(got, want) || rep.Pairs != len(want) || rep.Documents != len(texts) {
			t.Errorf("%s: %d pairs and %+v, want %d pairs", p.Name, len(got), rep, len(want))
		}
		if c.CPU <= 0 || c.Wall <= 0 || c.RSS < 1<<20 || rep.LoopCPU > c.CPU+.05 {
			t.Errorf("%s: process %+v, loop %+v, want CPU, wall time and memory, the loop within the process", p.Name, c, rep)
		}
	}
	if _, _, err := measure(1e9, "", "sh", "-c", "while :; do :; done"); !errors.Is(err, errLimit) {
		t.Errorf("measure of a process that does not end = %v, want errLimit", err)
	}
	if _, _, err := measure(60e9, "", self, "peer", "nobody", file, "0.8", pairs); err == nil {
		t.Error("measure of an unknown peer = nil error, want an error")
	}
}

// The passage finders find a moved paragraph with one word changed; the block finders
// find a line that is on every page.
func TestSharedFindersFindPlantedText(t *testing.T) {
	first := "The ferry leaves the northern pier at nine, calls at both islands before noon, and is back when the lamps are lit along the quay."
	second := "Nobody had counted the herons since the flood, so the wardens went out with three boats and came home with two different numbers."
	docs := map[string]string{
		"a": first + "\n\nThe view of the harbour board on this is not known.\n\n" + second,
		"b": strings.Replace(second, "three", "four", 1) + "\n\nThe rest is about bread.\n\n" + first,
	}
	for _, p := range peers.Passages {
		found := p.Find(docs, []string{"a", "b"}, [][2]string{{"a", "b"}})
		covered := 0
		for _, s := range found {
			covered += s.SpanA[1] - s.SpanA[0]
		}
		least := len(first) + len(second) - 10
		if p.Name == "Smith-Waterman" { // it reports only one passage
			least = len(second) - 10
		}
		if covered < least || covered > least+40 {
			t.Errorf("%s covers %d bytes, want about %d: %v", p.Name, covered, least, found)
		}
	}
	var pages []boilerplate.Page
	for i, body := range []string{"The rye rests for two nights.", "The glacier lost a metre in July.", "A choir sang at the bridge."} {
		pages = append(pages, boilerplate.Page{ID: string(rune('a' + i)), Host: "post", Text: body + "\n\nReporters of the Harbour Post file from the quay every morning but Sunday."})
	}
	for _, p := range peers.Blocks {
		if found := p.Find(pages); len(found) == 0 || found[0].Start < 20 {
			t.Errorf("%s flags %v, want the line that is on every page", p.Name, found)
		}
	}
}

func TestJudgeComputesScores(t *testing.T) {
	tr := truth{{0, 1}: 1, {0, 2}: .9, {1, 2}: .82, {3, 4}: .78, {5, 6}: .6, {7, 8}: .9}
	q := judge(10, tr, .8, [][2]int{{1, 0}, {2, 0}, {3, 4}, {5, 6}, {5, 9}})
	want := quality{Recall: 2. / 3, Precision: 3. / 5, StrictRecall: 2. / 4, StrictPrecision: 2. / 5, Reported: 5, Due: 3}
	want.F1, want.StrictF1 = harmonic(want.Recall, want.Precision), harmonic(want.StrictRecall, want.StrictPrecision)
	// True clusters: 012, 78; reported: 012, 34, 569. Of 45 pairs of documents 4
	// are together in truth, 7 as reported, 3 in both.
	expected := 4. * 7 / 45
	want.ARI = (3 - expected) / (5.5 - expected)
	if math.Abs(q.ARI-want.ARI) > 1e-12 {
		t.Errorf("ARI %v, want %v", q.ARI, want.ARI)
	}
	if q.ARI = want.ARI; q != want {
		t.Errorf("got  %+v\nwant %+v", q, want)
	}
}

// The generated documents are the same on every machine.
func TestGeneratedDocumentsAreTheSameEverywhere(t *testing.T) {
	var a, b bytes.Buffer
	pairs, err := generate(&a, 1500)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := generate(&b, 2500); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(a.Bytes(), []byte("\n")); n != 1500 || !bytes.HasPrefix(b.Bytes(), a.Bytes()[:bytes.IndexByte(a.Bytes(), '\n')]) {
		t.Errorf("%d documents, want 1500, and the same first ones in a larger corpus", n)
	}
	if len(pairs) != 300 {
		t.Errorf("%d pairs, want 300", len(pairs))
	}
	kinds := [4]float64{}
	for i, p := range pairs {
		kinds[i%4] += p.Jaccard / 75
	}
	if math.Abs(kinds[0]-1) > 1e-9 || kinds[1] < .85 || kinds[1] > .95 || kinds[2] < .75 || kinds[2] > .87 || kinds[3] > .75 || kinds[3] < .6 {
		t.Errorf("similarities with 0, 1, 2, 4 words changed = %v, want 1, about 0.9, 0.81 and 0.67", kinds)
	}
}

// The page in the docs is the one made from the results.
func TestPageIsMadeFromResults(t *testing.T) {
	res, err := readResults(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Pairs) == 0 || len(res.Growth) == 0 || len(res.Passages) == 0 || len(res.Blocks) == 0 {
		t.Fatalf("results: %d pairs, %d growth, %d passages, %d blocks, want some of each", len(res.Pairs), len(res.Growth), len(res.Passages), len(res.Blocks))
	}
	files, err := makePage(res)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(docsFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("docs/%s differs from what %s makes, want the same: GOWORK=off go -C bench/peers run . -page", name, resultsFile)
		}
	}
	if len(files) != 3 {
		t.Errorf("%d files, want 3", len(files))
	}
	if page := string(files["comparison.md"]); strings.Contains(page, "NaN") || strings.Contains(page, "Inf") || strings.Contains(page, "<no value>") {
		t.Error("the page has NaN, Inf or <no value>, want figures")
	}
}

// The page gives a reason wherever a peer is ahead of neardup.
func TestEveryLossHasAReason(t *testing.T) {
	slow, fast := nearRun{Process: cost{CPU: 2, Wall: 2, RSS: 2}, Loop: &report{LoopCPU: 2, IndexBytes: 2}}, nearRun{Process: cost{CPU: 1, Wall: 1, RSS: 1}, Loop: &report{LoopCPU: 1, IndexBytes: 1}}
	res := &results{Corpora: []corpus{{Name: "reuters", Due: []due{{Threshold: .8}}}}, Pairs: []nearResult{
		{Corpus: "reuters", Threshold: .8, Documents: 10, Peer: ours, Runs: []nearRun{slow}},
		{Corpus: "reuters", Threshold: .8, Documents: 10, Peer: "rival", Runs: []nearRun{fast}, Quality: quality{F1: 1, StrictF1: 1, ARI: 1}},
	}, Growth: []nearResult{
		{Documents: 10, Peer: ours, Runs: []nearRun{slow}}, {Documents: 10, Peer: "rival", Runs: []nearRun{fast}},
	}}
	files, err := makePage(res)
	if err != nil {
		t.Fatal(err)
	}
	_, losses, ok := strings.Cut(string(files["comparison.md"]), "## Where another tool is ahead")
	if !ok {
		t.Fatal("the page lacks the section on where another tool is ahead")
	}
	if n := strings.Count(losses, "- rival. "); n != len(whys) {
		t.Errorf("%d reasons are on the page, want %d:\n%s", n, len(whys), losses)
	}
}

// The drivers in other languages are those embedded in the program, and their versions
// are pinned.
func TestDriversArePinned(t *testing.T) {
	for _, name := range []string{"near.py", "passages.py", "blocks.py", "requirements.txt", "requirements-nodeps.txt", "gaoya/Cargo.toml", "gaoya/Cargo.lock", "gaoya/src/main.rs"} {
		if _, err := drivers.ReadFile("drivers/" + name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"requirements.txt", "requirements-nodeps.txt"} {
		data, err := drivers.ReadFile("drivers/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' && !strings.Contains(line, "==") {
				t.Errorf("%s: %q, want a pinned version (==)", name, line)
			}
		}
	}
	// If there is a Python, it can at least parse them.
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Log("no python3: its drivers were not read")
		return
	}
	for _, name := range []string{"near.py", "passages.py", "blocks.py"} {
		if out, err := command("", nil, python, "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", "drivers/"+name); err != nil {
			t.Errorf("%s does not parse: %v, want valid Python\n%s", name, err, out)
		}
	}
}

// The peers in other languages find the planted pairs, if a comparison has installed
// them. text-dedup finds only about half, because its tokenizer counts the empty strings
// between punctuation marks as words.
func TestOtherLanguagesFindPlantedPairs(t *testing.T) {
	in := &installed{python: filepath.Join(workFolder(), "venv", "bin", "python"), drivers: "drivers",
		gaoya: filepath.Join(workFolder(), "drivers", "gaoya", "target", "release", "gaoya-near")}
	for _, program := range []*string{&in.python, &in.gaoya} {
		if _, err := os.Stat(*program); err != nil {
			t.Logf("not installed: %v", err)
			*program = ""
		}
	}
	_, tr, file := small(t, 500)
	pairs := filepath.Join(t.TempDir(), "pairs")
	for _, p := range contestants(in) {
		if p.program || floor(p.name) || slices.ContainsFunc(peers.Near, func(g peers.Peer) bool { return g.Name == p.name }) {
			continue
		}
		printed, _, err := measure(60e9, "", p.command(file, "0.8", pairs)...)
		if err != nil {
			t.Fatal(err)
		}
		var rep report
		if err := parseReport(printed, &rep); err != nil {
			t.Fatal(err)
		}
		found, err := readPairs(pairs)
		if err != nil {
			t.Fatal(err)
		}
		q := judge(500, tr, .8, found)
		if q.Precision < .8 || q.Recall < .4 || q.Recall < .75 && p.name != "text-dedup" || rep.Documents != 500 || rep.Pairs != len(found) {
			t.Errorf("%s: quality %+v, report %+v; want precision 0.8, recall 0.75 (text-dedup 0.4), 500 documents and %d pairs", p.name, q, rep, len(found))
		}
	}
}

// Results that are read and written again keep every field.
func TestResultsKeepEveryField(t *testing.T) {
	res, err := readResults(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "results.json")
	if err := res.write(name); err != nil {
		t.Fatal(err)
	}
	a, err := os.ReadFile(resultsFile)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("results read and written again differ, want the same bytes")
	}
	if err := os.WriteFile(name, []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := readResults(name); err == nil {
		t.Error("readResults of broken JSON = nil error, want an error")
	}
	var any json.RawMessage
	if err := json.Unmarshal(a, &any); err != nil {
		t.Error(err)
	}
}
