// Package spool holds more bytes than fit in memory: the first part in memory, the
// rest in a temporary file.
package spool

import (
	"fmt"
	"os"
)

// Temp returns a new temporary file; end its use with [Remove]. Where the system
// allows it, the file is unlinked at once, so that nothing remains however the
// process ends.
func Temp() (*os.File, error) { return temp("") }

func temp(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "dedup-*")
	if err != nil && dir != "" {
		return nil, fmt.Errorf("temporary file: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("temporary file: %w (TMPDIR selects another folder)", err)
	}
	os.Remove(f.Name()) // Windows refuses to remove an open file; there Remove does it
	return f, nil
}

// Remove closes a temporary file, if it is not nil, and removes it.
func Remove(f *os.File) error {
	if f == nil {
		return nil
	}
	err := f.Close()
	os.Remove(f.Name())
	return err
}
