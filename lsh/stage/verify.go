package stage

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/neardup/neardup/minhash"
)

// Screen reads candidates with a byte for each register of both documents and
// writes those that may match: at least as many bytes agree as registers of a
// match. About one unrelated register in 256 agrees by chance.
func (o Options) Screen(in io.Reader, out io.Writer) error {
	o = o.withDefaults()
	least := o.rule().Floor
	if o.Estimate {
		least = o.rule().Accept
	}
	var (
		column [4][]byte
		x, y   []byte
	)
	return filter("screen", in, out, func(line []byte, w *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		a, b, err := pairOf(column[0], column[1])
		if err != nil {
			return err
		}
		if x, err = decode(x[:0], column[2]); err != nil {
			return err
		}
		if y, err = decode(y[:0], column[3]); err != nil {
			return err
		}
		if len(x) != o.K || len(y) != o.K {
			return fmt.Errorf("%d and %d bytes, signatures have %d registers", len(x), len(y), o.K)
		}
		same := 0
		for i := range x {
			if x[i] == y[i] {
				same++
			}
		}
		if same >= least {
			w.ints(a, b)
		}
		return nil
	}, nil)
}

// pairOf reads the refs of a pair.
func pairOf(first, second []byte) (a, b int64, err error) {
	if a, err = refOf(first); err != nil {
		return 0, 0, err
	}
	if b, err = refOf(second); err != nil {
		return 0, 0, err
	}
	if a >= b {
		return 0, 0, fmt.Errorf("pair of %d and %d: the lower ref comes first", a, b)
	}
	return a, b, nil
}

// A side is one document of a pair.
type side struct {
	column []byte // as it was read
	raw    []byte
	regs   []uint32
	set    []uint64
}

// read reads what Sketch wrote of a document: its set, of which the registers follow,
// or the registers. Engines give many pairs of one document in a row.
func (s *side) read(column []byte, o *Options, mh *minhash.Sketcher) (err error) {
	if len(s.column) > 0 && bytes.Equal(column, s.column) {
		return nil
	}
	s.column = s.column[:0]
	if s.raw, err = decode(s.raw[:0], column); err != nil {
		return err
	}
	if o.Estimate {
		if len(s.raw) != 4*o.K {
			return fmt.Errorf("registers of %d bytes, want %d", len(s.raw), 4*o.K)
		}
		s.regs = appendWords(s.regs[:0], s.raw)
	} else {
		if len(s.raw) == 0 || len(s.raw)%8 != 0 {
			return fmt.Errorf("set of %d bytes, an element has 8", len(s.raw))
		}
		s.set = appendHashes(s.set[:0], s.raw)
		s.regs = mh.AppendValues(s.regs[:0], s.set)
	}
	s.column = append(s.column, column...)
	return nil
}

// Verify reads candidates with the sets of both documents, or their registers with
// Estimate, and writes those that match by the [lsh.Rule], the higher ref first,
// with their similarity.
func (o Options) Verify(in io.Reader, out io.Writer) error {
	o = o.withDefaults()
	rule, mh := o.rule(), o.sketcher()
	var (
		column [4][]byte
		x, y   side
	)
	return filter("verify", in, out, func(line []byte, w *printer) error {
		if err := cut(column[:], line); err != nil {
			return err
		}
		a, b, err := pairOf(column[0], column[1])
		if err != nil {
			return err
		}
		if err := x.read(column[2], &o, mh); err != nil {
			return err
		}
		if err := y.read(column[3], &o, mh); err != nil {
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
		_, err = w.Write(w.buf)
		return err
	}, nil)
}
