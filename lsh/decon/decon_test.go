package decon

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	question = "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902?"
	passage  = "The ferry left before dawn and the keeper, who had not slept, counted eleven lamps along the quay."
)

// search looks for items in texts and shows each match as its document, item, part
// and the words in both.
func search(items []Item, o Options, texts ...string) (out []string) {
	s := New(items, o).Search()
	for i, text := range texts {
		s.Add(i, text)
	}
	for _, m := range s.Matches() {
		it := items[m.Item].Text
		if m.Part == Answer {
			it = items[m.Item].Answer
		}
		out = append(out, fmt.Sprintf("%d %s %v exact=%v %q %q", m.Document, items[m.Item].ID, m.Part, m.Exact, m.Span.Of(texts[m.Document]), m.ItemSpan.Of(it)))
	}
	return out
}

func TestMatchesAreFound(t *testing.T) {
	long := strings.Repeat("Nothing of it here, only rain on slate and a dog asleep. ", 500) // takes many chunks
	fill := "Rain on slate; a dog asleep under the stove while somebody turned pages."
	for _, tt := range []struct {
		name  string
		items []Item
		texts []string
		want  []string
	}{
		{"empty", nil, []string{"", question}, nil},
		{"too short", []Item{{ID: "q", Text: "Which of the two towns?"}}, []string{"Which of the two towns?"}, nil},
		{"case and punctuation", []Item{{ID: "q", Text: question}}, []string{fill + " WHICH OF THE TWO harbour\ntowns — rebuilt its lighthouse, after the flood of 1902. " + fill},
			[]string{`0 q text exact=true "WHICH OF THE TWO harbour\ntowns — rebuilt its lighthouse, after the flood of 1902" "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902"`}},
		{"exchanged", []Item{{ID: "q", Text: question}}, []string{fill + " Which of the two harbour cities rebuilt its lighthouse after the flood of 1902?"},
			[]string{`0 q text exact=false "Which of the two harbour cities rebuilt its lighthouse after the flood of 1902" "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902"`}},
		{"inserted", []Item{{ID: "q", Text: question}}, []string{"Which of the two harbour towns slowly and at great cost rebuilt its lighthouse after the flood of 1902?"},
			[]string{`0 q text exact=false "Which of the two harbour towns slowly and at great cost rebuilt its lighthouse after the flood of 1902" "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902"`}},
		{"the end is missing", []Item{{ID: "p", Text: passage}}, []string{fill + " The ferry left before dawn and the keeper, who had not slept, counted eleven"},
			[]string{`0 p text exact=false "The ferry left before dawn and the keeper, who had not slept, counted eleven" "The ferry left before dawn and the keeper, who had not slept, counted eleven"`}},
		{"half is not enough", []Item{{ID: "p", Text: passage}}, []string{"The ferry left before dawn and the keeper went home to a dinner of herring."}, nil},
		{"answers", []Item{{ID: "q", Text: question, Answer: "Brimsey"}, {ID: "r", Text: question, Answer: "Oxwick Bay"}},
			[]string{question + " Brimsey.", "(Oxwick bay) " + question, question, "Brimsey and Oxwick Bay."},
			[]string{
				`0 q text exact=true "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902" "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902"`,
				`0 r text exact=true "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902" "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902"`,
				`0 q answer exact=true "Brimsey" "Brimsey"`,
				`1 r answer exact=true "Oxwick bay" "Oxwick Bay"`,
				`1 q text exact=true "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902" "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902"`,
				`1 r text exact=true "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902" "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902"`,
				`2 q text exact=true "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902" "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902"`,
				`2 r text exact=true "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902" "Which of the two harbour towns rebuilt its lighthouse after the flood of 1902"`,
			}},
		{"a long answer alone", []Item{{ID: "q", Text: question, Answer: passage}}, []string{fill + passage},
			[]string{`0 q answer exact=true "The ferry left before dawn and the keeper, who had not slept, counted eleven lamps along the quay" "The ferry left before dawn and the keeper, who had not slept, counted eleven lamps along the quay"`}},
		{"twice in a long text", []Item{{ID: "p", Text: passage}}, []string{long + passage + " " + long[:4000] + " " + passage},
			slices.Repeat([]string{`0 p text exact=true "The ferry left before dawn and the keeper, who had not slept, counted eleven lamps along the quay" "The ferry left before dawn and the keeper, who had not slept, counted eleven lamps along the quay"`}, 2)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, search(tt.items, Options{}, tt.texts...)); diff != "" {
				t.Errorf("matches (-want +got):\n%s", diff)
			}
		})
	}
}

// TestItemsAcrossChunksAreFound plants an item at every position around the border of a
// chunk.
func TestItemsAcrossChunksAreFound(t *testing.T) {
	items := []Item{{ID: "p", Text: passage}}
	ix := New(items, Options{})
	for lead := chunk - 60; lead < chunk+20; lead++ {
		text := strings.Repeat("slate ", lead) + passage + strings.Repeat(" slate", 100)
		s := ix.Search()
		s.Add(0, text)
		if m := s.Matches(); len(m) != 1 || !m[0].Exact {
			t.Fatalf("%d words before the item: got %v, want one exact match", lead, m)
		}
	}
}

// TestLongItemsAreFoundInParts finds the parts of a text that is too long for one entry.
func TestLongItemsAreFoundInParts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	words := make([]string, 2*mostWords+1)
	for i := range words {
		words[i] = fmt.Sprintf("w%d", r.IntN(500))
	}
	s := New([]Item{{Text: strings.Join(words, " ")}}, Options{}).Search()
	s.Add(0, strings.Join(words, ", "))
	m := s.Matches()
	if len(m) != 3 || !m[0].Exact || !m[1].Exact || !m[2].Exact || m[0].Span.End >= m[1].Span.Start {
		t.Errorf("got %v, want three exact parts", m)
	}
}

// TestOrderDoesNotMatter adds documents in several orders and from several goroutines.
func TestOrderDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var items []Item
	var texts []string
	for i := range 200 {
		l := languages[i%len(languages)]
		words := l.words(r, 8+r.IntN(30))
		items = append(items, Item{ID: fmt.Sprint(i), Text: strings.Join(words, l.joint), Answer: pick(r, nouns)})
		texts = append(texts, strings.Join(edit(r, words, r.IntN(3), l), l.joint)+" "+pick(r, nouns))
	}
	ix := New(items, Options{})
	s := ix.Search()
	for i, text := range texts {
		s.Add(i, text)
	}
	want := s.Matches()
	if len(want) < 150 {
		t.Fatalf("got %d matches, want most of the 200 planted", len(want))
	}
	for range 5 {
		s := ix.Search()
		var wg sync.WaitGroup
		for _, i := range r.Perm(len(texts)) {
			wg.Go(func() { s.Add(i, texts[i]) })
		}
		wg.Wait()
		if diff := cmp.Diff(want, s.Matches()); diff != "" {
			t.Fatalf("another order of documents (-want +got):\n%s", diff)
		}
	}
}

// TestAlignFindsLongestChain compares the aligner with the length of the best chain found
// by plain recursion.
func TestAlignFindsLongestChain(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var al aligner
	for range 300 {
		a, b := make([]uint32, 1+r.IntN(9)), make([]uint32, 1+r.IntN(30))
		for _, s := range [][]uint32{a, b} {
			for i := range s {
				s[i] = uint32(r.IntN(7))
			}
		}
		pairs := al.align(a, b)
		got := 0
		for i, p := range pairs {
			if a[p.a] != b[p.b] {
				t.Fatalf("align(%v, %v) pairs %v, want equal words", a, b, p)
			}
			got += equalScore
			if i > 0 {
				d, e := p.a-pairs[i-1].a-1, p.b-pairs[i-1].b-1
				if d < 0 || e < 0 {
					t.Fatalf("align(%v, %v) = %v, want ascending pairs", a, b, pairs)
				}
				got += gapScore*d + max(gapScore*e, jumpScore)
			}
		}
		if want := bestChain(a, b); got != want {
			t.Fatalf("align(%v, %v) = %v, score %d; want %d", a, b, pairs, got, want)
		}
	}
}

// bestChain returns the best score of any chain of equal words.
func bestChain(a, b []uint32) int {
	var from func(i, j int) int // best score of a chain that begins with the pair i, j
	memo := map[[2]int]int{}
	from = func(i, j int) int {
		if s, ok := memo[[2]int{i, j}]; ok {
			return s
		}
		best := 0
		for k := i + 1; k < len(a); k++ {
			for l := j + 1; l < len(b); l++ {
				if a[k] == b[l] {
					best = max(best, from(k, l)+gapScore*(k-i-1)+max(gapScore*(l-j-1), jumpScore))
				}
			}
		}
		memo[[2]int{i, j}] = best + equalScore
		return best + equalScore
	}
	best := 0
	for i := range a {
		for j := range b {
			if a[i] == b[j] {
				best = max(best, from(i, j))
			}
		}
	}
	return best
}

// TestCommonRunsDoNotHideItems finds items of one template among thousands.
func TestCommonRunsDoNotHideItems(t *testing.T) {
	var items []Item
	for i := range 3000 {
		items = append(items, Item{ID: fmt.Sprint(i), Text: fmt.Sprintf("What is the usual colour of the flag of the town of place%d today?", i)})
	}
	s := New(items, Options{}).Search()
	s.Add(0, "What is the usual colour of the flag of the town of place1234 today?")
	exact := 0
	for _, m := range s.Matches() {
		if m.Exact {
			exact++
			if m.Item != 1234 {
				t.Errorf("item %d matched exactly, want only item 1234", m.Item)
			}
		}
	}
	if exact != 1 {
		t.Errorf("got %d exact matches, want 1", exact)
	}
}

func TestBadOptionsPanic(t *testing.T) {
	for _, o := range []Options{{MinTokens: 2}, {Share: 1.5}, {Share: -1}} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "decon: ") {
					t.Errorf("New(%+v): got %q, want a panic with the package's name", o, s)
				}
			}()
			New(nil, o)
		}()
	}
}

var update = flag.Bool("update", false, "write golden files")

var goldenItems = []Item{{"q1", question, "Brimsey"}, {"", passage, ""}, {"kurz", "zu kurz", "\xff"}}

// TestGoldenFileIsReadAndWritten reads the file of version 1 and writes it again.
func TestGoldenFileIsReadAndWritten(t *testing.T) {
	name := filepath.Join("testdata", "items-v1.golden")
	got, err := New(goldenItems, Options{Share: .8}).AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("MarshalBinary differs from the golden file, want the same bytes: another format needs a new version")
	}
	var ix Index
	if err := ix.UnmarshalBinary(want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(goldenItems, ix.Items()); diff != "" || ix.opts.Share < .79 || ix.opts.MinTokens != 8 {
		t.Errorf("options %+v, items (-want +got):\n%s", ix.opts, diff)
	}
}

func TestDamageIsRefused(t *testing.T) {
	data, _ := New(goldenItems, Options{}).MarshalBinary()
	for n := range data {
		var ix Index
		if err := ix.UnmarshalBinary(data[:n]); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFormat) {
			t.Fatalf("the first %d bytes: got %v, want ErrCorrupt or ErrFormat", n, err)
		}
		for bit := range 8 {
			d := slices.Clone(data)
			d[n] ^= 1 << bit
			if err := ix.UnmarshalBinary(d); err == nil {
				t.Fatalf("UnmarshalBinary with bit %d of byte %d flipped = nil error, want an error", bit, n)
			}
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	data, _ := New(goldenItems, Options{}).MarshalBinary()
	f.Add(data)
	f.Add([]byte("nbdc\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var ix Index
		if ix.UnmarshalBinary(data) != nil {
			return
		}
		if again, _ := ix.MarshalBinary(); !bytes.Equal(again, data) {
			t.Errorf("%x read and written again = %x, want the same bytes", data, again)
		}
	})
}

// FuzzSearch checks that spans lie within the texts, and that an item is found in any
// text that contains it.
func FuzzSearch(f *testing.F) {
	f.Add(question, "Brimsey", passage, uint16(7))
	f.Add("a b c a b c a b c a b c", "a", "a b c a b c a b c a b", uint16(0))
	f.Add("一二三四五六七八", "九", "一二三 四五", uint16(3))
	f.Fuzz(func(t *testing.T, text, answer, other string, at uint16) {
		ix := New([]Item{{Text: text, Answer: answer}, {Text: other}}, Options{})
		cut := min(int(at), len(other))
		doc := other[:cut] + "\n" + text + "\n" + other[cut:]
		s := ix.Search()
		s.Add(0, doc)
		s.Add(1, other)
		whole := false
		for _, m := range s.Matches() {
			in, of := []string{doc, other}[m.Document], ix.Items()[m.Item].Text
			if m.Part == Answer {
				of = ix.Items()[m.Item].Answer
			}
			if m.Span.Start < 0 || m.Span.Start >= m.Span.End || m.Span.End > len(in) || m.ItemSpan.Start < 0 || m.ItemSpan.End > len(of) {
				t.Fatalf("match %+v, want spans within %q and %q", m, in, of)
			}
			if !(m.Similarity > 0 && m.Similarity <= 1 && m.Share > 0 && m.Share <= 1.0000001) {
				t.Fatalf("match %+v, want Similarity and Share above 0 and at most 1", m)
			}
			whole = whole || m.Document == 0 && m.Item == 0 && m.Part == Text
		}
		if n := len(ix.opts.Shingler.AppendTokens(nil, text)); n >= 8 && n <= mostWords && ix.stats.Unfound == 0 && !whole {
			t.Fatalf("Search(%q) does not find %q, want a match: the text holds it", doc, text)
		}
	})
}

func Example() {
	items := []Item{{ID: "quiz-7", Text: question, Answer: "Brimsey"}}
	page := "Pub quiz, round two. Which of the two harbour towns first rebuilt its lighthouse after the flood of 1902? (Brimsey, in 1904.)"
	search := New(items, Options{}).Search()
	search.Add(0, page)
	for _, m := range search.Matches() {
		fmt.Printf("%s %v %.2f: %s\n", items[m.Item].ID, m.Part, m.Similarity, m.Span.Of(page))
	}
	// Output:
	// quiz-7 text 0.97: Which of the two harbour towns first rebuilt its lighthouse after the flood of 1902
	// quiz-7 answer 1.00: Brimsey
}
