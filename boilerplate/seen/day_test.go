package seen_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/boilerplate/seen"
	"github.com/neardup/neardup/internal/race"
)

// A filter with bounded memory reads a day of a stream by its own clock and forgets pages
// older than two hours: it takes no more memory at midnight than at noon, and knows each
// text for two hours and no longer.
func TestMemoryIsBoundedOverADay(t *testing.T) {
	race.Alone(t)
	const hosts, hour = 10, 120 // number of hosts, and of pages per hour
	f := open(t, t.TempDir(), seen.Options{Settle: 4, Detector: boilerplate.Options{MaxBytes: 1 << 20}})
	clock := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	article := func(n int) string { return fmt.Sprintf("s%c%c%c", 'a'+n/676, 'a'+n/26%26, 'a'+n%26) }
	heap := func() int {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	type hourly struct{ kept, detector, heap int }
	var hours []hourly
	duplicates := 0
	for h := range 24 {
		for n := h * hour; n < (h+1)*hour; n++ {
			clock = clock.Add(time.Hour / hour)
			p := page(fmt.Sprintf("h%c", 'a'+n%hosts), n, article(n))
			p.Time = clock
			if _, err := f.Judge(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Release(t.Context(), false); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Forget(t.Context(), clock.Add(-2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := f.Save(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if h >= 3 {
			// A text from an hour ago is known, one from three hours ago is not.
			for ago, want := range map[int]int{1: 1, 3: 0} {
				n := (h+1)*hour - ago*hour - 1
				matches, err := f.Query(t.Context(), page(fmt.Sprintf("h%c", 'a'+n%hosts), n, article(n)), 0)
				if err != nil || len(matches) != want {
					t.Fatalf("hour %d: Query(text from %d hours ago) = %v, %v, want %d matches", h, ago, matches, err, want)
				}
				duplicates += len(matches)
			}
		}
		s, err := f.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		hours = append(hours, hourly{s.Kept, s.Detector.Bytes, heap()})
	}
	noon, midnight := hours[11], hours[23]
	t.Logf("kept, detector, heap at 12 and at 24 o'clock: %+v, %+v", noon, midnight)
	if noon.kept != midnight.kept || noon.kept < 2*hour-2 || noon.kept > 2*hour+2 {
		t.Errorf("%d pages are kept at noon and %d at midnight, want the pages of two hours (about %d) both times", noon.kept, midnight.kept, 2*hour)
	}
	if midnight.heap > noon.heap*3/2 {
		t.Errorf("heap of %d bytes at noon and %d at midnight, want at most 1.5 times as much at midnight", noon.heap, midnight.heap)
	}
	if duplicates != 21 {
		t.Errorf("%d texts from an hour before were found, want 21", duplicates)
	}
}
