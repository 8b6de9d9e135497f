package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A console is written by one goroutine and read by another.
type console struct {
	mu sync.Mutex
	b  bytes.Buffer
	at chan string // receives the address of the figures, once
}

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, address, ok := strings.Cut(string(b), "figures at "); ok {
		c.at <- strings.TrimSpace(address)
	}
	return c.b.Write(b)
}

// Figures are served during a crawl and are kept up to date.
func TestMetricsFollowTheCrawl(t *testing.T) {
	w := newWeb(t, 40)
	stderr := &console{at: make(chan string, 1)}
	done := make(chan int, 1)
	args := []string{"-out", filepath.Join(t.TempDir(), "out"), "-delay", "100ms", "-json", "-max-pages", "12", "-metrics", "127.0.0.1:0", w.hosts[0] + "/"}
	go func() { done <- run(t.Context(), args, io.Discard, stderr) }()
	address := <-stderr.at
	fetched := func() (n int) {
		resp, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var vars struct {
			Crawler struct {
				Fetched  int
				Verdicts map[string]int
				Filter   *struct{ Held, Kept int }
			}
		}
		if err := json.NewDecoder(resp.Body).Decode(&vars); err != nil {
			t.Fatal(err)
		}
		c := vars.Crawler
		if c.Filter == nil || len(c.Verdicts) != len(outcomes) {
			t.Fatalf("figures %+v, want a filter and %d kinds of verdicts", c, len(outcomes))
		}
		// Every page, except links to other sites, has a verdict or is waiting for one.
		sum := c.Filter.Held
		for _, n := range c.Verdicts {
			sum += n
		}
		if sum > c.Fetched+maxBatch || c.Filter.Kept > c.Fetched {
			t.Errorf("figures %+v, want at most one verdict per fetched page, and kept at most fetched", c)
		}
		return c.Fetched
	}
	for fetched() < 5 {
		select {
		case status := <-done:
			t.Fatalf("the crawl ended with status %d, want five pages in the figures before: %s", status, &stderr.b)
		default:
		}
	}
	if status := <-done; status == exitFatal {
		t.Fatalf("crawl: %s, want no fatal error", stderr.b.String())
	}
	if l, err := net.Listen("tcp", strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/debug/vars")); err != nil {
		t.Errorf("Listen on the address of the figures after the crawl = %v, want nil", err)
	} else {
		l.Close()
	}
}

// The message about a wrong command line names the mistake, and -h lists the flags.
func TestWrongUsageIsExplained(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"", "-out"},
		{"-out x -delay -1s http://a/", "-delay"},
		{"-out x ftp://a/", "ftp://a/"},
		{"-out x -threshold 2 http://a/", "-threshold"},
		{"-out " + filepath.Join(t.TempDir(), "none"), "name the URLs"},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(t.Context(), strings.Fields(tt.args), &stdout, &stderr); status != exitFatal || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s: exit status %d, standard error %q, want one with %q", tt.args, status, &stderr, tt.want)
		}
	}
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"-h"}, &stdout, &stderr); status != exitDone || !strings.Contains(stdout.String(), "pages.jsonl") || stderr.Len() > 0 {
		t.Errorf("-h: status %d, %q, %q, want %d and the flags", status, &stdout, &stderr, exitDone)
	}
}

// A journal returns its batches without a truncated last one, and refuses a damaged batch
// among others. An output drops an incomplete line and repeats nothing.
func TestFilesSurviveCuts(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "journal")
	read := func() (urls []string, err error) {
		j, err := openJournal(name, func(e entry) error {
			urls = append(urls, e.Fetch.URL)
			return nil
		})
		if err == nil {
			err = j.f.Close()
		}
		return urls, err
	}
	j, err := openJournal(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{"a", "b", "c"} {
		if err := j.append([]entry{{Fetch: &fetch{URL: u}}, {Fetch: &fetch{URL: u + u}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.f.Close(); err != nil {
		t.Fatal(err)
	}
	if urls, err := read(); err != nil || strings.Join(urls, " ") != "a aa b bb c cc" {
		t.Fatalf("journal = %q, %v, want a aa b bb c cc", urls, err)
	}
	whole := readAll(t, name)
	third := len(whole) / 3 // all batches have the same length
	for cut := range whole {
		write(t, name, whole[:cut])
		urls, err := read()
		if want := cut / third * 2; err != nil || len(urls) != want {
			t.Fatalf("cut at %d: %q, %v, want %d", cut, urls, err, want)
		}
	}
	for at := range whole {
		bad := bytes.Clone(whole)
		bad[at] ^= 1
		write(t, name, bad)
		urls, err := read()
		if at/third == 2 {
			if err != nil || len(urls) != 4 {
				t.Fatalf("last batch damaged at %d: %q, %v, want 4 URLs, nil", at, urls, err)
			}
		} else if err == nil && at%third != third-1 || len(urls) > 4 {
			t.Fatalf("damaged at %d: %q, %v, want an error and at most 4 URLs", at, urls, err)
		}
	}

	name = filepath.Join(dir, "out.jsonl")
	write(t, name, []byte("{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c"))
	o, err := openOutput(name, 11)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"b", "c", "b"} {
		if _, err := o.add(id, map[string]string{"id": id}); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.close(); err != nil {
		t.Fatal(err)
	}
	if got := string(readAll(t, name)); got != "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n{\"id\":\"b\"}\n" {
		t.Errorf("output = %q, want the lines a, b, c, b", got)
	}
	if _, err := openOutput(name, 1000); err == nil {
		t.Error("openOutput of a file shorter than its durable part = nil error, want an error")
	}
}
