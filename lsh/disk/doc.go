// Package disk is an index of near-duplicates that outlives the process:
// documents with their signatures go in, and what matches a document comes out,
// after a crash as before it.
//
// It answers what an [lsh.Index] answers, and is for those who add documents for
// months and cannot start anew, such as a crawler:
//
//	mh := minhash.New(minhash.Options{Elements: sh})
//	ix, err := disk.Open("seen", disk.Options{Scheme: mh.Scheme()})
//	...
//	set := sh.Set(page.Text)
//	match, seen, err := ix.Insert(ctx, disk.Document{ID: page.URL, Signature: mh.Sketch(set), Set: set})
//	...
//	err = ix.Sync(ctx) // now the page will be known whatever happens
//
// # Durability
//
// What was added before a call of [Index.Sync] is on disk when the call returns:
// it survives the death of the process at any moment and, as far as the disk
// does what it is asked to, a loss of power. What was not synced may be lost, as
// a whole from some document on; nothing else is. [Index.Recovery] says what was
// found half written and was cut off.
//
// Every byte of every file is under a checksum, which is checked when the byte
// is read, or for tables when their page is first read. Damage is an error that
// wraps [ErrCorrupt], never a wrong answer; [Index.Verify] looks for it
// everywhere. One thing cannot be told from an unfinished write: damage to the
// very last frame of an index that was not closed. It is cut off.
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
// # Speed
//
// The command in compare puts the same documents into an index and into SQLite
// and prints a table. On two busy cores, with 150,000 documents, an index took 18
// times as many documents a second at 1,000 a sync (34,365 and 1,929), synced
// single ones in 0.6 of the time, and answered a query in 9.4 µs (median; 108 µs);
// it had 711 bytes a document on disk (904), and 21 MB of its own in memory.
// With a million documents the adds were 27 times as many, single ones took 0.3 of
// the time, and a query 20 µs (median; 123 µs); the index opened in 5 ms, had 4.5 MB
// of its own in memory and 726 bytes a document on disk.
//
//	GOWORK=off go -C bench/disk run . -docs 150000 -queries 10000
//	GOWORK=off go -C bench/disk run . -docs 1000000 -queries 10000
//
// # Forgetting
//
// Documents go by id ([Index.Remove]), by being added anew, or by age
// ([Index.Expire]); [Index.Compact] gives back their room.
package disk
