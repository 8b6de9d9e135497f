package spill

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/neardup/neardup/examples/dedup/internal/extsort"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/lsh"
)

// A ref is the number of a document in the order of the input. In records it takes
// six bytes, the highest first, so that records sort by it.
const (
	refSize = 6
	maxRef  = 1<<(8*refSize) - 1
)

func appendRef(dst []byte, ref int64) []byte {
	return append(dst, byte(ref>>40), byte(ref>>32), byte(ref>>24), byte(ref>>16), byte(ref>>8), byte(ref))
}

// refAt reads the ref at the beginning of b.
func refAt(b []byte) int64 {
	_ = b[refSize-1]
	return int64(b[0])<<40 | int64(b[1])<<32 | int64(b[2])<<24 | int64(b[3])<<16 | int64(b[4])<<8 | int64(b[5])
}

// errRecord reports a record that is too short, although its checksum is right.
var errRecord = fmt.Errorf("a record of another version: %w", extsort.ErrDamaged)

// pairRef reads both refs of a record.
func pairRef(b []byte) (first, second int64, err error) {
	if len(b) < 2*refSize {
		return 0, 0, errRecord
	}
	return refAt(b), refAt(b[refSize:]), nil
}

// scoreSize is the size of a score.
const scoreSize = 3*8 + 1

func appendScore(dst []byte, s lsh.Score) []byte {
	for _, x := range [...]float64{s.Similarity, s.ContainmentA, s.ContainmentB} {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
	}
	if s.Exact {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func scoreAt(b []byte) (s lsh.Score, err error) {
	if len(b) < scoreSize {
		return s, errRecord
	}
	at := func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])) }
	return lsh.Score{Similarity: at(0), ContainmentA: at(1), ContainmentB: at(2), Exact: b[24] == 1}, nil
}

// words and hashes read the numbers written by [wire.AppendUint32s] and
// [wire.AppendUint64s] into dst.
func words(dst []uint32, b []byte) []uint32 {
	for ; len(b) >= 4; b = b[4:] {
		dst = append(dst, binary.LittleEndian.Uint32(b))
	}
	return dst
}

func hashes(dst []uint64, b []byte) []uint64 {
	for ; len(b) >= 8; b = b[8:] {
		dst = append(dst, binary.LittleEndian.Uint64(b))
	}
	return dst
}

// A document holds the data that a run keeps in addition to text and registers.
type document struct {
	input.Doc         // without text
	Size      int     // length of the text in bytes
	Rank      float64 // value of the field that -keep names
	Origin    int64   // ref in the order of the input, if -keep has another order
}

func (d *document) append(dst []byte) []byte {
	for _, s := range [...]string{d.ID, d.Host, d.Time, d.Format, d.File} {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	for _, n := range [...]int{d.Line, d.Row, d.Record, int(d.Offset), d.Size, int(d.Origin)} {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	return binary.AppendUvarint(dst, bits.ReverseBytes64(math.Float64bits(d.Rank))) // short for most documents
}

var errDocument = errors.New("a document that ends early")

// read reads a document. Strings equal to the current ones are not allocated again.
func (d *document) read(b []byte) error {
	for _, s := range [...]*string{&d.ID, &d.Host, &d.Time, &d.Format, &d.File} {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return errDocument
		}
		if text := b[size : size+int(n)]; *s != string(text) {
			*s = string(text)
		}
		b = b[size+int(n):]
	}
	for i := range 7 {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > math.MaxInt64 && i < 6 {
			return errDocument
		}
		switch i {
		case 0:
			d.Line = int(n)
		case 1:
			d.Row = int(n)
		case 2:
			d.Record = int(n)
		case 3:
			d.Offset = int64(n)
		case 4:
			d.Size = int(n)
		case 5:
			d.Origin = int64(n)
		case 6:
			if d.Rank = math.Float64frombits(bits.ReverseBytes64(n)); d.Rank != d.Rank {
				return errDocument
			}
		}
		b = b[size:]
	}
	return nil
}
