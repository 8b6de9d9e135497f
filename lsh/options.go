package lsh

// Options configures [New]; the zero value is the recommended
// setting. A field out of its range panics when the options are first used.
type Options struct {
	// Threshold is the least Jaccard similarity of a match; 0 means 0.8. It
	// decides both which banding is chosen and what verification lets through.
	Threshold float64

	// Recall is the least probability with which a pair at the threshold
	// becomes a candidate; 0 means 0.99. See [Choose].
	Recall float64

	// Banding overrides what Threshold and Recall choose.
	Banding Banding

	// Seed is mixed into the keys of bands. Keep it secret, like the one of the
	// signatures, where the texts may be hostile.
	Seed uint64

	// Sets, if not nil, returns the set of a document that was added without
	// one, in ascending order and without repeats, or nil if it cannot. It may
	// compute the set anew at each call, and is asked for several times. It must
	// be safe for concurrent use and may not change the index.
	Sets func(id string) []uint64

	// Workers is the number of goroutines that Pairs and Clusters use; 0 means
	// 1, below 0 as many as there are processors. No result depends on it.
	Workers int

	// Capacity is the number of documents to make room for in advance.
	Capacity int
}

// withDefaults returns o with its zero fields set for signatures of k registers.
func (o Options) withDefaults(k int) Options {
	o.check()
	if o.Threshold == 0 {
		o.Threshold = 0.8
	}
	if o.Recall == 0 {
		o.Recall = 0.99
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
	if o.Threshold != 0 && !(o.Threshold > 0 && o.Threshold <= 1) {
		panic("lsh: threshold must be above 0 and at most 1")
	}
	if o.Recall != 0 && !(o.Recall > 0 && o.Recall < 1) {
		panic("lsh: recall must lie between 0 and 1")
	}
	if o.Capacity < 0 {
		panic("lsh: negative capacity")
	}
}
