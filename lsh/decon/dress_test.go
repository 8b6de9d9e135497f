package decon

import (
	"fmt"
	"strings"
	"testing"
)

// TestRestyledItemsAreFound finds items with different case, punctuation, paragraphs or
// letter widths, or with a notice in the middle.
func TestRestyledItemsAreFound(t *testing.T) {
	items := []Item{
		{ID: "short", Text: "Which river crosses the border of both provinces?"},
		{ID: "long", Text: "A baker of Oxwick sells forty loaves on each working day and sixty on Saturday. How many loaves are sold in a week of six working days, if nine are returned?"},
		{ID: "common", Text: "What is the name of the one that is on the other side of it?"},
		{ID: "Chinese", Text: "下列关于渡轮时刻表的说法中哪一项是不正确的"},
		{ID: "code", Text: "for _, loaf := range basket { if loaf.Weight < least { total -= loaf.Price * rate } }"},
	}
	half := func(s string) int {
		at := len(s) / 2
		if i := strings.IndexByte(s[at:], ' '); i >= 0 {
			return at + i
		}
		return len("下列关于渡轮时刻表")
	}
	between := func(s, joint string) string { at := half(s); return s[:at] + joint + s[at:] }
	dresses := map[string]func(string) string{
		"as it is":       func(s string) string { return s },
		"capitals":       strings.ToUpper,
		"other marks":    func(s string) string { return "«" + strings.NewReplacer(" ", " — ", ".", "!").Replace(s) + "»" },
		"two paragraphs": func(s string) string { return between(s, "\n\n") },
		"a notice":       func(s string) string { return between(s, "\n\nRead more on page four\n\n") },
		"lines":          func(s string) string { return strings.ReplaceAll(s, " ", "\n> ") },
		"wide letters": func(s string) string {
			return strings.Map(func(r rune) rune {
				if r > ' ' && r < 0x7f {
					return r + 0xfee0
				}
				return r
			}, s)
		},
	}
	ix := New(items, Options{})
	for name, dress := range dresses {
		search := ix.Search()
		for i := range 200 {
			text := fmt.Sprintf("The harbour office counted %d boats, and the name of the first one is on the other side of the page. ", i)
			if i < len(items) {
				text += dress(items[i].Text) + " It rained."
			}
			search.Add(i, text)
		}
		found := map[int]int{}
		for _, m := range search.Matches() {
			if m.Item != m.Document {
				t.Errorf("%s: document %d is reported for item %s, want only its own item", name, m.Document, items[m.Item].ID)
			}
			found[m.Item]++
		}
		for i, it := range items {
			if found[i] != 1 {
				t.Errorf("%s: item %s is found %d times, want once", name, it.ID, found[i])
			}
		}
	}
}
