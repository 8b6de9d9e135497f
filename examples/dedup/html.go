package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/htmlreport"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

func htmlFlags(fs *flag.FlagSet, o *options) {
	fs.StringVar(&o.html, "html", "", "also write the findings to this `file`, with the texts and their differences: one page for a browser that needs no network")
	fs.BoolVar(&o.overwrite, "overwrite", false, "replace the file that -html names, if it is there")
}

// checkPage refuses early what would only fail when the work is done.
func (j *job) checkPage() error {
	if j.opt.html == "" {
		if j.opt.overwrite {
			return errors.New("-overwrite says that the file of -html may be replaced, and there is no -html")
		}
		return nil
	}
	if err := outfile.Check(j.opt.html, j.opt.overwrite); err != nil {
		return err
	}
	if info, err := os.Stat(filepath.Dir(j.opt.html)); err != nil {
		return fmt.Errorf("-html: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("-html: %s is no folder", filepath.Dir(j.opt.html))
	}
	return nil
}

// findings is what the report tells.
type findings struct {
	sketches *sketches
	masks    [][]shingle.Span
	clusters []lsh.RowCluster
	pairs    []passage.Pair // of documents of different clusters
	blocks   [][]boilerplate.Block
}

// writePage writes the page of -html.
func (j *job) writePage(f findings) error {
	if err := j.notInput(j.opt.html); err != nil {
		return err
	}
	r := &htmlreport.Report{
		Title:     strings.Join(j.inputs, " "),
		Documents: len(j.docs),
		Bytes:     j.texts.Bytes(),
		Threshold: j.opt.threshold,
		Banding:   j.banding(),
		Exact:     !j.opt.estimate,
		Settings:  j.settings(),
		Notes:     j.notes,
		Clusters:  f.clusters,
		Document: func(i int) htmlreport.Document {
			return htmlreport.Document{ID: j.docs[i].ID, Host: j.docs[i].Host, Text: j.texts.At(i), Mask: f.masks[i]}
		},
	}
	if j.inputErrors > 0 {
		r.Notes = append(r.Notes, count(j.inputErrors, "input")+" could not be read in whole; standard error said which.")
	}
	for i := range j.docs {
		if j.texts.Size(i) == 0 {
			r.Empty++
		}
	}
	row := j.rows()
	for _, p := range f.pairs {
		r.Shared = append(r.Shared, htmlreport.Shared{A: row[p.A], B: row[p.B], Passages: p.Passages})
	}
	for _, b := range j.recycled(f.blocks) {
		r.Blocks = append(r.Blocks, htmlreport.Block{Host: b.host, Text: b.text, Reason: b.block.Reason.String(), Scope: b.block.Scope.String(),
			Documents: b.block.Documents, Hosts: b.block.Hosts, Pages: b.pages})
	}
	var err error
	if r.Similarities, r.ObservedFrom, err = j.similarities(f.sketches); err != nil {
		return err
	}
	r.Sort()
	var page bytes.Buffer
	if err := r.Write(&page); err != nil {
		return err
	}
	if err := errors.Join(j.texts.Err(), j.ctx.Err()); err != nil {
		return err
	}
	file, err := outfile.Create(j.opt.html, j.opt.overwrite)
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
	j.summary("%s (%.1f MB) is the page: open it in a browser", printable(j.opt.html), float64(page.Len())/1e6)
	return nil
}

// notInput refuses to write over a file that was read.
func (j *job) notInput(name string) error {
	there, err := os.Stat(name)
	if err != nil {
		return nil // nothing to write over
	}
	seen := ""
	for _, d := range j.docs {
		if d.Place.File == seen || d.Place.File == "" || filepath.Base(d.Place.File) != filepath.Base(name) {
			continue
		}
		seen = d.Place.File
		if info, err := os.Stat(d.Place.File); err == nil && os.SameFile(info, there) {
			return fmt.Errorf("%s is one of the inputs, which are never changed; write the page elsewhere", name)
		}
	}
	for _, in := range j.inputs {
		if info, err := os.Stat(in); err == nil && os.SameFile(info, there) {
			return fmt.Errorf("%s is one of the inputs, which are never changed; write the page elsewhere", name)
		}
	}
	return nil
}

// settings tells how the findings were made.
func (j *job) settings() []htmlreport.Setting {
	b := j.banding()
	figures := "counted from the shingles of both documents"
	if j.opt.estimate {
		figures = "estimated from signatures"
	}
	return []htmlreport.Setting{
		{Name: "Near-duplicates", Value: fmt.Sprintf("Jaccard similarity of %v or more to the document to keep, %s", j.opt.threshold, figures)},
		{Name: "To keep", Value: map[string]string{"first": "the first of a cluster in the input", "longest": "the longest of a cluster", "newest": "the newest of a cluster"}[j.opt.keep]},
		{Name: "Shingles", Value: j.shingles()},
		{Name: "Signatures", Value: fmt.Sprintf("%d registers in %d bands of %d rows", j.opt.k, b.Bands, b.Rows)},
		{Name: "Shared passages", Value: count(j.opt.minTokens, "word") + " or more, equal or edited"},
		{Name: "Recycled blocks", Value: "judged by all documents, and left out of every comparison"},
	}
}

// shingles says what documents are compared by.
func (j *job) shingles() string {
	unit, size, _ := strings.Cut(j.opt.shingler().String(), ":")
	return fmt.Sprintf("%s %s in a row, at every place", size, map[string]string{"words": "words", "chars": "characters"}[unit])
}

// observedBelow is how far below the threshold the page looks for pairs, so that
// a reader sees what another threshold would change.
const (
	observedBelow = 0.3
	bytesPerPair  = 56
)

// similarities returns those of all pairs that the bands propose, from somewhat
// below the threshold on or, where that would take too much memory, from the
// threshold on.
func (j *job) similarities(s *sketches) ([]float64, float64, error) {
	p := j.progress("comparing", "", 0)
	defer p.stop()
	from := math.Floor((j.opt.threshold-observedBelow)*20+1e-9) / 20
	if from <= 0 || int64(j.work.Candidates)*bytesPerPair > j.opt.memory/4 {
		from = j.opt.threshold
	}
	b := j.batch(s, nil, p)
	b.Banding = j.banding()
	b.Threshold = from
	pairs, _, err := b.Pairs(j.ctx, j.source(nil))
	if err != nil {
		return nil, 0, err
	}
	values := make([]float64, len(pairs))
	for i, p := range pairs {
		values[i] = p.Similarity
	}
	return values, from, nil
}

// rows returns the number of each document by its id.
func (j *job) rows() map[string]int {
	row := make(map[string]int, len(j.docs))
	for i, d := range j.docs {
		row[d.ID] = i
	}
	return row
}
