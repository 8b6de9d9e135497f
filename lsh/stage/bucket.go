package stage

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/neardup/neardup/internal/sorted"
	"github.com/neardup/neardup/lsh"
)

// A bucket is identified by a band and the key that its documents share.
type bucket struct{ band, key int64 }

// bucketOf reads the columns of a bucket.
func (o Options) bucketOf(band, key []byte) (bucket, error) {
	b, err := number("band", band)
	if err != nil {
		return bucket{}, err
	}
	if b >= o.Banding.Bands {
		return bucket{}, fmt.Errorf("band %d, but the banding %v has bands 0 to %d", b, o.Banding, o.Banding.Bands-1)
	}
	k, err := strconv.ParseInt(string(key), 10, 64)
	if err != nil {
		return bucket{}, fmt.Errorf("key %s is not a number", excerpt(key))
	}
	return bucket{int64(b), k}, nil
}

// before reports whether a bucket precedes another in sorted lines.
func (b bucket) before(c bucket) bool { return b.band < c.band || b.band == c.band && b.key < c.key }

// Sizes reads buckets, sorted by band and key, and writes the band and the size of
// each bucket larger than [lsh.FullBucket]. A query engine can count them too.
func (o Options) Sizes(in io.Reader, out io.Writer) error {
	o = o.withDefaults()
	var (
		now    bucket
		size   int64
		column [3][]byte
	)
	end := func(w *printer) error {
		if size > lsh.FullBucket {
			w.ints(now.band, size)
		}
		size = 0
		return nil
	}
	return filter("sizes", in, out, func(line []byte, w *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		b, err := o.bucketOf(column[0], column[1])
		if err != nil {
			return err
		}
		if b != now {
			if size > 0 && b.before(now) {
				return errors.New("not sorted by band and key")
			}
			_ = end(w) // it cannot fail
			now = b
		}
		size++
		return nil
	}, end)
}

// Full reads the sizes of all buckets above [lsh.FullBucket]. For each band it
// writes the size up to which buckets are compared in full, the number of oversized
// buckets, the number of documents in them, and the number of comparisons left out.
// It needs Documents, and keeps all sizes: at most one for every 128 documents and
// band.
func (o Options) Full(in io.Reader, out io.Writer) error {
	o = o.withDefaults()
	sizes := make([][]int, o.Banding.Bands)
	var column [2][]byte
	return filter("full", in, out, func(line []byte, w *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		b, err := o.bucketOf(column[0], []byte("0"))
		if err != nil {
			return err
		}
		n, err := number("size", column[1])
		if err != nil {
			return err
		}
		if n > o.Documents {
			return fmt.Errorf("a bucket has %d documents, but there are only %d in all", n, o.Documents)
		}
		if n > lsh.FullBucket {
			sizes[b.band] = append(sizes[b.band], n)
		}
		return nil
	}, func(w *printer) error {
		for band, s := range sizes {
			full, work := sorted.Full(s, o.Documents, o.Banding.Bands)
			w.ints(int64(band), int64(full), int64(work.Bounded), int64(work.BoundedDocuments), work.Skipped)
		}
		return nil
	})
}

// Candidates reads buckets, sorted by band, key and ref, and writes the pairs to
// compare, the lower ref first: all pairs of a bucket that is compared in full; in
// an oversized bucket, the pairs of all documents with its leaders. The pairs of a
// document are preceded by one of the document with itself, so that a single join
// gives Screen the registers of both.
func (o Options) Candidates(in io.Reader, out io.Writer) error {
	o = o.withDefaults()
	if o.FullSizes != nil && len(o.FullSizes) != o.Banding.Bands {
		panic(fmt.Sprintf("stage: FullSizes has %d sizes, but the banding %v has %d bands", len(o.FullSizes), o.Banding, o.Banding.Bands))
	}
	var (
		now    = bucket{band: -1}
		last   int64
		column [3][]byte
	)
	full := func() int {
		if o.FullSizes == nil {
			return lsh.FullBucket
		}
		return o.FullSizes[now.band]
	}
	pairs := &sorted.Bucket{Self: true}
	return filter("candidates", in, out, func(line []byte, w *printer) error {
		if pairs.Pair == nil {
			pairs.Pair = w.pair
		}
		if err := cut(column[:], line); err != nil {
			return err
		}
		b, err := o.bucketOf(column[0], column[1])
		if err != nil {
			return err
		}
		ref, err := refOf(column[2])
		if err != nil {
			return err
		}
		switch {
		case b != now && b.before(now):
			return errors.New("not sorted by band and key")
		case b != now:
			if err := pairs.End(); err != nil {
				return err
			}
			now = b
		case ref <= last:
			return errOrder(ref, last)
		}
		last = ref
		return pairs.Add(ref, full())
	}, func(*printer) error { return pairs.End() })
}
