package lsh_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// A world is a generated corpus: families of sets that were copied and edited.
type world struct {
	k      int
	sk     *minhash.Sketcher
	ids    []string
	sets   [][]uint64
	sigs   []minhash.Signature
	values []uint32
}

// makeWorld returns n documents, most of them edited copies of earlier ones,
// some equal, some empty, some parts of others.
func makeWorld(n, k int, seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 7))
	w := &world{k: k, sk: minhash.New(minhash.Options{K: k, Elements: minhash.Name("made up")})}
	for i := range n {
		var set []uint64
		switch x := r.IntN(20); {
		case i == 0 || x < 6:
			for range 1 + r.IntN(150) {
				set = append(set, r.Uint64())
			}
		case x < 9:
			set = slices.Clone(w.sets[r.IntN(i)])
		case x < 10:
			// empty
		case x < 12:
			long := w.sets[r.IntN(i)]
			if len(long) > 0 {
				set = slices.Clone(long[:1+r.IntN(len(long))])
			}
		default:
			keep := .5 + r.Float64()/2
			for _, v := range w.sets[r.IntN(i)] {
				if r.Float64() < keep {
					set = append(set, v)
				}
			}
			for range r.IntN(len(set)/4 + 2) {
				set = append(set, r.Uint64())
			}
		}
		slices.Sort(set)
		w.add(fmt.Sprintf("%c%d", 'a'+r.IntN(26), i), slices.Compact(set))
	}
	return w
}

func (w *world) add(id string, set []uint64) {
	if set == nil {
		set = []uint64{}
	}
	w.ids = append(w.ids, id)
	w.sets = append(w.sets, set)
	w.sigs = append(w.sigs, w.sk.Sketch(set))
	w.values = append(w.values, w.sigs[len(w.sigs)-1].Values()...)
}

func (w *world) set(row int) []uint64 { return w.sets[row] }

func (w *world) source() lsh.Registers { return lsh.Registers{Size: w.k, Values: w.values} }

func (w *world) index(o lsh.Options, exact bool) *lsh.Index {
	ix := lsh.New(o)
	for i, id := range w.ids {
		if exact {
			ix.AddSet(id, w.sigs[i], w.sets[i])
		} else {
			ix.Add(id, w.sigs[i])
		}
	}
	return ix
}

func jaccard(a, b []uint64) (j, ca, cb float64) {
	in := map[uint64]bool{}
	for _, x := range a {
		in[x] = true
	}
	n := 0
	for _, x := range b {
		if in[x] {
			n++
		}
	}
	if n == 0 {
		return 0, 0, 0
	}
	return float64(n) / float64(len(a)+len(b)-n), float64(n) / float64(len(a)), float64(n) / float64(len(b))
}

// match implements the definition: two rows match if they share a band and the exact or
// estimated similarity is at or above the threshold.
func (w *world) match(a, b int, banding lsh.Banding, threshold float64, exact bool) (float64, bool) {
	va, vb := w.sigs[a].Values(), w.sigs[b].Values()
	if w.sigs[a].IsEmpty() || w.sigs[b].IsEmpty() {
		return 0, false
	}
	shared := false
	for i := range banding.Bands {
		lo, hi := i*banding.Rows, (i+1)*banding.Rows
		shared = shared || slices.Equal(va[lo:hi], vb[lo:hi])
	}
	if !shared {
		return 0, false
	}
	s := w.sigs[a].Similarity(w.sigs[b])
	if exact {
		s, _, _ = jaccard(w.sets[a], w.sets[b])
	}
	return s, s >= threshold-1e-12
}

// leaders implements greedy clustering as defined, in the given order of rows.
func (w *world) leaders(order []int, banding lsh.Banding, threshold float64, exact bool) []lsh.Cluster[int] {
	var reps []int
	members := map[int][]lsh.Member[int]{}
next:
	for _, row := range order {
		for _, rep := range reps {
			if s, ok := w.match(rep, row, banding, threshold, exact); ok {
				members[rep] = append(members[rep], lsh.Member[int]{ID: row, Similarity: s})
				continue next
			}
		}
		reps = append(reps, row)
	}
	var out []lsh.Cluster[int]
	for _, rep := range reps {
		if m := members[rep]; m != nil {
			out = append(out, lsh.Cluster[int]{Representative: rep, Members: append([]lsh.Member[int]{{ID: rep, Similarity: 1}}, m...)})
		}
	}
	return out
}

func rows(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// TestPairsAndClustersByDefinition compares index and batch with an exhaustive comparison
// of all pairs. A pair may be lost to an estimate four standard errors too low; with
// these seeds none is.
func TestPairsAndClustersByDefinition(t *testing.T) {
	seeds := uint64(6)
	if race.Short() {
		seeds = 1
	}
	for seed := range seeds {
		for _, threshold := range []float64{.2, .5, .8} {
			for _, exact := range []bool{false, true} {
				name := fmt.Sprintf("%d/%v/%v", seed, threshold, exact)
				t.Run(name, func(t *testing.T) {
					w := makeWorld(400, 64, seed)
					ix := w.index(lsh.Options{Threshold: threshold}, exact)
					banding := ix.Banding()

					var want []lsh.Pair[string]
					for a := range w.ids {
						for b := a + 1; b < len(w.ids); b++ {
							if s, ok := w.match(a, b, banding, threshold, exact); ok {
								p := lsh.Pair[string]{A: w.ids[a], B: w.ids[b], Score: lsh.Score{Similarity: s, Exact: exact}}
								if exact {
									_, p.ContainmentA, p.ContainmentB = jaccard(w.sets[a], w.sets[b])
								} else {
									p.ContainmentA, p.ContainmentB = w.sigs[a].Containment(w.sigs[b]), w.sigs[b].Containment(w.sigs[a])
								}
								want = append(want, p)
							}
						}
					}
					got := pairsIn(t, ix)
					if diff := gocmp.Diff(want, got); diff != "" {
						t.Fatalf("Pairs() mismatch (-want +got):\n%s", diff)
					}
					if len(want) < 20 {
						t.Errorf("%d pairs, want at least 20 (else nothing is tested)", len(want))
					}

					b := lsh.Batch{Threshold: threshold, Scheme: w.sk.Scheme()}
					if exact {
						b.Sets = w.set
					}
					pairs, _, err := b.Pairs(t.Context(), w.source())
					if err != nil {
						t.Fatal(err)
					}
					for i, p := range pairs {
						if i >= len(got) || (lsh.Pair[string]{A: w.ids[p.A], B: w.ids[p.B], Score: p.Score}) != got[i] {
							t.Fatalf("Batch.Pairs()[%d] = %+v, want %+v as in the index", i, p, got[i])
						}
					}

					for _, before := range []func(a, b int) bool{
						nil,
						func(a, b int) bool { return a > b },
						func(a, b int) bool { return len(w.sets[a]) > len(w.sets[b]) },
					} {
						order := rows(len(w.ids))
						if before != nil {
							slices.SortStableFunc(order, func(x, y int) int {
								switch {
								case before(x, y):
									return -1
								case before(y, x):
									return 1
								}
								return 0
							})
						}
						want := w.leaders(order, banding, threshold, exact)
						got, _, err := b.Clusters(t.Context(), w.source(), lsh.ClusterOptions[int]{Before: before})
						if err != nil {
							t.Fatal(err)
						}
						if diff := gocmp.Diff(want, got); diff != "" {
							t.Fatalf("Batch.Clusters() mismatch (-want +got):\n%s", diff)
						}
					}
				})
			}
		}
	}
}

func TestContainedByDefinition(t *testing.T) {
	for seed := range uint64(2) {
		w := makeWorld(250, 16, 100+seed)
		for _, least := range []float64{.1, .4, .5, .9, 1} {
			var want []lsh.Pair[int]
			for a := range w.ids {
				for b := a + 1; b < len(w.ids); b++ {
					if j, ca, cb := jaccard(w.sets[a], w.sets[b]); max(ca, cb) >= least {
						want = append(want, lsh.Pair[int]{A: a, B: b, Score: lsh.Score{Similarity: j, ContainmentA: ca, ContainmentB: cb, Exact: true}})
					}
				}
			}
			for _, workers := range []int{1, 3} {
				b := lsh.Batch{Sets: w.set, Workers: workers}
				got, _, err := b.Contained(t.Context(), len(w.ids), least)
				if err != nil {
					t.Fatal(err)
				}
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d, %v: Contained() mismatch (-want +got):\n%s", seed, least, diff)
				}
			}
		}
	}
}

// TestSearchByDefinition compares queries with an exhaustive comparison of all documents,
// after removals and replacements.
func TestSearchByDefinition(t *testing.T) {
	for _, exact := range []bool{false, true} {
		const threshold = .5
		w := makeWorld(500, 64, 3)
		ix := w.index(lsh.Options{Threshold: threshold}, exact)
		banding := ix.Banding()
		r := rand.New(rand.NewPCG(1, 2))
		place := rows(len(w.ids)) // position of each row in the order of insertion; -1 once removed
		next := len(w.ids)
		for range 700 {
			row := r.IntN(len(w.ids))
			if r.IntN(2) == 0 {
				if got, want := ix.Remove(w.ids[row]), place[row] >= 0; got != want {
					t.Fatalf("Remove(%q) = %v, want %v", w.ids[row], got, want)
				}
				place[row] = -1
			} else {
				if exact {
					ix.AddSet(w.ids[row], w.sigs[row], w.sets[row])
				} else {
					ix.Add(w.ids[row], w.sigs[row])
				}
				place[row], next = next, next+1
			}
		}
		live := 0
		for q := range w.ids {
			type hit struct {
				row int
				s   float64
			}
			var want []hit
			for row := range w.ids {
				if place[row] < 0 {
					continue
				}
				if s, ok := w.match(q, row, banding, threshold, exact); ok {
					want = append(want, hit{row, s})
				}
			}
			slices.SortFunc(want, func(x, y hit) int {
				return cmp.Or(cmp.Compare(y.s, x.s), cmp.Compare(place[x.row], place[y.row]))
			})
			for _, limit := range []int{0, 1, 3} {
				o := lsh.SearchOptions{Limit: limit}
				if exact {
					o.Set = w.sets[q]
				}
				got := ix.Search(w.sigs[q], o)
				due := want
				if limit > 0 {
					due = want[:min(limit, len(want))]
				}
				if len(got) != len(due) {
					t.Fatalf("Search(%q, limit %d) has %d matches, want %d", w.ids[q], limit, len(got), len(due))
				}
				for i, m := range got {
					if m.ID != w.ids[due[i].row] || m.Similarity != due[i].s || m.Exact != exact {
						t.Fatalf("Search(%q, limit %d)[%d] = %+v, want %v %v", w.ids[q], limit, i, m, w.ids[due[i].row], due[i].s)
					}
				}
			}
			if got, want := ix.Contains(w.ids[q]), place[q] >= 0; got != want {
				t.Fatalf("Contains(%q) = %v, want %v", w.ids[q], got, want)
			}
			if place[q] >= 0 {
				live++
			}
		}
		if ix.Len() != live {
			t.Errorf("Len() = %d, want %d", ix.Len(), live)
		}
	}
}

func TestRepeatsByDefinition(t *testing.T) {
	for seed := range uint64(4) {
		for _, exact := range []bool{false, true} {
			const threshold, known = .5, 150
			w := makeWorld(400, 64, 40+seed)
			// A new text that occurs three times.
			set := w.sets[0][:0:0]
			for i := range uint64(80) {
				set = append(set, i*1_000_003)
			}
			for i := range 3 {
				w.add(fmt.Sprint("copy", i), set)
			}
			banding := lsh.Choose(64, threshold, .99)
			var want []lsh.Pair[int]
			for row := known; row < len(w.ids); row++ {
				best := lsh.Pair[int]{A: row, B: -1}
				for other := range row {
					if other == known && best.B >= 0 {
						break
					}
					if s, ok := w.match(row, other, banding, threshold, exact); ok && s > best.Similarity {
						best.B, best.Similarity = other, s
					}
				}
				if best.B < 0 {
					continue
				}
				best.Exact = exact
				if exact {
					_, best.ContainmentA, best.ContainmentB = jaccard(w.sets[row], w.sets[best.B])
				} else {
					x, y := w.sigs[row], w.sigs[best.B]
					best.ContainmentA, best.ContainmentB = x.Containment(y), y.Containment(x)
				}
				want = append(want, best)
			}
			for _, workers := range []int{1, 4} {
				b := lsh.Batch{Threshold: threshold, Workers: workers, Scheme: w.sk.Scheme()}
				if exact {
					b.Sets = w.set
				}
				got, _, err := b.Repeats(t.Context(), w.source(), known)
				if err != nil {
					t.Fatal(err)
				}
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("Repeats() mismatch (-want +got):\n%s", diff)
				}
			}
			if n := len(want); n < 50 || want[n-1].A != len(w.ids)-1 || want[n-1].B != len(w.ids)-3 {
				t.Errorf("the second copies within the batch were not found: %+v", want[n-1])
			}
		}
	}
}
