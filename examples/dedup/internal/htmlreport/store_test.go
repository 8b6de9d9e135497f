package htmlreport

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// resolved returns the text of a document as the page's script computes it.
func resolved(t *testing.T, docs []docData, n int) string {
	t.Helper()
	switch text := docs[n].Text.(type) {
	case string:
		return text
	case []any:
		from := utf16.Encode([]rune(resolved(t, docs, int(text[0].(float64)))))
		var units []uint16
		for i := 1; i < len(text); i++ {
			if literal, ok := text[i].(string); ok {
				units = append(units, utf16.Encode([]rune(literal))...)
				continue
			}
			start, length := int(text[i].(float64)), int(text[i+1].(float64))
			units = append(units, from[start:start+length]...)
			i++
		}
		return string(utf16.Decode(units))
	}
	t.Fatalf("document %d has no text, want one: %+v", n, docs[n])
	return ""
}

// pieceTexts returns the texts of flat pieces of one kind, or of all for -1.
func pieceTexts(text string, at int, flat []int, kind int) string {
	units := utf16.Encode([]rune(text))
	var b strings.Builder
	for i := 0; i < len(flat); i += 3 {
		if kind < 0 || flat[i] == kind {
			b.WriteString(string(utf16.Decode(units[at : at+flat[i+1]])))
		}
		at += flat[i+1]
	}
	return b.String()
}

// pageOf returns the data of a page about one cluster and one pair of two texts.
func pageOf(t *testing.T, a, b Document, passages []shingle.Passage, limit int) (docs []docData, cluster clusterData, pair pairData) {
	t.Helper()
	r := &Report{
		Documents: 2, Threshold: .5, MaxText: limit,
		Clusters: []lsh.Cluster[int]{{Representative: 0, Members: []lsh.Member[int]{{ID: 0, Similarity: 1}, {ID: 1, Similarity: .6}}}},
		Shared:   []Shared{{A: 0, B: 1, Passages: passages}},
		Document: func(i int) Document { return []Document{a, b}[i] },
	}
	var clusters []clusterData
	var pairs []pairData
	for _, k := range r.data().kinds {
		into := map[string]any{"docs": &docs, "clusters": &clusters, "passages": &pairs}[k.key]
		if into == nil {
			continue
		}
		if err := json.Unmarshal(k.json, into); err != nil {
			t.Fatal(err)
		}
	}
	return docs, clusters[0], pairs[0]
}

// For any texts, a document's text is the same on the page, and its pieces are at the
// same places.
func FuzzStore(f *testing.F) {
	f.Add(ferry, ferry2, uint8(4), uint8(9))
	f.Add(ferry+" \U0001F6A2\U0001F6A2 "+quote, "\ufeff\r\n"+quote+"\x00\U0001F6A2", uint8(0), uint8(3))
	f.Add("日本の船は五月から再び出る", "日本の船は六月から再び出る\x00", uint8(3), uint8(3))
	f.Add("a \xff b</script>\xe2\x82", "\xe2\x82a b <b>", uint8(1), uint8(2))
	f.Add(strings.Repeat("long and longer ", 300), strings.Repeat("long and longer ", 299)+"end", uint8(20), uint8(200))
	f.Fuzz(func(t *testing.T, textA, textB string, from, to uint8) {
		a, b := Document{Text: textA}, Document{Text: textB}
		if from <= to && int(to) <= len(textA) { // masks begin and end between letters
			a.Mask = []shingle.Span{{Start: letterAt(textA, int(from)), End: letterAt(textA, int(to))}}
		}
		docs, cluster, pair := pageOf(t, a, b, (shingle.Aligner{MinTokens: 3}).Align(textA, textB), 0)
		for i, text := range []string{textA, textB} {
			if got := resolved(t, docs, i); got != shown(text) {
				t.Fatalf("text %d is %q, want %q", i, got, shown(text))
			}
		}
		m := cluster.Members[0]
		whole := compared(a, b)
		for _, side := range []struct {
			text string
			want []piece
			got  []int
		}{{textA, whole.a, m.A}, {textB, whole.b, m.B}} {
			for _, kind := range []int{plain, common, own, recycled} {
				var want strings.Builder
				for _, p := range side.want {
					if p.kind == kind {
						want.WriteString(shown(p.span.Of(side.text)))
					}
				}
				if got := pieceTexts(shown(side.text), 0, side.got, kind); got != want.String() {
					t.Fatalf("pieces of kind %d: %q, want %q", kind, got, want.String())
				}
			}
		}
		for _, p := range pair.Passages {
			if got, want := pieceTexts(shown(textA), p.A[0], p.A[1:], -1), shown(textA[p.Places[0]:p.Places[1]]); got != want {
				t.Fatalf("passage %q, want %q", got, want)
			}
			if got, want := pieceTexts(shown(textB), p.B[0], p.B[1:], -1), shown(textB[p.Places[2]:p.Places[3]]); got != want {
				t.Fatalf("passage %q, want %q", got, want)
			}
		}
	})
}

// letterAt returns the first position at or after n that does not split a letter.
func letterAt(text string, n int) int {
	for n < len(text) && !utf8.RuneStart(text[n]) {
		n++
	}
	return n
}

// Texts that have much in common take little more space than one of them.
func TestStoreSharesText(t *testing.T) {
	text := strings.Repeat("The pilots of the harbour want a boat of their own, and say so every spring. ", 60)
	a, b := Document{ID: "a", Text: text + "The end."}, Document{ID: "b", Text: text + "No end."}
	docs, _, _ := pageOf(t, a, b, nil, 0)
	if n := jsonSize(docs[1]); n > 400 {
		t.Errorf("%d bytes for a text of %d that differs from another one by a word, want at most 400", n, len(b.Text))
	}
	if got := resolved(t, docs, 1); got != b.Text {
		t.Errorf("text = %q, want %q", got, b.Text)
	}
}

// A text that is too long keeps the parts around its findings, and the page knows how
// much is missing in between.
func TestStoreCutsLongTexts(t *testing.T) {
	filler := strings.Repeat("Nothing of this is of interest to anyone in the harbour. ", 2000)
	a := Document{ID: "a", Text: filler + quote + " " + filler}
	b := Document{ID: "b", Text: quote}
	passages := shingle.Aligner{}.Align(a.Text, b.Text)
	if len(passages) != 1 {
		t.Fatalf("%d passages, want 1", len(passages))
	}
	docs, _, pair := pageOf(t, a, b, passages, 4000)
	d := docs[pair.A]
	text := resolved(t, docs, pair.A)
	if len(text) > 6000 || !strings.Contains(text, quote) || !strings.HasPrefix(a.Text, text[:200]) {
		t.Errorf("%d bytes are kept, the passage among them: %v, want at most 6000, true", len(text), strings.Contains(text, quote))
	}
	missing := 0
	for i := 1; i < len(d.Cuts); i += 2 {
		missing += d.Cuts[i]
	}
	if missing+len(text) != len(a.Text) || len(d.Cuts) != 4 {
		t.Errorf("%d letters are kept and %d missing, cuts %v, want %d together and 2 cuts", len(text), missing, d.Cuts, len(a.Text))
	}
	p := pair.Passages[0]
	if got := pieceTexts(text, p.A[0], p.A[1:], -1); got != strings.TrimSuffix(quote, ".") && got != quote {
		t.Errorf("passage = %q, want %q", got, quote)
	}
}

func TestWindowsKeepOrderAndRunes(t *testing.T) {
	text := strings.Repeat("日本 word ", 5000)
	for _, around := range [][]shingle.Span{
		nil,
		{{Start: 0, End: len(text)}},
		{{Start: 30_000, End: 30_100}, {Start: 20_000, End: 20_050}},
		{{Start: len(text) - 1, End: len(text)}, {Start: 7, End: 7}},
	} {
		last, size := -1, 0
		for _, w := range windows(text, around, 3000) {
			if w.Start <= last || w.End <= w.Start || w.End > len(text) || !strings.HasPrefix(text[w.Start:]+"日", w.Of(text)) {
				t.Errorf("windows around %v = %v, want windows in order, not empty and on borders of runes", around, w)
			}
			if strings.ToValidUTF8(w.Of(text), "?") != w.Of(text) {
				t.Errorf("window %v cuts a letter, want borders of letters", w)
			}
			last, size = w.End, size+w.Len()
		}
		if size > 10_000 {
			t.Errorf("windows around %v take %d bytes, want at most 10000", around, size)
		}
	}
}

func TestCommonFolderIsFound(t *testing.T) {
	for _, tt := range []struct{ ids, want string }{
		{"", ""},
		{"a/b/c", ""},
		{"a/b/c a/b/d", "a/b/"},
		{"a/bc/d a/be/d", "a/"},
		{"a b", ""},
		{"https://x.example/n/1 https://x.example/n/2", "https://x.example/n/"},
		{"https://x.example/1 https://y.example/2", ""},
		{"a/ a/b", ""}, // a/ would have no name
		{"a/b a/c b/c", ""},
	} {
		if got := commonFolder(strings.Fields(tt.ids)); got != tt.want {
			t.Errorf("commonFolder(%s) = %q, want %q", tt.ids, got, tt.want)
		}
	}
}

func TestOnlySafeLinksAreKept(t *testing.T) {
	for _, tt := range []struct{ link, want string }{
		{"", ""},
		{"https://x.example/a?b=c#d", "https://x.example/a?b=c#d"},
		{"HTTP://x.example/", "http://x.example/"},
		{"../stories/a%20b.txt", "../stories/a%20b.txt"},
		{"./a:b.txt", "./a:b.txt"},
		{"javascript:alert(1)", ""},
		{"JavaScript:alert(1)", ""},
		{" javascript:alert(1)", ""},
		{"java\nscript:alert(1)", ""},
		{"data:text/html,x", ""},
		{"file:///etc/passwd", ""},
		{"//x.example/a", ""},
		{"\\\\x.example\\a", ""},
		{"https://user:secret@x.example/", ""},
		{"https:x", ""},
		{"https://%zz", ""},
	} {
		if got := safeLink(tt.link); got != tt.want {
			t.Errorf("safeLink(%q) = %q, want %q", tt.link, got, tt.want)
		}
	}
}
