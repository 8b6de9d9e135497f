package input

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// A namer gives every document a unique id.
type namer struct {
	o    Options
	seen hashSet // hashes of the ids so far; if two ids have the same hash, the second one counts as read before

	cut *unpacking // of the file that unpacked to too much; its rest is skipped

	notes Names
}

// Names counts the documents of each file that are named by place. The zero value is
// ready to use.
type Names struct {
	file   string
	none   idCount // documents of file without an id
	repeat idCount // documents of file with an id that was read before
}

// Named counts a document that still has the id with which it was read, and whose
// name comes from the given attempt: see [Doc.Name]. Documents arrive file by file,
// and yield receives the notes about the previous file. Named returns false if yield
// does.
func (n *Names) Named(d *Doc, attempt int, yield func(*Doc, error) bool) bool {
	if !n.meet(d.File, yield) {
		return false
	}
	n.named(d, d.Name(attempt), attempt)
	return true
}

// meet closes the previous file when another one begins.
func (n *Names) meet(file string, yield func(*Doc, error) bool) bool {
	if file == n.file {
		return true
	}
	if !n.End(yield) {
		return false
	}
	n.file = file
	return true
}

func (n *Names) named(d *Doc, name string, attempt int) {
	switch {
	case !d.byPlace(attempt):
	case d.ID == "":
		n.none.add(d.Place, "", name)
	default:
		n.repeat.add(d.Place, d.ID, name)
	}
}

// An idCount is the number of documents of a file that were named by place, and the
// first of them.
type idCount struct {
	n     int
	first Place
	id    string // id with which the first document was read
	now   string // id that the first document got instead
}

func (c *idCount) add(p Place, was, now string) {
	if c.n++; c.n == 1 {
		c.first, c.id, c.now = p, strings.Clone(was), strings.Clone(now)
	}
}

var errNoID = because("no id", errors.New("no id (name another field with -field-id, or pass -id place or -id content); skipped"))

var errBombs = because("a decompression bomb", fmt.Errorf("its pages unpack to more than %d times its size, like decompression bombs; the rest of the file is skipped", ratioBodies))

func place(err error) Place {
	if e, ok := err.(*Error); ok {
		return e.Place
	}
	return Place{}
}

// emit yields d, with a unique id.
func (n *namer) emit(d *Doc, err error, yield func(*Doc, error) bool) bool {
	if n.cut != nil && (d != nil && d.File == n.cut.file || place(err).File == n.cut.file) {
		return true // skip the rest of a file that unpacked to too much
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
	if n.o.Unnamed {
		return yield(d, err)
	}
	if !n.notes.meet(d.File, yield) {
		return false
	}
	name, attempt := "", 0
	for {
		if name = d.Name(attempt); n.add(name) {
			break
		}
		attempt++
	}
	n.notes.named(d, name, attempt)
	d.ID = name
	return yield(d, err)
}

// Name returns the name that a document gets if earlier documents have taken that
// many of its possible names: first its id; then, for another capture of a page in a
// web archive, its id and time; then its place; then the place and a number.
func (d *Doc) Name(attempt int) string {
	if d.ID != "" {
		if attempt == 0 {
			return d.ID
		}
		attempt--
		if d.recaptured() {
			if attempt == 0 {
				return d.ID + " " + d.Time
			}
			attempt--
		}
	}
	if attempt == 0 {
		return d.Place.ID()
	}
	return fmt.Sprintf("%s#%d", d.Place.ID(), attempt+1)
}

// recaptured reports whether a document can be distinguished by its time from
// another one with the same id.
func (d *Doc) recaptured() bool { return d.Record > 0 && d.Time != "" }

// byPlace reports whether the name of that attempt contains the place.
func (d *Doc) byPlace(attempt int) bool {
	if d.ID == "" {
		return true
	}
	if d.recaptured() {
		attempt--
	}
	return attempt > 0
}

// add adds an id; it returns false if the id is not new.
func (n *namer) add(id string) bool {
	return n.seen.add(xxhash.Sum64String(id))
}

// A hashSet is a set of hashes. The zero value is ready to use.
type hashSet struct {
	slots []uint64 // 0 marks a free slot
	n     int
	zero  bool   // 0 is in the set
	key   uint64 // makes the places of hashes secret, so that nobody can choose ids that collide
}

// add adds a hash; it returns false if h is in the set already.
func (s *hashSet) add(h uint64) bool {
	if h == 0 {
		was := s.zero
		s.zero = true
		return !was
	}
	if 4*s.n >= 3*len(s.slots) {
		s.grow()
	}
	at := s.find(h)
	if s.slots[at] == h {
		return false
	}
	s.slots[at] = h
	s.n++
	return true
}

// find returns the place of h, or the one that it would take.
func (s *hashSet) find(h uint64) int {
	hi, lo := bits.Mul64(h^s.key, s.key|1)
	mask := len(s.slots) - 1
	at := int(hi^lo) & mask
	for s.slots[at] != 0 && s.slots[at] != h {
		at = (at + 1) & mask
	}
	return at
}

func (s *hashSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(1024, 2*len(old)))
	s.key = rand.Uint64()
	for _, h := range old {
		if h != 0 {
			s.slots[s.find(h)] = h
		}
	}
}

func (n *namer) end(yield func(*Doc, error) bool) bool { return n.notes.End(yield) }

// End yields the notes about the last file.
func (n *Names) End(yield func(*Doc, error) bool) bool {
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
