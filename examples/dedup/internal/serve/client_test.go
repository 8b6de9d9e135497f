package serve

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The client in Python stores every story of two sites once, and what it counts
// adds up.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not in the path")
	}
	o := options(t.TempDir())
	o.Token = "a token"
	o.MaxRequests = 1
	s := start(t, o)
	var pages strings.Builder
	for n := range 150 {
		pages.WriteString(page("p", n, fmt.Sprintf("story%c%c", 'a'+n/26, 'a'+n%26)))
		pages.WriteString(page("q", n, fmt.Sprintf("story%c%c", 'a'+n%50/26, 'a'+n%50%26)))
	}
	cmd := exec.Command(python, filepath.Join("..", "..", "..", "clients", "judge.py"), s.url, o.Token)
	cmd.Stdin = strings.NewReader(pages.String())
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	stories := map[string]int{}
	for l := range strings.Lines(string(out)) {
		var p struct{ ID, Text string }
		if err := json.Unmarshal([]byte(l), &p); err != nil {
			t.Fatal(err)
		}
		_, story, _ := strings.Cut(p.Text, "\n\n")
		stories[story]++
	}
	if len(stories) != 150 {
		t.Errorf("%d stories were stored, want 150", len(stories))
	}
	for story, n := range stories {
		if n > 1 {
			t.Errorf("%.20s… was stored %d times", story, n)
		}
	}
	counts := map[string]int{}
	if err := json.Unmarshal([]byte(stderr.String()), &counts); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	if diff := cmp.Diff(map[string]int{"new": 150, "near-duplicate": 150}, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}
