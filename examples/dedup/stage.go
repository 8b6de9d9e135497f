package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/lsh/stage"
)

var stageCommand = cli.Command{
	Name:    "stage",
	Usage:   "NAME",
	Summary: "run one stage as a line filter, to find clusters on many machines",
	Help: `Runs one stage of the search for clusters: it reads lines on standard input and
writes lines on standard output. An engine splits, sorts and joins the lines in
between, so a corpus may outgrow one machine. docs/distributed.md has the columns
and the order of the stages, which are:

  number      add a "ref", the number of the line, to JSON Lines (-first)
  hosts       put host and ref in front of JSON Lines
  blocks      counts of blocks, by host and over all documents (-parts)
  merge       counts of several machines in one
  mask        documents with the spans of their recycled blocks (-blocks)
  sketch      signatures and sets of {"ref":1,"id":"...","text":"..."}
  duplicates  the first of each group of exact duplicates
  bands       a line for each band of a document
  sizes       sizes of large buckets
  full        for each band, the largest size of a bucket compared in full (-documents)
  candidates  pairs that share a bucket (-full)
  screen      candidates that may match, by a byte for each register
  verify      candidates that match, by their sets
  cluster     the representative of each document
  members     clusters as JSON Lines
  manifest    prints the settings on which the lines depend, as JSON

Give all stages of a run the same -threshold, -k, -unit, -size and -estimate. A
line that a stage cannot parse ends it with exit status 2, once all input has been
read, and a message that names the line.
`,
	Example: `sketch < numbered.jsonl > sketches
candidates -full 128,128,300 < bands | sort -u > candidates
`,
	New: func() cli.Action { return new(stageAction) },
}

type stageAction struct {
	find.Options
	stage  stage.Options
	full   string
	blocks string
}

func (k *stageAction) Flags() []cli.Flags {
	own := cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.Int64Var(&k.stage.First, "first", 0, "`number` of the first line, for number")
			fs.IntVar(&k.stage.Documents, "documents", 0, "`number` of lines printed by sketch, for full")
			fs.IntVar(&k.stage.Parts, "parts", 0, "`number` of parts into which the counts over all documents are divided, for blocks (default 64)")
			fs.StringVar(&k.blocks, "blocks", "", "`file` written by merge, for mask")
			fs.StringVar(&k.full, "full", "", "comma-separated `sizes` printed by full, one per band, for candidates")
		},
		Check: func() error {
			if k.stage.Parts < 0 {
				return fmt.Errorf("-parts %d: must not be negative", k.stage.Parts)
			}
			if k.full == "" {
				return nil
			}
			for s := range strings.SplitSeq(k.full, ",") {
				n, err := strconv.Atoi(s)
				if err != nil || n < 0 {
					return fmt.Errorf("-full %s: %q is not a number", k.full, s)
				}
				k.stage.FullSizes = append(k.stage.FullSizes, n)
			}
			return nil
		},
	}
	return []cli.Flags{own, find.MatchFlags(&k.Options), find.ShingleFlags(&k.Options)}
}

func (k *stageAction) Run(e *cli.Env) error {
	if len(e.Inputs) != 1 {
		return fmt.Errorf("stage needs the name of a stage: %s or manifest", strings.Join(stage.StageNames(), ", "))
	}
	o := k.stage
	o.Shingler, o.K, o.Threshold, o.Estimate = k.Shingler(), k.K, k.Threshold, k.Estimate
	if bands := k.Banding().Bands; o.FullSizes != nil && len(o.FullSizes) != bands {
		return fmt.Errorf("-full has %d sizes, but there are %d bands", len(o.FullSizes), bands)
	}
	if e.Inputs[0] == "manifest" {
		_, err := fmt.Fprintln(e.Out, o.Manifest())
		return err
	}
	if k.blocks != "" {
		f, err := os.Open(k.blocks)
		if err != nil {
			return err
		}
		defer f.Close()
		if o.Counts, err = stage.ReadCounts(f); err != nil {
			return fmt.Errorf("%s: %w", k.blocks, err)
		}
	}
	return o.Run(e.Inputs[0], e.Stdin, e.Out)
}
