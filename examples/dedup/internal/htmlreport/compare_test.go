package htmlreport

import (
	"strings"
	"testing"

	"github.com/neardup/neardup/shingle"
)

// joined returns the text of a side, and of its pieces of one kind.
func joined(ps []piece, kinds ...int) string {
	var b strings.Builder
	for _, p := range ps {
		ok := len(kinds) == 0
		for _, k := range kinds {
			ok = ok || p.kind == k
		}
		if ok {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

func compared(a, b Document) comparison {
	var al shingle.Aligner
	return compare(al, newSide(al, a, shingle.Span{End: len(a.Text)}), newSide(al, b, shingle.Span{End: len(b.Text)}), defaultText)
}

func TestCompare(t *testing.T) {
	c := compared(Document{Text: ferry}, Document{Text: ferry2})
	if got := joined(c.a, own); got != "May" {
		t.Errorf("only the first has %q", got)
	}
	if got := joined(c.b, own); got != "June" {
		t.Errorf("only the second has %q", got)
	}
	if c.ownA != 1 || c.ownB != 1 || c.same {
		t.Errorf("%d and %d words differ, same %v", c.ownA, c.ownB, c.same)
	}
	if joined(c.a) != ferry || joined(c.b) != ferry2 {
		t.Errorf("sides are not the texts: %q, %q", joined(c.a), joined(c.b))
	}
}

func TestCompareLeavesMaskOut(t *testing.T) {
	mask := []shingle.Span{{Start: 4, End: 9}} // "night"
	c := compared(Document{Text: ferry, Mask: mask}, Document{Text: strings.Replace(ferry, "night ", "", 1)})
	if got := joined(c.a, recycled); got != "night" {
		t.Errorf("recycled %q", got)
	}
	if c.ownA+c.ownB != 0 {
		t.Errorf("%d and %d words differ beside what was left out", c.ownA, c.ownB)
	}
}

func TestCompareCuts(t *testing.T) {
	long := strings.Repeat("and so it went on and on ", 200)
	c := compared(Document{Text: "Here. " + long + "There."}, Document{Text: "Here. " + long + "Elsewhere."})
	shownBytes, letters := 0, 0
	for _, p := range c.a {
		shownBytes += len(p.text)
		letters += p.n
	}
	if whole := len("Here. There.") + len(long); shownBytes+letters != whole || letters < whole/2 {
		t.Errorf("%d letters shown and %d left out of %d", shownBytes, letters, whole)
	}
	if got := joined(c.a, own) + "/" + joined(c.b, own); got != "There/Elsewhere" {
		t.Errorf("the difference behind what was cut: %q", got)
	}
	links := map[int]int{}
	for _, p := range c.a {
		if p.kind == common {
			links[p.link]++
		}
	}
	for link, n := range links {
		if n > 1 {
			t.Errorf("link %d stands for %d pieces", link, n)
		}
	}
}

func TestComparePassage(t *testing.T) {
	a := Document{Text: strings.Repeat("before it all ", 20) + quote + " After that everyone went home."}
	b := Document{Text: quote}
	var al shingle.Aligner
	ps := al.Align(a.Text, b.Text)
	if len(ps) != 1 {
		t.Fatalf("%d passages", len(ps))
	}
	c := comparePassage(al, a, b, ps[0], defaultText)
	first, last := c.a[0], c.a[len(c.a)-1]
	if first.kind != around || !strings.HasPrefix(first.text, "…") || last.kind != around || !strings.HasSuffix(last.text, "went home.") {
		t.Errorf("around the passage: %+v and %+v", first, last)
	}
	if got := joined(c.b); got != quote {
		t.Errorf("the other side is %q", got)
	}
}

// Whatever is compared: the pieces of a side make its text, shared pieces of one
// link hold the same tokens, what the mask hides is recycled and nothing else is.
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
		whole := true
		for _, p := range append(c.a[:len(c.a):len(c.a)], c.b...) {
			whole = whole && p.kind != cut
			if p.kind != cut && p.text == "" {
				t.Errorf("an empty piece of kind %d", p.kind)
			}
		}
		if !whole {
			return
		}
		if joined(c.a) != textA || joined(c.b) != textB {
			t.Fatalf("the pieces make %q and %q", joined(c.a), joined(c.b))
		}
		if len(a.Mask) > 0 && joined(c.a, recycled) != a.Mask[0].Of(textA) {
			t.Errorf("recycled %q", joined(c.a, recycled))
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
					other.WriteString(q.text)
				}
			}
			x, y := sh.AppendTokens(nil, p.text), sh.AppendTokens(nil, other.String())
			if len(x) != len(y) {
				t.Fatalf("%q is linked with %q", p.text, other.String())
			}
			for i := range x {
				if x[i].Hash != y[i].Hash {
					t.Fatalf("%q is linked with %q", p.text, other.String())
				}
			}
		}
	})
}
