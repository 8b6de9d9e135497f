package report

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/htmlreport"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/shingle"
)

// A Page names the file of a page for a browser.
type Page struct {
	File      string
	Overwrite bool // replace the file
}

// Check returns the errors that would otherwise appear only after all the work.
func (p Page) Check() error {
	if p.File == "" {
		if p.Overwrite {
			return errors.New("-overwrite needs -html FILE")
		}
		return nil
	}
	if err := outfile.Check(p.File, p.Overwrite); err != nil {
		return err
	}
	if info, err := os.Stat(filepath.Dir(p.File)); err != nil {
		return fmt.Errorf("-html: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("-html: %s is not a folder", filepath.Dir(p.File))
	}
	return nil
}

// WritePage writes the findings as a page.
func (f *Findings) WritePage(to Page) error {
	if err := f.notInput(to.File); err != nil {
		return err
	}
	r := &htmlreport.Report{
		Title:     strings.Join(f.c.Env().Inputs, " "),
		Documents: len(f.c.Docs),
		Bytes:     f.c.Bytes(),
		Threshold: f.o.Threshold,
		Banding:   f.o.Banding(),
		Exact:     !f.o.Estimate,
		Settings:  f.settings(),
		Notes:     f.c.Env().Notes,
		Clusters:  f.clusters,
	}
	var err error
	if r.Origins, err = f.origins(); err != nil { // before anything else takes memory
		return err
	}
	folder, err := filepath.Abs(filepath.Dir(to.File))
	if err != nil {
		return err
	}
	r.Document = func(i int) htmlreport.Document {
		d := &f.c.Docs[i]
		return htmlreport.Document{ID: d.ID, Host: d.Host, Source: source(d), Link: link(d, folder), Text: f.c.Text(i), Mask: f.masks[i]}
	}
	if f.c.Env().InputErrors > 0 {
		r.Notes = append(r.Notes, show.Count(f.c.Env().InputErrors, "input")+" could not be read completely; the program printed why.")
	}
	r.Empty = f.c.Empty()
	for i, p := range f.pairs {
		shared := htmlreport.Shared{A: p.a, B: p.b, Passages: p.passages, Recycled: func(q shingle.Passage) (documents, hosts int) {
			return find.Recycled(q, f.blocks[p.a], f.blocks[p.b])
		}}
		if i < htmlreport.DefaultFindings {
			shared.ShareA, shared.ShareB = f.shares(p)
		}
		r.Shared = append(r.Shared, shared)
	}
	for _, b := range f.recycled {
		r.Blocks = append(r.Blocks, htmlreport.Block{Host: b.host, Text: b.text, Reason: b.block.Reason.String(), Scope: b.block.Scope.String(),
			Documents: b.block.Documents, Hosts: b.block.Hosts, Places: b.places, Masked: b.block.Masked && f.strips()})
	}
	if r.Similarities, r.ObservedFrom, err = f.similarities(); err != nil {
		return err
	}
	var page bytes.Buffer
	if err := r.Write(&page); err != nil {
		return err
	}
	if err := errors.Join(f.c.Err(), f.c.Env().Ctx.Err()); err != nil {
		return err
	}
	file, err := outfile.Create(to.File, to.Overwrite)
	if err != nil {
		return err
	}
	defer file.Abort()
	if _, err := file.Write(page.Bytes()); err != nil {
		return err
	}
	if err := file.Commit(); err != nil {
		return err
	}
	f.c.Env().Summary("report page: %s (%.1f MB); open it in a browser", show.Printable(to.File), float64(page.Len())/1e6)
	return nil
}

// source returns the place where a record was read; for a file, the id is its path.
func source(d *corpus.Document) string {
	if d.Place.File == d.ID || d.Place.File == "" {
		return ""
	}
	return filepath.Base(d.Place.String())
}

// link returns the document's URL or, for a file that is one document, its path from
// the folder of the page; "" if it has neither.
func link(d *corpus.Document, folder string) string {
	if d.URL != "" {
		return d.URL
	}
	if strings.HasPrefix(d.ID, "http://") || strings.HasPrefix(d.ID, "https://") {
		return d.ID
	}
	if d.Place.File != d.ID || d.Place.File == "" {
		return ""
	}
	path, err := filepath.Abs(d.Place.File)
	if err != nil {
		return ""
	}
	if path, err = filepath.Rel(folder, path); err != nil {
		return ""
	}
	return (&url.URL{Path: filepath.ToSlash(path)}).String()
}

// notInput refuses to overwrite an input file.
func (f *Findings) notInput(name string) error {
	there, err := os.Stat(name)
	if err != nil {
		return nil // there is no file to overwrite
	}
	seen := ""
	for _, d := range f.c.Docs {
		if d.Place.File == seen || d.Place.File == "" || filepath.Base(d.Place.File) != filepath.Base(name) {
			continue
		}
		seen = d.Place.File
		if info, err := os.Stat(d.Place.File); err == nil && os.SameFile(info, there) {
			return fmt.Errorf("%s is one of the inputs, which are never changed; choose another file for -html", name)
		}
	}
	for _, in := range f.c.Env().Inputs {
		if info, err := os.Stat(in); err == nil && os.SameFile(info, there) {
			return fmt.Errorf("%s is one of the inputs, which are never changed; choose another file for -html", name)
		}
	}
	return nil
}

// settings describes how the findings were made.
func (f *Findings) settings() []htmlreport.Setting {
	b := f.o.Banding()
	figures := "computed from the shingles of both documents"
	if f.o.Estimate {
		figures = "estimated from signatures"
	}
	field, byField := strings.CutPrefix(f.o.Keep, "max:")
	keep := "the " + f.o.Keep + " document of a cluster"
	if byField {
		keep = "the document of a cluster with the largest " + field
	}
	blocks := "judged among all documents; compared like other text"
	if f.strips() {
		blocks = "judged among all documents; page frames are left out before documents are compared"
	}
	return []htmlreport.Setting{
		{Name: "Near-duplicates", Value: show.Capital(f.o.Criterion(f.c.Env().Given["threshold"])) + " with the document to keep"},
		{Name: "Jaccard similarity", Value: figures},
		{Name: "Document to keep", Value: keep},
		{Name: "Shingles", Value: f.shingles()},
		{Name: "Signatures", Value: fmt.Sprintf("%d registers in %d bands of %d rows", f.o.K, b.Bands, b.Rows)},
		{Name: "Shared passages", Value: show.Count(f.o.MinTokens, "word") + " or more, equal or edited"},
		{Name: "Recycled blocks", Value: blocks},
	}
}

// strips reports whether recycled blocks are left out before documents are compared.
func (f *Findings) strips() bool {
	return slices.ContainsFunc(f.masks, func(mask []shingle.Span) bool { return len(mask) > 0 })
}

// shingles describes the shingles that documents are compared by.
func (f *Findings) shingles() string {
	unit, size, _ := strings.Cut(f.o.Shingler().String(), ":")
	return fmt.Sprintf("runs of %s %s", size, map[string]string{"words": "words", "chars": "characters"}[unit])
}

// observedBelow is how far below the threshold the page looks for pairs, so that a
// reader sees the effect of another threshold.
const (
	observedBelow = 0.3
	bytesPerPair  = 56
)

// similarities returns the similarities of all candidate pairs down to somewhat
// below the threshold, or only down to the threshold if more would take too much
// memory. It also returns the lowest similarity searched.
func (f *Findings) similarities() ([]float64, float64, error) {
	p := f.c.Env().Progress("comparing", "", 0)
	defer p.Stop()
	from := math.Floor((f.o.Threshold-observedBelow)*20+1e-9) / 20
	if from <= 0 || int64(f.sketches.Work.Candidates)*bytesPerPair > f.c.Memory()/4 {
		from = f.o.Threshold
	}
	b := f.sketches.Batch(p)
	b.Banding = f.o.Banding()
	b.Threshold = from
	pairs, _, err := b.Pairs(f.c.Env().Ctx, f.sketches.Source())
	if err != nil {
		return nil, 0, err
	}
	values := make([]float64, len(pairs))
	for i, p := range pairs {
		values[i] = p.Similarity
	}
	return values, from, nil
}
