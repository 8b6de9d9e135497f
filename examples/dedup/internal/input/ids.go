package input

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// A namer gives every document an id of its own.
type namer struct {
	o    Options
	seen map[uint64]struct{} // hashes of the ids so far; where two ids have the same hash, the second counts as read before

	cut *unpacking // of the file that unpacked to too much

	file   string
	none   idCount // documents of file without an id
	repeat idCount // and with one that was read before
}

// An idCount is how many documents of a file were named by place, and the first.
type idCount struct {
	n     int
	first Place
	id    string // that the first one had
	now   string // and that it has now
}

func (c *idCount) add(p Place, was, now string) {
	if c.n++; c.n == 1 {
		c.first, c.id, c.now = p, was, now
	}
}

var errNoID = because("no id", errors.New("no id (name another field with -field-id, or pass -id place or -id content); skipped"))

var errBombs = because("a decompression bomb", fmt.Errorf("its pages unpack to more than %d times its size, like decompression bombs; the rest of the file is lost", ratioBodies))

func place(err error) Place {
	if e, ok := err.(*Error); ok {
		return e.Place
	}
	return Place{}
}

// emit yields d, with an id of its own.
func (n *namer) emit(d *Doc, err error, yield func(*Doc, error) bool) bool {
	if n.cut != nil && (d != nil && d.File == n.cut.file || place(err).File == n.cut.file) {
		return true // after too much of the file
	}
	if u, ok := err.(*unpackedBody); ok {
		if !u.tooMuch() {
			return true
		}
		u.over.Store(true)
		n.cut = u.unpacking
		return yield(nil, failure(Place{File: u.file}, errBombs))
	}
	if d == nil {
		return yield(nil, err)
	}
	if n.o.Repeats {
		switch {
		case d.ID != "":
		case n.o.IDs == PlaceIDs:
			d.ID = d.Place.ID()
		case n.o.IDs == ContentIDs:
			sum := sha256.Sum256([]byte(d.Text))
			d.ID = hex.EncodeToString(sum[:16])
		default:
			return yield(nil, failure(d.Place, errNoID))
		}
		return yield(d, err)
	}
	if d.File != n.file {
		if !n.end(yield) {
			return false
		}
		n.file = d.File
	}
	was := d.ID
	if was != "" && n.add(was) {
		return yield(d, err)
	}
	if was != "" && d.Record > 0 && d.Time != "" && n.add(was+" "+d.Time) {
		d.ID = was + " " + d.Time // another capture of the page
		return yield(d, err)
	}
	d.ID = d.Place.ID()
	for more := 2; !n.add(d.ID); more++ {
		d.ID = fmt.Sprintf("%s#%d", d.Place.ID(), more)
	}
	if was == "" {
		n.none.add(d.Place, was, d.ID)
	} else {
		n.repeat.add(d.Place, was, d.ID)
	}
	return yield(d, err)
}

// add returns false if the id is not new.
func (n *namer) add(id string) bool {
	h := xxhash.Sum64String(id)
	if _, again := n.seen[h]; again {
		return false
	}
	n.seen[h] = struct{}{}
	return true
}

// end yields the notes about a file.
func (n *namer) end(yield func(*Doc, error) bool) bool {
	none, repeat := n.none, n.repeat
	n.none, n.repeat = idCount{}, idCount{}
	note := func(c idCount, what string) bool {
		if c.n == 0 {
			return true
		}
		docs := "documents have"
		if c.n == 1 {
			docs = "document has"
		}
		return yield(nil, &Error{
			Place: Place{File: n.file}, Note: true, Reason: "named by place",
			Err: fmt.Errorf("%d %s %s; named by place, like %s", c.n, docs, what, c.now),
		})
	}
	return note(none, "no id") &&
		note(repeat, fmt.Sprintf("an id that was read before, like %q at %s", repeat.id, repeat.first))
}
