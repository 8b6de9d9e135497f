// Package processor registers the processor neardup with Benthos: importing it is
// enough.
//
//	pipeline:
//	  processors:
//	    - neardup:
//	        dir: /var/lib/seen
//	        keep: new
//
// It judges each message as a page, as [seen.Durable] does, and sets metadata:
// neardup_verdict (new, near-duplicate, frame or unreadable), neardup_match and
// neardup_similarity of a near-duplicate, and neardup_changed where an earlier state
// of the page was kept. Verdicts are durable when a batch leaves the processor. A
// batch that is delivered again gets the same verdicts, unless copies were judged in
// between: a page never repeats itself.
//
// No page is held back until its site is known, because a stream has no place for
// it. So the first page of a section is compared with its frame, and a copy of it may
// be missed; the service "dedup serve" holds pages.
package processor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
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
	only   bool // drop pages that are not new
}

func init() {
	spec := service.NewConfigSpec().
		Summary("Finds pages that repeat others.").
		Description("Sets the metadata neardup_verdict, neardup_match, neardup_similarity and neardup_changed. Processors of one folder in one process share it.").
		Field(service.NewStringField("dir").Description("folder of the pages seen; created if absent")).
		Field(service.NewFloatField("threshold").Description("minimum similarity of a near-duplicate; fixed when the folder is created").Default(0.8)).
		Field(service.NewBloblangField("page").Description("the page of a message: an object with url or id, text or html, and perhaps host, section, time (RFC 3339) and canonical; other fields are ignored").Default("root = this")).
		Field(service.NewStringEnumField("keep", "all", "new").Description("messages that go on: all, or only new pages and those with errors").Default("all"))
	err := service.RegisterBatchProcessor("neardup", spec, func(c *service.ParsedConfig, _ *service.Resources) (service.BatchProcessor, error) {
		dir, err1 := c.FieldString("dir")
		threshold, err2 := c.FieldFloat("threshold")
		page, err3 := c.FieldBloblang("page")
		keep, err4 := c.FieldString("keep")
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			return nil, err
		}
		if !(threshold > 0 && threshold <= 1) {
			return nil, fmt.Errorf("threshold %v: must be above 0 and at most 1", threshold)
		}
		filter, err := open(dir, threshold)
		if err != nil {
			return nil, err
		}
		return &processor{filter: filter, page: page, only: keep == "new"}, nil
	})
	if err != nil {
		panic(err)
	}
}

// A shared is a filter that the processors of a process share: Benthos makes one for
// each thread.
type shared struct {
	*seen.Durable
	name      string
	threshold float64
	users     int
}

var (
	mu      sync.Mutex
	filters = map[string]*shared{}
)

func open(dir string, threshold float64) (*shared, error) {
	name, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	mu.Lock()
	defer mu.Unlock()
	f := filters[name]
	if f == nil {
		d, err := seen.OpenDurable(name, seen.DurableOptions{Options: seen.Options{Threshold: threshold, Settle: 1}})
		if err != nil {
			return nil, err
		}
		f = &shared{Durable: d, name: name, threshold: threshold}
		filters[name] = f
	}
	if f.threshold != threshold {
		return nil, fmt.Errorf("%s is in use with threshold %v, not %v", dir, f.threshold, threshold)
	}
	f.users++
	return f, nil
}

func (f *shared) close() error {
	mu.Lock()
	defer mu.Unlock()
	if f.users--; f.users > 0 {
		return nil
	}
	delete(filters, f.name)
	return f.Durable.Close()
}

// Close saves the filter when the last of its processors is closed.
func (p *processor) Close(context.Context) error { return p.filter.close() }

// ProcessBatch judges a batch. A message that is not a page is marked as failed, and
// the others are judged.
func (p *processor) ProcessBatch(ctx context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	var judged []*service.Message
	var ps []seen.Page
	for _, m := range batch {
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
	isNew := map[*service.Message]bool{}
	for i, v := range verdicts {
		m := judged[i]
		isNew[m] = v.Outcome == seen.New
		m.MetaSetMut("neardup_verdict", string(v.Outcome))
		if v.Outcome == seen.Duplicate {
			m.MetaSetMut("neardup_match", v.Match)
			m.MetaSetMut("neardup_similarity", v.Similarity)
		}
		if v.Revisit {
			m.MetaSetMut("neardup_changed", v.Changed)
		}
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

// parse makes a page of a message.
func (p *processor) parse(m *service.Message) (seen.Page, error) {
	mapped, err := m.BloblangQuery(p.page)
	if err != nil {
		return seen.Page{}, err
	}
	if mapped == nil {
		return seen.Page{}, errors.New("the mapping of page deletes the message")
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
