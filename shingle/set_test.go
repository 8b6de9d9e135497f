package shingle_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// stream is a SplitMix64.
type stream uint64

func (s *stream) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func TestMakeSetSortsAndDeduplicates(t *testing.T) {
	race.Alone(t)
	s, count := stream(1), uint64(1)<<62
	for _, n := range []int{0, 1, 2, 3, 7, 8, 15, 16, 17, 63, 64, 65, 200, 5000, 16383, 16384, 40000} {
		for name, gen := range map[string]func() uint64{
			"even":    s.next,
			"few":     func() uint64 { return s.next() % 7 },
			"skewed":  func() uint64 { return s.next() >> (s.next() % 64) },
			"one":     func() uint64 { return 42 },
			"crowded": func() uint64 { return s.next()>>50 | 1<<63 },
			"close":   func() uint64 { return s.next()>>32 | 1<<60 },
			"rising":  func() uint64 { count++; return count },
			"falling": func() uint64 { count--; return count },
			"mixed":   func() uint64 { return s.next() >> (s.next() % 2 * 40) },
		} {
			h := make([]uint64, n)
			seen := map[uint64]bool{}
			for i := range h {
				h[i] = gen()
				seen[h[i]] = true
			}
			got := shingle.MakeSet(h)
			want := make(shingle.Set, 0, len(seen))
			for x := range seen {
				want = append(want, x)
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s, %d (-want +got):\n%s", name, n, diff)
			}
		}
	}
}

// TestHostileSetsTakeNoLonger makes sets whose hashes all begin with the same bits, as an
// author may choose them. They must take no longer than a sort; a quadratic algorithm
// would not finish.
func TestHostileSetsTakeNoLonger(t *testing.T) {
	race.Alone(t)
	const n = 1 << 20
	for name, at := range map[string]func(i int) uint64{
		"one after many": func(i int) uint64 {
			if i < n/2 {
				return uint64(i) + 2
			}
			return 1
		},
		"two by turns":  func(i int) uint64 { return 7 - uint64(i%2) },
		"falling":       func(i int) uint64 { return uint64(n - i) },
		"many, and one": func(i int) uint64 { return uint64(i) % (n - 1) },
	} {
		h := make([]uint64, n)
		for i := range h {
			h[i] = at(i)
		}
		want := slices.Clone(h)
		slices.Sort(want)
		want = slices.Compact(want)
		if got := shingle.MakeSet(h); !slices.Equal(got, want) {
			t.Errorf("%s: %d elements, want %d", name, len(got), len(want))
		}
	}
}

func TestSetOperationsAgreeWithMaps(t *testing.T) {
	s := stream(2)
	for _, sizes := range [][2]int{{0, 0}, {0, 5}, {1, 1}, {10, 10}, {10, 1000}, {1000, 10}, {300, 400}, {1, 5000}, {40, 100000}} {
		for _, space := range []uint64{1 << 4, 1 << 10, 1 << 20, 1 << 63} {
			var sets [2]shingle.Set
			in := map[uint64]int{}
			for k, n := range sizes {
				h := make([]uint64, n)
				for i := range h {
					h[i] = s.next() % space
				}
				sets[k] = shingle.MakeSet(h)
				for _, x := range sets[k] {
					in[x] |= 1 << k
				}
			}
			common := 0
			for _, m := range in {
				if m == 3 {
					common++
				}
			}
			a, b := sets[0], sets[1]
			if a.Common(b) != common || b.Common(a) != common {
				t.Fatalf("sets of %v numbers below %d: Common = %d and %d, want %d", sizes, space, a.Common(b), b.Common(a), common)
			}
			jaccard, containment := 0.0, 0.0
			if common > 0 {
				jaccard, containment = float64(common)/float64(len(in)), float64(common)/float64(len(a))
			}
			if a.Jaccard(b) != jaccard || a.Containment(b) != containment {
				t.Fatalf("sets of %v numbers below %d: Jaccard = %v, Containment = %v, want %v and %v", sizes, space, a.Jaccard(b), a.Containment(b), jaccard, containment)
			}
		}
	}
}

func randomSet(s *stream, n int) []uint64 {
	h := make([]uint64, n)
	for i := range h {
		h[i] = s.next()
	}
	return h
}

// BenchmarkMakeSet reports the time per hash, and the speed relative to slices.Sort and
// slices.Compact. There are many sets, so that no branch is learned.
func BenchmarkMakeSet(b *testing.B) {
	for _, n := range []int{10, 50, 200, 1000, 10000, 100000} {
		b.Run("n="+strconv.Itoa(n), func(b *testing.B) {
			s := stream(3)
			sets := make([][]uint64, 1+50000/n)
			for i := range sets {
				sets[i] = randomSet(&s, n)
			}
			tmp := make([]uint64, n)
			each := func(f func([]uint64)) func() {
				return func() {
					for _, set := range sets {
						copy(tmp, set)
						f(tmp)
					}
				}
			}
			ours := each(func(h []uint64) { shingle.MakeSet(h) })
			plain := each(func(h []uint64) {
				slices.Sort(h)
				_ = slices.Compact(h)
			})
			best := [2]time.Duration{1 << 62, 1 << 62}
			for b.Loop() {
				for i, f := range []func(){ours, plain} {
					start := time.Now()
					f()
					best[i] = min(best[i], time.Since(start))
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(best[0].Nanoseconds())/float64(n*len(sets)), "ns/hash")
			b.ReportMetric(float64(best[1])/float64(best[0]), "x-slices.Sort")
		})
	}
}

func BenchmarkCommon(b *testing.B) {
	for _, c := range [][2]int{{1000, 1000}, {1000, 20000}, {1000, 30000}, {100, 100000}} {
		s := stream(4)
		big := shingle.MakeSet(randomSet(&s, c[1]))
		small := slices.Clone(big[:0])
		for i := range c[0] {
			if i%2 == 0 {
				small = append(small, big[int(s.next()%uint64(len(big)))])
			} else {
				small = append(small, s.next())
			}
		}
		small = shingle.MakeSet(small)
		b.Run(strconv.Itoa(c[0])+"and"+strconv.Itoa(c[1]), func(b *testing.B) {
			n := 0
			for b.Loop() {
				n += small.Common(big)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c[0]), "ns/smaller")
		})
	}
}
