package lsh

import (
	"math/bits"
	"slices"

	"github.com/neardup/neardup/internal/splitmix"
)

// A keyer turns the registers of a signature into one tag per band. Its constants
// come from the secret seed: without the seed, nobody can make different bands share
// a tag more often than by chance.
type keyer struct {
	banding Banding
	start   []uint64 // one per band
	mul     uint64
}

func makeKeyer(b Banding, seed uint64) keyer {
	k := keyer{banding: b, start: make([]uint64, b.Bands+1)}
	state := seed
	for i := range k.start {
		k.start[i] = splitMix(&state)
	}
	k.mul = splitMix(&state) | 1
	return k
}

// equal reports whether two keyers make the same tags.
func (k *keyer) equal(o *keyer) bool {
	return k.banding == o.banding && k.mul == o.mul && slices.Equal(k.start, o.start)
}

// tag returns the tag of band b; band number Bands is the whole
// signature.
func (k *keyer) tag(registers []uint32, b int) uint32 {
	part := registers
	if b < k.banding.Bands {
		r := k.banding.Rows
		part = registers[b*r : b*r+r]
	}
	h := k.start[b]
	for ; len(part) >= 2; part = part[2:] {
		h = fold(h^(uint64(part[0])|uint64(part[1])<<32), k.mul)
	}
	if len(part) == 1 {
		h = fold(h^uint64(part[0]), k.mul)
	}
	return uint32(fold(h, k.mul) >> 32)
}

// tags writes the tag of every band and of the whole signature to dst.
func (k *keyer) tags(dst, registers []uint32) {
	for b := range dst {
		dst[b] = k.tag(registers, b)
	}
}

// fold multiplies to 128 bits and xors the halves.
func fold(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x^0x9E3779B97F4A7C15, y)
	return hi ^ lo
}

// splitMix returns the next number of the generator of package splitmix.
func splitMix(state *uint64) uint64 { return (*splitmix.Source)(state).Next() }
