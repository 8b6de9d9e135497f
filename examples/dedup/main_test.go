package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// dedup runs the program and returns its output and its exit status.
func dedup(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status = program().Run(context.Background(), args, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), status
}

// repository makes the top folder of the repository the working directory, so that ids in
// golden files are the same as in the README.
func repository(t *testing.T) {
	t.Helper()
	t.Chdir(filepath.Join("..", ".."))
}

func TestGoldenOutput(t *testing.T) {
	golden, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	repository(t)
	const stories = "examples/stories"
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"help", []string{"-h"}},
		{"help-report", []string{"report", "-h"}},
		{"help-pairs", []string{"help", "pairs"}},
		{"help-clusters", []string{"clusters", "-h"}},
		{"help-passages", []string{"passages", "-h"}},
		{"help-origins", []string{"origins", "-h"}},
		{"origins", []string{"origins", stories}},
		{"origins-json", []string{"origins", "-json", stories}},
		{"help-boilerplate", []string{"boilerplate", "-h"}},
		{"help-decon", []string{"decon", "-h"}},
		{"help-index", []string{"index", "-h"}},
		{"help-index-add", []string{"index", "add", "-h"}},
		{"help-index-query", []string{"index", "query", "-h"}},
		{"report", []string{stories}},
		{"pairs", []string{"pairs", stories, "-containment", ".4"}},
		{"pairs-json", []string{"pairs", "-json", "-threshold", ".1", stories}},
		{"pairs-strip", []string{"pairs", "-strip", "-json", "-threshold", ".1", stories}},
		{"pairs-chars", []string{"pairs", "-unit", "chars", "-size", "8", "-threshold", ".3", stories}},
		{"clusters", []string{"clusters", stories}},
		{"clusters-json", []string{"clusters", "-json", "-keep", "longest", stories}},
		{"passages", []string{"passages", "-strip", stories}},
		{"passages-json", []string{"passages", "-json", "-min", "20", stories}},
		{"boilerplate", []string{"boilerplate", stories}},
		{"boilerplate-json", []string{"boilerplate", "-json", stories}},
		{"help-index-remove", []string{"index", "remove", "-h"}},
		{"help-index-stats", []string{"help", "index", "stats"}},
		{"help-clean", []string{"clean", "-h"}},
		{"clean-dry-run", []string{"clean", "-dry-run", "-strip", stories}},
		{"clean-dry-run-json", []string{"clean", "-dry-run", "-json", "-threshold", ".7", stories}},
		{"help-compare", []string{"compare", "-h"}},
		{"compare", []string{"compare", stories + "/harbour-post/letter.txt", stories + "/northern-wire/adviser.txt"}},
		{"compare-corpus", []string{"compare", stories + "/harbour-post/ferry.txt", stories + "/northern-wire/ferry.txt", stories}},
		{"compare-json", []string{"compare", "-json", stories + "/harbour-post/ferry.txt", stories + "/northern-wire/ferry.txt", stories}},
		{"help-bands", []string{"bands", "-h"}},
		{"bands", []string{"bands", "-banding", "3x8", stories}},
		{"bands-json", []string{"bands", "-json", "-threshold", ".95", stories + "/harbour-post/ferry.txt"}},
		{"boilerplate-stream", []string{"boilerplate", "-json", "-stream", stories}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, status := dedup(t, "", tt.args...)
			got := stdout
			if stderr != "" {
				got += "--- standard error\n" + stderr
			}
			if status != cli.ExitDone {
				t.Errorf("status %d, want %d", status, cli.ExitDone)
			}
			name := filepath.Join(golden, tt.name+".golden")
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got; -update rewrites it):\n%s", tt.name, diff)
			}
		})
	}
}

func TestStatusReportsBadInput(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, data := range map[string]string{
		"good.txt":       "a text of some words that nobody else wrote",
		"empty.txt":      "",
		"pair":           "a text of a few words",
		"mixed/a.txt":    "a text",
		"mixed/b.bin":    "\x89PNG\x00\x00",
		"latin.txt":      "caf\xe9",
		"broken.jsonl":   "{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\n",
		"twice.jsonl":    "{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"a\",\"text\":\"y\"}\n",
		"untimely.jsonl": "{\"id\":\"a\",\"text\":\"x\",\"time\":\"soon\"}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		why    string
		args   string
		status int
		stderr string // part of standard error
	}{
		{"all is well", "pairs good.txt", cli.ExitDone, "1 document, 0 pairs"},
		{"an empty document is a document", "pairs empty.txt good.txt", cli.ExitDone, "2 documents (1 empty), 0 pairs"},
		{"every command reads nothing but an empty document", "report empty.txt", cli.ExitDone, ""},
		{"clusters of an empty one", "clusters empty.txt", cli.ExitDone, "0 clusters in 1 document (1 empty)"},
		{"passages of an empty one", "passages empty.txt", cli.ExitDone, "1 document (1 empty): 0 passages"},
		{"blocks of an empty one", "boilerplate empty.txt", cli.ExitDone, "0 recycled blocks"},
		{"a file is missing", "pairs gone.txt good.txt", cli.ExitInput, "dedup: gone.txt: no such file or directory\n1 document"},
		{"a binary in a folder", "pairs mixed", cli.ExitInput, "dedup: mixed/b.bin: looks like a binary file"},
		{"not UTF-8", "pairs latin.txt", cli.ExitInput, "dedup: latin.txt:1: not valid UTF-8"},
		{"a broken line", "clusters broken.jsonl", cli.ExitInput, "dedup: broken.jsonl:2: broken JSON"},
		{"an id twice", "passages twice.jsonl", cli.ExitDone, `dedup: twice.jsonl: 1 document has an id that was read before, like "a" at twice.jsonl:2; named by place`},
		{"an unreadable time", "clusters -keep newest untimely.jsonl", cli.ExitInput, `dedup: untimely.jsonl:1: invalid time "soon"`},
		{"flags after inputs", "pairs good.txt -quiet", cli.ExitDone, ""},
		{"a file that looks like a flag", "pairs -- -threshold", cli.ExitInput, "dedup: -threshold: no such file"},
		{"no input", "pairs", cli.ExitFatal, "dedup pairs: no input"},
		{"no such flag", "pairs -bogus good.txt", cli.ExitFatal, "flag provided but not defined: -bogus"},
		{"a flag without effect", "passages -threshold .5 good.txt", cli.ExitFatal, "flag provided but not defined: -threshold (a flag of report, pairs, clusters, clean, compare, bands, stage, index add, index query, serve)"},
		{"no such command", "bogus", cli.ExitFatal, "dedup: neither a command nor a file: \"bogus\"; \"dedup -h\" lists the commands"},
		{"a slip", "reprot good.txt", cli.ExitFatal, `neither a command nor a file: "reprot" (did you mean "report"?)`},
		{"a slip in a command of a command", "index ad -db x -", cli.ExitFatal, `(did you mean "add"?)`},
		{"a slip in a flag", "pairs -treshold .5 good.txt", cli.ExitFatal, `(did you mean "threshold"?)`},
		{"a file called like a slip is a file", "clusters pair", cli.ExitDone, "0 clusters in 1 document"},
		{"help for no command", "help bogus", cli.ExitFatal, `unknown command "bogus"`},
		{"help for a slip", "help claen", cli.ExitFatal, `unknown command "claen" (did you mean "clean"?)`},
		{"a million workers", "pairs -workers 1000000 good.txt", cli.ExitDone, "1 document, 0 pairs"},
		{"several corpora", "pairs -against good.txt -against empty.txt good.txt", cli.ExitDone, "3 documents (1 empty), 1 pair"},
		{"a table without a text", "pairs -format csv good.txt", cli.ExitInput, `no column "text"`},
		{"what would be removed, to nowhere", "clean -dry-run -log gone.jsonl good.txt", cli.ExitFatal, "-log, -overwrite and -annotate need -out"},
		{"a dry run over an existing file", "clean -dry-run -out latin.txt good.txt", cli.ExitFatal, "latin.txt exists already"},
		{"log and output in one", "clean -out kept.txt -log kept.txt good.txt", cli.ExitFatal, "kept.txt and kept.txt are the same"},
		{"threshold 0", "pairs -threshold 0 good.txt", cli.ExitFatal, "-threshold 0: must be above 0"},
		{"threshold NaN", "pairs -threshold NaN good.txt", cli.ExitFatal, "-threshold NaN: must be above 0"},
		{"containment 2", "pairs -containment 2 good.txt", cli.ExitFatal, "-containment 2: must be"},
		{"k not a power of two", "pairs -k 100 good.txt", cli.ExitFatal, "-k 100: must be a power of two"},
		{"size below 0", "pairs -size -1 good.txt", cli.ExitFatal, "-size -1: must be"},
		{"no such unit", "pairs -unit lines good.txt", cli.ExitFatal, "-unit lines: must be one of words, chars"},
		{"no such policy", "clusters -keep best good.txt", cli.ExitFatal, "-keep best: must be one of"},
		{"no such format", "pairs -format sgml good.txt", cli.ExitFatal, "-format sgml: must be one of"},
		{"compare one", "compare good.txt", cli.ExitFatal, "compare needs two documents"},
		{"compare with nobody", "compare good.txt gone.txt", cli.ExitFatal, `no document has the id "gone.txt"`},
		{"no workers", "pairs -workers 0 good.txt", cli.ExitFatal, "-workers 0: must be 1 or more"},
		{"no words", "passages -min 0 good.txt", cli.ExitFatal, "-min 0: must be 1 or more"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			_, stderr, status := dedup(t, "", strings.Fields(tt.args)...)
			if status != tt.status {
				t.Errorf("exit status %d, want %d; standard error:\n%s", status, tt.status, stderr)
			}
			if !strings.Contains(stderr, tt.stderr) || tt.stderr == "" && stderr != "" {
				t.Errorf("standard error %q, want %q in it", stderr, tt.stderr)
			}
		})
	}
}

// The version is the newest one in the changelog.
func TestVersionIsNewestInChangelog(t *testing.T) {
	changes, err := os.ReadFile(filepath.Join("..", "..", "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, newest, _ := strings.Cut(string(changes), "\n## ")
	newest = strings.Fields(newest)[0]
	stdout, _, status := dedup(t, "", "version")
	if want := "dedup " + newest; status != cli.ExitDone || !strings.HasPrefix(stdout, want) {
		t.Errorf("got %q, status %d; want %q and more", stdout, status, want)
	}
}

// The documents before and after a bad line are still compared.
func TestBadLineLosesNoDocuments(t *testing.T) {
	text := "one two three four five six seven eight"
	stdin := `{"id":"a","text":"` + text + `"}` + "\n{\"id\":\"b\"\n" + `{"id":"c","text":"` + text + `"}`
	stdout, stderr, status := dedup(t, stdin, "pairs", "-json", "-")
	want := `{"a":"a","b":"c","jaccard":1,"containment_a":1,"containment_b":1,"exact":true}` + "\n"
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Errorf("standard output (-want +got):\n%s", diff)
	}
	if status != cli.ExitInput || !strings.HasPrefix(stderr, "dedup: -:2: ") {
		t.Errorf("status %d, %q, want %d and the bad line 2 named", status, stderr, cli.ExitInput)
	}
}

// With -strip a passage may extend across a block that only one of its documents has; it
// is not exact then.
func TestStrippedBlockDoesNotSplitPassage(t *testing.T) {
	line := func(id, host, text string) string {
		return fmt.Sprintf("{\"id\":%q,\"host\":%q,\"text\":%q}\n", id, host, text)
	}
	const (
		first  = "The old bridge will close for eleven weeks from the first of March,"
		second = "said the county on Monday, which means to lay a new deck before the summer brings the caravans. Carts and bicycles can use the ford below the mill, if the river allows, and the bus will turn at the inn, where a shelter is to be put up for those who wait."
		frame  = "Read the Tern for news of the river and everything that floats on it."
	)
	stdin := line("a", "tern", first+"\n\n"+frame+"\n\n"+second) +
		line("b", "tern", "Eels are back.\n\n"+frame) + line("c", "tern", "The weir is dry.\n\n"+frame) +
		line("d", "heron", first+"\n\n"+second)
	stdout, _, status := dedup(t, stdin, "passages", "-strip", "-json", "-")
	const words, hidden = 65, 14
	want := show.Passage{
		A:          show.Span{ID: "a", Start: 0, End: len(first + frame + second + "\n\n\n\n")},
		B:          show.Span{ID: "d", Start: 0, End: len(first + second + "\n\n")},
		Similarity: 2. * words / (2*words + hidden),
		Tokens:     words + hidden,
		Kind:       "edited",
	}
	var got show.Passage
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != cli.ExitDone {
		t.Fatalf("status %d, %v, want one passage: %s", status, err, stdout)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKeepChoosesRepresentative(t *testing.T) {
	body := "the same story of forty words or so that three papers printed on three days under one headline and with one photograph of the mayor holding up a very large fish "
	stdin := `{"id":"c","text":"` + body + `","time":"2026-01-02"}` + "\n" +
		`{"id":"b","text":"` + body + body + `","time":"2026-01-01T10:00:00Z"}` + "\n" +
		`{"id":"a","text":"` + body + `","time":1767398401}` + "\n"
	for policy, want := range map[string]string{"first": "c", "longest": "b", "newest": "a"} {
		stdout, _, status := dedup(t, stdin, "clusters", "-json", "-threshold", ".6", "-keep", policy, "-")
		var c show.Cluster
		if err := json.Unmarshal([]byte(stdout), &c); err != nil || status != cli.ExitDone {
			t.Fatalf("clusters -keep %s: status %d, %v, want one cluster: %s", policy, status, err, stdout)
		}
		if c.Representative != want || len(c.Members) != 3 || c.Members[0] != (show.Member{ID: want, Similarity: 1}) {
			t.Errorf("-keep %s: cluster %+v, want %s as the representative of three members", policy, c, want)
		}
	}
}

// An interrupt ends the program with a distinct exit status.
func TestInterruptEndsWithItsStatus(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, cmd := range program().Commands {
		if cmd.Name == "serve" || cmd.Name == "stage" {
			continue // these commands do not end without an interrupt: they have separate tests
		}
		var out, errs bytes.Buffer
		args := []string{cmd.Name, "-"}
		if cmd.Name == "compare" {
			args = []string{cmd.Name, "a", "a", "-"}
		}
		if cmd.Name == "clean" {
			args = append(args, "-dry-run")
		}
		if cmd.Name == "index" {
			args = []string{cmd.Name, "add", "-db", t.TempDir(), "-"}
		}
		if cmd.Name == "decon" {
			args = append(args, "-against", "testdata")
		}
		status := program().Run(ctx, args, strings.NewReader(`{"id":"a","text":"b"}`), &out, &errs)
		if status != cli.ExitFatal || !strings.Contains(errs.String(), "interrupted") {
			t.Errorf("%s interrupted: status %d, %s, want %d, %q", cmd.Name, status, errs.String(), cli.ExitFatal, "interrupted")
		}
	}
}

// An interrupt stops the service cleanly.
func TestInterruptStopsService(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	for _, c := range []struct {
		args   string
		status int
		stderr string
	}{
		{"serve -db DIR -addr 127.0.0.1:0", cli.ExitDone, "msg=stopped"},
		{"serve -db DIR -addr 127.0.0.1:0 -log-json", cli.ExitDone, `"msg":"stopped"`},
		{"serve -addr 127.0.0.1:0", cli.ExitFatal, "no folder: name it with -db"},
		{"serve -db DIR -addr 127.0.0.1:0 -threshold 0.9", cli.ExitFatal, "made with a threshold other than 0.9"},
		{"serve -db DIR -addr 127.0.0.1:0 -settle 0", cli.ExitFatal, "-settle 0: must be 1 or more"},
		{"serve -db DIR -addr 127.0.0.1:0 -token-file DIR/none", cli.ExitFatal, "no such file"},
		{"serve -db DIR -addr 0.0.0.0:0", cli.ExitFatal, "a token is needed"},
		{"serve -db DIR page.html", cli.ExitFatal, "serve takes no input"},
	} {
		var out, errs bytes.Buffer
		status := program().Run(ctx, strings.Fields(strings.ReplaceAll(c.args, "DIR", dir)), strings.NewReader(""), &out, &errs)
		if status != c.status || !strings.Contains(errs.String(), c.stderr) || out.Len() > 0 {
			t.Errorf("%s: exit status %d, want %d; standard error %q; standard output %q", c.args, status, c.status, errs.String(), &out)
		}
	}
}

// An interrupt ends a command that waits for input.
func TestInterruptEndsWaitForInput(t *testing.T) {
	for _, args := range [][]string{
		{"report", "-"}, {"pairs", "-"}, {"clusters", "-workers", "1", "-"}, {"passages", "-"}, {"boilerplate", "-"},
		{"pairs", "-format", "text", "-"}, {"clean", "-dry-run", "-"}, {"clean", "-out", "kept.jsonl", "-"},
		{"compare", "a", "b", "-"}, {"index", "add", "-db", "seen", "-"}, {"index", "query", "-db", "seen", "-"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Chdir(t.TempDir())
			if args[0] == "index" {
				dedup(t, `{"id":"a","text":"b"}`, "index", "add", "-db", "seen", "-")
			}
			stdin, never := io.Pipe()
			defer never.Close()
			ctx, interrupt := context.WithCancel(context.Background())
			go func() {
				_, _ = never.Write([]byte(`{"id":"a","text":"b"}`)) // an incomplete line
				interrupt()
			}()
			var out, errs bytes.Buffer
			status := program().Run(ctx, args, stdin, &out, &errs)
			if status != cli.ExitFatal || !strings.Contains(errs.String(), "interrupted") {
				t.Errorf("interrupted: status %d, %s, want %d, %q", status, errs.String(), cli.ExitFatal, "interrupted")
			}
			if left, _ := filepath.Glob("*.tmp*"); left != nil {
				t.Errorf("temporary files %v remain, want none", left)
			}
		})
	}
}

// The output has the same bytes for any number of workers.
func TestWorkersPrintTheSameBytes(t *testing.T) {
	articles := corpus.Shared(t, "data", "minhash_articles", "articles_1000.jsonl")
	terms := corpus.Shared(t, "data", "terms_versions", "docs.jsonl")
	if race.Short() {
		texts := map[string]string{"articles.jsonl": head(t, articles, 500), "terms.jsonl": head(t, terms, 60)}
		t.Chdir(t.TempDir())
		put(t, texts)
		articles, terms = "articles.jsonl", "terms.jsonl"
	}
	for _, args := range [][]string{
		{"pairs", "-json", "-threshold", ".2", articles},
		{"clusters", "-json", "-threshold", ".5", terms},
		{"passages", "-json", articles},
		{"boilerplate", "-json", terms},
		{"report", articles},
	} {
		one, _, _ := dedup(t, "", append(args, "-workers", "1")...)
		seven, _, status := dedup(t, "", append(args, "-workers", "7")...)
		if status != cli.ExitDone || one == "" {
			t.Errorf("%s: status %d, %d bytes, want %d and some output", args[0], status, len(one), cli.ExitDone)
		}
		if diff := cmp.Diff(one, seven); diff != "" {
			t.Errorf("%s (-want with one worker +got with seven):\n%s", args[0], diff)
		}
	}
}

// HTML pages are judged by the blocks of their markup.
func TestPagesAreJudgedByMarkup(t *testing.T) {
	t.Chdir(t.TempDir())
	body := func(story string) string {
		return "<nav>Home <b>World</b> Sport News</nav><h1>" + story + "</h1><p>" + story + " began at dawn.</p><footer>Write to the desk with corrections</footer>"
	}
	put(t, map[string]string{"in/post/1.html": body("A tale of cats"), "in/post/2.html": body("The dogs of war"), "in/post/3.html": body("Our river")})
	stdout, stderr, status := dedup(t, "", "boilerplate", "-json", "in")
	if n, m := strings.Count(stdout, `"reason":"navigation","masked":true`), strings.Count(stdout, `"reason":"site furniture","masked":true`); status != cli.ExitDone || n != 3 || m != 3 {
		t.Errorf("exit status %d, %d menus and %d footers, want 3 of each: %s%s", status, n, m, stdout, stderr)
	}
}
