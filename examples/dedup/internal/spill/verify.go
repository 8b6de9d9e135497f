package spill

import (
	"github.com/neardup/neardup/internal/sorted"
	"github.com/neardup/neardup/internal/wire"
	"github.com/neardup/neardup/minhash"
)

// Candidates are screened by a byte for each register, and the remaining ones are
// judged by their sets. In both cases the data of the first document of a pair is
// sent to the part of the second one.
//
//	step      reads                                       sorted by  writes
//	packed    a, b, distinct; registers of a              a, b       b, a, packed registers
//	screened  b, a, packed registers; registers of b      b, a       a, b
//	sets      a, b; registers and text of a               a, b       b, a, registers, set
//	matches   b, a, registers, set; the same of b         b, a       b, a, score

func (r *Run) packed(t *task) error {
	c := r.cursor(r.parts[t.i].shards, registerStream)
	defer c.close()
	last := int64(-1)
	var regs []uint32
	var packed []byte
	for record, err := range r.sorted(t, "candidates", t.i, true) {
		if err != nil {
			return err
		}
		a, b, err := pairRef(record)
		if err != nil {
			return err
		}
		if a != last {
			registers, err := c.seek(a)
			if err != nil {
				return err
			}
			regs = words(regs[:0], registers)
			packed, last = sorted.Pack(packed[:0], regs), a
		}
		t.buf = append(appendRef(appendRef(t.buf[:0], b), a), packed...)
		if err := t.add(r.part(b), t.buf); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) screened(t *task) error {
	c := r.cursor(r.parts[t.i].shards, registerStream)
	defer c.close()
	least := r.rule.Floor
	if r.o.Estimate {
		least = r.rule.Accept
	}
	last := int64(-1)
	var regs []uint32
	var packed []byte
	for record, err := range r.sorted(t, "packed", t.i, false) {
		if err != nil {
			return err
		}
		b, a, err := pairRef(record)
		if err != nil {
			return err
		}
		if b != last {
			registers, err := c.seek(b)
			if err != nil {
				return err
			}
			regs = words(regs[:0], registers)
			packed, last = sorted.Pack(packed[:0], regs), b
		}
		other := record[2*refSize:]
		if len(other) != len(packed) {
			return errRecord
		}
		if sorted.Agree(packed, other) < least {
			continue
		}
		t.buf = appendRef(appendRef(t.buf[:0], a), b)
		if err := t.add(r.part(a), t.buf); err != nil {
			return err
		}
	}
	return nil
}

// A side holds the data of one document of a pair, by which a match is decided.
type side struct {
	r           *Run
	regs, texts *cursor
	ref         int64
	registers   []byte
	known       bool
	set         []uint64
}

func (r *Run) side(shards []shard) *side {
	return &side{r: r, regs: r.cursor(shards, registerStream), texts: r.cursor(shards, textStream), ref: -1}
}

func (s *side) close() {
	s.regs.close()
	s.texts.close()
}

// seek moves the side to a document.
func (s *side) seek(ref int64) (err error) {
	if ref == s.ref {
		return nil
	}
	s.ref, s.known = ref, false
	s.registers, err = s.regs.seek(ref)
	return err
}

// shingles returns the set of the document, nil if sets do not decide.
func (s *side) shingles() ([]uint64, error) {
	if s.known || s.r.o.Estimate {
		return s.set, nil
	}
	text, err := s.texts.seek(s.ref)
	if err != nil {
		return nil, err
	}
	s.set, s.known = s.r.confirm.Set(string(text)), true
	return s.set, nil
}

func (r *Run) sets(t *task) error {
	x := r.side(r.parts[t.i].shards)
	defer x.close()
	for record, err := range r.sorted(t, "screened", t.i, false) {
		if err != nil {
			return err
		}
		a, b, err := pairRef(record)
		if err != nil {
			return err
		}
		if err := x.seek(a); err != nil {
			return err
		}
		set, err := x.shingles()
		if err != nil {
			return err
		}
		t.buf = append(appendRef(appendRef(t.buf[:0], b), a), x.registers...)
		t.buf = wire.AppendUint64s(t.buf, set)
		if err := t.add(r.part(b), t.buf); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) matches(t *task) error {
	y := r.side(r.parts[t.i].shards)
	defer y.close()
	var (
		p, q  []uint32
		set   []uint64
		width = 4 * r.o.K
	)
	elements := func(regs []uint32) float64 {
		sig, err := r.mh.Wrap(regs)
		if err != nil {
			return 0
		}
		return sig.Cardinality()
	}
	last := int64(-1)
	for record, err := range r.sorted(t, "sets", t.i, false) {
		if err != nil {
			return err
		}
		b, a, err := pairRef(record)
		if err != nil {
			return err
		}
		rest := record[2*refSize:]
		if len(rest) < width {
			return errRecord
		}
		if err := y.seek(b); err != nil {
			return err
		}
		if b != last {
			q, last = words(q[:0], y.registers), b
		}
		p = words(p[:0], rest[:width])
		if len(p) != r.o.K || len(q) != r.o.K {
			return errRecord
		}
		var failed error
		score, ok := r.rule.Judge(minhash.Agree(p, q), func() ([]uint64, []uint64, bool) {
			if r.o.Estimate {
				return nil, nil, false
			}
			other, err := y.shingles()
			failed = err
			set = hashes(set[:0], rest[width:])
			return set, other, true
		}, func() (float64, float64) { return elements(p), elements(q) })
		if failed != nil {
			return failed
		}
		if !ok {
			continue
		}
		t.buf = appendScore(appendRef(appendRef(t.buf[:0], b), a), score)
		if err := t.add(0, t.buf); err != nil {
			return err
		}
	}
	return nil
}
