package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The pages have the stored figures, and these come from the current commands.
func TestPagesShowStoredFigures(t *testing.T) {
	r, err := load("figures.json")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pages(filepath.Join("..", ".."), r)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range texts {
		got, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s does not show the figures in figures.json: run this program with -page", name)
		}
	}
	for i, w := range rows {
		if i >= len(r.Rows) || r.Rows[i].Command != w.Command || r.Rows[i].What != w.What {
			t.Errorf("figures.json lacks the row %q, want every row: run this program with -write", w.What)
		}
	}
	for _, m := range r.Rows {
		if len(m.Figures) == 0 {
			t.Errorf("row %q has no figures, want at least 1", m.What)
		}
	}
}

func TestFiguresAreParsedFromOutput(t *testing.T) {
	output := `goos: linux
BenchmarkEnglish/AVX-512_VBMI2-2   	  3	 7019315 ns/op	 299.70 MB/s	 5789 best-MB/s	 0.27 of-xxhash	 76.2 x-idiomatic
BenchmarkEnglish/Go                	  3	 5820409 ns/op	 361.44 MB/s	  875 best-MB/s	 0.04 of-xxhash	 1.1e+01 x-idiomatic
PASS
`
	got, err := rows[0].figures(output)
	if err != nil {
		t.Fatal(err)
	}
	m := measured{Figures: got}
	m.Figures[0].Values = append(m.Figures[0].Values, 70, 71)
	if got, want := m.cell(true), "AVX-512 VBMI2 71 (70 to 76); Go 11"; got != want {
		t.Errorf("cell = %q, want %q", got, want)
	}
	kernels := "BenchmarkKernels/n=20-2   1  4.590 AVX-512-ns/shingle  2.299 AVX-512-x-classic  1.847 AVX2-x-classic  1.7 Go-x-classic\n" +
		"BenchmarkKernels/n=64-2   1  2.649 AVX-512-x-classic\nBenchmarkKernels/n=200-2   1  4.333 AVX2-x-classic\n"
	if got, err = rows[1].figures(kernels); err != nil {
		t.Fatal(err)
	}
	if got, want := (measured{Figures: got}).cell(false), "n=20 2.3; n=200 4.3"; got != want {
		t.Errorf("cell = %q, want %q", got, want)
	}
	if _, err := rows[0].figures("PASS\n"); err == nil || !strings.Contains(err.Error(), "no figure") {
		t.Errorf("figures of an output without figures = %v, want error %q", err, "no figure")
	}
}

func TestReplaceKeepsTextAroundFigures(t *testing.T) {
	got, err := replace("a\n"+begin+"old\n"+end+"b\n", "new\n")
	if want := "a\n" + begin + "new\n" + end + "b\n"; err != nil || got != want {
		t.Errorf("replace() = %q, %v, want %q", got, err, want)
	}
	if _, err := replace("a\nb\n", "new\n"); err == nil {
		t.Error("replace in a page without marks = nil error, want an error")
	}
}
