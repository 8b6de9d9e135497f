package lsh_test

import (
	"encoding/binary"
	"math"
	"os"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// A real is a real corpus with the sketches of its documents.
type real struct {
	docs   []corpus.Doc
	sets   [][]uint64
	values []uint32
	sk     *minhash.Sketcher
}

func load(t *testing.T, sh shingle.Shingler, elem ...string) *real {
	r := &real{docs: corpus.Docs(t, elem...), sk: minhash.New(minhash.Options{})}
	for _, d := range r.docs {
		set := sh.Set(d.Text)
		r.sets = append(r.sets, set)
		r.values = r.sk.AppendValues(r.values, set)
	}
	return r
}

func (r *real) set(row int) []uint64 { return r.sets[row] }

func (r *real) source() lsh.Registers { return lsh.Registers{Size: 128, Values: r.values} }

// TestRealPairsMatchReference compares the pairs found with exact references over other
// tokens, by the rules of the program that scores them: pairs at least .05 above the
// threshold must be found, pairs more than .05 below it are wrong, and similarities that
// are off by more than .1 are counted.
func TestRealPairsMatchReference(t *testing.T) {
	tests := []struct {
		folder, truth string
		shingler      shingle.Shingler
		thresholds    []float64
	}{
		{"reuters21578", "silver_j5.tsv", shingle.Shingler{}, []float64{.3, .5, .7, .8, .9}},
		{"docs_versions_reactnative", "silver_j5.tsv", shingle.Shingler{}, []float64{.5, .8}},
		{"laws_zh", "silver_c5.tsv", shingle.Shingler{Unit: shingle.Chars, Size: 5}, []float64{.5, .8}},
	}
	if race.Short() {
		tests, tests[0].thresholds = tests[:1], tests[0].thresholds[:1]
	}
	for _, test := range tests {
		t.Run(test.folder, func(t *testing.T) {
			r := load(t, test.shingler, test.folder, "docs.jsonl")
			type pair [2]string
			truth := map[pair]float64{}
			floor := 1.0
			for _, p := range corpus.Silver(t, test.folder, test.truth) {
				truth[pair{min(p.A, p.B), max(p.A, p.B)}] = p.Jaccard
				floor = min(floor, p.Jaccard)
			}
			for _, threshold := range test.thresholds {
				b := lsh.Batch{Threshold: threshold, Sets: r.set, Workers: -1}
				pairs, work, err := b.Pairs(t.Context(), r.source())
				if err != nil {
					t.Fatal(err)
				}
				found := map[pair]bool{}
				wrong, off := 0, 0
				for _, p := range pairs {
					x, y := r.docs[p.A].ID, r.docs[p.B].ID
					k := pair{min(x, y), max(x, y)}
					found[k] = true
					j, listed := truth[k]
					if (listed || floor <= threshold) && j < threshold-.05 {
						wrong++
						t.Logf("wrong at %v: %v %v is %v", threshold, k, p.Score, j)
					}
					if listed && math.Abs(j-p.Similarity) > .1 {
						off++
					}
					if p.Similarity < threshold || !p.Exact {
						t.Errorf("pair %+v, want an exact similarity of %v and above", p, threshold)
					}
				}
				due, missed := 0, 0
				for k, j := range truth {
					if j >= threshold+.05 {
						due++
						if !found[k] {
							missed++
							t.Logf("missed at %v: %v is %v", threshold, k, j)
						}
					}
				}
				recall := 1 - float64(missed)/float64(due)
				t.Logf("threshold %v: recall %.4f (%d due), %d wrong of %d, %d off; %d candidates, largest bucket %d, %d bounded",
					threshold, recall, due, wrong, len(pairs), off, work.Candidates, work.LargestBucket, work.Bounded+work.BoundedDuplicates)
				if least := .99; recall < least && !(threshold == .3 && recall >= .985) {
					t.Errorf("recall %.4f at threshold %v, want at least %v", recall, threshold, least)
				}
				if wrong > 0 || float64(off) > .01*float64(len(pairs)) {
					t.Errorf("at threshold %v: %d wrong pairs and %d with a wrong similarity of %d, want 0 and at most 1%%", threshold, wrong, off, len(pairs))
				}
			}
		})
	}
}

// TestRealClustersDoNotChain checks the guarantee of clusters on versions of documents
// that drift over the years, where chains are long.
func TestRealClustersDoNotChain(t *testing.T) {
	r := load(t, shingle.Shingler{}, "terms_versions", "docs.jsonl")
	for _, threshold := range []float64{.5, .8} {
		for _, before := range []func(a, b int) bool{nil, func(a, b int) bool { return len(r.sets[a]) > len(r.sets[b]) }} {
			b := lsh.Batch{Threshold: threshold, Sets: r.set}
			clusters, _, err := b.Clusters(t.Context(), r.source(), lsh.ClusterOptions[int]{Before: before})
			if err != nil {
				t.Fatal(err)
			}
			dropped := make([]bool, len(r.docs))
			members := 0
			for _, c := range clusters {
				for _, m := range c.Members[1:] {
					j := shingle.Set(r.sets[c.Representative]).Jaccard(r.sets[m.ID])
					if j < threshold || j != m.Similarity {
						t.Errorf("%s: similarity to its representative %s = %v, want %v, at the threshold or above", r.docs[m.ID].ID, r.docs[c.Representative].ID, m.Similarity, j)
					}
					dropped[m.ID] = true
					members++
				}
			}
			for _, c := range clusters {
				if dropped[c.Representative] {
					t.Errorf("representative %s is a member of another cluster, want it in one", r.docs[c.Representative].ID)
				}
			}
			kept := 0
			for a := range r.docs {
				if dropped[a] {
					continue
				}
				kept++
				for b := range a {
					if !dropped[b] {
						if j := shingle.Set(r.sets[a]).Jaccard(r.sets[b]); j >= threshold+.05 {
							t.Errorf("threshold %v: %s and %s are kept at similarity %v, want one of them", threshold, r.docs[a].ID, r.docs[b].ID, j)
						}
					}
				}
			}
			t.Logf("threshold %v: %d clusters, %d members dropped, %d kept", threshold, len(clusters), members, kept)
			if members == 0 || kept == 0 {
				t.Errorf("%d members and %d kept, want some of each (else nothing is tested)", members, kept)
			}
		}
	}
}

// TestRealContainmentIsFound has two stories that share paragraphs in a different order.
func TestRealContainmentIsFound(t *testing.T) {
	var sets [][]uint64
	var sh shingle.Shingler
	for _, name := range []string{"000_07be50ff56453af9.txt", "003_0de752108fcf7d4a.txt"} {
		text, err := os.ReadFile(corpus.Shared(t, "seeds", name))
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, sh.Set(string(text)))
	}
	b := lsh.Batch{Sets: func(row int) []uint64 { return sets[row] }}
	pairs, _, err := b.Contained(t.Context(), 2, .4)
	if err != nil {
		t.Fatal(err)
	}
	if len(pairs) != 1 || max(pairs[0].ContainmentA, pairs[0].ContainmentB) < .4 {
		t.Fatalf("pairs %+v, want 1 with a containment of 0.4 and above", pairs)
	}
	t.Logf("%+v", pairs[0])
}

// TestRealContainedAgreesWithAllPairs compares the containment join with an exhaustive
// comparison of all pairs of a real corpus.
func TestRealContainedAgreesWithAllPairs(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("all pairs of hundreds of texts take a while")
	}
	r := load(t, shingle.Shingler{}, "docs_versions_reactnative", "docs.jsonl")
	// Most pages are the same in several releases: compare each text once.
	first := map[string]int{}
	text := make([]int, len(r.docs)) // row of the first document with the same set
	for row, set := range r.sets {
		var bytes []byte
		for _, x := range set {
			bytes = binary.LittleEndian.AppendUint64(bytes, x)
		}
		key := string(bytes)
		if _, ok := first[key]; !ok {
			first[key] = row
		}
		text[row] = first[key]
	}
	contained := map[[2]int]float64{}
	for _, a := range first {
		for _, b := range first {
			x, y := r.sets[a], r.sets[b]
			if a > b {
				continue
			}
			if n := shingle.Set(x).Common(y); n > 0 {
				contained[[2]int{a, b}] = float64(n) / float64(min(len(x), len(y)))
			}
		}
	}
	for _, least := range []float64{.3, .7} {
		want := map[[2]int]bool{}
		for a := range r.docs {
			for b := range a {
				if contained[[2]int{min(text[a], text[b]), max(text[a], text[b])}] >= least {
					want[[2]int{b, a}] = true
				}
			}
		}
		b := lsh.Batch{Sets: r.set, Workers: -1}
		pairs, work, err := b.Contained(t.Context(), len(r.docs), least)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pairs {
			if !want[[2]int{p.A, p.B}] {
				t.Errorf("threshold %v: pair %+v, want only pairs at or above the threshold", least, p)
			}
		}
		t.Logf("least %v: %d of %d pairs, %+v", least, len(pairs), len(want), work)
		if len(pairs) != len(want) {
			t.Errorf("least %v: %d pairs, want %d", least, len(pairs), len(want))
		}
	}
}

// TestRealOrderDoesNotMatter shuffles a real corpus: pairs, and the clusters whose
// representative is the longest document, do not depend on the order.
func TestRealOrderDoesNotMatter(t *testing.T) {
	r := load(t, shingle.Shingler{}, "minhash_articles", "articles_1000.jsonl")
	outcome := func(order []int) ([]lsh.Cluster[string], map[[2]string]float64) {
		ix := lsh.New(lsh.Options{Threshold: .2})
		for _, i := range order {
			sig, err := r.sk.Wrap(r.values[i*128 : (i+1)*128])
			if err != nil {
				t.Fatal(err)
			}
			ix.AddSet(r.docs[i].ID, sig, r.sets[i])
		}
		pairs := map[[2]string]float64{}
		for _, p := range pairsIn(t, ix) {
			pairs[[2]string{min(p.A, p.B), max(p.A, p.B)}] = p.Similarity
		}
		return clustersIn(t, ix, lsh.ClusterOptions[string]{Keep: lsh.Longest}), pairs
	}
	order := rows(len(r.docs))
	clusters, pairs := outcome(order)
	if len(pairs) < 10 || len(clusters) < 10 {
		t.Fatalf("%d pairs, %d clusters, want at least 10 of each, as planted", len(pairs), len(clusters))
	}
	slices.Reverse(order)
	reversed, reversedPairs := outcome(order)
	if diff := gocmp.Diff(clusters, reversed); diff != "" {
		t.Errorf("clusters depend on the order (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(pairs, reversedPairs); diff != "" {
		t.Errorf("pairs depend on the order (-want +got):\n%s", diff)
	}
}
