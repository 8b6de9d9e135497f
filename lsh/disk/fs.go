package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A fileSystem is the interface through which an index uses a disk. Tests replace
// it: they fail any call, or cut the power in the middle of one. Names are paths;
// errors for missing files wrap [fs.ErrNotExist].
//
// An index assumes only this: data survives a loss of power once Sync of the file
// and syncDir of its directory have returned without error, a rename is atomic, and
// bytes that are written again unchanged keep their values.
type fileSystem interface {
	// create creates a file for writing, or empties an existing one.
	create(name string) (file, error)
	// open opens an existing file.
	open(name string, write bool) (file, error)
	exists(name string) (bool, error)
	rename(from, to string) error
	remove(name string) error
	// mkdir makes one directory, whose parent exists.
	mkdir(dir string) error
	// names returns the names in a directory in ascending order.
	names(dir string) ([]string, error)
	// syncDir makes the names in a directory durable.
	syncDir(dir string) error
	// lock takes the lock of a file until it is closed; the error wraps [ErrLocked] if
	// it is already taken.
	lock(name string) (io.Closer, error)
}

// A file is an open file of a [fileSystem].
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	Sync() error
	// mapped returns the first n bytes, which must exist. They can be read until release
	// is called, even if the file is closed before that.
	mapped(n int) (b []byte, release func() error, err error)
}

// osFS is the disk of the machine.
type osFS struct{}

func (osFS) create(name string) (file, error) {
	f, err := os.Create(name)
	return wrapFile(f, err)
}

func (osFS) open(name string, write bool) (file, error) {
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	f, err := os.OpenFile(name, flag, 0)
	return wrapFile(f, err)
}

func wrapFile(f *os.File, err error) (file, error) {
	if err != nil {
		return nil, err // nil itself, not an interface that holds a nil pointer
	}
	return osFile{f}, nil
}

func (osFS) exists(name string) (bool, error) {
	_, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (osFS) rename(from, to string) error { return os.Rename(from, to) }
func (osFS) remove(name string) error     { return os.Remove(name) }

func (osFS) mkdir(dir string) error {
	err := os.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process has just created it
	}
	return err
}

func (osFS) names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

func (osFS) syncDir(dir string) error { return syncDir(dir) }

func (osFS) lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 64))
		_ = f.Close()
		if s := strings.TrimSpace(string(holder)); s != "" && errors.Is(err, ErrLocked) {
			return nil, fmt.Errorf("%w, by process %s", err, s)
		}
		return nil, err
	}
	// The process id is only for the message above.
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintln(f, os.Getpid())
	}
	return osLock{f}, nil
}

type osLock struct{ f *os.File }

func (l osLock) Close() error {
	_ = l.f.Truncate(0)
	return l.f.Close()
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) mapped(n int) ([]byte, func() error, error) {
	b, err := mapFile(f.File, n)
	if err != nil {
		return nil, nil, err
	}
	return b, func() error { return unmapFile(b) }, nil
}

// readFile returns the content of a file.
func readFile(fsys fileSystem, name string) ([]byte, error) {
	f, err := fsys.open(name, false)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > 1<<31-1 {
		return nil, fmt.Errorf("%s: file of %d bytes is too large: %w", filepath.Base(name), size, ErrCorrupt)
	}
	b := make([]byte, size)
	n, err := f.ReadAt(b, 0)
	if err == io.EOF {
		err = nil
	}
	return b[:n], err
}

// writeFile writes a file and makes its content durable, but not its name.
func writeFile(fsys fileSystem, name string, b []byte) error {
	f, err := fsys.create(name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// makeDir makes a directory and its parents, with durable names.
func makeDir(fsys fileSystem, dir string) error {
	dir = filepath.Clean(dir)
	ok, err := fsys.exists(dir)
	if err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	if ok {
		// The process that made the directory may have been killed before its name
		// was durable. A directory without read permission cannot be synced.
		for ; parent != dir; dir, parent = parent, filepath.Dir(parent) {
			_ = fsys.syncDir(parent)
		}
		return nil
	}
	if parent != dir {
		if err := makeDir(fsys, parent); err != nil {
			return err
		}
	}
	if err := fsys.mkdir(dir); err != nil {
		return err
	}
	return fsys.syncDir(parent)
}

// An offsetWriter writes to a file from front to back.
type offsetWriter struct {
	f   file
	off int64
}

func (w *offsetWriter) Write(b []byte) (int, error) {
	n, err := w.f.WriteAt(b, w.off)
	w.off += int64(n)
	return n, err
}
