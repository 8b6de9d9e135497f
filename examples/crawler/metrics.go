package main

import (
	"context"
	"errors"
	"expvar"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
)

// counts are the counts of pages by outcome, including earlier runs of a crawl, and
// the state of the crawl when it was last observed. They may be read at any time.
type counts struct {
	fresh, duplicate, frame, unreadable atomic.Int64
	redirects, sitemaps                 atomic.Int64 // numbers of URLs that lead elsewhere
	fetched, waiting                    atomic.Int64
	filter                              atomic.Pointer[seen.Stats]
}

func (n *counts) of(o seen.Outcome) *atomic.Int64 {
	switch o {
	case seen.New:
		return &n.fresh
	case seen.Duplicate:
		return &n.duplicate
	case seen.Frame:
		return &n.frame
	}
	return &n.unreadable
}

func (n *counts) add(o seen.Outcome) { n.of(o).Add(1) }

var outcomes = []seen.Outcome{seen.New, seen.Duplicate, seen.Frame, seen.Unreadable}

func (n *counts) verdicts() map[string]int64 {
	m := map[string]int64{}
	for _, o := range outcomes {
		m[string(o)] = n.of(o).Load()
	}
	return m
}

func (n *counts) elsewhere() map[string]int64 {
	return map[string]int64{redirect: n.redirects.Load(), sitemap: n.sitemaps.Load()}
}

// get returns all counts, in the form that set accepts.
func (n *counts) get() map[string]int64 {
	m := n.verdicts()
	maps.Copy(m, n.elsewhere())
	return m
}

func (n *counts) set(m map[string]int64) {
	for _, o := range outcomes {
		n.of(o).Store(m[string(o)])
	}
	n.redirects.Store(m[redirect])
	n.sitemaps.Store(m[sitemap])
}

// observe copies the state of a crawl into the counts; without -metrics, only the number
// of fetched pages.
func (n *counts) observe(ctx context.Context, c *crawl) {
	n.fetched.Store(int64(c.at.Fetched))
	if c.o.metrics == "" {
		return
	}
	n.waiting.Store(int64(len(c.urls.waiting())))
	if s, err := c.filter.Stats(ctx); err == nil {
		n.filter.Store(&s)
	}
}

// metrics is the value of "crawler" at /debug/vars.
func (n *counts) metrics() any {
	return struct {
		Fetched  int64            `json:"fetched"`
		Waiting  int64            `json:"waiting"`
		Verdicts map[string]int64 `json:"verdicts"`
		Other    map[string]int64 `json:"elsewhere"` // redirects and sitemaps
		Filter   *seen.Stats      `json:"filter"`
	}{n.fetched.Load(), n.waiting.Load(), n.verdicts(), n.elsewhere(), n.filter.Load()}
}

// The variables of expvar belong to the process, so only one crawl at a time can
// have them.
var (
	publish sync.Once
	current atomic.Pointer[counts]
)

// serve serves figures if a flag names the address. The caller stops it.
func (c *crawl) serve(ctx context.Context) (stop func(), err error) {
	if c.o.metrics == "" {
		return func() {}, nil
	}
	current.Store(&c.counts)
	publish.Do(func() { expvar.Publish("crawler", expvar.Func(func() any { return current.Load().metrics() })) })
	c.counts.observe(ctx, c)
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.o.metrics)
	if err != nil {
		return nil, fmt.Errorf("-metrics: %w", err)
	}
	fmt.Fprintf(c.stderr, "crawler: figures at http://%s/debug/vars\n", l.Addr())
	mux := http.NewServeMux()
	mux.Handle("GET /debug/vars", expvar.Handler())
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintf(c.stderr, "crawler: -metrics: %v\n", err)
		}
	})
	return func() { _ = s.Close(); serving.Wait() }, nil
}
