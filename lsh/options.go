package lsh

// Options configures [New]; the zero value is the recommended setting. A field
// out of its range panics when the options are first used.
type Options struct {
	// Threshold is the least Jaccard similarity of a match; 0 means
	// DefaultThreshold. Both the banding and the verification follow it.
	Threshold float64

	// Recall is the least probability with which a pair at the threshold
	// becomes a candidate; 0 means DefaultRecall. See [Choose].
	Recall float64

	// Banding overrides the one that Threshold and Recall choose.
	Banding Banding

	// Seed is mixed into the keys of bands. A secret one keeps authors from filling
	// a bucket with signatures whose registers differ. Equal registers share a bucket
	// with any seed: those are prevented by the secret seed of the signatures, and
	// equal shingles of different words by that of the shingles.
	Seed uint64

	// Sets, if not nil, returns the element hashes of a document that was added
	// without them, in any order, or nil if it cannot. It may compute them anew
	// at each call, and is called several times for a document. It must be safe
	// for concurrent use and must not change the index.
	Sets func(id string) []uint64

	// Workers is the number of goroutines that Pairs and Clusters use; 0 means
	// 1, below 0 as many as there are processors. No result depends on it.
	Workers int

	// Progress, if not nil, is called by Pairs and Clusters from time to time,
	// by one goroutine of a call at a time, with the number of steps that are
	// done and the total.
	Progress func(done, total int)

	// Capacity is the number of documents to make room for in advance.
	Capacity int
}

// withDefaults returns o with its zero fields set for signatures of k registers.
func (o Options) withDefaults(k int) Options {
	o.check()
	if o.Threshold == 0 {
		o.Threshold = DefaultThreshold
	}
	if o.Recall == 0 {
		o.Recall = DefaultRecall
	}
	if o.Banding == (Banding{}) {
		o.Banding = Choose(k, o.Threshold, o.Recall)
	}
	if b := o.Banding; b.Bands < 1 || b.Rows < 1 || b.Bands > k/b.Rows {
		panic("lsh: banding " + b.String() + " does not fit the signature")
	}
	return o
}

func (o Options) check() {
	if o.Threshold != 0 {
		checkThreshold(o.Threshold)
	}
	if o.Recall != 0 {
		checkRecall(o.Recall)
	}
	if o.Capacity < 0 {
		panic("lsh: negative capacity")
	}
}
