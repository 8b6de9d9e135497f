package spool

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"unsafe"
)

// Texts holds texts by number. Append, Hold and Unload must not run concurrently with
// anything; after [Texts.Flush] and until the next Append, At may be called by any number
// of goroutines. Make it with [NewTexts] and Close it, which removes its files.
type Texts struct {
	Dir string // folder of the files; "" means the default folder for temporary files

	slot  int64 // size of a chunk
	limit int64 // bytes to keep in memory
	total int64 // bytes of all texts

	// The first texts are in chunks, one after the other. A text that is larger
	// than a chunk has one of its own, which takes several places in the list.
	chunks [][]byte
	free   []byte // rest of the last chunk
	held   int64  // bytes of chunks, used or not
	first  int    // number of texts in chunks, or in the file early if they were unloaded

	starts []int64  // where each text begins: in the chunks, or in file for the texts after them
	sizes  []uint32 // length of each text in bytes

	early *os.File // the chunks, if Unload has written them
	file  *os.File
	w     *bufio.Writer
	end   int64 // where the next text in file begins
	mu    sync.Mutex
	err   error // the first failure of a file
}

// NewTexts returns an empty store that keeps up to limit bytes in memory.
func NewTexts(limit int64) *Texts {
	return &Texts{limit: limit, slot: chunkBytes(limit)}
}

// chunkBytes returns the size of a chunk under a limit of memory.
func chunkBytes(limit int64) int64 { return min(max(limit/16, 1<<16), 16<<20) }

// Hold changes the number of bytes kept in memory. Texts already in a file stay there,
// and once a file exists, all later texts go to a file too.
func (t *Texts) Hold(limit int64) { t.limit = limit }

// Held returns the number of bytes of memory that the texts take.
func (t *Texts) Held() int64 { return t.held }

// Append adds a copy of a text. Texts are numbered from 0 in this order.
func (t *Texts) Append(text string) error {
	if uint64(len(text)) > 1<<32-1 {
		return errors.New("a text of 4 GiB or more")
	}
	size := int64(len(text))
	t.total += size
	if t.file == nil && t.early == nil && t.hold(size) {
		base := int64(len(t.chunks))*t.slot - int64(len(t.free))
		if size > t.slot {
			base = int64(len(t.chunks)) * t.slot
			chunk := []byte(text)
			for n := size; n > 0; n -= t.slot {
				t.chunks = append(t.chunks, chunk)
				chunk = nil
			}
			t.free = nil
		} else {
			t.free = t.free[copy(t.free, text):]
		}
		t.starts, t.sizes = append(t.starts, base), append(t.sizes, uint32(size))
		t.first++
		return nil
	}
	if t.file == nil {
		f, err := temp(t.Dir)
		if err != nil {
			return err
		}
		t.file, t.w = f, bufio.NewWriterSize(f, 1<<20)
	}
	if _, err := t.w.WriteString(text); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	t.starts, t.sizes = append(t.starts, t.end), append(t.sizes, uint32(size))
	t.end += size
	return nil
}

// Skip gives the next number to a text that is never read, and stores only its size.
func (t *Texts) Skip(text string) error {
	t.total += int64(len(text))
	if uint64(len(text)) > 1<<32-1 {
		return errors.New("a text of 4 GiB or more")
	}
	t.starts, t.sizes = append(t.starts, skipped), append(t.sizes, uint32(len(text)))
	return nil
}

// skipped is the start of a text that was skipped.
const skipped = -1

// hold makes room in memory for a text, if the limit allows that.
func (t *Texts) hold(size int64) bool {
	switch {
	case size <= int64(len(t.free)):
		return true
	case size > t.slot:
		if t.held+size > t.limit {
			return false
		}
		t.held += size
	default:
		if t.held+t.slot > t.limit {
			return false
		}
		t.held += t.slot
		t.free = make([]byte, t.slot)
		t.chunks = append(t.chunks, t.free)
	}
	return true
}

// Unload writes the texts in memory to a file, to make room for something else.
func (t *Texts) Unload() error {
	if t.early != nil || t.first == 0 {
		return nil
	}
	f, err := temp(t.Dir)
	if err != nil {
		return err
	}
	t.early = f
	for i, chunk := range t.chunks {
		if len(chunk) == 0 {
			continue // part of the preceding text
		}
		if i == len(t.chunks)-1 {
			chunk = chunk[:len(chunk)-len(t.free)]
		}
		if _, err := f.WriteAt(chunk, int64(i)*t.slot); err != nil {
			return fmt.Errorf("temporary file: %w", err)
		}
	}
	t.chunks, t.free, t.held = nil, nil, 0
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
func (t *Texts) Len() int { return len(t.sizes) }

// Bytes returns the length of all texts together.
func (t *Texts) Bytes() int64 { return t.total }

// Size returns the length of text i in bytes.
func (t *Texts) Size(i int) int { return int(t.sizes[i]) }

// At returns text i. If the file cannot be read, the text is "" and [Texts.Err]
// returns the reason: check it before using results.
func (t *Texts) At(i int) string { return t.Borrow(i, nil) }

// Borrow is like At for a text that is needed only until *buf is used again: a text
// that is not in memory is read into *buf. With a nil buf it does the same as At.
func (t *Texts) Borrow(i int, buf *[]byte) string {
	size := int64(t.sizes[i])
	if size == 0 {
		return ""
	}
	start := t.starts[i]
	if start == skipped {
		panic("spool: the text was skipped")
	}
	if i < t.first && t.early == nil {
		return view(t.chunks[start/t.slot][start%t.slot:][:size])
	}
	var to []byte
	if buf == nil {
		to = make([]byte, size)
	} else {
		if int64(cap(*buf)) < size {
			*buf = make([]byte, size+size/4)
		}
		to = (*buf)[:size]
	}
	if !t.read(to, i, start) {
		return ""
	}
	return view(to)
}

// read fills to with bytes from offset start of the file that holds text i. If to is
// longer than the text, it reads the texts after it as well.
func (t *Texts) read(to []byte, i int, start int64) bool {
	f := t.file
	if i < t.first {
		f = t.early
	}
	if _, err := f.ReadAt(to, start); err != nil && (err != io.EOF || len(to) > 0) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.err == nil {
			t.err = fmt.Errorf("temporary file: %w", err)
		}
		return false
	}
	return true
}

// view returns the bytes as a string.
func view(b []byte) string { return unsafe.String(&b[0], len(b)) }

// Err returns the first failure of At.
func (t *Texts) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Close removes the files.
func (t *Texts) Close() error { return errors.Join(Remove(t.early), Remove(t.file)) }

// A Scan reads texts in ascending order of their numbers. One system call reads many
// texts from a file. Make it with [Texts.Scan].
type Scan struct {
	t    *Texts
	buf  []byte
	from int64 // where buf begins in the file
}

// scanBytes is the number of bytes that a [Scan] reads in one call.
const scanBytes = 1 << 20

// Scan returns a Scan of all texts.
func (t *Texts) Scan() *Scan { return &Scan{t: t} }

// At returns text i, as [Texts.At] does; the text is valid until the next call.
func (s *Scan) At(i int) string {
	t := s.t
	if i < t.first || t.sizes[i] > scanBytes/4 {
		return t.At(i)
	}
	start, size := t.starts[i], int64(t.sizes[i])
	if size == 0 {
		return ""
	}
	if start < s.from || start+size > s.from+int64(len(s.buf)) {
		n := min(scanBytes, t.end-start)
		if s.buf = s.buf[:cap(s.buf)]; int64(cap(s.buf)) < n {
			s.buf = make([]byte, n)
		}
		s.from, s.buf = start, s.buf[:n]
		if !t.read(s.buf, i, start) {
			s.buf = nil
			return ""
		}
	}
	return view(s.buf[start-s.from:][:size])
}
