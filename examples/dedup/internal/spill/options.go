package spill

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/find"
)

// Spill holds the options of a run set by flags; the zero value means no run.
type Spill struct {
	Dir       string
	Step      string // "" for all
	Shard, Of int    // Of 0: not sharded
}

// single reports whether this process does everything.
func (s Spill) single() bool { return s.Step == "" }

// Flags are -spill, -step and -shard. The options are those of the search.
func (s *Spill) Flags(o *find.Options) cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&s.Dir, "spill", "", "`folder` on a local disk for intermediate results, so that memory stays within -memory for any number of documents. It is created, and removed at the end. It holds all texts, 0.5 KB per document and the data being sorted, such as 8 bytes per word for each pair to compare (for web pages 6 KB per document in total, and much more if many long documents are similar). An interrupted run continues if the same command is started again. Documents with hosts need -strip=false")
			fs.StringVar(&s.Step, "step", "", "with -spill, the only `step` to do, for runs on several machines (see docs/distributed.md): "+strings.Join(StepNames(), ", "))
			fs.Func("shard", "with -step, the part of the step to do: `i/n`, i from 0 to n-1; for sketch, that part of the inputs", func(v string) (err error) {
				i, n, _ := strings.Cut(v, "/")
				if s.Shard, err = strconv.Atoi(i); err == nil {
					s.Of, err = strconv.Atoi(n)
				}
				if err != nil || s.Shard < 0 || s.Shard >= s.Of || s.Of > 10_000 {
					return errors.New("must be i/n, where i is from 0 to n-1 and n at most 10000")
				}
				return nil
			})
		},
		Check: func() error {
			switch {
			case s.Dir == "" && (s.Step != "" || s.Of > 0):
				return errors.New("-step and -shard need -spill")
			case s.Dir == "":
				return nil
			case s.Of > 0 && s.Step == "":
				return errors.New("-shard needs -step")
			case s.Step != "" && !slices.Contains(StepNames(), s.Step):
				return cli.OneOf("step", s.Step, StepNames()...)
			case o.Strip == find.StripAlways:
				return fmt.Errorf("-spill cannot be combined with -strip, which needs all documents in memory")
			case o.Covered > 0:
				return errors.New("-spill cannot be combined with -covered: clean or compare by -threshold, or leave out -spill")
			case o.Containment > 0:
				return errors.New("-spill cannot be combined with -containment")
			case len(o.Against) > 0:
				return errors.New("-spill cannot be combined with -against: name both corpora as inputs, the older one first")
			}
			return nil
		},
	}
}
