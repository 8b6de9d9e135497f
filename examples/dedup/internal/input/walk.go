package input

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

func (r *reader) input(name string) bool {
	if name == "-" {
		return r.stdin()
	}
	info, err := os.Stat(name)
	switch {
	case err != nil && remote(name) != nil:
		return r.fail(Place{File: name}, remote(name))
	case err != nil && strings.ContainsAny(name, "*?[{"):
		return r.pattern(name)
	case err != nil:
		return r.fail(Place{File: name}, err)
	case info.IsDir():
		return r.folder(name)
	}
	return r.file(name, ValidName(name), "", info) && r.flush()
}

// remote returns an error that shows how to read the resource at a URL, or nil if
// the name is not a URL.
func remote(name string) error {
	scheme, _, ok := strings.Cut(name, "://")
	if !ok {
		return nil
	}
	fetch := map[string]string{
		"http": "curl -sSL ", "https": "curl -sSL ", "ftp": "curl -sSL ", "s3": "aws s3 cp ", "gs": "gcloud storage cat ",
		"hdfs": "hdfs dfs -cat ", "sftp": "curl -sSL ",
	}[scheme]
	if fetch == "" {
		return because("a URL", errors.New("a URL, not a file; download it, or pipe it into - for standard input"))
	}
	end := ""
	if scheme == "s3" {
		end = " -"
	}
	return because("a URL", fmt.Errorf("a URL, not a file; pipe it: %s'%s'%s | dedup ... -", fetch, name, end))
}

var (
	errIsDir   = because("a linked folder", errors.New("a link to a folder, inside a folder; skipped (name it to read it)"))
	errNoMatch = because("no match", errors.New("no file matches this pattern"))
)

// Expand returns the files and folders that a pattern matches, in lexical order, or
// the input unchanged if that exists or is not a pattern.
func Expand(input string) ([]string, error) {
	if _, err := os.Lstat(input); err == nil || input == "-" || remote(input) != nil || !strings.ContainsAny(input, "*?[{") {
		return []string{input}, nil
	}
	names, err := doublestar.FilepathGlob(input, doublestar.WithNoFollow())
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errNoMatch
	}
	slices.Sort(names)
	return withoutInner(names), nil
}

// withoutInner drops the names below matched folders, which would otherwise be read
// twice: "**" matches a folder and everything in it.
func withoutInner(names []string) []string {
	var folders []string
	return slices.DeleteFunc(names, func(name string) bool {
		for _, f := range folders {
			if strings.HasPrefix(name, f) {
				return true
			}
		}
		if info, err := os.Lstat(name); err == nil && info.IsDir() {
			folders = append(folders, name+string(filepath.Separator))
		}
		return false
	})
}

// pattern reads the files that a pattern matches, in lexical order.
func (r *reader) pattern(pattern string) bool {
	names, err := Expand(pattern)
	if err != nil {
		return r.fail(Place{File: pattern}, err)
	}
	for _, name := range names {
		// The file may be gone by now, and then input would treat its name as a pattern
		// again.
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
	return more && r.endFolder(dir)
}

// endFolder reports the files of a folder that are not documents.
func (r *reader) endFolder(dir string) bool {
	for _, kind := range slices.Sorted(maps.Keys(r.other)) {
		files := "files are"
		if r.other[kind] == 1 {
			files = "file is"
		}
		e := &Error{Place: Place{File: dir}, Note: true, Reason: kind, Lost: r.other[kind],
			Err: fmt.Errorf("%d %s left out: %s (pass -format text to read them)", r.other[kind], files, kind)}
		if !r.emit(item{nil, e}) {
			return false
		}
	}
	r.other = nil
	return true
}

func (r *reader) inFolder(dir, name string, e fs.DirEntry) bool {
	info, err := e.Info()
	// A link counts as its target, but a linked folder is not walked, since it may lead
	// back up.
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
	if kind := media[extension(name)]; kind != "" && r.o.Format == "" {
		if r.other == nil {
			r.other = map[string]int{}
		}
		r.other[kind]++
		r.count(info.Size())
		return true
	}
	below = filepath.ToSlash(below)
	host, _, inSub := strings.Cut(below, "/")
	if !inSub {
		host = ""
	}
	if info.Mode()&fs.ModeNamedPipe != 0 {
		// A pipe in a folder may have no writer, and opening it would never return. A pipe
		// named on the command line is read.
		return r.flush() && r.fail(Place{File: name}, because("a pipe", errors.New("a pipe in a folder; skipped (name it to read it)")))
	}
	return r.file(name, ValidName(path.Join(filepath.ToSlash(dir), below)), ValidName(host), info)
}

// ValidName returns the name of a file as an id. Ids are UTF-8, but names need not
// be: an invalid byte is written like \xff, so that different names stay different.
func ValidName(name string) string {
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

// again reports whether a file was read before.
func (r *reader) again(name string) bool {
	key, err := filepath.Abs(name)
	if err != nil {
		key = name
	}
	if _, was := r.read[key]; was {
		return true
	}
	if r.read == nil {
		r.read = map[string]struct{}{}
	}
	r.read[key] = struct{}{}
	return false
}

// ofKernel reports whether an empty file is one that the kernel generates; reading
// it may never end.
func ofKernel(name string, info fs.FileInfo) bool {
	if info.Size() > 0 {
		return false
	}
	real, err := filepath.EvalSymlinks(name)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	return err == nil && (strings.HasPrefix(real, "/proc/") || strings.HasPrefix(real, "/sys/"))
}

// Size returns the approximate number of bytes of files that Read would read: it
// finds the files as Read does and adds up their sizes. Standard input counts as
// nothing.
func Size(inputs []string) (bytes int64) {
	for _, in := range inputs {
		names, _ := Expand(in)
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
