package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// margin is the distance from the threshold within which pairs are not judged,
// because peers tokenize differently.
const margin = .05

// quality holds recall, precision and similar figures.
//
// Recall and Precision count pairs. Recall is the share of the true pairs at least
// margin above the threshold that are reported. Precision is the share of the reported
// pairs whose true similarity is at most margin below the threshold. The strict figures
// have no margin. They penalize peers with a tokenizer of their own, because the truth
// has the shingles of the common tokenizer. ARI is the
// adjusted Rand index (Hubert and Arabie 1985) of the connected components of the
// reported pairs, compared with the components of the true pairs at the threshold.
type quality struct {
	Recall, Precision, F1                   float64
	StrictRecall, StrictPrecision, StrictF1 float64
	ARI                                     float64
	Reported, Due                           int
}

// A truth holds the similarity of all pairs that may matter, by rows.
type truth map[[2]int]float64

// judge compares reported pairs with the truth of n documents.
func judge(n int, tr truth, threshold float64, reported [][2]int) quality {
	q := quality{}
	got := map[[2]int]bool{}
	for _, p := range reported {
		got[[2]int{min(p[0], p[1]), max(p[0], p[1])}] = true
	}
	q.Reported = len(got)
	due, found, strictDue, strictFound := 0, 0, 0, 0
	all, theirs := newForest(n), newForest(n)
	for p, s := range tr {
		if s >= threshold {
			strictDue++
			all.join(p[0], p[1])
			if got[p] {
				strictFound++
			}
		}
		if s >= threshold+margin {
			due++
			if got[p] {
				found++
			}
		}
	}
	right := 0
	for p := range got {
		theirs.join(p[0], p[1])
		if tr[p] >= threshold-margin {
			right++
		}
	}
	q.Due = due
	q.Recall, q.Precision = share(found, due), share(right, len(got))
	q.F1 = harmonic(q.Recall, q.Precision)
	q.StrictRecall, q.StrictPrecision = share(strictFound, strictDue), share(strictFound, len(got))
	q.StrictF1 = harmonic(q.StrictRecall, q.StrictPrecision)
	q.ARI = randIndex(all, theirs)
	return q
}

func share(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

func harmonic(a, b float64) float64 {
	if a+b == 0 {
		return 0
	}
	return 2 * a * b / (a + b)
}

// A forest is a union-find structure over rows.
type forest []int

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = i
	}
	return f
}

func (f forest) root(i int) int {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

func (f forest) join(i, j int) {
	i, j = f.root(i), f.root(j)
	f[max(i, j)] = min(i, j)
}

// randIndex is the adjusted Rand index of two partitions.
func randIndex(a, b forest) float64 {
	inA, inB, both := map[int]int{}, map[int]int{}, map[[2]int]int{}
	for i := range a {
		x, y := a.root(i), b.root(i)
		inA[x]++
		inB[y]++
		both[[2]int{x, y}]++
	}
	choose := func(n int) float64 { return float64(n) * float64(n-1) / 2 }
	var sumA, sumB, sum float64
	for _, n := range inA {
		sumA += choose(n)
	}
	for _, n := range inB {
		sumB += choose(n)
	}
	for _, n := range both {
		sum += choose(n)
	}
	expected := sumA * sumB / choose(len(a))
	if most := (sumA + sumB) / 2; most != expected {
		return (sum - expected) / (most - expected)
	}
	return 1
}

// readSilver reads an exact reference: a header, then lines that begin with two ids
// and their Jaccard similarity.
func readSilver(name string, row map[string]int) (truth, error) {
	tr := truth{}
	err := eachLine(name, func(n int, line string) error {
		f := strings.Split(line, "\t")
		if n == 1 {
			return nil
		}
		if len(f) < 3 {
			return fmt.Errorf("line has %d fields, want at least 3", len(f))
		}
		a, okA := row[f[0]]
		b, okB := row[f[1]]
		s, err := strconv.ParseFloat(f[2], 64)
		if !okA || !okB || err != nil {
			return fmt.Errorf("unknown document or invalid similarity in %q", line)
		}
		tr[[2]int{min(a, b), max(a, b)}] = s
		return nil
	})
	return tr, err
}

// readPairs reads the rows of pairs that a peer has written.
func readPairs(name string) (pairs [][2]int, err error) {
	err = eachLine(name, func(_ int, line string) error {
		var p [2]int
		if _, err := fmt.Sscan(line, &p[0], &p[1]); err != nil {
			return err
		}
		pairs = append(pairs, p)
		return nil
	})
	return pairs, err
}

func eachLine(name string, f func(n int, line string) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	sc := bufio.NewScanner(file)
	for n := 1; sc.Scan(); n++ {
		if err := f(n, sc.Text()); err != nil {
			return fmt.Errorf("%s, line %d: %w", name, n, err)
		}
	}
	return sc.Err()
}
