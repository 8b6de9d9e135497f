package minhash

import "math/bits"

// This file has the algorithms of the Python package datasketch. Package
// minhash/datasketch has that package's hash function and file format.

// affine32 sets the parameters that numpy.random.RandomState(seed) draws for the
// scheme "affine32": first all multipliers, then all addends.
func (p *params) affine32(seed uint32) {
	p.fmix32 = true
	p.a, p.b = make([]uint32, p.lanes()), make([]uint32, p.lanes())
	rng := newTwister(seed)
	for i := range p.k {
		p.a[i] = rng.next()<<1 | 1
	}
	for i := range p.k {
		p.b[i] = rng.next()
	}
}

// mixAffine32 is the 32-bit finaliser of MurmurHash3, which datasketch applies
// to a hash before it permutes it.
func mixAffine32(xs, hashes []uint64) {
	xs = xs[:len(hashes)]
	for i, h := range hashes {
		x := uint32(h)
		x ^= x >> 16
		x *= 0x85EBCA6B
		x ^= x >> 13
		x *= 0xC2B2AE35
		xs[i] = uint64(x ^ x>>16)
	}
}

const mersenne61 = 1<<61 - 1

// A legacyPermutation maps h to (a*h + b) mod 2^64 mod 2^61-1 mod 2^32. The first
// modulus is an unintended overflow in datasketch that biases its estimates; it is
// reproduced to get the same values.
type legacyPermutation struct{ a, b uint64 }

func legacyPermutations(k int, seed uint32) []legacyPermutation {
	rng := newTwister(seed)
	// numpy draws a number up to n by masked rejection.
	draw := func(n uint64) uint64 {
		mask := ^uint64(0) >> bits.LeadingZeros64(n)
		for {
			hi := uint64(rng.next())
			if v := (hi<<32 | uint64(rng.next())) & mask; v <= n {
				return v
			}
		}
	}
	ps := make([]legacyPermutation, k)
	for i := range ps {
		ps[i].a = 1 + draw(mersenne61-2)
		ps[i].b = draw(mersenne61 - 1)
	}
	return ps
}

func updateLegacy(regs []uint32, hashes []uint64, ps []legacyPermutation) {
	for _, h := range hashes {
		h &= 1<<32 - 1
		for i, p := range ps {
			regs[i] = min(regs[i], uint32((p.a*h+p.b)%mersenne61))
		}
	}
}

// twister is MT19937 (Matsumoto and Nishimura 1998), the generator of numpy's
// RandomState.
type twister struct {
	state [624]uint32
	at    int
}

func newTwister(seed uint32) *twister {
	t := &twister{at: 624}
	t.state[0] = seed
	for i := 1; i < len(t.state); i++ {
		prev := t.state[i-1]
		t.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	return t
}

func (t *twister) next() uint32 {
	if t.at == len(t.state) {
		for i := range t.state {
			y := t.state[i]&(1<<31) | t.state[(i+1)%624]&(1<<31-1)
			t.state[i] = t.state[(i+397)%624] ^ y>>1 ^ y&1*0x9908B0DF
		}
		t.at = 0
	}
	y := t.state[t.at]
	t.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9D2C5680
	y ^= y << 15 & 0xEFC60000
	return y ^ y>>18
}
