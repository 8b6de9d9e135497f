package lsh

// Options configures [New]; the zero value is the recommended setting. A field out
// of its range causes a panic when the options are first used.
type Options struct {
	// Threshold is the minimum Jaccard similarity of a match; 0 means DefaultThreshold.
	// Both banding and verification depend on it.
	Threshold float64

	// Recall is the minimum probability that a pair at the threshold becomes a candidate;
	// 0 means DefaultRecall. See [Choose].
	Recall float64

	// Banding overrides the banding chosen for Threshold and Recall.
	Banding Banding

	// Seed is mixed into the keys of bands. A secret one keeps authors from filling a
	// bucket with signatures whose registers differ. Equal registers share a bucket with
	// any seed: a secret seed of the signatures prevents these, and a secret seed of the
	// shingles prevents equal shingles of different words.
	Seed uint64

	// Sets, if not nil, returns the element hashes of a document that was added without
	// them, in any order, or nil if it cannot. It may compute them at each call, and is
	// called several times per document. It must be safe for concurrent use and must not
	// change the index.
	Sets func(id string) []uint64

	// Workers is the number of goroutines that Pairs and Clusters use; 0 means
	// 1, below 0 as many as there are processors. No result depends on it.
	Workers int

	// Progress, if not nil, is called by Pairs and Clusters from time to time, by one
	// goroutine at a time per call, with the number of steps done and the total.
	Progress func(done, total int)

	// Capacity is the number of documents to make room for in advance.
	Capacity int
}

// withDefaults returns o with defaults for its zero fields, for signatures of k
// registers.
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
		panic("lsh: Capacity must not be negative")
	}
}
