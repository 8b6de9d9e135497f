package stage

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ErrLine reports a line that a stage cannot parse; it is always wrapped.
var ErrLine = errors.New("bad line")

// A printer writes columns to a writer that remembers its first error.
type printer struct {
	*bufio.Writer
	buf []byte
}

// filter calls do for every line of in, without its line end, and calls end after
// the last one.
func filter(name string, in io.Reader, out io.Writer, do func(line []byte, w *printer) error, end func(w *printer) error) error {
	r := bufio.NewReaderSize(in, 1<<16)
	w := &printer{Writer: bufio.NewWriterSize(out, 1<<16)}
	var long []byte // a line that is longer than the buffer of r
	err := func() error {
		for number := 1; ; number++ {
			line, err := r.ReadSlice('\n')
			long = long[:0]
			for errors.Is(err, bufio.ErrBufferFull) {
				long = append(long, line...)
				line, err = r.ReadSlice('\n')
			}
			if len(long) > 0 {
				long = append(long, line...)
				line = long
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("stage: %s: reading line %d: %w", name, number, err)
			}
			ended := err != nil
			if len(line) > 0 {
				line = bytes.TrimSuffix(line, []byte("\n"))
				line = bytes.TrimSuffix(line, []byte("\r"))
				if err := do(line, w); err != nil {
					return fmt.Errorf("stage: %s: line %d: %w: %w (%s)", name, number, ErrLine, err, excerpt(line))
				}
			}
			if ended {
				break
			}
			// The writer keeps its first error.
			if _, err := w.Write(nil); err != nil {
				return fmt.Errorf("stage: %s: %w", name, err)
			}
		}
		if end != nil {
			if err := end(w); err != nil {
				return fmt.Errorf("stage: %s: %w", name, err)
			}
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("stage: %s: %w", name, err)
		}
		return nil
	}()
	if err != nil {
		_, _ = io.Copy(io.Discard, in) // the first error is the one to report
	}
	return err
}

// excerpt returns the beginning of a line, quoted.
func excerpt(line []byte) string {
	const most = 60
	if len(line) > most {
		return strconv.Quote(string(line[:most])) + "…"
	}
	return strconv.Quote(string(line))
}

// cut splits a line into len(dst) columns.
func cut(dst [][]byte, line []byte) error {
	n := bytes.Count(line, []byte("\t")) + 1
	if n != len(dst) {
		return fmt.Errorf("%d columns, want %d", n, len(dst))
	}
	for i := range dst {
		dst[i], line, _ = bytes.Cut(line, []byte("\t"))
	}
	return nil
}

// maxRef is the largest ref.
const maxRef = 1 << 62

// refOf reads a ref.
func refOf(b []byte) (int64, error) {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 || n > maxRef {
		return 0, fmt.Errorf("ref %s is not a number from 0 to 2^62", excerpt(b))
	}
	return n, nil
}

// number reads a non-negative number.
func number(what string, b []byte) (int, error) {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 || int64(int(n)) != n {
		return 0, fmt.Errorf("%s %s is not a number", what, excerpt(b))
	}
	return int(n), nil
}

// ints writes numbers as one line.
func (w *printer) ints(values ...int64) {
	w.buf = w.buf[:0]
	for i, v := range values {
		if i > 0 {
			w.buf = append(w.buf, '\t')
		}
		w.buf = strconv.AppendInt(w.buf, v, 10)
	}
	w.buf = append(w.buf, '\n')
	_, _ = w.Write(w.buf) // filter reports the error
}

// pair writes a pair.
func (w *printer) pair(a, b int64) error {
	w.ints(a, b)
	return nil
}

// encoded writes bytes as base64.
func (w *printer) encoded(b []byte) {
	w.buf = base64.RawStdEncoding.AppendEncode(w.buf[:0], b)
	_, _ = w.Write(w.buf)
}

// decode appends the decoded bytes of a base64 column to dst, with or without
// padding.
func decode(dst, column []byte) ([]byte, error) {
	dst, err := base64.RawStdEncoding.AppendDecode(dst, bytes.TrimRight(column, "="))
	if err != nil {
		return dst, fmt.Errorf("base64 column: %w", err)
	}
	return dst, nil
}

// appendWords and appendHashes append the values that little-endian bytes encode.
func appendWords(dst []uint32, b []byte) []uint32 {
	for ; len(b) >= 4; b = b[4:] {
		dst = append(dst, binary.LittleEndian.Uint32(b))
	}
	return dst
}

func appendHashes(dst []uint64, b []byte) []uint64 {
	for ; len(b) >= 8; b = b[8:] {
		dst = append(dst, binary.LittleEndian.Uint64(b))
	}
	return dst
}
