package shingle

import "github.com/neardup/neardup/internal/align"

// An Op is the change of a stretch of a passage. The zero Op is Equal.
type Op uint8

const (
	// Equal: A and B have the same tokens.
	Equal Op = iota
	// Replace: A and B have different tokens in the same place.
	Replace
	// Delete: A has tokens that B lacks; B is empty and marks the place.
	Delete
	// Insert: B has tokens that A lacks; A is empty and marks the place.
	Insert
)

// String returns "equal", "replace", "delete" or "insert".
func (o Op) String() string {
	switch o {
	case Equal:
		return "equal"
	case Replace:
		return "replace"
	case Delete:
		return "delete"
	case Insert:
		return "insert"
	}
	return "invalid"
}

// An Edit is one step of turning one side of a passage into the other.
type Edit struct {
	Op   Op
	A, B Span // byte ranges in the texts
}

// Edits returns the steps that turn side A of a passage into side B: stretches of
// equal tokens, and the changes between them. The spans run from the first token of
// a stretch to its last; marks and spaces between stretches belong to none. The
// result is meant for display: print Equal stretches plain, and the others struck
// out or underlined. It panics if the spans of p lie outside the texts.
//
// The cost is linear in the length of the passage if its sides resemble each other,
// and bounded as in [Aligner.Align] if they do not.
func (al Aligner) Edits(a, b string, p Passage) []Edit {
	return al.EditsOf(al.Prepare(p.A.Of(a)), al.Prepare(p.B.Of(b)), p.A.Start, p.B.Start)
}

// EditsOf is like [Aligner.Edits] for the whole of two prepared texts: it returns
// the steps that turn a into b. The offsets are added to the spans of the result.
func (al Aligner) EditsOf(a, b *Text, offsetA, offsetB int) []Edit {
	if a.sh != b.sh {
		panic("shingle: the texts were prepared with different shinglers")
	}
	var out []Edit
	i, j := 0, 0
	add := func(op Op, na, nb int) {
		out = append(out, Edit{op, a.tokens(i, i+na).shift(offsetA), b.tokens(j, j+nb).shift(offsetB)})
		i, j = i+na, j+nb
	}
	between := func(na, nb int) {
		switch {
		case na > 0 && nb > 0:
			add(Replace, na, nb)
		case na > 0:
			add(Delete, na, 0)
		case nb > 0:
			add(Insert, 0, nb)
		}
	}
	for _, r := range align.Global(a.ids, b.ids) {
		between(int(r.A)-i, int(r.B)-j)
		add(Equal, int(r.N), int(r.N))
	}
	between(a.Len()-i, b.Len()-j)
	return out
}

// tokens returns the span of the tokens [i, j); if there are none, the empty span at
// the end of the preceding token.
func (t *Text) tokens(i, j int) Span {
	switch {
	case i < j:
		return Span{t.start(i), t.end(j - 1)}
	case i > 0:
		return Span{t.end(i - 1), t.end(i - 1)}
	}
	return Span{}
}

func (s Span) shift(n int) Span { return Span{s.Start + n, s.End + n} }
