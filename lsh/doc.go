// Package lsh finds near-duplicates: signatures of documents go in, and verified
// matches, pairs and clusters come out.
//
// The signatures come from package minhash, the sets behind them from package
// shingle:
//
//	var sh shingle.Shingler
//	mh := minhash.New(minhash.Options{})
//	ix := lsh.New(lsh.Options{Threshold: 0.8})
//	for _, d := range docs {
//		set := sh.Set(d.Text)
//		ix.AddSet(d.ID, mh.SketchHashes(set), set)
//	}
//	for p := range ix.Pairs() {
//		fmt.Printf("%.2f %s %s\n", p.Similarity, p.A, p.B)
//	}
//
// An [Index] serves documents that come and go; a [Batch] takes millions at once,
// one band at a time, and gives the same answers.
//
// # Recall
//
// Locality-sensitive hashing proposes candidates: pairs whose signatures agree
// in a whole band of registers. Bands and rows are chosen so that a pair at the
// threshold becomes a candidate with a probability of at least 99 % unless asked
// otherwise ([Choose]); [Banding.Recall] is the curve for every other similarity.
//
// Candidates are then verified. Where the sets of both documents are known, the
// exact similarity decides: nothing below the threshold is ever reported, and a
// pair at the threshold is lost to the banding or, one time in 30,000, to an
// estimate more than four standard errors below the threshold. Where only
// signatures are known, the estimate decides: of pairs at the very threshold it
// lets half pass, with k registers 98 % of those two standard errors, each
// sqrt(t(1-t)/k), above it. Every result says which of the two it is.
//
// # Work
//
// A bucket holds the documents that share one band. In a bucket of up to 128
// different signatures all are compared with each other, and in larger ones too
// as long as these take no more than four million comparisons or 16 a document.
// Larger buckets are bounded: all in them are compared with the first 8. So no
// text can make the work grow faster than the number of documents. Alike texts
// meet in many buckets, most of them small; what was left out is counted in
// [Work] and [Stats]. A million copies of one document are one signature, and
// cost no more than a million others; of so many pairs those with the first copy
// are listed.
package lsh
