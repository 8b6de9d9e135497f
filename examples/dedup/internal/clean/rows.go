package clean

import (
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
)

// Rows yields the documents in the order of the input, with the decision on each.
// Next returns nil after the last one; a Row is valid until the next call of Next.
type Rows interface {
	Next() (*Row, error)
}

// A Row is a document.
type Row struct {
	ID    string
	Place input.Place
	Text  func() (string, error) // valid until Text is called for another row

	// Removal returns the line of the log; nil for a kept document.
	Removal func() (show.Removal, error)

	Cluster *Cluster // the cluster that a kept document represents; nil for none

	// Spans returns the parts to cut from a kept document; nil for none.
	Spans func() ([]Span, error)
}

// Corpus is the information that a [Writer] needs about the documents in addition to
// the decisions. The zero value describes an empty corpus.
type Corpus struct {
	Docs    int
	LeftOut int           // documents that could not be read
	Formats []string      // formats of documents, in order of appearance
	Tables  []string      // Parquet files
	Reading input.Options // for reading the inputs again
}

// Of returns a description of the new documents of a corpus for a Writer.
func Of(c *corpus.Corpus) Corpus {
	o := Corpus{Docs: len(c.Docs) - c.Old, LeftOut: c.LeftOut(), Reading: c.Reading()}
	for _, d := range c.Docs[c.Old:] {
		o.Meet(d.Format, d.Place.File)
	}
	return o
}

// Meet records the format and the file of the next document.
func (o *Corpus) Meet(format, file string) {
	known := false
	for _, f := range o.Formats {
		known = known || f == format
	}
	if !known {
		o.Formats = append(o.Formats, format)
	}
	if n := len(o.Tables); format == input.Parquet && (n == 0 || o.Tables[n-1] != file) {
		o.Tables = append(o.Tables, file)
	}
}

// rowsOf yields the rows of a corpus in memory.
type rowsOf struct {
	c       *corpus.Corpus
	gone    []Removal // removals of the rows not yet written, in order
	lines   *lines    // log lines of these removals
	cluster map[int]*Cluster
	cuts    *Cuts
	next    int
	texts   *spool.Scan
}

// rows returns the rows of a corpus, with their clusters if requested.
func (d *Decision) rows(c *corpus.Corpus, clusters bool) *rowsOf {
	r := &rowsOf{c: c, gone: d.Removals, lines: newLines(c, d.Removals), cuts: d.Cuts, next: c.Old, texts: c.Scan()}
	if clusters {
		r.cluster = d.clusters()
	}
	return r
}

// Next returns the next row.
func (r *rowsOf) Next() (*Row, error) {
	if r.next == len(r.c.Docs) {
		return nil, nil
	}
	i := r.next
	r.next++
	row := &Row{ID: r.c.Docs[i].ID, Place: r.c.Docs[i].Place, Cluster: r.cluster[i], Text: func() (string, error) { return r.texts.At(i), r.c.Err() }}
	if len(r.gone) > 0 && r.gone[0].Row == i {
		r.gone = r.gone[1:]
		row.Removal = r.lines.next
	} else if r.cuts != nil {
		row.Spans = func() ([]Span, error) { return r.cuts.Of(i) }
	}
	return row, nil
}

// close stops the goroutines that make lines.
func (r *rowsOf) close() { r.lines.stop() }
