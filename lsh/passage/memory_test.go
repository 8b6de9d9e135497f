package passage_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh/passage"
)

// TestStatsBytesMatchHeap compares Stats, and the documented 13 bytes per token, with the
// memory actually in use, including buffers.
func TestStatsBytesMatchHeap(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		runtime.GC() // the first call leaves memory in pools
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	r := rng(13)
	texts := make([]string, 300)
	for i := range texts {
		texts[i] = strings.Join(r.words(1000+r.n(1000), 5000), " ")
	}
	before := heap()
	ix := index(passage.Options{}, texts)
	ix.Query(texts[0])
	s := ix.Stats()
	used := float64(heap() - before)
	t.Logf("%.0f bytes in use, %d reported, %.1f a token", used, s.Bytes, used/float64(s.Tokens))
	if used > 1.15*float64(s.Bytes) || float64(s.Bytes) > 1.15*used || used > 15*float64(s.Tokens) {
		t.Errorf("%.0f bytes in use, %d reported, want within 15%%, and at most 15 for each of %d tokens", used, s.Bytes, s.Tokens)
	}
	if len(texts) != s.Documents || ix.Len() != s.Documents {
		t.Errorf("Stats().Documents = %d, Len() = %d, want %d", s.Documents, ix.Len(), len(texts))
	}
}

// TestPeakMemoryIsProportionalToText limits the peak memory while real documents are
// added and all pairs are found to four bytes per byte of text, including the text. The
// collector runs so often that hardly any garbage is counted.
func TestPeakMemoryIsProportionalToText(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector takes additional memory")
	}
	docs := corpus.Docs(t, "throughput", "english_rfc.jsonl")
	size := 0
	for i, d := range docs {
		if size += len(d.Text); size > 18<<20 {
			docs = docs[:i+1]
			break
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(2))
	inUse := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	runtime.GC()
	runtime.GC()
	before := inUse()
	var peak atomic.Uint64
	done, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(200 * time.Microsecond):
				peak.Store(max(peak.Load(), inUse()))
			}
		}
	}()
	ix := passage.New(passage.Options{})
	for _, d := range docs {
		ix.Add(d.ID, d.Text)
	}
	pairs := 0
	for range ix.Pairs(context.Background()) {
		pairs++
	}
	close(done)
	<-ended
	ratio := float64(peak.Load()-before)/float64(size) + 1
	t.Logf("%d pairs in %d bytes of text: at most %.2f bytes for each", pairs, size, ratio)
	if ratio > 4 {
		t.Errorf("%.2f bytes of memory per byte of text, want at most 4", ratio)
	}
	runtime.KeepAlive(docs)
}
