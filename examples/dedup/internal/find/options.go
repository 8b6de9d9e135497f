// Package find finds near-duplicates, clusters, shared passages and recycled blocks
// among the documents of a corpus.
package find

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// Options are the search options set by flags. A command registers only the flags
// that it uses, so that a flag without effect is refused.
type Options struct {
	Threshold   float64
	K           int
	Estimate    bool
	Containment float64
	Against     []string
	Unit        string
	Size        int
	Strip       Strip
	Covered     float64 // 0: not requested
	Stream      bool
	Keep        string
	MinTokens   int
}

// ThresholdFlags are -threshold and -k.
func ThresholdFlags(o *Options) cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.Float64Var(&o.Threshold, "threshold", lsh.DefaultThreshold, "minimum Jaccard similarity of near-duplicates, above 0 up to 1")
			fs.IntVar(&o.K, "k", 128, "registers of a signature: a power of two from 16 to 1024")
		},
		Check: func() error {
			switch {
			case !(o.Threshold > 0 && o.Threshold <= 1):
				return fmt.Errorf("-threshold %v: must be above 0 and at most 1", o.Threshold)
			case o.K < 16 || o.K > 1024 || o.K&(o.K-1) != 0:
				return fmt.Errorf("-k %d: must be a power of two from 16 to 1024", o.K)
			}
			return nil
		},
	}
}

// MatchFlags are -threshold, -k and -estimate.
func MatchFlags(o *Options) cli.Flags {
	f := ThresholdFlags(o)
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			f.Register(fs)
			fs.BoolVar(&o.Estimate, "estimate", false, "trust signatures instead of comparing the documents' shingles")
		},
		Check: f.Check,
	}
}

// ContainmentFlag is -containment.
func ContainmentFlag(o *Options) cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.Float64Var(&o.Containment, "containment", 0, "also print pairs in which one document has at least this share of its shingles in the other")
		},
		Check: func() error {
			switch {
			case !(o.Containment >= 0 && o.Containment <= 1):
				return fmt.Errorf("-containment %v: must be from 0 (off) to 1", o.Containment)
			case len(o.Against) > 0 && o.Containment > 0:
				return errors.New("-against looks for near-duplicates and cannot be combined with -containment")
			case o.Containment > 0 && o.Estimate:
				return errors.New("-containment counts shingles and cannot be combined with -estimate")
			}
			return nil
		},
	}
}

// AgainstFlag is -against.
func AgainstFlag(o *Options) cli.Flags {
	return cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.Func("against", "an older `corpus` (file or folder): report documents that repeat it, but not repeats within it; may be given several times", func(name string) error {
			o.Against = append(o.Against, name)
			return nil
		})
	}}
}

// PassagesAgainstFlag is -against for passages.
func PassagesAgainstFlag(o *Options) cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.Func("against", "compare each input only with the documents of a `corpus`: a file, a folder, or an index written by passages -save; may be given several times", func(name string) error {
				o.Against = append(o.Against, name)
				return nil
			})
		},
		Check: func() error {
			if slices.Contains(o.Against, "-") {
				return errors.New("-against -: name a file or folder")
			}
			return nil
		},
	}
}

// ShingleFlags are -unit and -size.
func ShingleFlags(o *Options) cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&o.Unit, "unit", "words", "unit of a shingle: `words|chars`")
			fs.IntVar(&o.Size, "size", 0, "words or characters in a shingle (default 5 words or 12 characters)")
		},
		Check: func() error {
			if o.Size < 0 || o.Size > 1000 {
				return fmt.Errorf("-size %d: must be from 1 to 1000", o.Size)
			}
			return cli.OneOf("unit", o.Unit, "words", "chars")
		},
	}
}

// Strip selects when recycled blocks are left out of comparisons.
type Strip uint8

const (
	StripPages Strip = iota // if a host has several documents
	StripAlways
	StripNever
)

// StripFlag is -strip.
func StripFlag(o *Options) cli.Flags {
	return cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolFunc("strip", "leave out the blocks that pages recycle (see dedup boilerplate) before comparing; -strip=false compares whole texts (default: leave them out if a host has several documents)", o.setStrip)
	}}
}

// StripOnlyFlag is -strip for commands that leave nothing out by default.
func StripOnlyFlag(o *Options) cli.Flags {
	o.Strip = StripNever
	return cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolFunc("strip", "leave out the blocks that pages recycle (see dedup boilerplate)", o.setStrip)
	}}
}

// setStrip sets Strip to the value of a flag.
func (o *Options) setStrip(value string) error {
	on, err := strconv.ParseBool(value)
	if o.Strip = StripNever; on {
		o.Strip = StripAlways
	}
	return err
}

// CoveredFlag is -covered.
func CoveredFlag(o *Options) cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.Func("covered", "for pages: minimum covered `share`, 0.25 is recommended. It is the share of the shorter page's own text, without recycled blocks, that lies in passages of both pages, weighted by their similarity. It decides alone; if -threshold is also given, either is sufficient", func(s string) (err error) {
				if o.Covered, err = strconv.ParseFloat(s, 64); err != nil || !(o.Covered > 0 && o.Covered <= 1) {
					return errors.New("must be above 0 and at most 1")
				}
				return nil
			})
		},
		Check: func() error {
			switch {
			case o.Covered > 0 && o.Estimate:
				return errors.New("-covered compares texts and cannot be combined with -estimate")
			case o.Covered > 0 && o.Containment > 0:
				return errors.New("-covered and -containment are different criteria: choose one (-covered for pages, -containment for excerpts)")
			}
			return nil
		},
	}
}

// Criterion names the criterion that decides, for summaries; threshold reports whether
// -threshold was given.
func (o *Options) Criterion(threshold bool) string {
	jaccard := fmt.Sprintf("Jaccard at least %v", o.Threshold)
	switch {
	case o.Covered == 0:
		return jaccard
	case threshold:
		return fmt.Sprintf("covered share at least %v, or %s", o.Covered, jaccard)
	}
	return fmt.Sprintf("covered share at least %v", o.Covered)
}

// StreamFlag is -stream.
func StreamFlag(o *Options) cli.Flags {
	return cli.Flags{Register: func(fs *flag.FlagSet) {
		fs.BoolVar(&o.Stream, "stream", false, "judge each document by the documents before it, as a crawler would, instead of by all documents")
	}}
}

// KeepFlag is -keep, which may name a field to be read.
func KeepFlag(o *Options, read *corpus.Options) cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.StringVar(&o.Keep, "keep", "first", "which document represents its cluster: `first|longest|newest|max:FIELD`, newest by the time field, max by a number or time in any field")
		},
		Check: func() error {
			if field, ok := strings.CutPrefix(o.Keep, "max:"); ok && field != "" {
				read.Input.Fields.Rank = field
				return nil
			}
			return cli.OneOf("keep", o.Keep, "first", "longest", "newest", "max:FIELD")
		},
	}
}

// PassageFlags are the flags for passages.
func PassageFlags(o *Options) cli.Flags {
	return cli.Flags{
		Register: func(fs *flag.FlagSet) {
			fs.IntVar(&o.MinTokens, "min", 12, "minimum number of words of a shared passage")
		},
		Check: func() error {
			if o.MinTokens < 1 {
				return fmt.Errorf("-min %d: must be 1 or more", o.MinTokens)
			}
			return nil
		},
	}
}

// Shingler returns the shingler described by the flags.
func (o *Options) Shingler() shingle.Shingler {
	sh := shingle.Shingler{Size: o.Size}
	if o.Unit == "chars" {
		sh.Unit = shingle.Chars
	}
	return sh
}

// Confirmer returns the shingler for exact figures: the same shingles, hashed with a
// random key that is drawn for each run. The figures do not depend on the key.
func (o *Options) Confirmer() shingle.Shingler {
	sh := o.Shingler()
	sh.Seed = runKey()
	return sh
}

// runKey draws the key when it is first needed.
var runKey = sync.OnceValue(func() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:]) | 1
})

// Sketcher returns the sketcher for the shingles that the flags describe.
func (o *Options) Sketcher() *minhash.Sketcher {
	return minhash.New(minhash.Options{K: o.K, Elements: o.Shingler()})
}

// Banding returns the bands and rows that follow from the flags.
func (o *Options) Banding() lsh.Banding { return lsh.Choose(o.K, o.Threshold, lsh.DefaultRecall) }

// Figures names the kind of figures: exact or estimated.
func (o *Options) Figures() string {
	if o.Estimate {
		return "estimated"
	}
	return "exact"
}
