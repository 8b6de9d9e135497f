package input

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

func (r *reader) input(name string) bool {
	if name == "-" {
		return r.stdin()
	}
	info, err := os.Stat(name)
	switch {
	case err != nil && strings.ContainsAny(name, "*?["):
		return r.pattern(name)
	case err != nil:
		return r.fail(Place{File: name}, err)
	case info.IsDir():
		return r.folder(name)
	}
	return r.file(name, validName(name), "", info) && r.flush()
}

// pattern reads what a pattern matches, in lexical order.
func (r *reader) pattern(pattern string) bool {
	names, err := filepath.Glob(pattern)
	if err == nil && len(names) == 0 {
		err = errNoMatch
	}
	if err != nil {
		return r.fail(Place{File: pattern}, err)
	}
	for _, name := range names {
		// A file may be gone by now, which input would take for a pattern again.
		if _, err := os.Lstat(name); err != nil {
			if !r.fail(Place{File: name}, err) {
				return false
			}
		} else if !r.input(name) {
			return false
		}
	}
	return true
}

func (r *reader) stdin() bool {
	if r.o.Stdin == nil {
		return r.fail(Place{File: "-"}, errors.New("no standard input"))
	}
	switch r.o.Format {
	case Text, HTML:
		f := file{name: "-", id: "-", format: r.o.Format}
		return r.add(0, func(emit emitFunc) { emit(f.decode(r.o.Stdin, r.o.KeepRaw)) })
	case Parquet:
		return r.fail(Place{File: "-"}, errors.New("a Parquet file begins at its end and cannot be read from standard input: name the file"))
	case WARC:
		return r.warc("-", r.o.Stdin)
	}
	return r.jsonLines("-", r.o.Stdin)
}

func (r *reader) folder(dir string) bool {
	more := true
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			more = r.flush() && r.fail(Place{File: name}, err)
		case name != dir && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return nil
		default:
			more = r.inFolder(dir, name, e)
		}
		if !more {
			return fs.SkipAll
		}
		return nil
	})
	more = more && r.flush()
	if err != nil && more {
		more = r.fail(Place{File: dir}, err)
	}
	return more
}

func (r *reader) inFolder(dir, name string, e fs.DirEntry) bool {
	info, err := e.Info()
	// A link counts as what it points at, but a linked folder is not walked:
	// it may lead back up.
	if err == nil && e.Type()&fs.ModeSymlink != 0 {
		if info, err = os.Stat(name); err == nil && info.IsDir() {
			err = errIsDir
		}
	}
	var below string
	if err == nil {
		below, err = filepath.Rel(dir, name)
	}
	if err != nil {
		return r.flush() && r.fail(Place{File: name}, err)
	}
	below = filepath.ToSlash(below)
	host, _, inSub := strings.Cut(below, "/")
	if !inSub {
		host = ""
	}
	if info.Mode()&fs.ModeNamedPipe != 0 {
		// Whoever names a pipe knows who writes to it; here it may be nobody.
		return r.flush() && r.fail(Place{File: name}, errors.New("a pipe in a folder; skipped (name it to read it)"))
	}
	return r.file(name, validName(path.Join(filepath.ToSlash(dir), below)), validName(host), info)
}

// validName returns the name of a file as an id. Names need not be UTF-8, which
// ids are: a byte that is not is written like \xff, so that names stay apart.
func validName(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var id []byte
	for i, r := range name {
		if _, n := utf8.DecodeRuneInString(name[i:]); r == utf8.RuneError && n == 1 {
			id = fmt.Appendf(id, `\x%02x`, name[i])
		} else {
			id = utf8.AppendRune(id, r)
		}
	}
	return string(id)
}

// file reads a file that is one document later, with others, and any other now.
func (r *reader) file(name, id, host string, info fs.FileInfo) bool {
	format := r.o.Format
	if format == "" {
		format = guess(name)
	}
	place := Place{File: name}
	switch {
	case !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0:
		return r.flush() && r.fail(place, errors.New("not a regular file; skipped"))
	case format == Text || format == HTML:
		return r.later(file{name, id, host, format, info.Size()})
	case !r.flush():
		return false
	case format == "json":
		return r.fail(place, errJSON)
	}
	f, err := os.Open(name)
	if err != nil {
		return r.fail(place, err)
	}
	defer f.Close()
	switch format {
	case Parquet:
		return r.parquet(name, counted{f, r}, info.Size())
	case WARC:
		return r.warc(name, counted{f, r})
	}
	return r.jsonLines(name, counted{f, r})
}

// guess returns the format that a file's name promises.
func guess(name string) string {
	name = strings.ToLower(name)
	for _, z := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, z)
	}
	switch path.Ext(filepath.ToSlash(name)) {
	case ".jsonl", ".ndjson":
		return JSONL
	case ".json":
		return "json"
	case ".html", ".htm", ".xhtml":
		return HTML
	case ".parquet":
		return Parquet
	case ".warc", ".wet":
		return WARC
	}
	return Text
}

// A counted is a file of many documents whose bytes count as they are read.
type counted struct {
	*os.File
	r *reader
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	c.r.count(int64(n))
	return n, err
}

func (c counted) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.File.ReadAt(p, at)
	c.r.count(int64(n))
	return n, err
}

// Size returns about how many bytes of files Read would read: it looks for them
// as Read does, and counts those that it finds. Standard input counts nothing.
func Size(inputs []string) (bytes int64) {
	for _, in := range inputs {
		names := []string{in}
		if _, err := os.Stat(in); err != nil {
			names, _ = filepath.Glob(in)
		}
		for _, name := range names {
			_ = filepath.WalkDir(name, func(name string, e fs.DirEntry, err error) error {
				if err == nil && !e.IsDir() {
					if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
						bytes += info.Size()
					}
				}
				return nil
			})
		}
	}
	return bytes
}
