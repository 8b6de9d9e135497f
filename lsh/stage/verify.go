package stage

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/neardup/neardup/internal/sorted"
	"github.com/neardup/neardup/minhash"
)

// Screen reads candidates with a byte for each register of the second document,
// sorted by both refs, and writes the pairs that may match: those with at least as
// many equal bytes as a match has equal registers. The pair of a document with
// itself comes before the other pairs of that document, in the input and in the
// output.
func (o Options) Screen(in io.Reader, out io.Writer) error {
	o = o.withDefaults()
	least := o.rule().Floor
	if o.Estimate {
		least = o.rule().Accept
	}
	var (
		x, y    []byte
		written bool // whether the pair of x with itself was written
	)
	return o.pairs("screen", in, out, func(_ int64, column []byte) (err error) {
		written = false
		x, err = o.packed(x[:0], column)
		return err
	}, func(a, b int64, column []byte, w *printer) (err error) {
		if y, err = o.packed(y[:0], column); err != nil {
			return err
		}
		if sorted.Agree(x, y) < least {
			return nil
		}
		if !written {
			written = true
			w.ints(a, a)
		}
		w.ints(a, b)
		return nil
	})
}

// packed appends the registers written by Sketch, one byte each.
func (o *Options) packed(dst, column []byte) ([]byte, error) {
	dst, err := decode(dst, column)
	if err == nil && len(dst) != o.K {
		err = fmt.Errorf("registers of %d bytes, want %d", len(dst), o.K)
	}
	return dst, err
}

// pairs reads pairs with a column of the second document, sorted by both refs. It
// calls first for the pair of a document with itself, and then do for each other
// pair of that document.
func (o *Options) pairs(name string, in io.Reader, out io.Writer, first func(a int64, column []byte) error, do func(a, b int64, column []byte, w *printer) error) error {
	var (
		now, last int64 = -1, -1
		column    [3][]byte
	)
	return filter(name, in, out, func(line []byte, w *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		a, b, err := refsOf(column[0], column[1])
		switch {
		case err != nil:
			return err
		case a > b:
			return errUnordered(a, b)
		case a < now || a == now && b < last:
			return errors.New("not sorted by both refs")
		case a == now && b == last:
			return errTwice(a, b)
		case a > now && a != b:
			return fmt.Errorf("the pair of %d with itself is missing", a)
		}
		last = b
		if a > now {
			now = a
			return first(a, column[2])
		}
		return do(a, b, column[2], w)
	}, nil)
}

func errUnordered(a, b int64) error {
	return fmt.Errorf("pair of %d and %d: the lower ref must come first", a, b)
}

func errTwice(a, b int64) error { return fmt.Errorf("pair of %d and %d occurs twice", a, b) }

// refsOf reads two refs.
func refsOf(first, second []byte) (a, b int64, err error) {
	if a, err = refOf(first); err == nil {
		b, err = refOf(second)
	}
	return a, b, err
}

// A side is one document of a pair.
type side struct {
	raw  []byte
	regs []uint32
	set  []uint64
}

// read decodes the column that Sketch writes for a document: the registers if Estimate
// is set, otherwise the set, from which it computes the registers.
func (s *side) read(column []byte, o *Options, mh *minhash.Sketcher) (err error) {
	if s.raw, err = decode(s.raw[:0], column); err != nil {
		return err
	}
	if o.Estimate {
		if len(s.raw) != 4*o.K {
			return fmt.Errorf("registers of %d bytes, want %d", len(s.raw), 4*o.K)
		}
		s.regs = appendWords(s.regs[:0], s.raw)
		return nil
	}
	if len(s.raw) == 0 || len(s.raw)%8 != 0 {
		return fmt.Errorf("set of %d bytes, want a multiple of 8", len(s.raw))
	}
	s.set = appendHashes(s.set[:0], s.raw)
	s.regs = mh.AppendValues(s.regs[:0], s.set)
	return nil
}

// Verify reads candidates with the set of the second document, or with its registers
// if Estimate is set, sorted by both refs; the pair of a document with itself comes
// before the other pairs of that document. It writes the pairs that match by the
// [lsh.Rule], the higher ref first, with their similarity.
func (o Options) Verify(in io.Reader, out io.Writer) error {
	o = o.withDefaults()
	rule, mh := o.rule(), o.sketcher()
	var x, y side
	return o.pairs("verify", in, out, func(_ int64, column []byte) error {
		return x.read(column, &o, mh)
	}, func(a, b int64, column []byte, w *printer) error {
		if err := y.read(column, &o, mh); err != nil {
			return err
		}
		s, ok := rule.Judge(minhash.Agree(x.regs, y.regs), func() (p, q []uint64, known bool) {
			return x.set, y.set, !o.Estimate
		}, nil)
		if !ok {
			return nil
		}
		w.buf = strconv.AppendInt(w.buf[:0], b, 10)
		w.buf = append(w.buf, '\t')
		w.buf = strconv.AppendInt(w.buf, a, 10)
		w.buf = append(w.buf, '\t')
		w.buf = strconv.AppendFloat(w.buf, s.Similarity, 'g', -1, 64)
		w.buf = append(w.buf, '\n')
		_, err := w.Write(w.buf)
		return err
	})
}
