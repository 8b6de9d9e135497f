// Package stage finds near-duplicates on more than one machine: each stage is a
// filter that reads and writes lines, so any engine that sorts, joins and retries
// can run it, and so can a shell with sort on one machine.
//
// The stages produce the clusters of [lsh.Batch]. With $ for a tab:
//
//	stage       reads lines                        sorted by  writes lines
//	Number      {"id":"…","text":"…"}              -          {"ref":1,"id":"…","text":"…"}
//	Hosts       {"ref":1,"host":"…","text":"…"}    -          "host"$ref${"ref":1,…}
//	Blocks      "host"$ref${"ref":1,…}             "host"     part$"host"$counts
//	Merge       part$"host"$counts                 both       part$"host"$counts
//	Mask        "host"$ref$document or counts      both       {"mask":[[0,5]],"ref":1,…}
//	Sketch      {"ref":1,"id":"…","text":"…"}      -          ref$digest$keys$packed$set$"id"
//	Duplicates  ref$digest                         both       ref$first
//	Bands       ref$keys                           -          band$key$ref
//	Sizes       band$key$ref                       band, key  band$size
//	Full        band$size                          -          band$full$bounded$documents$skipped
//	Candidates  band$key$ref                       all        a$b
//	Screen      a$b$packed of b                    a, b       a$b
//	Verify      a$b$set of b                       a, b       b$a$similarity
//	Cluster     b$a$similarity                     b, a       b$a$similarity, a the representative
//	Members     a$b$similarity$"id"                a, b       {"representative":"id","members":[…]}
//
// A ref is a number from 0 to 2^62 that identifies a document, in the order of
// preference: the document with the lowest ref represents a cluster. Duplicates
// sorts by the digest first, all others by the columns from left to right, and
// numbers are sorted as numbers. Lines may be split into partitions as long as lines
// with the same digest, band and key, part and host (for Merge), host (for Mask), or
// a (for Screen, Verify and Members) are in the same partition. Cluster needs all
// lines in one partition, and keeps a bit for each ref. Between two stages the
// engine only sorts and joins:
//
//   - The stages from Hosts to Mask leave recycled blocks out of the comparison
//     (package boilerplate) and are optional: Blocks counts, Merge adds up the
//     counts of all partitions, and Mask takes the counts of its hosts with the
//     documents, and those over all documents as Counts;
//   - Duplicates pairs each document with the first of its exact duplicates, those
//     with the same digest; Bands takes only the keys of these first ones;
//   - Full decides for each band up to which size buckets are compared in full, and
//     counts the buckets that are not; Candidates needs the sizes, as FullSizes;
//   - Candidates repeats a pair for each band that it shares: pass on distinct pairs;
//   - Screen compares a byte for each register and drops candidates that cannot
//     match, before the sets, nine tenths of all bytes, are joined to the remaining
//     pairs;
//   - Candidates and Screen print the pair of a document with itself before the
//     other pairs of that document, so registers and sets need to be joined only by
//     b, and appear once for each a;
//   - Cluster prints every document that has a representative. The representative of
//     an exact duplicate is the representative of its first, or the first itself.
//
// A stage depends only on its input: the same lines give the same output, so a retry
// is safe. It takes less than 64 MB plus forty times its longest line. In addition,
// Candidates takes eight bytes for each document of a bucket that is compared in
// full; Merge and Mask take the counts of a part or host and those over all
// documents. A line that a stage cannot parse is an error with its number; the rest
// of the input is read before the error is returned, since engines report a filter
// that stops reading as a broken pipe and lose its message.
package stage

import (
	"encoding/json"
	"slices"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// Options are the options shared by all stages of a run; the zero value is the
// recommended setting. A field out of its range causes a panic when a stage runs.
type Options struct {
	Shingler  shingle.Shingler
	K         int         // registers of a signature; 0 means 128
	Seed      uint64      // seed of the signatures and of the keys of bands
	Threshold float64     // as in lsh.Batch
	Recall    float64     // as in lsh.Batch
	Banding   lsh.Banding // as in lsh.Batch

	// Estimate leaves out the sets, so that estimates from the signatures decide.
	Estimate bool

	// FullSizes, for Candidates, is the size up to which the buckets of each band
	// are compared in full, as Full prints it; nil means lsh.FullBucket for all.
	FullSizes []int

	// First, for Number, is the ref of the first line.
	First int64

	// Parts, for Blocks, is the number of parts of the counts over all documents; 0
	// means 64. A million documents have some 400 MB of counts before they are merged.
	Parts int

	// Counts, for Mask, are the counts over all documents, as returned by ReadCounts.
	Counts *boilerplate.Detector

	// Documents, for Full, is the number of lines that Sketch has printed.
	Documents int
}

func (o Options) sketcher() *minhash.Sketcher {
	return minhash.New(minhash.Options{K: o.K, Seed: o.Seed, Elements: o.Shingler})
}

func (o Options) withDefaults() Options {
	if o.K == 0 {
		o.K = o.sketcher().Scheme().K
	}
	if o.Threshold == 0 {
		o.Threshold = lsh.DefaultThreshold
	}
	if o.Recall == 0 {
		o.Recall = lsh.DefaultRecall
	}
	if o.Banding == (lsh.Banding{}) {
		o.Banding = lsh.Choose(o.K, o.Threshold, o.Recall)
	}
	return o
}

func (o Options) rule() lsh.Rule { return lsh.NewRule(o.K, o.Threshold) }

// A Manifest lists everything on which the lines of a run depend. Two runs with
// equal manifests may use each other's results. The zero Manifest does not belong to
// any run.
type Manifest struct {
	Version   int     `json:"version"` // version of the stages
	Scheme    string  `json:"scheme"`
	Banding   string  `json:"banding"`
	Threshold float64 `json:"threshold"`
	Estimate  bool    `json:"estimate"`
}

// version changes when the same input would give different lines.
const version = 3

// Manifest returns the manifest of the options.
func (o Options) Manifest() Manifest {
	o = o.withDefaults()
	return Manifest{version, o.sketcher().Scheme().String(), o.Banding.String(), o.Threshold, o.Estimate}
}

// String returns the manifest as one line of JSON.
func (m Manifest) String() string {
	b, err := json.Marshal(m)
	if err != nil {
		panic("stage: " + err.Error()) // strings and numbers can always be marshalled
	}
	return string(b)
}

var names = []string{"number", "hosts", "blocks", "merge", "mask", "sketch", "duplicates", "bands", "sizes", "full", "candidates", "screen", "verify", "cluster", "members"}

// StageNames returns the names of the stages, in lower case, in the order of a run.
func StageNames() []string { return slices.Clone(names) }
