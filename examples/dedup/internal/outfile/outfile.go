// Package outfile writes files and folders that appear complete or not at all.
package outfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// ErrExists is the error for a destination that already exists.
var ErrExists = errors.New("exists already")

// Check returns an error that wraps [ErrExists] if name exists, unless overwrite
// is set.
func Check(name string, overwrite bool) error {
	if _, err := os.Lstat(name); err == nil && !overwrite {
		return fmt.Errorf("%s %w (-overwrite replaces it)", name, ErrExists)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// A File is a file under construction: it has a temporary name in the same folder
// until Commit renames it. Write to it, then Commit, and defer Abort.
type File struct {
	*os.File
	name string
	done bool

	unsynced int            // bytes written since an early sync began
	early    sync.WaitGroup // the early sync in progress
	syncing  atomic.Bool    // there is one
	failed   error          // the first error of an early sync: a later sync may not report it again
}

// syncBytes is the number of bytes after which an early sync begins.
const syncBytes = 32 << 20

// Write writes p. From time to time it begins to move the bytes written so far to the
// disk, so that Commit need not wait for all of them.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if f.unsynced += n; f.unsynced >= syncBytes && !f.syncing.Swap(true) {
		f.unsynced = 0
		f.early.Go(func() {
			f.failed = cmp.Or(f.failed, f.Sync())
			f.syncing.Store(false)
		})
	}
	return n, err
}

// Create begins a file. It fails if a file of that name exists and overwrite is not
// set.
func Create(name string, overwrite bool) (*File, error) {
	if err := Check(name, overwrite); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")
	if err != nil {
		return nil, err
	}
	return &File{File: f, name: name}, nil
}

// Commit makes the file durable and renames it in one step: however the process
// ends, the name has either the old content or the complete new content.
func (f *File) Commit() error {
	f.early.Wait()
	if err := cmp.Or(f.failed, f.Sync()); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Chmod(f.File.Name(), 0o644); err != nil {
		return err
	}
	if err := os.Rename(f.File.Name(), f.name); err != nil {
		return err
	}
	f.done = true
	syncDir(filepath.Dir(f.name))
	return nil
}

// Abort removes the file unless it was committed.
func (f *File) Abort() {
	if !f.done {
		f.Close()
		os.Remove(f.File.Name())
	}
}

// A Dir is a folder under construction, like a [File].
type Dir struct {
	// Path is the folder for the contents.
	Path string

	name string
	done bool
}

// CreateDir begins a folder. It fails if the name exists and overwrite is not set.
func CreateDir(name string, overwrite bool) (*Dir, error) {
	if err := Check(name, overwrite); err != nil {
		return nil, err
	}
	name = filepath.Clean(name)
	tmp, err := os.MkdirTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")
	if err != nil {
		return nil, err
	}
	return &Dir{Path: tmp, name: name}, nil
}

// Commit renames the folder. A folder that it replaces is first moved aside and then
// removed: not every system can exchange folders in one step, so a crash in between
// leaves the old one under a name that ends in .old.
func (d *Dir) Commit() error {
	if err := os.Chmod(d.Path, 0o755); err != nil {
		return err
	}
	old := d.Path + ".old"
	err := os.Rename(d.name, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	replaced := err == nil
	if err := os.Rename(d.Path, d.name); err != nil {
		if replaced {
			return errors.Join(err, os.Rename(old, d.name))
		}
		return err
	}
	d.done = true
	syncDir(filepath.Dir(d.name))
	if replaced {
		return os.RemoveAll(old)
	}
	return nil
}

// Abort removes the folder unless it was committed.
func (d *Dir) Abort() {
	if !d.done {
		os.RemoveAll(d.Path)
	}
}

// syncDir makes a rename durable, as far as the system allows.
func syncDir(dir string) {
	if f, err := os.Open(dir); err == nil {
		f.Sync()
		f.Close()
	}
}
