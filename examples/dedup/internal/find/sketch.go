package find

import (
	"sync"
	"sync/atomic"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// Sketches holds the signatures of the documents of a corpus and their sets of
// shingles, which are computed on request.
type Sketches struct {
	Work lsh.Work // work done by the last search

	order   lsh.ClusterOptions[int] // options of the last call of Clusters
	c       *corpus.Corpus
	o       Options
	confirm shingle.Shingler // for exact figures: the same shingles under the random key of the run
	mh      *minhash.Sketcher
	signed  *corpus.Sketches
	own     bool                          // signed belongs to these sketches, not to the corpus
	masks   [][]shingle.Span              // spans left out of each document; nil for none
	sets    []atomic.Pointer[shingle.Set] // sets requested so far; nil if each request computes its set again
}

// Sketch shingles and sketches every document, ignoring masked spans; nil masks hide
// nothing. Close the sketches.
func Sketch(c *corpus.Corpus, o Options, masks [][]shingle.Span) (*Sketches, error) {
	s := &Sketches{c: c, o: o, confirm: o.Confirmer(), mh: o.Sketcher(), masks: masks}
	// A set takes eight bytes per shingle, hardly more than the words do. Sorting its
	// hashes takes longer than sketching them, so only the sets that are compared are
	// computed, each of them once.
	if !o.Estimate && c.Bytes() < c.Memory()/8 {
		s.sets = make([]atomic.Pointer[shingle.Set], len(c.Docs))
	}
	if s.signed = c.Sketches(); s.signed != nil && masks == nil {
		return s, nil
	}
	sketch := o.sketching()
	var err error
	s.own = true
	s.signed, err = c.MakeSketches(o.K, o.tags(), func(dst []uint32, i int) []uint32 {
		buf := texts.Get().(*[]byte)
		defer texts.Put(buf)
		return sketch(dst, c.Borrow(i, buf), s.mask(i)...)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// texts holds memory for texts that are read from a file.
var texts = sync.Pool{New: func() any { return new([]byte) }}

// sketching returns a function that appends the registers of a text, ignoring its
// masked spans.
func (o *Options) sketching() func(dst []uint32, text string, mask ...shingle.Span) []uint32 {
	sh, mh := o.Shingler(), o.Sketcher()
	buffers := sync.Pool{New: func() any { return new([]uint64) }}
	return func(dst []uint32, text string, mask ...shingle.Span) []uint32 {
		buf := buffers.Get().(*[]uint64)
		defer buffers.Put(buf)
		*buf = sh.AppendHashes((*buf)[:0], text, mask...)
		return mh.AppendValues(dst, *buf)
	}
}

// tags returns empty Tags for a search with these options.
func (o *Options) tags() *lsh.Tags {
	return (&lsh.Batch{Threshold: o.Threshold}).NewTags(o.K)
}

// Load reads a corpus to search with these options. If whole texts may be compared,
// it sketches the documents while it reads them. A text that read would drop is kept
// on disk if it may have to be searched for recycled blocks.
func (o *Options) Load(e *cli.Env, read corpus.Options, inputs []string) (*corpus.Corpus, error) {
	whole := o.Strip == StripNever
	if o.Covered == 0 && o.Strip != StripAlways {
		sketch := o.sketching()
		read.Sketching = &corpus.Sketching{
			K:          o.K,
			Sketch:     func(dst []uint32, text string) []uint32 { return sketch(dst, text) },
			Tags:       o.tags(),
			WholeTexts: whole,
		}
	}
	if read.Texts == corpus.Nowhere && !whole {
		read.Texts = corpus.OnDisk
	}
	return corpus.Load(e, read, o.Against, inputs)
}

// Close removes the temporary files of the sketches.
func (s *Sketches) Close() {
	if s.own {
		s.signed.Registers.Close()
	} else {
		s.c.DropSketches()
	}
}

func (s *Sketches) env() *cli.Env { return s.c.Env() }

func (s *Sketches) mask(i int) []shingle.Span {
	if s.masks == nil {
		return nil
	}
	return s.masks[i]
}

// set returns the shingles of document i. Their hashes have a random key: an author
// can make texts share public hashes, but not these.
func (s *Sketches) set(i int) []uint64 {
	if s.sets == nil {
		buf := texts.Get().(*[]byte)
		defer texts.Put(buf)
		return s.confirm.Set(s.c.Borrow(i, buf), s.mask(i)...)
	}
	if set := s.sets[i].Load(); set != nil {
		return *set
	}
	set := s.confirm.Set(s.c.Text(i), s.mask(i)...)
	s.sets[i].Store(&set)
	return set
}

// Signature returns the signature of document i.
func (s *Sketches) Signature(i int) (minhash.Signature, error) {
	values, err := s.Source().Rows(make([]uint32, s.o.K), i, 1)
	if err != nil {
		return minhash.Signature{}, err
	}
	return s.mh.Wrap(values)
}

// bounded reports comparisons that were left out, so that nothing is missing
// silently.
func (s *Sketches) bounded(w lsh.Work) {
	s.Work = w
	WarnBounded(s.env(), w)
}

// WarnBounded reports comparisons that a search left out.
func WarnBounded(e *cli.Env, w lsh.Work) {
	if w.Bounded > 0 {
		e.Warn("%s of documents that share text are too large to compare every pair: %s left out (fewer with -strip or a higher -threshold)",
			show.Count(w.Bounded, "group"), show.Count(int(w.Skipped), "comparison"))
	}
	if w.BoundedDuplicates > 0 {
		e.Warn("%s with very many copies: only their pairs with the first copy are listed", show.Count(w.BoundedDuplicates, "document"))
	}
}

// SketchStripped is like Sketch, without the blocks that Options.Strip leaves out.
func SketchStripped(c *corpus.Corpus, o Options) (*Sketches, error) {
	masks, err := Masks(c, o)
	if err != nil {
		return nil, err
	}
	return Sketch(c, o, masks)
}
