package corpus

import (
	"sync/atomic"

	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/lsh"
)

// A Sketching makes the signatures of documents while they are read, on the goroutines
// that decode them, because the texts are still in the processor's cache.
type Sketching struct {
	K      int
	Sketch func(dst []uint32, text string) []uint32 // appends the K registers of a text
	Tags   *lsh.Tags                                // empty Tags for the banding of the search

	// WholeTexts is set if signatures are always of whole texts. Otherwise sketching
	// ends when a host has a second document: recycled blocks are then left out of the
	// comparison.
	WholeTexts bool
}

// Keeping selects where the texts of a corpus are kept.
type Keeping uint8

const (
	Small   Keeping = iota // up to an eighth of the memory, the others in a temporary file
	Large                  // in all memory that documents and signatures leave free
	OnDisk                 // in a temporary file
	Nowhere                // only their sizes are known
)

// Sketches are the signatures of all documents, and their tags.
type Sketches struct {
	Registers *spool.Registers
	Tags      *lsh.Tags // nil if they would take too much memory
}

// newSketches returns empty Sketches.
func (c *Corpus) newSketches(k int, tags *lsh.Tags) *Sketches {
	return &Sketches{Registers: spool.NewRegisters(k, c.o.Memory/4), Tags: tags}
}

// tagsFit reports whether the tags of docs documents fit in memory.
func (c *Corpus) tagsFit(tags *lsh.Tags, docs int) bool {
	return 4*int64(tags.Size())*int64(docs) <= c.o.Memory/4
}

// A sketcher is a Sketching in progress.
type sketcher struct {
	*Sketching
	out   *Sketches
	ended atomic.Bool
}

// prepare appends the signature of a document and its tags to dst. The goroutines that
// decode documents call it concurrently.
func (s *sketcher) prepare(dst []uint32, d *input.Doc) []uint32 {
	if s.ended.Load() {
		return dst
	}
	n := len(dst)
	dst = s.Sketch(dst, d.Text)
	return s.Tags.Compute(dst, dst[n:n+s.K])
}

// add stores what prepare appended.
func (s *sketcher) add(c *Corpus, words []uint32) error {
	if s.out.Tags != nil && s.out.Tags.Len()%1024 == 0 && !c.tagsFit(s.out.Tags, s.out.Tags.Len()) {
		s.out.Tags = nil
	}
	if s.out.Tags != nil {
		s.out.Tags.Append(words[s.K:])
	}
	return s.out.Registers.Append(words[:s.K])
}

// end drops the signatures: their texts are not the ones that will be compared.
func (s *sketcher) end() {
	if !s.ended.Swap(true) {
		s.out.Registers.Close()
		s.out = nil
	}
}

// Sketches returns the signatures that were made while the documents were read; nil if
// they were not made.
func (c *Corpus) Sketches() *Sketches { return c.sketches }

// DropSketches frees the memory of the signatures. Sketches then returns nil.
func (c *Corpus) DropSketches() {
	if c.sketches != nil {
		c.sketches.Registers.Close()
		c.sketches = nil
	}
}

// MakeSketches returns the signatures that f appends for each document, and adds
// their tags to tags, which must be empty. The caller closes the registers.
func (c *Corpus) MakeSketches(k int, tags *lsh.Tags, f func(dst []uint32, i int) []uint32) (*Sketches, error) {
	s := c.newSketches(k, tags)
	if err := s.Registers.Resize(len(c.Docs)); err != nil {
		return nil, err
	}
	if !c.tagsFit(tags, len(c.Docs)) {
		s.Tags = nil
	} else {
		tags.Resize(len(c.Docs))
	}
	const block = 64 // documents whose signatures are written together
	p := c.env.Progress("sketching", "documents", len(c.Docs))
	defer p.Stop()
	err := Each(c.env.Ctx, c.o.workers(), (len(c.Docs)+block-1)/block, func(b int) error {
		from := b * block
		n := min(block, len(c.Docs)-from)
		values := make([]uint32, 0, n*k)
		var own []uint32
		for i := from; i < from+n; i++ {
			values = f(values, i)
			if s.Tags != nil {
				own = tags.Compute(own[:0], values[len(values)-k:])
				tags.Set(i, own)
			}
		}
		p.Add(n)
		return s.Registers.Put(from, values)
	})
	if err == nil {
		err = c.Err()
	}
	if err != nil {
		s.Registers.Close()
		return nil, err
	}
	return s, nil
}
