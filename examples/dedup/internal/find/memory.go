package find

import (
	"runtime/debug"
	"runtime/metrics"
)

// With at least muchText bytes of text, the garbage collector runs far more often than
// by default. It can afford that, because most memory holds texts and fingerprints,
// which it does not scan.
const (
	muchText = 8 << 20

	// Bounds of GOGC, which changes in steps of the least value.
	leastGarbage = 5
	mostGarbage  = 20

	// The collector runs when there is this many times as much garbage as memory that
	// it scans.
	garbagePerScanned = 2
)

// A saver lowers the peak memory of a search as far as that costs little time.
type saver struct{ percent int } // GOGC; 0 leaves it alone

// saveMemory returns a saver for a search over the given number of bytes of text.
func saveMemory(bytes int64) *saver {
	if bytes < muchText {
		return &saver{}
	}
	if old := debug.SetGCPercent(leastGarbage); 0 <= old && old <= mostGarbage {
		debug.SetGCPercent(old) // set by the user
		return &saver{}
	}
	return &saver{leastGarbage}
}

// adjust is called from time to time, by one goroutine at a time. The groups of a
// search are made of many small parts, which take long to scan.
func (s *saver) adjust() {
	if s.percent == 0 {
		return
	}
	memory := []metrics.Sample{{Name: "/gc/scan/heap:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(memory)
	scanned, live := memory[0].Value.Uint64(), max(memory[1].Value.Uint64(), 1)
	percent := int(100 * garbagePerScanned * scanned / live)
	percent = min(max(percent-percent%leastGarbage, leastGarbage), mostGarbage)
	if percent != s.percent {
		debug.SetGCPercent(percent)
		s.percent = percent
	}
}
