package lsh

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

const tableBands = 16

// bandKeys returns the keys of n documents; every fifth shares half of its bands with an
// earlier one.
func bandKeys(n int) []uint64 {
	keys := make([]uint64, n*tableBands)
	state := uint64(1)
	for i := range n {
		row := keys[i*tableBands : (i+1)*tableBands]
		for b := range row {
			row[b] = splitMix(&state)
		}
		if i > 0 && i%5 == 0 {
			other := int(splitMix(&state) % uint64(i))
			for b := 0; b < tableBands; b += 2 {
				row[b] = keys[other*tableBands+b]
			}
		}
	}
	return keys
}

func insertMaps(keys []uint64, n int) []map[uint64][]uint32 {
	maps := make([]map[uint64][]uint32, tableBands)
	for b := range maps {
		maps[b] = map[uint64][]uint32{}
	}
	for i := range n {
		for b, m := range maps {
			k := keys[i*tableBands+b]
			m[k] = append(m[k], uint32(i))
		}
	}
	return maps
}

func insertTables(keys []uint64, n, capacity int) tables {
	t := makeTables(tableBands, capacity)
	tags := make([]uint32, tableBands)
	for i := range n {
		for b, k := range keys[i*tableBands : (i+1)*tableBands] {
			tags[b] = uint32(k >> 32)
		}
		t.add(tags)
	}
	return t
}

func queryMaps(maps []map[uint64][]uint32, keys []uint64) (sum int) {
	for i := 0; i < len(keys); i += tableBands {
		for b, k := range keys[i : i+tableBands] {
			for _, e := range maps[b][k] {
				sum += int(e)
			}
		}
	}
	return sum
}

func queryTables(t tables, keys []uint64) (sum int) {
	tags, heads := make([]uint32, tableBands), make([]uint32, tableBands)
	for i := 0; i < len(keys); i += tableBands {
		for b, k := range keys[i : i+tableBands] {
			tags[b] = uint32(k >> 32)
		}
		t.heads(heads, tags)
		for b, e := range heads {
			for ; e != 0; e = t.next.at(int(e - 1))[b] {
				sum += int(e - 1)
			}
		}
	}
	return sum
}

// BenchmarkTables compares the tables of an index with a map of slices per band: it
// inserts the keys of 16 bands, into tables that grow and into tables made for all of
// them, and looks up every document. Each round does all of this, and the shortest time
// of all rounds counts.
func BenchmarkTables(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 300_000} {
		b.Run(fmt.Sprintf("docs=%d", n), func(b *testing.B) {
			keys := bandKeys(n)
			best := map[string]time.Duration{}
			clock := func(name string, f func()) {
				runtime.GC()
				start := time.Now()
				f()
				d := time.Since(start)
				if old, ok := best[name]; !ok || d < old {
					best[name] = d
				}
			}
			for b.Loop() {
				var maps []map[uint64][]uint32
				var grown, sized tables
				sums := [3]int{}
				clock("map insert", func() { maps = insertMaps(keys, n) })
				clock("map query", func() { sums[0] = queryMaps(maps, keys) })
				maps = nil
				clock("growing", func() { grown = insertTables(keys, n, 0) })
				clock("query", func() { sums[1] = queryTables(grown, keys) })
				grown = tables{}
				clock("presized", func() { sized = insertTables(keys, n, n) })
				clock("query", func() { sums[2] = queryTables(sized, keys) })
				// Two keys with the same 32-bit tag count as equal: about n/2^32 per
				// probe.
				if sums[1] < sums[0] || float64(sums[1]) > 1.001*float64(sums[0]) || sums[1] != sums[2] {
					b.Fatalf("sums of grown, presized and queried tables = %v, want the same within 0.1%%", sums)
				}
			}
			for name, d := range best {
				b.ReportMetric(float64(d.Nanoseconds())/float64(n), strings.ReplaceAll(name, " ", "-")+"-ns/doc")
			}
			b.ReportMetric(float64(best["map insert"])/float64(best["presized"]), "map/presized")
			b.ReportMetric(float64(best["map insert"])/float64(best["growing"]), "map/growing")
			b.ReportMetric(float64(best["growing"])/float64(best["presized"]), "growing/presized")
			b.ReportMetric(float64(best["map query"])/float64(best["query"]), "map/query")
			b.ReportMetric(0, "ns/op")
		})
	}
}
