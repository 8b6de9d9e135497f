package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A watch stops a crawl once a text has been written to it.
type watch struct {
	mu   sync.Mutex
	b    bytes.Buffer
	stop string
	end  func()
}

func (w *watch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b.Write(p)
	if strings.Contains(w.b.String(), w.stop) {
		w.end()
	}
	return len(p), nil
}

// story returns n words that no other story has.
func story(name string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s%c%c ", name, 'a'+i/26, 'a'+i%26)
	}
	return b.String()
}

// A site changes between two rounds: each page is reported once as new, changed (by how
// much), unchanged or gone, and the counts add up to the URLs fetched.
func TestRoundsReportChanges(t *testing.T) {
	var mu sync.Mutex
	pages := map[string]string{}
	set := func(m map[string]string) {
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(pages, m)
	}
	a := story("a", 100)
	set(map[string]string{
		"/": "links", "/a": a, "/b": story("b", 100), "/c": story("c", 100), "/copy": a, "/other": a, "/gone": "", "/empty": " ",
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch text, ok := pages[r.URL.Path]; {
		case r.URL.Path == "/robots.txt":
			fmt.Fprintf(w, "Sitemap: http://%s/map.xml\n", r.Host)
		case r.URL.Path == "/map.xml":
			w.Header().Set("Content-Type", "text/xml")
			fmt.Fprint(w, "<urlset></urlset>")
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/a", http.StatusFound)
		case r.URL.Path == "/":
			fmt.Fprint(w, "<p>The links of a site for a test, which remain.</p><a href=/moved></a>")
			for _, path := range slices.Sorted(maps.Keys(pages)) {
				fmt.Fprintf(w, "<a href=%s></a>", path)
			}
		case !ok || text == "":
			http.NotFound(w, r)
		default:
			fmt.Fprintf(w, "<p>%s</p>", text)
		}
	}))
	defer s.Close()
	dir := t.TempDir()
	summary := regexp.MustCompile(`round (\d+): (\d+) URLs: (\d+) new, (\d+) changed, (\d+) unchanged, (\d+) gone, (\d+) redirects, (\d+) sitemaps; 0 URLs wait`)
	// until crawls until a given round is over, and returns the output and the figures of
	// that round.
	until := func(round int) (string, []int) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w := &watch{stop: fmt.Sprintf("round %d:", round), end: cancel}
		var stdout bytes.Buffer
		if code := run(ctx, []string{"-out", dir, "-delay", "0", "-parallel", "1", "-every", "1ms", "-checkpoint", "3", s.URL + "/"}, &stdout, w); code != exitInput {
			t.Fatalf("status %d, %s, want %d", code, &w.b, exitInput)
		}
		all := summary.FindAllStringSubmatch(w.b.String(), -1)
		if len(all) == 0 {
			t.Fatalf("no summary in %s, want one", &w.b)
		}
		var n []int
		for _, x := range all[len(all)-1][1:] {
			v, err := strconv.Atoi(x)
			if err != nil {
				t.Fatal(err)
			}
			n = append(n, v)
		}
		sum := 0
		for _, v := range n[2:] {
			sum += v
		}
		if n[0] != round || sum != n[1] {
			t.Errorf("round %d, want %d; %d URLs, but the counts add up to %d: %s", n[0], round, n[1], sum, all[len(all)-1][0])
		}
		return stdout.String(), n[1:]
	}
	stored := func() map[string]int {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, "pages.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for l := range bytes.Lines(b) {
			var p storedPage
			if err := json.Unmarshal(l, &p); err != nil {
				t.Fatal(err)
			}
			n[strings.TrimPrefix(p.ID, s.URL)]++
		}
		return n
	}

	// The site has 8 pages, one of them missing, a redirect and a sitemap.
	_, got := until(1)
	if diff := cmp.Diff([]int{10, 8, 0, 0, 0, 1, 1}, got); diff != "" {
		t.Errorf("the first round (-want +got):\n%s", diff)
	}
	first := stored()
	if len(first) != 4 || first["/b"] != 1 || first["/c"] != 1 {
		t.Errorf("stored: %v, want the links, a, b and c", first)
	}
	// Ten of a hundred words of c are new, in one place; copy is now a separate story; b
	// is gone.
	c := strings.Fields(story("c", 100))
	changedC := strings.Join(c[:40], " ") + " " + story("d", 10) + strings.Join(c[50:], " ")
	set(map[string]string{"/c": changedC, "/copy": story("e", 100), "/b": "", "/more": story("f", 100)})
	out, got := until(2)
	if diff := cmp.Diff([]int{11, 1, 2, 5, 1, 1, 1}, got); diff != "" {
		t.Errorf("the second round (-want +got):\n%s", diff)
	}
	// 14 of the 96 shingles on either side are not on the other.
	var lines []string
	for l := range strings.Lines(strings.ReplaceAll(out, s.URL, "")) {
		lines = append(lines, strings.TrimSpace(l))
	}
	seen := map[string]string{}
	for i := 0; i+1 < len(lines); i += 2 {
		seen[lines[i]] = lines[i+1]
	}
	want := map[string]string{
		"/c": "25 % changed, 10 words added, 10 removed", "/copy": "changed: new", "/b": "gone: the server answered 404 Not Found", "/more": "new",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("printed in the second round (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"/": 1, "/b": 1, "/c": 2, "/copy": 1, "/more": 1}, without(stored(), "/a", "/other")); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	// In the third round nothing has changed.
	out, got = until(3)
	if diff := cmp.Diff([]int{11, 0, 0, 9, 0, 1, 1}, got); diff != "" || out != "" {
		t.Errorf("the third round (-want +got):\n%s%s", diff, out)
	}
	// In the fourth round a page is back.
	set(map[string]string{"/b": story("b", 100)})
	_, got = until(4)
	if diff := cmp.Diff([]int{11, 1, 0, 8, 0, 1, 1}, got); diff != "" {
		t.Errorf("the fourth round (-want +got):\n%s", diff)
	}
}

func without(m map[string]int, keys ...string) map[string]int {
	for _, k := range keys {
		delete(m, k)
	}
	return m
}
