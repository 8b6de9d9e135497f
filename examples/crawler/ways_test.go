package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// build builds a program of this repository.
func build(t *testing.T, folder string) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), filepath.Base(folder))
	cmd := exec.Command("go", "build", "-o", exe, ".")
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", folder, err, out)
	}
	return exe
}

// feed writes all pages of the sites to a file, as {"url", "html"}, in an order unrelated
// to their links.
func (w *web) feed(t *testing.T) (name string, pages int) {
	t.Helper()
	var urls []string
	for _, set := range []map[string]bool{w.bare, w.stubs, w.days} {
		urls = append(urls, slices.Collect(maps.Keys(set))...)
	}
	urls = append(urls, slices.Collect(maps.Keys(w.group))...)
	slices.Sort(urls)
	r := random(7)
	for i := len(urls) - 1; i > 0; i-- {
		j := r.next(i + 1)
		urls[i], urls[j] = urls[j], urls[i]
	}
	var b bytes.Buffer
	for _, u := range urls {
		site := slices.IndexFunc(w.hosts, func(h string) bool { return strings.HasPrefix(u, h+"/") })
		path, _, _ := strings.Cut(u[len(w.hosts[site]):], "?")
		line, err := json.Marshal(map[string]string{"url": u, "html": w.pages[site][path]})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	name = filepath.Join(t.TempDir(), "feed.jsonl")
	write(t, name, b.Bytes())
	return name, len(urls)
}

// checkStored checks that exactly one page of each article was stored.
func (w *web) checkStored(t *testing.T, stored map[string]storedPage) {
	t.Helper()
	kept, others := map[int]int{}, 0
	for id := range stored {
		if group, ok := w.group[id]; ok {
			kept[group]++
		} else if w.bare[id] || w.stubs[id] {
			others++
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
	t.Logf("%d addresses of %d articles: %d copies not found, %d articles dropped, %d of %d pages without an article are stored", len(w.group), len(groups), missed, dropped, others, len(w.bare)+len(w.stubs))
	if missed > 0 || dropped > 0 {
		t.Errorf("%d copies not found, %d articles dropped, want 0 and 0", missed, dropped)
	}
	if others > len(w.bare)/5+len(w.stubs)/4 {
		t.Errorf("%d pages without an article are stored, want at most %d", others, len(w.bare)/5+len(w.stubs)/4)
	}
	w.checkDays(t, stored)
}

// start starts the service at an address and waits until it answers.
func startService(t *testing.T, exe, dir, addr string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(exe, "serve", "-db", dir, "-addr", addr, "-checkpoint", "1000000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 200 {
		resp, err := http.Get("http://" + addr + "/readyz")
		if err == nil {
			err = resp.Body.Close()
		}
		if err == nil && resp.StatusCode == http.StatusOK {
			return cmd
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the service does not answer, want it to start")
	return nil
}

// freeAddress returns an unused address on this machine.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// The Python client stores every article of the sites once through the service, although
// the service is killed halfway and started again.
func TestPythonClientStoresEveryArticleOnce(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not in the path")
	}
	w := newWeb(t, articlePages(1000))
	feed, pages := w.feed(t)
	exe := build(t, filepath.Join("..", "dedup"))
	addr := freeAddress(t)
	dir := filepath.Join(t.TempDir(), "seen")
	service := startService(t, exe, dir, addr)
	cmd := exec.Command(python, filepath.Join("..", "clients", "judge.py"), "http://"+addr)
	cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=1")
	in, err := os.Open(feed)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = in, &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]storedPage{}
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			break
		}
		var p storedPage
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		if _, ok := stored[p.ID]; ok {
			t.Errorf("%s is new twice, want once", p.ID)
		}
		stored[p.ID] = p
		if len(stored) == pages/4 {
			if err := service.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = service.Wait() // the error only reports the kill
			service = startService(t, exe, dir, addr)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	var counts map[string]int
	if err := json.Unmarshal(stderr.Bytes(), &counts); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	sum := 0
	for _, n := range counts {
		sum += n
	}
	if sum != pages || counts["new"] != len(stored) {
		t.Errorf("counts %v, want %d pages, %d of them new", counts, pages, len(stored))
	}
	w.checkStored(t, stored)
}

// Benthos stores every article of the sites once, although it is killed halfway and reads
// all pages again.
func TestBenthosStoresEveryArticleOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: building Benthos takes long")
	}
	w := newWeb(t, articlePages(600))
	feed, pages := w.feed(t)
	exe := build(t, filepath.Join("..", "benthos"))
	dir := t.TempDir()
	out := filepath.Join(dir, "new.jsonl")
	run := func() *exec.Cmd {
		cmd := exec.Command(exe, "run", filepath.Join("..", "benthos", "held.yaml"))
		cmd.Env = append(os.Environ(), "PAGES="+feed, "STATE="+filepath.Join(dir, "state"), "OUT="+out)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	read := func() map[string]storedPage {
		stored := map[string]storedPage{}
		b, err := os.ReadFile(out)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for line := range bytes.Lines(b) {
			var p struct{ ID, URL string }
			if err := json.Unmarshal(line, &p); err != nil {
				continue // the kill cut the line short
			}
			id := p.ID + p.URL // pages are stored by address: the second one replaces the first
			stored[id] = storedPage{ID: id}
		}
		return stored
	}
	first := run()
	for end := time.Now().Add(time.Minute); len(read()) < pages/8 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err == nil || first.ProcessState.Exited() {
		t.Fatalf("first process: %v, want it killed", first.ProcessState)
	}
	before := read()
	if len(before) < pages/8 {
		t.Fatalf("%d pages were stored within a minute, want at least %d", len(before), pages/8)
	}
	second := run()
	if err := second.Wait(); err != nil {
		t.Fatal(err)
	}
	w.checkStored(t, read())
	t.Logf("%d pages, %d were stored before the kill", pages, len(before))
	if fmt.Sprint(before) == fmt.Sprint(read()) {
		t.Error("the second process stored nothing, want some pages left for it (else nothing is tested)")
	}
}
