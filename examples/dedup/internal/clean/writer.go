package clean

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/examples/dedup/internal/until"
)

// A Target is where a Writer writes.
type Target struct {
	Out       string // a file or folder
	Log       string // a file for the removals; "" for Out with .removed.jsonl added
	Overwrite bool   // replace what is there
}

// A Writer writes the kept documents. It reads the inputs once more: their
// bytes are copied, not made anew. Close it.
type Writer struct {
	e      *cli.Env
	to     Target
	inputs []string
	c      *corpus.Corpus
	o      input.Options
	single bool // the output is a file, not a folder
	stdin  *os.File
	next   int // row of the first document that was not met yet

	logw    *sink
	out     *sink             // of the file being written
	file    *os.File          // the file, if it lies in an output folder
	from    string            // what it is a copy of
	written map[string]string // by path below the output folder, the file copied
}

// NewWriter refuses early what could only fail late. What standard input brings is
// put aside, since it is read twice. With dry, nothing will be written.
func NewWriter(e *cli.Env, to Target, against string, dry bool) (*Writer, error) {
	c := &Writer{e: e, to: to, written: map[string]string{}}
	if to.Out == "" {
		return c, nil
	}
	if c.to.Log == "" {
		c.to.Log = filepath.Clean(to.Out) + ".removed.jsonl"
	}
	for _, name := range []string{to.Out, c.to.Log} {
		if err := outfile.Check(name, to.Overwrite); err != nil {
			return nil, err
		}
	}
	if within(to.Out, c.to.Log) || within(c.to.Log, to.Out) {
		return nil, fmt.Errorf("-log %s lies in -out %s, or holds it: write the removals elsewhere", c.to.Log, to.Out)
	}
	c.inputs = expand(e.Inputs)
	for _, in := range append(expand([]string{against}), c.inputs...) {
		for _, out := range []string{to.Out, c.to.Log} {
			if within(in, out) || within(out, in) {
				return nil, fmt.Errorf("%s lies in the input %s, or holds it: the input is never changed; write elsewhere", out, in)
			}
		}
		if info, err := os.Stat(in); err == nil && info.Mode()&fs.ModeNamedPipe != 0 && !dry {
			return nil, fmt.Errorf("%s is a pipe, and clean reads its inputs twice: make it a file, or standard input (-)", in)
		}
		if in == "-" && c.stdin == nil && !dry {
			if err := c.putAside(); err != nil {
				c.Close()
				return nil, err
			}
		}
	}
	if len(c.inputs) == 1 && c.inputs[0] != "-" {
		info, err := os.Stat(c.inputs[0])
		c.single = err == nil && !info.IsDir()
	} else {
		c.single = len(c.inputs) == 1
	}
	return c, nil
}

// putAside copies standard input into a temporary file, from which it can be read
// again.
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

// expand replaces patterns by the files that they match.
func expand(inputs []string) []string {
	var out []string
	for _, in := range inputs {
		if _, err := os.Lstat(in); err != nil {
			if matches, err := filepath.Glob(in); err == nil && len(matches) > 0 {
				out = append(out, matches...)
				continue
			}
		}
		out = append(out, in)
	}
	return out
}

// Log returns the file that the removals go to.
func (c *Writer) Log() string { return c.to.Log }

// Close removes what was put aside.
func (c *Writer) Close() { spool.Remove(c.stdin) }

// within reports whether path lies in dir or is dir; "-" and "" are nowhere.
func within(dir, path string) bool {
	if dir == "-" || dir == "" || path == "-" || path == "" {
		return false
	}
	rel, err := filepath.Rel(place(dir), place(path))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// place returns the place of a path, which need not exist yet, without the links
// in the path to its folder.
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

// Write copies what is kept, logs what is not, and makes both visible at the end,
// the log first. The inputs are read again as o says.
func (c *Writer) Write(docs *corpus.Corpus, o input.Options, removals []Removal) error {
	c.c, c.o = docs, o
	gone := make(map[int]Removal, len(removals))
	for _, r := range removals {
		gone[r.Row] = r
	}
	log, err := outfile.Create(c.to.Log, c.to.Overwrite)
	if err != nil {
		return err
	}
	defer log.Abort()
	if c.logw, err = newSink(log, c.to.Log); err != nil {
		return err
	}
	var target string
	var commit func() error
	if c.single {
		f, err := outfile.Create(c.to.Out, c.to.Overwrite)
		if err != nil {
			return err
		}
		defer f.Abort()
		if c.out, err = newSink(f, c.to.Out); err != nil {
			return err
		}
		commit = f.Commit
	} else {
		d, err := outfile.CreateDir(c.to.Out, c.to.Overwrite)
		if err != nil {
			return err
		}
		defer d.Abort()
		target, commit = d.Path, d.Commit
	}
	defer c.closeSink()
	c.next = docs.Old
	if c.stdin != nil {
		if _, err := c.stdin.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	p := c.e.Progress("writing", "documents", len(docs.Docs)-docs.Old)
	defer p.Stop()
	for _, in := range c.inputs {
		if err := c.copyInput(in, target, gone, p); err != nil {
			return err
		}
	}
	if c.next != len(docs.Docs) {
		return c.changed(docs.Docs[c.next].Place)
	}
	if err := c.closeSink(); err != nil {
		return err
	}
	if err := c.logw.close(); err != nil {
		return err
	}
	if err := log.Commit(); err != nil {
		return err
	}
	return commit()
}

// copyInput reads an input again and copies what is kept of it.
func (c *Writer) copyInput(in, target string, gone map[int]Removal, p *cli.Progress) error {
	docs, o := c.c, c.o
	o.Stdin, o.KeepRaw = c.e.Stdin, true
	for d, err := range input.Read([]string{in}, o) {
		if err := c.e.Ctx.Err(); err != nil {
			return err
		}
		switch {
		case d == nil:
			if e, ok := errors.AsType[*input.Error](err); ok {
				err = c.logLine(show.Removal{Reason: Unreadable + ": " + e.Err.Error(), Place: e.Place.String()})
			}
		case c.next < len(docs.Docs) && docs.Docs[c.next].Place == d.Place:
			if d.Text != docs.Text(c.next) {
				return c.changed(d.Place)
			}
			if d.Format == input.Parquet {
				// A table without rows is a table all the same.
				s, err := c.sink(in, target, d)
				if err != nil {
					return err
				}
				s.table = d.File
			}
			if r, ok := gone[c.next]; ok {
				err = c.logLine(r.Line(docs))
			} else {
				err = c.keep(in, target, d)
			}
			c.next++
			p.Add(1)
		default:
			// Its id was read before, in another input.
			err = c.logLine(show.Removal{ID: d.ID, Reason: Unreadable + ": id was read before", Place: d.Place.String()})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Writer) changed(p input.Place) error {
	return fmt.Errorf("%v is not what it was when it was read first; nothing was written", p)
}

func (c *Writer) logLine(r show.Removal) error {
	line, err := show.JSON(r)
	if err != nil {
		return err
	}
	_, err = c.logw.Write(line)
	return err
}

// keep copies a document as it was stored.
func (c *Writer) keep(in, target string, d *input.Doc) error {
	s, err := c.sink(in, target, d)
	if err != nil {
		return err
	}
	switch d.Format {
	case input.JSONL:
		if _, err := s.Write(d.Raw); err != nil {
			return err
		}
		_, err = s.Write([]byte("\n"))
		return err
	case input.Parquet:
		// Rows are copied together once all of them are known.
		s.rows = append(s.rows, d.Row)
		return nil
	case input.WARC:
		if _, err := s.Write(d.Raw); err != nil {
			return err
		}
		return s.EndMember()
	case input.Text, input.HTML:
		if d.File == "-" {
			_, err := s.Write(d.Raw)
			return err
		}
		f, err := os.Open(d.File)
		if err != nil {
			return err
		}
		defer f.Close()
		s.verbatim = true
		_, err = io.Copy(s.file, f) // compressed or not, as it is
		return err
	}
	return fmt.Errorf("%v: clean cannot write the format %s", d.Place, d.Format)
}

// sink returns where a document of an input goes. Documents come file by file, so
// one is open at a time.
func (c *Writer) sink(in, target string, d *input.Doc) (*sink, error) {
	if c.single || c.out != nil && c.from == d.File {
		return c.out, nil
	}
	if err := c.closeSink(); err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(in, d.File)
	if err != nil || rel == "." {
		rel = filepath.Base(d.File)
	} else if len(c.inputs) > 1 {
		rel = filepath.Join(filepath.Base(in), rel)
	}
	if was, ok := c.written[rel]; ok {
		return nil, fmt.Errorf("%s and %s would both become %s; clean them one by one", was, d.File, filepath.Join(c.to.Out, rel))
	}
	c.written[rel] = d.File
	name := filepath.Join(target, rel)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	if c.file, err = os.Create(name); err != nil {
		return nil, err
	}
	c.from = d.File
	c.out, err = newSink(c.file, name)
	return c.out, err
}

// closeSink finishes the file that is open.
func (c *Writer) closeSink() error {
	if c.out == nil {
		return nil
	}
	err := c.out.close()
	c.out = nil
	if c.file != nil {
		err = errors.Join(err, c.file.Sync(), c.file.Close())
		c.file = nil
	}
	return err
}
