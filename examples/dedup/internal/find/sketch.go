package find

import (
	"sync"
	"sync/atomic"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// Sketches holds the signatures of the documents of a corpus and their sets of
// shingles, which are computed on request.
type Sketches struct {
	Work lsh.Work // of the last search

	order     lsh.ClusterOptions[int] // result of the last call of Clusters
	c         *corpus.Corpus
	o         Options
	sh        shingle.Shingler // for signatures
	confirm   shingle.Shingler // for exact figures: the same shingles with the random key of the run
	mh        *minhash.Sketcher
	registers *spool.Registers
	masks     [][]shingle.Span              // spans left out of each document; nil for none
	sets      []atomic.Pointer[shingle.Set] // sets requested so far; nil if they are computed each time
}

// Sketch shingles and sketches every document, ignoring masked spans; nil masks hide
// nothing. Close the sketches.
func Sketch(c *corpus.Corpus, o Options, masks [][]shingle.Span) (*Sketches, error) {
	s := &Sketches{c: c, o: o, sh: o.Shingler(), confirm: o.Confirmer(), mh: o.Sketcher(), masks: masks}
	var err error
	s.registers, err = spool.NewRegisters(o.K, len(c.Docs), c.Memory()/4)
	if err != nil {
		return nil, err
	}
	// A set takes eight bytes per shingle, hardly more than the text. Sorting its hashes
	// takes longer than sketching them, so only sets that are compared are made, each of
	// them once.
	if !o.Estimate && c.Bytes() < c.Memory()/8 {
		s.sets = make([]atomic.Pointer[shingle.Set], len(c.Docs))
	}
	buffers := sync.Pool{New: func() any { return new([]uint64) }}
	err = c.Parallel("sketching", func(i int) error {
		buf := buffers.Get().(*[]uint64)
		defer buffers.Put(buf)
		*buf = s.sh.AppendHashes((*buf)[:0], c.Text(i), s.mask(i)...)
		return s.registers.Put(i, func(dst []uint32) []uint32 { return s.mh.AppendValues(dst, *buf) })
	})
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close removes what the sketches keep outside memory.
func (s *Sketches) Close() { s.registers.Close() }

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
		return s.confirm.Set(s.c.Text(i), s.mask(i)...)
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
	values, err := s.registers.Source().Rows(make([]uint32, s.o.K), i, 1)
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

// SketchStripped is Sketch without the blocks left out by Options.Strip.
func SketchStripped(c *corpus.Corpus, o Options) (*Sketches, error) {
	masks, err := Masks(c, o)
	if err != nil {
		return nil, err
	}
	return Sketch(c, o, masks)
}
