// Command compare measures neardup and the tools that people use today, on the same
// documents, with the same shingles if a peer accepts them, at the same threshold,
// and with tokenizing included in every peer's time. It writes docs/comparison.md,
// its plots, and the figures in them:
//
//	GOWORK=off go -C bench/peers run . -shared ../../../shared
//
// It needs Go, Python with venv, and cargo, installs the peers at pinned versions
// into a separate folder (-work), and takes about twenty minutes. The page lists
// peers that are not installed as missing.
//
// Each peer is a process that reads the documents, does its task, and writes the
// results. The operating system measures its processor time and memory. The process
// prints the time of the loop between texts and results, which excludes starting,
// reading and writing. Peers take turns, round after round; the page has medians.
// All run on one thread.
//
//	measure.go  cost of a process, as counted by the operating system
//	install.go  the peers, and their versions
//	near.go     near-duplicates: corpora with truth, and growth
//	shared.go   passages and blocks, scored by the programs in shared/score
//	score.go    pairs, scored against the exact truth
//	generate.go any number of documents, with planted near-duplicates
//	page.go     the page, from results.json and page.md.tmpl
//	tables.go   its tables (those of the growth are in growth.go)
//	plot.go     its plots
//
// The command "documents N" only writes the first N generated documents.
//
// Package peers holds the peers in Go, and the folder drivers those in Python and Rust.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A config holds the flags.
type config struct {
	shared, work string
	rounds       int
	limit        time.Duration
	only         string
	largest      int
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "compare:", err)
		}
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "measure":
			return measureMain(args[1:])
		case "peer":
			return peerMain(args[1:])
		case "documents":
			return documentsMain(args[1:], os.Stdout)
		case "passages", "blocks":
			return sharedMain(args[0], args[1:])
		}
	}
	var c config
	fs := flag.NewFlagSet("compare", flag.ContinueOnError)
	fs.StringVar(&c.shared, "shared", "../../../shared", "`folder` with the documents and their truth")
	fs.StringVar(&c.work, "work", workFolder(), "`folder` for installed peers and generated files")
	fs.IntVar(&c.rounds, "rounds", 3, "number of runs of each peer on each corpus")
	fs.DurationVar(&c.limit, "limit", 60*time.Second, "processor time after which a run is stopped")
	fs.IntVar(&c.largest, "largest", 1_000_000, "largest number of documents in the growth tables")
	fs.StringVar(&c.only, "only", "", "comma-separated `parts` to run: pairs, growth, passages, blocks; the others keep their stored figures")
	page := fs.Bool("page", false, "write the page from the stored figures without measuring")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	res, err := readResults(resultsFile)
	if err != nil {
		return err
	}
	if !*page {
		if err := compare(c, res); err != nil {
			return err
		}
	}
	return writePage(res, docsFolder)
}

// workFolder is the folder of the peers unless a flag names another.
func workFolder() string {
	home, err := os.UserCacheDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, "neardup-compare")
}

// compare measures the parts selected by c and writes each when it is done.
func compare(c config, res *results) error {
	began := time.Now()
	var err error
	for _, p := range []*string{&c.shared, &c.work} {
		if *p != "" {
			if *p, err = filepath.Abs(*p); err != nil {
				return err
			}
		}
	}
	in, err := install(c)
	if err != nil {
		return err
	}
	parts := []struct {
		name string
		run  func(config, *installed, *results) error
	}{{"blocks", runBlocks}, {"passages", runPassages}, {"pairs", runPairs}, {"growth", runGrowth}}
	res.Machine = machine()
	res.Versions = in.versions
	res.Missing = in.missing
	res.Rounds, res.LimitSeconds = c.rounds, c.limit.Seconds()
	res.Date = began.UTC().Format("2 January 2006")
	if res.Minutes == nil {
		res.Minutes = map[string]float64{}
	}
	res.Minutes["install"] = time.Since(began).Minutes()
	for _, p := range parts {
		if c.only != "" && !strings.Contains(","+c.only+",", ","+p.name+",") {
			continue
		}
		start := time.Now()
		if err := p.run(c, in, res); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		res.Minutes[p.name] = time.Since(start).Minutes()
		if err := res.write(resultsFile); err != nil {
			return err
		}
	}
	return nil
}

// progress prints the current step.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
