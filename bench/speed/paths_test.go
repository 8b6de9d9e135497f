package speed_test

import (
	"math"
	"strings"
	"testing"
	"unicode"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/cpu"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// documents returns a megabyte of RFCs, and the pieces of 50 words into which they are
// split.
func documents(tb testing.TB) (docs, paragraphs []string) {
	size := 0
	for _, d := range corpus.Docs(tb, "throughput", "english_rfc.jsonl") {
		docs = append(docs, d.Text)
		words, start, inWord := 0, 0, false
		for i, r := range d.Text {
			space := unicode.IsSpace(r)
			if inWord && space {
				if words++; words == 50 {
					paragraphs = append(paragraphs, d.Text[start:i])
					start, words = i, 0
				}
			}
			inWord = !space
		}
		if size += len(d.Text); size > 1<<20 {
			break
		}
	}
	return docs, paragraphs
}

// BenchmarkPaths reports the speed, in megabytes per second, of each way from a text to
// its signature or its exact set, on each tier, and the speed relative to the way that
// reuses its memory. The ways alternate in one run, including garbage collection, and the
// shortest times count.
func BenchmarkPaths(b *testing.B) {
	docs, paragraphs := documents(b)
	var (
		sh     shingle.Shingler
		mh     = minhash.New(minhash.Options{Elements: sh})
		hashes []uint64
		sig    minhash.Signature
		regs   []uint32
		set    shingle.Set
	)
	ways := []struct {
		name string
		f    func(mh *minhash.Sketcher, text string)
	}{
		{"reused", func(mh *minhash.Sketcher, text string) {
			hashes = sh.AppendHashes(hashes[:0], text)
			mh.SketchInto(&sig, hashes)
		}},
		{"arena", func(mh *minhash.Sketcher, text string) {
			hashes = sh.AppendHashes(hashes[:0], text)
			if regs = mh.AppendValues(regs, hashes); len(regs) > 1<<20 {
				regs = regs[:0]
			}
		}},
		{"one-line", func(mh *minhash.Sketcher, text string) { sig = mh.Sketch(sh.Hashes(text)) }},
		{"sequence", func(mh *minhash.Sketcher, text string) { sig = mh.SketchSeq(sh.HashesSeq(text)) }},
		{"set+sketch", func(mh *minhash.Sketcher, text string) {
			set = sh.Set(text)
			sig = mh.Sketch(set)
		}},
		{"set", func(mh *minhash.Sketcher, text string) { set = sh.Set(text) }},
		{"set-reused", func(mh *minhash.Sketcher, text string) {
			hashes = sh.AppendHashes(hashes[:0], text)
			set = shingle.MakeSet(hashes)
		}},
	}
	for _, kind := range []struct {
		name  string
		texts []string
	}{{"documents", docs}, {"paragraphs", paragraphs}} {
		size := len(strings.Join(kind.texts, ""))
		for _, tier := range cpu.Tiers() {
			b.Run(kind.name+"/"+tier.String(), func(b *testing.B) {
				defer cpu.Use(tier)()
				mh, _ = minhash.ForScheme(mh.Scheme()) // uses the kernels of the selected tier
				var fs []func()
				for _, w := range ways {
					fs = append(fs, func() {
						for _, text := range kind.texts {
							w.f(mh, text)
						}
					})
				}
				best := make([]float64, len(fs))
				for i := range best {
					best[i] = math.Inf(1)
				}
				for b.Loop() {
					for i, ns := range fastest(5, fs...) {
						best[i] = min(best[i], ns)
					}
				}
				b.ReportMetric(0, "ns/op")
				for i, w := range ways {
					b.ReportMetric(float64(size)*1e3/best[i], w.name+"-MB/s")
					b.ReportMetric(best[0]/best[i], w.name+"-x-reused")
				}
			})
		}
	}
}
