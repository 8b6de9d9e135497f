// Package minhash_test compares the way from text to signature with that of
// other modules. It is a separate module, so that they are not a dependency of
// the library:
//
//	GOWORK=off go -C bench/peers test -run '^$' -bench . -benchtime 1x ./minhash
//
// With -tags purego the library uses no assembly.
package minhash_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"

	minhashlsh "github.com/ekzhu/minhash-lsh"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/cpu"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// The compared sketch has 128 registers over five words.
const (
	registers = 128
	width     = 5
)

// rival sketches a text with ekzhu/minhash-lsh, as its users do: lower case, runs of
// letters and digits, joined five at a time. A shorter text is one shingle.
func rival(text string) []uint64 {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	m := minhashlsh.NewMinhash(1, registers)
	w := min(width, len(words))
	for i := 0; w > 0 && i+w <= len(words); i++ {
		m.Push([]byte(strings.Join(words[i:i+w], " ")))
	}
	return m.Signature()
}

// ours sketches a text with the library and reuses its memory.
type ours struct {
	mh     *minhash.Sketcher
	sh     shingle.Shingler
	hashes []uint64
	sig    minhash.Signature
}

func newOurs() *ours {
	return &ours{mh: minhash.New(minhash.Options{K: registers, Seed: 1})}
}

func (o *ours) sketch(text string) {
	o.hashes = o.sh.AppendHashes(o.hashes[:0], text)
	o.mh.SketchInto(&o.sig, o.hashes)
}

// texts returns English documents of a few thousand words, and the pieces of about 50
// words into which they are split.
func texts(tb testing.TB) (docs, paragraphs []string) {
	size := 0
	for _, d := range corpus.Docs(tb, "throughput", "english_rfc.jsonl") {
		docs = append(docs, d.Text)
		words := 0
		start, inWord := 0, false
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

func total(texts []string) (n int) {
	for _, t := range texts {
		n += len(t)
	}
	return n
}

// timed returns the processor time of one call of f, averaged over as many calls as take
// about a twentieth of a second, because the system's accounting is coarse.
func timed(f func()) float64 {
	for n := 1; ; n *= 4 {
		if t := cpuTime(func() {
			for range n {
				f()
			}
		}); t > .04 {
			return t / float64(n)
		}
	}
}

// BenchmarkTextToSignature reports the speed of both modules in megabytes per second, and
// their ratio, on each tier of the machine. The modules alternate; processor time includes
// garbage collection, and the best of many turns counts.
func BenchmarkTextToSignature(b *testing.B) {
	docs, paragraphs := texts(b)
	for _, kind := range []struct {
		name  string
		texts []string
	}{{"documents", docs}, {"paragraphs", paragraphs}} {
		mb := float64(total(kind.texts)) / 1e6
		for _, tier := range cpu.Tiers() {
			b.Run(kind.name+"/"+tier.String(), func(b *testing.B) {
				defer cpu.Use(tier)()
				o := newOurs()
				const rounds = 4
				us, them := math.Inf(1), math.Inf(1)
				for b.Loop() {
					for range rounds {
						us = min(us, timed(func() {
							for _, t := range kind.texts {
								o.sketch(t)
							}
						}))
						them = min(them, timed(func() {
							for _, t := range kind.texts {
								rival(t)
							}
						}))
					}
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(mb/us, "MB/s")
				b.ReportMetric(mb/them, "ekzhu-MB/s")
				b.ReportMetric(them/us, "x-ekzhu")
			})
		}
	}
}

// BenchmarkGoroutines reports processor time for all documents from one and
// from two goroutines that share the work, and the ratio of both.
func BenchmarkGoroutines(b *testing.B) {
	docs, paragraphs := texts(b)
	for _, kind := range []struct {
		name  string
		texts []string
	}{{"documents", docs}, {"paragraphs", paragraphs}} {
		b.Run(kind.name, func(b *testing.B) {
			const passes = 100
			times := [2]float64{math.Inf(1), math.Inf(1)}
			for b.Loop() {
				for range 10 {
					for i := range times {
						times[i] = min(times[i], timed(func() {
							var wg sync.WaitGroup
							for g := range i + 1 {
								wg.Go(func() {
									o := newOurs()
									for range passes {
										for at := g; at < len(kind.texts); at += i + 1 {
											o.sketch(kind.texts[at])
										}
									}
								})
							}
							wg.Wait()
						}))
					}
				}
			}
			b.ReportMetric(0, "ns/op")
			for i, t := range times {
				b.ReportMetric(t*1e3/passes, fmt.Sprintf("cpu-ms-%d-goroutines", i+1))
			}
			b.ReportMetric(times[1]/times[0], "two/one")
		})
	}
}

// Both modules must estimate the same similarity for a pair, or the comparison is
// meaningless.
func TestBothEstimateTheSame(t *testing.T) {
	var text strings.Builder
	text.WriteString(strings.Repeat("x ", 3))
	for i := range 400 {
		text.WriteString(fmt.Sprintf("stop %d lies %d minutes past the harbour.  ", i, i*i%91))
	}
	other := strings.ReplaceAll(text.String(), "harbour. stop 2", "station. stop 2")
	a, b := rival(text.String()), rival(other)
	same := 0
	for i := range a {
		if a[i] == b[i] {
			same++
		}
	}
	o := newOurs()
	o.sketch(text.String())
	first := o.sig.Clone()
	o.sketch(other)
	theirs, mine := float64(same)/registers, first.Similarity(o.sig)
	exact := shingle.Shingler{}.Set(text.String()).Jaccard(shingle.Shingler{}.Set(other))
	for who, got := range map[string]float64{"ekzhu/minhash-lsh": theirs, "neardup": mine} {
		if math.Abs(got-exact) > .16 {
			t.Errorf("%s estimates %.3f, want %.3f within 0.16", who, got, exact)
		}
	}
}

// BenchmarkAccuracy reports the mean squared error of both modules, divided by that of
// ideal MinHash, J(1-J)/128, at a similarity J of 0.5. The sets hold consecutive numbers,
// which the other module gets in decimal: this shows the cost of an element hash that does
// not avalanche.
func BenchmarkAccuracy(b *testing.B) {
	for _, n := range []int{20, 100, 1000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			const trials = 300
			var us, them float64
			for b.Loop() {
				us, them = 0, 0
				for trial := range trials {
					var theirs [2][]uint64
					var mine [2]minhash.Signature
					mh := minhash.New(minhash.Options{K: registers, Seed: uint64(trial)})
					for i := range 2 {
						m := minhashlsh.NewMinhash(int64(trial), registers)
						var set []uint64
						for id := range n * 3 / 4 { // half of the n elements of the union are shared
							set = append(set, uint64(trial+id+i*n/4))
							m.Push(strconv.AppendUint(nil, set[id], 10))
						}
						theirs[i], mine[i] = m.Signature(), mh.Sketch(set)
					}
					same := 0
					for i, v := range theirs[0] {
						if v == theirs[1][i] {
							same++
						}
					}
					them += math.Pow(float64(same)/registers-.5, 2)
					us += math.Pow(mine[0].Similarity(mine[1])-.5, 2)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(us/trials*registers*4, "variance-ratio")
			b.ReportMetric(them/trials*registers*4, "ekzhu-variance-ratio")
		})
	}
}
