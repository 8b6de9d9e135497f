// Package disk is an index of near-duplicates that outlives the process:
// documents with their signatures go in, and the matches of a document come out,
// after a crash as before it.
//
// It answers what an [lsh.Index] answers, and is for those who add documents for
// months and cannot start anew, such as a crawler:
//
//	mh := minhash.New(minhash.Options{Elements: sh})
//	ix, err := disk.Open("seen", disk.Options{Scheme: mh.Scheme()})
//	...
//	h := sh.Hashes(page.Text)
//	match, seen, err := ix.InsertNew(ctx, disk.Document{ID: page.URL, Signature: mh.Sketch(h), Set: h})
//	...
//	err = ix.Sync(ctx) // now the page will be known whatever happens
//
// # Durability
//
// Documents added or removed before a call of [Index.Sync] are on disk when the call
// returns without error: it survives the death of the process at any moment and,
// as far as the disk does what it is asked to, a loss of power. Operations that
// were not synced may be lost, as a whole from some operation on. After a call
// that failed to write, the index takes no more; open it anew. [Index.Recovery]
// describes the unfinished write that opening cut off.
//
// Every byte of every file is under a checksum, which is checked when the byte
// is read, or for tables when their page is first read. Damage is an error that
// wraps [ErrCorrupt], for readers as for writers; [Index.Verify] looks for it
// everywhere, and [Repair] saves the intact part. Damage to the very last frame of
// an index that was not closed looks like an unfinished write, and is cut off.
//
// docs/reliability.md has the promises in full, how each is tested, and what is not
// promised.
//
// # Files
//
// An index is a directory with a log of documents, sorted tables by which they
// are found, and a manifest. Opening reads the manifest and the end of the log,
// however large the index is. Tables are mapped into memory (on Windows read
// into it), documents are read from the log when they are candidates; see
// FORMAT.md. The files hold signatures, and sets if they were given, but no text.
//
// An index has one writer at a time, and any number of readers: see
// [Options.ReadOnly]. It must be on a local disk.
//
// # Forgetting
//
// Documents go by id ([Index.Remove]), by being added anew, or by age
// ([Index.Expire]); [Index.Compact] gives back their room.
package disk
