package input

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// text reads the whole of in as one document.
func (r *reader) text(file, id, host string, in io.Reader) bool {
	in, done, err := decompress(in)
	if err != nil {
		return r.fail(file, 0, err)
	}
	defer done()
	data, err := io.ReadAll(io.LimitReader(in, maxText+1))
	switch {
	case err != nil:
		return r.fail(file, 0, err)
	case len(data) > maxText:
		return r.fail(file, 0, fmt.Errorf("longer than %d bytes; skipped (split it, or make it JSON Lines)", maxText))
	case bytes.IndexByte(data, 0) >= 0:
		return r.fail(file, 0, errBinary)
	}
	var bad error
	if at := firstInvalid(data); at >= 0 {
		bad = &Error{Place{file, 1 + bytes.Count(data[:at], []byte("\n"))}, errUTF8}
	}
	return r.emit(&Doc{ID: id, Text: string(data), Host: host, Format: Text, Place: Place{File: file}}, bad)
}

// firstInvalid returns the offset of the first byte that is not UTF-8, or -1.
func firstInvalid(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; ; {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
}
