package passage_test

import (
	"testing"
	"time"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// rfc returns about so many bytes of real documents, or made-up ones where
// there are none.
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

// BenchmarkAdd compares the indexing of documents, fingerprints sorted, with the
// plain sketching of the same: the metric "speed/sketching" is the quotient of
// the two speeds, measured by turns.
func BenchmarkAdd(b *testing.B) {
	docs := rfc(b, 8<<20)
	size := 0
	for _, d := range docs {
		size += len(d.Text)
	}
	b.SetBytes(int64(size))
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{})
	add, sketch := time.Duration(1<<62), time.Duration(1<<62)
	for b.Loop() {
		start := time.Now()
		var ix passage.Index
		for _, d := range docs {
			ix.Add(d.ID, d.Text)
		}
		ix.Stats()
		add = min(add, time.Since(start))
		b.StopTimer()
		start = time.Now()
		for _, d := range docs {
			mh.Sketch(sh.Hashes(d.Text))
		}
		sketch = min(sketch, time.Since(start))
		b.StartTimer()
	}
	b.ReportMetric(float64(sketch)/float64(add), "speed/sketching")
}
