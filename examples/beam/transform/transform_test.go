package transform_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	beamlog "github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	//lint:ignore SA1019 Prism, which Beam prefers, takes many times the time and memory
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/direct"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/beam/transform"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

func TestMain(m *testing.M) {
	flag.Parse()
	beam.Init()
	beamlog.SetLogger(silent{})
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// silent drops what Beam logs; its errors are returned too.
type silent struct{}

func (silent) Log(context.Context, beamlog.Severity, int, string) {}

// A collection is what a pipeline in this process has put out.
type collection struct {
	mu       sync.Mutex
	clusters []transform.Cluster
	kept     []string
	removed  []transform.Removal
	bounded  []transform.Bounded
}

var collections sync.Map // name of a run -> *collection

// collectFn keeps the results of a run.
type collectFn struct{ Run string }

func (f *collectFn) with(do func(c *collection)) {
	v, _ := collections.Load(f.Run)
	c := v.(*collection)
	c.mu.Lock()
	defer c.mu.Unlock()
	do(c)
}

type collectClusters struct{ collectFn }

func (f *collectClusters) ProcessElement(x transform.Cluster) {
	f.with(func(c *collection) { c.clusters = append(c.clusters, x) })
}

type collectKept struct{ collectFn }

func (f *collectKept) ProcessElement(x transform.Kept) {
	f.with(func(c *collection) { c.kept = append(c.kept, x.ID) })
}

type collectRemoved struct{ collectFn }

func (f *collectRemoved) ProcessElement(x transform.Removal) {
	f.with(func(c *collection) { c.removed = append(c.removed, x) })
}

type collectBounded struct{ collectFn }

func (f *collectBounded) ProcessElement(x transform.Bounded) {
	f.with(func(c *collection) { c.bounded = append(c.bounded, x) })
}

// sourceFn emits the documents of a run, as a file of them would be read.
type sourceFn struct {
	Run  string
	N, I int
}

var sources sync.Map // name of a run -> []transform.Document

func (f *sourceFn) ProcessElement(_ []byte, emit func(transform.Document)) {
	v, _ := sources.Load(f.Run)
	docs := v.([]transform.Document)
	for i := f.I; i < len(docs); i += f.N {
		emit(docs[i])
	}
}

func init() {
	beam.RegisterDoFn(reflect.TypeFor[collectClusters]())
	beam.RegisterDoFn(reflect.TypeFor[collectKept]())
	beam.RegisterDoFn(reflect.TypeFor[collectRemoved]())
	beam.RegisterDoFn(reflect.TypeFor[collectBounded]())
	beam.RegisterDoFn(reflect.TypeFor[sourceFn]())
	register.Emitter1[transform.Document]()
}

// run finds the near-duplicates of docs in a pipeline that reads them in parts.
func run(t testing.TB, runner string, docs []transform.Document, parts int, o transform.Options) (*collection, beam.PipelineResult, error) {
	t.Helper()
	name := fmt.Sprintf("%s/%s/%d/%d", t.Name(), runner, parts, time.Now().UnixNano())
	c := new(collection)
	collections.Store(name, c)
	sources.Store(name, docs)
	defer collections.Delete(name)
	defer sources.Delete(name)

	p, s := beam.NewPipelineWithRoot()
	var read []beam.PCollection
	for i := range parts {
		read = append(read, beam.ParDo(s, &sourceFn{name, parts, i}, beam.Impulse(s)))
	}
	r := transform.NearDuplicates(s, beam.Flatten(s, read...), o)
	beam.ParDo0(s, &collectClusters{collectFn{name}}, r.Clusters)
	beam.ParDo0(s, &collectKept{collectFn{name}}, r.Kept)
	beam.ParDo0(s, &collectRemoved{collectFn{name}}, r.Removed)
	beam.ParDo0(s, &collectBounded{collectFn{name}}, r.Bounded)
	res, err := beam.Run(t.Context(), runner, p)
	slices.Sort(c.kept)
	slices.SortFunc(c.clusters, func(a, b transform.Cluster) int { return strings.Compare(a.Representative, b.Representative) })
	slices.SortFunc(c.removed, func(a, b transform.Removal) int { return strings.Compare(a.ID, b.ID) })
	return c, res, err
}

// inProcess gives the answer of package lsh.
func inProcess(t testing.TB, docs []transform.Document, o transform.Options) (*collection, lsh.Work) {
	t.Helper()
	mh := minhash.New(minhash.Options{K: o.K, Seed: o.Seed, Elements: o.Shingler})
	src := lsh.Registers{Size: mh.Scheme().K}
	sets := make([]shingle.Set, len(docs))
	for i, d := range docs {
		sets[i] = o.Shingler.Set(d.Text)
		src.Values = mh.AppendValues(src.Values, sets[i])
	}
	b := lsh.Batch{Threshold: o.Threshold, Recall: o.Recall, Banding: o.Banding, Seed: o.Seed, Scheme: mh.Scheme(), Workers: -1}
	if !o.Estimate {
		b.Sets = func(row int) []uint64 { return sets[row] }
	}
	var before func(a, b int) bool
	switch o.Keep {
	case transform.Longest:
		before = func(a, b int) bool {
			if x, y := len(docs[a].Text), len(docs[b].Text); x != y {
				return x > y
			}
			return docs[a].ID < docs[b].ID
		}
	case transform.Newest:
		before = func(a, b int) bool {
			if x, y := docs[a].Time, docs[b].Time; !x.Equal(y) {
				return x.After(y)
			}
			return docs[a].ID < docs[b].ID
		}
	}
	clusters, work, err := b.Clusters(t.Context(), src, lsh.ClusterOptions[int]{Before: before, Connected: o.Connected})
	if err != nil {
		t.Fatal(err)
	}
	c := new(collection)
	gone := make([]bool, len(docs))
	for _, x := range clusters {
		cl := transform.Cluster{Representative: docs[x.Representative].ID}
		for _, m := range x.Members {
			cl.Members = append(cl.Members, transform.Member{ID: docs[m.ID].ID, Similarity: m.Similarity})
			if m.ID != x.Representative {
				gone[m.ID] = true
				c.removed = append(c.removed, transform.Removal{ID: docs[m.ID].ID, Representative: cl.Representative, Similarity: m.Similarity})
			}
		}
		c.clusters = append(c.clusters, cl)
	}
	for i, d := range docs {
		if !gone[i] {
			c.kept = append(c.kept, d.ID)
		}
	}
	slices.Sort(c.kept)
	slices.SortFunc(c.clusters, func(a, b transform.Cluster) int { return strings.Compare(a.Representative, b.Representative) })
	slices.SortFunc(c.removed, func(a, b transform.Removal) int { return strings.Compare(a.ID, b.ID) })
	return c, work
}

// same fails unless both have the same clusters, keep list and removals.
func same(t *testing.T, want, got *collection) {
	t.Helper()
	if len(want.clusters) == 0 {
		t.Error("no clusters: nothing is tested")
	}
	if diff := cmp.Diff(want.kept, got.kept); diff != "" {
		t.Errorf("documents to keep (-in process +pipeline):\n%.2000s", diff)
	}
	if diff := cmp.Diff(want.clusters, got.clusters); diff != "" {
		t.Errorf("clusters (-in process +pipeline):\n%.2000s", diff)
	}
	if diff := cmp.Diff(want.removed, got.removed); diff != "" {
		t.Errorf("removals (-in process +pipeline):\n%.2000s", diff)
	}
}

// words returns n made-up words.
func words(r *rand.Rand, n int) []string {
	w := make([]string, n)
	for i := range w {
		w[i] = fmt.Sprintf("%c%c%d", 'a'+r.IntN(26), 'a'+r.IntN(26), r.IntN(5000))
	}
	return w
}

// crowd returns n documents of which two fifths meet in one bucket: copies of one
// text that differ by a word. Of the rest some are edited copies of the same
// text, one in twenty is one of two others, word for word, and most of what
// remains is unlike all others.
func crowd(n int) []transform.Document {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	base := words(r, 60)
	twins := []string{strings.Join(words(r, 50), " "), strings.Join(words(r, 40), " ")}
	docs := make([]transform.Document, n)
	var family []string
	for i := range docs {
		var text string
		switch x := r.IntN(100); {
		case x < 44:
			text = strings.Join(base, " ") + fmt.Sprintf(" w%d", i)
		case x < 54:
			w := slices.Clone(base)
			for range 1 + r.IntN(4) {
				w[r.IntN(len(w))] = fmt.Sprintf("v%d", r.IntN(1000))
			}
			text = strings.Join(w, " ")
		case x < 59:
			text = twins[r.IntN(2)]
		case x < 60:
			text = "" // empty documents take part too
		case x < 80 && len(family) > 0:
			w := slices.Clone(family)
			for range r.IntN(4) {
				w[r.IntN(len(w))] = fmt.Sprintf("u%d", r.IntN(1000))
			}
			text = strings.Join(w, " ")
		default:
			family = words(r, 30+r.IntN(30))
			text = strings.Join(family, " ")
		}
		docs[i] = transform.Document{
			ID:    fmt.Sprintf("d%07d", r.IntN(1000)*10000+i%10000),
			Text:  text,
			Time:  time.Unix(int64(r.IntN(1000)), int64(r.IntN(3))).UTC(),
			Order: transform.Order{File: i * 3 / n, Offset: int64(i)},
		}
	}
	for i := range docs {
		docs[i].ID = fmt.Sprintf("%s/%d", docs[i].ID, i)
	}
	return docs
}

// variants are the settings under which pipelines are compared.
var variants = []transform.Options{
	{},
	{Keep: transform.Longest, Salts: 3},
	{Keep: transform.Newest, Threshold: .7, K: 64},
	{Estimate: true, Seed: 5},
	{Connected: true},
	{Rounds: 6},
	{Rounds: 6, Connected: true, Threshold: .6, Shingler: shingle.Shingler{Size: 3}},
}

func TestVariants(t *testing.T) {
	docs := crowd(3000)
	for i, o := range variants {
		t.Run(fmt.Sprint(i), func(t *testing.T) { compare(t, "direct", docs, 2, o) })
	}
}

// compare runs a pipeline and package lsh on the same documents.
func compare(t *testing.T, runner string, docs []transform.Document, parts int, o transform.Options) lsh.Work {
	t.Helper()
	want, work := inProcess(t, docs, o)
	start := time.Now()
	got, _, err := run(t, runner, docs, parts, o)
	if err != nil {
		t.Fatalf("%+v: %.3000s", o, err.Error())
	}
	t.Logf("%d documents, %d clusters, %d kept, %d buckets bounded, %v", len(docs), len(got.clusters), len(got.kept), len(got.bounded), time.Since(start).Round(time.Millisecond))
	same(t, want, got)
	if len(got.bounded) != work.Bounded {
		t.Errorf("%d buckets bounded, in process %d", len(got.bounded), work.Bounded)
	}
	var skipped int64
	for _, b := range got.bounded {
		skipped += b.Skipped
	}
	if skipped != work.Skipped {
		t.Errorf("%d comparisons left out, in process %d", skipped, work.Skipped)
	}
	return work
}

// TestPrism runs a portable runner, for which every element is encoded. It takes
// milliseconds a document, hence so few.
func TestPrism(t *testing.T) {
	for parts, n := range map[int]int{1: 500, 2: 2000, 7: 500} {
		work := compare(t, "prism", crowd(n), parts, transform.Options{Salts: 5, Rounds: parts - 1})
		if n == 2000 && work.Bounded == 0 {
			t.Error("no bucket is bounded")
		}
	}
}

// TestNotConverged has a chain of documents that one round cannot contract.
func TestNotConverged(t *testing.T) {
	w := words(rand.New(rand.NewPCG(5, 6)), 400)
	var docs []transform.Document
	for i := range 90 {
		docs = append(docs, transform.Document{
			ID: fmt.Sprint(i), Text: strings.Join(w[3*i:3*i+60], " "), Order: transform.Order{Offset: int64((i * 37) % 90)},
		})
	}
	o := transform.Options{Threshold: .8, Rounds: 1}
	if _, _, err := run(t, "direct", docs, 1, o); err == nil || !strings.Contains(err.Error(), "has not converged in 1 rounds") {
		t.Errorf("one round: %v", err)
	}
	slices.SortFunc(docs, func(a, b transform.Document) int { return int(a.Order.Offset - b.Order.Offset) })
	o.Rounds = 8
	compare(t, "direct", docs, 1, o)
}

var crowdSize = flag.Int("crowd", 10_000, "documents of TestCrowd, for as many as the machine has time for")

// TestCrowd has two fifths of the documents in one bucket.
func TestCrowd(t *testing.T) {
	n := *crowdSize
	docs := crowd(n)
	for _, parts := range []int{1, 2, 7} {
		work := compare(t, "direct", docs, parts, transform.Options{})
		if work.LargestBucket < n*2/5 {
			t.Errorf("the largest bucket has %d documents only", work.LargestBucket)
		}
	}
}
