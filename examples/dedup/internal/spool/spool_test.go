package spool_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/spool"
)

// Texts come back the same whether they are held in memory, in the file or both,
// and nothing is left in the folder of temporary files.
func TestTexts(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	var want []string
	for i := range 200 {
		want = append(want, strings.Repeat(fmt.Sprint(i), i%7))
	}
	for _, limit := range []int64{0, 1, 300, 1 << 20} {
		s := spool.NewTexts(limit)
		for _, text := range want {
			if err := s.Append(text); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		got := make([]string, s.Len())
		for i := range got {
			wg.Go(func() {
				if got[i] = s.At(i); len(got[i]) != s.Size(i) {
					t.Errorf("limit %d, text %d: %d bytes, want %d as by Size", limit, i, len(got[i]), s.Size(i))
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
		if n := int64(len(strings.Join(want, ""))); s.Bytes() != n || s.Err() != nil {
			t.Errorf("limit %d: %d bytes, want %d; %v", limit, s.Bytes(), n, s.Err())
		}
		s.Close()
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the temporary folder holds %v, %v, want no files", left, err)
	}
}

func TestTextsFailure(t *testing.T) {
	s := spool.NewTexts(0)
	if err := s.Append("text"); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	s.Close()
	if got := s.At(0); got != "" || s.Err() == nil {
		t.Errorf("At(0) after Close = %q, Err() = %v, want no text and an error", got, s.Err())
	}
}

func TestRegisters(t *testing.T) {
	const k, docs = 16, 50
	for _, limit := range []int64{0, 1 << 20} {
		r, err := spool.NewRegisters(k, docs, limit)
		if err != nil {
			t.Fatal(err)
		}
		var want []uint32
		for i := range docs {
			if err := r.Put(i, func(dst []uint32) []uint32 {
				for n := range k {
					dst = append(dst, uint32(i*k+n))
				}
				return dst
			}); err != nil {
				t.Fatal(err)
			}
			for n := range k {
				want = append(want, uint32(i*k+n))
			}
		}
		got, err := r.Source().Rows(make([]uint32, k*docs), 0, docs)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
		r.Close()
	}
}
