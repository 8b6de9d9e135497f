package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/internal/race"
)

// sitePages is the number of article pages on the sites of some tests. With 20,000 the
// tests take minutes.
var sitePages = flag.Int("pages", 0, "pages with articles; 0 for as many as a quick test needs")

// articlePages returns the number of article pages for a test.
func articlePages(quick int) int {
	switch {
	case *sitePages > 0:
		return *sitePages
	case testing.Short() || race.Enabled:
		return 400
	}
	return quick
}

// asCrawler is the argument that makes this test binary run as the crawler.
const asCrawler = "-as-crawler"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asCrawler {
		os.Args = append(os.Args[:1], os.Args[2:]...)
		main()
	}
	os.Exit(m.Run())
}

// lines reads a file of JSON objects and fails if an id occurs twice.
func lines[T any](t *testing.T, name string, id func(T) string) map[string]T {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, b, name, id)
}

func parse[T any](t *testing.T, b []byte, name string, id func(T) string) map[string]T {
	t.Helper()
	m := map[string]T{}
	for line := range bytes.Lines(b) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%s: %v in line %q, want JSON", name, err, line)
		}
		if _, twice := m[id(v)]; twice {
			t.Errorf("%s has %s twice, want once", name, id(v))
		}
		m[id(v)] = v
	}
	return m
}

// A process that crawls a site of 2,000 pages is killed and started again. Every copy is
// found, every article is stored once, and no acknowledged page is lost.
func TestCrawlStoresEveryArticleOnce(t *testing.T) {
	pages := articlePages(2000)
	w := newWeb(t, pages)
	dir := filepath.Join(t.TempDir(), "out")
	args := []string{asCrawler, "-out", dir, "-delay", "0", "-parallel", "4", "-json", "-checkpoint", "300", "-max-pages", "0"}
	for _, host := range w.hosts {
		args = append(args, host+"/")
	}

	// The first process is killed in the middle.
	first := exec.Command(os.Args[0], args...)
	first.Stderr = os.Stderr
	stdout, err := first.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]result{}
	r := bufio.NewScanner(stdout)
	for r.Scan() {
		var v result
		if err := json.Unmarshal(r.Bytes(), &v); err != nil {
			break // the kill cut the line short
		}
		acknowledged[v.ID] = v
		if len(acknowledged) == pages*2/5 {
			if err := first.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := first.Wait(); err == nil || first.ProcessState.Exited() {
		t.Fatalf("first process: %v, want it killed", first.ProcessState)
	}
	w.mu.Lock()
	clear(w.requests)
	w.mu.Unlock()

	// The second process needs no URLs, and finishes.
	second := exec.Command(os.Args[0], args[:len(args)-len(w.hosts)]...)
	var out, progress bytes.Buffer
	second.Stdout, second.Stderr = &out, &progress
	if err := second.Run(); second.ProcessState.ExitCode() != exitInput { // some pages are unreadable
		t.Fatalf("second process: %v, %s, want status %d", err, &progress, exitInput)
	}
	t.Logf("%d verdicts before the kill; then: %s", len(acknowledged), progress.String())
	printed := parse(t, out.Bytes(), "standard output", func(r result) string { return r.ID })

	stored := lines(t, filepath.Join(dir, "pages.jsonl"), func(p storedPage) string { return p.ID })
	verdicts := lines(t, filepath.Join(dir, "verdicts.jsonl"), func(r result) string { return r.ID })
	asked := w.asked()
	for id, v := range acknowledged {
		if verdicts[id] != v {
			t.Errorf("%s: recorded as %+v, want %+v as acknowledged", id, verdicts[id], v)
		}
		if n := asked[id]; n > 0 {
			t.Errorf("%s was fetched again %d times, want 0: it was acknowledged", id, n)
		}
		if again, ok := printed[id]; ok {
			t.Errorf("%s was acknowledged again, as %+v, want once", id, again)
		}
	}
	for id, v := range verdicts {
		if _, ok := stored[id]; ok != (v.Outcome == seen.New) {
			t.Errorf("%s: verdict %v, stored %v, want stored only if new", id, v, ok)
		}
	}
	w.check(t, stored, verdicts)
	for address := range asked {
		if strings.Contains(address, "/private/") || strings.Contains(address, "/login") {
			t.Errorf("%s was fetched, want it left alone: robots.txt forbids it", address)
		}
	}

	// A third process finds nothing to do.
	var stderr bytes.Buffer
	out.Reset()
	if status := run(t.Context(), []string{"-out", dir, "-json"}, &out, &stderr); status != exitInput || out.Len() > 0 {
		t.Errorf("finished crawl started again: status %d, %q, %q, want %d and no output", status, &out, &stderr, exitInput)
	}
}

// check compares verdicts with the contents of the sites.
func (w *web) check(t *testing.T, stored map[string]storedPage, verdicts map[string]result) {
	t.Helper()
	kept := map[int]int{}
	byKind := map[string]map[seen.Outcome]int{}
	for address, group := range w.group {
		v, ok := verdicts[address]
		if !ok {
			t.Errorf("%s has no verdict, want one", address)
			continue
		}
		kind := w.kind[address]
		if byKind[kind] == nil {
			byKind[kind] = map[seen.Outcome]int{}
		}
		byKind[kind][v.Outcome]++
		switch v.Outcome {
		case seen.New:
			kept[group]++
		case seen.Duplicate:
			if w.group[v.Match] != group {
				t.Errorf("%s (%s) is a copy of %s at %.2f, want a page of the same article", address, kind, v.Match, v.Similarity)
			}
			if _, ok := stored[v.Match]; !ok {
				t.Errorf("%s is a copy of %s, want a stored page", address, v.Match)
			}
		default:
			t.Errorf("%s (%s): verdict %v, want New or Duplicate", address, kind, v)
		}
	}
	groups := map[int]bool{}
	for _, group := range w.group {
		groups[group] = true
	}
	missed, dropped := 0, 0
	for group := range groups {
		missed += max(kept[group]-1, 0)
		dropped += max(1-kept[group], 0)
	}
	if missed > 0 || dropped > 0 {
		t.Errorf("%d copies not found, %d articles dropped, want 0, of %d pages with %d articles", missed, dropped, len(w.group), len(groups))
	}
	w.checkDays(t, stored)
	// A headline in a frame that was hardly known yet may count as a page.
	frames := 0
	for address := range w.stubs {
		v := verdicts[address]
		if v.Outcome == seen.Frame {
			frames++
		} else if _, ok := w.group[v.Match]; ok || v.Outcome == "" {
			t.Errorf("%s has a headline at most: verdict %v, want Frame or a copy of no article", address, v)
		}
	}
	want := .75
	if testing.Short() {
		want = .6 // the first pages are a larger share
	}
	if float64(frames) < want*float64(len(w.stubs)) {
		t.Errorf("%d of %d pages with a headline at most are Frame, want %.0f %% or more", frames, len(w.stubs), 100*want)
	}
	// A bare frame occurs on several pages, like an article with several addresses, and
	// so may be stored once.
	bare := map[string]int{}
	for address := range w.bare {
		v := verdicts[address]
		switch v.Outcome {
		case seen.New:
			host := stored[address].Host
			if bare[host]++; bare[host] > 1 {
				t.Errorf("the frame of %s is stored %d times, want at most once", host, bare[host])
			}
		case seen.Duplicate:
			if !w.bare[v.Match] {
				t.Errorf("%s is nothing but frame: verdict %v, want a match of its kind", address, v)
			}
		case seen.Frame:
		default:
			t.Errorf("%s: verdict %v, want New, Duplicate or Frame", address, v)
		}
	}
	t.Logf("%d pages, %d articles: %v", len(w.group), len(groups), byKind)
	for _, host := range w.hosts {
		for path, reason := range map[string]string{"/private/1": "robots.txt forbids it", "/picture": "not HTML but image/png", "/gone": "the server answered 404 Not Found"} {
			if v := verdicts[host+path]; v.Outcome != seen.Unreadable || v.Reason != reason {
				t.Errorf("%s: %+v, want %s", host+path, v, reason)
			}
		}
		for _, path := range []string{"/moved", "/elsewhere", "/login"} {
			if v, ok := verdicts[host+path]; ok {
				t.Errorf("%s: %+v, want no verdict", host+path, v)
			}
		}
	}
}

// checkDays checks that a calendar is not stored day by day. The first page of a month
// may count as a text, because its site has not shown that month before.
func (w *web) checkDays(t *testing.T, stored map[string]storedPage) {
	t.Helper()
	days, months := 0, map[string]bool{}
	for id := range w.days {
		months[id[:len(id)-len("-01")]] = true
		if _, ok := stored[id]; ok {
			days++
		}
	}
	t.Logf("%d of %d calendar pages of %d months are stored", days, len(w.days), len(months))
	if days > 2*len(months) {
		t.Errorf("%d of %d calendar pages of %d months are stored, want two a month at most", days, len(w.days), len(months))
	}
}

// An interrupted crawl stops immediately, and can be resumed.
func TestInterruptedCrawlResumes(t *testing.T) {
	w := newWeb(t, 60)
	dir := filepath.Join(t.TempDir(), "out")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, stderr bytes.Buffer
	args := []string{"-out", dir, "-delay", "1h", "-json"} // with this delay, one page of each host is fetched
	args = append(args, w.hosts...)
	c, err := open(ctx, mustParse(t, args), bufio.NewWriter(&out), &stderr)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // once the first page of each host has been fetched, the wait of an hour begins
		for ctx.Err() == nil && c.counts.fetched.Load() < int64(len(w.hosts)) {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := c.run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted run = %v, want context.Canceled", err)
	}
	if c.at.Fetched != len(w.hosts) {
		t.Errorf("%d pages fetched within the delay, want %d", c.at.Fetched, len(w.hosts))
	}
	if status := run(t.Context(), []string{"-out", dir, "-delay", "0", "-json", "-max-pages", "30"}, &out, &stderr); status == exitFatal {
		t.Fatalf("crawl of 30 pages: status %d, %s, want another status", status, stderr.String())
	}
	if status := run(t.Context(), []string{"-out", dir, "-delay", "0", "-json"}, &out, &stderr); status != exitInput {
		t.Fatalf("rest of the crawl: status %d, %s, want %d", status, stderr.String(), exitInput)
	}
	verdicts := lines(t, filepath.Join(dir, "verdicts.jsonl"), func(r result) string { return r.ID })
	for address := range w.group {
		if _, ok := verdicts[address]; !ok {
			t.Errorf("%s has no verdict, want one", address)
		}
	}
	parse(t, out.Bytes(), "standard output", func(r result) string { return r.ID })
	if n := w.asked()[w.hosts[0]+"/"]; n != 1 {
		t.Errorf("the first page was fetched %d times, want once", n)
	}
}

func mustParse(t *testing.T, args []string) options {
	t.Helper()
	o, err := parseFlags(args, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func readAll(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// A crawl that is killed repeatedly, even during checkpoints, ends with the same result,
// and each verdict is acknowledged at most once.
func TestKilledCrawlReachesTheSameEnd(t *testing.T) {
	w := newWeb(t, 240)
	dir := filepath.Join(t.TempDir(), "out")
	args := append([]string{asCrawler, "-out", dir, "-delay", "0", "-json", "-checkpoint", "7"}, w.hosts...)
	acknowledged := map[string]result{}
	kills := 0
	for r := random(3); ; kills++ {
		p := exec.Command(os.Args[0], args...)
		p.Stderr = os.Stderr
		stdout, err := p.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		left := 1 + r.next(40) // verdicts until the kill, which comes some time later
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			var v result
			if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
				break
			}
			if old, ok := acknowledged[v.ID]; ok {
				t.Errorf("%s was acknowledged as %+v and again as %+v, want once", v.ID, old, v)
			}
			acknowledged[v.ID] = v
			if left--; left == 0 {
				time.Sleep(time.Duration(r.next(10)) * time.Millisecond)
				if err := p.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := p.Wait(); p.ProcessState.Exited() {
			if p.ProcessState.ExitCode() != exitInput {
				t.Fatal(err)
			}
			break
		}
	}
	t.Logf("killed %d times", kills)
	if kills < 3 {
		t.Errorf("killed %d times, want at least 3 (else nothing is tested)", kills)
	}
	stored := lines(t, filepath.Join(dir, "pages.jsonl"), func(p storedPage) string { return p.ID })
	verdicts := lines(t, filepath.Join(dir, "verdicts.jsonl"), func(r result) string { return r.ID })
	for id, v := range acknowledged {
		if verdicts[id] != v {
			t.Errorf("%s: recorded as %+v, want %+v as acknowledged", id, verdicts[id], v)
		}
	}
	for id, v := range verdicts {
		if _, ok := stored[id]; ok != (v.Outcome == seen.New) {
			t.Errorf("%s: verdict %v, stored %v, want stored only if new", id, v, ok)
		}
	}
	w.check(t, stored, verdicts)
}
