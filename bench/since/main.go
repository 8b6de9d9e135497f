// Command since measures how much faster the library is than at commit 723a90a. It
// needs a checkout of that commit:
//
//	git worktree add --detach ../before 723a90a
//	GOWORK=off go -C bench/since run . -before ../../../before
//
// It measures several ways of using the library, as shown at the time of each
// version by the README or the documentation of a package. See driver.
//
// The driver is built with both versions, which take turns at each way in each
// round. Each figure is the processor time of a pass of the old version divided by
// the time of the new one, on one processor each, including garbage collection: the
// median of the rounds, with the smallest and the largest.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

func main() {
	before := flag.String("before", "", "`folder` of a checkout of 723a90a")
	shared := flag.String("shared", filepath.Join("..", "..", "..", "shared"), "folder with the test data")
	rounds := flag.Int("rounds", 9, "number of rounds in which both versions alternate")
	tiers := flag.String("tiers", "Go,AVX2,AVX-512,AVX-512 VBMI2", "comma-separated instruction sets to use")
	only := flag.String("ways", "", "comma-separated ways to measure (default: all)")
	flag.Parse()
	if flag.NArg() > 0 || *before == "" || *rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*before, *shared, *rounds, strings.Split(*tiers, ","), *only); err != nil {
		fmt.Fprintln(os.Stderr, "since:", err)
		os.Exit(1)
	}
}

var (
	names = []string{"reused", "one-line", "sequence", "set+sketch", "index", "corpus"}
	kinds = []string{"documents", "paragraphs"}
)

func run(before, shared string, rounds int, tiers []string, only string) error {
	dir, err := os.MkdirTemp("", "since")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	texts := filepath.Join(dir, "texts.json")
	size, err := writeTexts(texts, shared)
	if err != nil {
		return err
	}
	programs, err := build(dir, before)
	if err != nil {
		return err
	}
	for _, tier := range tiers {
		if err := measure(programs, tier, texts, rounds, only, size); err != nil {
			return err
		}
	}
	return nil
}

// writeTexts writes a megabyte of RFCs, whole and in pieces of 50 words, and returns
// how many bytes each kind has.
func writeTexts(name, shared string) (map[string]int, error) {
	f, err := os.Open(filepath.Join(shared, "data", "throughput", "english_rfc.jsonl"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	texts, size := map[string][]string{}, map[string]int{}
	for dec := json.NewDecoder(bufio.NewReader(f)); dec.More() && size["documents"] <= 1<<20; {
		var d struct{ Text string }
		if err := dec.Decode(&d); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		texts["documents"] = append(texts["documents"], d.Text)
		size["documents"] += len(d.Text)
		for _, p := range pieces(d.Text) {
			texts["paragraphs"] = append(texts["paragraphs"], p)
			size["paragraphs"] += len(p)
		}
	}
	data, err := json.Marshal(texts)
	if err != nil {
		return nil, err
	}
	return size, os.WriteFile(name, data, 0o666)
}

// pieces cuts a text into pieces of 50 words.
func pieces(text string) (list []string) {
	words, start, inWord := 0, 0, false
	for i, r := range text {
		space := unicode.IsSpace(r)
		if inWord && space {
			if words++; words == 50 {
				list = append(list, text[start:i])
				start, words = i, 0
			}
		}
		inWord = !space
	}
	return list
}

// build builds the driver with the old version and with this one.
func build(dir, before string) ([2]string, error) {
	before, err := filepath.Abs(before)
	if err != nil {
		return [2]string{}, err
	}
	programs := [2]string{filepath.Join(dir, "before"), filepath.Join(dir, "now")}
	mod := filepath.Join(dir, "go.mod")
	text := fmt.Sprintf("module github.com/neardup/neardup/bench/since\n\ngo 1.26\n\nrequire github.com/neardup/neardup v0.0.0\n\nreplace github.com/neardup/neardup => %s\n", before)
	if err := os.WriteFile(mod, []byte(text), 0o666); err != nil {
		return programs, err
	}
	for _, args := range [][]string{
		{"build", "-tags", "before", "-mod", "mod", "-modfile", mod, "-o", programs[0], "./driver"},
		{"build", "-o", programs[1], "./driver"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Env = append(os.Environ(), "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return programs, fmt.Errorf("%v: %w\n%s", cmd, err, out)
		}
	}
	return programs, nil
}

// A driver is a running program that measures.
type driver struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(program, tier, texts string) (*driver, error) {
	d := &driver{cmd: exec.Command(program, tier, texts)}
	d.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	d.cmd.Stderr = os.Stderr
	var err error
	if d.in, err = d.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.out = bufio.NewScanner(out)
	return d, d.cmd.Start()
}

// ask returns the number of nanoseconds per pass, or 0 if the version lacks the way.
func (d *driver) ask(way, kind string) (float64, error) {
	if _, err := fmt.Fprintln(d.in, way, kind); err != nil {
		return 0, err
	}
	if !d.out.Scan() {
		return 0, errors.Join(io.ErrUnexpectedEOF, d.out.Err())
	}
	if d.out.Text() == "-" {
		return 0, nil
	}
	return strconv.ParseFloat(d.out.Text(), 64)
}

func measure(programs [2]string, tier, texts string, rounds int, only string, size map[string]int) error {
	var drivers [2]*driver
	for i, p := range programs {
		d, err := start(p, tier, texts)
		if err != nil {
			return err
		}
		drivers[i] = d
	}
	defer func() {
		for _, d := range drivers {
			d.in.Close()
			d.cmd.Wait()
		}
	}()
	fmt.Printf("%-16s %-10s %-12s %8s %8s  %s\n", "tier", "texts", "way", "before", "now", "times as fast, median (least to largest)")
	type row struct{ way, kind string }
	times := map[row][2][]float64{}
	for range rounds {
		for _, kind := range kinds {
			for _, way := range names {
				if only != "" && !slices.Contains(strings.Split(only, ","), way) {
					continue
				}
				t := times[row{way, kind}]
				for i, d := range drivers {
					w := way
					if i == 0 && way == "sequence" {
						w = "one-line" // the old version has this way under the name one-line
					}
					ns, err := d.ask(w, kind)
					if err != nil {
						return fmt.Errorf("%s, %s: %w", tier, way, err)
					}
					t[i] = append(t[i], ns)
				}
				times[row{way, kind}] = t
			}
		}
	}
	for _, kind := range kinds {
		for _, way := range names {
			t, ok := times[row{way, kind}]
			if !ok {
				continue
			}
			var ratios []float64
			for i := range t[0] {
				ratios = append(ratios, t[0][i]/t[1][i])
			}
			mbs := func(ns []float64) float64 { return float64(size[kind]) * 1e3 / median(ns) }
			fmt.Printf("%-16s %-10s %-12s %8.0f %8.0f  %.2f (%.2f to %.2f)\n", tier, kind, way, mbs(t[0]), mbs(t[1]), median(ratios), slices.Min(ratios), slices.Max(ratios))
		}
	}
	return nil
}

func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
