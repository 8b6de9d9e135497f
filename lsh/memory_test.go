package lsh

import (
	"bytes"
	"cmp"
	"encoding/binary"
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

// bytesPerDocument returns the heap per document of an index of n random signatures with
// 16 bands, without signatures and ids, and the computed size of its tables alone.
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
	apart := int64(cap(ix.names))*16 + int64(cap(ix.ids.slots))*4
	for _, b := range ix.registers.list {
		apart += int64(cap(b)) * 4
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
		panic("lsh: the index does not have the intended documents, groups and registers")
	}
	return float64(used-apart) / float64(n), float64(tables) / float64(n)
}

// TestIndexMemoryMatchesDocumentation compares the memory of the index with its
// documentation.
func TestIndexMemoryMatchesDocumentation(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 signatures take a second or two")
	}
	for _, test := range []struct {
		docs, capacity int
		most           float64
	}{{80_000, 0, 330}, {100_000, 0, 330}, {120_000, 0, 330}, {100_000, 100_000, 270}} {
		index, bare := bytesPerDocument(test.docs, test.capacity)
		t.Logf("%d documents, room for %d: %.1f bytes each, %.1f of them tables of bands", test.docs, test.capacity, index, bare)
		if index > test.most {
			t.Errorf("%d documents, room for %d: %.1f bytes each, want at most %.0f", test.docs, test.capacity, index, test.most)
		}
	}
}

// TestBatchMemoryMatchesDocumentation adds up the most that an engine holds for each
// document.
func TestBatchMemoryMatchesDocumentation(t *testing.T) {
	const n, k = 50_000, 16
	values := make([]uint32, n*k)
	state := uint64(3)
	for i := range values {
		values[i] = uint32(splitMix(&state))
		if i/k%2 == 1 && i%k < k/2 {
			values[i] = values[i-k] // every row shares bands with another
		}
	}
	var file bytes.Buffer
	for _, v := range values {
		file.Write(binary.LittleEndian.AppendUint32(nil, v))
	}
	for _, src := range []Source{Registers{k, values}, File{bytes.NewReader(file.Bytes()), 0, n, k}} {
		for _, ranked := range []bool{false, true} {
			e := newEngine(t.Context(), src, Options{Threshold: .5}, 1)
			if ranked {
				e.setRanks(func(a, b uint32) int { return cmp.Compare(b, a) })
			}
			most := 0
			e.progress = func(int, int) {
				g := &e.grouper
				most = max(most, 4*cap(g.tags)+8*cap(g.entries)+cap(e.state)+4*cap(e.link)+4*cap(e.rank))
			}
			if _, err := e.clusters(); err != nil {
				t.Fatal(err)
			}
			if most < 16*n || most > 24*n {
				t.Errorf("%T, ranked %v: %.1f bytes per document, want 16 to 24", src, ranked, float64(most)/n)
			}
		}
	}
}

// BenchmarkMemory reports the heap per document of an index with 16 bands, without
// signatures and ids: of the whole index, and of the tables of the bands alone.
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
