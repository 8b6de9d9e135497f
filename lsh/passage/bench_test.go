package passage_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// rfc returns about size bytes of real documents; without such documents it skips the
// benchmark.
func rfc(b *testing.B, size int) []corpus.Doc {
	b.Helper()
	docs := corpus.Docs(b, "throughput", "english_rfc.jsonl")
	n := 0
	for i, d := range docs {
		if n += len(d.Text); n > size {
			return docs[:i+1]
		}
	}
	return docs
}

// BenchmarkAdd compares indexing documents with sketching them, in alternation:
// "add/sketching" is the speed of Add relative to sketching; "ready/sketching" includes
// sorting all fingerprints, which the first search does.
func BenchmarkAdd(b *testing.B) {
	docs := rfc(b, 8<<20)
	size := 0
	for _, d := range docs {
		size += len(d.Text)
	}
	b.SetBytes(int64(size))
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{Elements: sh})
	add, ready, sketch := time.Duration(1<<62), time.Duration(1<<62), time.Duration(1<<62)
	for b.Loop() {
		start := time.Now()
		var ix passage.Index
		for _, d := range docs {
			ix.Add(d.ID, d.Text)
		}
		add = min(add, time.Since(start))
		ix.Query("")
		ready = min(ready, time.Since(start))
		b.StopTimer()
		start = time.Now()
		for _, d := range docs {
			mh.Sketch(sh.Hashes(d.Text))
		}
		sketch = min(sketch, time.Since(start))
		b.StartTimer()
	}
	b.ReportMetric(float64(sketch)/float64(add), "add/sketching")
	b.ReportMetric(float64(sketch)/float64(ready), "ready/sketching")
}

// BenchmarkPairs measures finding all passages of a corpus, including indexing. It
// compares this with aligning the same pairs of documents by the full matrix, which is
// measured on some pairs and extrapolated by the number of cells; "speed/matrix" is the
// ratio of the two speeds.
func BenchmarkPairs(b *testing.B) {
	docs := rfc(b, 4<<20)
	size := 0
	var al shingle.Aligner
	ids := map[string][]uint32{}
	for _, d := range docs {
		size += len(d.Text)
		ids[d.ID] = al.Prepare(d.Text).Tokens()
	}
	b.SetBytes(int64(size))
	index, found := time.Duration(1<<62), time.Duration(1<<62)
	var pairs []passage.Pair
	passages := 0
	for b.Loop() {
		start := time.Now()
		ix := passage.New(passage.Options{})
		for _, d := range docs {
			ix.Add(d.ID, d.Text)
		}
		index = min(index, time.Since(start))
		pairs, passages = nil, 0
		for p := range ix.Pairs(context.Background()) {
			pairs = append(pairs, p)
			passages += len(p.Passages)
		}
		found = min(found, time.Since(start))
	}
	cells, some := 0., 0.
	var spent time.Duration
	for i, p := range pairs {
		n := float64(len(ids[p.A])) * float64(len(ids[p.B]))
		if cells += n; i%(len(pairs)/20+1) == 0 && n < 2e7 {
			start := time.Now()
			matrix(ids[p.A], ids[p.B])
			spent += time.Since(start)
			some += n
		}
	}
	b.ReportMetric(spent.Seconds()*cells/some/found.Seconds(), "speed/matrix")
	b.ReportMetric(float64(len(pairs)), "pairs")
	b.ReportMetric(float64(passages), "passages")
	b.ReportMetric(float64((found-index).Microseconds())/float64(len(pairs)), "µs/pair")
}

// matrix returns the best score of a local alignment with affine gaps by the full matrix
// (Smith and Waterman 1981, Gotoh 1982), in two rows and without the path.
func matrix(a, b []uint32) int32 {
	h, gaps := make([]int32, len(b)+1), make([]int32, len(b)+1)
	best := int32(0)
	for _, x := range a {
		diagonal, gap := int32(0), int32(0)
		left := int32(0)
		for j, y := range b {
			up := h[j+1]
			gaps[j+1] = max(up-2, gaps[j+1]-1)
			gap = max(left-2, gap-1)
			s := diagonal - 1
			if x == y {
				s = diagonal + 2
			}
			s = max(s, gaps[j+1], gap, 0)
			diagonal, left, h[j+1] = up, s, s
			best = max(best, s)
		}
	}
	return best
}

// BenchmarkQuery measures a query of one paragraph.
func BenchmarkQuery(b *testing.B) {
	docs := rfc(b, 4<<20)
	ix := passage.New(passage.Options{})
	for _, d := range docs {
		ix.Add(d.ID, d.Text)
	}
	text := docs[len(docs)/2].Text
	text = text[len(text)/2:][:min(1000, len(text)/2)]
	ix.Query(text)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if len(ix.Query(text)) == 0 {
			b.Fatal("Query(document of the index) = none, want a match with itself")
		}
	}
}

// BenchmarkRead measures reading a file, and computing its tokens and fingerprints again.
func BenchmarkRead(b *testing.B) {
	ix := passage.New(passage.Options{})
	for _, d := range rfc(b, 4<<20) {
		ix.Add(d.ID, d.Text)
	}
	var file bytes.Buffer
	if _, err := ix.WriteTo(&file); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		if _, err := passage.Read(bytes.NewReader(file.Bytes()), passage.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// scripts lists scripts with a function that makes one word of each, or letters that
// weigh about as much as a word.
var scripts = []struct {
	name string
	word func(r *rng) string
}{
	{"English", func(r *rng) string { return word(r, "abcdefghijklmnopqrstuvwxyz", 4) + " " }},
	{"Chinese", func(r *rng) string { return string(rune(0x4e00+r.n(2500))) + string(rune(0x4e00+r.n(2500))) }},
	{"Japanese", func(r *rng) string {
		return string(rune(0x4e00+r.n(1500))) + word(r, "あいうえおかきくけこさしすせそたちつてと", 2)
	}},
	{"Thai", func(r *rng) string {
		return word(r, "กขคงจชซดตถทนบปผพฟมยรลวสหอ", 1) + word(r, "ะาิีึืุู", 1) + word(r, "กขคงจชซดตถทนบปผพฟมยรลวสหอ", 2)
	}},
}

// word returns n random letters of an alphabet.
func word(r *rng, alphabet string, n int) string {
	letters := []rune(alphabet)
	out := make([]rune, n)
	for i := range out {
		out[i] = letters[r.n(len(letters))]
	}
	return string(out)
}

// BenchmarkScripts finds the passages of corpora that differ only in their script: in
// every document two of ten paragraphs are edited copies from another one. Each
// alternates with the English corpus; "English/this" is the ratio of the times per byte.
func BenchmarkScripts(b *testing.B) {
	var english []string
	for _, script := range scripts {
		r := rng(21)
		var texts []string
		var before []string
		for range 200 {
			var paragraphs []string
			for p := range 10 {
				var text strings.Builder
				if p < 2 && before != nil {
					for i, w := range []rune(before[5+p]) {
						if text.WriteRune(w); i%150 == 149 {
							text.WriteString(script.word(&r))
						}
					}
				} else {
					for range 100 {
						text.WriteString(script.word(&r))
					}
				}
				paragraphs = append(paragraphs, text.String())
			}
			texts = append(texts, strings.Join(paragraphs, "\n\n"))
			before = paragraphs
		}
		if english == nil {
			english = texts
		}
		b.Run(script.name, func(b *testing.B) {
			find := func(texts []string) float64 {
				start := time.Now()
				size, pairs := 0, 0
				ix := index(passage.Options{}, texts)
				for range ix.Pairs(context.Background()) {
					pairs++
				}
				spent := time.Since(start)
				if pairs < len(texts)-1 {
					b.Fatalf("%d pairs, want at least %d", pairs, len(texts)-1)
				}
				for _, t := range texts {
					size += len(t)
				}
				return spent.Seconds() / float64(size)
			}
			this, other := 1., 1.
			for b.Loop() {
				this, other = min(this, find(texts)), min(other, find(english))
			}
			b.ReportMetric(other/this, "English/this")
		})
	}
}
