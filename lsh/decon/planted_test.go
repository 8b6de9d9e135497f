package decon

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
)

// A language makes items of about n words.
type language struct {
	name  string
	joint string // separator of words
	words func(r *rand.Rand, n int) []string
}

func pick(r *rand.Rand, list string) string {
	words := strings.Fields(list)
	return words[r.IntN(len(words))]
}

const (
	nouns      = "river teacher engine letter market garden signal bridge winter doctor island window question number shadow farmer railway kitchen contract mirror planet salmon ladder violin harbour orchard mineral parliament satellite chimney"
	verbs      = "carries follows measures repairs forgets visits explains crosses collects paints borrows answers delays buries weighs"
	adjectives = "old narrow bright heavy quiet northern broken cheap distant hollow gentle second wooden early foreign"
	frames     = "which of the following is the best description of|how many of these would be left if|what is the name of the person who|explain in one sentence why|according to the passage above the|if it takes three hours for the"
	hanFrames  = "下列哪一项说法是正确的|请用一句话解释为什么|如果需要三个小时|根据上文所述"
	hanWords   = "河流老师发动机书信市场花园信号桥梁冬天医生岛屿窗户问题数字影子农民铁路厨房合同镜子行星梯子小提琴港口果园矿物烟囱测量修理忘记解释穿过收集借用回答推迟明亮沉重安静北方遥远温和"
)

var languages = []language{
	{"English", " ", func(r *rand.Rand, n int) (out []string) {
		f := strings.Split(frames, "|")
		out = strings.Fields(f[r.IntN(len(f))])[:3+r.IntN(3)]
		for len(out) < n {
			out = append(out, "the", pick(r, adjectives), pick(r, nouns), pick(r, verbs), "a", pick(r, nouns), "of", pick(r, adjectives), pick(r, nouns), "and")
		}
		return out[:n]
	}},
	{"code", " ", func(r *rand.Rand, n int) (out []string) {
		out = []string{"def", pick(r, nouns) + pick(r, nouns), "(", pick(r, nouns), "):"}
		for len(out) < n {
			v := pick(r, nouns)
			out = append(out, "for", v, "in", "range(", pick(r, adjectives)+pick(r, nouns), "):", "if", v, "==", fmt.Sprint(r.IntN(100)), ": return", pick(r, verbs), "+", v)
		}
		for i := range out { // one token each
			if f := strings.Fields(strings.Map(letter, out[i])); len(f) != 1 {
				out[i] = pick(r, nouns)
			}
		}
		return out[:n]
	}},
	{"Chinese", "", func(r *rand.Rand, n int) (out []string) {
		f := strings.Split(hanFrames, "|")
		for _, c := range f[r.IntN(len(f))] {
			out = append(out, string(c))
		}
		out = out[:3]
		all := []rune(hanWords)
		for len(out) < n {
			at := r.IntN(len(all) - 2)
			out = append(out, string(all[at]), string(all[at+1]))
		}
		return out[:n]
	}},
}

func letter(r rune) rune {
	if r == '(' || r == ')' || r == ':' || r == '=' || r == '+' {
		return ' '
	}
	return r
}

// edit changes n words, or inserts -n words in one place.
func edit(r *rand.Rand, words []string, n int, l language) []string {
	words = slices.Clone(words)
	fresh := func() string {
		if l.joint == "" {
			return string(rune('龍' + r.IntN(50)))
		}
		return pick(r, nouns) + "s"
	}
	if n < 0 {
		at := 1 + r.IntN(len(words)-1)
		for range -n {
			words = slices.Insert(words, at, fresh())
		}
		return words
	}
	for _, at := range r.Perm(len(words))[:n] {
		switch r.IntN(3) {
		case 0:
			words[at] = fresh()
		case 1:
			words[at] += l.joint + fresh()
		default:
			words[at] = ""
		}
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// TestPlantedItemsAreFound plants items into real documents, unchanged and changed, and
// counts the items found and the documents that are reported without holding any.
func TestPlantedItemsAreFound(t *testing.T) {
	race.Alone(t)
	docs := corpus.Docs(t, "reuters21578", "docs.jsonl")
	r := rand.New(rand.NewPCG(5, 23))
	const perLanguage = 600
	kinds := []struct {
		name  string
		edits func(n int) int
		least float64
	}{
		{"verbatim", func(int) int { return 0 }, .99},
		{"one word", func(int) int { return 1 }, .97},
		{"15 % of words", func(n int) int { return max(1, (15*n+50)/100) }, .9},
		{"20 words inserted", func(int) int { return -20 }, .95},
	}
	lengths := []int{8, 9, 10, 12, 15, 20, 30, 50, 100, 200}
	var items []Item
	type plant struct{ doc, item, kind, lang int }
	planted := map[int]plant{} // the planted item of each document
	texts := make([]string, len(docs))
	for i, d := range docs {
		texts[i] = d.Text
	}
	free := r.Perm(len(docs))
	for li, l := range languages {
		for i := range perLanguage {
			n := lengths[i%len(lengths)]
			words := l.words(r, n)
			items = append(items, Item{ID: fmt.Sprintf("%s-%d", l.name, i), Text: strings.Join(words, l.joint)})
			kind := i / len(lengths) % len(kinds)
			changed := edit(r, words, kinds[kind].edits(n), l)
			at := free[0]
			free = free[1:]
			text := texts[at]
			cut := strings.LastIndexByte(text[:r.IntN(len(text)+1)], ' ') + 1
			text = text[:cut] + "\n" + strings.ToUpper(strings.Join(changed, l.joint)) + ".\n" + text[cut:]
			texts[at] = text
			planted[at] = plant{at, len(items) - 1, kind, li}
		}
	}
	// As many items again, which no document holds.
	for _, l := range languages {
		for i := range perLanguage {
			items = append(items, Item{ID: "absent", Text: strings.Join(l.words(r, lengths[i%len(lengths)]), l.joint)})
		}
	}
	search := New(items, Options{}).Search()
	for i, text := range texts {
		search.Add(i, text)
	}
	found := map[int]bool{}
	wrong := map[int]bool{}
	for _, m := range search.Matches() {
		if p, ok := planted[m.Document]; ok && p.item == m.Item {
			found[m.Document] = true
		} else if !ok {
			wrong[m.Document] = true
			if len(wrong) < 5 {
				t.Logf("document %d is reported for %q: %q, share %.2f", m.Document, items[m.Item].Text, m.Span.Of(texts[m.Document]), m.Share)
			}
		}
	}
	for li, l := range languages {
		for ki, kind := range kinds {
			n, hit := 0, 0
			missed := map[int]int{}
			for at, p := range planted {
				if p.lang != li || p.kind != ki {
					continue
				}
				n++
				if found[at] {
					hit++
				} else {
					missed[lengths[p.item%len(lengths)]]++
				}
			}
			share := float64(hit) / float64(n)
			t.Logf("%s, %s: %d of %d (%.3f), missed by words %v", l.name, kind.name, hit, n, share, missed)
			if share < kind.least {
				t.Errorf("%s, %s: found %.3f, want at least %.2f", l.name, kind.name, share, kind.least)
			}
		}
	}
	if clean := len(docs) - len(planted); len(wrong)*10000 > clean {
		t.Errorf("%d of %d documents without an item are reported, want at most 1 in 10,000", len(wrong), clean)
	}
}

// TestCommonPhrasesAreNotItems searches news for sentences of contracts and standards:
// documents that contain only common turns of phrase are not reported.
func TestCommonPhrasesAreNotItems(t *testing.T) {
	race.Alone(t)
	docs := corpus.Docs(t, "reuters21578", "docs.jsonl")
	if testing.Short() {
		docs = docs[:len(docs)/8]
	}
	for _, source := range [][]string{{"terms_versions", "docs.jsonl"}, {"throughput", "english_rfc.jsonl"}} {
		r := rand.New(rand.NewPCG(1, 2))
		from := corpus.Docs(t, source...)
		var items []Item
		for range 5000 {
			words := strings.Fields(from[r.IntN(len(from))].Text)
			if n := 8 + r.IntN(12); len(words) > n {
				at := r.IntN(len(words) - n)
				items = append(items, Item{Text: strings.Join(words[at:at+n], " ")})
			}
		}
		search := New(items, Options{}).Search()
		for i, d := range docs {
			search.Add(i, d.Text)
		}
		reported := map[int]bool{}
		for _, m := range search.Matches() {
			if reported[m.Document] = true; len(reported) < 5 {
				t.Logf("%.2f %q: %q", m.Share, items[m.Item].Text, m.Span.Of(docs[m.Document].Text))
			}
		}
		if len(reported)*10000 > len(docs) {
			t.Errorf("%s: %d of %d documents are reported for %d items, want at most 1 in 10,000", source[0], len(reported), len(docs), len(items))
		}
	}
}

// BenchmarkSearch reads real documents with ten thousand items.
func BenchmarkSearch(b *testing.B) {
	docs := corpus.Docs(b, "reuters21578", "docs.jsonl")
	r := rand.New(rand.NewPCG(1, 2))
	var items []Item
	for i := range 10000 {
		l := languages[i%2]
		items = append(items, Item{Text: strings.Join(l.words(r, 8+r.IntN(60)), l.joint)})
	}
	ix := New(items, Options{})
	bytes := 0
	for _, d := range docs {
		bytes += len(d.Text)
	}
	b.SetBytes(int64(bytes))
	for b.Loop() {
		s := ix.Search()
		for i, d := range docs {
			s.Add(i, d.Text)
		}
	}
}
