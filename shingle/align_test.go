package shingle_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// TestAlignFindsMarkedPassages runs the cases of testdata/align. In their texts "[1:" and
// "]" enclose a side of passage 1, and "[1,2:" begins a side of both passages.
func TestAlignFindsMarkedPassages(t *testing.T) {
	files, err := filepath.Glob("testdata/align/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob(testdata/align) = %d cases, %v, want at least 1", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			head, rest, okA := strings.Cut(string(data), "\n-- a --\n")
			a, b, okB := strings.Cut(rest, "\n-- b --\n")
			if !okA || !okB || !strings.HasPrefix(head, "why: ") {
				t.Fatal("a case lacks a part, want why, a and b")
			}
			var al shingle.Aligner
			_, options, _ := strings.Cut(head, "\noptions: ")
			for option := range strings.FieldsSeq(options) {
				switch option {
				case "copies=best":
					al.Copies = shingle.BestCopy
				case "copies=every":
					al.Copies = shingle.EveryCopy
				case "snap=none":
					al.Snap = shingle.SnapNone
				case "snap=sentence":
					al.Snap = shingle.SnapSentence
				case "snap=paragraph":
					al.Snap = shingle.SnapParagraph
				default:
					t.Fatalf("unknown option %q", option)
				}
			}
			a, marksA := marks(t, a)
			b, marksB := marks(t, strings.TrimSuffix(b, "\n"))
			var want [][2]string
			for k, s := range marksA {
				u, ok := marksB[k]
				if !ok {
					t.Fatalf("passage %s is marked on one side, want both", k)
				}
				want = append(want, [2]string{show(a, s), show(b, u)})
			}
			var got [][2]string
			for _, p := range al.Align(a, b) {
				got = append(got, [2]string{show(a, p.A), show(b, p.B)})
			}
			less := func(x, y [2]string) int { return slices.Compare(x[:], y[:]) }
			slices.SortFunc(want, less)
			slices.SortFunc(got, less)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", head, diff)
			}
		})
	}
}

func show(text string, s shingle.Span) string {
	return fmt.Sprintf("%04d %s", s.Start, strings.TrimSpace(s.Of(text)))
}

// marks removes the marks from a text and returns the spans between them.
func marks(t *testing.T, marked string) (string, map[string]shingle.Span) {
	t.Helper()
	spans := map[string]shingle.Span{}
	var text strings.Builder
	for {
		before, rest, ok := strings.Cut(marked, "[")
		text.WriteString(before)
		if !ok {
			return text.String(), spans
		}
		names, rest, ok1 := strings.Cut(rest, ":")
		inside, rest, ok2 := strings.Cut(rest, "]")
		if !ok1 || !ok2 {
			t.Fatalf("marks %q are unbalanced, want a closing bracket for each", rest)
		}
		for name := range strings.SplitSeq(names, ",") {
			spans[name] = shingle.Span{Start: text.Len(), End: text.Len() + len(strings.TrimSpace(inside))}
		}
		text.WriteString(inside)
		marked = rest
	}
}

// checkPassages fails unless the passages of two texts have the documented properties.
func checkPassages(t *testing.T, al shingle.Aligner, a, b string, ps []shingle.Passage) {
	t.Helper()
	least := cmp.Or(al.MinTokens, 12)
	for i, p := range ps {
		checkSpan(t, al, a, p.A)
		checkSpan(t, al, b, p.B)
		na, nb := len(al.Shingler.AppendTokens(nil, p.A.Of(a))), len(al.Shingler.AppendTokens(nil, p.B.Of(b)))
		if p.Tokens != max(na, nb) || p.Matched < least || p.Matched > min(na, nb) {
			t.Fatalf("%+v: sides of %d and %d tokens, want Tokens the larger and Matched from %d to the smaller", p, na, nb, least)
		}
		if want := 2 * float64(p.Matched) / float64(na+nb); p.Similarity != want {
			t.Fatalf("passage %+v: want Similarity %v", p, want)
		}
		equal := slices.EqualFunc(al.Shingler.AppendTokens(nil, p.A.Of(a)), al.Shingler.AppendTokens(nil, p.B.Of(b)),
			func(x, y shingle.Token) bool { return x.Hash == y.Hash })
		if p.Exact != equal {
			t.Fatalf("passage %+v: Exact = %v, want %v", p, p.Exact, equal)
		}
		if i > 0 && slices.Compare(sides(ps[i-1]), sides(p)) >= 0 {
			t.Fatalf("passage %+v follows %+v, want passages in order", p, ps[i-1])
		}
		checkEdits(t, a, b, p, al.Edits(a, b, p))
	}
}

func sides(p shingle.Passage) []int { return []int{p.A.Start, p.B.Start, p.A.End, p.B.End} }

// checkSpan fails unless a span begins and ends on rune and token boundaries.
func checkSpan(t *testing.T, al shingle.Aligner, text string, s shingle.Span) {
	t.Helper()
	if s.Start < 0 || s.Start >= s.End || s.End > len(text) {
		t.Fatalf("span %v of %d bytes, want one within the text and not empty", s, len(text))
	}
	for _, at := range []int{s.Start, s.End} {
		if at < len(text) && utf8.ValidString(text) && !utf8.RuneStart(text[at]) {
			t.Fatalf("span %v cuts a rune of %q, want borders of runes", s, text)
		}
	}
	for _, tok := range al.Shingler.AppendTokens(nil, text) {
		if tok.Start < s.Start && s.Start < tok.End || tok.Start < s.End && s.End < tok.End {
			t.Fatalf("span %v cuts the token %v of %q, want borders of tokens", s, tok.Span, text)
		}
	}
}

// checkEdits fails unless edits turn one side into the other.
func checkEdits(t *testing.T, a, b string, p shingle.Passage, edits []shingle.Edit) {
	t.Helper()
	var sh shingle.Shingler
	atA, atB, same := p.A.Start, p.B.Start, 0
	for _, e := range edits {
		if e.A.Start < atA || e.A.End > p.A.End || e.B.Start < atB || e.B.End > p.B.End {
			t.Fatalf("passage %+v: edit %+v, want edits in order and within it", p, e)
		}
		x, y := sh.AppendTokens(nil, e.A.Of(a)), sh.AppendTokens(nil, e.B.Of(b))
		// The text between two edits has no tokens.
		if n := len(sh.AppendTokens(nil, a[atA:e.A.Start])) + len(sh.AppendTokens(nil, b[atB:e.B.Start])); n > 0 {
			t.Fatalf("passage %+v: %d tokens before edit %+v are in no edit, want 0", p, n, e)
		}
		atA, atB = e.A.End, e.B.End
		equal := slices.EqualFunc(x, y, func(x, y shingle.Token) bool { return x.Hash == y.Hash })
		if ok := map[shingle.Op]bool{
			shingle.Equal:   equal && len(x) > 0,
			shingle.Replace: len(x) > 0 && len(y) > 0,
			shingle.Delete:  len(x) > 0 && len(y) == 0,
			shingle.Insert:  len(x) == 0 && len(y) > 0,
		}[e.Op]; !ok {
			t.Fatalf("passage %+v: edit %+v of %q and %q, want the Op that fits these texts", p, e, e.A.Of(a), e.B.Of(b))
		}
		if e.Op == shingle.Equal {
			same += len(x)
		}
	}
	if n := len(sh.AppendTokens(nil, a[atA:p.A.End])) + len(sh.AppendTokens(nil, b[atB:p.B.End])); n > 0 {
		t.Fatalf("passage %+v: its last %d tokens are in no edit, want 0", p, n)
	}
	if p.Exact && (len(edits) != 1 || edits[0].Op != shingle.Equal) {
		t.Fatalf("exact passage %+v: edits %+v, want a single Equal edit", p, edits)
	}
	if same < p.Matched*9/10 {
		t.Fatalf("passage %+v: edits keep %d tokens, want at least %d", p, same, p.Matched*9/10)
	}
}

// mill generates texts: paragraphs of made-up sentences, some of them shared or edited.
type mill uint64

func (m *mill) n(n int) int {
	*m += 0x9E3779B97F4A7C15
	z := uint64(*m)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return int((z ^ z>>31) % uint64(n))
}

func (m *mill) word() string {
	syllables := []string{"ka", "lo", "mi", "ter", "ön", "sa", "ru", "vel", "то", "ни", "書", "的"}
	var w strings.Builder
	for range 1 + m.n(3) {
		w.WriteString(syllables[m.n(len(syllables))])
	}
	return w.String()
}

func (m *mill) paragraph() []string {
	words := make([]string, 15+m.n(40))
	for i := range words {
		words[i] = m.word()
		if m.n(9) == 0 {
			words[i] += []string{".", ",", "”", " –", "!", ".\n"}[m.n(6)]
		}
	}
	return words
}

// pair returns two texts that share paragraphs, with the given number of edits per 1000
// words.
func (m *mill) pair(rate int) (a, b string) {
	var shared [][]string
	for range 3 {
		shared = append(shared, m.paragraph())
	}
	side := func() string {
		var text strings.Builder
		for range 1 + m.n(5) {
			text.WriteString(strings.Join(m.paragraph(), " ") + "\n\n")
			for _, w := range shared[m.n(3)] {
				if m.n(1000) < rate {
					w = m.word()
				}
				if m.n(20) == 0 {
					w = strings.ToUpper(w)
				}
				text.WriteString(w + []string{" ", " ", "\n", "\u00a0"}[m.n(4)])
			}
			text.WriteString("\n\n")
		}
		return text.String()
	}
	return side(), side()
}

func TestAlignedPassagesAreValid(t *testing.T) {
	race.Alone(t)
	m := mill(1)
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	found := 0
	for round := range rounds {
		a, b := m.pair(round % 4 * 60)
		for _, al := range []shingle.Aligner{
			{}, {Copies: shingle.BestCopy}, {Copies: shingle.EveryCopy, Snap: shingle.SnapNone},
			{Snap: shingle.SnapSentence}, {Snap: shingle.SnapParagraph}, {MinTokens: 5, MaxGap: -1},
		} {
			ps := al.Align(a, b)
			found += len(ps)
			checkPassages(t, al, a, b, ps)
			if diff := gocmp.Diff(ps, exchanged(al.Align(b, a))); diff != "" {
				t.Fatalf("Align(b, a) with its sides exchanged (-want as Align(a, b) +got):\n%s", gocmp.Diff(ps, exchanged(al.Align(b, a))))
			}
			self := al.Align(a, a)
			checkPassages(t, al, a, a, self)
			whole := slices.ContainsFunc(self, func(p shingle.Passage) bool {
				return p.A == p.B && p.Exact && strings.TrimSpace(a) == p.A.Of(a)
			})
			if !whole && len(al.Shingler.AppendTokens(nil, a)) >= 12 {
				t.Fatalf("%+v: Align of a text with itself = %+v, want a passage that is the whole text\n%q", al, self, a)
			}
		}
	}
	if found < 3*rounds {
		t.Errorf("%d passages found, want at least %d (else the texts prove too little)", found, 3*rounds)
	}
}

func exchanged(ps []shingle.Passage) []shingle.Passage {
	for i, p := range ps {
		ps[i].A, ps[i].B = p.B, p.A
	}
	slices.SortFunc(ps, func(p, q shingle.Passage) int { return slices.Compare(sides(p), sides(q)) })
	return ps
}

// TestEachAlignOptionChangesPassages checks, for every option, that it changes the
// passages of two texts.
func TestEachAlignOptionChangesPassages(t *testing.T) {
	const tail = "runs over the hills and far away to the sea where nobody goes"
	text := func(s string) string { return "One two three. " + s + " Seven eight nine." }
	long := "the quick grey fox of the northern woods that lives by the brook"
	for _, c := range []struct {
		name string
		al   shingle.Aligner
		a, b string
	}{
		{"MinTokens", shingle.Aligner{MinTokens: 8}, "the owl sat in an old oak tree", "why the owl sat in an old oak tree"},
		{"MaxGap", shingle.Aligner{MaxGap: -1}, text(long + " " + tail), text(long + " which is said to be older than the oldest man " + tail)},
		{"MaxDrift", shingle.Aligner{MaxDrift: 2}, text(long + " " + tail), text(long + " which is said to be older than the oldest man " + tail)},
		{"Drop", shingle.Aligner{Drop: 2, MaxGap: -1}, text(long + " a b c d e " + tail), text(long + " f g h i j " + tail)},
		{"Copies", shingle.Aligner{Copies: shingle.BestCopy}, long, long + " and then again " + long},
		{"Snap", shingle.Aligner{Snap: shingle.SnapSentence}, "Now we know that " + long + " sleeps.", "I saw how " + long + " hunts, and more."},
		{"Shingler", shingle.Aligner{Shingler: shingle.Shingler{KeepAccents: true}}, "à l'été " + tail, "a l'ete " + tail},
	} {
		if gocmp.Equal(shingle.Aligner{}.Align(c.a, c.b), c.al.Align(c.a, c.b)) {
			t.Errorf("option %s: passages %+v equal those of the defaults, want other passages", c.name, c.al.Align(c.a, c.b))
		}
	}
}

// TestAlignAtFindsWhatAlignFinds checks that AlignAt finds, from one seed, the passage
// that Align finds.
func TestAlignAtFindsWhatAlignFinds(t *testing.T) {
	const a = "Nobody came. The clock on the tower of the town hall has stood still since the great storm of last winter."
	const b = "They said the clock on the tower of the town hall has stood still since the great storm of last summer."
	var al shingle.Aligner
	x, y := al.Prepare(a), al.Prepare(b)
	want := al.Align(a, b)
	if len(want) != 1 {
		t.Fatalf("Align() = %+v, want one passage", want)
	}
	seeds := []shingle.Seed{{A: 6, B: 6, N: 3}}
	if diff := gocmp.Diff(want, al.AlignAt(x, y, seeds)); diff != "" {
		t.Errorf("AlignAt (-want as Align +got):\n%s", diff)
	}
	for _, s := range []shingle.Seed{{A: 1, B: 7, N: 3}, {A: -1, B: 0, N: 1}, {A: 0, B: 99, N: 1}, {A: 6, B: 6, N: 1 << 30}} {
		if got := al.AlignAt(x, y, []shingle.Seed{s}); got != nil {
			t.Errorf("AlignAt(invalid seed %+v) = %+v, want nil", s, got)
		}
	}
	if got := al.AlignAt(x, y, nil); got != nil {
		t.Errorf("AlignAt(no seeds) = %+v, want nil", got)
	}
}

// TestPrepareSkipsSpans checks that a passage runs across a skipped span.
func TestPrepareSkipsSpans(t *testing.T) {
	a := "The clock on the tower of the town hall has stood still since the great storm."
	b := "The clock on the tower ADVERTISEMENT of the town hall has stood still since the great storm."
	at := strings.Index(b, "ADV")
	var al shingle.Aligner
	ps := al.AlignTexts(al.Prepare(a), al.Prepare(b, shingle.Span{Start: at, End: at + len("ADVERTISEMENT ")}))
	want := []shingle.Passage{{A: shingle.Span{Start: 0, End: len(a)}, B: shingle.Span{Start: 0, End: len(b)}, Tokens: 16, Matched: 16, Similarity: 1, Exact: true}}
	if diff := gocmp.Diff(want, ps); diff != "" {
		t.Errorf("passages with a span skipped (-want +got):\n%s", diff)
	}
}

func FuzzAlign(f *testing.F) {
	m := mill(3)
	for i := range 6 {
		a, b := m.pair(i * 50)
		f.Add(a, b)
	}
	f.Add("", "")
	f.Add("a b c d e f g h i j k l m n", "\xff a b c d e f g h i j k l \x80 m n")
	f.Add(strings.Repeat("the ", 500), strings.Repeat("the ", 700)+"end")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 20_000 {
			return
		}
		for _, al := range []shingle.Aligner{{}, {MinTokens: 4, Copies: shingle.EveryCopy, Snap: shingle.SnapSentence}} {
			ps := al.Align(a, b)
			checkPassages(t, al, a, b, ps)
			if diff := gocmp.Diff(ps, exchanged(al.Align(b, a))); diff != "" {
				t.Fatalf("Align(b, a) with its sides exchanged (-want as Align(a, b) +got):\n%s", diff)
			}
		}
	})
}

// TestNearCopiesAreAllReported aligns texts that have two copies each, so close together
// that one alignment covers both. Every pair of copies must still be in a passage.
func TestNearCopiesAreAllReported(t *testing.T) {
	const phrase = "to be a good neighbour costs nothing but the time it takes to say good morning twice"
	a := phrase + ". So it goes. " + phrase
	b := phrase + ", he wrote; " + phrase
	ps := shingle.Aligner{Copies: shingle.EveryCopy}.Align(a, b)
	checkPassages(t, shingle.Aligner{}, a, b, ps)
	for _, fromA := range []int{0, strings.LastIndex(a, phrase)} {
		for _, fromB := range []int{0, strings.LastIndex(b, phrase)} {
			if !slices.ContainsFunc(ps, func(p shingle.Passage) bool {
				return p.Exact && p.A.Start == fromA && p.B.Start == fromB || p.Matched > 20 && (fromA == 0) == (fromB == 0)
			}) {
				t.Errorf("passages %+v, want one from byte %d to byte %d", ps, fromA, fromB)
			}
		}
	}
}

// A passage ends where skipped text begins, and includes none of its punctuation.
func TestPassageEndsAtSkippedText(t *testing.T) {
	const story = "«The night ferry will sail again from May, nine years after the last crossing of the sound»"
	const menu = " (Home | News | Sport) "
	for _, text := range []string{story + menu + "Ann writes of ships, harbours and the sea for this desk", menu + story + menu, story} {
		from := strings.Index(text, story)
		var skip []shingle.Span
		for at := 0; ; {
			k := strings.Index(text[at:], menu)
			if k < 0 {
				break
			}
			skip = append(skip, shingle.Span{Start: at + k, End: at + k + len(menu)})
			at += k + len(menu)
		}
		var al shingle.Aligner
		ps := al.AlignTexts(al.Prepare(text, skip...), al.Prepare(story))
		if len(ps) != 1 || ps[0].A != (shingle.Span{Start: from, End: from + len(story)}) || ps[0].B != (shingle.Span{Start: 0, End: len(story)}) {
			t.Errorf("passages of %q = %+v, want one from byte %d that is the whole story", text, ps, from)
		}
	}
}
