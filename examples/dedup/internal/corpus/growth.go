package corpus

import (
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/neardup/neardup/examples/dedup/internal/input"
)

// A growth estimates how many documents there will be, so that lists of them need not
// be copied as they grow.
type growth struct {
	total int64 // bytes of all inputs; 0 if that is not known
	read  atomic.Int64
}

// newGrowth returns the estimate for inputs that are files.
func newGrowth(inputs []string) *growth {
	g := new(growth)
	for _, name := range inputs {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return new(growth)
		}
		g.total += info.Size()
	}
	return g
}

// watch makes o count the bytes read.
func (g *growth) watch(o *input.Options) {
	if g.total == 0 {
		return
	}
	next := o.Progress
	o.Progress = func(bytes int64) {
		g.read.Store(bytes)
		if next != nil {
			next(bytes)
		}
	}
}

// documents estimates how many documents follow the first n; it returns 0 if it
// cannot.
func (g *growth) documents(n int) int {
	read := g.read.Load()
	if n < 1024 || read <= 0 || read > g.total {
		return 0
	}
	// The bytes read include bytes of documents after the first n, so the estimate would
	// be a little too low; adding a tenth makes up for that.
	return int(float64(n)*1.1*float64(g.total)/float64(read)) - n
}

// names stores strings that live as long as the corpus, many in one allocation.
type names struct{ free []byte }

// nameBytes is the size of an allocation.
const nameBytes = 1 << 16

// clone returns a copy of s.
func (n *names) clone(s string) string {
	switch {
	case s == "":
		return ""
	case len(s) > nameBytes/4:
		return string([]byte(s))
	case len(s) > len(n.free):
		n.free = make([]byte, nameBytes)
	}
	b := n.free[:copy(n.free, s)]
	n.free = n.free[len(b):]
	return unsafe.String(&b[0], len(b))
}
