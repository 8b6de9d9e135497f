package stage_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/lsh/stage"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// batch returns the answer of package lsh.
func batch(t testing.TB, docs []doc, o stage.Options) ([]lsh.Cluster[string], lsh.Work) {
	t.Helper()
	mh := minhash.New(minhash.Options{K: o.K, Seed: o.Seed, Elements: o.Shingler})
	src := lsh.Registers{Size: mh.Scheme().K}
	sets := make([][]uint64, len(docs))
	for i, d := range docs {
		sets[i] = o.Shingler.Set(d.text)
		src.Values = mh.AppendValues(src.Values, sets[i])
	}
	b := lsh.Batch{Threshold: o.Threshold, Recall: o.Recall, Banding: o.Banding, Workers: -1}
	if !o.Estimate {
		b.Sets = func(row int) []uint64 { return sets[row] }
	}
	clusters, work, err := b.Clusters(t.Context(), src, lsh.ClusterOptions[int]{})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]lsh.Cluster[string], len(clusters))
	for i, c := range clusters {
		out[i].Representative = docs[c.Representative].id
		for _, m := range c.Members {
			out[i].Members = append(out[i].Members, lsh.Member[string]{ID: docs[m.ID].id, Similarity: m.Similarity})
		}
	}
	return out, work
}

// compare runs the stages in 1, 2 and 7 partitions and compares them with package
// lsh: clusters, similarities, and the counts of exact duplicates and of oversized
// buckets.
func compare(t *testing.T, docs []doc, o stage.Options) lsh.Work {
	t.Helper()
	want, work := batch(t, docs, o)
	if len(want) == 0 {
		t.Fatal("0 clusters, want at least 1 (else nothing is tested)")
	}
	place := map[string]int{}
	for i, d := range docs {
		place[d.id] = i
	}
	partitions := []int{1, 2, 7}
	if race.Enabled {
		partitions = []int{2}
	}
	for _, parts := range partitions {
		e := &engine{t, o, parts}
		got, counted := e.clusters(docs)
		slices.SortFunc(got, func(a, b lsh.Cluster[string]) int { return place[a.Representative] - place[b.Representative] })
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("%d partitions: clusters (-want of the batch +got of the stages):\n%.2000s", parts, diff)
		}
		counted.Candidates, counted.Verified, counted.LargestBucket = work.Candidates, work.Verified, work.LargestBucket
		if counted != work {
			t.Errorf("%d partitions: Work = %+v, want %+v as of the batch", parts, counted, work)
		}
	}
	t.Logf("%d documents, %d clusters, %+v", len(docs), len(want), work)
	return work
}

func words(r *rand.Rand, n int) []string {
	w := make([]string, n)
	for i := range w {
		w[i] = fmt.Sprintf("%c%c%d", 'a'+r.IntN(26), 'a'+r.IntN(26), r.IntN(5000))
	}
	return w
}

// crowd returns n documents: two fifths share all their text but one word, so that they
// meet in oversized buckets, some are edited copies of others, and one in a hundred is
// empty.
func crowd(n int) []doc {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	base := words(r, 60)
	docs := make([]doc, n)
	var family []string
	for i := range docs {
		var w []string
		switch x := r.IntN(100); {
		case x < 40:
			w = append(slices.Clone(base), fmt.Sprint("w", i))
		case x < 50:
			w = slices.Clone(base)
			for range 1 + r.IntN(4) {
				w[r.IntN(len(w))] = fmt.Sprint("v", r.IntN(1000))
			}
		case x < 51:
		case x < 75 && family != nil:
			w = slices.Clone(family)
			for range r.IntN(4) {
				w[r.IntN(len(w))] = fmt.Sprint("u", r.IntN(1000))
			}
		default:
			family = words(r, 30+r.IntN(30))
			w = family
		}
		docs[i] = doc{fmt.Sprintf("doc \"%d\"", i), strings.Join(w, " ")}
	}
	return docs
}

func TestCrowdedBucketsEqualBatch(t *testing.T) {
	race.Alone(t)
	n := 8000
	if race.Enabled {
		n = 2500
	}
	docs := crowd(n)
	for i, o := range []stage.Options{
		{},
		{Estimate: true},
		{Threshold: .6, K: 64, Seed: 5, Shingler: shingle.Shingler{Size: 3}},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			if work := compare(t, docs, o); i == 0 && work.Bounded == 0 {
				t.Errorf("Work = %+v, want bounded buckets (else nothing is tested)", work)
			}
		})
	}
}

// TestExactDuplicatesShareAnAnswer has a corpus in which two fifths of the documents
// repeat another word for word, a third of these the same one.
func TestExactDuplicatesShareAnAnswer(t *testing.T) {
	race.Alone(t)
	docs := crowd(1500)
	r := rand.New(rand.NewPCG(4, 4))
	for i := 10; i < len(docs); i++ {
		if r.IntN(5) < 2 {
			docs[i].text = docs[r.IntN(i)].text
			if r.IntN(3) == 0 {
				docs[i].text = docs[3].text
			}
		}
	}
	if work := compare(t, docs, stage.Options{}); work.ExactDuplicates < len(docs)/3 {
		t.Errorf("Work = %+v, want at least %d exact duplicates", work, len(docs)/3)
	}
}

func TestRealClustersEqualBatch(t *testing.T) {
	for _, name := range []string{"reuters21578", "terms_versions"} {
		t.Run(name, func(t *testing.T) {
			var docs []doc
			for _, d := range corpus.Docs(t, name, "docs.jsonl") {
				docs = append(docs, doc{d.ID, d.Text})
			}
			if testing.Short() || race.Enabled {
				docs = docs[:len(docs)/10]
			}
			if race.Short() {
				docs = docs[:len(docs)/4]
			}
			compare(t, docs, stage.Options{})
		})
	}
}

// packed returns a line that screen reads.
func packed(a, b int) string {
	return fmt.Sprintf("%d\t%d\t%s\n", a, b, strings.Repeat("AAAA", 42)+"AAA")
}

// TestBadLinesAreReported has lines that a stage must refuse, with the number of the line
// and after reading the whole input.
func TestBadLinesAreReported(t *testing.T) {
	for _, test := range []struct{ stage, lines, want string }{
		{"number", "{\"ref\":1}", "there already is a \"ref\""},
		{"number", "[]", "line 1"},
		{"number", "null", "not a JSON object"},
		{"sketch", "{\"ref\":1,\"id\":\"x\",\"text\":\"a b\"}\n{\"ref\":", "line 2"},
		{"sketch", `{"text":"a b"}`, `no "ref"`},
		{"sketch", `{"ref":1,"text":"a b"}`, `no "id"`},
		{"sketch", `{"ref":-1,"id":"x","text":"a b"}`, "ref -1"},
		{"sketch", `{"ref":"1","text":"a b"}`, "line 1"},
		{"sketch", `{"ref":1.5,"text":"a b"}`, "line 1"},
		{"duplicates", "1\taa\n2\tab\n3\taa", "line 3: bad line: not sorted"},
		{"duplicates", "1\taa\n1\taa", "ref 1 occurs twice"},
		{"duplicates", "10\taa\n9\taa", "not sorted by number"},
		{"duplicates", "aa", "1 columns, want 2"},
		{"bands", "1\t5,6", "2 keys"},
		{"sizes", "0\t5\t1\n0\t4\t1", "not sorted"},
		{"sizes", "99\t5\t1", "band 99"},
		{"full", "0\t1000000", "a bucket has 1000000 documents"},
		{"full", "0\tx", `size "x"`},
		{"candidates", "1\t5\t1\n0\t6\t1", "line 2: bad line: not sorted"},
		{"candidates", "0\t5\t2\n0\t5\t1", "not sorted by number"},
		{"candidates", "0\t5\t2\n0\t5\t2", "ref 2 occurs twice"},
		{"candidates", "0\t5\t9223372036854775807", "not a number from 0 to 2^62"},
		{"screen", "1\t1\tAAAA", "3 bytes, want 128"},
		{"screen", "1\t1\t!", "base64"},
		{"screen", "2\t1\tAAAA", "the lower ref must come first"},
		{"screen", packed(1, 1) + packed(1, 3) + packed(1, 2), "line 3: bad line: not sorted"},
		{"screen", packed(1, 1) + packed(1, 2) + packed(1, 2), "twice"},
		{"screen", packed(1, 1) + packed(1, 1), "twice"},
		{"screen", packed(2, 2) + packed(1, 1), "line 2: bad line: not sorted"},
		{"screen", packed(1, 1) + packed(2, 3), "line 2: bad line: the pair of 2 with itself is missing"},
		{"screen", packed(0, 1), "the pair of 0 with itself is missing"},
		{"verify", "1\t1\tAAAA", "set of 3 bytes"},
		{"verify", "1\t1\t", "set of 0 bytes"},
		{"verify", "1\t1", "2 columns, want 3"},
		{"verify", "1\t2\tAAAAAAAAAAA", "the pair of 1 with itself is missing"},
		{"cluster", "2\t1\t.9\n1\t0\t.9", "not sorted"},
		{"cluster", "2\t1\tNaN", "similarity"},
		{"cluster", "2\t1\t.9\n2\t1\t.9", "twice"},
		{"cluster", "1\t2\t.9", "the lower ref must come first"},
		{"members", "1\t2\t.9\t\"b\"", "its representative is missing"},
		{"members", "1\t1\t1\tb", "not a JSON string"},
		{"members", "2\t2\t1\t\"b\"\n1\t1\t1\t\"a\"", "not sorted"},
	} {
		in := strings.NewReader(test.lines + "\n" + strings.Repeat("more\n", 100_000))
		var out bytes.Buffer
		err := (stage.Options{Documents: 1000}).Run(test.stage, in, &out)
		if !errors.Is(err, stage.ErrLine) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s of %q: %v, want %q", test.stage, test.lines, err, test.want)
		}
		if in.Len() != 0 {
			t.Errorf("%s of %q: %d bytes were not read, want 0", test.stage, test.lines, in.Len())
		}
	}
	if err := (stage.Options{}).Run("sort", strings.NewReader(""), new(bytes.Buffer)); err == nil {
		t.Error("Run of an unknown stage = nil error, want an error")
	}
}

// A failing writer fails at every call.
type failing struct{}

var errFull = errors.New("disk full")

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorEndsStage(t *testing.T) {
	var in strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&in, "%d\t%032x\n", i, i)
	}
	if err := (stage.Options{}).Duplicates(strings.NewReader(in.String()), failing{}); !errors.Is(err, errFull) {
		t.Errorf("Duplicates to a full disk = %v, want errFull", err)
	}
}

func TestManifestListsSettings(t *testing.T) {
	a := stage.Options{}.Manifest()
	want := `{"version":3,"scheme":"bucket k=128 rounds=2 seed=0 elements=\"words:5\" version=1","banding":"16x6","threshold":0.8,"estimate":false}`
	if got := a.String(); got != want {
		t.Errorf("Manifest() = %s, want %s", got, want)
	}
	for _, o := range []stage.Options{{Threshold: .7}, {Seed: 1}, {Estimate: true}, {Banding: lsh.Banding{Bands: 8, Rows: 8}}, {Shingler: shingle.Shingler{Size: 3}}} {
		if o.Manifest() == a {
			t.Errorf("Manifest of %+v equals that of other options, want a different one", o)
		}
	}
}

// FuzzStages feeds bytes to every stage: each returns an answer or an error, and the same
// one again.
func FuzzStages(f *testing.F) {
	f.Add([]byte("{\"ref\":1,\"id\":\"x\",\"text\":\"a b c d e f\"}\n{\"ref\":2,\"id\":\"\",\"text\":\"a b c d e f\"}\n"))
	f.Add([]byte("0\t5\t1\n0\t5\t2\n"))
	f.Add([]byte("2\t1\t.9\n3\t1\t.8\n3\t2\t.9"))
	f.Add([]byte("1\t1\t1\t\"a\"\n1\t2\t.9\t\"b\"\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		o := stage.Options{K: 16, Documents: 10, Banding: lsh.Banding{Bands: 2, Rows: 8}}
		for _, name := range stage.StageNames() {
			var first, second bytes.Buffer
			err := o.Run(name, bytes.NewReader(input), &first)
			again := o.Run(name, bytes.NewReader(input), &second)
			if fmt.Sprint(err) != fmt.Sprint(again) || !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Fatalf("%s run twice: %v and %v, want the same error and lines", name, err, again)
			}
			if n := first.Len(); err == nil && n > 0 && first.Bytes()[n-1] != '\n' {
				t.Fatalf("%s: output %q, want a line end at its end", name, first.Bytes())
			}
		}
	})
}
