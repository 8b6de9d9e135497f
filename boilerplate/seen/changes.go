package seen

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/neardup/neardup/internal/wire"
	"github.com/neardup/neardup/lsh/disk"
	"github.com/neardup/neardup/minhash"
)

// changes are the changes of an index between two saves. They are applied in this
// order: remove the documents before a time, remove the named ones, add the others
// in their order.
type changes struct {
	expired time.Time // documents before this time are removed; the zero Time removes none
	gone    []string
	docs    []disk.Document
	layers  []*layer // the layers that these changes are from
}

// The file "changes" is an envelope of package wire, with these bytes: the time in
// milliseconds since 1970, 0 for none; the number of removed IDs, and each ID; the
// number of documents, and for each the ID, the time, the registers (4 bytes each),
// the number of elements and the elements (8 bytes each), ascending.
const (
	changesMagic   = "nsch"
	changesVersion = 1
)

func (c *changes) marshal() []byte {
	b := wire.AppendHeader(nil, changesMagic, changesVersion)
	b = binary.AppendUvarint(b, milliseconds(c.expired))
	b = binary.AppendUvarint(b, uint64(len(c.gone)))
	for _, id := range c.gone {
		b = wire.AppendString(b, id)
	}
	b = binary.AppendUvarint(b, uint64(len(c.docs)))
	for _, d := range c.docs {
		b = binary.AppendUvarint(wire.AppendString(b, d.ID), milliseconds(d.Time))
		b = wire.AppendUint32s(b, d.Signature.Values())
		b = wire.AppendUint64s(binary.AppendUvarint(b, uint64(len(d.Set))), d.Set)
	}
	return wire.AppendChecksum(b, 0)
}

func milliseconds(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(max(t.UnixMilli(), 0))
}

func readTime(r *wire.Reader) int64 {
	ms := r.Uvarint()
	if ms > math.MaxInt64/2 {
		r.Failf("time %d is out of range", ms)
		return 0
	}
	return int64(ms)
}

// unmarshalChanges reads the file "changes".
func unmarshalChanges(b []byte, s minhash.Scheme) (*changes, error) {
	r, _, err := wire.Open(b, changesMagic, changesVersion)
	if err != nil {
		return nil, err
	}
	c := &changes{}
	if ms := readTime(r); ms > 0 {
		c.expired = time.UnixMilli(ms)
	}
	for range r.Count(1) {
		c.gone = append(c.gone, r.String())
	}
	for range r.Count(3 + 4*s.K) {
		d := disk.Document{ID: r.String(), Time: time.UnixMilli(readTime(r))}
		values := r.Uint32s(nil, s.K)
		n := r.Count(8)
		d.Set = r.Uint64s(make([]uint64, 0, n), n)
		if err := r.Err(); err != nil {
			return nil, err
		}
		if d.Signature, err = s.Wrap(values); err != nil {
			return nil, fmt.Errorf("document %d: %w", len(c.docs), err)
		}
		c.docs = append(c.docs, d)
	}
	return c, r.End()
}
