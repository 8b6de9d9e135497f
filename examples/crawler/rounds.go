package main

import (
	"context"
	"fmt"
	"hash/crc64"
	"maps"
	"slices"
	"time"

	"github.com/neardup/neardup/boilerplate/seen"
)

// A state is the result of comparing a page with the last time it was fetched.
type state string

const (
	fresh     state = "new"       // there was no readable page the last time
	changed   state = "changed"   // the text, the verdict or the match has changed
	unchanged state = "unchanged" // nothing has changed
	gone      state = "gone"      // the page is no longer on the server
)

// A last is the result of the last fetch of a URL.
type last struct {
	Outcome    seen.Outcome `json:"verdict"`
	Match      string       `json:"match,omitempty"`
	Similarity float64      `json:"similarity,omitempty"`
	Gone       bool         `json:"gone,omitempty"`
	Digest     uint64       `json:"digest,omitempty"` // checksum of the text
}

// compare sets the state of a result by comparing it with the last one for its URL,
// and remembers it. A stored page is compared by its text without frame; a page that
// was not stored is compared by the page that it repeats and the similarity.
func (c *crawl) compare(r *result, text string) {
	if c.o.every == 0 {
		r.State = ""
		return
	}
	before, known := c.at.Last[r.ID]
	now := last{r.Outcome, r.Match, r.Similarity, r.State == gone, crc64.Checksum([]byte(text), crcTable)}
	c.at.Last[r.ID] = now
	same := known && now.Digest == before.Digest && now.Outcome != seen.Unreadable
	now.Digest = before.Digest
	was := known && !before.Gone && before.Outcome != seen.Unreadable || r.Revisit
	switch {
	case before.Gone && r.Outcome != seen.Unreadable:
		r.State = fresh // the page is back
	case r.State == gone && was:
	case r.State == gone && known, same && was, now == before && known && !r.Revisit:
		r.State = unchanged
	case r.Outcome == seen.New && r.Revisit && r.Changed == 0:
		r.State = unchanged
	case was, known && before.Gone && r.Outcome == seen.Unreadable:
		r.State = changed
	default:
		r.State = fresh
	}
	c.at.States[r.State]++
}

// newRound schedules every URL to be fetched again, waiting ones first.
func (c *crawl) newRound(at time.Time) {
	c.at.Round++
	c.at.Began = at
	c.at.InRound = 0
	c.at.States = map[state]int64{}
	c.urls.all()
}

// all adds every known URL to its queue.
func (f *frontier) all() {
	waiting := map[string]bool{}
	for _, link := range f.waiting() {
		waiting[link] = true
	}
	clear(f.attempts)
	links := slices.Sorted(maps.Keys(f.known))
	for _, link := range links {
		delete(f.known, link)
	}
	for _, link := range links {
		if waiting[link] {
			f.known[link] = true
		} else {
			f.add(link)
		}
	}
}

// rounds crawls again and again until the context ends.
func (c *crawl) rounds(ctx, after context.Context) error {
	for {
		if err := c.round(ctx, after); err != nil {
			return err
		}
		if c.o.every == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(c.at.Began.Add(c.o.every))):
		}
		now := time.Now().UTC().Truncate(time.Millisecond)
		if err := c.commit(after, []entry{{Round: &now}}); err != nil {
			return err
		}
	}
}

// report prints the summary of a round.
func (c *crawl) report() {
	if c.o.json {
		return
	}
	n := &c.counts
	if c.o.every > 0 {
		s := c.at.States
		fmt.Fprintf(c.stderr, "crawler: round %d: %d URLs: %d new, %d changed, %d unchanged, %d gone, %d redirects, %d sitemaps; %d URLs waiting\n",
			c.at.Round+1, c.at.InRound, s[fresh], s[changed], s[unchanged], s[gone], s[redirect], s[sitemap], len(c.urls.waiting()))
		return
	}
	fmt.Fprintf(c.stderr, "crawler: %d URLs: %d new, %d near-duplicates, %d nothing but frame, %d unreadable, %d redirects, %d sitemaps; %d URLs waiting\n",
		c.at.Fetched, n.fresh.Load(), n.duplicate.Load(), n.frame.Load(), n.unreadable.Load(), n.redirects.Load(), n.sitemaps.Load(), len(c.urls.waiting()))
}
