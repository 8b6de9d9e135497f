// Package datasketch exchanges MinHash signatures with the Python package
// datasketch 2.0: it hashes tokens as that package does and reads and writes its
// LeanMinHash.
//
// The algorithms themselves are in package minhash: [minhash.Affine32] is the scheme
// "affine32" and [minhash.Legacy] the scheme "legacy", bit for bit.
//
//	mh := minhash.New(minhash.Options{Algorithm: minhash.Affine32, Seed: 1})
//	var set []uint64
//	for _, token := range tokens {
//		set = append(set, datasketch.Hash([]byte(token)))
//	}
//	lean, err := datasketch.Append(nil, mh.Sketch(set))
//
// All functions may be called from any number of goroutines.
package datasketch

import (
	"crypto/sha1"
	"encoding/binary"
	"fmt"

	"github.com/neardup/neardup/internal/wire"
	"github.com/neardup/neardup/minhash"
)

// Hash returns the hash that datasketch gives to a token by default (sha1_hash32):
// the first four bytes of the SHA-1 digest, in little-endian order. Use it for
// elements of the algorithms Affine32 and Legacy, which use only the low 32 bits of
// an element.
func Hash(token []byte) uint64 {
	sum := sha1.Sum(token)
	return uint64(binary.LittleEndian.Uint32(sum[:4]))
}

// affine32 is the code of the scheme in the bytes of a LeanMinHash. Legacy has no
// code, and affine64 has a different one.
const affine32 = 1

// version is the version of the schemes that package minhash makes.
var version = minhash.New(minhash.Options{Algorithm: minhash.Affine32, K: 1}).Scheme().Version

// Append appends the bytes that LeanMinHash.serialize of datasketch 2.0 writes, and
// deserialize reads, on a little-endian machine. They contain neither a checksum nor
// the name of the elements. The error wraps [minhash.ErrMismatch] unless the
// algorithm is Affine32 or Legacy.
func Append(dst []byte, sig minhash.Signature) ([]byte, error) {
	sc := sig.Scheme()
	if len(sig.Values()) == 0 || sc.Algorithm != minhash.Affine32 && sc.Algorithm != minhash.Legacy {
		return dst, fmt.Errorf("datasketch: a LeanMinHash cannot have the scheme %v: %w", sc, minhash.ErrMismatch)
	}
	dst = binary.LittleEndian.AppendUint64(dst, sc.Seed)
	if sc.Algorithm == minhash.Legacy {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(sc.K))
	} else {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(-sc.K))
		dst = append(dst, affine32, 0, 0, 0)
	}
	return wire.AppendUint32s(dst, sig.Values()), nil
}

// Read returns the signature in the bytes of a LeanMinHash, of scheme affine32 or
// legacy, as serialize writes them on a little-endian machine, or on any machine with
// byteorder "<". The bytes do not name their elements, so the string of elements,
// which may be nil, becomes part of the scheme, as in [minhash.Options].
//
// The error wraps [minhash.ErrVersion] if the bytes are of another datasketch scheme,
// and otherwise [minhash.ErrCorrupt]. Damage to the values goes undetected, since
// there is no checksum.
func Read(data []byte, elements fmt.Stringer) (minhash.Signature, error) {
	r := wire.NewReader(data)
	sc := minhash.Scheme{Seed: r.Uint64(), Version: version}
	if elements != nil {
		sc.Elements = elements.String()
	}
	switch k := int64(int32(r.Uint32())); {
	case k >= 0:
		sc.Algorithm, sc.K = minhash.Legacy, int(k)
	default:
		code := r.Byte()
		if r.Err() == nil && code != affine32 {
			return minhash.Signature{}, fmt.Errorf("datasketch: LeanMinHash of unknown scheme %d: %w", code, minhash.ErrVersion)
		}
		sc.Algorithm, sc.K = minhash.Affine32, int(min(-k, 1<<31-1))
		// In native order the values are aligned; the length reveals this.
		if r.Len() == 4*sc.K+3 {
			for range 3 {
				if r.Byte() != 0 {
					r.Failf("padding is not zero")
				}
			}
		}
	}
	if err := r.Err(); err != nil {
		return minhash.Signature{}, fmt.Errorf("datasketch: LeanMinHash: %w", err)
	}
	if r.Len()%4 != 0 || r.Len()/4 != sc.K {
		return minhash.Signature{}, fmt.Errorf("datasketch: LeanMinHash declares %d registers, but %d bytes follow: %w", sc.K, r.Len(), minhash.ErrCorrupt)
	}
	sig, err := sc.Wrap(r.Uint32s(make([]uint32, 0, sc.K), sc.K))
	if err != nil {
		return minhash.Signature{}, fmt.Errorf("datasketch: LeanMinHash: %w: %w", minhash.ErrCorrupt, err)
	}
	return sig, nil
}
