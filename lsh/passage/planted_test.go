package passage_test

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// A part is a span of a document.
type part struct {
	id string
	shingle.Span
}

// A truth is a planted passage: its source and the copy.
type truth struct{ source, copy part }

// score computes plagdet (Potthast and others 2010) over the bytes of both sides: the
// harmonic mean of precision and recall, divided by log2 of 1 plus the mean number of
// detections per planted passage that was found.
func score(want []truth, got []truth) (plagdet, precision, recall, granularity float64) {
	type pair struct{ a, b string }
	wants, gots := map[pair][]truth{}, map[pair][]truth{}
	var pairs []pair
	put := func(m map[pair][]truth, t truth) {
		if t.source.id > t.copy.id {
			t.source, t.copy = t.copy, t.source
		}
		p := pair{t.source.id, t.copy.id}
		if wants[p] == nil && gots[p] == nil {
			pairs = append(pairs, p)
		}
		m[p] = append(m[p], t)
	}
	for _, t := range want {
		put(wants, t)
	}
	for _, t := range got {
		put(gots, t)
	}
	var hit, planted, detected, found, times int
	for _, p := range pairs {
		for side := range 2 {
			of := func(t truth) shingle.Span { return [2]part{t.source, t.copy}[side].Span }
			var w, g, both []shingle.Span
			for _, t := range gots[p] {
				g = append(g, of(t))
			}
			for _, t := range wants[p] {
				w = append(w, of(t))
				for _, d := range gots[p] {
					if meet(t.source.Span, d.source.Span).Len() > 0 && meet(t.copy.Span, d.copy.Span).Len() > 0 {
						if m := meet(of(t), of(d)); m.Len() > 0 {
							both = append(both, m)
						}
						if side == 0 {
							times++
						}
					}
				}
			}
			hit, planted, detected = hit+bytesIn(both), planted+bytesIn(w), detected+bytesIn(g)
		}
		for _, t := range wants[p] {
			if slices.ContainsFunc(gots[p], func(d truth) bool {
				return meet(t.source.Span, d.source.Span).Len() > 0 && meet(t.copy.Span, d.copy.Span).Len() > 0
			}) {
				found++
			}
		}
	}
	if hit == 0 {
		return 0, 0, 0, 1
	}
	precision, recall = float64(hit)/float64(detected), float64(hit)/float64(planted)
	granularity = float64(times) / float64(found)
	return 2 * precision * recall / (precision + recall) / math.Log2(1+granularity), precision, recall, granularity
}

func meet(s, t shingle.Span) shingle.Span {
	m := shingle.Span{Start: max(s.Start, t.Start), End: min(s.End, t.End)}
	return shingle.Span{Start: m.Start, End: max(m.Start, m.End)}
}

// bytesIn returns the number of bytes in at least one span.
func bytesIn(spans []shingle.Span) int {
	slices.SortFunc(spans, func(s, t shingle.Span) int { return s.Start - t.Start })
	n, end := 0, 0
	for _, s := range spans {
		n += max(0, s.End-max(s.Start, end))
		end = max(end, s.End)
	}
	return n
}

// prose returns the paragraphs of documents that consist of sentences and hardly repeat
// earlier ones, for documents with at least six such paragraphs, up to most documents.
func prose(docs []corpus.Doc, most int) [][]string {
	word := regexp.MustCompile(`\pL{2,}`)
	sh := shingle.Shingler{Size: 4}
	seen := map[uint64]bool{}
	var out [][]string
	for _, d := range docs {
		var fresh []string
		for s := range shingle.Paragraphs(d.Text) {
			p := strings.Join(strings.Fields(s.Of(d.Text)), " ")
			letters, lower := 0, 0
			for _, r := range p {
				if r != ' ' {
					letters++
				}
				if unicode.IsLower(r) {
					lower++
				}
			}
			if len(word.FindAllString(p, -1)) < 25 || strings.Count(p, " ") > 120 || 10*lower < 7*letters {
				continue
			}
			grams := sh.Set(p)
			old := 0
			for _, g := range grams {
				if seen[g] {
					old++
				}
				seen[g] = true
			}
			if 10*old <= len(grams) {
				fresh = append(fresh, p)
			}
		}
		if len(fresh) >= 6 {
			out = append(out, fresh[:min(len(fresh), 14)])
		}
		if len(out) == most {
			break
		}
	}
	return out
}

// invented replaces prose if there is no real data: sentences of words with the
// frequencies of a natural language.
func invented(r *rng) [][]string {
	docs := make([][]string, 200)
	for i := range docs {
		docs[i] = make([]string, 6+r.n(8))
		for k := range docs[i] {
			words := make([]string, 25+r.n(60))
			for j := range words {
				u := float64(r.n(1<<30)) / (1 << 30)
				words[j] = fmt.Sprintf("word%d", int(30*u/(1.0005-u)))
			}
			docs[i][k] = strings.Join(words, " ") + "."
		}
	}
	return docs
}

// An edit changes the words of a copied paragraph.
type edit func(r *rng, text string, vocabulary []string) string

func unedited(_ *rng, text string, _ []string) string { return text }

func typography(r *rng, text string, _ []string) string {
	text = strings.NewReplacer("'", "’", `"`, "”", " - ", " – ").Replace(text)
	var out strings.Builder
	for i, w := range strings.Fields(text) {
		if i > 0 {
			out.WriteString([]string{" ", "\n", "\u00a0", "  ", " "}[r.n(5)])
		}
		if r.n(20) == 0 {
			w = strings.ToUpper(w)
		}
		out.WriteString(w)
	}
	return out.String()
}

// words substitutes, deletes, inserts or swaps the given percentage of words.
func words(percent int) edit {
	return func(r *rng, text string, vocabulary []string) string {
		var out []string
		for w := range strings.FieldsSeq(text) {
			k := r.n(10)
			switch {
			case r.n(100) >= percent:
				out = append(out, w)
			case k < 5:
				out = append(out, vocabulary[r.n(len(vocabulary))])
			case k < 7:
			case k < 9 || len(out) == 0:
				out = append(out, w, vocabulary[r.n(len(vocabulary))])
			default:
				out = append(out[:len(out)-1], w, out[len(out)-1])
			}
		}
		return strings.Join(out, " ")
	}
}

// inserted puts a foreign line in the middle, as a separate paragraph.
func inserted(r *rng, text string, _ []string) string {
	w := strings.Fields(text)
	at := len(w)/3 + r.n(len(w)/3+1)
	line := []string{"ADVERTISEMENT", "Five facts to know", "Write to our editors by letter today"}[r.n(3)]
	return strings.Join(w[:at], " ") + "\n\n" + line + "\n\n" + strings.Join(w[at:], " ")
}

// reordered puts the sentences in another order.
func reordered(r *rng, text string, _ []string) string {
	var sentences []string
	for rest := text; rest != ""; {
		n := strings.IndexAny(rest, ".!?")
		if n < 0 {
			n = len(rest) - 1
		}
		sentences, rest = append(sentences, strings.TrimSpace(rest[:n+1])), rest[n+1:]
	}
	for i := len(sentences) - 1; i > 0; i-- {
		k := r.n(i + 1)
		sentences[i], sentences[k] = sentences[k], sentences[i]
	}
	return strings.Join(sentences, " ")
}

// plant copies two to four paragraphs of every other document into the next one, at
// random places and in random order. For the given percentage of them it takes only a run
// of words and puts it into a sentence.
func plant(r *rng, docs [][]string, change edit, parts int) (texts []string, want []truth) {
	var vocabulary []string
	for _, d := range docs {
		vocabulary = append(vocabulary, strings.Fields(d[0])...)
	}
	for n := 0; n+1 < len(docs) && n < 600; n += 2 {
		source, host := docs[n], docs[n+1]
		chosen := r.order(len(source))[:2+r.n(3)]
		slots := r.order(len(host) + 1)[:len(chosen)]
		var a, b strings.Builder
		at := make([]int, len(source))
		for i, p := range source {
			at[i] = a.Len()
			a.WriteString(p + "\n\n")
		}
		for j := range len(host) + 1 {
			if k := slices.Index(slots, j); k >= 0 {
				c := chosen[k]
				from, to := 0, len(source[c])
				before, after := "", ""
				if r.n(100) < parts {
					from, to = run(r, source[c])
					before, after = "In short, the earlier text held that ", ", as was noted there."
				}
				b.WriteString(before)
				start := b.Len()
				b.WriteString(change(r, source[c][from:to], vocabulary))
				want = append(want, truth{
					part{id(n), shingle.Span{Start: at[c] + from, End: at[c] + to}},
					part{id(n + 1), shingle.Span{Start: start, End: b.Len()}},
				})
				b.WriteString(after + "\n\n")
			}
			if j < len(host) {
				b.WriteString(host[j] + "\n\n")
			}
		}
		texts = append(texts, a.String(), b.String())
	}
	return texts, want
}

func (r *rng) order(n int) []int {
	p := make([]int, n)
	for i := range p {
		k := r.n(i + 1)
		p[i], p[k] = p[k], i
	}
	return p
}

// run returns the place of a run of at least 20 words of a paragraph, or all of it if it
// has fewer.
func run(r *rng, text string) (from, to int) {
	var starts, ends []int
	for _, m := range regexp.MustCompile(`\S+`).FindAllStringIndex(text, -1) {
		starts, ends = append(starts, m[0]), append(ends, m[1])
	}
	if len(starts) < 20 {
		return 0, len(text)
	}
	n := 20 + r.n(len(starts)-19)
	first := r.n(len(starts) - n + 1)
	return starts[first], ends[first+n-1]
}

// TestPlanted searches a whole corpus for planted passages. The limits are those that the
// package promises for English prose; the made-up text used without real data has no
// naturally common words and is easier.
func TestPlanted(t *testing.T) {
	t.Run("invented", func(t *testing.T) {
		race.Alone(t) // "real" runs as many goroutines
		planted(t, invented(new(rng)), 1)
	})
	t.Run("real", func(t *testing.T) {
		docs, seeds, most := corpus.Docs(t, "throughput", "english_rfc.jsonl"), 3, -1
		if testing.Short() || race.Enabled {
			seeds, most = 1, 200 // the rest takes a minute
		}
		planted(t, prose(docs, most), seeds)
	})
}

func planted(t *testing.T, docs [][]string, seeds int) {
	for _, c := range []struct {
		name     string
		change   edit
		parts    int
		least    float64
		required float64 // minimum precision
		found    float64 // maximum granularity: mean number of findings for each passage found
	}{
		{"unedited", unedited, 0, .995, .99, 1.01},
		{"typography", typography, 0, .995, .99, 1.01},
		{"10% of words", words(10), 0, .99, .99, 1.01},
		{"30% of words", words(30), 0, .96, .99, 1.01},
		{"10% of words, parts", words(10), 40, .985, .99, 1.01},
		{"a foreign line", inserted, 0, .96, .99, 1.03},
		{"other order", reordered, 0, .85, .99, 1.3},
	} {
		if race.Short() && c.name != "10% of words" {
			continue // these differ only in the texts
		}
		t.Run(c.name, func(t *testing.T) {
			for seed := range seeds {
				r := rng(seed)
				texts, want := plant(&r, docs, c.change, c.parts)
				ix := index(passage.Options{Workers: 2}, texts)
				var got []truth
				for p := range ix.Pairs(context.Background()) {
					for _, s := range p.Passages {
						got = append(got, truth{part{p.A, s.A}, part{p.B, s.B}})
					}
				}
				plagdet, precision, recall, granularity := score(want, got)
				t.Logf("seed %d: %d documents, %d planted: plagdet %.4f, precision %.4f, recall %.4f, granularity %.4f",
					seed, len(texts), len(want), plagdet, precision, recall, granularity)
				if plagdet < c.least || precision < c.required || granularity > c.found {
					t.Errorf("seed %d: plagdet %.4f, precision %.4f, granularity %.4f; want at least %.3f, at least %.2f and at most %.2f",
						seed, plagdet, precision, granularity, c.least, c.required, c.found)
				}
			}
		})
	}
}

// TestScoreCountsByHand checks the score on cases that can be counted by hand.
func TestScoreCountsByHand(t *testing.T) {
	at := func(s, e, u, v int) truth {
		return truth{part{"a", shingle.Span{Start: s, End: e}}, part{"b", shingle.Span{Start: u, End: v}}}
	}
	want := []truth{at(0, 100, 500, 600)}
	for _, c := range []struct {
		why                              string
		got                              []truth
		plagdet, precision, recall, gran float64
	}{
		{"all of it", want, 1, 1, 1, 1},
		{"nothing", nil, 0, 0, 0, 1},
		{"half on both sides", []truth{at(0, 50, 500, 550)}, 2. / 3, 1, .5, 1},
		{"one side elsewhere", []truth{at(0, 100, 0, 100)}, 0, 0, 0, 1},
		{"two halves", []truth{at(0, 50, 500, 550), at(50, 100, 550, 600)}, 1 / math.Log2(3), 1, 1, 2},
		{"too much", []truth{at(0, 200, 500, 700)}, 2. / 3, .5, 1, 1},
	} {
		plagdet, precision, recall, gran := score(want, c.got)
		if math.Abs(plagdet-c.plagdet) > 1e-9 || precision != c.precision || recall != c.recall || gran != c.gran {
			t.Errorf("%s: %v %v %v %v, want %v", c.why, plagdet, precision, recall, gran, c)
		}
	}
}
