// Package spill finds near-duplicates in a corpus that memory does not hold: every
// step reads sorted files and writes files, and all that it keeps in memory is bounded.
// Its answers are those of package find: the same pairs, clusters and figures.
//
// A run lies in a folder. Its steps are in the table [steps]; each is made of tasks,
// and each task writes one file, which appears when it is complete. So a run that
// was ended at any moment goes on with the tasks whose files are missing, and the
// tasks of a step may be spread over machines that share the folder. The output of a
// task depends on its input alone.
//
// Documents are numbered in the order of the input. The step sketch cuts them into
// shards of bounded size. Every later step but the last has as many tasks as there are
// parts: a part is a range of shards, or a range of keys.
package spill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

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
	inputs []string // after patterns

	key      manifest
	sh       shingle.Shingler // for signatures
	confirm  shingle.Shingler // for exact figures
	mh       *minhash.Sketcher
	banding  lsh.Banding
	rule     lsh.Rule
	workers  int
	shards   []shard // once sketched
	parts    []part
	empty    int64    // documents without text
	sketched bool     // by this process
	work     lsh.Work // comparisons left out
	ended    ending   // of sketch
}

// A shard is documents that were sketched together.
type shard struct {
	name  string
	first int64 // ref of its first document
	docs  int64
}

// A part is a range of shards and of refs.
type part struct {
	shards     []shard
	first, end int64 // refs
}

// A step is a part of the search that follows another.
type step struct {
	name  string
	what  string // for the progress
	tasks func(r *Run) int
	do    func(r *Run, t *task) error
	drop  []string // steps whose files nobody needs after it
	sets  bool     // only where sets decide
}

func perPart(r *Run) int { return len(r.parts) }
func one(*Run) int       { return 1 }

// steps are all but sketch, in order.
var steps = []step{
	{name: "names", what: "naming", tasks: one, do: (*Run).names},
	{name: "signatures", what: "grouping signatures", tasks: perPart, do: (*Run).signatures},
	{name: "same", what: "finding equal signatures", tasks: perPart, do: (*Run).same, sets: true},
	{name: "digests", what: "comparing equal signatures", tasks: perPart, do: (*Run).digests, sets: true},
	{name: "duplicates", what: "finding exact duplicates", tasks: perPart, do: (*Run).duplicates, drop: []string{"signatures", "same", "digests"}},
	{name: "bands", what: "grouping", tasks: perPart, do: (*Run).bands},
	{name: "buckets", what: "collecting buckets", tasks: perPart, do: (*Run).buckets, drop: []string{"bands"}},
	{name: "candidates", what: "listing candidates", tasks: perPart, do: (*Run).candidates},
	{name: "packed", what: "screening", tasks: perPart, do: (*Run).packed, drop: []string{"candidates"}},
	{name: "screened", what: "screening", tasks: perPart, do: (*Run).screened, drop: []string{"packed"}},
	{name: "sets", what: "collecting shingles", tasks: perPart, do: (*Run).sets, drop: []string{"screened"}},
	{name: "matches", what: "comparing", tasks: perPart, do: (*Run).matches, drop: []string{"sets"}},
}

// StepNames returns the names of the steps, in order.
func StepNames() []string {
	names := []string{"sketch"}
	for _, s := range steps {
		names = append(names, s.name)
	}
	return names
}

// parts are at most so many: with each a task keeps a block in memory.
const mostParts = 32

var errOther = errors.New("the folder of -spill holds another run")

// Start begins or continues the run in a folder. Finish or Stop it.
func Start(e *cli.Env, o find.Options, read corpus.Options, s Spill) (*Run, error) {
	r := &Run{e: e, o: o, read: read, s: s, sh: o.Shingler(), confirm: o.Confirmer(), mh: o.Sketcher(), banding: o.Banding(), rule: lsh.NewRule(o.K, o.Threshold)}
	limitMemory(read.Memory)
	// A worker needs some buffers in any case.
	r.workers = int(max(1, min(int64(min(read.Workers, 256)), read.Memory/(64<<20))))
	if err := r.prepare(); err != nil {
		return nil, err
	}
	return r, nil
}

// prepare makes the folder and its manifest, or compares that.
func (r *Run) prepare() error {
	err := os.Mkdir(r.s.Dir, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("-spill: %w", err)
	}
	if info, err := os.Stat(r.s.Dir); err != nil {
		return fmt.Errorf("-spill: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("-spill: %s is not a folder", r.s.Dir)
	}
	for _, in := range r.e.Inputs {
		names, err := expand(in)
		if err != nil {
			return err
		}
		r.inputs = append(r.inputs, names...)
	}
	if err := r.outside(); err != nil {
		return err
	}
	want, err := r.manifest()
	if err != nil {
		return err
	}
	name := r.path("manifest")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := r.refuseOthers(); err != nil {
			return err
		}
		begun := want
		begun.Shards = max(1, want.Shards)
		if data, err = json.MarshalIndent(begun, "", "  "); err != nil {
			return err
		}
		if err := writeNew(name, data); err != nil {
			return err
		}
		data, err = os.ReadFile(name) // another process may have been first
	}
	if err != nil {
		return err
	}
	var have manifest
	if err := json.Unmarshal(data, &have); err != nil {
		return damaged(name, err)
	}
	if what := want.differs(have); what != "" {
		return fmt.Errorf("%s: %w: %s; pass another folder, or delete this one to begin again", r.s.Dir, errOther, what)
	}
	r.key, r.confirm.Seed = have, have.Key
	if r.s.single() {
		r.removeUnfinished()
	}
	return nil
}

// outside returns an error if the folder lies in an input, whose files it would be.
func (r *Run) outside() error {
	dir, err := filepath.Abs(r.s.Dir)
	if err != nil {
		return err
	}
	for _, in := range r.inputs {
		name, err := filepath.Abs(in)
		if err != nil || in == "-" {
			continue
		}
		if rel, err := filepath.Rel(name, dir); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return fmt.Errorf("-spill %s: the folder lies in the input %s: pass another one", r.s.Dir, in)
		}
	}
	return nil
}

// refuseOthers returns an error if a folder without a manifest is not empty: its files
// are not ours.
func (r *Run) refuseOthers() error {
	entries, err := os.ReadDir(r.s.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".tmp") && e.Name() != "manifest" {
			return fmt.Errorf("-spill %s: the folder holds %s, which is not of a run: pass a folder that is empty or does not exist", r.s.Dir, e.Name())
		}
	}
	return nil
}

// removeUnfinished removes the remains of a run that was ended.
func (r *Run) removeUnfinished() {
	left, _ := filepath.Glob(filepath.Join(globQuote(r.s.Dir), "*.tmp"))
	for _, name := range left {
		_ = os.Remove(name)
	}
}

// globQuote quotes the special characters of patterns.
func globQuote(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// writeNew writes a file unless it exists.
func writeNew(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), name)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.Name(), name) // no links on this file system
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

func (r *Run) path(name string) string { return filepath.Join(r.s.Dir, name) }

func taskName(step string, i int) string { return fmt.Sprintf("%s.%04d", step, i) }

func (r *Run) exists(name string) bool {
	_, err := os.Stat(r.path(name))
	return err == nil
}

// A task is a part of a step.
type task struct {
	*output        // has a stream for each part, and one more for figures
	step    string // to which it belongs
	i       int
	memory  int64 // to sort in
	buf     []byte
}

// part is the stream for the part of a ref.
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
		return len(r.parts) // a record that is damaged: refused by create's number of streams
	}
	return i
}

// Search does the steps that are missing, or those of them that the flags ask for. It
// reports whether the search is complete.
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
		if s.sets && r.o.Estimate || r.s.Step != "" && s.name != r.s.Step {
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
			r.dropAfter(s) // should the process have ended before
		}
	}
	if r.s.Step != "" {
		return false, nil
	}
	return true, r.report()
}

// report reports what an earlier process reported and names that are made of places,
// and finds what was not compared.
func (r *Run) report() error {
	if !r.sketched {
		for _, p := range r.ended.Problems {
			r.e.Problem(cli.Problem{Kind: p.Kind, File: p.File, Err: errors.New(p.Text), Note: p.Note})
		}
		r.e.InputErrors = r.ended.InputErrors
	}
	for record, err := range r.all("names", 1, len(r.parts)) {
		var p problem
		if err == nil {
			err = json.Unmarshal(record, &p)
		}
		if err != nil {
			return err
		}
		r.e.Problem(cli.Problem{Kind: p.Kind, File: p.File, Err: errors.New(p.Text), Note: p.Note})
	}
	var err error
	_, r.work, err = r.sizes()
	return err
}

// before returns an error if a task of an earlier step is missing.
func (r *Run) before(i int) error {
	for _, s := range steps[:i] {
		if s.sets && r.o.Estimate || r.exists(s.name+".done") {
			continue
		}
		n, missing := s.tasks(r), 0
		for t := range n {
			if !r.exists(taskName(s.name, t)) {
				missing++
			}
		}
		if missing > 0 {
			return fmt.Errorf("-step %s: the step %s comes before it, and %d of its %d parts are missing", steps[i].name, s.name, missing, n)
		}
	}
	return nil
}

// step does the tasks of a step that are missing and are ours.
func (r *Run) step(s step) error {
	n := s.tasks(r)
	var todo []int
	for t := range n {
		if t%max(1, r.s.Of) == r.s.Shard && !r.exists(taskName(s.name, t)) {
			todo = append(todo, t)
		}
	}
	p := r.e.Progress(s.what, "parts", len(todo))
	defer p.Stop()
	ctx, cancel := context.WithCancel(r.e.Ctx)
	defer cancel()
	workers := min(r.workers, len(todo))
	var once sync.Once
	var failed error
	err := corpus.Each(ctx, workers, len(todo), func(i int) error {
		err := r.do(s, todo[i], r.read.Memory/3/int64(workers))
		if err != nil {
			once.Do(func() { failed = err })
			cancel()
		}
		p.Add(1)
		return err
	})
	if failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	if r.s.single() {
		return r.finished(s)
	}
	return nil
}

// do does one task.
func (r *Run) do(s step, i int, memory int64) error {
	out, err := create(r.path(taskName(s.name, i)), len(r.parts)+1)
	if err != nil {
		return r.advise(err)
	}
	defer out.abort()
	t := &task{output: out, step: s.name, i: i, memory: memory}
	if err := s.do(r, t); err != nil {
		return r.advise(fmt.Errorf("%s, part %d: %w", s.name, i, err))
	}
	if err := r.e.Ctx.Err(); err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return r.advise(err)
	}
	return nil
}

// advise adds to an error of a disk that is full what to do.
func (r *Run) advise(err error) error {
	if errors.Is(err, errNoSpace) {
		return fmt.Errorf("%w; make room on the disk of %s and start the same command again: finished steps are not repeated", err, r.s.Dir)
	}
	return err
}

// finished notes that a step is complete, and removes the files that nobody needs.
func (r *Run) finished(s step) error {
	if err := writeNew(r.path(s.name+".done"), nil); err != nil {
		return r.advise(err)
	}
	r.dropAfter(s)
	return nil
}

// dropAfter removes the files that nobody needs after a step.
func (r *Run) dropAfter(s step) {
	for _, name := range s.drop {
		r.drop(name)
	}
}

// drop removes the files of a step.
func (r *Run) drop(name string) {
	for i := range max(len(r.parts), 1) {
		_ = os.Remove(r.path(taskName(name, i)))
	}
}

// Remove removes the files of the run, and the folder if nothing else is in it.
func (r *Run) Remove() error {
	// In this order a run that is ended here begins again and finds nothing that it
	// would take for complete. Without its manifest the rest is not a run.
	var names []string
	for i := range r.key.Shards {
		names = append(names, endName(i))
	}
	for _, s := range steps {
		names = append(names, s.name+".done")
	}
	names = append(names, removedStep.name+".done")
	for _, s := range append(slices.Clone(steps), removedStep) {
		for i := range max(len(r.parts), 1) {
			names = append(names, taskName(s.name, i))
		}
	}
	for _, s := range r.shards {
		names = append(names, s.name)
	}
	for _, name := range append(names, "manifest") {
		if err := os.Remove(r.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	_ = os.Remove(r.s.Dir) // fails if other files are in it
	return nil
}
