package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPassagesAgainstSavedIndexEqualsCorpus compares new documents with old ones, read as
// a corpus and as a saved index; the output is the same.
func TestPassagesAgainstSavedIndexEqualsCorpus(t *testing.T) {
	dir := t.TempDir()
	const wall = "The old harbour wall, which was built in 1884 of stone from the quarry above the town, will be repaired this summer."
	old, fresh, saved := filepath.Join(dir, "old.jsonl"), filepath.Join(dir, "new.jsonl"), filepath.Join(dir, "old.idx")
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(old, `{"id":"o1","text":"What we heard about the town on Monday.\n\n`+wall+`"}`+"\n"+`{"id":"o2","text":"`+wall+`\n\nThe council will meet again in May."}`+"\n")
	write(fresh, `{"id":"n1","text":"Every bar near here has heard it.\n\n`+wall+`"}`+"\n"+`{"id":"n2","text":"Nothing."}`+"\n")
	want := `{"a":{"id":"o1","start":41,"end":157},"b":{"id":"n1","start":35,"end":151},"similarity":1,"tokens":22,"kind":"exact"}
{"a":{"id":"o2","start":0,"end":116},"b":{"id":"n1","start":35,"end":151},"similarity":1,"tokens":22,"kind":"exact"}
`
	label := regexp.MustCompile(`,"recycled":\{[^}]*\}`) // a saved index does not know in how many documents a block recurs
	out, errs, status := dedup(t, "", "passages", "-json", "-quiet", "-against", old, fresh)
	if diff := cmp.Diff(want, label.ReplaceAllString(out, "")); diff != "" || status != 0 {
		t.Errorf("status %d, %s\n(-want +got):\n%s", status, errs, diff)
	}
	if _, errs, status := dedup(t, "", "passages", "-quiet", "-save", saved, old); status != 0 {
		t.Fatalf("passages -save: status %d, %s, want 0", status, errs)
	}
	out, errs, status = dedup(t, "", "passages", "-json", "-quiet", "-against", saved, fresh)
	if diff := cmp.Diff(want, out); diff != "" || status != 0 {
		t.Errorf("saved: status %d, %s\n(-want +got):\n%s", status, errs, diff)
	}
	index, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	write(saved, string(index[:len(index)-3]))
	if _, errs, status := dedup(t, "", "passages", "-quiet", "-against", saved, fresh); status != 2 || !strings.Contains(errs, saved) {
		t.Errorf("passages -against a damaged index: status %d, %s, want 2 and its name", status, errs)
	}
	if _, _, status := dedup(t, "", "passages", "-save", saved, "-against", old, fresh); status != 2 {
		t.Errorf("passages -save -against: status %d, want 2", status)
	}
}

// TestPassagesGroupPrintsEachOnce prints each passage once with its holders, among all
// documents; with two saved indexes and new documents, it prints the passages that are on
// both sides.
func TestPassagesGroupPrintsEachOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	const wall = "The old harbour wall, which was built in 1884 of stone from the quarry above the town, will be repaired this summer."
	const short = "nobody in the whole town has seen the keeper today" // ten words
	write := func(name string, lines ...string) {
		if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("old.jsonl", `{"id":"o1","text":"`+wall+`","time":"2024-03-02"}`)
	write("older.jsonl", `{"id":"o2","text":"It is known: `+short+`","time":"2024-03-01"}`, `{"id":"o3","text":"`+wall+` So it is.","time":"2024-03-01"}`)
	write("new.jsonl", `{"id":"n1","text":"What is new?\n\n`+wall+`","time":"2024-03-03"}`, `{"id":"n2","text":"They say that `+short+`, and I believe it."}`)
	const group = `{"documents":3,"tokens":22,"representative":"%s","holders":[{"id":"%[1]s","start":0,"end":116,"similarity":1},{"id":"%s","start":0,"end":116,"similarity":1},{"id":"n1","start":14,"end":130,"similarity":1}]}` + "\n"
	const ten = `{"documents":2,"tokens":10,"representative":"o2","holders":[{"id":"o2","start":13,"end":63,"similarity":1},{"id":"n2","start":14,"end":64,"similarity":1}]}` + "\n"
	run := func(want string, args ...string) {
		t.Helper()
		out, errs, status := dedup(t, "", args...)
		if diff := cmp.Diff(want, out); diff != "" || status != 0 {
			t.Errorf("%q: status %d, %s\n(-want +got):\n%s", args, status, errs, diff)
		}
	}
	all := fmt.Sprintf(group, "o3", "o1")
	run(all, "passages", "-group", "-json", "-quiet", "old.jsonl", "older.jsonl", "new.jsonl")
	run(all+ten, "passages", "-group", "-json", "-quiet", "-min", "10", "old.jsonl", "older.jsonl", "new.jsonl")
	run(all, "passages", "-group", "-json", "-quiet", "-min", "11", "old.jsonl", "older.jsonl", "new.jsonl")
	run(all, "passages", "-group", "-json", "-quiet", "-against", "old.jsonl", "-against", "older.jsonl", "new.jsonl")
	run("", "passages", "-group", "-json", "-quiet", "-against", "new.jsonl", "-against", "older.jsonl", "-min", "23", "old.jsonl")
	run("", "passages", "-quiet", "-save", "old.idx", "-min", "23", "old.jsonl")
	run("", "passages", "-quiet", "-save", "older.idx", "-min", "23", "older.jsonl")
	run(all+ten, "passages", "-group", "-json", "-quiet", "-min", "10", "-against", "old.idx", "-against", "older.idx", "new.jsonl")
	run(all+ten, "passages", "-group", "-json", "-quiet", "-min", "10", "-against", "old.jsonl", "-against", "older.idx", "new.jsonl")
	run(`{"first":"o3","documents":3,"origins":1,"tokens":22,"holders":[{"id":"o3","start":0,"end":116,"time":"2024-03-01T00:00:00Z","from":null,"cites":[]},`+
		`{"id":"o1","start":0,"end":116,"time":"2024-03-02T00:00:00Z","from":"o3","cites":[]},{"id":"n1","start":14,"end":130,"time":"2024-03-03T00:00:00Z","from":"o3","cites":[]}]}`+"\n"+
		`{"id":"n1","elsewhere":0.88,"from":["o3"]}`+"\n",
		"origins", "-json", "-quiet", "-against", "old.idx", "-against", "older.idx", "new.jsonl")
	out, _, _ := dedup(t, "", "passages", "-group", "-quiet", "old.jsonl", "new.jsonl")
	if want := "22 words in 2 documents\n  The old harbour wall"; !strings.HasPrefix(out, want) || !strings.Contains(out, "    n1, bytes 14 to 130\n") {
		t.Errorf("passages -group prints\n%s\nwant %q and the holder n1", out, want)
	}
	if _, errs, status := dedup(t, "", "passages", "-group", "-quiet", "-against", "old.idx", "old.jsonl"); status != 2 || !strings.Contains(errs, `"o1"`) {
		t.Errorf("passages -group with an id of the saved index: status %d, %s, want 2 and the id", status, errs)
	}
	if _, errs, status := dedup(t, "", "passages", "-quiet", "-against", "old.idx", "-against", "old.idx", "new.jsonl"); status != 2 || !strings.Contains(errs, "old.idx") {
		t.Errorf("passages with a saved index twice: status %d, %s, want 2 and its name", status, errs)
	}
	// Only origins and saved indexes use times.
	write("odd.jsonl", `{"id":"x1","text":"`+wall+`","time":"soon"}`, `{"id":"x2","text":"`+wall+`"}`)
	for command, want := range map[string]int{"passages": 0, "origins": 1} {
		if _, errs, status := dedup(t, "", command, "-json", "-quiet", "odd.jsonl"); status != want {
			t.Errorf("%s with an unreadable time: status %d, %s, want %d", command, status, errs, want)
		}
	}
}
