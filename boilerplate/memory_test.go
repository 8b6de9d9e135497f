package boilerplate_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// distinctPage is a page of n blocks of 5 to 24 words that no other page has.
func (w *writer) distinctPage(n int) string {
	var text strings.Builder
	for range n {
		text.WriteString(w.words(5 + w.below(20)))
		text.WriteString("\n\n")
	}
	return text.String()
}

// TestMaxBytesBoundsMemory observes far more pages than the limit allows, from many hosts
// and from one.
func TestMaxBytesBoundsMemory(t *testing.T) {
	const bound = 2 << 20
	t.Run("many hosts", func(t *testing.T) {
		w := writer(1)
		d := boilerplate.New(boilerplate.Options{MaxBytes: bound})
		notice := "this notice stands on each and every page of all the hosts that there are"
		for h := range 400 {
			host := fmt.Sprint("host", h)
			menu := w.words(12)
			for i := range 8 {
				d.Observe(boilerplate.Page{ID: fmt.Sprint(h, "/", i), Host: host,
					Text: menu + "\n\n" + w.distinctPage(20) + notice})
				if s := d.Stats(); s.Bytes > bound {
					t.Fatalf("after a page of host %d: Stats().Bytes = %d, want at most %d", h, s.Bytes, bound)
				}
			}
			page := menu + "\n\n" + w.distinctPage(20) + notice
			if got := len(d.Mask(boilerplate.Page{Host: host, Text: page})); got != 2 {
				t.Fatalf("host %d: %d blocks flagged right after its pages, want 2", h, got)
			}
		}
		s := d.Stats()
		t.Logf("%+v", s)
		if s.EvictedHosts == 0 || s.EvictedBlocks == 0 {
			t.Errorf("Stats() = %+v, want forgotten hosts and blocks (EvictedHosts, EvictedBlocks above 0)", s)
		}
		// Blocks that recur everywhere survive, although nearly all hosts are evicted.
		if got := len(d.Mask(boilerplate.Page{Host: "another host", Text: w.distinctPage(20) + notice})); got != 1 {
			t.Errorf("%d blocks flagged on a new host, want 1", got)
		}
	})
	t.Run("one host", func(t *testing.T) {
		w := writer(1)
		d := boilerplate.New(boilerplate.Options{MaxBytes: bound})
		menu := w.words(12)
		for i := range 2000 {
			d.Observe(boilerplate.Page{ID: fmt.Sprint(i), Host: "host", Text: menu + "\n\n" + w.distinctPage(20)})
			if s := d.Stats(); s.Bytes > bound {
				t.Fatalf("after page %d: Stats().Bytes = %d, want at most %d", i, s.Bytes, bound)
			}
		}
		s := d.Stats()
		t.Logf("%+v", s)
		if s.EvictedBlocks == 0 {
			t.Errorf("Stats() = %+v, want EvictedBlocks above 0", s)
		}
		blocks := d.Judge(boilerplate.Page{Host: "host", Text: menu + "\n\n" + w.distinctPage(20)})
		if !blocks[0].Flagged || blocks[0].Documents != 2001 {
			t.Errorf("menu of all pages: got %+v, want flagged with 2001 documents", blocks[0])
		}
	})
	t.Run("documents", func(t *testing.T) {
		d := boilerplate.New(boilerplate.Options{MaxBytes: bound})
		for i := range 20_000 {
			d.Observe(boilerplate.Page{ID: fmt.Sprint(i), Text: "the same on every page"})
		}
		s := d.Stats()
		t.Logf("%+v", s)
		if s.Documents != 20_000 || s.ForgottenDocuments == 0 || s.Bytes > bound {
			t.Errorf("Stats() = %+v, want 20000 documents, some of them forgotten, and at most %d bytes", s, bound)
		}
		if d.Observe(boilerplate.Page{ID: "19999", Text: "the same on every page"}) {
			t.Error("Observe(latest document) = true, want false: the latest document is not forgotten")
		}
	})
}

// TestStatsBytesMatchHeap compares Stats with the memory actually in use.
func TestStatsBytesMatchHeap(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC() // the first call leaves memory in pools
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	d := boilerplate.New(boilerplate.Options{})
	w := writer(1)
	for i := range 2000 {
		d.Observe(boilerplate.Page{ID: fmt.Sprint(i), Host: fmt.Sprint("host", i/20), Text: w.distinctPage(20)})
	}
	used := float64(heap() - before)
	reported := float64(d.Stats().Bytes)
	t.Logf("%.0f bytes in use, %.0f reported", used, reported)
	if used > 1.25*reported || reported > 1.25*used {
		t.Errorf("Stats().Bytes = %.0f with %.0f bytes in use, want within 25%%", reported, used)
	}
}

// TestJudgingDoesNotAllocate checks that judging allocates only its result. The pages
// come with their blocks, because finding paragraphs may allocate.
func TestJudgingDoesNotAllocate(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates, and pools drop what they hold")
	}
	pages := site(50, 0.7, 1)
	for i, p := range pages {
		pages[i].Blocks = slices.Collect(shingle.Paragraphs(p.Text))
	}
	d := observeAll(boilerplate.New(boilerplate.Options{}), pages)
	var blocks []boilerplate.Block
	i := 0
	if n := testing.AllocsPerRun(200, func() {
		blocks = d.AppendBlocks(blocks[:0], pages[i%len(pages)])
		i++
	}); n >= 1 {
		t.Errorf("AppendBlocks: %v allocations per page, want less than 1", n)
	}
	if n := testing.AllocsPerRun(200, func() {
		d.Observe(pages[i%len(pages)])
		i++
	}); n >= 1 {
		t.Errorf("Observe of known pages: %v allocations per page, want less than 1", n)
	}
}

// BenchmarkMemory reports the memory taken by distinct blocks of 5 to 24 words: with a
// host, so that they are counted twice, and with HostOnly.
func BenchmarkMemory(b *testing.B) {
	w := writer(1)
	const pages, blocks = 5000, 20
	var texts []string
	for range pages {
		texts = append(texts, w.distinctPage(blocks))
	}
	for _, hostOnly := range []bool{false, true} {
		b.Run(fmt.Sprintf("hostonly=%v", hostOnly), func(b *testing.B) {
			var d *boilerplate.Detector
			for b.Loop() {
				d = boilerplate.New(boilerplate.Options{HostOnly: hostOnly})
				for i, text := range texts {
					d.Observe(boilerplate.Page{ID: fmt.Sprint(i), Host: fmt.Sprint(i / 50), Text: text})
				}
			}
			b.ReportMetric(float64(d.Stats().Bytes)/(pages*blocks), "MB/million-blocks")
		})
	}
}
