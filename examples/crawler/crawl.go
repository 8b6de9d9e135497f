package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/lsh/redis"
)

// A crawl fetches pages on several goroutines and judges them on one.
//
// The journal is written before anything else: a page in the journal has been
// fetched, and its consequences (verdicts, stored pages, the index, the counts of
// the detector, the queue) are repeated from the last checkpoint when a crawl
// starts. A page that is not in the journal is still in the queue.
type crawl struct {
	o       options
	stdout  *bufio.Writer
	stderr  io.Writer
	filter  *seen.Filter
	store   disk.Store // the index shared with other crawlers; nil without -redis
	journal *journal
	pages   *output
	results *output // verdicts.jsonl
	urls    *frontier
	at      position
	since   int // number of pages since the last checkpoint
	counts  counts
}

// A position is the state from which a crawl resumes, in addition to the state of
// the filter. It is the note saved with the filter.
type position struct {
	Journal  int              `json:"journal"` // number of the journal to replay
	Pages    int64            `json:"pages"`   // number of durable bytes in pages.jsonl
	Verdicts int64            `json:"verdicts"`
	Fetched  int              `json:"fetched"`
	Counts   map[string]int64 `json:"counts"`
	Hosts    []string         `json:"hosts"`
	Waiting  []string         `json:"waiting"` // URLs to fetch, in order
	Known    []string         `json:"known"`   // all URLs found, sorted

	// With -every:
	Round   int             `json:"round,omitempty"`  // number of the round, from 0
	Began   time.Time       `json:"began,omitzero"`   // when the round began
	InRound int             `json:"in_round"`         // number of URLs fetched in the round
	States  map[state]int64 `json:"states,omitempty"` // number of those URLs in each state
	Last    map[string]last `json:"last,omitempty"`   // result of the last fetch of each URL
}

// A storedPage is a line of pages.jsonl.
type storedPage struct {
	ID   string    `json:"id"`
	Host string    `json:"host"`
	Text string    `json:"text"`
	Time time.Time `json:"time"`
}

// A result is a line of verdicts.jsonl.
type result struct {
	seen.Verdict
	Reason string `json:"reason,omitempty"` // why the page is unreadable
	State  state  `json:"state,omitempty"`  // with -every
}

// open opens the state that an earlier crawl left, or begins a new one.
func open(ctx context.Context, o options, stdout *bufio.Writer, stderr io.Writer) (_ *crawl, err error) {
	c := &crawl{o: o, stdout: stdout, stderr: stderr, urls: newFrontier()}
	so := seen.Options{Threshold: o.threshold}
	if o.redis != "" {
		if c.store, err = openShared(ctx, o, so.StoreOptions()); err != nil {
			return nil, err
		}
		so.Store = c.store
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if c.filter, err = seen.Open(filepath.Join(o.out, "state"), so); err != nil {
		return nil, err
	}
	note, err := c.filter.Note(ctx)
	if err != nil {
		return nil, err
	}
	if note == nil && len(o.seeds) == 0 {
		return nil, fmt.Errorf("%s contains no crawl to resume: name the URLs to start from", o.out)
	}
	if note != nil {
		if err := json.Unmarshal(note, &c.at); err != nil {
			return nil, fmt.Errorf("%s: %w", o.out, err)
		}
	}
	if c.at.Began.IsZero() {
		c.at.Began = time.Now().UTC().Truncate(time.Millisecond)
	}
	if c.at.States == nil {
		c.at.States = map[state]int64{}
	}
	if c.at.Last == nil {
		c.at.Last = map[string]last{}
	}
	c.counts.set(c.at.Counts)
	for _, host := range c.at.Hosts {
		c.urls.allow(host)
	}
	for _, link := range c.at.Waiting {
		c.urls.add(link)
	}
	for _, link := range c.at.Known {
		c.urls.known[link] = true
	}
	if c.pages, err = openOutput(filepath.Join(o.out, "pages.jsonl"), c.at.Pages); err != nil {
		return nil, err
	}
	if c.results, err = openOutput(filepath.Join(o.out, "verdicts.jsonl"), c.at.Verdicts); err != nil {
		return nil, err
	}
	replayed := 0
	c.journal, err = openJournal(c.journalName(c.at.Journal), func(e entry) error {
		replayed++
		return c.apply(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	for _, u := range o.seeds {
		c.urls.allow(strings.ToLower(u.Host))
		c.urls.add(u.String())
	}
	if note != nil {
		fmt.Fprintf(stderr, "crawler: resuming after %d pages, %d of them judged again; %d URLs waiting\n", c.at.Fetched, replayed, len(c.urls.waiting()))
	}
	return c, c.checkpoint(ctx)
}

func (c *crawl) journalName(n int) string {
	return filepath.Join(c.o.out, "state", fmt.Sprintf("journal-%d", n))
}

// openShared opens the index that crawlers share. It fails at once if there is no
// server at the address.
func openShared(ctx context.Context, o options, so seen.StoreOptions) (disk.Store, error) {
	client := goredis.NewClient(&goredis.Options{Addr: o.redis})
	ix, err := redis.Open(ctx, client, redis.Options{Namespace: o.namespace, Scheme: so.Scheme, Threshold: so.Threshold, Banding: so.Banding, Seed: so.Seed})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("-redis %s: %w", o.redis, err), client.Close())
	}
	return ix, nil
}

// run crawls until there is nothing to fetch, the limit is reached, or the
// context ends.
func (c *crawl) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, c.close()) }()
	stop, err := c.serve(ctx)
	if err != nil {
		return err
	}
	defer stop()
	// Fetched pages are judged and saved even after ctx is done.
	after := context.WithoutCancel(ctx)
	return c.rounds(ctx, after)
}

// round fetches the waiting URLs, and judges all held pages.
func (c *crawl) round(ctx, after context.Context) error {
	if err := c.fetchAll(ctx, after); err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			err = errors.Join(err, c.checkpoint(after))
		}
		return err
	}
	if err := c.commit(after, []entry{{Release: true}}); err != nil {
		return err
	}
	if err := c.checkpoint(after); err != nil {
		return err
	}
	c.report()
	return nil
}

// maxBatch is the largest number of pages that are committed together.
const maxBatch = 64

// fetchAll fetches and judges pages until there are no more.
func (c *crawl) fetchAll(ctx, after context.Context) error {
	fetching, cancel := context.WithCancel(ctx)
	f := newFetcher(fetching, c.o, maps.Clone(c.urls.hosts))
	fetched := make(chan fetch)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel() // deferred after the wait, so it runs first
	for {
		wait := time.Duration(-1)
		for ctx.Err() == nil && (c.o.maxPages == 0 || c.fetched()+c.urls.flying() < c.o.maxPages) {
			var link string
			if link, wait = c.urls.start(time.Now(), c.o); link == "" {
				break
			}
			running.Go(func() {
				x := f.get(link)
				select {
				case fetched <- x:
				case <-fetching.Done():
				}
			})
		}
		if c.urls.flying() == 0 && wait < 0 {
			return ctx.Err()
		}
		var timer <-chan time.Time
		if wait >= 0 {
			timer = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer:
		case x := <-fetched:
			if ctx.Err() != nil {
				return ctx.Err() // the failure may be due to the end of the context
			}
			batch := c.collect(nil, x)
			for more := true; more && len(batch) < maxBatch; {
				select {
				case x := <-fetched:
					batch = c.collect(batch, x)
				default:
					more = false
				}
			}
			if len(batch) == 0 {
				continue
			}
			if err := c.commit(after, batch); err != nil {
				return err
			}
			if c.since >= c.o.checkpoint {
				if err := c.checkpoint(after); err != nil {
					return err
				}
			}
		}
	}
}

// fetched returns the number of URLs that -max-pages counts: with -every, only the
// URLs of the round.
func (c *crawl) fetched() int {
	if c.o.every > 0 {
		return c.at.InRound
	}
	return c.at.Fetched
}

// collect appends a fetch to a batch, unless its URL will be tried again.
func (c *crawl) collect(batch []entry, x fetch) []entry {
	if x.retry && c.urls.again(x.URL) {
		return batch
	}
	return append(batch, entry{Fetch: &x})
}

// commit makes a batch durable and then applies it.
func (c *crawl) commit(ctx context.Context, batch []entry) error {
	if err := c.journal.append(batch); err != nil {
		return err
	}
	for _, e := range batch {
		if err := c.apply(ctx, e); err != nil {
			return err
		}
	}
	c.counts.observe(ctx, c)
	return errors.Join(c.pages.w.Flush(), c.results.w.Flush(), c.stdout.Flush())
}

// apply carries out the consequences of a journal entry.
func (c *crawl) apply(ctx context.Context, e entry) error {
	if e.Round != nil {
		c.newRound(*e.Round)
	}
	if x := e.Fetch; x != nil {
		c.at.Fetched++
		c.at.InRound++
		c.since++
		c.urls.done(x.URL)
		c.urls.slow(x.URL, x.Delay, c.o)
		for _, link := range x.Links {
			c.urls.add(link)
		}
		switch {
		case x.Problem != "":
			r := result{Verdict: seen.Verdict{ID: x.URL, Outcome: seen.Unreadable}, Reason: x.Problem}
			if x.Gone {
				r.State = gone
			}
			return c.record(r, seen.Page{})
		case x.Way == sitemap:
			c.counts.sitemaps.Add(1)
			c.at.States[sitemap]++
			return nil
		case x.Page == nil:
			c.counts.redirects.Add(1)
			c.at.States[redirect]++
			return nil
		}
		v, err := c.filter.Judge(ctx, *x.Page)
		if err != nil {
			return err
		}
		if err := c.record(result{Verdict: v}, *x.Page); err != nil {
			return err
		}
	}
	released, err := c.filter.Release(ctx, e.Release)
	if err != nil {
		return err
	}
	for _, r := range released {
		if err := c.record(result{Verdict: r.Verdict}, r.Page); err != nil {
			return err
		}
	}
	return nil
}

// record records a verdict, stores the page if it is new, and prints everything that
// was not printed before.
func (c *crawl) record(r result, p seen.Page) error {
	if r.Outcome == seen.Held {
		return nil
	}
	c.counts.add(r.Outcome)
	if r.Outcome == seen.Unreadable && r.Reason == "" {
		r.Reason = "no text"
	}
	c.compare(&r, p.Text)
	if r.Outcome == seen.New && r.State != unchanged {
		if _, err := c.pages.add(p.ID, storedPage{ID: p.ID, Host: p.Host, Text: p.Text, Time: p.Time}); err != nil {
			return err
		}
	}
	if added, err := c.results.add(r.ID, r); err != nil || !added {
		return err
	}
	if c.o.json {
		return json.NewEncoder(c.stdout).Encode(r)
	}
	line := r.String()
	if r.Reason != "" {
		line += ": " + r.Reason
	}
	switch {
	case r.State == unchanged:
		return nil // unchanged pages would bury the changes
	case r.State == gone:
		line = "gone: " + r.Reason
	case r.State == changed && !r.Revisit:
		line = "changed: " + line
	}
	_, err := fmt.Fprintf(c.stdout, "%s\n    %s\n", r.ID, line)
	return err
}

// checkpoint makes all consequences of the journal durable, and begins a new
// journal.
func (c *crawl) checkpoint(ctx context.Context) error {
	if err := errors.Join(c.pages.sync(), c.results.sync()); err != nil {
		return err
	}
	clear(c.pages.tail)
	clear(c.results.tail)
	next := c.journalName(c.at.Journal + 1)
	f, err := os.Create(next) // an interrupted checkpoint may have left this file
	if err != nil {
		return err
	}
	c.at.Journal++
	c.at.Pages, c.at.Verdicts = c.pages.size, c.results.size
	c.at.Counts, c.at.Hosts, c.at.Waiting = c.counts.get(), c.urls.order, c.urls.waiting()
	c.at.Known = slices.Sorted(maps.Keys(c.urls.known))
	note, err := json.Marshal(c.at)
	if err == nil {
		err = c.filter.Save(ctx, note)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	old := c.journal
	c.journal, c.since = &journal{f: f}, 0
	return errors.Join(old.f.Close(), os.Remove(old.f.Name()))
}

// close closes the open files.
func (c *crawl) close() error {
	var errs []error
	if c.journal != nil {
		errs = append(errs, c.journal.f.Close())
	}
	for _, o := range []*output{c.pages, c.results} {
		if o != nil {
			errs = append(errs, o.close())
		}
	}
	if c.filter != nil {
		errs = append(errs, c.filter.Close())
	}
	if c.store != nil {
		errs = append(errs, c.store.Close())
	}
	return errors.Join(errs...)
}
