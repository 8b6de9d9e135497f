// Package imports_test holds the imports of the whole repository, nested modules
// and every build tag included, to one direction.
package imports_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/neardup/neardup"

// A room is a folder with everything below it except other rooms.
type room struct {
	dir string
	may []string // the rooms that its code may import; tests may import every earlier room
}

// rooms lists the packages from the bottom up. If the last element of a folder is "*",
// each folder in it is a separate room unless it is listed by its name.
var rooms = []room{
	{"internal/cpu", nil},
	{"internal/*", []string{"internal/cpu"}},
	{"shingle", []string{"internal/cpu", "internal/*"}},
	{"minhash", []string{"internal/cpu", "internal/*"}},
	{"minhash/datasketch", []string{"internal/cpu", "internal/*", "minhash"}},
	{"lsh", []string{"internal/cpu", "internal/*", "minhash"}},
	{"lsh/passage", []string{"internal/cpu", "internal/*", "shingle", "minhash", "lsh"}},
	{"lsh/decon", []string{"internal/cpu", "internal/*", "shingle"}},
	{"lsh/repeat", []string{"internal/cpu", "internal/*", "shingle"}},
	{"lsh/disk", []string{"internal/cpu", "internal/*", "minhash", "lsh"}},
	{"lsh/redis", []string{"internal/cpu", "internal/*", "shingle", "minhash", "lsh", "lsh/disk"}},
	{"boilerplate", []string{"internal/cpu", "internal/*", "shingle", "minhash", "lsh"}},
	{"boilerplate/pages", []string{"internal/cpu", "internal/*", "shingle", "boilerplate"}},
	{"boilerplate/seen", []string{"internal/cpu", "internal/*", "shingle", "minhash", "lsh", "lsh/passage", "lsh/disk", "boilerplate"}},
	{"internal/sorted", []string{"internal/cpu", "internal/*", "minhash", "lsh"}},
	{"lsh/stage", []string{"internal/cpu", "internal/*", "internal/sorted", "shingle", "minhash", "lsh", "lsh/passage", "boilerplate"}},
	{".", []string{"internal/cpu", "internal/*", "shingle", "minhash", "lsh", "lsh/passage", "boilerplate"}},
	{"examples/*", []string{"internal/cpu", "internal/*", "internal/sorted", "shingle", "minhash", "minhash/datasketch", "lsh", "lsh/passage", "lsh/decon", "lsh/repeat", "lsh/disk", "lsh/redis",
		"boilerplate", "boilerplate/pages", "boilerplate/seen", "lsh/stage", "."}},
	{"bench/*", []string{"internal/cpu", "internal/*", "shingle", "minhash", "minhash/datasketch", "lsh", "lsh/passage", "lsh/decon", "lsh/repeat", "lsh/disk", "lsh/redis",
		"boilerplate", "boilerplate/pages", "boilerplate/seen", "lsh/stage", "."}},
}

// An edge is an import within the repository; both ends are folders.
type edge struct {
	file string
	from string
	to   string
}

// find returns the number of the room that contains a folder, or -1, and the folder of
// the room.
func find(dir string) (int, string) {
	for d := dir; ; d = path.Dir(d) {
		if d == "." && dir != "." {
			return -1, ""
		}
		if i := slices.IndexFunc(rooms, func(r room) bool { return r.dir == d }); i >= 0 {
			return i, d
		}
		for i, r := range rooms {
			if ok, _ := path.Match(r.dir, d); ok {
				return i, d
			}
		}
		if d == "." {
			return -1, ""
		}
	}
}

// upward describes what is wrong with an import; it returns "" if nothing is.
func upward(e edge) string {
	from, fromDir := find(e.from)
	to, toDir := find(e.to)
	switch {
	case from < 0 || to < 0:
		return fmt.Sprintf("%s: import of %q: one of the two folders is in no room; add it to the list rooms", e.file, e.to)
	case fromDir == toDir:
		return ""
	case slices.Contains(rooms[from].may, rooms[to].dir):
		return ""
	case strings.HasSuffix(e.file, "_test.go") && to < from:
		return ""
	}
	return fmt.Sprintf("%s: %s may not import %s", e.file, e.from, e.to)
}

// edges reads the imports of every Go file of the repository, whatever its build
// constraints, and returns the number of files in each room.
func edges(t *testing.T) (all []edge, files map[string]int) {
	t.Helper()
	root := filepath.Join("..", "..")
	files = map[string]int{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		if i, _ := find(path.Dir(rel)); i >= 0 {
			files[rooms[i].dir]++
		}
		for _, imp := range f.Imports {
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			if p == module {
				all = append(all, edge{rel, path.Dir(rel), "."})
			} else if to, ok := strings.CutPrefix(p, module+"/"); ok {
				all = append(all, edge{rel, path.Dir(rel), to})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, files
}

func TestNoImportRunsUpward(t *testing.T) {
	all, files := edges(t)
	if len(all) < 200 {
		t.Errorf("%d imports found, want at least 200", len(all))
	}
	for _, r := range rooms {
		if files[r.dir] == 0 {
			t.Errorf("no Go file in %s, want at least 1", r.dir)
		}
	}
	for _, e := range all {
		if s := upward(e); s != "" {
			t.Errorf("%s, want no import from a lower to a higher package", s)
		}
	}
}

// The check finds the faults that it looks for.
func TestUpwardImportsAreFound(t *testing.T) {
	for _, e := range []edge{
		{"shingle/a.go", "shingle", "minhash"},
		{"minhash/a.go", "minhash", "shingle"},
		{"minhash/a_test.go", "minhash", "lsh"},
		{"minhash/internal/deep/a.go", "minhash/internal/deep", "lsh"},
		{"lsh/a.go", "lsh", "shingle"},
		{"lsh/a.go", "lsh", "lsh/disk"},
		{"lsh/a_test.go", "lsh", "lsh/disk"},
		{"lsh/disk/a.go", "lsh/disk", "boilerplate"},
		{"boilerplate/a.go", "boilerplate", "boilerplate/seen"},
		{"boilerplate/a.go", "boilerplate", "."},
		{"internal/corpus/a.go", "internal/corpus", "shingle"},
		{"internal/corpus/a.go", "internal/corpus", "internal/wire"},
		{"lsh/a_test.go", "lsh", "bench/speed/classic"},
		{"examples/dedup/a.go", "examples/dedup", "examples/crawler"},
		{"examples/dedup/a.go", "examples/dedup", "bench/peers"},
		{"bench/peers/a.go", "bench/peers", "examples/dedup/internal/input"},
		{"new/a.go", "new", "shingle"},
		{"shingle/a.go", "shingle", "new/part"},
	} {
		if upward(e) == "" {
			t.Errorf("upward(%s imports %s) = nothing wrong, want a fault", e.from, e.to)
		}
	}
	for _, e := range []edge{
		{"lsh/passage/a.go", "lsh/passage", "shingle"},
		{"minhash/a_test.go", "minhash", "shingle"},
		{"examples/dedup/internal/input/a.go", "examples/dedup/internal/input", "boilerplate/pages"},
		{"examples/dedup/a.go", "examples/dedup", "examples/dedup/internal/input"},
		{"bench/speed/a.go", "bench/speed", "bench/speed/classic"},
	} {
		if s := upward(e); s != "" {
			t.Errorf("%s, want nothing wrong with %s imports %s", s, e.from, e.to)
		}
	}
}
