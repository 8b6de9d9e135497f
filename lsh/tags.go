package lsh

import "slices"

// tagRows is the number of rows of a block of tags: a power of two.
const tagRows = 1 << 13

// Tags holds the tags by which a [Batch] groups documents: hashes of the bands of
// their signatures and of the whole signatures, 4 bytes each. A Batch that has them
// does not scan the signatures for every band or two, and reads only the signatures
// that it compares. It is best to compute them together with the signatures, while
// these are in the processor's cache. Make Tags with [Batch.NewTags].
//
// Compute and Set may be called by any number of goroutines, Set for different rows;
// Append and Resize must not run concurrently with anything.
type Tags struct {
	key    keyer
	blocks [][]uint32 // blocks of tagRows rows: the tags of one band, then those of the next
	rows   int
}

// NewTags returns Tags without documents, for signatures of k registers. They can be
// used by batches with the same Threshold, Recall, Banding and Seed.
func (b *Batch) NewTags(k int) *Tags {
	o := Options{Threshold: b.Threshold, Recall: b.Recall, Banding: b.Banding, Seed: b.Seed}.withDefaults(k)
	return &Tags{key: makeKeyer(o.Banding, o.Seed)}
}

// Size returns the number of tags of a document: one more than there are bands.
func (t *Tags) Size() int { return t.key.banding.Bands + 1 }

// Len returns the number of documents.
func (t *Tags) Len() int { return t.rows }

// Compute appends the tags of a signature to dst.
func (t *Tags) Compute(dst, registers []uint32) []uint32 {
	n := len(dst)
	dst = slices.Grow(dst, t.Size())[:n+t.Size()]
	t.key.tags(dst[n:], registers)
	return dst
}

// Append adds a document with the given tags.
func (t *Tags) Append(tags []uint32) {
	t.Resize(t.rows + 1)
	t.Set(t.rows-1, tags)
}

// Resize sets the number of documents to rows; the tags of new ones must then be set.
func (t *Tags) Resize(rows int) {
	for len(t.blocks)*tagRows < rows {
		t.blocks = append(t.blocks, make([]uint32, t.Size()*tagRows))
	}
	t.rows = rows
}

// Set sets the tags of a document.
func (t *Tags) Set(row int, tags []uint32) {
	block := t.blocks[row/tagRows][row%tagRows:]
	for b, tag := range tags[:t.Size()] {
		block[b*tagRows] = tag
	}
}

// at returns the tag of a band of a row.
func (t *Tags) at(band int, row uint32) uint32 {
	return t.blocks[row/tagRows][band*tagRows+int(row%tagRows)]
}

// copyBand sets dst to the tags of a band of all rows.
func (t *Tags) copyBand(dst []uint32, band int) {
	for _, block := range t.blocks {
		n := copy(dst, block[band*tagRows:(band+1)*tagRows])
		dst = dst[n:]
	}
}
