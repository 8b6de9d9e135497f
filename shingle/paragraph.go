package shingle

import (
	"iter"
	"strings"
)

// Paragraphs yields the paragraphs of text: what blank lines separate, without
// the white space around it.
func Paragraphs(text string) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		start, end, at := -1, 0, 0
		for line := range strings.Lines(text) {
			trimmed := strings.TrimSpace(line)
			if trimmed == "" {
				if start >= 0 && !yield(Span{start, end}) {
					return
				}
				start = -1
			} else {
				lead := strings.Index(line, trimmed)
				if start < 0 {
					start = at + lead
				}
				end = at + lead + len(trimmed)
			}
			at += len(line)
		}
		if start >= 0 {
			yield(Span{start, end})
		}
	}
}
