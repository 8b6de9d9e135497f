package lsh_test

import (
	"fmt"
	"testing"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// many returns a large number of documents, or a smaller one with -short or the race
// detector.
func many(n int) int {
	if testing.Short() || race.Enabled {
		return n / 20
	}
	return n
}

// template returns n documents of 100 elements as registers; the first `shared` elements
// are the same in all.
func template(n, shared int) (*minhash.Sketcher, []uint32, func(row int) []uint64) {
	sk := minhash.New(minhash.Options{K: 64})
	set := func(row int) []uint64 {
		s := make([]uint64, 100)
		for i := range s {
			// Ascending; elements that are not shared differ in the low bits.
			s[i] = mix(uint64(i))>>8 + uint64(i)<<56
			if i >= shared {
				s[i] = mix(uint64(row)<<8|uint64(i))>>8 + uint64(i)<<56
			}
		}
		return s
	}
	var values []uint32
	for row := range n {
		values = sk.AppendValues(values, set(row))
	}
	return sk, values, set
}

func mix(z uint64) uint64 {
	z += 0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// TestAlikeDocumentsTakeLinearWork has a large number of similar documents and counts the
// work: it must not grow faster than their number.
func TestAlikeDocumentsTakeLinearWork(t *testing.T) {
	race.Alone(t)
	tests := []struct {
		name     string
		shared   int // number of shared elements, of 100
		docs     int
		clusters int // number of clusters wanted; -1 for any
	}{
		{"identical", 100, many(1_000_000), 1},
		{"one template, alike", 97, many(100_000), 1},
		{"one template, unlike", 70, many(100_000), -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, values, set := template(min(test.docs, 100_000), test.shared)
			for len(values) < test.docs*64 { // identical documents can be reused
				values = append(values, values[:min(len(values), test.docs*64-len(values))]...)
			}
			for _, exact := range []bool{false, true} {
				b := lsh.Batch{Threshold: .8, Workers: -1}
				docs := test.docs
				if exact {
					b.Sets = set
					docs = min(docs, many(100_000)) // making the sets takes most of the time
				}
				values := values[:docs*64]
				src := lsh.Registers{Size: 64, Values: values}
				clusters, work, err := b.Clusters(t.Context(), src, lsh.ClusterOptions[int]{})
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("clusters: %d, %+v", len(clusters), work)
				checkWork(t, docs, work)
				if test.clusters == 1 && (len(clusters) != 1 || len(clusters[0].Members) != docs) {
					t.Errorf("%d clusters, the first of %d documents, want 1 of %d", len(clusters), len(clusters[0].Members), docs)
				}
				pairs, work, err := b.Pairs(t.Context(), src)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("pairs: %d, %+v", len(pairs), work)
				checkWork(t, docs, work)
				if len(pairs) > 100*docs {
					t.Errorf("%d pairs of %d documents, want at most %d", len(pairs), docs, 100*docs)
				}
				if test.clusters == 1 && work.BoundedDuplicates+work.Bounded == 0 {
					t.Errorf("Work = %+v, want the comparisons left out counted", work)
				}
			}
		})
	}
}

func checkWork(t *testing.T, docs int, w lsh.Work) {
	t.Helper()
	if w.Documents != docs {
		t.Errorf("Work.Documents = %d, want %d", w.Documents, docs)
	}
	// At most 64 comparisons per band and document in buckets of 128, and 8 in a bounded
	// bucket; there are 12 bands, and clusters go through them twice.
	if w.Candidates > int64(2*(12*(64+8)+16)*docs) {
		t.Errorf("%d comparisons for %d documents, want at most %d", w.Candidates, docs, 2*(12*(64+8)+16)*docs)
	}
}

// TestInsertingAlikeDocumentsTakesLinearWork inserts similar documents one after the
// other.
func TestInsertingAlikeDocumentsTakesLinearWork(t *testing.T) {
	for _, shared := range []int{100, 97, 70} {
		n := many(8_000)
		sk, values, _ := template(n, shared)
		ix := lsh.New(lsh.Options{})
		repeats := 0
		for row := range n {
			sig, err := sk.Wrap(values[row*64 : row*64+64])
			if err != nil {
				t.Fatal(err)
			}
			if m, ok := ix.Insert(fmt.Sprint(row), sig, nil); ok {
				repeats++
				if m.Similarity < .8 {
					t.Fatalf("match %+v, want similarity 0.8 and above", m)
				}
			}
		}
		if shared > 90 && repeats < n-n/100 {
			t.Errorf("%d of %d documents have a match, want at least %d", repeats, n, n-n/100)
		}
		s := ix.Stats()
		t.Logf("%d repeats, %+v", repeats, s)
		if shared == 97 && n > 2_000 && s.BoundedQueries == 0 {
			t.Errorf("Stats() = %+v, want BoundedQueries above 0", s)
		}
	}
}

// TestContainedTemplateTakesLinearWork joins documents of one template. They all share
// its elements, so each is compared only with the first ones, whichever of the two is
// larger.
func TestContainedTemplateTakesLinearWork(t *testing.T) {
	n := many(40_000)
	_, _, set := template(1, 70)
	b := lsh.Batch{Workers: -1, Sets: func(row int) []uint64 {
		return set(row)[:100-row%3*10] // sets of three sizes
	}}
	pairs, work, err := b.Contained(t.Context(), n, .5)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d pairs, %+v", len(pairs), work)
	if n > 4000 && work.Bounded < 70 {
		t.Errorf("%d elements were bounded, want at least 70", work.Bounded)
	}
	if work.Candidates > int64(20*n) {
		t.Errorf("%d comparisons for %d documents, want at most %d", work.Candidates, n, 20*n)
	}
	found := make([]bool, n)
	for i, p := range pairs {
		if max(p.ContainmentA, p.ContainmentB) < .5 || p.A >= p.B || i > 0 && pairs[i-1] == p {
			t.Fatalf("pair %+v, want each pair once, A before B, with a containment of 0.5 and above", p)
		}
		found[p.A], found[p.B] = true, true
	}
	for row, ok := range found {
		if !ok {
			t.Fatalf("document %d, which shares its larger part with all, is in no pair, want one", row)
		}
	}
}
