package htmlreport

import (
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/shingle"
)

// joined returns the text of the pieces of some kinds, or of all.
func joined(text string, ps []piece, kinds ...int) string {
	var b strings.Builder
	for _, p := range ps {
		if len(kinds) == 0 || slices.Contains(kinds, p.kind) {
			b.WriteString(p.span.Of(text))
		}
	}
	return b.String()
}

func compared(a, b Document) comparison {
	var al shingle.Aligner
	return compare(al, newSide(al, a, shingle.Span{End: len(a.Text)}), newSide(al, b, shingle.Span{End: len(b.Text)}))
}

func TestCompareMarksChangedWords(t *testing.T) {
	c := compared(Document{Text: ferry}, Document{Text: ferry2})
	if got := joined(ferry, c.a, own); got != "May" {
		t.Errorf("words of the first text alone = %q, want %q", got, "May")
	}
	if got := joined(ferry2, c.b, own); got != "June" {
		t.Errorf("words of the second text alone = %q, want %q", got, "June")
	}
	if c.ownA != 1 || c.ownB != 1 || c.same {
		t.Errorf("%d and %d words differ, same = %v, want 1, 1, false", c.ownA, c.ownB, c.same)
	}
	if joined(ferry, c.a) != ferry || joined(ferry2, c.b) != ferry2 {
		t.Errorf("pieces joined = %q and %q, want the two texts", joined(ferry, c.a), joined(ferry2, c.b))
	}
}

func TestCompareLeavesMaskOut(t *testing.T) {
	mask := []shingle.Span{{Start: 4, End: 9}} // "night"
	c := compared(Document{Text: ferry, Mask: mask}, Document{Text: strings.Replace(ferry, "night ", "", 1)})
	if got := joined(ferry, c.a, recycled); got != "night" {
		t.Errorf("recycled = %q, want %q", got, "night")
	}
	if c.ownA+c.ownB != 0 {
		t.Errorf("%d and %d words differ apart from the recycled block, want 0", c.ownA, c.ownB)
	}
}

// An empty piece marks the place of words that only the other side has.
func TestCompareMarksGaps(t *testing.T) {
	longer := strings.Replace(ferry, "Tickets", "Surprisingly, tickets", 1)
	c := compared(Document{Text: ferry}, Document{Text: longer})
	var gaps []piece
	for _, p := range c.a {
		if p.kind == own {
			gaps = append(gaps, p)
		}
	}
	if len(gaps) != 1 || gaps[0].span.Len() != 0 || !strings.HasSuffix(ferry[:gaps[0].span.Start], "from May") {
		t.Errorf("gaps of the shorter side: %+v, want one after %q", gaps, "from May")
	}
	if got := joined(longer, c.b, own); got != "Surprisingly" {
		t.Errorf("words of the longer text alone = %q, want %q", got, "Surprisingly")
	}
}

// For any two texts: the pieces of a side make up its text, shared pieces with one link
// have the same tokens, and exactly the masked text is recycled.
func FuzzCompare(f *testing.F) {
	f.Add(ferry, ferry2, uint16(4), uint16(9))
	f.Add(quote, "", uint16(0), uint16(3))
	f.Add("日本の船は五月から再び出る", "日本の船は六月から再び出る\x00", uint16(3), uint16(3))
	f.Add("a \xff b</script>", "a b <b>", uint16(1), uint16(2))
	f.Add(strings.Repeat("long and longer ", 300), strings.Repeat("long and longer ", 299)+"end", uint16(20), uint16(2000))
	f.Fuzz(func(t *testing.T, textA, textB string, from, to uint16) {
		a, b := Document{Text: textA}, Document{Text: textB}
		if from <= to && int(to) <= len(textA) {
			a.Mask = []shingle.Span{{Start: int(from), End: int(to)}}
		}
		c := compared(a, b)
		if joined(textA, c.a) != textA || joined(textB, c.b) != textB {
			t.Fatalf("pieces joined = %q and %q, want %q and %q", joined(textA, c.a), joined(textB, c.b), textA, textB)
		}
		if len(a.Mask) > 0 && joined(textA, c.a, recycled) != a.Mask[0].Of(textA) {
			t.Errorf("recycled = %q, want the masked %q", joined(textA, c.a, recycled), a.Mask[0].Of(textA))
		}
		if len(a.Mask) > 0 {
			return // tokens that the mask cuts are in no edit
		}
		var sh shingle.Shingler
		for _, p := range c.a {
			if p.kind != common {
				continue
			}
			var other strings.Builder
			for _, q := range c.b {
				if q.kind == common && q.link == p.link {
					other.WriteString(q.span.Of(textB))
				}
			}
			x, y := sh.AppendTokens(nil, p.span.Of(textA)), sh.AppendTokens(nil, other.String())
			if len(x) != len(y) {
				t.Fatalf("%q is linked with %q, want pieces of equal tokens", p.span.Of(textA), other.String())
			}
			for i := range x {
				if x[i].Hash != y[i].Hash {
					t.Fatalf("%q is linked with %q, want pieces of equal tokens", p.span.Of(textA), other.String())
				}
			}
		}
	})
}
