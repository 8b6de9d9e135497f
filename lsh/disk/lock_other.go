//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package disk

import (
	"errors"
	"io"
	"os"
)

// lockFile refuses: without locks two writers would ruin an index.
func lockFile(*os.File) error { return errors.ErrUnsupported }

func syncDir(string) error { return nil }

// mapFile reads a file, which must have the given size.
func mapFile(f *os.File, size int) ([]byte, error) {
	b := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(f, 0, int64(size)), b)
	return b, err
}

func unmapFile([]byte) error { return nil }
