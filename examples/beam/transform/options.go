package transform

import (
	"fmt"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/minhash"
	"github.com/neardup/neardup/shingle"
)

// Options configures the transforms; the zero value is the recommended setting.
// All transforms of one pipeline must be given the same. A field out of its
// range panics when the pipeline is built.
type Options struct {
	Threshold float64     // as in lsh.Batch
	Recall    float64     // as in lsh.Batch
	Banding   lsh.Banding // as in lsh.Batch

	// Seed keys signatures and buckets: secret where texts may be hostile.
	Seed uint64

	// K is the number of registers of a signature; 0 means 128.
	K int

	// Shingler makes the shingles.
	Shingler shingle.Shingler

	// Keep is which document of a cluster is its representative.
	Keep Keep

	// Estimate trusts signatures instead of comparing sets of shingles: then
	// only signatures travel, about a tenth of the bytes.
	Estimate bool

	// Connected asks for connected components of the matches instead of
	// clusters whose members all match the representative.
	Connected bool

	// Rounds, if above 0, is for matches that are too many for one worker: star
	// contraction finds the connected components in so many rounds, and each
	// component is then clustered by itself. The clusters are the same. A run
	// for which the rounds did not suffice fails and says so. 0 clusters all
	// matches on one worker, which takes some 100 bytes of memory a match.
	Rounds int

	// Salts is the number of parts that hot keys are cut into; 0 means 64, at
	// most 65535. A worker must be able to hold the references of 1/Salts of
	// the documents in the largest bucket, some 100 bytes each.
	Salts int
}

// withDefaults returns o with its zero fields set.
func (o Options) withDefaults() Options {
	if o.Threshold == 0 {
		o.Threshold = .8
	}
	if o.Recall == 0 {
		o.Recall = .99
	}
	if o.K == 0 {
		o.K = 128
	}
	if o.Salts == 0 {
		o.Salts = 64
	}
	switch {
	case !(o.Threshold > 0 && o.Threshold <= 1):
		panic("transform: threshold must be above 0 and at most 1")
	case !(o.Recall > 0 && o.Recall < 1):
		panic("transform: recall must lie between 0 and 1")
	case o.Keep < First || o.Keep > Newest:
		panic("transform: no such preference")
	case o.Rounds < 0:
		panic("transform: negative number of rounds")
	case o.Salts < 1 || o.Salts > 1<<16-1:
		panic("transform: salts must be from 1 to 65535")
	}
	o.sketcher() // panics if it cannot be made
	if o.Banding == (lsh.Banding{}) {
		o.Banding = lsh.Choose(o.K, o.Threshold, o.Recall)
	}
	if b := o.Banding; b.Bands < 1 || b.Rows < 1 || b.Bands > o.K/b.Rows {
		panic(fmt.Sprintf("transform: banding %v does not fit %d registers", b, o.K))
	}
	return o
}

// sketcher returns what makes the signatures.
func (o Options) sketcher() *minhash.Sketcher {
	return minhash.New(minhash.Options{K: o.K, Seed: o.Seed, Elements: o.Shingler})
}
