package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/neardup/neardup/boilerplate/pages"
	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/internal/doctime"
)

// A document is the page of a request.
type document struct {
	ID      string `json:"id"`
	URL     string `json:"url"`
	Host    string `json:"host"`
	Section string `json:"section"`

	Canonical string `json:"canonical"`

	Text *string         `json:"text"`
	HTML *string         `json:"html"`
	Time json.RawMessage `json:"time"`
}

// page returns the document in the form for the filter.
func (d document) page() (seen.Page, error) {
	if d.Text == nil && d.HTML == nil {
		return seen.Page{}, errors.New("neither text nor html")
	}
	return d.named()
}

// named is like page, for a document that may have neither text nor HTML.
func (d document) named() (seen.Page, error) {
	p := seen.Page{ID: d.ID, Host: d.Host, Section: d.Section, Canonical: d.Canonical}
	if d.URL != "" {
		u, err := url.Parse(d.URL)
		if err != nil {
			return p, fmt.Errorf("url: %w", err)
		}
		if p.ID == "" {
			p.ID = d.URL
		}
		if p.Host == "" {
			p.Host = strings.ToLower(u.Host)
		}
		if p.Section == "" {
			if first, _, more := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/"); more {
				p.Section = first
			}
		}
	}
	if p.ID == "" {
		return p, errors.New("neither id nor url")
	}
	switch {
	case d.Text != nil && d.HTML != nil:
		return p, errors.New("both text and html")
	case d.Text != nil:
		p.Text = *d.Text
	case d.HTML != nil:
		x, err := pages.Parse(strings.NewReader(*d.HTML), pages.Options{ContentType: "text/html; charset=utf-8", MaxBytes: len(*d.HTML) + 1})
		if err != nil {
			return p, fmt.Errorf("html: %w", err)
		}
		p.Text, p.Blocks = x.Text, x.Blocks
	}
	if len(d.Time) > 0 && string(d.Time) != "null" {
		given := string(d.Time)
		if d.Time[0] == '"' {
			if err := json.Unmarshal(d.Time, &given); err != nil {
				return p, fmt.Errorf("time: %w", err)
			}
		}
		t, err := doctime.Parse(given)
		if err != nil {
			return p, err
		}
		if y := t.Year(); y < 1 || y > 9999 {
			return p, fmt.Errorf("time: year %d", y)
		}
		p.Time = t
	}
	return p, nil
}

// decode reads exactly one JSON object.
func decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("invalid JSON: unexpected end")
		}
		return fmt.Errorf("invalid JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("invalid JSON: more than one object")
	}
	return nil
}

// An operation answers requests that hold one or many objects: In is the input for
// the filter. A problem among the results of do means that the page does not exist.
type operation[In any] struct {
	parse func([]byte) (In, error)
	do    func(ctx context.Context, s *server, d *seen.Durable, r *http.Request, in []In) ([]any, error)
}

func (o operation[In]) serve(s *server, w http.ResponseWriter, r *http.Request) error {
	d, err := s.durable()
	if err != nil {
		return err
	}
	b, lines, err := s.body(w, r)
	if err != nil {
		return err
	}
	if !lines {
		in, err := o.parse(b)
		if err != nil {
			return failure{http.StatusBadRequest, err.Error()}
		}
		out, err := o.do(r.Context(), s, d, r, []In{in})
		if err != nil {
			return err
		}
		if p, ok := out[0].(problem); ok {
			return failure{http.StatusNotFound, p.Error}
		}
		return answer(w, out[0])
	}
	var ins []In
	var answers []any // one for each line; nil stands for the next result of do
	var numbers []int // line numbers of ins
	n := 0
	for x := range bytes.Lines(b) {
		n++
		if x = bytes.TrimSpace(x); len(x) == 0 {
			continue
		}
		in, err := o.parse(x)
		if err != nil {
			answers = append(answers, problem{Line: n, Error: err.Error()})
			continue
		}
		ins, numbers = append(ins, in), append(numbers, n)
		answers = append(answers, nil)
	}
	if err := r.Context().Err(); err != nil {
		return err
	}
	var outs []any
	if len(ins) > 0 {
		if outs, err = o.do(r.Context(), s, d, r, ins); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	for _, a := range answers {
		if a == nil {
			a = outs[0]
			if p, ok := a.(problem); ok {
				p.Line = numbers[0]
				a = p
			}
			outs, numbers = outs[1:], numbers[1:]
		}
		if _, err := w.Write(line(a)); err != nil {
			return nil // the client is gone, but all the work is done
		}
	}
	return nil
}

// parsePage reads a document.
func parsePage(b []byte) (seen.Page, error) {
	var d document
	if err := decode(b, &d); err != nil {
		return seen.Page{}, err
	}
	p, err := d.page()
	if err == nil {
		err = p.Check()
	}
	return p, err
}

// A verdict is the answer for a page.
type verdict struct {
	ID         string   `json:"id"`
	Verdict    string   `json:"verdict"`
	New        bool     `json:"new"`
	Match      string   `json:"match,omitempty"`
	Similarity *float64 `json:"similarity,omitempty"`
	Covered    float64  `json:"covered,omitempty"`
	Better     bool     `json:"better,omitempty"`
	Changed    *float64 `json:"changed,omitempty"`
	Added      *int     `json:"added,omitempty"`
	Removed    *int     `json:"removed,omitempty"`
}

func newVerdict(v seen.Verdict) verdict {
	out := verdict{ID: v.ID, Verdict: string(v.Outcome), New: v.Outcome == seen.New}
	if v.Outcome == seen.Duplicate {
		out.Match, out.Similarity, out.Covered, out.Better = v.Match, &v.Similarity, v.Covered, v.Better
	}
	if v.Revisit {
		out.Changed, out.Added, out.Removed = &v.Changed, &v.Added, &v.Removed
	}
	return out
}

// judge judges pages, stores new ones, and returns a verdict for each page.
var judge = operation[seen.Page]{parsePage, func(ctx context.Context, s *server, d *seen.Durable, _ *http.Request, in []seen.Page) ([]any, error) {
	verdicts, err := d.Judge(ctx, in...)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(in))
	for i, v := range verdicts {
		out[i] = newVerdict(v)
		s.figures.verdict(v.Outcome)
	}
	return out, nil
}}

// stored is the answer for an added page.
type stored struct {
	ID     string `json:"id"`
	Stored bool   `json:"stored"`
}

// add stores pages without judging them.
var add = operation[seen.Page]{parsePage, func(ctx context.Context, _ *server, d *seen.Durable, _ *http.Request, in []seen.Page) ([]any, error) {
	if err := d.Keep(ctx, in...); err != nil {
		return nil, err
	}
	out := make([]any, len(in))
	for i, p := range in {
		out[i] = stored{ID: p.ID, Stored: true}
	}
	return out, nil
}}

// found is the answer to a query.
type found struct {
	ID      string   `json:"id"`
	Matches []match  `json:"matches"`
	Earlier *earlier `json:"earlier,omitempty"` // the stored page with this id
}

// earlier describes how a page differs from the stored one with its id.
type earlier struct {
	Time       time.Time `json:"time"`
	Similarity float64   `json:"similarity"`
	Changed    float64   `json:"changed"`
	Added      int       `json:"added"`
	Removed    int       `json:"removed"`
}

type match struct {
	ID         string  `json:"id"`
	Similarity float64 `json:"similarity"`
}

// query looks for stored pages and stores nothing.
var query = operation[seen.Page]{parsePage, func(ctx context.Context, _ *server, d *seen.Durable, r *http.Request, in []seen.Page) ([]any, error) {
	limit, err := number(r, "limit", 0)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(in))
	for i, p := range in {
		matches, err := d.Query(ctx, p, int(min(limit, 1<<30)))
		if err != nil {
			return nil, err
		}
		f := found{ID: p.ID, Matches: []match{}}
		for _, m := range matches {
			f.Matches = append(f.Matches, match{m.ID, m.Similarity})
		}
		c, ok, err := d.Earlier(ctx, p)
		if err != nil {
			return nil, err
		}
		if ok {
			f.Earlier = &earlier{c.Time.UTC(), c.Similarity, c.Changed(), c.Added, c.Removed}
		}
		out[i] = f
	}
	return out, nil
}}

// judged is the answer that lists the blocks of a page.
type judged struct {
	ID     string  `json:"id"`
	Text   string  `json:"text,omitempty"` // if the request had html
	Blocks []block `json:"blocks"`
}

type block struct {
	Start      int     `json:"start"`
	End        int     `json:"end"`
	Flagged    bool    `json:"flagged"`
	Masked     bool    `json:"masked"`
	Reason     string  `json:"reason"`
	Scope      string  `json:"scope"`
	Documents  int     `json:"documents"`
	Hosts      int     `json:"hosts"`
	Confidence float64 `json:"confidence"`
}

// blocks returns the recycled blocks of a page, and stores nothing.
var blocks = operation[seen.Page]{parsePage, func(ctx context.Context, _ *server, d *seen.Durable, _ *http.Request, in []seen.Page) ([]any, error) {
	out := make([]any, len(in))
	for i, p := range in {
		bs, err := d.Blocks(ctx, p)
		if err != nil {
			return nil, err
		}
		j := judged{ID: p.ID, Blocks: []block{}}
		if p.Blocks != nil {
			j.Text = p.Text
		}
		for _, b := range bs {
			j.Blocks = append(j.Blocks, block{
				Start: b.Start, End: b.End, Flagged: b.Flagged, Masked: b.Masked, Reason: b.Reason.String(), Scope: b.Scope.String(),
				Documents: b.Documents, Hosts: b.Hosts, Confidence: b.Confidence,
			})
		}
		out[i] = j
	}
	return out, nil
}}

// removed is the answer for a removed page.
type removed struct {
	ID      string `json:"id"`
	Removed bool   `json:"removed"`
}

// remove removes pages, so that later copies of them are new again.
var remove = operation[string]{
	func(b []byte) (string, error) {
		var in struct {
			ID string `json:"id"`
		}
		if err := decode(b, &in); err != nil {
			return "", err
		}
		if in.ID == "" {
			return "", errors.New("no id")
		}
		return in.ID, nil
	},
	func(ctx context.Context, _ *server, d *seen.Durable, _ *http.Request, in []string) ([]any, error) {
		done, err := d.Remove(ctx, in...)
		if err != nil {
			return nil, err
		}
		out := make([]any, len(in))
		for i, id := range in {
			out[i] = removed{ID: id, Removed: done[i]}
		}
		return out, nil
	},
}

// release judges all held pages.
func (s *server) release(w http.ResponseWriter, r *http.Request) error {
	d, err := s.durable()
	if err != nil {
		return err
	}
	if _, _, err := s.body(w, r); err != nil {
		return err
	}
	if err := d.Release(r.Context()); err != nil {
		return err
	}
	return answer(w, status{Status: "released"})
}

// A final is the verdict on a page that was held.
type final struct {
	Number uint64 `json:"number"`
	verdict
	Text string `json:"text,omitempty"` // set for a new page and for a better copy
}

// released returns verdicts on pages that were held, one per line.
func (s *server) released(w http.ResponseWriter, r *http.Request) error {
	d, err := s.durable()
	if err != nil {
		return err
	}
	after, err := number(r, "after", 0)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", 100)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	for _, x := range d.Released(after, int(min(limit, 10_000))) {
		f := final{Number: x.Number, verdict: newVerdict(x.Verdict)}
		if f.New || f.Better {
			f.Text = x.Page.Text
		}
		if _, err := w.Write(line(f)); err != nil {
			return nil
		}
	}
	return nil
}
