package show

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/neardup/neardup/examples/dedup/internal/columns"
	"github.com/neardup/neardup/examples/dedup/internal/screen"
	"github.com/neardup/neardup/shingle"
)

// SideBySide shows the passages shared by the texts a and b next to each other, or
// below each other if the screen is too narrow. If recycled is not nil, it returns
// the number of documents and hosts on which a passage recurs.
func SideBySide(w io.Writer, s screen.Screen, idA, a, idB, b string, passages []shingle.Passage, recycled func(shingle.Passage) (documents, hosts int)) {
	const lines, narrow, widest = 40, 60, 165
	var al shingle.Aligner
	width := (min(s.Width, widest) - 5) / 2
	write := func(limit int, left, right string) { columns.Write(w, width, limit, left, right) }
	if s.Width < narrow {
		write = func(limit int, left, right string) {
			for i, side := range []string{left, right} {
				for n, line := range columns.Wrap(side, s.Width-4) {
					if limit > 0 && n == limit {
						fmt.Fprintln(w, "    …")
						break
					}
					name := " "
					if n == 0 {
						name = "AB"[i : i+1]
					}
					fmt.Fprintf(w, "  %s %s\n", name, line)
				}
			}
		}
	}
	idA, idB = Printable(idA), Printable(idB)
	if max(columns.Width(idA), columns.Width(idB)) <= width && s.Width >= narrow {
		columns.Write(w, width, 0, s.Heading(idA), s.Heading(idB))
	} else {
		fmt.Fprintf(w, "  A  %s\n  B  %s\n", s.Heading(columns.Middle(idA, s.Width-5)), s.Heading(columns.Middle(idB, s.Width-5)))
	}
	for _, p := range passages {
		about := fmt.Sprintf("%s, %s", Kind(p), Count(p.Tokens, "word"))
		if !p.Exact {
			about += ", " + Percent(p.Similarity) + " alike"
		}
		if p.Template {
			about += ", a template"
		}
		if recycled != nil {
			about += RecycledIn(recycled(p))
		}
		places := fmt.Sprintf("bytes %s to %s and %s to %s", Number(p.A.Start), Number(p.A.End), Number(p.B.Start), Number(p.B.End))
		between := ", "
		if columns.Width(about+between+places) > s.Width-2 {
			between = "\n  "
		}
		fmt.Fprintf(w, "\n  %s%s%s\n\n", s.Figure(about), between, s.Quiet(columns.Cut(places, s.Width-2)))
		left, right := Printable(OneLine(p.A.Of(a))), Printable(OneLine(p.B.Of(b)))
		if !p.Exact {
			edits := al.Edits(a, b, p)
			left = marked(edits, a, p.A, func(e shingle.Edit) shingle.Span { return e.A }, s.OwnLeft)
			right = marked(edits, b, p.B, func(e shingle.Edit) shingle.Span { return e.B }, s.OwnRight)
		}
		write(lines, left, right)
	}
	fmt.Fprintln(w)
}

// RecycledIn describes in how many documents a passage recurs; it returns "" for
// none.
func RecycledIn(documents, hosts int) string {
	switch {
	case documents == 0:
		return ""
	case hosts == 0:
		return ", recycled in " + Count(documents, "document")
	}
	return ", recycled in " + Count(documents, "document") + " of " + Count(hosts, "host")
}

// marked returns one side of a passage as text for a terminal, with the words marked
// that only this side has.
func marked(edits []shingle.Edit, text string, whole shingle.Span, of func(shingle.Edit) shingle.Span, mark func(string) string) string {
	var s []byte
	at := whole.Start
	for _, e := range edits {
		span := of(e)
		s = append(s, Printable(spaced(text[at:max(at, span.Start)]))...)
		words := Printable(spaced(span.Of(text)))
		if e.Op != shingle.Equal && span.Len() > 0 {
			words = mark(words)
		}
		s = append(s, words...)
		at = max(at, span.End)
	}
	return string(append(s, Printable(spaced(text[at:max(at, whole.End)]))...))
}

// spaced returns text with every white-space character replaced by a space.
func spaced(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, text)
}
