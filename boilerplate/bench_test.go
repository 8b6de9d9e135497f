package boilerplate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// BenchmarkObserveJudge observes and judges every page of a generated site, seven tenths
// of which is template, and compares this with plain sketching of the same pages, both
// with the one line in the package documentation and with reused buffers. It reports the
// speed as a share of that of sketching. The pages are timed in lots of twenty; for each lot
// the shortest time of several alternating rounds counts. In one variant the caller passes the blocks, for
// example from HTML; otherwise paragraphs are found each time. With two passes every text
// is read twice unless the pages are prepared; the cost of preparing is included.
func BenchmarkObserveJudge(b *testing.B) {
	pages := site(1000, 0.7, 1)
	size := 0
	for _, p := range pages {
		size += len(p.Text)
	}
	cut := slices.Clone(pages)
	for i, p := range cut {
		cut[i].Blocks = slices.Collect(shingle.Paragraphs(p.Text))
	}
	var (
		sh     shingle.Shingler
		mh     = minhash.New(minhash.Options{})
		hashes []uint64
		sig    minhash.Signature
		d      *boilerplate.Detector
		blocks []boilerplate.Block
		ready  []boilerplate.Page
		judged int
	)
	reset := func() { d, ready, judged = boilerplate.New(boilerplate.Options{}), ready[:0], 0 }
	oneLine := func(p boilerplate.Page) { mh.Sketch(sh.Hashes(p.Text)) }
	reused := func(p boilerplate.Page) {
		hashes = sh.AppendHashes(hashes[:0], p.Text)
		mh.SketchInto(&sig, hashes)
	}
	observe := func(p boilerplate.Page) { d.Observe(p) }
	judge := func(p boilerplate.Page) { blocks = d.AppendBlocks(blocks[:0], p) }
	next := func(p boilerplate.Page) { d.Next(p) }
	prepare := func(p boilerplate.Page) {
		ready = append(ready, d.Prepare(p))
		d.Observe(ready[len(ready)-1])
	}
	judgeReady := func(boilerplate.Page) {
		blocks = d.AppendBlocks(blocks[:0], ready[judged])
		judged++
	}
	for _, mode := range []struct {
		name   string
		pages  []boilerplate.Page
		passes []func(boilerplate.Page)
	}{
		{"twopass", pages, []func(boilerplate.Page){observe, judge}},
		{"streaming", pages, []func(boilerplate.Page){next}},
		{"prepared/twopass", pages, []func(boilerplate.Page){prepare, judgeReady}},
		{"blocks-given/twopass", cut, []func(boilerplate.Page){observe, judge}},
		{"blocks-given/streaming", cut, []func(boilerplate.Page){next}},
	} {
		b.Run(mode.name, func(b *testing.B) {
			var line, plain, ours shortest
			for b.Loop() {
				line.run(mode.pages, oneLine)
				plain.run(mode.pages, reused)
				reset()
				ours.run(mode.pages, mode.passes...)
			}
			b.ReportMetric(float64(size)/1e6/ours.seconds(), "ours-MB/s")
			b.ReportMetric(line.seconds()/ours.seconds(), "of-one-line")
			b.ReportMetric(plain.seconds()/ours.seconds(), "of-reused")
		})
	}
}

// shortest keeps the shortest time of every lot of twenty pages, per pass.
type shortest []time.Duration

func (s *shortest) run(pages []boilerplate.Page, passes ...func(boilerplate.Page)) {
	lot := 0
	for _, pass := range passes {
		for part := range slices.Chunk(pages, 20) {
			start := time.Now()
			for _, p := range part {
				pass(p)
			}
			took := time.Since(start)
			if lot == len(*s) {
				*s = append(*s, took)
			}
			(*s)[lot] = min((*s)[lot], took)
			lot++
		}
	}
}

func (s shortest) seconds() (sum float64) {
	for _, d := range s {
		sum += d.Seconds()
	}
	return sum
}
