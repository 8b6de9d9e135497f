package spool_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/internal/race"
)

// Texts are returned unchanged whether they are in memory, in a file or both, in any
// order and concurrently, and nothing is left in the folder for temporary files.
func TestTextsRoundTrip(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	var want []string
	for i := range 400 {
		want = append(want, strings.Repeat(fmt.Sprint(i), i%7*(1+i%5*300)))
	}
	want[50] = strings.Repeat("larger than a chunk ", 20_000)
	want[390] = want[50] + "!"
	all := int64(len(strings.Join(want, "")))
	for _, limit := range []int64{0, 1, 300, 1 << 17, 1 << 19, 1 << 30} {
		for _, unload := range []int{-1, 0, 60, 300} {
			s := spool.NewTexts(limit)
			for i, text := range want {
				if i == unload {
					if err := s.Unload(); err != nil {
						t.Fatal(err)
					}
					if s.Held() != 0 {
						t.Errorf("Held() = %d after Unload, want 0", s.Held())
					}
				}
				buf := []byte(text)
				if err := s.Append(string(buf)); err != nil {
					t.Fatal(err)
				}
				if s.Held() > limit {
					t.Fatalf("Held() = %d, want at most %d", s.Held(), limit)
				}
			}
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
			got := make([]string, s.Len())
			var wg sync.WaitGroup
			for i := range got {
				wg.Go(func() { got[i] = s.At(i) })
			}
			wg.Wait()
			var buf []byte
			scan := s.Scan()
			for i, text := range want {
				if b := s.Borrow(i, &buf); got[i] != text || b != text {
					t.Fatalf("limit %d, unload %d: At(%d) = %.20q…, Borrow %.20q…, want %.20q…", limit, unload, i, got[i], b, text)
				}
				if i%3 > 0 { // some are skipped
					if s := scan.At(i); s != text {
						t.Fatalf("limit %d, unload %d: Scan.At(%d) = %.20q…, want %.20q…", limit, unload, i, s, text)
					}
				}
				if s.Size(i) != len(text) {
					t.Fatalf("limit %d, unload %d: Size(%d) = %d, want %d", limit, unload, i, s.Size(i), len(text))
				}
			}
			if s.Bytes() != all || s.Err() != nil {
				t.Errorf("limit %d: Bytes() = %d, want %d; Err() = %v", limit, s.Bytes(), all, s.Err())
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the temporary folder holds %v, %v, want no files", left, err)
	}
}

// A skipped text has a size, but reading it panics.
func TestSkippedTextHasOnlyASize(t *testing.T) {
	s := spool.NewTexts(1 << 20)
	if err := s.Skip("text"); err != nil {
		t.Fatal(err)
	}
	if s.Size(0) != 4 || s.Bytes() != 4 || s.Len() != 1 {
		t.Errorf("Size, Bytes, Len = %d, %d, %d, want 4, 4, 1", s.Size(0), s.Bytes(), s.Len())
	}
	defer func() {
		if recover() == nil {
			t.Error("At of a skipped text returned, want a panic")
		}
	}()
	s.At(0)
}

func TestClosedTextsReportAnError(t *testing.T) {
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

// Registers are returned unchanged from memory, a file or both, appended singly or in
// blocks.
func TestRegistersRoundTrip(t *testing.T) {
	race.Alone(t)
	const k, docs = 16, 5000
	want := make([]uint32, k*docs)
	for i := range want {
		want[i] = uint32(i) * 2654435761
	}
	for _, limit := range []int64{0, 1 << 17, 1 << 20} {
		for _, appended := range []bool{true, false} {
			r := spool.NewRegisters(k, limit)
			var err error
			if !appended {
				err = r.Resize(docs)
			}
			for i := 0; i < docs && err == nil; {
				n := min(1+i%97, docs-i)
				if appended {
					n = 1
					err = r.Append(want[i*k : (i+1)*k])
				} else {
					err = r.Put(i, want[i*k:(i+n)*k])
				}
				i += n
			}
			if err == nil {
				err = r.Flush()
			}
			if err != nil {
				t.Fatal(err)
			}
			src := r.Source()
			if src.Len() != docs || src.K() != k || r.Held() > limit {
				t.Errorf("Len, K, Held = %d, %d, %d, want %d, %d, at most %d", src.Len(), src.K(), r.Held(), docs, k, limit)
			}
			for row := 0; row < docs; row += 37 {
				for _, n := range []int{1, 100, docs} {
					n = min(n, docs-row)
					got, err := src.Rows(make([]uint32, k*n), row, n)
					if err != nil || !slices.Equal(got, want[row*k:(row+n)*k]) {
						t.Fatalf("limit %d: Rows(%d, %d) differ: %v", limit, row, n, err)
					}
				}
			}
			r.Close()
			if limit == 0 {
				if _, err := src.Rows(make([]uint32, k), 0, 1); err == nil {
					t.Error("Rows of closed Registers: no error, want one")
				}
			}
		}
	}
}
