// Command beam finds near-duplicates and recycled blocks on many machines:
//
//	beam -out DIR [flags] INPUT...
//
// It is package transform between a source and a sink, and gives the answers of
// dedup. docs/distributed.md says how to run it on Flink, Spark and Dataflow; run
// "beam -h" for its flags.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/metrics"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/gcs"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"
	beamlog "github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/beam/internal/files"
	"github.com/neardup/neardup/examples/beam/transform"
	"github.com/neardup/neardup/shingle"
)

// Exit statuses.
const (
	exitDone  = 0 // every document was read
	exitInput = 1 // some documents were reported as unreadable
	exitFatal = 2 // wrong usage, or the run failed
)

// options are what the flags say.
type options struct {
	transform.Options
	keep, unit string
	out        string
	overwrite  bool
	shards     int
	blocks     bool
	fields     files.Fields
	quiet      bool
}

const help = `beam finds the near-duplicates of a corpus that outgrows one machine.

usage: beam -out DIR [flags] INPUT...

INPUT is a file of JSON Lines (.jsonl, .jsonl.gz) or Parquet (.parquet), or a
pattern of such in quotes. A JSON object has the fields "id" and "text", perhaps
"host" and "time". What is found is written to DIR, in shards:
  clusters-*.jsonl   every cluster: representative, members, similarities
  keep-*.jsonl       the ids to keep: of representatives, and of all in no cluster
  removed-*.jsonl    the ids that can go, each with its representative
  blocks-*.jsonl     with -blocks: the blocks that a host's pages recycle
  bounded-*.jsonl    buckets that were too large to compare all with each other
  errors-*.jsonl     what could not be read, with file and place
The answers are those of "dedup clusters" and "dedup clean".

-runner says where it runs:
  direct      in this process, on one goroutine (default)
  prism       in this process, as on a cluster: for tests
  universal   on the job server of Flink or Spark at -endpoint
  dataflow    on Google Cloud Dataflow
With universal, -environment_type is LOOPBACK (the work is done in this process),
PROCESS (each worker starts this program, see -environment_config) or DOCKER.
Outside LOOPBACK pass -worker_binary. docs/distributed.md has whole command lines.

flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program without its process: it returns the exit status. A process
// that the runner has started as a worker does not come back from beam.Init.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fail := func(err error) int {
		fmt.Fprintf(stderr, "beam: %v\n", err)
		return exitFatal
	}
	o := new(options)
	fs := flag.CommandLine // where Beam looks for its own
	fs.Init("beam", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	o.register(fs)
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		printHelp(stdout, fs)
		return exitDone
	} else if err != nil {
		return fail(fmt.Errorf("%w\n(\"beam -h\" lists the flags)", err))
	}
	if o.quiet {
		beamlog.SetLogger(quiet{})
		slog.SetDefault(slog.New(slog.DiscardHandler))
	}
	beam.Init()
	if err := o.check(ctx, fs.Args()); err != nil {
		return fail(fmt.Errorf("%w\n(\"beam -h\" lists the flags)", err))
	}
	parts, err := files.Parts(ctx, fs.Args())
	if err != nil {
		return fail(err)
	}
	res, err := beamx.RunWithMetrics(ctx, o.pipeline(parts))
	if err != nil {
		return fail(err)
	}
	if res == nil || res.JobID() != "" && fs.Lookup("async").Value.String() == "true" {
		fmt.Fprintln(stderr, "beam: submitted")
		return exitDone
	}
	c := counters(res.Metrics())
	fmt.Fprintf(stderr, "%d clusters in %d documents: keep %d, %d are near-duplicates (Jaccard %v or more to the one kept)\n",
		c["clusters"], c["documents"], c["kept"], c["removed"], o.Threshold)
	if n := c["bounded_buckets"]; n > 0 {
		fmt.Fprintf(stderr, "beam: %d buckets were too large to compare all documents with each other: %d comparisons were left out (bounded-*.jsonl)\n", n, c["skipped_comparisons"])
	}
	if n := c["forgotten_blocks"]; n > 0 {
		fmt.Fprintf(stderr, "beam: %d blocks were forgotten to stay within the memory of a detector\n", n)
	}
	if n := c["bad_documents"]; n > 0 {
		tellErrors(stderr, o.out)
		fmt.Fprintf(stderr, "beam: %d errors in the input (errors-*.jsonl)\n", n)
		return exitInput
	}
	return exitDone
}

// tellErrors prints the first errors of the input, where they are at hand.
func tellErrors(w io.Writer, dir string) {
	f, err := os.Open(filepath.Join(dir, "errors-00000-of-00001.jsonl"))
	if err != nil {
		return // on a file system of the workers
	}
	defer f.Close()
	d := json.NewDecoder(f)
	for range 20 {
		var bad files.Bad
		if d.Decode(&bad) != nil {
			return
		}
		fmt.Fprintf(w, "beam: %v\n", bad)
	}
}

func (o *options) register(fs *flag.FlagSet) {
	fs.StringVar(&o.out, "out", "", "`folder` of the results")
	fs.BoolVar(&o.overwrite, "overwrite", false, "write to a folder that holds results already")
	fs.IntVar(&o.shards, "shards", 1, "files of each kind; a worker holds one in memory")
	fs.BoolVar(&o.blocks, "blocks", false, "also find the blocks that the pages of a host recycle")
	fs.Float64Var(&o.Threshold, "threshold", .8, "least Jaccard similarity of near-duplicates, above 0 up to 1")
	fs.BoolVar(&o.Estimate, "estimate", false, "trust signatures instead of comparing the documents' shingles")
	fs.BoolVar(&o.Connected, "connected", false, "connected components instead of clusters that never chain")
	fs.StringVar(&o.keep, "keep", "first", "which document represents its cluster: `first, longest or newest`")
	fs.IntVar(&o.K, "k", 128, "registers of a signature: a power of two from 16 to 1024")
	fs.StringVar(&o.unit, "unit", "words", "what a shingle is made of: `words or chars`")
	fs.IntVar(&o.Shingler.Size, "size", 0, "words or characters in a shingle (default 5 words or 12 characters)")
	fs.IntVar(&o.Salts, "salts", 64, "parts that hot keys are cut into; results do not depend on it")
	fs.IntVar(&o.Rounds, "rounds", 0, "cluster in so many rounds of star contraction, where the matches are too many for one worker (0)")
	fs.StringVar(&o.fields.ID, "field-id", "id", "`name` of the field or column of a document's id")
	fs.StringVar(&o.fields.Text, "field-text", "text", "`name` of the field or column of a document's text")
	fs.StringVar(&o.fields.Host, "field-host", "host", "`name` of the field or column of a document's site")
	fs.StringVar(&o.fields.Time, "field-time", "time", "`name` of the field or column of a document's time")
	fs.BoolVar(&o.quiet, "quiet", false, "nothing of what Beam logs")
}

// own are the flags of this program, in the order of its help; the rest are Beam's.
var own = strings.Fields("out overwrite shards blocks threshold estimate connected keep k unit size salts rounds field-id field-text field-host field-time quiet")

// beams are the flags of Beam that a run is likely to need.
var beams = strings.Fields("runner endpoint environment_type environment_config worker_binary parallelism job_name async")

func printHelp(w io.Writer, fs *flag.FlagSet) {
	fmt.Fprint(w, help)
	print := func(names []string) {
		for _, name := range names {
			f := fs.Lookup(name)
			if f == nil {
				continue
			}
			arg, usage := flag.UnquoteUsage(f)
			if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" && !strings.Contains(usage, "(default") {
				usage += fmt.Sprintf(" (default %s)", f.DefValue)
			}
			fmt.Fprintf(w, "  %s\n        %s\n", strings.TrimSpace("-"+f.Name+" "+arg), usage)
		}
	}
	print(own)
	fmt.Fprint(w, "\nflags of Beam, of which these matter most:\n")
	print(beams)
	fmt.Fprint(w, `
example:
  beam -out found -keep longest 'pages-*.jsonl.gz'

Exit status: 0 done, 1 some input was unreadable, 2 wrong usage or a failed run.
`)
}

// check completes the options and refuses what makes no sense.
func (o *options) check(ctx context.Context, inputs []string) (err error) {
	defer func() {
		if r := recover(); r != nil { // what package transform thinks of the options
			err = fmt.Errorf("%v", r)
		}
	}()
	if r := flag.Lookup("runner"); r.Value.String() == "" {
		if err := r.Value.Set("direct"); err != nil {
			return err
		}
	}
	switch {
	case o.out == "":
		return errors.New("name a folder with -out")
	case len(inputs) == 0:
		return errors.New("no input: name files of JSON Lines or Parquet")
	case o.shards < 1:
		return fmt.Errorf("-shards %d: must be 1 or more", o.shards)
	case o.Threshold <= 0 || o.Threshold > 1:
		return fmt.Errorf("-threshold %v: must be above 0 and at most 1", o.Threshold)
	case o.K < 16 || o.K > 1024 || o.K&(o.K-1) != 0:
		return fmt.Errorf("-k %d: must be a power of two from 16 to 1024", o.K)
	case o.Shingler.Size < 0 || o.Shingler.Size > 1000:
		return fmt.Errorf("-size %d: must be from 1 to 1000", o.Shingler.Size)
	case o.Salts < 1 || o.Salts > 65535:
		return fmt.Errorf("-salts %d: must be from 1 to 65535", o.Salts)
	case o.Rounds < 0:
		return fmt.Errorf("-rounds %d: must not be negative", o.Rounds)
	}
	switch o.unit {
	case "words":
	case "chars":
		o.Shingler.Unit = shingle.Chars
	default:
		return fmt.Errorf("-unit %s: must be one of words, chars", o.unit)
	}
	if o.Keep, err = transform.ParseKeep(o.keep); err != nil {
		return fmt.Errorf("-keep %s: must be one of first, longest, newest", o.keep)
	}
	if o.Keep != transform.Newest {
		o.fields.Time = "" // a time that cannot be read matters to nobody
	}
	if !strings.Contains(o.out, "://") {
		// Workers may run elsewhere in the file system.
		if o.out, err = filepath.Abs(o.out); err != nil {
			return err
		}
	}
	if o.overwrite {
		return nil
	}
	fs, err := filesystem.New(ctx, o.out)
	if err != nil {
		return err
	}
	defer fs.Close()
	if old, err := fs.List(ctx, strings.TrimSuffix(o.out, "/")+"/*.jsonl"); err == nil && len(old) > 0 {
		return fmt.Errorf("%s holds results already (-overwrite writes to it all the same)", o.out)
	}
	return nil
}

// pipeline returns what is to be run.
func (o *options) pipeline(parts []files.Part) *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	documents, bad := files.Read(s, parts, o.fields)
	r := transform.NearDuplicates(s, documents, o.Options)
	files.Write(s, r.Clusters, o.out, "clusters", o.shards)
	files.Write(s, r.Kept, o.out, "keep", o.shards)
	files.Write(s, r.Removed, o.out, "removed", o.shards)
	files.Write(s, r.Bounded, o.out, "bounded", 1)
	files.Write(s, bad, o.out, "errors", 1)
	if o.blocks {
		files.Write(s, transform.RecycledBlocks(s, documents, boilerplate.Options{}, o.Options), o.out, "blocks", o.shards)
	}
	return p
}

// counters adds up the counters of a run by name.
func counters(r metrics.Results) map[string]int64 {
	m := map[string]int64{}
	for _, c := range r.AllMetrics().Counters() {
		if c.Key.Namespace == transform.Namespace {
			m[c.Key.Name] += c.Result()
		}
	}
	return m
}

// quiet drops what Beam logs.
type quiet struct{}

// Log does nothing.
func (quiet) Log(context.Context, beamlog.Severity, int, string) {}
