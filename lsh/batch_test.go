package lsh_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
)

// TestWorkersGiveTheSameAnswers compares sources, numbers of workers and processors.
func TestWorkersGiveTheSameAnswers(t *testing.T) {
	w := makeWorld(6000, 32, 9)
	var file bytes.Buffer
	file.WriteString("a header")
	for _, v := range w.values {
		file.Write(binary.LittleEndian.AppendUint32(nil, v))
	}
	type outcome struct {
		Pairs      []lsh.Pair[int]
		Clusters   []lsh.Cluster[int]
		Components []lsh.Cluster[int]
		Repeats    []lsh.Pair[int]
		Work       [4]lsh.Work
	}
	run := func(src lsh.Source, workers int, tagged bool) (o outcome) {
		b := lsh.Batch{Threshold: .6, Sets: w.set, Workers: workers}
		if tagged {
			b.Tags = b.NewTags(32)
			for row := range w.ids {
				b.Tags.Append(b.Tags.Compute(nil, w.values[32*row:32*row+32]))
			}
		}
		var err [4]error
		o.Pairs, o.Work[0], err[0] = b.Pairs(t.Context(), src)
		o.Clusters, o.Work[1], err[1] = b.Clusters(t.Context(), src, lsh.ClusterOptions[int]{
			Before: func(a, b int) bool { return len(w.sets[a]) > len(w.sets[b]) },
		})
		o.Components, o.Work[2], err[2] = b.Clusters(t.Context(), src, lsh.ClusterOptions[int]{Connected: true})
		o.Repeats, o.Work[3], err[3] = b.Repeats(t.Context(), src, 3000)
		if e := errors.Join(err[:]...); e != nil {
			t.Fatal(e)
		}
		return o
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	want := run(w.source(), 1, false)
	if len(want.Pairs) < 1000 || len(want.Clusters) < 300 || len(want.Repeats) < 300 {
		t.Fatalf("%d pairs, %d clusters, %d repeats, want at least 1000, 300 and 300 (else nothing is tested)", len(want.Pairs), len(want.Clusters), len(want.Repeats))
	}
	for _, procs := range []int{1, 4} {
		runtime.GOMAXPROCS(procs)
		for _, workers := range []int{-1, 3} {
			for name, src := range map[string]lsh.Source{
				"memory": w.source(),
				"file":   lsh.File{Reader: bytes.NewReader(file.Bytes()), Offset: 8, Docs: len(w.ids), Size: 32},
			} {
				tagged := workers == 3
				if diff := gocmp.Diff(want, run(src, workers, tagged)); diff != "" {
					t.Fatalf("%s, %d workers on %d processors, tags: %v (-want +got):\n%s", name, workers, procs, tagged, diff)
				}
			}
		}
	}
}

func TestBatchStopsWithContext(t *testing.T) {
	w := makeWorld(3000, 32, 1)
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	b := lsh.Batch{Progress: func(done, total int) {
		if steps++; done == 3 {
			cancel()
		}
	}}
	if _, _, err := b.Clusters(ctx, w.source(), lsh.ClusterOptions[int]{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Clusters with a cancelled context = %v, want context.Canceled", err)
	}
	if steps != 3 {
		t.Errorf("%d steps, want 3: the third one cancelled", steps)
	}
	var last, total int
	b = lsh.Batch{Progress: func(d, n int) {
		if d <= last || d > n || total != 0 && n != total {
			t.Errorf("Progress(%d, %d) after (%d, %d), want ascending steps of one total", d, n, last, total)
		}
		last, total = d, n
	}}
	for _, connected := range []bool{false, true} {
		last, total = 0, 0
		if _, _, err := b.Clusters(t.Context(), w.source(), lsh.ClusterOptions[int]{Connected: connected}); err != nil || last != total {
			t.Errorf("Clusters ends at step %d of %d, error %v, want the last step and nil", last, total, err)
		}
	}
	short := lsh.File{Reader: bytes.NewReader(make([]byte, 1000)), Docs: 100, Size: 32}
	for _, workers := range []int{1, 3} {
		b := lsh.Batch{Workers: workers}
		if _, _, err := b.Pairs(t.Context(), short); err == nil {
			t.Error("Pairs of a file that is too short = nil error, want an error")
		}
		// With tags the registers are read only when they are compared.
		b.Tags = b.NewTags(32)
		b.Tags.Resize(100)
		if _, _, err := b.Pairs(t.Context(), short); err == nil {
			t.Error("with tags, a file that is too short gives no error")
		}
	}
}

// A Batch refuses tags made with other options or for another number of documents.
func TestTagsOfAnotherBatchAreRefused(t *testing.T) {
	w := makeWorld(100, 32, 1)
	for name, tags := range map[string]*lsh.Tags{
		"other threshold": (&lsh.Batch{Threshold: .5}).NewTags(32),
		"other seed":      (&lsh.Batch{Seed: 1}).NewTags(32),
		"other length":    (&lsh.Batch{}).NewTags(32),
	} {
		tags.Resize(len(w.ids))
		if name == "other length" {
			tags.Resize(len(w.ids) + 1)
		}
		func() {
			defer func() {
				if got := recover(); got != "lsh: Batch.Tags belong to another source or seed" {
					t.Errorf("%s: Pairs panics with %v", name, got)
				}
			}()
			b := lsh.Batch{Tags: tags}
			_, _, _ = b.Pairs(t.Context(), w.source())
		}()
	}
}

// TestSharedTemplateTakesBoundedWork has families of near-duplicates within a template
// that all documents share and that alone does not make a match: buckets are huge and
// bounded, and the families are still found.
func TestSharedTemplateTakesBoundedWork(t *testing.T) {
	n := many(40_000)
	sk := minhash.New(minhash.Options{})
	body := func(row int) []uint64 {
		s := span(0, 70)
		for i := range 30 {
			s = append(s, mix(uint64(row/2)<<8|uint64(i))|1<<63)
		}
		if row%2 == 1 { // a copy with a word changed
			s[99] = mix(uint64(row)<<8|1<<60) | 1<<63
		}
		slices.Sort(s)
		return s
	}
	var values []uint32
	for row := range n {
		values = sk.AppendValues(values, body(row))
	}
	b := lsh.Batch{Threshold: .9, Sets: body}
	pairs, work, err := b.Pairs(t.Context(), lsh.Registers{Size: 128, Values: values})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		if p.A/2 != p.B/2 {
			t.Errorf("pair %+v of two families, want only pairs within a family", p)
		}
	}
	recall := float64(len(pairs)) / float64(n/2)
	t.Logf("recall %.4f, %+v", recall, work)
	if recall < .99 {
		t.Errorf("recall %.4f, want at least 0.99", recall)
	}
	if n == 40_000 && work.Bounded == 0 {
		t.Errorf("Work = %+v, want bounded buckets (else nothing is tested)", work)
	}
}
