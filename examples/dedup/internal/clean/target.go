package clean

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/examples/dedup/internal/until"
)

// A Target describes the output of a Writer.
type Target struct {
	Out       string   // a file, a folder if it ends in /, or - for standard output
	Log       string   // a file for the removals; "" for Out with .removed.jsonl added
	Stats     string   // a file for figures, or ""
	Overwrite bool     // replace existing files
	Annotate  bool     // add the fields of its cluster to each kept record
	Cut       []string // parts to take out of kept texts, from Parts
	Spans     string   // a file for the spans taken out, or ""
}

// isFolder reports whether name refers to a folder.
func isFolder(name string) bool {
	if strings.HasSuffix(name, "/") || strings.HasSuffix(name, string(filepath.Separator)) {
		return true
	}
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// NewWriter checks the target, so that errors are found before the work begins.
// Standard input is copied to a file, because it is read twice. If dry is set,
// nothing will be written.
func NewWriter(e *cli.Env, to Target, against []string, dry bool) (*Writer, error) {
	c := &Writer{e: e, to: to, written: map[string]string{}}
	if to.Out == "" && to.Stats == "" {
		return c, nil
	}
	if to.Out != "" && to.Log == "" {
		c.to.Log = filepath.Clean(to.Out) + ".removed.jsonl"
		if to.Out == "-" {
			c.to.Log = "" // removals are not logged unless a file is named
		}
	}
	outputs := slices.DeleteFunc([]string{to.Out, c.to.Log, to.Stats, to.Spans}, func(name string) bool { return name == "" || name == "-" })
	for i, name := range outputs {
		if err := outfile.Check(name, to.Overwrite); err != nil {
			return nil, err
		}
		if info, err := os.Stat(filepath.Dir(filepath.Clean(name))); err != nil {
			return nil, err
		} else if !info.IsDir() {
			return nil, fmt.Errorf("%s is not a folder", filepath.Dir(name))
		}
		for _, other := range outputs[:i] {
			if within(other, name) || within(name, other) {
				return nil, fmt.Errorf("%s and %s are the same, or one lies in the other: write them to different places", other, name)
			}
		}
	}
	for _, in := range e.Inputs {
		names, err := input.Expand(in)
		if err != nil {
			names = []string{in} // reading it reports the error
		}
		c.inputs = append(c.inputs, names...)
	}
	for _, in := range append(slices.Clone(against), c.inputs...) {
		for _, out := range outputs {
			if within(in, out) || within(out, in) {
				return nil, fmt.Errorf("%s lies in the input %s, or contains it; the input is never changed, so write elsewhere", out, in)
			}
		}
		if info, err := os.Stat(in); err == nil && info.Mode()&fs.ModeNamedPipe != 0 && !dry {
			return nil, fmt.Errorf("%s is a pipe, but clean reads its inputs twice: use a file or standard input (-)", in)
		}
		if in == "-" && c.stdin == nil && !dry {
			if err := c.putAside(); err != nil {
				c.Close()
				return nil, err
			}
		}
	}
	return c, nil
}

// putAside copies standard input to a temporary file, so that it can be read again.
func (c *Writer) putAside() (err error) {
	if c.stdin, err = spool.Temp(); err != nil {
		return err
	}
	from, to := c.e.Stdin, c.stdin
	chunks := func(yield func(error) bool) {
		for {
			_, err := io.CopyN(to, from, 1<<20)
			if err == io.EOF || !yield(err) || err != nil {
				return
			}
		}
	}
	p := c.e.Progress("reading standard input", "MiB", 0)
	defer p.Stop()
	for err, interrupted := range until.Done(c.e.Ctx, chunks) {
		switch {
		case interrupted != nil:
			return interrupted
		case err != nil:
			return fmt.Errorf("standard input: %w", err)
		}
		p.Add(1)
	}
	c.e.Stdin = c.stdin
	_, err = c.stdin.Seek(0, io.SeekStart)
	return err
}

// within reports whether path is dir or is inside it; "-" and "" are never within.
func within(dir, path string) bool {
	if dir == "-" || dir == "" || path == "-" || path == "" {
		return false
	}
	rel, err := filepath.Rel(place(dir), place(path))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// place returns the location of a path, which need not exist yet, with the links to
// its folder resolved.
func place(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return path
	}
	return filepath.Join(dir, filepath.Base(path))
}

// Plan chooses the output format from the name of the output and the formats of the
// documents, and returns an error for combinations that do not work.
func (c *Writer) Plan(docs Corpus) error {
	if c.to.Out == "" {
		return nil
	}
	formats := docs.Formats
	// annotated refuses -annotate for files and pages that are copied unchanged.
	annotated := func(to string) error {
		if i := slices.IndexFunc(formats, func(f string) bool { return !records(f) }); i >= 0 && c.to.Annotate && to != input.JSONL && to != input.Parquet {
			return fmt.Errorf("-annotate adds fields to records, and documents of the format %s have none; end the name of -out in .jsonl or .parquet to convert them to records", formats[i])
		}
		return nil
	}
	if isFolder(c.to.Out) {
		if err := c.cuttable(formats); err != nil {
			return err
		}
		return annotated("")
	}
	one := ""
	if len(formats) == 1 {
		one = formats[0]
	}
	named := input.ByExtension(c.to.Out)
	switch {
	case named != nil:
		c.format = named.Name
	case c.to.Out == "-" && (len(formats) > 1 || one != "" && input.FormatOf(one).Whole && docs.Docs > 1):
		c.format = input.JSONL
	case len(formats) == 0:
		c.format = input.JSONL // no documents were read
	case one != "":
		c.format = one
	default:
		return fmt.Errorf("-out %s: the inputs are of several formats (%s): end the name in / for a folder, or in %s", c.to.Out, strings.Join(formats, ", "), extensions())
	}
	if err := annotated(c.format); err != nil {
		return err
	}
	whole := input.FormatOf(c.format).Whole
	for _, f := range formats {
		switch {
		case f == c.format && !whole:
		case f == c.format && docs.Docs == 1:
		case whole && input.FormatOf(f).Whole:
			return fmt.Errorf("-out %s: a file of the format %s holds one document, but there are %d: end the name in / for a folder", c.to.Out, c.format, docs.Docs)
		case c.format == input.JSONL || c.format == input.Parquet:
		default:
			return fmt.Errorf("-out %s: documents of the format %s cannot be written as %s; %s", c.to.Out, f, c.format, instead(f))
		}
	}
	c.convert = (c.to.Annotate || len(c.to.Cut) > 0 && c.format == input.Parquet) && c.format != input.JSONL || slices.ContainsFunc(formats, func(f string) bool { return f != c.format })
	if c.format == input.Parquet && !c.convert {
		c.convert = !sameTables(docs.Tables)
	}
	if c.convert {
		return nil
	}
	return c.cuttable(formats)
}

// cuttable refuses to cut documents of formats that are copied, except text and JSON
// Lines.
func (c *Writer) cuttable(formats []string) error {
	for _, f := range formats {
		if len(c.to.Cut) > 0 && f != input.Text && f != input.JSONL {
			return fmt.Errorf("-out %s: -cut cannot remove parts of documents of the format %s; write to a .jsonl file", c.to.Out, f)
		}
	}
	return nil
}

// records reports whether documents of a format are records with fields.
func records(format string) bool {
	return slices.Contains([]string{input.JSONL, input.Parquet, input.CSV, input.TSV}, format)
}

// extensions lists the file extensions of formats that hold many documents.
func extensions() string {
	var all []string
	for _, f := range input.Formats {
		if !f.Whole {
			all = append(all, f.Extensions[0])
		}
	}
	return strings.Join(all, ", ")
}

// instead describes how documents of a format can be written.
func instead(format string) string {
	switch f := input.FormatOf(format); {
	case f.Whole:
		return "end the name in .jsonl or .parquet, or in / for a folder of unchanged files"
	default:
		return fmt.Sprintf("end the name in %s, .jsonl or .parquet, or in / for a folder", f.Extensions[0])
	}
}

var errChanged = errors.New("it has changed since it was first read; nothing was written")
