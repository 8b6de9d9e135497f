package minhash

import "slices"

// The functions in this file define the algorithms; the kernels of each architecture
// give the same results and are tested against them.

func (p *params) mixOne(h uint64) uint64 {
	x := h ^ p.key[0]
	x ^= x >> 32
	x *= p.key[1]
	x ^= x >> 32
	x *= p.key[2]
	return x ^ x>>32
}

func mixGeneric(xs, hashes []uint64, p *params) {
	xs = xs[:len(hashes)]
	for i, h := range hashes {
		xs[i] = p.mixOne(h)
	}
}

func firstRoundGeneric(regs []uint32, xs, hashes []uint64, p *params) {
	xs = xs[:len(hashes)]
	shift, mask := p.shift, len(regs)-1
	key, mul0, mul1 := p.key[0], p.key[1], p.key[2]
	for i, h := range hashes {
		x := h ^ key
		x ^= x >> 32
		x *= mul0
		x ^= x >> 32
		x *= mul1
		x ^= x >> 32
		xs[i] = x
		r := &regs[int(x>>(shift&63))&mask]
		*r = min(*r, uint32(x)>>1)
	}
}

// fullLimit bounds the greatest register for fullRound: below it every bucket has seen
// so many elements that seven in eight further ones, or more, change no register. With a
// higher limit the branch on that would be hard to predict.
const fullLimit = 1 << 28

// fullRoundGeneric does the first round and returns true if all buckets are well
// filled. No other round is needed then.
func fullRoundGeneric(regs []uint32, hashes []uint64, p *params) bool {
	limit := slices.Max(regs)
	if limit > fullLimit {
		return false
	}
	shift, mask := p.shift, len(regs)-1
	key, mul0, mul1 := p.key[0], p.key[1], p.key[2]
	for _, h := range hashes {
		x := h ^ key
		x ^= x >> 32
		x *= mul0
		x ^= x >> 32
		x *= mul1
		x ^= x >> 32
		if v := uint32(x) >> 1; v < limit {
			r := &regs[int(x>>(shift&63))&mask]
			*r = min(*r, v)
		}
	}
	return true
}

func laterRoundGeneric(regs []uint32, xs []uint64, p *params, round int) {
	shift, mask := p.shift, len(regs)-1
	mul, tag := p.round[round], tagOf(round)
	for _, x := range xs {
		y := x * mul
		y ^= y >> 32
		r := &regs[int(y>>(shift&63))&mask]
		*r = min(*r, uint32(y)>>((round+1)&31)|tag)
	}
}

func countFromGeneric(regs []uint32, least uint32) int {
	n := 0
	for _, v := range regs {
		if v >= least {
			n++
		}
	}
	return n
}

// fallbackGeneric lets every element compete for every register that no round
// filled. It takes three registers at a time.
func fallbackGeneric(regs []uint32, xs []uint64, p *params) {
	tag, cut := tagOf(p.rounds), p.rounds&31
	var lanes lanes
	for from := 0; from < len(regs); from += len(lanes) {
		regs, as := regs[from:], p.a[from:]
		n := lanes.missing(regs, tag)
		for at := 0; at < n; at += 3 {
			// The last of the three may repeat a register.
			i, j, k := lanes[at], lanes[min(at+1, n-1)], lanes[min(at+2, n-1)]
			a, b, c := compete(xs, as[i], as[j], as[k])
			regs[i] = min(regs[i], a>>cut|tag)
			regs[j] = min(regs[j], b>>cut|tag)
			regs[k] = min(regs[k], c>>cut|tag)
		}
	}
}

// lanes are indices of registers.
type lanes [128]uint8

// missing sets l to the indices of the registers among the first len(l) that are at
// least tag, and returns their number. A branch on each would be unpredictable, so
// there is none. It is a separate function so that all values fit into registers.
//
//go:noinline
func (l *lanes) missing(regs []uint32, tag uint32) int {
	n, most := 0, uint64(tag)-1
	for i, v := range regs[:min(len(regs), len(l))] {
		l[n&(len(l)-1)] = uint8(i)
		n += int((most - uint64(v)) >> 63)
	}
	return n
}

// compete returns the smallest products of the elements with three multipliers. It is a
// separate function so that all values fit into registers.
//
//go:noinline
func compete(xs []uint64, a0, a1, a2 uint32) (m0, m1, m2 uint32) {
	m0, m1, m2 = empty, empty, empty
	for _, x := range xs {
		m0 = min(m0, a0*uint32(x))
		m1 = min(m1, a1*uint32(x))
		m2 = min(m2, a2*uint32(x))
	}
	return m0, m1, m2
}

// permuteGeneric is classic MinHash: every element competes for every register.
func permuteGeneric(regs []uint32, xs []uint64, p *params) {
	a, b := p.a[:len(regs)], p.b[:len(regs)]
	for _, x := range xs {
		x := uint32(x)
		for i := range regs {
			if v := a[i]*x + b[i]; v < regs[i] {
				regs[i] = v
			}
		}
	}
}

func agreeGeneric(a, b []uint32) int {
	b = b[:len(a)]
	n := 0
	for i, v := range a {
		if v == b[i] {
			n++
		}
	}
	return n
}
