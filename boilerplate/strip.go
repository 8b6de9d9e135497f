package boilerplate

import (
	"strings"

	"github.com/neardup/neardup/shingle"
)

// Mask returns the spans of the masked blocks of a page, ascending, for the
// functions of package shingle, which skip them, and for [Cut]. Blocks are those
// returned by [Detector.Judge] or [Detector.Next].
func Mask(blocks []Block) []shingle.Span {
	var mask []shingle.Span
	for i := range blocks {
		if blocks[i].Masked {
			mask = append(mask, blocks[i].Span)
		}
	}
	return mask
}

// Mask judges a page and returns the spans of its masked blocks.
func (d *Detector) Mask(p Page) []shingle.Span { return Mask(d.Judge(p)) }

// Strip judges a page and returns its text without the masked blocks, as [Cut]
// does.
func (d *Detector) Strip(p Page) string { return Cut(p.Text, d.Mask(p)) }

// Cut returns text without the spans of mask, each with the white space after
// it. The spans must be ascending and disjoint.
func Cut(text string, mask []shingle.Span) string {
	if len(mask) == 0 {
		return text
	}
	var out strings.Builder
	at := 0
	for _, m := range mask {
		out.WriteString(text[at:m.Start])
		at = len(text) - len(strings.TrimLeft(text[m.End:], " \t\r\n"))
	}
	out.WriteString(text[at:])
	return out.String()
}
