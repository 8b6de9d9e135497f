package spill

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"

	"github.com/neardup/neardup/internal/wire"
)

// Exact duplicates have the same signature and, unless estimates decide, the same
// set. Only the first of them takes part in the later steps.

const digestSize = 16

// keyed appends a digest and a ref.
func keyed(dst, digest []byte, ref int64) []byte {
	return appendRef(append(dst, digest[:digestSize]...), ref)
}

// range32 returns the number of the part to which a key belongs, by its first four
// bytes.
func (r *Run) range32(key []byte) int {
	return int(uint64(binary.BigEndian.Uint32(key)) * uint64(len(r.parts)) >> 32)
}

// signatures writes the hash of every non-empty signature, and writes their number
// to the last stream.
func (r *Run) signatures(t *task) error {
	c := r.cursor(r.parts[t.i].shards, registerStream)
	defer c.close()
	full := uint64(0)
	for {
		ref, registers, err := c.step()
		if err == io.EOF {
			return t.add(len(r.parts), binary.AppendUvarint(nil, full))
		}
		if err != nil {
			return err
		}
		if ref&0xffff == 0 && r.e.Ctx.Err() != nil {
			return r.e.Ctx.Err()
		}
		if len(registers) == 0 {
			continue
		}
		full++
		sum := sha256.Sum256(registers)
		t.buf = keyed(t.buf[:0], sum[:], ref)
		if err := t.add(r.range32(t.buf), t.buf); err != nil {
			return err
		}
	}
}

// full returns the number of non-empty documents, which the step duplicates
// recorded.
func (r *Run) full() (n int, err error) {
	for record, err := range r.all("duplicates", min(1, len(r.parts)), len(r.parts)) {
		if err != nil {
			return 0, err
		}
		full, size := binary.Uvarint(record)
		if size <= 0 {
			return 0, errRecord
		}
		n += int(full)
	}
	return n, nil
}

// groups calls f for each sorted record that begins with the same digest as the
// previous one, together with the ref of the first record with that digest.
func groups(records func(func([]byte, error) bool), f func(record []byte, first int64) error) error {
	var digest [digestSize]byte
	first, n := int64(0), 0
	var failed error
	records(func(record []byte, err error) bool {
		switch {
		case err != nil:
		case len(record) < digestSize+refSize:
			err = errRecord
		case n == 0 || !bytes.Equal(record[:digestSize], digest[:]):
			copy(digest[:], record)
			first, n = refAt(record[digestSize:]), 1
		default:
			n++
			err = f(record, first)
		}
		failed = err
		return err == nil
	})
	return failed
}

// same writes the documents whose signature another document has too.
func (r *Run) same(t *task) error {
	last := int64(-1)
	write := func(digest []byte, ref int64) error {
		t.buf = append(appendRef(t.buf[:0], ref), digest[:digestSize]...)
		return t.add(r.part(ref), t.buf)
	}
	return groups(r.sorted(t, "signatures", t.i, false), func(record []byte, first int64) error {
		if first != last {
			last = first
			if err := write(record, first); err != nil {
				return err
			}
		}
		return write(record, refAt(record[digestSize:]))
	})
}

// digests writes, for each document that the step same found, a digest of its signature
// and its set.
func (r *Run) digests(t *task) error {
	c := r.cursor(r.parts[t.i].shards, textStream)
	defer c.close()
	var raw []byte
	for record, err := range r.sorted(t, "same", t.i, false) {
		if err != nil {
			return err
		}
		if len(record) < refSize+digestSize {
			return errRecord
		}
		ref := refAt(record)
		text, err := c.seek(ref)
		if err != nil {
			return err
		}
		raw = wire.AppendUint64s(append(raw[:0], record[refSize:]...), r.confirm.Set(string(text)))
		sum := sha256.Sum256(raw)
		t.buf = keyed(t.buf[:0], sum[:], ref)
		if err := t.add(r.range32(t.buf), t.buf); err != nil {
			return err
		}
	}
	return nil
}

// duplicates writes the exact duplicates, each with the first document of its group.
func (r *Run) duplicates(t *task) error {
	from := "digests"
	if r.o.Estimate {
		from = "signatures"
	}
	n := uint64(0)
	err := groups(r.sorted(t, from, t.i, false), func(record []byte, first int64) error {
		ref := refAt(record[digestSize:])
		t.buf = appendRef(appendRef(t.buf[:0], ref), first)
		return t.add(r.part(ref), t.buf)
	})
	if err != nil {
		return err
	}
	// The document counts that the step signatures wrote are still needed after its
	// files are removed.
	if t.i == 0 {
		for record, err := range r.all("signatures", len(r.parts), len(r.parts)) {
			if err != nil {
				return err
			}
			full, size := binary.Uvarint(record)
			if size <= 0 {
				return errRecord
			}
			n += full
		}
		return t.add(len(r.parts), binary.AppendUvarint(nil, n))
	}
	return nil
}
