package minhash

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/neardup/neardup/internal/wire"
)

// An Algorithm says how registers come from elements.
type Algorithm uint8

const (
	// Bucket is the default: bucket rounds and a fallback, for which see the
	// package documentation.
	Bucket Algorithm = iota
	// Classic is MinHash with K permutations of 32-bit hashes: K times the work
	// for each element, and the reference against which the others are judged.
	Classic
	// Affine32 makes the signatures of the scheme "affine32" of the Python
	// package datasketch 2.0, bit for bit: see [DatasketchHash].
	Affine32
	// Legacy makes those of its scheme "legacy", the only one before 2.0. It is
	// biased for large sets and slow; it serves to read and to extend old data.
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

// The largest K of the algorithms, and the longest name of a shingling.
const (
	maxBucketK   = 1024
	maxK         = 1 << 16
	maxShingling = 255
)

// schemeVersion changes whenever the same options would give other registers.
const schemeVersion = 1

// The errors of reading signatures and schemes, always wrapped. Other packages
// of this module return the same values.
var (
	// ErrFormat says that the bytes are no signature at all.
	ErrFormat = wire.ErrFormat
	// ErrVersion says that they are of a later version of the format or scheme.
	ErrVersion = wire.ErrVersion
	// ErrCorrupt says that they are damaged or contradict themselves.
	ErrCorrupt = wire.ErrCorrupt
	// ErrMismatch says that two signatures are of unlike schemes.
	ErrMismatch = wire.ErrMismatch
)

// A Scheme says how a signature was made. Only signatures of equal schemes
// compare; schemes are compared with ==.
type Scheme struct {
	Algorithm Algorithm
	K         int    // registers
	Rounds    int    // bucket rounds before the fallback; 0 unless Bucket
	Seed      uint64 // of the hash functions
	Shingling string // what the elements are, in the caller's words
	Version   int    // of the definition of the algorithms
}

// String describes the scheme for a log or an error message.
func (sc Scheme) String() string {
	return fmt.Sprintf("%v k=%d rounds=%d seed=%d shingling=%q version=%d",
		sc.Algorithm, sc.K, sc.Rounds, sc.Seed, sc.Shingling, sc.Version)
}

// check returns an error if there is no such scheme.
func (sc Scheme) check() error {
	switch {
	case sc.Version != schemeVersion:
		return fmt.Errorf("scheme version %d, known is %d: %w", sc.Version, schemeVersion, ErrVersion)
	case sc.Algorithm >= algorithms:
		return fmt.Errorf("unknown algorithm %d: %w", sc.Algorithm, ErrVersion)
	case len(sc.Shingling) > maxShingling:
		return fmt.Errorf("name of the shingling of %d bytes, %d at most: %w", len(sc.Shingling), maxShingling, ErrCorrupt)
	case sc.Algorithm == Bucket && sc.Rounds != bucketRounds || sc.Algorithm != Bucket && sc.Rounds != 0:
		return fmt.Errorf("%v with %d rounds: %w", sc.Algorithm, sc.Rounds, ErrCorrupt)
	case sc.Algorithm == Bucket && (sc.K < 16 || sc.K > maxBucketK || bits.OnesCount(uint(sc.K)) != 1):
		return fmt.Errorf("k is %d, must be a power of two from 16 to %d: %w", sc.K, maxBucketK, ErrCorrupt)
	case sc.K < 1 || sc.K > maxK:
		return fmt.Errorf("k is %d, must be from 1 to %d: %w", sc.K, maxK, ErrCorrupt)
	case sc.Algorithm >= Affine32 && sc.Seed>>32 != 0:
		return fmt.Errorf("seed %d of %v does not fit 32 bits: %w", sc.Seed, sc.Algorithm, ErrCorrupt)
	}
	return nil
}

// checkValues returns an error if no set has the registers.
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
		return fmt.Errorf("registers without any element of round 0: %w", ErrCorrupt)
	}
	return nil
}

func (sc Scheme) append(dst []byte) []byte {
	dst = append(dst, byte(sc.Algorithm), byte(sc.Rounds))
	dst = binary.AppendUvarint(dst, uint64(sc.Version))
	dst = binary.AppendUvarint(dst, uint64(sc.K))
	dst = binary.LittleEndian.AppendUint64(dst, sc.Seed)
	return wire.AppendString(dst, sc.Shingling)
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
	sc.Shingling = r.String()
	if r.Err() == nil {
		if err := sc.check(); err != nil {
			r.Fail(err)
		}
	}
	return sc
}
