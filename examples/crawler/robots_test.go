package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func pack(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	pageMap = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc> http://a/1 </loc><lastmod>2026-01-01</lastmod></url>
<url><image><loc>http://a/picture</loc></image><loc>http://a/2?x=1&amp;y=2</loc></url></urlset>`
	indexMap = `<sitemapindex><sitemap><loc>http://a/map.xml</loc></sitemap></sitemapindex>`
)

func TestParseSitemapFindsURLs(t *testing.T) {
	for _, c := range []struct {
		name, xml string
		limit     int64
		want      []string
		bad       bool
	}{
		{"pages", pageMap, 1000, []string{"http://a/1", "http://a/2?x=1&y=2"}, false},
		{"packed", pack(t, pageMap), 1000, []string{"http://a/1", "http://a/2?x=1&y=2"}, false},
		{"index", indexMap, 1000, []string{"http://a/map.xml"}, false},
		{"empty", `<urlset></urlset>`, 1000, []string{}, false},
		{"cut", pageMap[:200], 1000, nil, true},
		{"over the limit", pack(t, pageMap), 100, nil, true},
		{"no XML", "plain text", 1000, nil, true},
		{"nothing", "", 1000, nil, true},
		{"broken gzip", "\x1f\x8b\x08", 1000, nil, true},
	} {
		got, err := parseSitemap([]byte(c.xml), c.limit)
		if (err != nil) != c.bad {
			t.Errorf("%s: parseSitemap = %v, want an error: %v", c.name, err, c.bad)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if _, err := parseSitemap([]byte(`<rss><channel/></rss>`), 1000); !errors.Is(err, errNoSitemap) {
		t.Errorf("parseSitemap(feed) = %v, want errNoSitemap", err)
	}
	many := "<urlset>" + strings.Repeat("<url><loc>x</loc></url>", maxLinks+10) + "</urlset>"
	if got, err := parseSitemap([]byte(many), int64(len(many))); len(got) != maxLinks || err != nil {
		t.Errorf("%d addresses, %v; want %d", len(got), err, maxLinks)
	}
}

// A site without links is found through its sitemaps, which robots.txt names, and is
// requested no more often than that file allows. The crawler's counts add up.
func TestRobotsFileIsObeyed(t *testing.T) {
	var mu sync.Mutex
	var asked []time.Time
	var paths []string
	s := httptest.NewServer(nil)
	defer s.Close()
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked, paths = append(asked, time.Now()), append(paths, r.URL.Path)
		mu.Unlock()
		switch r.URL.Path {
		case "/robots.txt":
			http.Redirect(w, r, "/rules.txt", http.StatusFound)
		case "/rules.txt":
			fmt.Fprintf(w, "User-agent: other\nCrawl-delay: 500\n\nUser-agent: *\nDisallow: /hidden\nCrawl-delay: 0.15\nSitemap: %s/index.xml\n", s.URL)
		case "/index.xml":
			w.Header().Set("Content-Type", "text/xml")
			fmt.Fprintf(w, "<sitemapindex><sitemap><loc>%s/map.xml.gz</loc></sitemap></sitemapindex>", s.URL)
		case "/map.xml.gz":
			w.Header().Set("Content-Type", "application/gzip")
			fmt.Fprint(w, pack(t, fmt.Sprintf("<urlset><url><loc>%[1]s/a</loc></url><url><loc>%[1]s/b</loc></url><url><loc>%[1]s/hidden</loc></url><url><loc>%[1]s/feed</loc></url><url><loc>%[1]s/moved</loc></url><url><loc>http://elsewhere.example/</loc></url></urlset>", s.URL)))
		case "/feed":
			w.Header().Set("Content-Type", "text/xml")
			fmt.Fprint(w, "<rss></rss>")
		case "/moved":
			http.Redirect(w, r, "/a", http.StatusFound)
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, "<p>%s", strings.Repeat("the page at "+r.URL.Path+" ", 20))
		}
	})
	dir := filepath.Join(t.TempDir(), "out")
	var out, stderr bytes.Buffer
	if status := run(t.Context(), []string{"-out", dir, "-delay", "0", "-parallel", "3", s.URL + "/"}, &out, &stderr); status != exitInput {
		t.Fatalf("crawl: status %d, %s, want %d", status, &stderr, exitInput)
	}
	verdicts := lines(t, filepath.Join(dir, "verdicts.jsonl"), func(r result) string { return r.ID })
	for _, path := range []string{"/", "/a", "/b", "/hidden", "/feed"} {
		if _, ok := verdicts[s.URL+path]; !ok {
			t.Errorf("%s has no verdict, want one", path)
		}
	}
	if v := verdicts[s.URL+"/feed"]; v.Reason != "not HTML but text/xml" {
		t.Errorf("verdict on a feed = %+v, want reason %q", v, "not HTML but text/xml")
	}
	if slices.Contains(paths, "/hidden") {
		t.Error("/hidden was fetched, want it left alone: robots.txt forbids it")
	}
	// The first page is requested right after robots.txt.
	for i := 4; i < len(asked); i++ {
		if d := asked[i].Sub(asked[i-1]); d < 140*time.Millisecond {
			t.Errorf("%s came %v after %s, want 150ms as the site asks", paths[i], d, paths[i-1])
		}
	}
	if len(asked) < 8 {
		t.Errorf("requests %q, want at least 8", paths)
	}
	var n [8]int
	if _, err := fmt.Sscanf(stderr.String(), "crawler: %d URLs: %d new, %d near-duplicates, %d nothing but frame, %d unreadable, %d redirects, %d sitemaps; %d URLs wait",
		&n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7]); err != nil {
		t.Fatalf("standard error has no line with the counts of the crawl: %v; it is:\n%s", err, &stderr)
	}
	if n[0] != n[1]+n[2]+n[3]+n[4]+n[5]+n[6] || n[0] != 8 || n[5] != 1 || n[6] != 2 || n[7] != 0 {
		t.Errorf("counts %v, want 8 URLs, 1 redirect, 2 sitemaps, none waiting, and a sum that agrees: %s", n, &stderr)
	}
}

// A delay set after the first request postpones the next one.
func TestLateDelayIsObeyed(t *testing.T) {
	f := newFrontier()
	f.allow("a")
	o := options{delay: time.Second, parallel: 9}
	now := time.Now()
	for _, link := range []string{"http://a/1", "http://a/2", "http://a/3"} {
		f.add(link)
	}
	start := func(after time.Duration) string {
		link, _ := f.start(now.Add(after), o)
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		return u.Path
	}
	if got := start(0); got != "/1" {
		t.Errorf("first URL at once = %q, want /1", got)
	}
	f.slow("http://a/1", 10*time.Second, o)
	f.slow("http://a/1", 10*time.Second, o)
	if got := start(9 * time.Second); got != "" {
		t.Errorf("URL after 9 s = %q, want none", got)
	}
	if got := start(10 * time.Second); got != "/2" {
		t.Errorf("URL after 10 s = %q, want /2", got)
	}
	f.slow("http://a/2", 0, o)
	if got := start(11 * time.Second); got != "/3" {
		t.Errorf("URL without the delay after 1 s = %q, want /3", got)
	}
}

func FuzzParseSitemap(f *testing.F) {
	f.Add([]byte(pageMap))
	f.Add([]byte(indexMap))
	f.Fuzz(func(t *testing.T, b []byte) {
		links, err := parseSitemap(b, 1<<16)
		if len(links) > maxLinks || err != nil && links != nil {
			t.Errorf("%d addresses, %v, want at most %d, and none with an error", len(links), err, maxLinks)
		}
	})
}
