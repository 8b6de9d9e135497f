package passage_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/neardup/neardup/lsh/passage"
)

// TestBytes holds what Stats says, and the 20 bytes a token of the package's
// documentation, against the memory really in use, that of buffers included.
func TestBytes(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		runtime.GC() // the first leaves what pools hold
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
	t.Logf("%.0f bytes in use, %d told, %.1f a token", used, s.Bytes, used/float64(s.Tokens))
	if used > 1.15*float64(s.Bytes) || float64(s.Bytes) > 1.15*used || used > 22*float64(s.Tokens) {
		t.Errorf("%.0f bytes in use, %d told, of %d tokens", used, s.Bytes, s.Tokens)
	}
	if len(texts) != s.Documents || ix.Len() != s.Documents {
		t.Errorf("%d documents", s.Documents)
	}
}
