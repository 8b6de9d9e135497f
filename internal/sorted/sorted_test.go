package sorted_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/neardup/neardup/internal/sorted"
	"github.com/neardup/neardup/lsh"
)

func TestRefsHoldASet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var s sorted.Refs
	want := map[int64]bool{}
	for range 5000 {
		ref := r.Int64N(1 << r.IntN(63))
		if got := s.Has(ref); got != want[ref] {
			t.Fatalf("Has(%d) = %v, want %v", ref, got, want[ref])
		}
		s.Add(ref)
		want[ref] = true
		if other := ref ^ 1; s.Has(other) != want[other] {
			t.Fatalf("Has(%d) = %v after Add(%d), want %v", other, !want[other], ref, want[other])
		}
	}
}

// TestBucketPairsFollowDefinition compares the pairs of buckets with those of the
// definition.
func TestBucketPairsFollowDefinition(t *testing.T) {
	type pair struct{ a, b int64 }
	for _, self := range []bool{false, true} {
		var got []pair
		b := &sorted.Bucket{Self: self, Pair: func(x, y int64) error { got = append(got, pair{x, y}); return nil }}
		for _, full := range []int{0, 1, 5, 8, 9, 20} { // all of them with one Bucket
			for n := range 24 {
				got = nil
				for i := range n {
					if err := b.Add(int64(10*i), full); err != nil {
						t.Fatal(err)
					}
				}
				if err := b.End(); err != nil {
					t.Fatal(err)
				}
				var want []pair
				leaders := n
				if n > full {
					leaders = min(lsh.BucketLeaders, full)
				}
				for i := range leaders {
					if self && i+1 < n {
						want = append(want, pair{int64(10 * i), int64(10 * i)})
					}
					for j := i + 1; j < n; j++ {
						want = append(want, pair{int64(10 * i), int64(10 * j)})
					}
				}
				for _, p := range got {
					if p.a == p.b && slices.IndexFunc(got, func(q pair) bool { return q.a == p.a }) != slices.Index(got, p) {
						t.Fatalf("%d documents, full %d: first pair of %d is with another, want it with itself", n, full, p.a)
					}
				}
				order := func(x, y pair) int { return int(x.a-y.a)*1000 + int(x.b-y.b) }
				slices.SortFunc(got, order)
				if !slices.Equal(got, want) {
					t.Fatalf("%d documents, full %d, self %v: pairs %v, want %v", n, full, self, got, want)
				}
			}
		}
	}
}

func TestFullAgreesWithFullSize(t *testing.T) {
	sizes := []int{5000, 200, 40_000, 129}
	full, work := sorted.Full(slices.Clone(sizes), 100_000, 16)
	want := lsh.FullSize([]int{129, 200, 5000, 40_000}, 100_000, 16)
	if full != want || full >= 40_000 || full < 129 {
		t.Errorf("Full() = %d, want %d", full, want)
	}
	var skipped int64
	documents, bounded := 0, 0
	for _, n := range sizes {
		if n > full {
			rest := int64(n - lsh.BucketLeaders)
			skipped += rest * (rest - 1) / 2
			documents += n
			bounded++
		}
	}
	if work.Skipped != skipped || work.BoundedDocuments != documents || work.Bounded != bounded {
		t.Errorf("Full() = %+v, want %d, %d, %d", work, bounded, documents, skipped)
	}
}

// TestClustersFollowDefinition compares clusters of random matches with the definition.
func TestClustersFollowDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		n := 2 + r.IntN(30)
		var c sorted.Clusters
		rep := make([]int, n) // the representative of each document by the definition; its own number if it is one
		for b := range n {
			rep[b] = b
			for a := range b {
				if r.IntN(6) > 0 {
					continue
				}
				joins := rep[b] == b && rep[a] == a
				if joins {
					rep[b] = a
				}
				if got := c.Join(int64(b), int64(a)); got != joins {
					t.Fatalf("Join(%d, %d) = %v, want %v", b, a, got, joins)
				}
			}
		}
	}
}

func TestPackKeepsAgreement(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	x, y := make([]uint32, 4096), make([]uint32, 4096)
	equal := 0
	for i := range x {
		x[i], y[i] = r.Uint32(), r.Uint32()
		if r.IntN(3) == 0 {
			y[i] = x[i]
			equal++
		}
	}
	p, q := sorted.Pack(nil, x), sorted.Pack([]byte{1}, y)[1:]
	if len(p) != len(x) || len(q) != len(y) {
		t.Fatalf("%d and %d bytes, want %d", len(p), len(q), len(x))
	}
	if got := sorted.Agree(p, q); got < equal || got > equal+60 { // of 2730 different registers, about one in 256 agrees by chance
		t.Errorf("Agree() = %d, want %d and at most 60 more", got, equal)
	}
	if got := sorted.Agree(p, p); got != len(x) {
		t.Errorf("Agree of a signature with itself = %d, want %d", got, len(x))
	}
}
