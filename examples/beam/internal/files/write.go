package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/cespare/xxhash/v2"
)

// Write writes the elements of a collection as JSON, one a line and in the order
// of their bytes, to files dir/name-00000-of-N.jsonl and so on. A shard without
// lines has no file. A worker holds the lines of a shard in memory.
//
// A file has all its lines or is not there: it is made under a temporary name and
// renamed, or where the file system cannot rename, as the object stores cannot,
// is there once it is closed. A bundle that is retried writes the same file again.
func Write(s beam.Scope, c beam.PCollection, dir, name string, shards int) {
	s = s.Scope("Write " + name)
	lines := beam.ParDo(s, &lineFn{shards}, c)
	beam.ParDo0(s, &writeFn{dir, name, shards}, beam.GroupByKey(s, lines))
}

// lineFn makes a line of an element.
type lineFn struct{ Shards int }

// ProcessElement emits the line under its shard.
func (f *lineFn) ProcessElement(x beam.T, emit func(int, []byte)) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(x); err != nil {
		return err
	}
	emit(int(xxhash.Sum64String(b.String())%uint64(f.Shards)), []byte(b.String()))
	return nil
}

// writeFn writes a shard.
type writeFn struct {
	Dir, Name string
	Shards    int
}

// ProcessElement writes the lines of a shard.
func (f *writeFn) ProcessElement(ctx context.Context, shard int, next func(*[]byte) bool) error {
	var (
		line  []byte
		lines []string
	)
	for next(&line) {
		lines = append(lines, string(line))
	}
	slices.Sort(lines)
	name := fmt.Sprintf("%s/%s-%05d-of-%05d.jsonl", strings.TrimSuffix(f.Dir, "/"), f.Name, shard, f.Shards)
	if !strings.Contains(name, "://") {
		return writeLocal(name, lines)
	}
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return err
	}
	defer fs.Close()
	w, err := fs.OpenWrite(ctx, name)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if _, err := w.Write([]byte(l)); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

// writeLocal writes a file in one step.
func writeLocal(name string, lines []string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // does nothing once it is renamed
	for _, l := range lines {
		if _, err := f.WriteString(l); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func init() {
	beam.RegisterDoFn(reflect.TypeFor[lineFn]())
	beam.RegisterDoFn(reflect.TypeFor[writeFn]())
	register.Emitter2[int, []byte]()
	register.Iter1[[]byte]()
}
