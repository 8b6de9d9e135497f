package shingle

import "iter"

// Sentences yields the sentences of text, in order, without the white space around
// them: the parts of paragraphs to which [SnapSentence] widens passages. A sentence
// ends at a full stop, an exclamation or question mark of any script, with the
// closing marks after it, unless a lower-case letter follows, or the stop belongs to
// an initial or a title such as Dr. A paragraph without such an end is one sentence.
func Sentences(text string) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		t := Aligner{}.Prepare(text)
		i := 0
		for p := range Paragraphs(text) {
			for i < t.Len() && t.Token(i).Start < p.Start {
				i++
			}
			start := p.Start
			for ; i+1 < t.Len() && t.Token(i+1).Start < p.End; i++ {
				if !t.endsSentence(i) {
					continue
				}
				end, begin := border(t.after(i))
				at := t.Token(i).End
				if !yield(Span{start, at + end}) {
					return
				}
				start = at + max(end, begin)
			}
			if !yield(Span{start, p.End}) {
				return
			}
		}
	}
}
