package find

import (
	"math"
	"runtime/debug"
)

// With at least muchText bytes of text, the garbage collector runs far more often than
// by default. It can afford that, because most memory holds texts and fingerprints,
// which it does not scan. Groups are made of many small parts, which take longer to
// scan.
const (
	muchText      = 8 << 20
	garbage       = 5 // value of GOGC
	groupsGarbage = 20
)

// A saver lowers the peak memory of a search.
type saver struct{ most int } // GOGC as set by the user; 0 means that set does nothing

// saveMemory returns a saver for a search over the given number of bytes of text.
func saveMemory(bytes int64) saver {
	if bytes < muchText {
		return saver{}
	}
	s := saver{debug.SetGCPercent(garbage)}
	if s.most < 0 {
		s.most = math.MaxInt
	}
	s.set(garbage)
	return s
}

// set sets GOGC, but never above the value set by the user.
func (s saver) set(percent int) {
	if s.most > 0 {
		debug.SetGCPercent(min(percent, s.most))
	}
}
