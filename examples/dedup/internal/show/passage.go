package show

import (
	"fmt"
	"io"

	"github.com/neardup/neardup/examples/dedup/internal/columns"
	"github.com/neardup/neardup/shingle"
)

// SideBySide shows the passages that the texts a and b share next to each other.
func SideBySide(w io.Writer, idA, a, idB, b string, passages []shingle.Passage) {
	const width, lines = 48, 40
	var al shingle.Aligner
	columns.Write(w, width, 0, Printable(idA), Printable(idB))
	for _, p := range passages {
		fmt.Fprintf(w, "\n  %s, %s", Kind(p), Count(p.Tokens, "word"))
		if !p.Exact {
			fmt.Fprintf(w, ", %s alike", Percent(p.Similarity))
		}
		fmt.Fprintf(w, ", bytes %d to %d and %d to %d\n\n", p.A.Start, p.A.End, p.B.Start, p.B.End)
		left, right := p.A.Of(a), p.B.Of(b)
		if !p.Exact {
			left, right = marked(al.Edits(a, b, p), a, b, p)
		}
		columns.Write(w, width, lines, Printable(OneLine(left)), Printable(OneLine(right)))
	}
	fmt.Fprintln(w)
}

// marked returns both sides of a passage with what only one side has in brackets.
func marked(edits []shingle.Edit, a, b string, p shingle.Passage) (left, right string) {
	side := func(text string, whole shingle.Span, of func(shingle.Edit) shingle.Span) string {
		var s []byte
		at := whole.Start
		for _, e := range edits {
			span := of(e)
			s = append(s, text[at:max(at, span.Start)]...)
			if e.Op == shingle.Equal || span.Len() == 0 {
				s = append(s, span.Of(text)...)
			} else {
				s = append(append(append(s, '['), span.Of(text)...), ']')
			}
			at = max(at, span.End)
		}
		return string(append(s, text[at:max(at, whole.End)]...))
	}
	return side(a, p.A, func(e shingle.Edit) shingle.Span { return e.A }),
		side(b, p.B, func(e shingle.Edit) shingle.Span { return e.B })
}
