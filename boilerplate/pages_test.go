package boilerplate_test

import (
	"fmt"
	"strings"

	"github.com/neardup/neardup/boilerplate"
)

// A writer makes up text from its own vocabulary and a counter (SplitMix64), so that the
// text is the same everywhere.
type writer uint64

func (w *writer) next() uint64 {
	*w += 0x9E3779B97F4A7C15
	z := uint64(*w)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns a number below n.
func (w *writer) below(n int) int { return int(w.next() % uint64(n)) }

var syllables = strings.Fields("ba co du el fi go ha in jo ka lu mi no or pe ra si tu ve wo")

// word returns one of a few thousand words, some of them frequent.
func (w *writer) word() string {
	n := min(w.below(4000), w.below(4000))
	var s strings.Builder
	for n += 20; n > 0; n /= 20 {
		s.WriteString(syllables[n%20])
	}
	return s.String()
}

// words returns n words.
func (w *writer) words(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = w.word()
	}
	return strings.Join(out, " ")
}

// paragraph returns a paragraph of about n words in sentences.
func (w *writer) paragraph(n int) string {
	var out []string
	for n > 0 {
		k := 6 + w.below(12)
		s := w.words(k)
		out = append(out, strings.ToUpper(s[:1])+s[1:]+".")
		n -= k
	}
	return strings.Join(out, " ")
}

// A template is the text that a site puts above and below each of its stories.
type template struct{ top, bottom []string }

// newTemplate returns a template of about n words.
func newTemplate(w *writer, n int) (t template) {
	for left := n; left > 0; {
		k := 1 + w.below(4)
		switch w.below(4) {
		case 0:
			k = 8 + w.below(8)
		case 1:
			k = 25 + w.below(30)
		}
		t.bottom = append(t.bottom, w.words(k))
		left -= k
	}
	t.top = t.bottom[:len(t.bottom)/3]
	t.bottom = t.bottom[len(t.bottom)/3:]
	return t
}

// page puts a story into the template.
func (t template) page(story ...string) string {
	var all []string
	all = append(all, t.top...)
	all = append(all, story...)
	all = append(all, t.bottom...)
	return strings.Join(all, "\n\n")
}

// story returns a title and paragraphs, about n words in all.
func (w *writer) story(n int) []string {
	out := []string{w.words(7)}
	for n > 0 {
		k := 30 + w.below(50)
		out = append(out, w.paragraph(k))
		n -= k
	}
	return out
}

// site returns n pages of one host; the given share of their words is template.
func site(n int, share float64, seed uint64) []boilerplate.Page {
	w := writer(seed)
	const body = 300
	t := newTemplate(&w, int(body*share/(1-share)))
	pages := make([]boilerplate.Page, n)
	for i := range pages {
		pages[i] = boilerplate.Page{
			ID: fmt.Sprintf("page%04d", i), Host: "site.example",
			Text: t.page(w.story(body)...),
		}
	}
	return pages
}
