package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/outfile"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
)

// A cleaner writes the kept documents. It reads the inputs once more: their
// bytes are copied, not made anew.
type cleaner struct {
	j      *job
	log    string // where the removals go
	single bool   // the output is a file, not a folder
	stdin  *os.File
	next   int // row of the first document that was not met yet

	logw    *sink
	out     *sink             // of the file being written
	file    *os.File          // the file, if it lies in an output folder
	from    string            // what it is a copy of
	written map[string]string // by path below the output folder, the file copied
}

// cleaner refuses early what could only fail late. What standard input brings is
// put aside, since it is read twice.
func (j *job) cleaner() (*cleaner, error) {
	c := &cleaner{j: j, log: j.opt.log, written: map[string]string{}}
	if j.opt.out == "" {
		return c, nil // a dry run
	}
	if c.log == "" {
		c.log = filepath.Clean(j.opt.out) + ".removed.jsonl"
	}
	for _, name := range []string{j.opt.out, c.log} {
		if err := outfile.Check(name, j.opt.overwrite); err != nil {
			return nil, err
		}
	}
	if within(j.opt.out, c.log) || within(c.log, j.opt.out) {
		return nil, fmt.Errorf("-log %s lies in -out %s, or holds it: write the removals elsewhere", c.log, j.opt.out)
	}
	j.inputs = expand(j.inputs)
	for _, in := range append(expand([]string{j.opt.against}), j.inputs...) {
		for _, out := range []string{j.opt.out, c.log} {
			if within(in, out) || within(out, in) {
				return nil, fmt.Errorf("%s lies in the input %s, or holds it: the input is never changed; write elsewhere", out, in)
			}
		}
		if info, err := os.Stat(in); err == nil && info.Mode()&fs.ModeNamedPipe != 0 && !j.opt.dryRun {
			return nil, fmt.Errorf("%s is a pipe, and clean reads its inputs twice: make it a file, or standard input (-)", in)
		}
		if in == "-" && c.stdin == nil && !j.opt.dryRun {
			if err := c.putAside(); err != nil {
				c.close()
				return nil, err
			}
		}
	}
	if len(j.inputs) == 1 && j.inputs[0] != "-" {
		info, err := os.Stat(j.inputs[0])
		c.single = err == nil && !info.IsDir()
	} else {
		c.single = len(j.inputs) == 1
	}
	return c, nil
}

// putAside copies standard input into a temporary file, from which it can be read
// again.
func (c *cleaner) putAside() (err error) {
	if c.stdin, err = spool.Temp(); err != nil {
		return err
	}
	from, to := c.j.stdin, c.stdin
	chunks := func(yield func(error) bool) {
		for {
			_, err := io.CopyN(to, from, 1<<20)
			if err == io.EOF || !yield(err) || err != nil {
				return
			}
		}
	}
	p := c.j.progress("reading standard input", "MiB", 0)
	defer p.stop()
	for err, interrupted := range until(c.j.ctx, chunks) {
		switch {
		case interrupted != nil:
			return interrupted
		case err != nil:
			return fmt.Errorf("standard input: %w", err)
		}
		p.add(1)
	}
	c.j.stdin = c.stdin
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

func (c *cleaner) close() { spool.Remove(c.stdin) }

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

// write copies what is kept, logs what is not, and makes both visible at the end,
// the log first.
func (c *cleaner) write(removals []removal) error {
	j := c.j
	gone := make(map[int]removal, len(removals))
	for _, r := range removals {
		gone[r.row] = r
	}
	log, err := outfile.Create(c.log, j.opt.overwrite)
	if err != nil {
		return err
	}
	defer log.Abort()
	if c.logw, err = newSink(log, c.log); err != nil {
		return err
	}
	var target string
	var commit func() error
	if c.single {
		f, err := outfile.Create(j.opt.out, j.opt.overwrite)
		if err != nil {
			return err
		}
		defer f.Abort()
		if c.out, err = newSink(f, j.opt.out); err != nil {
			return err
		}
		commit = f.Commit
	} else {
		d, err := outfile.CreateDir(j.opt.out, j.opt.overwrite)
		if err != nil {
			return err
		}
		defer d.Abort()
		target, commit = d.Path, d.Commit
	}
	defer c.closeSink()
	c.next = j.old
	if c.stdin != nil {
		if _, err := c.stdin.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	p := j.progress("writing", "documents", len(j.docs)-j.old)
	defer p.stop()
	for _, in := range j.inputs {
		if err := c.copyInput(in, target, gone, p); err != nil {
			return err
		}
	}
	if c.next != len(j.docs) {
		return c.changed(j.docs[c.next].Place)
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
func (c *cleaner) copyInput(in, target string, gone map[int]removal, p *progress) error {
	j := c.j
	o := j.opt.input
	o.Stdin, o.KeepRaw = j.stdin, true
	for d, err := range input.Read([]string{in}, o) {
		if err := j.ctx.Err(); err != nil {
			return err
		}
		switch {
		case d == nil:
			if e, ok := errors.AsType[*input.Error](err); ok {
				err = c.logLine(removalJSON{Reason: reasonUnreadable + ": " + e.Err.Error(), Place: e.Place.String()})
			}
		case c.next < len(j.docs) && j.docs[c.next].Place == d.Place:
			if d.Text != j.texts.At(c.next) {
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
				err = c.logLine(j.removalJSON(r))
			} else {
				err = c.keep(in, target, d)
			}
			c.next++
			p.add(1)
		default:
			// Its id was read before, in another input.
			err = c.logLine(removalJSON{ID: d.ID, Reason: reasonUnreadable + ": id was read before", Place: d.Place.String()})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *cleaner) changed(p input.Place) error {
	return fmt.Errorf("%v is not what it was when it was read first; nothing was written", p)
}

func (c *cleaner) logLine(r removalJSON) error {
	line, err := marshal(r)
	if err != nil {
		return err
	}
	_, err = c.logw.Write(line)
	return err
}

// keep copies a document as it was stored.
func (c *cleaner) keep(in, target string, d *input.Doc) error {
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
		return s.endMember()
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
func (c *cleaner) sink(in, target string, d *input.Doc) (*sink, error) {
	if c.single || c.out != nil && c.from == d.File {
		return c.out, nil
	}
	if err := c.closeSink(); err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(in, d.File)
	if err != nil || rel == "." {
		rel = filepath.Base(d.File)
	} else if len(c.j.inputs) > 1 {
		rel = filepath.Join(filepath.Base(in), rel)
	}
	if was, ok := c.written[rel]; ok {
		return nil, fmt.Errorf("%s and %s would both become %s; clean them one by one", was, d.File, filepath.Join(c.j.opt.out, rel))
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
func (c *cleaner) closeSink() error {
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
