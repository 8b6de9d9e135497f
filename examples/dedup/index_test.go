package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

func docLine(id, text string) string {
	b, _ := json.Marshal(map[string]string{"id": id, "text": text}) // strings never fail
	return string(b) + "\n"
}

const (
	storyA = "The old lighthouse keeper climbed the winding stairs each night and wrote in a ledger what the weather and the ships had done since noon."
	storyB = "Nobody in the valley remembered who had planted the walnut trees along the road or why every seventh of them bore no fruit at all."
)

func TestIndexCommandsWorkTogether(t *testing.T) {
	db := filepath.Join(t.TempDir(), "seen")
	ok := func(stdin, want string, args ...string) {
		t.Helper()
		stdout, stderr, status := dedup(t, stdin, append([]string{"index"}, args...)...)
		if diff := cmp.Diff(want, stdout); diff != "" || status != cli.ExitDone {
			t.Errorf("%v: exit status %d, standard error %q, standard output (-want +got):\n%s", args, status, stderr, diff)
		}
	}
	ok(docLine("a", storyA)+docLine("b", storyB)+docLine("e", ""),
		`{"id":"a","new":true}`+"\n"+`{"id":"b","new":true}`+"\n"+`{"id":"e","new":true}`+"\n", "add", "-db", db, "-")
	ok(docLine("a", storyA), `{"id":"a","new":true}`+"\n", "add", "-db", db, "-")
	ok(docLine("c", storyA+" Twice.")+docLine("b", storyA)+docLine("b", storyB),
		`{"id":"c","new":false}`+"\n"+`{"id":"b","new":false}`+"\n"+`{"id":"b","new":true}`+"\n", "add", "-db", db, "-", "-sync", "1")
	set := func(s string) shingle.Set { return shingle.Shingler{}.Set(s) }
	similar := strconv.FormatFloat(set(storyA).Jaccard(set(storyA+" Twice.")), 'g', -1, 64)
	ok(docLine("a", storyA)+docLine("e", ""), `{"id":"a","match":"a","similarity":1}`+"\n"+`{"id":"a","match":"c","similarity":`+similar+"}\n", "query", "-db", db, "-")
	ok(docLine("x", storyA), `{"id":"x","match":"a","similarity":1}`+"\n", "query", "-limit", "1", "-db", db, "-json", "-")
	ok("", `{"id":"a","removed":true}`+"\n"+`{"id":"nobody","removed":false}`+"\n", "remove", "-db", db, "a", "nobody")
	ok(docLine("a", storyA), `{"id":"a","match":"c","similarity":`+similar+"}\n", "query", "-db", db, "-", "-threshold", ".8", "-k", "128", "-unit", "words")
	stdout, _, status := dedup(t, "", "index", "stats", "-db", db, "-verify")
	var s show.Stats
	if err := json.Unmarshal([]byte(stdout), &s); err != nil || status != cli.ExitDone {
		t.Fatalf("index stats -verify: %v, status %d, %s, want statistics", err, status, stdout)
	}
	want := show.Stats{Documents: 3, Removed: 4, Threshold: .8, Bands: 16, Rows: 6, K: 128, Shingles: "words:5", LogBytes: s.LogBytes, Largest: s.Largest, Verified: true}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("index stats (-want +got):\n%s", diff)
	}

	for _, tt := range []struct{ args, stderr string }{
		{"add -db " + db + " -threshold .9 -", "the index has the threshold 0.8, not 0.9"},
		{"query -db " + db + " -threshold .7 -", "the index has the threshold 0.8, not 0.7"},
		{"add -db " + db + " -k 256 -", "not -k 256"},
		{"query -db " + db + " -size 3 -", "words:3"},
		{"add -db " + db + " -unit chars -", "chars:12"},
		{"query -db " + db + "x -", "has no index"},
		{"remove -db " + db + "x a", "has no index"},
		{"stats -db " + db + "x", "has no index"},
		{"stats -db " + db + " a", "takes no input"},
		{"add -", "name its folder with -db"},
		{"add -db " + filepath.Dir(db) + " -", "contains seen and is not an index: name a new or empty folder"},
		{"add -db " + db + " -sync 0 -", "-sync 0: must be"},
		{"query -db " + db + " -limit -1 -", "-limit -1: must be"},
		{"query -db " + db + " -sync 3 -", "not defined: -sync"},
		{"", "name one of its commands: add, query, remove, stats"},
		{"find -db " + db, "name one of"},
		{"add -db " + db, "no input"},
	} {
		_, stderr, status := dedup(t, docLine("a", storyA), append([]string{"index"}, strings.Fields(tt.args)...)...)
		if status != cli.ExitFatal || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("index %s: exit status %d, standard error %q, want %q in it", tt.args, status, stderr, tt.stderr)
		}
	}
	if _, err := os.Stat(db + "x"); err == nil {
		t.Error("a query made an index, want none")
	}
}

// As a filter, index add answers each line before the next one comes, however large -sync
// is.
func TestIndexFilterAnswersEachLineAtOnce(t *testing.T) {
	in, feed := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan int)
	go func() {
		var errs bytes.Buffer
		status := program().Run(context.Background(), []string{"index", "add", "-db", t.TempDir(), "-quiet", "-"}, in, out, &errs)
		_ = out.Close()
		done <- status
	}()
	lines := bufio.NewReader(answers)
	for i := range 5 {
		fmt.Fprint(feed, docLine(strconv.Itoa(i), storyA))
		got, err := lines.ReadString('\n')
		if want := fmt.Sprintf("{\"id\":\"%d\",\"new\":%v}\n", i, i == 0); err != nil || got != want {
			t.Fatalf("answer %q, %v, want %q", got, err, want)
		}
	}
	_ = feed.Close()
	if status := <-done; status != cli.ExitDone {
		t.Errorf("status %d, want %d", status, cli.ExitDone)
	}
}

// On real text, add and query give the same answers as comparing all documents with each
// other, except for pairs that the bands may miss.
func TestIndexAgreesWithAllPairs(t *testing.T) {
	name := corpus.Shared(t, "data", "minhash_articles", "articles_1000.jsonl")
	if race.Short() {
		first := head(t, name, 500)
		name = filepath.Join(t.TempDir(), "articles.jsonl")
		if err := os.WriteFile(name, []byte(first), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	db := filepath.Join(t.TempDir(), "seen")
	added, stderr, status := dedup(t, "", "index", "add", "-db", db, "-threshold", ".5", name)
	if status != cli.ExitDone {
		t.Fatal(stderr)
	}
	found, stderr, status := dedup(t, "", "index", "query", "-db", db, name)
	if status != cli.ExitDone {
		t.Fatal(stderr)
	}
	type doc struct{ ID, Text string }
	var docs []doc
	sets := map[string]shingle.Set{}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for l := range bytes.Lines(data) {
		var d doc
		if err := json.Unmarshal(l, &d); err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
		sets[d.ID] = shingle.Shingler{}.Set(d.Text)
	}
	want, got := map[[2]string]float64{}, map[[2]string]float64{}
	repeats := map[string]bool{}
	for i, a := range docs {
		for j, b := range docs {
			if s := sets[a.ID].Jaccard(sets[b.ID]); s >= .5 {
				want[[2]string{a.ID, b.ID}] = s
				repeats[a.ID] = repeats[a.ID] || j < i
			}
		}
	}
	for l := range strings.Lines(found) {
		var m show.Found
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Fatal(err)
		}
		got[[2]string{m.ID, m.Match}] = m.Similarity
	}
	missed := 0
	for pair, s := range want {
		if g, ok := got[pair]; !ok {
			missed++
		} else if g != s {
			t.Errorf("%v: similarity %v, want %v", pair, g, s)
		}
		delete(got, pair)
	}
	if len(got) > 0 || missed*50 > len(want) || len(want) <= len(docs) {
		t.Errorf("%d pairs, %d of them missed, and %d others found; want more pairs than documents, at most 2 %% missed and no others", len(want), missed, len(got))
	}
	wrong := 0
	for l := range strings.Lines(added) {
		var a show.Added
		if err := json.Unmarshal([]byte(l), &a); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(docs, func(d doc) bool { return d.ID == a.ID })
		if i < 0 || a.New == repeats[a.ID] {
			wrong++
		}
	}
	if wrong > missed {
		t.Errorf("%d of %d documents were called new or old wrongly, want at most the %d that the bands miss", wrong, len(docs), missed)
	}
}

// With -new-only, exactly the documents that match another are left out.
func TestNewOnlyLeavesOutMatches(t *testing.T) {
	db := filepath.Join(t.TempDir(), "seen")
	in := docLine("a", storyA) + docLine("copy", storyA) + docLine("b", storyB) + docLine("a", storyA)
	want := `{"id":"a","new":true}
{"id":"copy","new":false,"match":"a","similarity":1}
{"id":"b","new":true}
{"id":"a","new":true}
`
	for range 2 { // lines that are sent again get the same answers
		stdout, stderr, status := dedup(t, in, "index", "add", "-new-only", "-db", db, "-")
		if diff := cmp.Diff(want, stdout); diff != "" || status != cli.ExitDone {
			t.Errorf("exit status %d, standard error %q, standard output (-want +got):\n%s", status, stderr, diff)
		}
		if !strings.Contains(stderr, "3 documents stored, 3 new; the index has 2") {
			t.Errorf("index add -new-only: %s, want %q", stderr, "3 documents stored, 3 new; the index has 2")
		}
	}
}

// An index with keyed shingles cannot be used without its key file.
func TestKeyedIndexNeedsItsKey(t *testing.T) {
	dir := t.TempDir()
	db, key, other := filepath.Join(dir, "seen"), filepath.Join(dir, "key"), filepath.Join(dir, "other")
	for name, content := range map[string]string{key: "a secret of some length", other: "another secret"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(wantStatus int, want string, args ...string) {
		t.Helper()
		stdout, stderr, status := dedup(t, docLine("a", storyA), append([]string{"index"}, args...)...)
		if status != wantStatus || !strings.Contains(stdout+stderr, want) {
			t.Errorf("%v: exit status %d, %q, %q, want %q", args, status, stdout, stderr, want)
		}
	}
	run(cli.ExitDone, `{"id":"a","new":true}`, "add", "-db", db, "-key", key, "-")
	run(cli.ExitDone, `{"id":"a","match":"a","similarity":1}`, "query", "-db", db, "-key", key, "-")
	run(cli.ExitFatal, "name the file of the key with -key", "query", "-db", db, "-")
	run(cli.ExitFatal, "not made with this -key", "add", "-db", db, "-key", other, "-")
	run(cli.ExitFatal, "a key needs at least 8 bytes", "add", "-db", db+"x", "-key", os.DevNull, "-")
	run(cli.ExitDone, `"shingles":"words:5+keyed:`, "stats", "-db", db)
	run(cli.ExitDone, `"whole":true`, "verify", "-db", db)
	run(cli.ExitDone, `"removed":true`, "remove", "-db", db, "a")
	run(cli.ExitDone, `{"id":"a","new":true}`, "add", "-db", db+"y", "-")
	run(cli.ExitFatal, "not made with this -key", "add", "-db", db+"y", "-key", key, "-")
}

// Every command that reads a damaged index reports the damage, and repair saves the rest.
func TestDamagedIndexIsReportedAndRepaired(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "seen")
	run := func(wantStatus int, want string, args ...string) {
		t.Helper()
		stdout, stderr, status := dedup(t, docLine("a", storyA)+docLine("b", storyB), append([]string{"index"}, args...)...)
		if status != wantStatus || !strings.Contains(stdout+stderr, want) {
			t.Errorf("%v: exit status %d, %q, %q, want %q", args, status, stdout, stderr, want)
		}
	}
	run(cli.ExitDone, `{"id":"b","new":true}`, "add", "-db", db, "-")
	run(cli.ExitDone, `{"whole":true,"documents":2,"unfinished_bytes":0}`, "verify", "-db", db)
	run(cli.ExitDone, `"signature":"`, "export", "-db", db)
	run(cli.ExitDone, `"shingles":["`, "export", "-db", db, "-shingles")
	run(cli.ExitDone, "2 documents printed", "export", "-db", db)
	run(cli.ExitDone, `{"expired":0,"documents":2}`, "expire", "-db", db, "-older", "1d")
	run(cli.ExitFatal, "missing -older", "expire", "-db", db)
	run(cli.ExitFatal, "not a positive number", "expire", "-db", db, "-older", "-3d")
	run(cli.ExitFatal, "has no index", "verify", "-db", db+"x")
	run(cli.ExitFatal, "-to", "repair", "-db", db)

	name := filepath.Join(db, "documents-000001.log")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	// A killed process leaves an incomplete end.
	if err := os.WriteFile(name, append(bytes.Clone(whole), "NDfr and no more"...), 0o666); err != nil {
		t.Fatal(err)
	}
	run(cli.ExitDone, `"whole":true,"documents":2,"unfinished_bytes":16`, "verify", "-db", db)
	run(cli.ExitDone, "are ignored", "query", "-db", db, "-")
	run(cli.ExitDone, "were cut off", "remove", "-db", db, "nobody")
	if whole, err = os.ReadFile(name); err != nil {
		t.Fatal(err)
	}

	damaged := bytes.Clone(whole)
	damaged[len(damaged)-100] ^= 4
	if err := os.WriteFile(name, damaged, 0o666); err != nil {
		t.Fatal(err)
	}
	run(cli.ExitInput, `{"whole":false,"damage":"`, "verify", "-db", db)
	run(cli.ExitInput, "corrupt data", "stats", "-db", db, "-verify")
	run(cli.ExitFatal, "corrupt data", "query", "-db", db, "-")
	run(cli.ExitFatal, "corrupt data", "add", "-db", db, "-")
	run(cli.ExitInput, `"reason":"`, "repair", "-db", db, "-to", filepath.Join(dir, "saved"))
	run(cli.ExitDone, `"whole":true`, "verify", "-db", filepath.Join(dir, "saved"))
	run(cli.ExitDone, `{"id":"a","match":"a","similarity":`, "query", "-db", filepath.Join(dir, "saved"), "-")
	if after, err := os.ReadFile(name); err != nil || !bytes.Equal(after, damaged) {
		t.Errorf("the damaged log has changed (%v), want it as it was", err)
	}
	run(cli.ExitDone, `{"expired":2,"documents":0}`, "expire", "-db", filepath.Join(dir, "saved"), "-older", "0.000000001s")
}
