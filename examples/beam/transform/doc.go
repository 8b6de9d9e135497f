// Package transform finds near-duplicates and recycled blocks in Apache Beam
// pipelines, and so on as many machines as Flink, Spark or Dataflow have. What it
// finds is what packages lsh and boilerplate find in one process: the same
// clusters, the same documents to keep, for the same preference.
//
//	p, s := beam.NewPipelineWithRoot()
//	documents := ... // a PCollection of transform.Document
//	r := transform.NearDuplicates(s, documents, transform.Options{Keep: transform.Longest})
//	// r.Clusters, r.Kept, r.Removed
//
// # Stages
//
//	documents -> sketches          SketchDocuments   signature, set, keys of the bands
//	twins -> their first           CollapseTwins     same signature and set
//	band keys -> buckets -> stars  FindCandidates
//	stars -> edges                 Verify            sets compared
//	edges -> fates                 ClusterEdges      greedy, in the order of preference
//	fates -> clusters, keep list   Settle
//
// They are made of ParDo, GroupByKey, Combine and Flatten alone, which every
// runner has: no side inputs, no CoGroupByKey, no state. Values of a group are
// read once.
//
// # Hot keys
//
// Of a crawl, two fifths may be one document, or meet in one bucket. Everything
// that many documents may share is therefore grouped in two levels, by (key, salt)
// and then by key, and no group of the second level gets more than a summary: see
// Options.Salts. Which buckets are compared in full is decided as package lsh does
// ([github.com/neardup/neardup/lsh.FullSize]); what was left out of the others
// comes out as Bounded, and is counted in the metrics of [Namespace].
//
// What is left on one worker is all edges (unless Options.Rounds is set), then all
// of a connected component; the members of one cluster; the large buckets of one
// band, some hundred bytes for each.
//
// # Equality
//
// Package lsh groups by 32 bits of a band's hash, this package by 64. A pair that
// lsh compares only because two different bands have the same 32 bits, and that
// matches, would be found by lsh alone; of that nothing has been seen.
//
// # Passages
//
// The passages that documents share are not here. Fingerprints would make buckets
// as bands do, but what follows is the alignment of two texts, of every pair that
// shares a fingerprint: it needs whole texts at the pairs, many times the bytes
// that travel here, and a cap on document frequencies that is chosen for the
// corpus. Passages of the few pairs of interest are better sought in one process,
// by lsh/passage.
package transform
