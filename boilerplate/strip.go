package boilerplate

import (
	"strings"

	"github.com/neardup/neardup/shingle"
)

// Mask returns the flagged spans of a text of a host, ascending, for the
// functions of package shingle to skip. A detector that observed the text itself
// does not hold that against it.
func (d *Detector) Mask(host, text string) []shingle.Span {
	return d.MaskPage(Page{Host: host, Text: text})
}

// MaskPage is [Detector.Mask] with what else is known of the page.
func (d *Detector) MaskPage(p Page) []shingle.Span {
	var mask []shingle.Span
	for _, b := range d.Judge(p) {
		if b.Flagged {
			mask = append(mask, b.Span)
		}
	}
	return mask
}

// Strip returns the text without the spans that [Detector.Mask] returns, each
// with the white space behind it.
func (d *Detector) Strip(host, text string) string {
	return Cut(text, d.Mask(host, text))
}

// Cut returns text without the spans of mask, which must be ascending and
// disjoint, each with the white space behind it.
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
