package seen

import (
	"errors"
	"fmt"
	"time"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/shingle"
)

// A Page is a text and its origin.
type Page struct {
	ID      string `json:"id"`                // the page's address; at most 1 MiB
	Host    string `json:"host,omitempty"`    // the site; a page without a host is never held
	Section string `json:"section,omitempty"` // part of the site, such as the first segment of the path
	Text    string `json:"text"`

	// Canonical is the address that the page itself declares (rel=canonical), if any.
	Canonical string `json:"canonical,omitempty"`

	// Blocks are the spans of Text that may be frame, ascending and disjoint;
	// nil means its paragraphs.
	Blocks []shingle.Span `json:"blocks,omitempty"`

	// Time is when the page was published or fetched, if known.
	Time time.Time `json:"time,omitzero"`
}

func (p Page) boilerplate() boilerplate.Page {
	return boilerplate.Page{ID: p.ID, Host: p.Host, Section: p.Section, Text: p.Text, Blocks: p.Blocks, Time: p.Time}
}

// An Outcome is the result of judging a page.
type Outcome string

const (
	// New pages repeat no kept page. They are in the index.
	New Outcome = "new"
	// Duplicate pages are near-duplicates of a kept page.
	Duplicate Outcome = "near-duplicate"
	// Frame pages have next to no text other than frame.
	Frame Outcome = "frame"
	// Unreadable pages have no text.
	Unreadable Outcome = "unreadable"
	// Held pages wait until their frame is known; see [Filter.Release].
	Held Outcome = "held"
)

// A Verdict is the outcome for a page, with details.
type Verdict struct {
	ID      string  `json:"id"`
	Outcome Outcome `json:"verdict"`

	// Match is the kept page that is most similar to a Duplicate. Similarity is the
	// Jaccard similarity of the shingles of both without frame, counted, not estimated.
	Match      string  `json:"match,omitempty"`
	Similarity float64 `json:"similarity,omitempty"`

	// Covered is the share of the shorter page that is covered by passages shared with
	// Match, if that made the page a Duplicate: see [Options.Covered].
	Covered float64 `json:"covered,omitempty"`

	// Better reports that, by [Options.Prefer], a Duplicate is a better copy than Match
	// and replaces it.
	Better bool `json:"better,omitempty"`

	// Revisit reports that a page with this ID and an earlier [Page.Time] was kept.
	// Changed is how much the text has changed since, from 0 to 1: 1 minus the Jaccard
	// similarity of the two without frame. Added and Removed count words: see [Change].
	Revisit bool    `json:"revisit,omitempty"`
	Changed float64 `json:"changed,omitempty"`
	Added   int     `json:"added,omitempty"`
	Removed int     `json:"removed,omitempty"`
}

// String describes the verdict in words. For a New page that is a Revisit it
// includes how much the text has changed.
func (v Verdict) String() string {
	switch v.Outcome {
	case New:
		switch {
		case v.Revisit && v.Changed == 0:
			return "unchanged"
		case v.Revisit:
			return fmt.Sprintf("%.0f %% changed, %d words added, %d removed", 100*v.Changed, v.Added, v.Removed)
		}
	case Duplicate:
		if v.Better {
			return fmt.Sprintf("better copy of %s at %.2f", v.Match, v.Similarity)
		}
		if v.Covered > 0 {
			return fmt.Sprintf("covered by %s to %.2f", v.Match, v.Covered)
		}
		return fmt.Sprintf("near-duplicate of %s at %.2f", v.Match, v.Similarity)
	case Frame:
		return "nothing but frame"
	}
	return string(v.Outcome)
}

// ErrPage is the error for a page that cannot be judged: its ID or text is too long,
// or its blocks are not spans of its text.
var ErrPage = errors.New("invalid page")

// Limits of a page that a Durable accepts.
const (
	maxID   = 1 << 20 // the limit in package disk
	maxText = 1 << 28
)

// Check returns an error that wraps [ErrPage] if a [Durable] does not accept the
// page.
func (p Page) Check() error {
	if len(p.ID) > maxID {
		return fmt.Errorf("seen: %w: id of %d bytes, limit %d", ErrPage, len(p.ID), maxID)
	}
	if len(p.Text) > maxText {
		return fmt.Errorf("seen: %w: text of %d bytes, limit %d", ErrPage, len(p.Text), maxText)
	}
	end := 0
	for _, b := range p.Blocks {
		if b.Start < end || b.End < b.Start || b.End > len(p.Text) {
			return fmt.Errorf("seen: %w: blocks are not ascending, disjoint spans of the text", ErrPage)
		}
		end = b.End
	}
	return nil
}
