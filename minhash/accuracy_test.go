package minhash_test

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

var trialsFlag = flag.Int("trials", 0, "trials in each cell of the accuracy tables; 0 means a default for tests")

// A cell is the outcome of many estimates of one similarity.
type cell struct {
	z  float64 // bias in standard errors
	vr float64 // mean squared error divided by that of classic MinHash in theory
}

// measure estimates the similarity of two sets that share common of their union elements,
// trials times, each time with other elements and another seed.
func measure(make func(minhash.Options) *minhash.Sketcher, o minhash.Options, elements func(trial, n int) []uint64, union, common, trials int) cell {
	j := float64(common) / float64(union)
	onlyA := (union - common) / 2
	var sum, squares float64
	var a, b minhash.Signature
	for trial := range trials {
		o.Seed = uint64(trial)
		s := make(o)
		set := elements(trial, union)
		s.SketchInto(&a, set[:onlyA+common])
		s.SketchInto(&b, set[onlyA:])
		d := a.Similarity(b) - j
		sum += d
		squares += d * d
	}
	n := float64(trials)
	mse, mean := squares/n, sum/n
	k := float64(minhash.New(o).Scheme().K)
	return cell{z: mean / math.Sqrt((mse-mean*mean)/n), vr: mse * k / (j * (1 - j))}
}

func random(trial, n int) []uint64 { return stream(uint64(trial)<<40, n) }

func sequential(trial, n int) []uint64 {
	set := make([]uint64, n)
	for i := range set {
		set[i] = uint64(trial + i)
	}
	return set
}

// real returns a function that returns n shingles of news articles, from a place that
// depends on the trial.
func real(tb testing.TB) func(trial, n int) []uint64 {
	var all []uint64
	for _, d := range corpus.Docs(tb, "reuters21578", "docs.jsonl") {
		all = shingle.Shingler{}.AppendHashes(all, d.Text)
		if len(all) > 300000 {
			break
		}
	}
	// Keep the order of appearance and drop repeats.
	seen := make(map[uint64]bool, len(all))
	all = slices.DeleteFunc(all, func(h uint64) bool {
		was := seen[h]
		seen[h] = true
		return was
	})
	return func(trial, n int) []uint64 {
		at := trial * 7919 % (len(all) - n)
		return all[at : at+n]
	}
}

var accuracySizes = []int{5, 20, 64, 200, 1000, 5000, 20000}

// attainable returns the shares of n elements that are nearest to a grid of similarities,
// without repeats, 0 and n.
func attainable(n int) []int {
	var common []int
	for _, j := range []float64{.1, .2, .3, .4, .5, .6, .7, .8, .9, .95} {
		if c := int(math.Round(j * float64(n))); c > 0 && c < n && !slices.Contains(common, c) {
			common = append(common, c)
		}
	}
	return common
}

// TestAccuracy measures the table of docs/benchmarks.md for all kinds of elements, union
// sizes and similarities:
//
//	go test ./minhash -run TestAccuracy -v -trials 2000
func TestAccuracy(t *testing.T) {
	race.Alone(t)
	trials, sizes := 1000, accuracySizes
	if testing.Short() || race.Enabled {
		trials, sizes = 250, sizes[:5]
	}
	if *trialsFlag > 0 {
		trials = *trialsFlag
	}
	bar := 1 + 3*math.Sqrt(2/float64(trials))
	for _, kind := range []string{"random", "sequential", "real"} {
		t.Run(kind, func(t *testing.T) {
			elements := map[string]func(int, int) []uint64{"random": random, "sequential": sequential}[kind]
			if kind == "real" {
				elements = real(t)
			}
			for _, n := range sizes {
				var row strings.Builder
				for _, common := range attainable(n) {
					c := measure(minhash.New, minhash.Options{}, elements, n, common, trials)
					j := float64(common) / float64(n)
					fmt.Fprintf(&row, "  %.2f: %.2f (%+.1f)", j, c.vr, c.z)
					if math.Abs(c.z) > 4 || c.vr > bar {
						t.Errorf("n=%d J=%.2f: variance ratio %.3f, want at most %.3f; bias %+.2f standard errors", n, j, c.vr, bar, c.z)
					}
				}
				t.Logf("n=%-6d J: variance ratio (bias in standard errors)%s", n, row.String())
			}
		})
	}
}

// Other numbers of registers and the other algorithms are also unbiased and no worse than
// in theory. Legacy is left out: its bias is known and part of its definition.
func TestAccuracyOfOtherAlgorithms(t *testing.T) {
	trials := 1000
	if testing.Short() || race.Enabled {
		trials = 200
	}
	bar := 1 + 3*math.Sqrt(2/float64(trials))
	var options []minhash.Options
	for _, k := range []int{16, 32, 64, 256, 512, 1024} {
		options = append(options, minhash.Options{K: k})
	}
	options = append(options, minhash.Options{Algorithm: minhash.Classic}, minhash.Options{Algorithm: minhash.Affine32})
	for _, o := range options {
		k := minhash.New(o).Scheme().K
		for _, n := range []int{5, k / 4, k, 4 * k} {
			for _, j := range []float64{.3, .8} {
				common := int(math.Round(j * float64(n)))
				if common == 0 || common == n {
					continue
				}
				c := measure(minhash.New, o, random, n, common, trials)
				if math.Abs(c.z) > 4 || c.vr > bar {
					t.Errorf("%s n=%d J=%.1f: variance ratio %.3f, want at most %.3f; bias %+.2f standard errors", name(o), n, j, c.vr, bar, c.z)
				}
			}
		}
	}
}

// TestRoundsAccuracy measures the variances in the table by which the number of rounds
// was chosen (run it with -trials 4000 -v); BenchmarkRounds measures the times. With
// fewer trials it still checks that no number of rounds is worse than classic MinHash.
func TestRoundsAccuracy(t *testing.T) {
	trials := *trialsFlag
	if trials == 0 {
		trials = 200
	}
	const cells = 3
	bar := 1 + 3*math.Sqrt(2/float64(trials*cells))
	for _, n := range []int{20, 64, 200, 1000} {
		var row strings.Builder
		for rounds := 1; rounds <= 3; rounds++ {
			sketcher := func(o minhash.Options) *minhash.Sketcher { return minhash.New(o).WithRounds(rounds) }
			var sum float64
			for _, j := range []float64{.25, .5, .75} {
				sum += measure(sketcher, minhash.Options{}, random, n, int(j*float64(n)), trials).vr
			}
			fmt.Fprintf(&row, "  R=%d %.3f", rounds, sum/cells)
			if sum/cells > bar {
				t.Errorf("n=%d, %d rounds: mean variance ratio %.3f, want at most %.3f", n, rounds, sum/cells, bar)
			}
		}
		t.Logf("n=%-5d mean variance ratio at J=.25, .5, .75:%s", n, row.String())
	}
}
