package shingle

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/bits"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/internal/splitmix"
)

// ErrSeed means that the name of a Shingler belongs to a different seed than the
// Shingler that reads it has: see [Shingler.UnmarshalText].
var ErrSeed = errors.New("wrong seed")

// fingerprint returns 16 hexadecimal digits that identify a seed. The seed can be
// found from the digits only by trying seeds.
func fingerprint(seed uint64) string {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte("neardup/shingle seed "), seed))
	return hex.EncodeToString(sum[:8])
}

// keyed holds the constants that depend on a seed.
type keyed struct {
	seed  uint64
	mixer mixer
	chars [128]uint64 // hash of each ASCII character as a token
}

var unkeyed = newKeyed(0)

// newKeyed derives the constants from the seed; the derivation is frozen. Tokens of
// up to eight bytes go through the mixer, which is a bijection for them: no two such
// tokens have the same hash. Longer tokens are polynomials: the two multiplications
// of hash16 would collide for chosen tokens far more often than by chance, and xxhash
// has collisions that no seed prevents.
func newKeyed(seed uint64) *keyed {
	k := &keyed{seed: seed, mixer: public}
	if seed != 0 {
		rng := splitmix.Source(seed)
		k.mixer = mixer{
			low: rng.Multiplier(), high: rng.Multiplier(), mix: rng.Multiplier(), end: rng.Multiplier(),
			step: rng.Multiplier()&^7 | 5, width: rng.Multiplier(), short: 8,
		}
		for k.mixer.point < 2 || k.mixer.point >= mersenne61 {
			k.mixer.point = rng.Next() & mersenne61
		}
	}
	m := &k.mixer
	for c := range k.chars {
		k.chars[c] = hash16(uint64(c), 0, 1, m.low, m.high, m.mix, m.end)
	}
	return k
}

const (
	mersenne61 = 1<<61 - 1
	limb       = 7 // number of bytes in a coefficient
)

// polynomial returns the hash of a token with a seed. It is a polynomial over the
// integers modulo 2^61-1, evaluated at the secret point and finished. Each
// coefficient holds seven bytes of the token, the last one padded with zeros; the
// length of the token is the final coefficient. The polynomials of two tokens of up
// to 7*d bytes, chosen without knowledge of the seed, agree at no more than d+1
// points (Carter and Wegman 1979).
func (m *mixer) polynomial(b []byte) uint64 {
	var p polynomial
	p.write(m, b)
	return p.sum(m)
}

// A polynomial computes the hash of a token that arrives in parts.
type polynomial struct {
	value uint64
	n     int        // number of bytes written
	part  [limb]byte // the last n%limb bytes
}

func (p *polynomial) write(m *mixer, b []byte) {
	held := p.n % limb
	p.n += len(b)
	if held > 0 {
		n := copy(p.part[held:], b)
		if b = b[n:]; held+n < limb {
			return
		}
		p.value = multiply(p.value, m.point, coefficient(p.part[:]))
	}
	for ; len(b) >= 8; b = b[limb:] {
		p.value = multiply(p.value, m.point, binary.LittleEndian.Uint64(b)&(1<<(8*limb)-1))
	}
	if len(b) >= limb {
		p.value = multiply(p.value, m.point, coefficient(b[:limb]))
		b = b[limb:]
	}
	copy(p.part[:], b)
}

func coefficient(b []byte) (x uint64) {
	for i, c := range b {
		x |= uint64(c) << (8 * i)
	}
	return x
}

func (p *polynomial) sum(m *mixer) uint64 {
	v := p.value
	if held := p.n % limb; held > 0 {
		v = multiply(v, m.point, coefficient(p.part[:held]))
	}
	v = multiply(v, m.point, uint64(p.n))
	if v >= mersenne61 {
		v -= mersenne61
	}
	h := (v ^ m.high) * m.mix
	h ^= h >> 32
	h *= m.end
	return h ^ h>>29
}

// multiply returns a number below 2^62 that equals a*b + x modulo 2^61-1, for b and x
// below 2^61 and a below 2^62.
func multiply(a, b, x uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	sum := lo&mersenne61 + (hi<<3 | lo>>61)
	sum = sum&mersenne61 + sum>>61 + x
	return sum&mersenne61 + sum>>61
}

// A digest hashes a token that is too long to keep, part by part, with the same
// result as hashLong.
type digest struct {
	xx   xxhash.Digest
	poly polynomial
}

func (d *digest) reset() {
	d.xx.Reset()
	d.poly = polynomial{}
}

func (d *digest) write(m *mixer, b []byte) {
	if m.point != 0 {
		d.poly.write(m, b)
		return
	}
	d.xx.Write(b)
}

func (d *digest) sum(m *mixer) uint64 {
	if m.point != 0 {
		return d.poly.sum(m)
	}
	return d.xx.Sum64()
}
