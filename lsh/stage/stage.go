// Package stage finds near-duplicates past one machine: each stage is a filter that
// reads lines and writes lines, so any engine that sorts, joins and retries can run
// them, and so can a sort on one machine.
//
// The stages give the clusters of [lsh.Batch]. With $ for a tab:
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
// A ref is a number from 0 to 2^62 that each document gets for itself, in the order
// of preference: the document of the lowest ref represents a cluster. Duplicates
// sorts by the digest first, all others by the columns from left to right, and
// numbers are sorted as numbers. Lines may be split into partitions as long as those
// of one digest, of one band and key, of one part and host for Merge, of one host for
// Mask, of one a for Screen, Verify and Members, are in one; Cluster needs all lines in
// one, and keeps a bit for each ref. Between two stages the engine does what every
// engine can:
//
//   - Hosts to Mask leave recycled blocks out of comparing (package boilerplate), and
//     may be left out themselves: Blocks counts, Merge joins the counts of all
//     partitions, and Mask gets those of its hosts with the documents, and those over
//     all documents as Counts;
//   - Duplicates pairs each document with the first of its exact duplicates, one
//     digest; Bands gets the keys of the first ones only;
//   - Full decides for each band up to which size buckets are compared in full, and
//     counts the buckets that are not; Candidates needs the sizes, as FullSizes;
//   - Candidates repeats a pair for each band that it shares: pass distinct pairs on;
//   - Screen drops candidates that cannot match by a byte for each register, before
//     sets, nine tenths of all bytes, are joined to the pairs that are left;
//   - Candidates and Screen print the pair of a document with itself before its others,
//     so that registers and sets are joined by b alone, and are there once for each a;
//   - Cluster prints every document that has a representative. An exact duplicate
//     has the one of its first, or its first.
//
// A stage depends on its input alone: the same lines give the same lines, so a
// retry repeats itself. It takes less than 64 MB and forty times its longest
// line, and, for Candidates, eight bytes for each document of a bucket that is compared
// in full, and for Merge and Mask the counts: of a part or host, and over all
// documents. A line that a stage does not understand is an error with its number;
// the rest of the input is read before the error is returned, since engines report
// a filter that stops reading as a broken pipe and lose its message.
package stage

import (
	"encoding/json"
	"slices"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// Options are what all stages of a run have in common; the zero value is the
// recommended setting. A field out of its range panics when a stage runs.
type Options struct {
	Shingler  shingle.Shingler
	K         int         // registers of a signature; 0 means 128
	Seed      uint64      // of signatures and bands
	Threshold float64     // as in lsh.Batch
	Recall    float64     // as in lsh.Batch
	Banding   lsh.Banding // as in lsh.Batch

	// Estimate leaves out the sets: the estimate of the signatures decides.
	Estimate bool

	// FullSizes, for Candidates, is the size up to which the buckets of each band
	// are compared in full, as Full prints it; nil means lsh.FullBucket for all.
	FullSizes []int

	// First, for Number, is the ref of the first line.
	First int64

	// Parts, for Blocks, is the number of parts of the counts over all documents; 0
	// means 64. A million documents have some 400 MB of counts before they are merged.
	Parts int

	// Counts, for Mask, are the counts over all documents, which ReadCounts reads.
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

// A Manifest names everything on which the lines of a run depend. Two runs with
// equal manifests may use each other's results. The zero Manifest is that of no run.
type Manifest struct {
	Version   int     `json:"version"` // of the stages
	Scheme    string  `json:"scheme"`
	Banding   string  `json:"banding"`
	Threshold float64 `json:"threshold"`
	Estimate  bool    `json:"estimate"`
}

// version changes when the same input would give other lines.
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
		panic("stage: " + err.Error()) // strings and numbers can be marshalled
	}
	return string(b)
}

var names = []string{"number", "hosts", "blocks", "merge", "mask", "sketch", "duplicates", "bands", "sizes", "full", "candidates", "screen", "verify", "cluster", "members"}

// StageNames returns the names of the stages, in lower case, in the order of a run.
func StageNames() []string { return slices.Clone(names) }
