package repeat

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

var seeds = flag.Int("seeds", 100, "corpora that TestNoRepeatIsLeft makes of each kind")

// A result is the output of a Cutter.
type result struct {
	texts []string
	cuts  [][]Cut
	rests []string
}

func cutAll(o Options, texts []string) result {
	c := New(o)
	r := result{texts: texts}
	for _, text := range texts {
		r.add(text, c.Add(c.Prepare(text)))
	}
	return r
}

func (r *result) add(text string, cuts []Cut) {
	r.cuts = append(r.cuts, cuts)
	r.rests = append(r.rests, shingle.Cut(text, spansOf(cuts)).Text)
}

// check fails unless a result has the promised properties.
func (r result) check(t testing.TB, o Options) {
	t.Helper()
	var sh shingle.Shingler
	c := New(o)
	rests := make([]*seq, len(r.rests))
	words := make([]string, len(r.rests)) // the tokens of the rests
	name := func(text string) string {
		var b strings.Builder
		b.WriteByte(' ')
		for _, t := range sh.AppendTokens(nil, text) {
			fmt.Fprintf(&b, "%016x ", t.Hash)
		}
		return b.String()
	}
	for i, rest := range r.rests {
		rests[i], words[i] = c.read(rest), name(rest)
		if utf8.ValidString(r.texts[i]) && !utf8.ValidString(rest) {
			t.Fatalf("document %d: rest %q, want valid UTF-8", i, rest)
		}
	}
	for i, cuts := range r.cuts {
		for k, f := range cuts {
			if k > 0 && f.Start < cuts[k-1].End || f.Start >= f.End || f.Document > i {
				t.Fatalf("document %d: cuts %v, want cuts in order, from this or an earlier document", i, cuts)
			}
			if cut := name(f.Of(r.texts[i])); !strings.Contains(words[f.Document], cut) {
				t.Fatalf("document %d: %q was cut, want it in the rest of document %d: %q", i, f.Of(r.texts[i]), f.Document, r.rests[f.Document])
			}
			// The text must also be at the reported place, without the cuts of that
			// document.
			var cutsThere []shingle.Span
			for _, k := range r.cuts[f.Document] {
				if k.Start < f.At.End && f.At.Start < k.End {
					cutsThere = append(cutsThere, shingle.Span{Start: max(k.Start, f.At.Start) - f.At.Start, End: min(k.End, f.At.End) - f.At.Start})
				}
			}
			if there := name(shingle.Cut(f.At.Of(r.texts[f.Document]), cutsThere).Text); !strings.Contains(there, name(f.Of(r.texts[i]))) {
				t.Fatalf("document %d: %q was cut, want it in what is left of %v of document %d, %q", i, f.Of(r.texts[i]), f.At, f.Document, f.At.Of(r.texts[f.Document]))
			}
		}
		if got, want := name(r.rests[i]), name(r.texts[i]); len(cuts) == 0 && got != want {
			t.Fatalf("document %d without a cut has the words %q, want %q", i, got, want)
		}
	}
	if again := cutAll(o, r.rests); !slices.Equal(again.rests, r.rests) {
		for i := range r.rests {
			if len(again.cuts[i]) > 0 {
				f := again.cuts[i][0]
				t.Fatalf("second run cuts %q from document %d, %q, for document %d, %q, want no cut; texts: %q", f.Of(r.rests[i]), i, r.rests[i], f.Document, r.rests[f.Document], r.texts)
			}
		}
	}
	// By brute force: no repeat is left.
	if len(r.rests) > 50 {
		return
	}
	if o.Border == Tokens {
		r.covered(t, c, rests)
	}
	for j, b := range rests {
		for i, a := range rests[:j+1] {
			for y := range b.len() {
				for x := range a.len() {
					n := 0
					for x+n < a.len() && y+n < b.len() && a.sym[x+n] == b.sym[y+n] && (i < j || x+n < y) {
						n++
					}
					if n > 0 && a.count(x, x+n) >= c.opts.MinTokens {
						t.Fatalf("%q is left in documents %d and %d, want it in one\n%q", a.span(x, x+n).Of(a.text), i, j, r.texts)
					}
				}
			}
		}
	}
}

// covered fails unless every repeat of an earlier document is cut completely.
func (r result) covered(t testing.TB, c *Cutter, rests []*seq) {
	t.Helper()
	for j, text := range r.texts {
		b := c.read(text)
		for i, a := range rests[:j] {
			for y := range b.len() {
				for x := range a.len() {
					n := 0
					for x+n < a.len() && y+n < b.len() && a.sym[x+n] == b.sym[y+n] {
						n++
					}
					if n < c.opts.MinTokens {
						continue
					}
					for k := y; k < y+n; k++ {
						p := b.span(k, k+1)
						if !slices.ContainsFunc(r.cuts[j], func(f Cut) bool { return f.Start <= p.Start && p.End <= f.End }) {
							t.Fatalf("%q of document %d is in document %d, want %q in a cut: %q", b.span(y, y+n).Of(text), j, i, p.Of(text), r.texts)
						}
					}
				}
			}
		}
	}
}

// random makes texts of few words in few sentences.
func random(r *rand.Rand, alphabet []string, marks []string) []string {
	texts := make([]string, 1+r.IntN(8))
	for i := range texts {
		var b strings.Builder
		for range r.IntN(60) {
			switch r.IntN(12) {
			case 0: // from an earlier text
				from := texts[r.IntN(i+1)]
				x := r.IntN(len(from) + 1)
				y := x + r.IntN(len(from)-x+1)
				b.WriteString(strings.ToValidUTF8(from[x:y], " "))
			case 1: // from this text
				from := b.String()
				x := r.IntN(len(from) + 1)
				b.WriteString(strings.ToValidUTF8(from[x:], " "))
			default:
				b.WriteString(alphabet[r.IntN(len(alphabet))])
				b.WriteString(marks[r.IntN(len(marks))])
			}
			if b.Len() > 4000 {
				break
			}
		}
		texts[i] = b.String()
	}
	return texts
}

var alphabets = []struct {
	name         string
	words, marks []string
}{
	{"words", strings.Fields("a b c d e Foo bar"), []string{" ", " ", " ", ". ", "\n", "\n\n", ", ", "-"}},
	{"many words", strings.Fields("a b c d e f g h i j k l m n o p q r s t u v w x y z aa bb cc dd ee ff gg hh ii jj kk ll mm nn oo pp"), []string{" ", " ", ". ", "\n\n", ") ", "! (", " \"", "\" "}},
	{"scripts", []string{"文", "字", "ひら", "がな", "カタ", "ค", "เก", "x", "½", "don't", "é", "'", "ﷺ", "\u200b", "👩‍💻"}, []string{"", "", "", " ", "。", "\n", "、"}},
}

func TestNoRepeatIsLeft(t *testing.T) {
	race.Alone(t)
	for _, a := range alphabets {
		for _, border := range []Border{Tokens, Sentences, Paragraphs} {
			t.Run(a.name+"/"+border.String(), func(t *testing.T) {
				for seed := range uint64(*seeds) {
					r := rand.New(rand.NewPCG(seed, 7))
					o := Options{MinTokens: 1 + r.IntN(9), Border: border}
					texts := random(r, a.words, a.marks)
					cutAll(o, texts).check(t, o)
				}
			})
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add("a b c d e f g h\x00x a b c d e f g h y\x00a b c d x a b c d e f g h e f g h", uint8(4), uint8(0))
	f.Add("Foo bar baz. Foo bar.\n\nFoo bar baz. \xff\xe4\x00Foo bar baz. Foo bar.", uint8(3), uint8(1))
	f.Add("重复的文字。重复的文字。\x00½½½½½½½½", uint8(2), uint8(2))
	inMemory(f)
	f.Fuzz(func(t *testing.T, corpus string, least, border uint8) {
		if len(corpus) > 600 {
			return
		}
		o := Options{MinTokens: 1 + int(least%32), Border: Border(border % 3)}
		r := cutAll(o, strings.Split(corpus, "\x00"))
		r.check(t, o)
		again := spilled(t, o, r.texts, 1, 1)
		again.same(t, r, "in files")
	})
}

func words(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "w%d ", i)
	}
	return b.String()
}

func TestAddCutsLaterCopies(t *testing.T) {
	for _, tt := range []struct {
		why   string
		o     Options
		texts []string
		want  []string
	}{
		{"the first copy stays", Options{}, []string{words(0, 60), "x " + words(0, 60) + "y"}, []string{words(0, 60), "x y"}},
		{"less than 50 words stay", Options{}, []string{words(0, 49), words(0, 49)}, []string{words(0, 49), words(0, 49)}},
		{"case and marks do not count", Options{MinTokens: 3}, []string{"It is (very) late.", "Well: IT'S, it is VERY LATE!"}, []string{"It is (very) late.", "Well: IT'S, !"}},
		{"two sources", Options{MinTokens: 10}, []string{words(0, 12), words(8, 20), "x " + words(0, 20) + "y"}, []string{words(0, 12), words(8, 20), "x y"}},
		{"in the document itself", Options{MinTokens: 4}, []string{"a b c d. e f A B C D! g"}, []string{"a b c d. e f ! g"}},
		{"no overlap with its source", Options{MinTokens: 4}, []string{"a a a a a a a", "b b b b b b b b b b"}, []string{"a a a a a a a", "b b b b b b"}},
		{"joined words are a repetition", Options{MinTokens: 4}, []string{"p q r s", "a b c d", "a b p q r s c d e"}, []string{"p q r s", "a b c d", "e"}},
		{"a source is not cut later", Options{MinTokens: 4}, []string{"p q r s", "c d x y", "a b c d. A b c d p q r s x y"}, []string{"p q r s", "c d x y", "a b c d."}},
		{"the stronger break stays", Options{MinTokens: 3}, []string{"a b c.", "x a b c.\n\ny"}, []string{"a b c.", "x\n\ny"}},
		{"scripts without spaces", Options{MinTokens: 4}, []string{"重复文字", "第一重复文字。第二"}, []string{"重复文字", "第一。第二"}},
		{"letters do not become one word", Options{MinTokens: 2}, []string{"重复", "ab重复cd"}, []string{"重复", "ab cd"}},
		{"a fraction is not cut in two", Options{MinTokens: 3}, []string{"x y ㎧ z", "x y ㎧"}, []string{"x y ㎧ z", ""}},
		{"whole sentences only", Options{MinTokens: 3, Border: Sentences}, []string{"It was a cold day. We left.", "So it was a cold day. It was a cold day. We stayed."}, []string{"It was a cold day. We left.", "So it was a cold day. We stayed."}},
		{"sentences add up", Options{MinTokens: 6, Border: Sentences}, []string{"One two three. Four five six. Seven.", "Zero. One two three! Four five six? Eight."}, []string{"One two three. Four five six. Seven.", "Zero. Eight."}},
		{"lines", Options{MinTokens: 1, Border: Paragraphs}, []string{"Home\nAbout\n\nNews of today", "HOME\nAbout\n\nOther news\n"}, []string{"Home\nAbout\n\nNews of today", "Other news\n"}},
		{"nothing", Options{}, []string{"", "…", ""}, []string{"", "…", ""}},
	} {
		r := cutAll(tt.o, tt.texts)
		r.check(t, tt.o)
		for i := range r.rests {
			if got := r.rests[i]; got != tt.want[i] {
				t.Errorf("%s: document %d: %q, want %q", tt.why, i, got, tt.want[i])
			}
		}
	}
}

// TestKeptDocumentsAreNotCut adds documents that are kept whole, although they repeat
// each other.
func TestKeptDocumentsAreNotCut(t *testing.T) {
	c := New(Options{})
	for range 100 {
		c.Keep(c.Prepare(words(0, 200)))
	}
	if n := c.Stats().Runs; n > 20 {
		t.Errorf("%d runs of equal documents are kept, want at most 20", n)
	}
	cuts := c.Add(c.Prepare("x " + words(100, 170) + "y"))
	if len(cuts) != 1 || cuts[0].Document != 0 || cuts[0].At.Of(words(0, 200)) != strings.TrimSpace(words(100, 170)) {
		t.Errorf("cuts = %v, want words 100 to 169 for document 0", cuts)
	}
}

// TestCommonPhraseTakesLinearTime repeats a phrase that is too short to be cut in very many texts.
func TestCommonPhraseTakesLinearTime(t *testing.T) {
	c := New(Options{})
	number := func(i int) string {
		return fmt.Sprintf("a%d ", i) + words(0, 40) + fmt.Sprintf("b%d ", i) + words(1000*i, 1000*i+20)
	}
	for i := range 300 {
		if cuts := c.Add(c.Prepare(number(i + 1))); len(cuts) > 0 {
			t.Fatalf("text %d: cuts = %v, want none: the phrase is too short", i, cuts)
		}
	}
	if n := len(c.index.table.entries); n == c.Stats().Runs {
		t.Errorf("%d entries for as many runs, want more: a mark for the common phrase", n)
	}
	for i := range 300 {
		cuts := c.Add(c.Prepare("x " + number(i+1)))
		if len(cuts) != 1 || cuts[0].Document != i {
			t.Fatalf("text %d: cuts = %v, want one, for document %d", i, cuts, i)
		}
	}
}

// TestCollisionsAreNotCut makes hashes match although the texts differ.
func TestCollisionsAreNotCut(t *testing.T) {
	c := New(Options{MinTokens: 4})
	c.Add(c.Prepare("a b c d e f"))
	p := c.Prepare("p q r s t u")
	copy(p.seq.sym, c.Prepare("a b c d e f").seq.sym) // as if all tokens collided
	for i, x := range p.seq.sym {
		p.seq.sum[i+1] = push(p.seq.sum[i], x)
	}
	p.seq.anchors = nil
	c.setAnchors(p.seq)
	if len(c.matches(p.seq)) == 0 {
		t.Fatal("0 matches, want one to confirm")
	}
	if cuts := c.Add(p); len(cuts) > 0 {
		t.Errorf("cuts = %v, want none: only the hashes are equal", cuts)
	}
}
