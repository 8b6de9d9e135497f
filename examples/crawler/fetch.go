package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gocolly/colly/v2"

	"github.com/neardup/neardup/boilerplate/pages"
	"github.com/neardup/neardup/boilerplate/seen"
)

// A fetch is the result of fetching a URL, as stored in the journal.
type fetch struct {
	URL     string     `json:"url"`
	Problem string     `json:"problem,omitempty"` // why there is no page
	Page    *seen.Page `json:"page,omitempty"`
	Links   []string   `json:"links,omitempty"`
	Gone    bool       `json:"gone,omitempty"` // the server has no such page

	// Way is "redirect" or "sitemap" for a URL that leads elsewhere and is neither a
	// page nor an error.
	Way string `json:"way,omitempty"`

	// Delay is the time between requests that the host asks for.
	Delay time.Duration `json:"delay,omitempty"`

	retry bool // the fetch may succeed if it is tried again
}

const (
	redirect = "redirect"
	sitemap  = "sitemap"
)

// A fetcher requests pages from servers through a colly collector, which handles
// robots.txt, link extraction and encodings named in headers. The state that colly
// keeps only in memory (visited URLs, queues, delays) is not used.
type fetcher struct {
	c       *colly.Collector
	robots  *robots
	maxBody int
}

// inTransit is the key under which a request carries its fetch.
const inTransit = "fetch"

func newFetcher(ctx context.Context, o options, hosts map[string]bool) *fetcher {
	rules := &robots{agent: o.agent, hosts: map[string]rules{}}
	c := colly.NewCollector()
	// colly reads settings from the environment, so all that matter are set here.
	c.UserAgent = o.agent
	c.IgnoreRobotsTxt = false
	c.AllowURLRevisit = true // the frontier keeps track of visited URLs
	c.MaxBodySize = o.maxBody + 1
	c.MaxDepth, c.MaxRequests = 0, 0
	c.CacheDir, c.Async, c.ParseHTTPErrorResponse, c.DetectCharset = "", false, false, false
	c.AllowedDomains, c.DisallowedDomains = nil, nil
	c.Context = ctx
	c.SetRequestTimeout(o.timeout)
	c.DisableCookies()
	c.WithTransport(&transport{ctx: ctx, base: http.DefaultTransport.(*http.Transport).Clone(), limit: int64(o.maxBody) + 1, robots: rules})
	// The target of a redirect is treated like any other link: its host must be one that
	// may be visited, robots.txt must allow it, and it must not have been visited
	// before.
	c.SetRedirectHandler(func(req *http.Request, via []*http.Request) error {
		if via[0].URL.Path == "/robots.txt" && hosts[req.URL.Host] && len(via) < 5 {
			return nil
		}
		return http.ErrUseLastResponse
	})
	f := &fetcher{c: c, robots: rules, maxBody: o.maxBody}
	c.OnResponse(f.response)
	c.OnHTML("a[href]", func(e *colly.HTMLElement) {
		if !slices.Contains(strings.Fields(strings.ToLower(e.Attr("rel"))), "nofollow") {
			x := e.Request.Ctx.GetAny(inTransit).(*fetch)
			x.Links = append(x.Links, e.Request.AbsoluteURL(e.Attr("href")))
		}
	})
	c.OnError(func(r *colly.Response, _ error) {
		x := r.Ctx.GetAny(inTransit).(*fetch)
		if r.StatusCode == 0 || r.Headers == nil {
			return
		}
		if to := r.Headers.Get("Location"); to != "" && r.StatusCode >= 300 && r.StatusCode < 400 {
			x.Links, x.Way = []string{r.Request.AbsoluteURL(to)}, redirect
			return
		}
		x.Problem = fmt.Sprintf("the server answered %d %s", r.StatusCode, http.StatusText(r.StatusCode))
		x.Gone = r.StatusCode == http.StatusNotFound || r.StatusCode == http.StatusGone
		x.retry = r.StatusCode >= 500 || r.StatusCode == http.StatusTooManyRequests
	})
	return f
}

// get fetches a page. It is safe for concurrent use.
func (f *fetcher) get(address string) fetch {
	x := fetch{URL: address}
	ctx := colly.NewContext()
	ctx.Put(inTransit, &x)
	err := f.c.Request(http.MethodGet, address, nil, ctx, nil)
	switch {
	case errors.Is(err, colly.ErrRobotsTxtBlocked):
		x.Problem = "robots.txt forbids it"
	case err != nil && x.Way == "" && x.Problem == "":
		x.Problem, x.retry = err.Error(), true
	}
	if u, err := url.Parse(address); err == nil {
		r := f.robots.take(u.Host)
		x.Delay = r.delay
		x.Links = append(x.Links, r.sitemaps...)
	}
	return x
}

// response makes a page from a server's answer.
func (f *fetcher) response(r *colly.Response) {
	x := r.Ctx.GetAny(inTransit).(*fetch)
	header := r.Headers.Get("Content-Type")
	if header == "" {
		header = http.DetectContentType(r.Body)
	}
	kind, params, err := mime.ParseMediaType(header)
	switch {
	case len(r.Body) > f.maxBody:
		x.Problem = fmt.Sprintf("larger than %d bytes", f.maxBody)
		return
	case kind == "application/xml", kind == "text/xml", kind == "application/gzip", kind == "application/x-gzip":
		links, err := parseSitemap(r.Body, int64(f.maxBody)*4)
		switch {
		case errors.Is(err, errNoSitemap):
			x.Problem = fmt.Sprintf("not HTML but %s", header)
		case err != nil:
			x.Problem = fmt.Sprintf("sitemap: %v", err)
		default:
			x.Links, x.Way = links, sitemap
		}
		return
	case err != nil && kind == "", kind != "text/html" && kind != "application/xhtml+xml":
		x.Problem = fmt.Sprintf("not HTML but %s", header)
		return
	}
	if params["charset"] != "" {
		header = "text/html; charset=utf-8" // colly has converted it to UTF-8
	}
	page, err := pages.Parse(bytes.NewReader(r.Body), pages.Options{ContentType: header, MaxBytes: f.maxBody * 4})
	if err != nil {
		x.Problem = err.Error()
		return
	}
	x.Page = &seen.Page{ID: x.URL, Host: r.Request.URL.Host, Section: section(r.Request.URL), Text: page.Text, Blocks: page.Blocks, Time: time.Now().UTC().Truncate(time.Millisecond)}
}

// section returns the part of a site to which a page belongs: the first segment of
// its path, if more follows.
func section(u *url.URL) string {
	first, _, more := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if !more {
		return ""
	}
	return first
}

// A transport ends requests with the crawl, and limits bodies: colly does neither
// when it requests robots.txt.
type transport struct {
	ctx    context.Context
	base   *http.Transport
	limit  int64
	robots *robots
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	stop := context.AfterFunc(t.ctx, cancel)
	resp, err := t.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		stop()
		cancel()
		return nil, err
	}
	resp.Body = &body{Reader: io.LimitReader(resp.Body, t.limit), body: resp.Body, end: func() { stop(); cancel() }}
	if host := robotsHost(req); host != "" && resp.StatusCode == http.StatusOK {
		resp.Body = &tee{ReadCloser: resp.Body, end: func(file []byte) { t.robots.learn(host, file) }}
	}
	resp.Request = req // colly compares its URL with the one it sent
	return resp, nil
}

// A body is a limited body that ends its request when it is closed.
type body struct {
	io.Reader
	body io.Closer
	end  func()
}

func (b *body) Close() error {
	defer b.end()
	return b.body.Close()
}
