package minhash

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/neardup/neardup/internal/wire"
)

// An Algorithm computes registers from elements. The zero Algorithm is Bucket.
type Algorithm uint8

const (
	// Bucket is the default: bucket rounds and a fallback; see the package
	// documentation.
	Bucket Algorithm = iota
	// Classic is MinHash with K permutations of 32-bit hashes. It does K times the work
	// for each element, and is the reference for the other algorithms.
	Classic
	// Affine32 makes the signatures of the scheme "affine32" of the Python
	// package datasketch 2.0, bit for bit, from the hashes of package
	// minhash/datasketch.
	Affine32
	// Legacy makes the signatures of datasketch's scheme "legacy", its only one before
	// 2.0. It is slow and biased for large sets; use it to read and extend old data.
	Legacy
	algorithms
)

// String returns the name of the algorithm in lower case.
func (a Algorithm) String() string {
	switch a {
	case Bucket:
		return "bucket"
	case Classic:
		return "classic"
	case Affine32:
		return "affine32"
	case Legacy:
		return "legacy"
	}
	return fmt.Sprintf("Algorithm(%d)", uint8(a))
}

// The largest K of the algorithms, and the longest name of the elements.
const (
	maxBucketK = 1024
	maxK       = 1 << 16
	maxName    = 255
)

// schemeVersion changes whenever the same options would produce different registers.
const schemeVersion = 1

// The errors of this package, always wrapped. All but ErrScheme are the same
// values in the other packages of this module.
var (
	// ErrFormat means that the bytes or the text are not in the format.
	ErrFormat = wire.ErrFormat
	// ErrVersion means that the bytes or the text have a later version of the format or
	// scheme.
	ErrVersion = wire.ErrVersion
	// ErrCorrupt means that the bytes or the text are damaged or contradict themselves.
	ErrCorrupt = wire.ErrCorrupt
	// ErrMismatch means that two signatures are of different schemes.
	ErrMismatch = wire.ErrMismatch
	// ErrScheme means that a Scheme has invalid fields, like the zero Scheme.
	ErrScheme = errors.New("invalid scheme")
)

// A Scheme describes how a signature was made. Only signatures of equal schemes
// compare; schemes are compared with ==. The zero Scheme is invalid; a valid one
// comes from [Sketcher.Scheme] or from stored data.
type Scheme struct {
	Algorithm Algorithm
	K         int    // number of registers
	Rounds    int    // bucket rounds before the fallback; 0 unless Bucket
	Seed      uint64 // seed of the hash functions
	Elements  string // the kind of elements: the name from Options, or ""
	Version   int    // version of the algorithms' definition
}

// String returns the scheme on one line, as [Scheme.MarshalText] does, but also for
// invalid schemes.
func (sc Scheme) String() string {
	return fmt.Sprintf("%v k=%d rounds=%d seed=%d elements=%+q version=%d",
		sc.Algorithm, sc.K, sc.Rounds, sc.Seed, sc.Elements, sc.Version)
}

// check returns nil if the scheme is valid, and otherwise an error that names the
// field; the error wraps ErrVersion if a later release may know the scheme.
func (sc Scheme) check() error {
	switch {
	case sc.Version != schemeVersion:
		return fmt.Errorf("scheme version %d, but this release knows only version %d: %w", sc.Version, schemeVersion, ErrVersion)
	case sc.Algorithm >= algorithms:
		return fmt.Errorf("unknown algorithm %d: %w", sc.Algorithm, ErrVersion)
	case len(sc.Elements) > maxName:
		return fmt.Errorf("the name of the elements has %d bytes, limit %d", len(sc.Elements), maxName)
	case sc.Algorithm == Bucket && sc.Rounds != bucketRounds:
		return fmt.Errorf("%d rounds, but %v has %d", sc.Rounds, sc.Algorithm, bucketRounds)
	case sc.Algorithm != Bucket && sc.Rounds != 0:
		return fmt.Errorf("%d rounds, but %v has none", sc.Rounds, sc.Algorithm)
	case sc.Algorithm == Bucket && (sc.K < 16 || sc.K > maxBucketK || bits.OnesCount(uint(sc.K)) != 1):
		return fmt.Errorf("k is %d, but %v needs a power of two from 16 to %d", sc.K, sc.Algorithm, maxBucketK)
	case sc.K < 1 || sc.K > maxK:
		return fmt.Errorf("k is %d, but %v needs a number from 1 to %d", sc.K, sc.Algorithm, maxK)
	case sc.Algorithm >= Affine32 && sc.Seed>>32 != 0:
		return fmt.Errorf("seed %d does not fit in the 32 bits of %v", sc.Seed, sc.Algorithm)
	}
	return nil
}

// valid is check with the error wrapped for callers that pass in a Scheme.
func (sc Scheme) valid() error {
	err := sc.check()
	if err == nil || errors.Is(err, ErrVersion) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrScheme, err)
}

// intact is check with the error wrapped for decoders of a stored Scheme.
func (sc Scheme) intact() error {
	err := sc.check()
	if err == nil || errors.Is(err, ErrVersion) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// Wrap returns the Signature of the scheme with the given registers, for registers
// that were stored without their scheme. It keeps them and does not copy.
// [Sketcher.Wrap] does the same without a copy of the scheme for each signature. The
// error wraps [ErrScheme] or [ErrVersion] if sc is invalid, and [ErrCorrupt] if no
// set could have the registers.
func (sc Scheme) Wrap(values []uint32) (Signature, error) {
	err := sc.valid()
	if err == nil {
		err = sc.checkValues(values)
	}
	if err != nil {
		return Signature{}, fmt.Errorf("minhash: %w", err)
	}
	return Signature{&sc, values}, nil
}

// checkValues returns an error if no set could have the registers.
func (sc Scheme) checkValues(values []uint32) error {
	if len(values) != sc.K {
		return fmt.Errorf("%d registers, want %d: %w", len(values), sc.K, ErrCorrupt)
	}
	if sc.Algorithm != Bucket {
		return nil
	}
	// An element always reaches a register in round 0.
	allEmpty := true
	for _, v := range values {
		if v < tagOf(1) {
			return nil
		}
		allEmpty = allEmpty && v == empty
	}
	if !allEmpty {
		return fmt.Errorf("no register has an element of round 0: %w", ErrCorrupt)
	}
	return nil
}

func (sc Scheme) append(dst []byte) []byte {
	dst = append(dst, byte(sc.Algorithm), byte(sc.Rounds))
	dst = binary.AppendUvarint(dst, uint64(sc.Version))
	dst = binary.AppendUvarint(dst, uint64(sc.K))
	dst = binary.LittleEndian.AppendUint64(dst, sc.Seed)
	return wire.AppendString(dst, sc.Elements)
}

func readScheme(r *wire.Reader) Scheme {
	var sc Scheme
	sc.Algorithm, sc.Rounds = Algorithm(r.Byte()), int(r.Byte())
	version, k := r.Uvarint(), r.Uvarint()
	if version > 1<<20 {
		r.Fail(fmt.Errorf("scheme version %d: %w", version, ErrVersion))
	}
	if k > maxK {
		r.Failf("%d registers", k)
	}
	sc.Version, sc.K = int(version), int(k)
	sc.Seed = r.Uint64()
	sc.Elements = r.String()
	if r.Err() == nil {
		if err := sc.intact(); err != nil {
			r.Fail(err)
		}
	}
	return sc
}
