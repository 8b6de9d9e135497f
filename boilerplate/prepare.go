package boilerplate

import (
	"unsafe"

	"github.com/neardup/neardup/shingle"
)

// Prepare returns p with its text read and its blocks hashed, so that a page that is
// both observed and judged is read once. Pass the result to any method that takes a
// Page, of this detector or of others with the same Seed, from any number of
// goroutines. The verdicts are the same.
//
// The prepared form takes about as much memory as the text and lives as long as the
// page. It is valid for the current Text and Blocks of p: if either field is
// reassigned, the page is read again. Do not modify the elements of Blocks. Prepare
// panics if p.Blocks are not ascending, disjoint spans of p.Text.
func (d *Detector) Prepare(p Page) Page {
	d.made()
	r := readers.Get().(*reader)
	defer readers.Put(r)
	p.prepared = &prepared{
		digest: r.counted(&p, &d.opts).clone(),
		text:   p.Text, blocks: p.Blocks,
		seed: d.opts.seed, sum: d.hash(p.Text),
	}
	return p
}

// prepared holds the tokens and blocks of a page's text.
type prepared struct {
	digest
	text   string
	blocks []shingle.Span
	seed   uint64
	sum    uint64 // checksum of the text
}

// ready returns the prepared form of the text of p, or nil.
func (p *Page) ready(seed uint64) *prepared {
	q := p.prepared
	if q == nil || q.seed != seed || q.text != p.Text || len(q.blocks) != len(p.Blocks) ||
		unsafe.SliceData(q.blocks) != unsafe.SliceData(p.Blocks) {
		return nil
	}
	return q
}

// clone returns a copy that takes no more memory than it needs.
func (dg *digest) clone() digest {
	all := make([]uint64, 0, len(dg.keys)+len(dg.grams)+len(dg.fresh))
	part := func(s []uint64) []uint64 {
		from := len(all)
		all = append(all, s...)
		return all[from:len(all):len(all)]
	}
	return digest{
		blocks: append([]block(nil), dg.blocks...),
		grams:  part(dg.grams), keys: part(dg.keys), fresh: part(dg.fresh),
	}
}
