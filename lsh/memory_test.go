package lsh

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/neardup/neardup/minhash"
)

// heap returns the bytes in use after a collection.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// bytesPerDocument returns the heap of an index of n documents of random
// signatures with 16 bands beside signatures and ids, and that of its tables
// alone as arithmetic has it.
func bytesPerDocument(n, capacity int) (index, bare float64) {
	sk := minhash.New(minhash.Options{})
	k := sk.Scheme().K
	state := uint64(n)
	hashes := make([]uint64, 100)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint("document-", i)
	}
	var sig minhash.Signature
	before := heap()
	ix := New(Options{Banding: Banding{16, 8}, Capacity: capacity})
	for _, id := range ids {
		for j := range hashes {
			hashes[j] = splitMix(&state)
		}
		sk.SketchInto(&sig, hashes)
		ix.Add(id, sig)
	}
	used := heap() - before
	beside := int64(cap(ix.names))*16 + int64(cap(ix.ids.slots))*4
	for _, b := range ix.registers.list {
		beside += int64(cap(b)) * 4
	}
	tables := 0
	for _, t := range ix.tables.bands[:16] {
		tables += cap(t.slots) * 8
	}
	for _, b := range ix.tables.next.list {
		tables += cap(b) * 4 * 16 / 17
	}
	runtime.KeepAlive(ix)
	runtime.KeepAlive(ids)
	if ix.Len() != n || len(ix.first) != n || k != 128 {
		panic("lsh: not the index that was meant")
	}
	return float64(used-beside) / float64(n), float64(tables) / float64(n)
}

// BenchmarkMemory reports the heap of an index with 16 bands beside signatures
// and ids, for a document: all of the index, and the tables of the bands alone.
func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{20_000, 100_000, 110_000, 120_000, 130_000} {
		for _, capacity := range []int{0, n} {
			name := fmt.Sprintf("docs=%d/growing", n)
			if capacity > 0 {
				name = fmt.Sprintf("docs=%d/presized", n)
			}
			b.Run(name, func(b *testing.B) {
				var index, bare float64
				for b.Loop() {
					index, bare = bytesPerDocument(n, capacity)
				}
				b.ReportMetric(index, "B/doc")
				b.ReportMetric(bare, "bare-B/doc")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
