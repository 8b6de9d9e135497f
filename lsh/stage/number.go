package stage

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// Number writes each JSON object that it reads with a ref as its first field: First
// for the first line, and one more for each following line; empty lines are dropped.
// The order of the lines is the order of preference.
func (o Options) Number(in io.Reader, out io.Writer) error {
	ref := o.First
	return filter("number", in, out, func(line []byte, w *printer) error {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			return nil
		}
		var d struct {
			Ref json.RawMessage `json:"ref"`
		}
		if err := json.Unmarshal(line, &d); err != nil {
			return err
		}
		if d.Ref != nil {
			return errors.New(`there already is a "ref"`)
		}
		if line[0] != '{' {
			return errors.New("not a JSON object")
		}
		if ref < 0 || ref > maxRef {
			return errors.New("the refs exceed 2^62")
		}
		w.buf = append(w.buf[:0], `{"ref":`...)
		w.buf = strconv.AppendInt(w.buf, ref, 10)
		rest := bytes.TrimSpace(line[1:])
		if rest[0] != '}' {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(append(w.buf, rest...), '\n')
		ref++
		_, err := w.Write(w.buf)
		return err
	}, nil)
}
