package repeat

import (
	"iter"
	"math"
	"math/bits"
	"sync"

	"github.com/neardup/neardup/shingle"
)

// A Text is a text cut into pieces, for one call of Add or Keep.
type Text struct{ seq *seq }

// Prepare cuts a text into pieces. It panics if the text is longer than 4 GiB.
func (c *Cutter) Prepare(text string) *Text { return &Text{c.read(text)} }

// A seq is a list of the pieces of a text. Pieces without a token are left out.
type seq struct {
	text       string
	sym        []uint64 // symbol of each piece; pieces of equal tokens have equal symbols
	start, end []uint32
	tokens     []uint32 // number of tokens before each piece, then the total; nil if every piece is one token
	sum        []uint64 // hash of the pieces before each piece, then of all pieces
	anchors    []anchor
}

// An anchor is a run of pieces by which repetitions are found: it represents the
// windows that begin with one of the pieces first to last.
type anchor struct {
	hash        uint64
	at, n       int
	first, last int
}

func (s *seq) len() int { return len(s.sym) }

// count returns the number of tokens in a range of pieces.
func (s *seq) count(from, to int) int {
	if s.tokens == nil {
		return to - from
	}
	return int(s.tokens[to] - s.tokens[from])
}

// span returns the byte span of a range of pieces.
func (s *seq) span(from, to int) shingle.Span {
	return shingle.Span{Start: int(s.start[from]), End: int(s.end[to-1])}
}

// read returns the pieces of a text, with the anchors.
func (c *Cutter) read(text string) *seq {
	s := c.pieces(text)
	s.sum = make([]uint64, s.len()+1)
	for i, x := range s.sym {
		s.sum[i+1] = push(s.sum[i], x)
	}
	c.setAnchors(s)
	return s
}

var tokenBuffers = sync.Pool{New: func() any { return new([]shingle.Token) }}

// pieces returns the pieces of a text.
func (c *Cutter) pieces(text string) *seq {
	if int64(len(text)) > math.MaxUint32 {
		panic("repeat: the text is longer than 4 GiB")
	}
	buf := tokenBuffers.Get().(*[]shingle.Token)
	defer tokenBuffers.Put(buf)
	*buf = c.opts.Shingler.AppendTokens((*buf)[:0], text)
	tokens := *buf
	s := &seq{text: text}
	if c.opts.Border == Tokens {
		s.atoms(tokens)
		return s
	}
	var split iter.Seq[shingle.Span]
	if split = shingle.Sentences(text); c.opts.Border == Paragraphs {
		split = shingle.Paragraphs(text)
	}
	s.tokens = append(s.tokens, 0)
	add := func(p shingle.Span, tokens []shingle.Token) {
		if len(tokens) == 0 {
			return
		}
		var sum uint64
		for _, t := range tokens {
			sum = push(sum, t.Hash)
		}
		before, k := uint32(0), s.len()
		if k > 0 {
			before = s.end[k-1]
		}
		s.sym = append(s.sym, mix(sum^uint64(len(tokens))))
		s.start = append(s.start, max(before, uint32(min(p.Start, tokens[0].Start))))
		s.end = append(s.end, uint32(max(p.End, tokens[len(tokens)-1].End)))
		s.tokens = append(s.tokens, s.tokens[k]+uint32(len(tokens)))
	}
	at := 0
	for p := range split {
		from := at
		for at < len(tokens) && tokens[at].Start < p.End {
			at++
		}
		add(p, tokens[from:at])
	}
	add(shingle.Span{Start: len(text), End: len(text)}, tokens[at:])
	return s
}

// atoms makes a piece of every token; tokens that come from one character are one
// piece.
func (s *seq) atoms(tokens []shingle.Token) {
	n := len(tokens)
	s.sym, s.start, s.end = make([]uint64, 0, n), make([]uint32, 0, n), make([]uint32, 0, n)
	for _, t := range tokens {
		if k := s.len() - 1; k >= 0 && t.Start < int(s.end[k]) {
			s.sym[k] = mix(s.sym[k] + t.Hash)
			s.end[k] = max(s.end[k], uint32(t.End))
			continue
		}
		s.sym = append(s.sym, t.Hash)
		s.start = append(s.start, uint32(t.Start))
		s.end = append(s.end, uint32(t.End))
	}
}

// setAnchors sets the anchors of all windows. For tokens these are, in every run of
// MinTokens tokens, the run of half as many with the smallest hash; for sentences and
// paragraphs, the shortest run that ends with each piece and has at least MinTokens
// tokens.
func (c *Cutter) setAnchors(s *seq) {
	if s.tokens != nil {
		from := 0
		for to := 1; to <= s.len(); to++ {
			for s.count(from+1, to) >= c.opts.MinTokens && from+1 < to {
				from++
			}
			if s.count(from, to) >= c.opts.MinTokens {
				s.anchors = append(s.anchors, anchor{mix(c.hash(s.sum, from, to)), from, to - from, from, from})
			}
		}
		return
	}
	type gram struct {
		hash uint64
		at   int
	}
	var queue []gram // possible anchors, in ascending order of hash
	head := 0
	width := c.opts.MinTokens - c.runLength + 1
	for i := range max(0, s.len()-c.runLength+1) {
		g := gram{mix(c.hash(s.sum, i, i+c.runLength)), i}
		for len(queue) > head && queue[len(queue)-1].hash > g.hash {
			queue = queue[:len(queue)-1]
		}
		queue = append(queue, g)
		w := i - width + 1
		if w < 0 {
			continue
		}
		if queue[head].at < w {
			head++
		}
		least := queue[head]
		if k := len(s.anchors) - 1; k >= 0 && s.anchors[k].at == least.at {
			s.anchors[k].last = w
		} else {
			s.anchors = append(s.anchors, anchor{least.hash, least.at, c.runLength, w, w})
		}
		if head > 4096 {
			queue, head = append(queue[:0], queue[head:]...), 0
		}
	}
}

// end returns the number of the piece after the last window of an anchor.
func (c *Cutter) end(a anchor) int {
	if c.opts.Border == Tokens {
		return a.last + c.opts.MinTokens
	}
	return a.at + a.n
}

// Hashes of runs are polynomials in a prime field, so the hash of a range follows
// from the prefix hashes at its two ends.
const (
	modulus = 1<<61 - 1
	base    = 0x0e9b5d6f3c27a1d5 & modulus
)

// push returns the hash of a run extended by one piece.
func push(sum, piece uint64) uint64 { return reduce(times(sum, base) + piece>>3 + 1) }

// hash returns the hash of a range of pieces, at most MinTokens of them, from the
// hashes of all prefixes.
func (c *Cutter) hash(sum []uint64, from, to int) uint64 {
	return reduce(sum[to] + modulus - times(sum[from], c.powers[to-from]))
}

func times(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return reduce(lo&modulus + (hi<<3 | lo>>61))
}

// reduce returns x modulo the modulus, for x below eight times it.
func reduce(x uint64) uint64 {
	x = x&modulus + x>>61
	if x >= modulus {
		x -= modulus
	}
	return x
}

// mix spreads the bits of a hash, so that the smallest of several is an arbitrary choice.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
