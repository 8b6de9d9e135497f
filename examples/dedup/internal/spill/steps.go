package spill

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
)

// A step is one part of the search; steps run one after another.
type step struct {
	name  string
	what  string // shown as progress
	tasks func(r *Run) int
	do    func(r *Run, t *task) error
	drop  []string // steps whose files are not needed after it
	sets  bool     // run the step only if sets decide
	keep  bool     // run the step only if -keep has an order other than the input's
}

func perPart(r *Run) int { return len(r.parts) }
func one(*Run) int       { return 1 }

// steps lists all steps except sketch, in order.
var steps = []step{
	{name: "names", what: "naming", tasks: one, do: (*Run).names},
	{name: orderedStep, what: "ordering", tasks: one, do: (*Run).ordered, keep: true},
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

// A task is a part of a step.
type task struct {
	*output        // has a stream for each part, and one more for figures
	step    string // the step to which it belongs
	i       int
	memory  int64 // memory for sorting
	buf     []byte
}

// skips reports whether the run omits a step.
func (r *Run) skips(s step) bool { return s.sets && r.o.Estimate || s.keep && !r.reorders() }

// before returns an error if a task of an earlier step is missing.
func (r *Run) before(i int) error {
	for _, s := range steps[:i] {
		if r.skips(s) || r.exists(s.name+".done") {
			continue
		}
		n, missing := s.tasks(r), 0
		for t := range n {
			if !r.exists(taskName(s.name, t)) {
				missing++
			}
		}
		if missing > 0 {
			return fmt.Errorf("-step %s: %[3]d of %[4]d parts of the earlier step %[2]s are missing", steps[i].name, s.name, missing, n)
		}
	}
	return nil
}

// step does the missing tasks of a step that belong to this process.
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

// do runs one task of a step and makes its file appear.
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

// finished records that a step is complete, and removes the files that are no longer
// needed.
func (r *Run) finished(s step) error {
	if err := writeNew(r.path(s.name+".done"), nil); err != nil {
		return r.advise(err)
	}
	r.dropAfter(s)
	return nil
}

// dropAfter removes the files that are not needed after a step.
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
