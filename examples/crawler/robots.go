package main

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/temoto/robotstxt"
)

// rules are the parts of a host's robots.txt that a crawl handles itself. Colly
// decides which pages may be fetched.
type rules struct {
	delay    time.Duration
	sitemaps []string
}

// A robots holds the rules of hosts. It is safe for concurrent use.
type robots struct {
	agent string
	mu    sync.Mutex
	hosts map[string]rules
}

// maxCrawlDelay is the longest Crawl-delay that is honoured, so that a mistake in a
// file cannot stop a crawl.
const maxCrawlDelay = 10 * time.Minute

// learn stores the rules in a robots.txt. An unreadable file has no rules, as in colly.
func (r *robots) learn(host string, file []byte) {
	data, err := robotstxt.FromBytes(file)
	if err != nil {
		return
	}
	x := rules{sitemaps: data.Sitemaps}
	if g := data.FindGroup(r.agent); g != nil {
		x.delay = min(max(g.CrawlDelay, 0), maxCrawlDelay)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hosts[host] = x
}

// take returns the rules of a host; it returns the sitemaps only once.
func (r *robots) take(host string) rules {
	r.mu.Lock()
	defer r.mu.Unlock()
	x := r.hosts[host]
	r.hosts[host] = rules{delay: x.delay}
	return x
}

// robotsHost returns the host whose robots.txt was requested, possibly before
// redirects, or "".
func robotsHost(req *http.Request) string {
	for req.Response != nil && req.Response.Request != nil {
		req = req.Response.Request
	}
	if req.URL.Path != "/robots.txt" {
		return ""
	}
	return req.URL.Host
}

// A tee keeps the bytes read, and passes them on when the body is closed.
type tee struct {
	io.ReadCloser
	kept bytes.Buffer
	end  func([]byte)
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.kept.Write(p[:n])
	return n, err
}

func (t *tee) Close() error {
	t.end(t.kept.Bytes())
	return t.ReadCloser.Close()
}
