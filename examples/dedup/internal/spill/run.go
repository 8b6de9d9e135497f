// Package spill finds near-duplicates in a corpus larger than memory: every step
// reads sorted files and writes files, and uses a bounded amount of memory. It gives
// the same answers as package find: the same pairs, clusters and figures.
//
// A run is stored in a folder. The table [steps] lists its steps. Each step consists
// of tasks, and each task writes one file, which appears when it is complete. So a
// run that was interrupted at any moment continues with the tasks whose files are
// missing, and the tasks of a step may be spread over machines that share the
// folder. The output of a task depends only on its input.
//
// Documents are numbered in the order of the input. The step sketch cuts them into
// shards of bounded size. Every later step except the last has as many tasks as
// there are parts: a part is a range of shards, or a range of keys.
package spill

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// A Run is a search in a folder. Make it with [Start].
type Run struct {
	e      *cli.Env
	o      find.Options
	read   corpus.Options
	s      Spill
	inputs []string // with patterns expanded

	key      manifest
	sh       shingle.Shingler // for signatures
	confirm  shingle.Shingler // for exact figures
	mh       *minhash.Sketcher
	banding  lsh.Banding
	rule     lsh.Rule
	workers  int
	shards   []shard // set by sketching, in order of preference
	given    []shard // in the order of the input, if different
	parts    []part
	empty    int64    // documents without text
	sketched bool     // sketched by this process
	work     lsh.Work // comparisons left out
	ended    ending   // what sketch recorded besides documents
}

// A part is a range of shards and of refs.
type part struct {
	shards     []shard
	first, end int64 // refs from first to before end
}

// mostParts is the largest number of parts: a task keeps a block in memory for each.
const mostParts = 32

var errOther = errors.New("the folder of -spill holds another run")

// Start begins or continues the run in a folder. Finish or Stop it.
func Start(e *cli.Env, o find.Options, read corpus.Options, s Spill) (*Run, error) {
	r := &Run{e: e, o: o, read: read, s: s, sh: o.Shingler(), confirm: o.Confirmer(), mh: o.Sketcher(), banding: o.Banding(), rule: lsh.NewRule(o.K, o.Threshold)}
	limitMemory(read.Memory)
	// A worker needs some buffers in any case.
	r.workers = int(max(1, min(int64(min(read.Workers, 256)), read.Memory/(64<<20))))
	if err := r.prepare(); err != nil {
		return nil, r.advise(err)
	}
	return r, nil
}

// part returns the stream for the part that a ref belongs to.
func (r *Run) part(ref int64) int {
	i, found := slices.BinarySearchFunc(r.parts, ref, func(p part, ref int64) int {
		switch {
		case ref < p.first:
			return 1
		case ref >= p.end:
			return -1
		}
		return 0
	})
	if !found {
		return len(r.parts) // a damaged record: create has no such stream and refuses it
	}
	return i
}

// Search runs the missing steps, or those selected by the flags. It reports whether
// the search is complete.
func (r *Run) Search() (bool, error) {
	if r.s.Step == "sketch" || r.s.Step == "" {
		if err := r.sketch(); err != nil || r.s.Step != "" {
			return false, err
		}
	}
	if err := r.layout(); err != nil {
		return false, err
	}
	for i, s := range steps {
		if r.skips(s) {
			continue
		}
		if s.name == "signatures" && r.reorders() {
			r.useOrdered()
		}
		if r.s.Step != "" && s.name != r.s.Step {
			continue
		}
		if !r.exists(s.name + ".done") {
			if err := r.before(i); err != nil {
				return false, err
			}
			if err := r.step(s); err != nil {
				return false, err
			}
		} else if r.s.single() {
			r.dropAfter(s) // in case the process was killed before it removed them
		}
	}
	if r.s.Step != "" {
		return false, nil
	}
	return true, r.report()
}

// report reports the problems of earlier processes and the names made from places,
// and finds the comparisons left out.
func (r *Run) report() error {
	if !r.sketched {
		for _, p := range r.ended.Problems {
			r.e.Problem(cli.Problem{Kind: p.Kind, File: p.File, Err: errors.New(p.Text), Note: p.Note})
		}
		r.e.InputErrors = r.ended.InputErrors
	}
	noted := []string{"names"}
	if r.reorders() {
		noted = append(noted, orderedStep)
	}
	for _, step := range noted {
		for record, err := range r.all(step, 1, len(r.parts)) {
			var p problem
			if err == nil {
				err = json.Unmarshal(record, &p)
			}
			if err != nil {
				return err
			}
			r.e.Problem(cli.Problem{Kind: p.Kind, File: p.File, Err: errors.New(p.Text), Note: p.Note})
		}
	}
	var err error
	_, r.work, err = r.sizes()
	return err
}

// advise adds a remedy to the error of a full disk.
func (r *Run) advise(err error) error {
	if errors.Is(err, errNoSpace) {
		return fmt.Errorf("%w; free space on the disk of %s and start the same command again: finished steps are not repeated", err, r.s.Dir)
	}
	return err
}

// limitMemory makes the garbage collector run earlier near the limit of -memory.
func limitMemory(bytes int64) { debug.SetMemoryLimit(bytes - bytes/8) }
