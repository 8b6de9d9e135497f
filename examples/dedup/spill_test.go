package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/spill"
	"github.com/neardup/neardup/internal/race"
)

// spillCorpora returns files of documents. In the first, two fifths of the documents meet
// in one bucket; in the second, two fifths are exact duplicates, a third of them of one
// text, and ids are missing, repeated or look like places.
func spillCorpora(t *testing.T, docs int) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, kind := range []string{"crowd", "copies"} {
		r := rand.New(rand.NewPCG(3, uint64(len(kind))))
		word := func() string { return fmt.Sprintf("w%d", r.IntN(40_000)) }
		frame := make([]string, 150)
		for i := range frame {
			frame[i] = word()
		}
		var texts []string
		var b bytes.Buffer
		for i := range docs {
			words := make([]string, 60+r.IntN(100))
			for j := range words {
				words[j] = word()
			}
			switch {
			case kind == "crowd" && r.IntN(5) < 2: // one text with a few words changed
				words = slices.Clone(frame)
				for range r.IntN(3) {
					words[r.IntN(len(words))] = word()
				}
			case i > 20 && r.IntN(4) == 0: // an edited copy
				words = strings.Fields(texts[r.IntN(i)])
				if len(words) > 0 {
					words[r.IntN(len(words))] = word()
				}
			}
			text := strings.Join(words, " ")
			if kind == "copies" && i > 10 && r.IntN(5) < 2 {
				if text = texts[r.IntN(i)]; r.IntN(3) == 0 {
					text = texts[3]
				}
			}
			if i%97 == 0 {
				text = ""
			}
			texts = append(texts, text)
			doc := map[string]string{"id": fmt.Sprint("d", i), "text": text}
			if i%13 > 0 {
				doc["time"] = fmt.Sprintf("20%02d-01-02T03:04:05.%dZ", r.IntN(20), r.IntN(1000))
				doc["score"] = fmt.Sprint(r.NormFloat64())
			}
			switch {
			case i%31 == 0:
				doc["time"], doc["score"] = "yesterday", "much"
			case i%7 == 0:
				doc["time"], doc["score"] = "2011-01-02", []string{"-0", "0", "-Inf", "7"}[r.IntN(4)]
			}
			switch {
			case kind == "crowd":
			case i%5 == 0:
				delete(doc, "id")
			case i%7 == 0:
				doc["id"] = "d3"
			case i%11 == 0:
				doc["id"] = fmt.Sprintf("copies.jsonl:%d", i-10+i%13)
			}
			line, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(append(line, '\n'))
		}
		b.WriteString("{\"id\":\"bad\"\n")
		files[kind] = kind + ".jsonl"
		put(t, map[string]string{files[kind]: b.String()})
	}
	return files
}

// TestSpillEqualsRunInMemory compares the findings, messages and exit status of commands
// with and without -spill.
func TestSpillEqualsRunInMemory(t *testing.T) {
	shared, err := filepath.Abs("../../../shared/data")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	docs := 700
	if race.Short() {
		docs = 250
	}
	files := spillCorpora(t, docs)
	for _, name := range []string{"reuters21578", "terms_versions"} {
		if found, _ := filepath.Glob(filepath.Join(shared, name, "docs.jsonl*")); len(found) > 0 && !testing.Short() && !race.Enabled {
			files[name] = found[0]
		}
	}
	if file, ok := files["terms_versions"]; ok { // its documents are long versions of the same texts
		files["terms_versions"] = "terms.jsonl"
		put(t, map[string]string{"terms.jsonl": head(t, file, 120)})
	}
	files["nothing"] = "nothing.jsonl"
	put(t, map[string]string{files["nothing"]: ""})
	for name, file := range files {
		for _, command := range spillCommands {
			for i, flags := range [][]string{{"-workers", "3", "-memory", "192MiB"}, {"-estimate", "-workers", "1"}, {"-threshold", "0.5", "-k", "64"}} {
				real := filepath.IsAbs(file) || name == "terms_versions"
				if real && slices.Contains(command, "-keep") && !slices.Contains(command, "longest") {
					continue // real documents have no times or scores
				}
				if (real || race.Enabled || testing.Short()) && i > 0 || i > 0 && !slices.Contains(command, "-json") && i+1 < len(command) {
					continue // these take long and test nothing new
				}
				t.Run(fmt.Sprint(name, command, flags), func(t *testing.T) {
					args := slices.Concat(command, flags, []string{"-strip=false", file})
					want, wantErr, wantStatus := dedup(t, "", args...)
					wantFiles := outputs(t)
					got, gotErr, status := dedup(t, "", append(args, "-spill", "run")...)
					if got != want || status != wantStatus || len(want) < 1000 && len(wantFiles) < 1000 && name != "nothing" {
						t.Errorf("status %d, want %d; %d bytes, want the same %d\n%s", status, wantStatus, len(got), len(want), gotErr)
					}
					if gotErr != wantErr {
						t.Errorf("messages\n%s\nwant\n%s", gotErr, wantErr)
					}
					if gotFiles := outputs(t); gotFiles != wantFiles {
						t.Errorf("the files differ: %d bytes, want %d", len(gotFiles), len(wantFiles))
					}
					if _, err := os.Stat("run"); err == nil {
						t.Error("the folder of the run remains, want it removed")
					}
				})
			}
		}
	}
}

// spillCommands are the commands with -spill.
var spillCommands = [][]string{{"clusters", "-json"}, {"pairs", "-json"}, {"clusters"},
	{"clean", "-out", "out.jsonl", "-stats", "out.json"}, {"clean", "-json", "-dry-run"}, {"clean", "-out", "out/"},
	{"clean", "-cut", "repeats", "-min", "8", "-spans", "out.cut.jsonl", "-out", "out.jsonl", "-stats", "out.json"},
	{"clusters", "-json", "-keep", "longest"}, {"clusters", "-json", "-keep", "newest"}, {"clusters", "-json", "-keep", "max:score"},
	{"clean", "-out", "out.jsonl", "-stats", "out.json", "-keep", "newest"}, {"clean", "-json", "-dry-run", "-keep", "max:score"}}

// outputs returns the files that a command wrote, and removes them.
func outputs(t *testing.T) string {
	var all strings.Builder
	names, err := filepath.Glob("out*")
	if err != nil {
		t.Fatal(err)
	}
	in, err := filepath.Glob("out/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(in, names...) {
		if data, err := os.ReadFile(name); err == nil {
			fmt.Fprintf(&all, "%s\n%s", name, data)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// TestKilledSpillContinues kills a run repeatedly until it finishes.
func TestKilledSpillContinues(t *testing.T) {
	t.Chdir(t.TempDir())
	docs := 2000
	if race.Short() {
		docs = 500
	}
	files := spillCorpora(t, docs)
	step := 5 * time.Millisecond
	if testing.Short() || race.Enabled {
		step *= 10 // everything takes longer
	}
	for _, command := range [][]string{spillCommands[0], spillCommands[1], spillCommands[8]} {
		args := append(slices.Clone(command), "-strip=false", files["copies"])
		want, _, _ := dedup(t, "", args...)
		killed := 0
		for wait := step; ; wait += step {
			cmd := exec.Command(os.Args[0], append(args, "-spill", "run")...)
			cmd.Env = append(os.Environ(), "DEDUP_AS_PROGRAM=1")
			var out, message bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &message
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(wait, func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait()
			if cmd.ProcessState.ExitCode() >= 0 { // not killed
				if out.String() != want {
					t.Errorf("output after %d killed runs = %s, want %s; messages %s", killed, out.String(), want, message.Bytes())
				}
				break
			}
			if killed++; killed > 1000 {
				t.Fatal("no end after 1000 killed runs, want one")
			}
		}
		if killed == 0 {
			t.Error("no run was killed, want at least 1 (else nothing is tested)")
		}
		if _, err := os.Stat("run"); err == nil {
			t.Error("the folder of the run remains, want it removed")
		}
	}
}

// TestSpillResumesAfterFinishedShard resumes after a shard that an earlier run completed,
// in the middle of a group that is sketched together, and refuses other documents in its
// place.
func TestSpillResumesAfterFinishedShard(t *testing.T) {
	t.Chdir(t.TempDir())
	all := string(readFile(t, spillCorpora(t, 700)["copies"]))
	lines := strings.SplitAfter(all, "\n")
	args := []string{"clusters", "-json", "-strip=false", "-"}
	spilled := append(slices.Clone(args), "-spill", "run")
	want, _, wantStatus := dedup(t, all, args...)
	for _, shard := range []int{300, 128, 1} {
		if _, message, status := dedup(t, strings.Join(lines[:shard], ""), append(spilled, "-step", "sketch")...); status > 1 {
			t.Fatalf("status %d: %s", status, message)
		}
		if err := os.Remove("run/sketch.0000.end"); err != nil {
			t.Fatal(err)
		}
		other := strings.Replace(all, "yesterday", "tomorrow", 1) // changes the first document
		if _, message, status := dedup(t, other, spilled...); status != 2 || !strings.Contains(message, "different documents than before") {
			t.Errorf("other documents: status %d, %s, want 2 and a message that the documents differ", status, message)
		}
		got, message, status := dedup(t, all, spilled...)
		if got != want || status != wantStatus {
			t.Errorf("after %d documents: status %d, want %d; the lines differ: %v\n%s", shard, status, wantStatus, got != want, message)
		}
	}
}

// TestSpillShardsEqualOneRun performs each step in parts, with calls in any order, some
// of them repeated and some after their files were lost, and compares the findings of a
// last call.
func TestSpillShardsEqualOneRun(t *testing.T) {
	t.Chdir(t.TempDir())
	spillCorpora(t, 1500)
	lines := strings.SplitAfter(string(readFile(t, "copies.jsonl")), "\n")
	put(t, map[string]string{
		"part-0.jsonl": strings.Join(lines[:300], ""), "part-1.jsonl": strings.Join(lines[300:301], ""),
		"part-2.jsonl": strings.Join(lines[301:1200], ""), "part-3.jsonl": strings.Join(lines[1200:], ""),
	})
	r := rand.New(rand.NewPCG(5, 5))
	for _, command := range [][]string{spillCommands[0], spillCommands[1], spillCommands[8]} {
		args := append(slices.Clone(command), "-strip=false", "part-*.jsonl")
		want, _, wantStatus := dedup(t, "", args...)
		spilled := append(slices.Clone(args), "-spill", "run")
		for _, step := range spill.StepNames() {
			of := 3
			if step != "sketch" {
				if _, message, status := dedup(t, "", append(spilled, "-step", "matches")...); step != "matches" && status != 2 || step != "matches" && !strings.Contains(message, "of the earlier step") {
					t.Errorf("step matches before %s: status %d, %s, want 2: a step comes before it", step, status, message)
				} else if step == "matches" && status != 0 {
					t.Errorf("step matches: status %d, %s, want 0", status, message)
				}
				of = 2
			}
			calls := []int{0, 1, 2, 0, 1, 2}[:2*of]
			for i := range calls {
				calls[i] %= of
			}
			r.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
			for i, shard := range calls {
				if _, message, status := dedup(t, "", append(spilled, "-step", step, "-shard", fmt.Sprintf("%d/%d", shard, of))...); status > 1 {
					t.Fatalf("step %s, shard %d/%d: status %d, %s, want 0 or 1", step, shard, of, status, message)
				}
				if i == of {
					names, _ := filepath.Glob("run/" + step + ".0001*")
					for _, name := range names { // as if the machine that wrote them had failed
						if err := os.Remove(name); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			// Write the files that were lost after the last call again.
			if _, message, status := dedup(t, "", append(spilled, "-step", step)...); status > 1 && step != "sketch" {
				t.Fatalf("step %s: status %d, %s, want 0 or 1", step, status, message)
			} else if step == "sketch" {
				for shard := range of {
					dedup(t, "", append(spilled, "-step", step, "-shard", fmt.Sprintf("%d/%d", shard, of))...)
				}
			}
		}
		got, message, status := dedup(t, "", spilled...)
		if got != want || status != wantStatus {
			t.Errorf("%v: status %d, want %d; the lines differ: %v\n%s", command, status, wantStatus, got != want, message)
		}
		if _, err := os.Stat("run"); err == nil {
			t.Error("the folder of the run remains, want it removed")
		}
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSpillRefusesWhatDoesNotFit tries folders, inputs and flags that a run must refuse
// with advice, and others that it must accept.
func TestSpillRefusesWhatDoesNotFit(t *testing.T) {
	t.Chdir(t.TempDir())
	file := spillCorpora(t, 500)["crowd"]
	want, _, _ := dedup(t, "", "clusters", "-json", "-strip=false", file)
	args := []string{"clusters", "-json", "-strip=false", "-spill", "run", file}
	refused := func(message string, args ...string) {
		t.Helper()
		if out, got, status := dedup(t, "", args...); status != 2 || !strings.Contains(got, message) || out != "" {
			t.Errorf("%v: status %d, %q, want a message with %q", args, status, got, message)
		}
	}
	begin := func() {
		t.Helper()
		if err := os.RemoveAll("run"); err != nil {
			t.Fatal(err)
		}
		for _, step := range spill.StepNames()[:1+slices.Index(spill.StepNames(), "duplicates")] {
			if _, message, status := dedup(t, "", append(args, "-step", step)...); status > 1 {
				t.Fatalf("step %s: status %d, %s, want 0 or 1", step, status, message)
			}
		}
	}
	begin()
	refused("-threshold was 0.8 and is now 0.7", append(args, "-threshold", "0.7")...)
	refused("-estimate was false", append(args, "-estimate")...)
	refused("how inputs are read", append(args, "-field-id", "name")...)
	refused("the number of inputs", append(args, "copies.jsonl")...)
	refused("an input was crowd.jsonl and is now copies.jsonl", "clusters", "-strip=false", "-spill", "run", "copies.jsonl")
	if err := os.WriteFile("run/bands.0000.123.tmp", []byte("left behind"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, message, status := dedup(t, "", args...); out != want || status != 1 {
		t.Errorf("run after the refused ones: status %d, %s, output as before: %v, want 1, true", status, message, out == want)
	}

	begin()
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
	refused("the input crowd.jsonl has changed", args...)

	for _, name := range []string{"sketch.0000.000000", "names.0000", "duplicates.0000", "buckets.0000", "sketch.0000.end", "manifest"} {
		for _, damage := range []func([]byte) []byte{
			func(b []byte) []byte { return b[:len(b)/2] },
			func([]byte) []byte { return nil },
			func(b []byte) []byte { return append(b, "x\n"...) },
			func(b []byte) []byte { return bytes.Repeat([]byte("neardup spill 1\n"), 1+len(b)/16) },
		} {
			if name == "buckets.0000" {
				begin()
				if _, message, status := dedup(t, "", append(args, "-step", "bands")...); status > 1 {
					t.Fatalf("step bands: status %d, %s, want 0 or 1", status, message)
				}
				if _, message, status := dedup(t, "", append(args, "-step", "buckets")...); status > 1 {
					t.Fatalf("step buckets: status %d, %s, want 0 or 1", status, message)
				}
			} else {
				begin()
			}
			data := readFile(t, "run/"+name)
			if err := os.WriteFile("run/"+name, damage(data), 0o600); err != nil {
				t.Fatal(err)
			}
			refused("delete the folder", args...)
		}
	}

	if err := os.RemoveAll("run"); err != nil {
		t.Fatal(err)
	}
	begin()
	refused("-keep was first and is now longest", append(args, "-keep", "longest")...)
	if err := os.RemoveAll("run"); err != nil {
		t.Fatal(err)
	}
	put(t, map[string]string{"run/letter.txt": "not ours"})
	refused("letter.txt, which does not belong to a run", args...)
	refused("is not a folder", "clusters", "-spill", file, "-strip=false", file)
	refused("pass -strip=false", "clusters", "-spill", "new", writeHost(t))
	for flag, message := range map[string]string{"-strip": "-strip", "-covered=0.3": "-covered"} {
		refused(message, "clusters", "-spill", "new", flag, file)
	}
	refused("-annotate", "clean", "-spill", "new", "-annotate", "-out", "out.jsonl", file)
	refused("-cut blocks", "clean", "-spill", "new", "-cut", "repeats,blocks", "-out", "out.jsonl", file)
	refused("cannot be combined with -keep newest", "clean", "-spill", "new", "-keep", "newest", "-cut", "repeats", "-out", "out.jsonl", file)
	refused("lies in the input", "clusters", "-spill", "run/new", "-strip=false", "run")
	refused("-containment", "pairs", "-spill", "new", "-containment", "0.5", file)
	refused("-against", "pairs", "-spill", "new", "-against", file, file)
	refused("-step", "clusters", "-step", "bands", file)
	refused("must be i/n", "clusters", "-spill", "new", "-step", "bands", "-shard", "3/3", file)
	refused("must be one of", "clusters", "-spill", "new", "-step", "walk", file)
}

// head returns the first lines of a file.
func head(t *testing.T, name string, lines int) string {
	t.Helper()
	all := strings.SplitAfterN(string(readFile(t, name)), "\n", lines+1)
	return strings.Join(all[:min(lines, len(all))], "")
}

func writeHost(t *testing.T) string {
	put(t, map[string]string{"host.jsonl": `{"id":"a","text":"one two three","host":"example.org"}` + "\n"})
	return "host.jsonl"
}
