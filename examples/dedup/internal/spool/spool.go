// Package spool holds more bytes than fit in memory: the first part in memory, the
// rest in a temporary file.
package spool

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"sync"
)

// Texts holds texts by number. Append must not run concurrently with other methods;
// after [Texts.Flush] and until the next Append, At may be called by any number of
// goroutines. Make it with [NewTexts] and Close it, which removes its file.
type Texts struct {
	Dir string // folder of the file; "" means that of temporary files

	limit  int64    // number of bytes to keep in memory
	held   []string // the first texts
	starts []int64  // offset of each of the others in the file, and the end
	total  int64    // bytes of all texts

	file *os.File
	w    *bufio.Writer
	mu   sync.Mutex
	err  error // the first failure of the file
}

// NewTexts returns an empty store that keeps up to limit bytes in memory.
func NewTexts(limit int64) *Texts { return &Texts{limit: limit} }

// Append adds a text; its number is the number of texts before.
func (t *Texts) Append(text string) error {
	t.total += int64(len(text))
	if t.file == nil && t.total <= t.limit {
		t.held = append(t.held, text)
		return nil
	}
	if t.file == nil {
		f, err := temp(t.Dir)
		if err != nil {
			return err
		}
		t.file, t.w, t.starts = f, bufio.NewWriterSize(f, 1<<20), []int64{0}
	}
	if _, err := t.w.WriteString(text); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	t.starts = append(t.starts, t.starts[len(t.starts)-1]+int64(len(text)))
	return nil
}

// Flush must be called between an Append and the next At.
func (t *Texts) Flush() error {
	if t.w != nil {
		if err := t.w.Flush(); err != nil {
			return fmt.Errorf("temporary file: %w", err)
		}
	}
	return nil
}

// Len returns the number of texts.
func (t *Texts) Len() int { return len(t.held) + max(0, len(t.starts)-1) }

// Bytes returns the length of all texts together.
func (t *Texts) Bytes() int64 { return t.total }

// Size returns the length of text i in bytes.
func (t *Texts) Size(i int) int {
	if i < len(t.held) {
		return len(t.held[i])
	}
	i -= len(t.held)
	return int(t.starts[i+1] - t.starts[i])
}

// At returns text i. If the file fails, it returns "" and [Texts.Err] returns the
// reason; check that before using results.
func (t *Texts) At(i int) string {
	if i < len(t.held) {
		return t.held[i]
	}
	buf := make([]byte, t.Size(i))
	if _, err := t.file.ReadAt(buf, t.starts[i-len(t.held)]); err != nil && (err != io.EOF || len(buf) > 0) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.err == nil {
			t.err = fmt.Errorf("temporary file: %w", err)
		}
		return ""
	}
	return string(buf)
}

// Err returns the first failure of At.
func (t *Texts) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Close removes the file.
func (t *Texts) Close() error { return Remove(t.file) }

// Temp returns a new temporary file; end it with [Remove]. Where the system allows
// it, its name is removed at once, so that nothing remains however the process ends.
func Temp() (*os.File, error) { return temp("") }

func temp(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "dedup-*")
	if err != nil && dir != "" {
		return nil, fmt.Errorf("temporary file: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("temporary file (name another folder in TMPDIR): %w", err)
	}
	os.Remove(f.Name()) // this fails on Windows, where Remove removes it
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
