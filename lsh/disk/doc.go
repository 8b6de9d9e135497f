// Package disk is an index of near-duplicates that outlives the process. It stores
// documents with their signatures and returns the matches of a document, even after
// a crash.
//
// It returns the same answers as an [lsh.Index]. It is for programs that add
// documents for months and cannot start over, such as crawlers:
//
//	mh := minhash.New(minhash.Options{Elements: sh})
//	ix, err := disk.Open("seen", disk.Options{Scheme: mh.Scheme()})
//	...
//	h := sh.Hashes(page.Text)
//	match, seen, err := ix.InsertNew(ctx, disk.Document{ID: page.URL, Signature: mh.Sketch(h), Set: h})
//	...
//	err = ix.Sync(ctx) // from now on the page is known whatever happens
//
// # Durability
//
// Changes made before a call of [Index.Sync] are on disk when the call returns
// without error: they survive the death of the process at any moment and, if the
// disk honours a sync, a loss of power. Operations that were not synced may be lost,
// but only from some point on: none is lost without all later ones. After a failed
// write the index accepts no more; open it again. [Index.Recovery] describes the
// unfinished write that opening cut off.
//
// Every byte of every file is covered by a checksum, which is checked when the byte
// is read, or for tables when their page is first read. Damage is reported as an
// error that wraps [ErrCorrupt], to readers and writers alike; [Index.Verify] checks
// every byte, and [Repair] saves the intact part. Damage to the very last frame of
// an index that was not closed looks like an unfinished write, and is cut off.
//
// docs/reliability.md lists all promises, how each is tested, and the limits.
//
// # Files
//
// An index is a directory with a log of documents, sorted tables for look-up, and a
// manifest. Opening reads the manifest and the end of the log, however large the
// index is. Tables are mapped into memory (on Windows read into memory); documents
// are read from the log when they are candidates. See FORMAT.md. The files hold
// signatures, and sets if they were given, but no text.
//
// An index has one writer at a time, and any number of readers: see
// [Options.ReadOnly]. It must be on a local disk.
//
// # Forgetting
//
// Documents are removed by id ([Index.Remove]), by adding one with the same id, or
// by age ([Index.Expire]); [Index.Compact] frees their space.
package disk
