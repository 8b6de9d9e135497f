// Package processor registers the processor neardup with Benthos: importing it is
// enough.
//
//	pipeline:
//	  processors:
//	    - neardup:
//	        dir: /var/lib/seen
//	        keep: new
//
// It judges each message as a page, with a [seen.Durable], and sets metadata:
// neardup_verdict (new, near-duplicate, frame or unreadable), neardup_match and
// neardup_similarity for a near-duplicate, and neardup_changed if an earlier state
// of the page was kept. Verdicts are durable when a batch leaves the processor. A
// batch that is delivered again gets the same verdicts, unless copies were judged in
// between: a page never repeats itself.
//
// With settle above 1, the first pages of a section get the verdict held: the
// processor keeps them, durably, until the frame of their site is known, and the
// input neardup_released yields them with their verdicts:
//
//	input:
//	  sequence:
//	    inputs:
//	      - file: { paths: [ pages.jsonl ], scanner: { lines: {} } }
//	      - neardup_released: { dir: /var/lib/seen, settle: 16 }
//
// Otherwise the first page of a section is compared including its frame, and a copy
// of it may be missed.
package processor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/neardup/neardup/boilerplate/pages"
	"github.com/neardup/neardup/boilerplate/seen"
)

// A processor judges messages.
type processor struct {
	filter *shared
	page   *bloblang.Executor
	only   bool // set if pages that are not new are dropped
}

func init() {
	spec := service.NewConfigSpec().
		Summary("Finds pages that repeat others.").
		Description("Sets the metadata neardup_verdict, neardup_match, neardup_similarity, neardup_changed, neardup_added and neardup_removed. Processors of one folder in one process share it.").
		Field(service.NewStringField("dir").Description("folder for the pages seen; created if it does not exist")).
		Field(thresholdField).
		Field(settleField).
		Field(service.NewBloblangField("page").Description("the page of a message: an object with url or id, text or html, and optionally host, section, time (RFC 3339) and canonical; other fields are ignored").Default("root = this")).
		Field(service.NewStringEnumField("keep", "all", "new").Description("messages to pass on: all, or only those with new pages or errors").Default("all"))
	err := service.RegisterBatchProcessor("neardup", spec, func(c *service.ParsedConfig, _ *service.Resources) (service.BatchProcessor, error) {
		dir, err1 := c.FieldString("dir")
		o, err2 := parseOptions(c)
		page, err3 := c.FieldBloblang("page")
		keep, err4 := c.FieldString("keep")
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			return nil, err
		}
		filter, err := open(dir, o)
		if err != nil {
			return nil, err
		}
		return &processor{filter: filter, page: page, only: keep == "new"}, nil
	})
	if err != nil {
		panic(err)
	}
}

// Close saves the filter when the last of its processors is closed.
func (p *processor) Close(context.Context) error { return p.filter.close() }

// ProcessBatch judges a batch. A message that is not a page is marked as failed, and
// the others are judged.
func (p *processor) ProcessBatch(ctx context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	var judged []*service.Message
	var ps []seen.Page
	isNew := map[*service.Message]bool{}
	for _, m := range batch {
		if _, ok := m.MetaGet(numberKey); ok { // messages from the input neardup_released have verdicts already
			verdict, _ := m.MetaGet(verdictKey)
			isNew[m] = verdict == string(seen.New)
			continue
		}
		x, err := p.parse(m)
		if err != nil {
			m.SetError(fmt.Errorf("neardup: %w", err))
			continue
		}
		judged, ps = append(judged, m), append(ps, x)
	}
	verdicts, err := p.filter.Judge(ctx, ps...)
	if err != nil {
		return nil, err // Benthos marks all messages as failed
	}
	for i, v := range verdicts {
		isNew[judged[i]] = v.Outcome == seen.New
		describe(judged[i], v)
	}
	out := batch
	if p.only {
		out = nil
		for _, m := range batch {
			if isNew[m] || m.GetError() != nil {
				out = append(out, m)
			}
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return []service.MessageBatch{out}, nil
}

// Metadata keys.
const (
	verdictKey = "neardup_verdict"
	numberKey  = "neardup_number"
)

// describe writes a verdict to the metadata of a message.
func describe(m *service.Message, v seen.Verdict) {
	m.MetaSetMut(verdictKey, string(v.Outcome))
	if v.Outcome == seen.Duplicate {
		m.MetaSetMut("neardup_match", v.Match)
		m.MetaSetMut("neardup_similarity", v.Similarity)
	}
	if v.Revisit {
		m.MetaSetMut("neardup_changed", v.Changed)
		m.MetaSetMut("neardup_added", v.Added)
		m.MetaSetMut("neardup_removed", v.Removed)
	}
}

// parse makes a page from a message.
func (p *processor) parse(m *service.Message) (seen.Page, error) {
	mapped, err := m.BloblangQuery(p.page)
	if err != nil {
		return seen.Page{}, err
	}
	if mapped == nil {
		return seen.Page{}, errors.New("the mapping in field page deletes the message")
	}
	b, err := mapped.AsBytes()
	if err != nil {
		return seen.Page{}, err
	}
	var d struct {
		ID, URL, Host, Section, Canonical string
		Text, HTML                        *string
		Time                              time.Time
	}
	if err := json.Unmarshal(b, &d); err != nil {
		return seen.Page{}, err
	}
	x := seen.Page{ID: d.ID, Host: d.Host, Section: d.Section, Canonical: d.Canonical, Time: d.Time}
	if d.URL != "" {
		u, err := url.Parse(d.URL)
		if err != nil {
			return x, err
		}
		if x.ID == "" {
			x.ID = d.URL
		}
		if x.Host == "" {
			x.Host = strings.ToLower(u.Host)
		}
		if first, _, more := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/"); more && x.Section == "" {
			x.Section = first
		}
	}
	switch {
	case x.ID == "":
		return x, errors.New("neither id nor url")
	case d.Text != nil && d.HTML != nil:
		return x, errors.New("both text and html")
	case d.Text != nil:
		x.Text = *d.Text
	case d.HTML != nil:
		h, err := pages.Parse(strings.NewReader(*d.HTML), pages.Options{ContentType: "text/html; charset=utf-8", MaxBytes: len(*d.HTML) + 1})
		if err != nil {
			return x, err
		}
		x.Text, x.Blocks = h.Text, h.Blocks
	default:
		return x, errors.New("neither text nor html")
	}
	return x, x.Check()
}
