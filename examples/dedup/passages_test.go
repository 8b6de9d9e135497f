package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPassagesAgainst compares new documents with old ones: read anew, and as a saved
// index, which print the same.
func TestPassagesAgainst(t *testing.T) {
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
	label := regexp.MustCompile(`,"recycled":\{[^}]*\}`) // that of a saved index is not known
	out, errs, status := dedup(t, "", "passages", "-json", "-quiet", "-against", old, fresh)
	if diff := cmp.Diff(want, label.ReplaceAllString(out, "")); diff != "" || status != 0 {
		t.Errorf("status %d, %s\n(-want +got):\n%s", status, errs, diff)
	}
	if _, errs, status := dedup(t, "", "passages", "-quiet", "-save", saved, old); status != 0 {
		t.Fatalf("-save: status %d, %s", status, errs)
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
		t.Errorf("damaged index: status %d, %s", status, errs)
	}
	if _, _, status := dedup(t, "", "passages", "-save", saved, "-against", old, fresh); status != 2 {
		t.Errorf("-save with -against: status %d", status)
	}
}
