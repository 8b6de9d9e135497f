package clean

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
)

// A Writer writes the kept documents. It reads the inputs again and copies their
// bytes unchanged. Close it.
type Writer struct {
	Passed int // records that are not documents and were copied

	e       *cli.Env
	to      Target
	inputs  []string // with patterns expanded
	format  string   // format of a single output file; "" for a folder
	convert bool     // records are converted, not copied
	stdin   *os.File

	docs Corpus
	rows Rows
	row  *Row // the current document
	lost int  // documents that could not be read

	spans *SpanLog // nil unless parts are cut

	logw    *sink
	out     *sink             // sink of the output file being written
	file    *os.File          // the file, if it lies in an output folder
	from    string            // the input file that it copies
	target  string            // the folder being written
	written map[string]string // the input file copied to each path below the output folder
	table   *tableWriter      // collects records that are converted; nil if none are
}

// Log returns the file to which removals are written, "" if there is none.
func (c *Writer) Log() string { return c.to.Log }

// Close removes temporary files.
func (c *Writer) Close() { spool.Remove(c.stdin) }

// A committer makes a written file visible.
type committer interface {
	Commit() error
	Abort()
}

// Write copies the kept documents and logs the others. The files become visible at
// the end, the log and the figures first.
func (c *Writer) Write(docs *corpus.Corpus, d *Decision) error {
	rows := d.rows(docs, c.to.Annotate)
	defer rows.close()
	return c.WriteRows(Of(docs), rows)
}

// WriteRows is like Write for documents that need not be in memory.
func (c *Writer) WriteRows(docs Corpus, rows Rows) error {
	c.docs, c.rows = docs, rows
	var commits []committer
	defer func() {
		for _, f := range commits {
			f.Abort()
		}
	}()
	if c.to.Log != "" {
		log, err := outfile.Create(c.to.Log, c.to.Overwrite)
		if err != nil {
			return err
		}
		commits = append(commits, log)
		if c.logw, err = newSink(log, c.to.Log); err != nil {
			return err
		}
	}
	if len(c.to.Cut) > 0 {
		var err error
		if c.spans, err = NewSpanLog(c.to.Spans, c.to.Overwrite); err != nil {
			return err
		}
		defer c.spans.Abort()
	}
	switch {
	case c.to.Out == "":
	case c.to.Out == "-":
		var err error
		if c.out, err = newSink(c.e.Out, c.to.Out); err != nil {
			return err
		}
	case c.format != "":
		f, err := outfile.Create(c.to.Out, c.to.Overwrite)
		if err != nil {
			return err
		}
		commits = append(commits, f)
		if c.out, err = newSink(f, c.to.Out); err != nil {
			return err
		}
	default:
		d, err := outfile.CreateDir(c.to.Out, c.to.Overwrite)
		if err != nil {
			return err
		}
		commits = append(commits, d)
		c.target = d.Path
	}
	if c.convert {
		var err error
		if c.table, err = newTableWriter(c.format); err != nil {
			return err
		}
		defer c.table.close()
	}
	defer c.closeSink()
	if err := c.copyAll(); err != nil {
		return err
	}
	if c.table != nil {
		if err := c.table.write(c.out); err != nil {
			return err
		}
	}
	if err := c.closeSink(); err != nil {
		return err
	}
	if c.logw != nil {
		if err := c.logw.close(c.docs.Reading); err != nil {
			return err
		}
	}
	if err := c.spans.Commit(); err != nil {
		return err
	}
	for _, f := range commits {
		if err := f.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// copyAll reads the inputs again, copies the kept documents and logs the others.
func (c *Writer) copyAll() error {
	if c.stdin != nil {
		if _, err := c.stdin.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	o := c.docs.Reading
	o.KeepRaw, o.Brief = true, true
	o.Unnamed = true // documents are identified by their places
	if c.onlyRecords() {
		o.Interrupt = c.e.Ctx.Done()
		o.Other = func(r input.OtherRecord) error {
			return fmt.Errorf("%v: a web archive with the file extension of another format: rename it", r.Place)
		}
	} else {
		o.Workers = 0 // records that are not documents come between documents
		if c.to.Out != "" {
			o.Other = c.pass
		}
	}
	p := c.e.Progress("writing", "documents", c.docs.Docs)
	defer p.Stop()
	for d, err := range input.Read(c.inputs, o) {
		if err := c.e.Ctx.Err(); err != nil {
			return err
		}
		if d == nil {
			if err := c.logError(err); err != nil {
				return err
			}
			continue
		}
		if err := c.advance(d); err != nil {
			return err
		}
		if err := c.document(d); err != nil {
			return err
		}
		p.Add(1)
	}
	if err := c.e.Ctx.Err(); err != nil {
		return err
	}
	switch row, err := c.rows.Next(); {
	case err != nil:
		return err
	case row != nil:
		return fmt.Errorf("%v: %w", row.Place, errChanged)
	case c.lost != c.docs.LeftOut:
		return fmt.Errorf("the input: %w", errChanged)
	}
	return nil
}

// onlyRecords reports whether the inputs, judging by their names, hold only records
// that are documents.
func (c *Writer) onlyRecords() bool {
	for _, name := range c.inputs {
		f := input.ByExtension(name)
		info, err := os.Stat(name)
		if f == nil || f.Whole || f.Name == input.WARC || err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// advance sets c.row to the row of a document and checks that the document is
// unchanged.
func (c *Writer) advance(d *input.Doc) (err error) {
	if c.row, err = c.rows.Next(); err != nil {
		return err
	}
	if c.row != nil && c.row.Place == d.Place {
		text, err := c.row.Text()
		if err != nil {
			return err
		}
		if text == d.Text {
			return nil
		}
	}
	return fmt.Errorf("%v: %w", d.Place, errChanged)
}

// logRemoval logs the removal of the current document.
func (c *Writer) logRemoval() error {
	line, err := c.row.Removal()
	if err != nil {
		return err
	}
	return c.logLine(line)
}

// document copies the next document, or logs its removal.
func (c *Writer) document(d *input.Doc) error {
	removed := c.row.Removal != nil
	if removed && d.Format != input.Parquet && d.Head == nil {
		return c.logRemoval()
	}
	s, err := c.sink(d) // a table without kept rows is still a table
	switch {
	case err != nil:
		return err
	case removed:
		return c.logRemoval()
	case s == nil:
		return nil
	}
	var spans []Span
	if c.row.Spans != nil {
		if spans, err = c.row.Spans(); err != nil {
			return err
		}
	}
	text, err := c.cutDocument(d, spans)
	if err != nil {
		return err
	}
	if c.to.Annotate {
		k := c.row.Cluster
		if k == nil {
			k = &Cluster{ID: c.row.ID, Size: 1}
		}
		if c.table == nil {
			d.Raw, err = k.annotated(d.Raw)
		} else {
			err = c.table.add(d, c.row.ID, k, c.docs.Reading.Fields.Text, text)
		}
		if err != nil {
			return fmt.Errorf("%v: %w", d.Place, err)
		}
	} else if c.table != nil {
		if err := c.table.add(d, c.row.ID, nil, c.docs.Reading.Fields.Text, text); err != nil {
			return fmt.Errorf("%v: %w", d.Place, err)
		}
	}
	if c.table != nil {
		return nil
	}
	if len(spans) > 0 && input.FormatOf(d.Format).Whole {
		_, err := s.Write(d.Raw) // parts of the file were cut, so it cannot be copied as stored
		return err
	}
	return s.keep(d)
}

// pass copies a record that is not a document, unless documents are converted.
func (c *Writer) pass(r input.OtherRecord) error {
	if c.table != nil {
		return nil
	}
	s, err := c.sink(&input.Doc{Format: input.WARC, Place: r.Place})
	if err != nil {
		return err
	}
	if _, err := s.Write(r.Header); err != nil {
		return err
	}
	if _, err := io.Copy(s, r.Block); err != nil {
		return err
	}
	if len(r.Tail) == 0 {
		r.Tail = []byte("\r\n\r\n") // at the end of the file
	}
	if _, err := s.Write(r.Tail); err != nil {
		return err
	}
	c.Passed++
	return s.EndMember()
}

// logError logs documents that could not be read.
func (c *Writer) logError(err error) error {
	e, ok := err.(*input.Error)
	if !ok {
		return err
	}
	line := show.Removal{Reason: Unreadable + ": " + e.Err.Error(), Place: e.Place.String()}
	switch {
	case e.Lost == 0:
		return nil
	case e.Note:
		line.Reason = NotDocument + ": " + e.Reason
	default:
		c.lost += e.Lost
	}
	if e.Lost > 1 {
		line.Documents = e.Lost
	}
	return c.logLine(line)
}

func (c *Writer) logLine(r show.Removal) error {
	if c.logw == nil {
		return nil
	}
	line, err := show.JSON(r)
	if err != nil {
		return err
	}
	_, err = c.logw.Write(line)
	return err
}

// sink returns the destination of a document, nil for none. Documents arrive file by
// file, so only one sink is open at a time.
func (c *Writer) sink(d *input.Doc) (*sink, error) {
	switch {
	case c.to.Out == "":
		return nil, nil
	case c.table != nil:
		return c.out, nil
	case c.format != "":
		return c.out, c.out.meet(d)
	case c.out != nil && c.from == d.File:
		return c.out, c.out.meet(d)
	}
	if err := c.closeSink(); err != nil {
		return nil, err
	}
	rel := c.below(d.File)
	if d.File == "-" {
		rel = "stdin" + input.FormatOf(d.Format).Extensions[0]
	}
	if ext := filepath.Ext(rel); strings.EqualFold(ext, ".bz2") && !input.FormatOf(d.Format).Whole {
		rel = strings.TrimSuffix(rel, ext) + ".gz" // bzip2 cannot be written
	}
	if was, ok := c.written[rel]; ok {
		return nil, fmt.Errorf("%s and %s would both become %s; clean them one by one", was, d.File, filepath.Join(c.to.Out, rel))
	}
	c.written[rel] = d.File
	name := filepath.Join(c.target, rel)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	var err error
	if c.file, err = os.Create(name); err != nil {
		return nil, err
	}
	c.from = d.File
	if c.out, err = newSink(c.file, name); err != nil {
		return nil, err
	}
	if c.to.Annotate && d.Format != input.JSONL {
		return nil, fmt.Errorf("%s: -annotate into a folder is for JSON Lines; write one file", d.File)
	}
	return c.out, c.out.meet(d)
}

// below returns the path of a file below the output folder.
func (c *Writer) below(file string) string {
	for _, in := range c.inputs {
		rel, err := filepath.Rel(in, file)
		switch {
		case err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)):
			continue
		case rel == ".":
			return filepath.Base(file)
		case len(c.inputs) > 1:
			return filepath.Join(filepath.Base(in), rel)
		}
		return rel
	}
	return filepath.Base(file)
}

// closeSink finishes the open file.
func (c *Writer) closeSink() error {
	if c.out == nil {
		return nil
	}
	err := c.out.close(c.docs.Reading)
	c.out = nil
	if c.file != nil {
		err = errors.Join(err, c.file.Sync(), c.file.Close())
		c.file = nil
	}
	return err
}
