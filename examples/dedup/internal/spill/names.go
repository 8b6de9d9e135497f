package spill

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/extsort"
	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// mostRounds is the largest number of names tried. Each round sorts all names, and
// one or two rounds are enough unless ids look like places.
const mostRounds = 64

var errNames = errors.New("too many ids look like the places of other documents, such as FILE:LINE; name another field with -field-id")

// names finds for each document the first of its possible names that no earlier
// document has, and writes the refs of those that do not get the first one, with the
// number of the attempt. In each round every document claims a name; the first
// document to claim a name gets it, and the others claim their next name in the next
// round. The result is the same as naming documents one after the other.
func (r *Run) names(t *task) error {
	attempts := new(attempts)
	for round := 0; ; round++ {
		if round == mostRounds {
			return errNames
		}
		next, lost, err := r.claim(t, attempts)
		attempts.remove()
		if err != nil {
			next.remove()
			return err
		}
		attempts = next
		if lost == 0 {
			break
		}
	}
	defer attempts.remove()
	for record, err := range attempts.all() {
		if err == nil {
			err = t.add(0, record)
		}
		if err != nil {
			return err
		}
	}
	return r.note(t, attempts)
}

// claim runs one round of naming. It returns the attempts of the next round, and the number of
// claims that were lost.
func (r *Run) claim(t *task, now *attempts) (next *attempts, lost int64, err error) {
	next = new(attempts)
	claims := r.sorter(t, false)
	defer claims.Close()
	var buf []byte
	for d, err := range r.documents(r.shards, now.all()) {
		if err != nil {
			return next, 0, err
		}
		buf = binary.BigEndian.AppendUint64(buf[:0], xxhash.Sum64String(d.name()))
		buf = appendRef(buf, d.ref)
		buf = binary.AppendUvarint(buf, uint64(d.attempt))
		if err := claims.Add(buf); err != nil {
			return next, 0, err
		}
	}
	again := r.sorter(t, false)
	defer again.Close()
	var hash [8]byte
	first := true
	for record, err := range claims.All() {
		if err != nil {
			return next, 0, err
		}
		attempt, _ := binary.Uvarint(record[8+refSize:])
		if !first && bytes.Equal(record[:8], hash[:]) {
			attempt++
			lost++
		}
		copy(hash[:], record)
		first = false
		if attempt == 0 {
			continue
		}
		if err := again.Add(binary.AppendUvarint(appendRef(buf[:0], refAt(record[8:])), attempt)); err != nil {
			return next, 0, err
		}
	}
	return next, lost, next.write(r.s.Dir, again.All())
}

// note writes the notes about documents that are named by place to the last stream.
func (r *Run) note(t *task, a *attempts) error {
	var names input.Names
	var failed error
	write := func(_ *input.Doc, err error) bool {
		p := corpus.Problem(err)
		var data []byte
		if data, failed = json.Marshal(problem{p.Kind, p.File, p.Err.Error(), p.Note}); failed == nil {
			failed = t.add(len(r.parts), data)
		}
		return failed == nil
	}
	for d, err := range r.documents(r.shards, a.all()) {
		if err != nil {
			return err
		}
		if !names.Named(&d.Doc, d.attempt, write) {
			return failed
		}
	}
	names.End(write)
	return failed
}

// attempts lists refs with the attempt that each one claims, in the order of refs.
// Documents that are not listed claim their first name. The zero attempts are empty.
type attempts struct {
	f      *os.File
	length int64
}

func (a *attempts) write(dir string, records iter.Seq2[[]byte, error]) error {
	f, err := os.CreateTemp(dir, "names.*.tmp")
	if err != nil {
		return err
	}
	a.f = f
	w := extsort.NewWriter(f)
	for record, err := range records {
		if err == nil {
			err = w.Write(record)
		}
		if err != nil {
			return err
		}
	}
	err = w.Close()
	a.length = w.Bytes()
	return err
}

func (a *attempts) all() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if a.f == nil {
			return
		}
		s := extsort.NewReader(io.NewSectionReader(a.f, 0, a.length))
		for {
			record, err := s.Next()
			if err == io.EOF || !yield(record, err) || err != nil {
				return
			}
		}
	}
}

func (a *attempts) remove() {
	if a.f != nil {
		_ = a.f.Close()
		_ = os.Remove(a.f.Name())
		a.f = nil
	}
}

// A named is a document with its name, valid until the next one is read.
type named struct {
	document
	ref     int64
	attempt int
}

func (d *named) name() string { return d.Name(d.attempt) }

// documents yields the documents of shards with the given attempts.
func (r *Run) documents(shards []shard, attempts iter.Seq2[[]byte, error]) iter.Seq2[*named, error] {
	return func(yield func(*named, error) bool) {
		c := r.cursor(shards, documentStream)
		defer c.close()
		p := pull(attempts)
		defer p.stop()
		attempt, err := p.record()
		if err != nil {
			yield(nil, err)
			return
		}
		d := new(named)
		for {
			ref, record, err := c.step()
			if err == io.EOF {
				return
			}
			if err == nil {
				err = d.read(record)
			}
			if err == nil && ref&0xffff == 0 {
				err = r.e.Ctx.Err()
			}
			d.ref, d.attempt = ref, 0
			if err == nil && len(attempt) > refSize && refAt(attempt) == ref {
				n, _ := binary.Uvarint(attempt[refSize:])
				d.attempt = int(n)
				attempt, err = p.record()
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// named yields all documents with their names, after the step names.
func (r *Run) named() iter.Seq2[*named, error] {
	step := "names"
	if r.given != nil {
		step = orderedStep
	}
	return r.documents(r.shards, r.all(step, 1, 0))
}

// join calls f for each record, together with the document whose ref is at its
// beginning. The records are sorted by that ref.
func (r *Run) join(records iter.Seq2[[]byte, error], f func(record []byte, d *named) error) error {
	next, stop := iter.Pull2(r.named())
	defer stop()
	var d *named
	for record, err := range records {
		if err != nil {
			return err
		}
		if len(record) < refSize {
			return errRecord
		}
		for ref := refAt(record); d == nil || d.ref < ref; {
			var ok bool
			if d, err, ok = next(); err != nil {
				return err
			} else if !ok {
				return errRecord
			}
		}
		if err := f(record, d); err != nil {
			return err
		}
	}
	return nil
}
