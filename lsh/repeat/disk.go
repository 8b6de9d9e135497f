package repeat

import (
	"fmt"
	"slices"
)

// mergedRuns is the number of runs of one level that are merged into one of the
// next.
const mergedRuns = 4

// mostFences is the largest number of first keys of blocks that a run keeps in
// memory.
const mostFences = 1 << 16

// A disk keeps the places that a table does not hold. Each run has a filter, so runs
// without a key are rarely read.
type disk struct {
	dir     string
	filters int // number of bytes that filters may take
	fences  int
	runs    []*sortedRun // the oldest first
	buf     []byte       // room for a block
	err     error        // the first error

	known map[uint64][]place // places by key, valid until the next document
}

// forget drops the cached places; call it when a document begins.
func (d *disk) forget() {
	if len(d.known) > 1<<12 {
		d.known = nil // clearing it would take too long
	}
	clear(d.known)
}

// appendPlaces appends the places of a key to dst, newest first.
func (d *disk) appendPlaces(dst []place, key uint64) []place {
	if len(d.runs) == 0 || d.err != nil {
		return dst
	}
	if places, ok := d.known[key]; ok {
		return append(dst, places...)
	}
	from := len(dst)
	for _, r := range slices.Backward(d.runs) {
		n := len(dst)
		var err error
		if dst, err = r.appendPlaces(dst, key, d.buf); err != nil {
			d.fail(err)
			return dst[:from]
		}
		slices.Reverse(dst[n:])
		if isCommon(dst[from:]) {
			break
		}
	}
	if len(dst) > from {
		if d.known == nil {
			d.known = map[uint64][]place{}
		}
		d.known[key] = slices.Clone(dst[from:])
	}
	return dst
}

// take writes the places of a table and clears it.
func (d *disk) take(t *table) {
	t.sort()
	if err := d.write(t.entries); err != nil {
		d.fail(err)
	}
	t.clear()
}

func (d *disk) fail(err error) {
	if d.err == nil {
		d.err = fmt.Errorf("repeat: temporary file: %w", err)
	}
}

// write adds a run of sorted entries.
func (d *disk) write(entries []entry) error {
	if d.err != nil {
		return nil // nothing is written after an error; Err returns the first one
	}
	if d.buf == nil {
		d.buf = make([]byte, blockSize)
	}
	w, err := newRun(d.dir, len(entries), d.fences, d.filter(len(entries)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		w.add(e.key, e.place)
	}
	r, err := w.end()
	if err != nil {
		return err
	}
	d.runs = append(d.runs, r)
	for {
		n := len(d.runs) - mergedRuns
		if n < 0 || d.runs[n].level != d.runs[len(d.runs)-1].level {
			return nil
		}
		if err := d.merge(n); err != nil {
			return err
		}
	}
}

// filter returns an empty filter for n keys. It takes half of the memory that other
// filters leave, so that later runs have room too.
func (d *disk) filter(n int) filter {
	left := d.filters
	for _, r := range d.runs {
		left -= r.filter.bytes()
	}
	return newFilter(n, left/2)
}

// merge merges all runs from an index on into one.
func (d *disk) merge(from int) error {
	old := d.runs[from:]
	var cursors [mergedRuns]cursor
	n := 0
	for i, r := range old {
		n += r.n
		r.filter = filter{} // frees its memory: the filter is no longer used
		cursors[i] = cursor{run: r}
		if err := cursors[i].next(); err != nil {
			return err
		}
	}
	w, err := newRun(d.dir, n, d.fences, d.filter(n))
	if err != nil {
		return err
	}
	w.level = old[0].level + 1
	for range n {
		var least *cursor
		for i := range cursors {
			// Places with the same key are ordered by run, the oldest first.
			if c := &cursors[i]; c.left() && (least == nil || c.key < least.key) {
				least = c
			}
		}
		w.add(least.key, least.place)
		if err := least.next(); err != nil {
			remove(w.file)
			return err
		}
	}
	r, err := w.end()
	if err != nil {
		return err
	}
	for _, r := range old {
		remove(r.file)
	}
	d.runs = append(d.runs[:from], r)
	return nil
}

// close removes the files.
func (d *disk) close() {
	for _, r := range d.runs {
		remove(r.file)
	}
	d.runs = nil
}

// A cursor reads a run from its beginning.
type cursor struct {
	run   *sortedRun
	done  int // places read, including the current one
	buf   []byte
	key   uint64
	place place
}

// readBlocks is the number of blocks that a cursor reads at once.
const readBlocks = 32

// next advances to the next place, unless there is none.
func (c *cursor) next() error {
	c.done++
	if !c.left() {
		return nil
	}
	i := c.done - 1
	if block := i / perBlock; i%(readBlocks*perBlock) == 0 {
		n := min(readBlocks, c.run.blocks()-block)
		if c.buf == nil {
			c.buf = make([]byte, n*blockSize)
		}
		c.buf = c.buf[:n*blockSize]
		if err := c.run.read(block, c.buf); err != nil {
			return err
		}
	}
	c.key, c.place = at(c.buf[i/perBlock%readBlocks*blockSize:], i%perBlock)
	return nil
}

// left reports whether there is a current place.
func (c *cursor) left() bool { return c.done <= c.run.n }
