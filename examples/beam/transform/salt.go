package transform

import "github.com/cespare/xxhash/v2"

// A hot key is a value that a large part of the documents have in common. No
// worker may have to hold or visit all of them, so each such group is made in
// two levels: first by (key, salt), then by key, where every salted group sends
// no more than a summary. Salts are a function of the reference: what a retried
// bundle sends is what the first try sent.

// saltOf returns the salted part that a document belongs to.
func saltOf(r Ref, salts int) uint16 { return uint16(xxhash.Sum64String(string(r)) % uint64(salts)) }

// whole is the salt of a key that is not cut into parts.
const whole = 1<<16 - 1
