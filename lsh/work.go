package lsh

// Work counts the comparisons of a batch call, and those left out to keep the work
// linear. The zero value describes a call without documents.
type Work struct {
	Documents       int   // documents that took part: neither empty nor removed
	ExactDuplicates int   // documents among them with the signature and set of an earlier one
	Candidates      int64 // pairs whose signatures were compared
	Verified        int64 // pairs among them whose sets were compared

	// LargestBucket is the number of documents in the largest bucket, exact
	// duplicates counted once.
	LargestBucket int

	// Bounded is the number of oversized buckets: those too large to compare all their
	// documents with each other, so that all were compared only with the first
	// BucketLeaders. BoundedDocuments is the number of documents in them, counted once
	// for each bucket, and Skipped the number of comparisons that were left out. A pair
	// that also meets in a smaller bucket is still found.
	Bounded, BoundedDocuments int
	Skipped                   int64

	// BoundedDuplicates is the number of documents in groups of exact duplicates for
	// which not every pair is listed: each document is paired only with the first of its
	// group, and the first represents the group in pairs with others.
	BoundedDuplicates int
}

// add adds the figures of v that workers count.
func (w *Work) add(v Work) {
	w.ExactDuplicates += v.ExactDuplicates
	w.Candidates += v.Candidates
	w.Verified += v.Verified
	w.LargestBucket = max(w.LargestBucket, v.LargestBucket)
	w.Bounded += v.Bounded
	w.BoundedDocuments += v.BoundedDocuments
	w.Skipped += v.Skipped
	w.BoundedDuplicates += v.BoundedDuplicates
}
