package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/neardup/neardup/internal/wire"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// The errors of this package, always wrapped.
var (
	// ErrFormat reports a file that is not part of an index.
	ErrFormat = wire.ErrFormat
	// ErrVersion reports a file of a later version of the format.
	ErrVersion = wire.ErrVersion
	// ErrCorrupt reports a damaged file.
	ErrCorrupt = wire.ErrCorrupt
	// ErrMismatch reports a signature whose scheme differs from the index's, or options
	// that differ from the ones that the index was created with.
	ErrMismatch = errors.New("fixed when the index was created")
	// ErrLocked reports that another Index has the same directory open for writing; it
	// can still be opened with ReadOnly.
	ErrLocked = errors.New("open for writing elsewhere")
	// ErrReadOnly reports a change to an index that was opened with ReadOnly.
	ErrReadOnly = errors.New("index is read only")
	// ErrClosed reports that the index was closed.
	ErrClosed = errors.New("index is closed")
)

// Options configures [Open]. Scheme, Threshold, Recall, Banding and Seed are fixed
// when an index is created. For an existing index, the zero value of each means the
// index's value, and any other value must equal it.
type Options struct {
	// Scheme is the scheme of the signatures. Without it no index is created.
	Scheme minhash.Scheme

	// Threshold, Recall, Banding and Seed have the same meaning and defaults as in
	// [lsh.Options]. Seed is stored in the index: it is as secret as the files.
	Threshold float64
	Recall    float64
	Banding   lsh.Banding
	Seed      uint64

	// ReadOnly opens an existing index without changing it. Any number of readers may
	// have it open alongside one writer. A reader sees the documents that the writer had
	// written to the files when the reader was opened or last called [Index.Refresh]:
	// all durable ones, and perhaps more.
	ReadOnly bool

	// TableSize is the number of documents kept in tables in memory, about half a
	// kilobyte each, before the tables are written to a file; 0 means 32,768. It
	// does not change results.
	TableSize int

	// Now is the clock that gives a document its time if the caller does not; nil means
	// [time.Now].
	Now func() time.Time
}

const defaultTableSize = 1 << 15

func (o Options) check() {
	if o.Threshold != 0 && !(o.Threshold > 0 && o.Threshold <= 1) {
		panic("disk: threshold must be above 0 and at most 1")
	}
	if o.Recall != 0 && !(o.Recall > 0 && o.Recall < 1) {
		panic("disk: recall must be between 0 and 1")
	}
	if o.TableSize < 0 || o.TableSize > 1<<24 {
		panic("disk: TableSize must be from 0 to 1<<24")
	}
	if o.Banding.Bands < 0 || o.Banding.Rows < 0 {
		panic("disk: the numbers of bands and rows must not be negative")
	}
}

// params are the parameters that are fixed for the life of an index.
type params struct {
	scheme    minhash.Scheme
	threshold float64
	banding   lsh.Banding
	seed      uint64
}

// create returns the parameters of a new index.
func (o Options) create() (params, error) {
	if _, err := minhash.ForScheme(o.Scheme); err != nil {
		return params{}, err
	}
	p := params{o.Scheme, o.Threshold, o.Banding, o.Seed}
	if p.threshold == 0 {
		p.threshold = lsh.DefaultThreshold
	}
	if p.banding == (lsh.Banding{}) {
		p.banding = o.choose(p)
	}
	if b := p.banding; b.Bands < 1 || b.Rows < 1 || b.Bands > p.scheme.K/b.Rows {
		panic("disk: banding " + b.String() + " does not fit the signature")
	}
	return p, nil
}

func (o Options) choose(p params) lsh.Banding {
	recall := o.Recall
	if recall == 0 {
		recall = lsh.DefaultRecall
	}
	return lsh.Choose(p.scheme.K, p.threshold, recall)
}

// match returns an error if the options differ from p.
func (o Options) match(p params) error {
	unlike := func(what string, want, have any) error {
		return fmt.Errorf("the index has %s %v, not %v: %w", what, have, want, ErrMismatch)
	}
	switch {
	case o.Scheme != (minhash.Scheme{}) && o.Scheme != p.scheme:
		return unlike("the scheme", o.Scheme, p.scheme)
	case o.Threshold != 0 && o.Threshold != p.threshold:
		return unlike("the threshold", o.Threshold, p.threshold)
	case o.Banding != (lsh.Banding{}) && o.Banding != p.banding:
		return unlike("the banding", o.Banding, p.banding)
	case o.Banding == (lsh.Banding{}) && o.Recall != 0 && o.choose(p) != p.banding:
		return unlike("the banding", o.choose(p), p.banding)
	case o.Seed != 0 && o.Seed != p.seed:
		return fmt.Errorf("the index has a different seed: %w", ErrMismatch)
	}
	return nil
}

func (p params) append(dst []byte) ([]byte, error) {
	sc, err := p.scheme.MarshalBinary()
	if err != nil {
		return nil, err
	}
	dst = wire.AppendString(dst, string(sc))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(p.threshold))
	dst = binary.AppendUvarint(dst, uint64(p.banding.Bands))
	dst = binary.AppendUvarint(dst, uint64(p.banding.Rows))
	return binary.LittleEndian.AppendUint64(dst, p.seed), nil
}

func readParams(r *wire.Reader) params {
	var p params
	if sc := r.String(); r.Err() == nil {
		if err := p.scheme.UnmarshalBinary([]byte(sc)); err != nil {
			r.Fail(err)
		}
	}
	p.threshold = math.Float64frombits(r.Uint64())
	bands, rows := r.Uvarint(), r.Uvarint()
	p.seed = r.Uint64()
	if r.Err() != nil {
		return params{}
	}
	k := uint64(p.scheme.K)
	if !(p.threshold > 0 && p.threshold <= 1) || rows < 1 || rows > k || bands < 1 || bands > k/rows {
		r.Failf("threshold %v with %d bands of %d rows", p.threshold, bands, rows)
		return params{}
	}
	p.banding = lsh.Banding{Bands: int(bands), Rows: int(rows)}
	return p
}
