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

// The Python client stores every story of two sites once, and its counts add up.
func TestPythonClientStoresEachStoryOnce(t *testing.T) {
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
			t.Errorf("story %.20s… was stored %d times, want once", story, n)
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

// The Python client requests passages.
func TestPythonClientGetsPassages(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not in the path")
	}
	o := options(t.TempDir())
	o.Seen.Passages = true
	s := start(t, o)
	story := words("story", 40)
	const script = `
import sys; sys.path.insert(0, sys.argv[1])
from judge import Service
service, story = Service(sys.argv[2]), sys.argv[3]
service.judge([{"id": "a", "text": "Größer als gestern und noch ein Stück weiter oben. " + story}])
for answer in service.passages([{"id": "a"}, {"id": "q", "text": "Über uns. " + story}], texts=True):
    for match in answer["matches"]:
        for p in match["passages"]:
            text = match["text"].encode()[p["b"]["start"]:p["b"]["end"]].decode()
            print(answer["id"], match["id"], p["kind"], text == story)
try:
    service.passages([{"id": "none"}])
except ValueError as e:
    print(e)
`
	out, err := exec.Command(python, "-c", script, filepath.Join("..", "..", "..", "clients"), s.url, story).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := "q a exact True\npage 1: seen: \"none\": the text of this page is not stored\n"
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
