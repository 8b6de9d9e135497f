package spill

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/neardup/neardup/internal/sorted"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// Documents that share a band are candidates.
//
//	step        reads                             sorted by       writes
//	bands       registers, duplicates of a part   ref             band, key, ref
//	buckets     band, key, ref                    all             the same, for buckets of two or more; band, size above lsh.FullBucket
//	candidates  band, key, ref; all sizes         all             a, b
//
// Bands, keys and refs are numbers of two, eight and six bytes, the highest first.

const bucketSize = 2 + 8 // size of a band and a key in bytes

// bands writes the bands of the documents of a part, except exact duplicates that
// are not the first.
func (r *Run) bands(t *task) error {
	gone := pull(r.sorted(t, "duplicates", t.i, false))
	defer gone.stop()
	duplicate, err := gone.record()
	if err != nil {
		return err
	}
	c := r.cursor(r.parts[t.i].shards, registerStream)
	defer c.close()
	var regs []uint32
	var keys []uint64
	for {
		ref, registers, err := c.step()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if len(duplicate) >= refSize && refAt(duplicate) == ref {
			if duplicate, err = gone.record(); err != nil {
				return err
			}
			continue
		}
		if len(registers) == 0 {
			continue
		}
		regs = words(regs[:0], registers)
		if len(regs) != r.o.K {
			return errRecord
		}
		keys = minhash.BandKeys(keys[:0], regs, r.banding.Bands, r.banding.Rows, 0)
		for band, key := range keys {
			t.buf = binary.BigEndian.AppendUint16(t.buf[:0], uint16(band))
			t.buf = binary.BigEndian.AppendUint64(t.buf, key)
			t.buf = appendRef(t.buf, ref)
			if err := t.add(r.range32(t.buf[2:]), t.buf); err != nil {
				return err
			}
		}
	}
}

// buckets writes the bands that at least two documents share to the first stream,
// and the sizes of large buckets to the last.
func (r *Run) buckets(t *task) error {
	var first []byte // first document of the bucket, until a second one is read
	n := uint64(0)
	end := func() error {
		if n <= lsh.FullBucket {
			return nil
		}
		return t.add(len(r.parts), binary.AppendUvarint(first[:2:2], n))
	}
	for record, err := range r.sorted(t, "bands", t.i, false) {
		if err != nil {
			return err
		}
		if len(record) != bucketSize+refSize {
			return errRecord
		}
		if n == 0 || !bytes.Equal(record[:bucketSize], first[:bucketSize]) {
			if err := end(); err != nil {
				return err
			}
			first, n = append(first[:0], record...), 1
			continue
		}
		if n++; n == 2 {
			if err := t.add(0, first); err != nil {
				return err
			}
		}
		if err := t.add(0, record); err != nil {
			return err
		}
	}
	return end()
}

// sizes returns for each band the size up to which buckets are compared in full, and
// the comparisons left out. It keeps eight bytes for each bucket above
// [lsh.FullBucket]; a band has at most one such bucket per 128 documents.
func (r *Run) sizes() ([]int, lsh.Work, error) {
	var work lsh.Work
	documents, err := r.full()
	if err != nil {
		return nil, work, err
	}
	large := make([][]int, r.banding.Bands)
	for record, err := range r.all("buckets", len(r.parts), len(r.parts)) {
		if err != nil {
			return nil, work, err
		}
		if len(record) < 3 {
			return nil, work, errRecord
		}
		band := int(binary.BigEndian.Uint16(record))
		n, size := binary.Uvarint(record[2:])
		if size <= 0 || band >= len(large) {
			return nil, work, errRecord
		}
		large[band] = append(large[band], int(n))
	}
	full := make([]int, len(large))
	for band, sizes := range large {
		var w lsh.Work
		full[band], w = sorted.Full(sizes, documents, len(large))
		work.Bounded += w.Bounded
		work.BoundedDocuments += w.BoundedDocuments
		work.Skipped += w.Skipped
	}
	return full, work, nil
}

// candidates writes the pairs to compare: all pairs of a bucket that is compared in
// full; in an oversized bucket, the pairs of all documents with its leaders.
func (r *Run) candidates(t *task) error {
	full, _, err := r.sizes()
	if err != nil {
		return err
	}
	var now [bucketSize]byte
	pairs := &sorted.Bucket{Pair: func(a, b int64) error {
		t.buf = appendRef(appendRef(t.buf[:0], a), b)
		return t.add(r.part(a), t.buf)
	}}
	next := func(record []byte) error {
		if len(record) != bucketSize+refSize || int(binary.BigEndian.Uint16(record)) >= len(full) {
			return errRecord
		}
		if !bytes.Equal(record[:bucketSize], now[:]) {
			if err := pairs.End(); err != nil {
				return err
			}
			copy(now[:], record)
		}
		return pairs.Add(refAt(record[bucketSize:]), full[binary.BigEndian.Uint16(record)])
	}
	var failed error
	r.file(taskName("buckets", t.i), 0, func(record []byte, err error) bool {
		if failed = err; err == nil {
			failed = next(record)
		}
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return pairs.End()
}
