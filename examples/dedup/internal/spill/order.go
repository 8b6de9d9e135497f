package spill

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"time"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/doctime"
)

// If -keep prefers documents other than the first, the step "ordered" rewrites all
// shards with the documents in the order of preference, so later steps see the
// document to keep first. A shard has as many documents as the one that it replaces,
// so parts keep their refs.
//
//	step     reads                                  sorted by         writes
//	ordered  names; all streams of the documents    preference, name  shards; ref, attempt

const orderedStep = "ordered"

func orderedShard(k int) string { return fmt.Sprintf("%s.shard.%06d", orderedStep, k) }

// reorders reports whether the order of preference differs from the order of the
// input.
func (r *Run) reorders() bool { return r.o.Keep != "" && r.o.Keep != "first" }

// useOrdered makes later steps read the shards in the order of preference.
func (r *Run) useOrdered() {
	r.given = r.shards
	r.shards = nil
	for k, s := range r.given {
		s.name = orderedShard(k)
		r.shards = append(r.shards, s)
	}
	r.setParts()
}

// inInputOrder yields all documents of a complete search with their names and with
// their refs in the order of the input.
func (r *Run) inInputOrder() iter.Seq2[*named, error] {
	if r.given == nil {
		return r.named()
	}
	return r.documents(r.given, r.all("names", 1, 0))
}

// inputShards are the shards in the order of the input.
func (r *Run) inputShards() []shard {
	if r.given == nil {
		return r.shards
	}
	return r.given
}

// ordered sorts all documents by preference.
func (r *Run) ordered(t *task) error {
	s := r.sorter(t, false)
	defer s.Close()
	regs, texts := r.cursor(r.shards, registerStream), r.cursor(r.shards, textStream)
	defer regs.close()
	defer texts.close()
	var record []byte
	for d, err := range r.named() {
		if err != nil {
			return err
		}
		registers, err := regs.seek(d.ref)
		if err != nil {
			return err
		}
		text, err := texts.seek(d.ref)
		if err != nil {
			return err
		}
		if record, err = r.appendPreference(record[:0], d, t); err != nil {
			return err
		}
		record = appendName(record, d.name())
		d.Origin = d.ref
		record = binary.AppendUvarint(record, uint64(d.attempt))
		t.buf = d.append(t.buf[:0])
		record = append(binary.AppendUvarint(record, uint64(len(t.buf))), t.buf...)
		record = append(binary.AppendUvarint(record, uint64(len(registers))), registers...)
		if err := s.Add(append(record, text...)); err != nil {
			return err
		}
	}
	return r.writeOrdered(t, s.All())
}

// preferenceSize is the size of the output of appendPreference.
const preferenceSize = 12

// appendPreference appends bytes that sort before those of less preferred documents.
func (r *Run) appendPreference(dst []byte, d *named, t *task) ([]byte, error) {
	switch r.o.Keep {
	case "longest":
		dst = binary.BigEndian.AppendUint64(dst, ^uint64(d.Size))
		return append(dst, 0, 0, 0, 0), nil
	case "newest":
		at, err := doctime.Parse(d.Time)
		if err != nil {
			if err := noteTime(t, d.Place, err); err != nil {
				return dst, err
			}
			at = time.Time{}
		}
		dst = binary.BigEndian.AppendUint64(dst, ^(uint64(at.Unix()) ^ 1<<63))
		return binary.BigEndian.AppendUint32(dst, ^uint32(at.Nanosecond())), nil
	}
	bits := math.Float64bits(d.Rank + 0) // adding 0 turns -0 into 0
	if bits>>63 != 0 {
		bits = ^bits
	} else {
		bits ^= 1 << 63
	}
	return append(binary.BigEndian.AppendUint64(dst, ^bits), 0, 0, 0, 0), nil
}

// noteTime writes a note about an unreadable time to the last stream.
func noteTime(t *task, p input.Place, err error) error {
	x := corpus.Problem(corpus.NoTime(p, err))
	data, err := json.Marshal(problem{x.Kind, x.File, x.Err.Error(), x.Note})
	if err != nil {
		return err
	}
	return t.add(len(t.streams)-1, data)
}

// appendName appends bytes that sort like the name, whatever follows them.
func appendName(dst []byte, name string) []byte {
	for i := range len(name) {
		if dst = append(dst, name[i]); name[i] == 0 {
			dst = append(dst, 1)
		}
	}
	return append(dst, 0, 0)
}

// afterName returns the bytes after those written by appendName.
func afterName(b []byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 || i+1 == len(b) {
			return nil, errRecord
		}
		end := b[i+1] == 0
		if b = b[i+2:]; end {
			return b, nil
		}
	}
}

// writeOrdered writes the shards, and writes the documents that do not have their
// first name to the first stream of the task.
func (r *Run) writeOrdered(t *task, records iter.Seq2[[]byte, error]) error {
	next, stop := iter.Pull2(records)
	defer stop()
	for k, s := range r.shards {
		if err := r.writeOrderedShard(t, k, s, next); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) writeOrderedShard(t *task, k int, s shard, next func() ([]byte, error, bool)) error {
	out, err := create(r.path(orderedShard(k)), shardStreams)
	if err != nil {
		return err
	}
	defer out.abort()
	for ref := s.first; ref < s.first+s.docs; ref++ {
		record, err, ok := next()
		if err == nil && (!ok || len(record) < preferenceSize) {
			err = io.ErrUnexpectedEOF
		}
		if err == nil {
			record, err = afterName(record[preferenceSize:])
		}
		if err != nil {
			return err
		}
		attempt, n := binary.Uvarint(record)
		if n <= 0 {
			return errRecord
		}
		record = record[n:]
		if attempt > 0 {
			t.buf = binary.AppendUvarint(appendRef(t.buf[:0], ref), attempt)
			if err := t.add(0, t.buf); err != nil {
				return err
			}
		}
		for _, stream := range []int{documentStream, registerStream} {
			size, n := binary.Uvarint(record)
			if n <= 0 || size > uint64(len(record)-n) {
				return errRecord
			}
			if err := out.add(stream, record[n:n+int(size)]); err != nil {
				return err
			}
			record = record[n+int(size):]
		}
		if err := out.add(textStream, record); err != nil {
			return err
		}
	}
	return out.commit()
}
