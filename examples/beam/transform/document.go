package transform

import (
	"encoding/binary"
	"fmt"
	"time"
)

// A Document is a text with its name and its place in the input.
type Document struct {
	ID   string
	Host string // of its page; only recycled blocks need it
	Text string
	Time time.Time // zero if not known; only the preference Newest needs it

	// Order is unlike that of every other document: which of two documents
	// comes first.
	Order Order
}

// An Order is a place in the input: the number of the file, not negative, and a
// number that grows within it, such as the offset of a line.
type Order struct {
	File   int
	Offset int64
}

// A Keep says which document of a cluster is to be kept: its representative.
type Keep int

// The preferences. Equals go by id, and those of the same id by order.
const (
	First   Keep = iota // in the order of the input
	Longest             // by bytes of text
	Newest              // by time; no time is the oldest
)

// ParseKeep returns the preference of a name: first, longest or newest.
func ParseKeep(name string) (Keep, error) {
	for k, n := range keepNames {
		if n == name {
			return Keep(k), nil
		}
	}
	return 0, fmt.Errorf("transform: preference %q is none of first, longest, newest", name)
}

var keepNames = [...]string{First: "first", Longest: "longest", Newest: "newest"}

// String returns the name of the preference.
func (k Keep) String() string { return keepNames[k] }

// A Ref is how a document is called between the stages. Refs are unique, and in
// the order of their bytes the one to be preferred comes first: 12 bytes for
// First, and for the others 23 and more, since the id decides between equals.
type Ref string

// Ref returns the reference to d under a preference.
func (d Document) Ref(k Keep) Ref {
	b := make([]byte, 0, 40+len(d.ID))
	switch k {
	case Longest:
		b = binary.BigEndian.AppendUint64(b, ^uint64(len(d.Text)))
		b = appendOrdered(b, d.ID)
	case Newest:
		// The sign bit flipped makes signed seconds sort as unsigned ones; then
		// all are inverted, since the latest comes first.
		b = binary.BigEndian.AppendUint64(b, ^(uint64(d.Time.Unix()) ^ 1<<63))
		b = binary.BigEndian.AppendUint32(b, ^uint32(d.Time.Nanosecond()))
		b = appendOrdered(b, d.ID)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(d.Order.File))
	b = binary.BigEndian.AppendUint64(b, uint64(d.Order.Offset)^1<<63)
	return Ref(b)
}

// appendOrdered appends a string so that the results sort as the strings do,
// whatever follows: a zero byte becomes 0, 255, and the end is 0, 1.
func appendOrdered(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, s[i])
		if s[i] == 0 {
			b = append(b, 255)
		}
	}
	return append(b, 0, 1)
}
