// Package lsh finds near-duplicates: it takes the signatures of documents and
// returns verified matches, pairs and clusters.
//
// The signatures come from package minhash, the elements of the documents from
// package shingle:
//
//	var sh shingle.Shingler
//	mh := minhash.New(minhash.Options{Elements: sh})
//	ix := lsh.New(lsh.Options{Threshold: 0.8})
//	for _, d := range docs {
//		h := sh.AppendHashes(nil, d.Text)
//		ix.AddSet(d.ID, mh.Sketch(h), h)
//	}
//	pairs, err := ix.Pairs(ctx)
//	if err != nil {
//		return err
//	}
//	for _, p := range pairs {
//		fmt.Printf("%.2f %s %s\n", p.Similarity, p.A, p.B)
//	}
//
// An [Index] is for documents that come and go. A [Batch] takes millions of
// documents at once, processes one band at a time, and gives the same answers. It
// also compares a new batch with known documents, and finds short texts inside long
// ones.
//
// # Recall
//
// Locality-sensitive hashing proposes candidates: pairs whose signatures agree in a
// whole band of registers. Bands and rows are chosen so that a pair at the threshold
// becomes a candidate with a probability of at least 99 % by default ([Choose]);
// [Banding.Recall] is the curve for every other similarity, and docs/benchmarks.md
// has its values for common thresholds.
//
// Candidates are then verified by a [Rule]. Where the sets of both documents are
// known, the exact similarity decides: nothing below the threshold is ever reported,
// and a pair at the threshold is lost to the banding or, one time in 30,000, to an
// estimate more than four standard errors below the threshold. Where only signatures
// are known, the estimate decides: it accepts half of the pairs exactly at the
// threshold, and 98 % of pairs two standard errors above it, each sqrt(t(1-t)/k)
// with k registers. [Score.Exact] reports which of the two a result is.
//
// # Work
//
// A bucket holds the documents that share one band. In a bucket of up to 128
// different signatures, all are compared with each other; the same goes for larger
// buckets, as long as these take no more than four million comparisons or 16 per
// document. Still larger buckets are bounded: their documents are compared with the
// first 8. So no text can make the work grow faster than the number of documents.
// Similar texts meet in many buckets, most of them small; comparisons left out are
// counted in [Work] and [Stats]. A million exact duplicates count as one signature,
// and cost no more than a million other documents; only their pairs with the first
// copy are listed.
//
// # Memory
//
// An index of 16 bands takes 313 to 327 bytes per document, or 267 to 275 if
// [Options.Capacity] was right, in addition to the signature and the id (go test
// ./lsh -bench Memory), and 8 for each hash passed to [Index.AddSet]. A batch takes
// up to 24 in addition to signatures and results. docs/benchmarks.md has measurements
// for up to ten million documents.
//
// # Stability
//
// Results come in a defined order, and are the same for any number of workers and
// processors, on every platform. This package stores nothing: bands and keys may
// change from one version to the next, and with them the pairs that are missed
// within the promised recall.
package lsh
