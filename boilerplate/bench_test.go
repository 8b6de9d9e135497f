package boilerplate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// BenchmarkObserveJudge observes and judges every page of a made-up site, of
// which seven tenths are template, beside plain sketching of the same pages: in
// the one line that package documentation shows, and with buffers reused. Of both
// it reports the share that our speed is. Where blocks are given the caller knows
// them, as from HTML; otherwise the paragraphs are found each time.
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
	var sh shingle.Shingler
	mh := minhash.New(minhash.Options{})
	var hashes []uint64
	var sig minhash.Signature
	oneLine := func() {
		for _, p := range pages {
			mh.Sketch(sh.Hashes(p.Text))
		}
	}
	sketch := func() {
		for _, p := range pages {
			hashes = sh.AppendHashes(hashes[:0], p.Text)
			mh.SketchInto(&sig, hashes)
		}
	}
	var blocks []boilerplate.Block
	for _, mode := range []struct {
		name string
		run  func()
	}{
		{"twopass", func() {
			d := boilerplate.New(boilerplate.Options{})
			for _, p := range pages {
				d.Observe(p)
			}
			for _, p := range pages {
				blocks = d.AppendBlocks(blocks[:0], p)
			}
		}},
		{"streaming", func() {
			d := boilerplate.New(boilerplate.Options{})
			for _, p := range pages {
				d.Next(p)
			}
		}},
		{"blocks-given/streaming", func() {
			d := boilerplate.New(boilerplate.Options{})
			for _, p := range cut {
				d.Next(p)
			}
		}},
	} {
		b.Run(mode.name, func(b *testing.B) {
			line, plain, ours := time.Hour, time.Hour, time.Hour
			for b.Loop() {
				line = min(line, took(oneLine))
				plain = min(plain, took(sketch))
				ours = min(ours, took(mode.run))
			}
			b.ReportMetric(float64(size)/1e6/ours.Seconds(), "ours-MB/s")
			b.ReportMetric(line.Seconds()/ours.Seconds(), "of-one-line")
			b.ReportMetric(plain.Seconds()/ours.Seconds(), "of-reused")
		})
	}
}

func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}
