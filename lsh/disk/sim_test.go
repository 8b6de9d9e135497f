package disk

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
)

var (
	errPower = errors.New("the power is off")
	errDisk  = errors.New("the disk refuses")
)

// A simDisk is a disk in memory that separates bytes written from bytes that are
// durable. Any call may be made to fail, and the power may go off in the middle
// of any that changes something. It is as hostile as POSIX lets a disk be:
//
//   - After a loss of power, each piece of 512 bytes that was not synced is either
//     there or not, whatever the order of the writes; a file may have its new size
//     without its new bytes.
//   - Each name that was made, changed or removed since the last syncDir is either as
//     before or as after, whatever the order of the changes.
//   - A call that fails may have done its work, some of it or none.
//   - A Sync that fails leaves pages that later ones take for clean: reads return what
//     was written, but it is lost with the power unless it is written once more.
type simDisk struct {
	mu      sync.Mutex
	r       *rand.Rand
	root    *simNode
	locks   map[string]bool
	off     bool
	calls   int // number of calls of any kind
	changes int // number of calls that change something

	failAt  int  // the call that fails; 0 for none
	forever bool // whether all calls after it fail too
	cutAt   int  // the change during which the power fails; 0 for none
	hookAt  int  // the call before which hook is called; 0 for none
	hook    func()
	between func() // called before each call, if not nil
}

// A simNode is a file or a directory.
type simNode struct {
	isDir bool

	// For a directory: the names as they are seen, the durable names, and the changes
	// since the last syncDir.
	names, durableNames map[string]*simNode
	pendingNames        []nameChange

	// For a file: the bytes as they are read, the durable bytes, and the changes since
	// the last Sync.
	data, durable []byte
	pending       []dataChange
}

// A nameChange gives a name a node, or removes the name if the node is nil. A rename is
// two changes that go together.
type nameChange struct {
	name   string
	node   *simNode
	second *nameChange
}

// A dataChange is bytes at an offset, or another size if there are no bytes.
type dataChange struct {
	at    int64
	bytes []byte
	clean bool // left by a failed Sync: no later Sync makes it durable
}

func newSimDisk(seed uint64) *simDisk {
	return &simDisk{
		r:     rand.New(rand.NewPCG(seed, 77)),
		root:  &simNode{isDir: true, names: map[string]*simNode{}, durableNames: map[string]*simNode{}},
		locks: map[string]bool{},
	}
}

// call begins a call. It returns an error if the call or the power fails during it; the
// caller may then do any part of its work.
func (d *simDisk) call(change bool) error {
	d.calls++
	if d.calls == d.hookAt {
		d.hook()
	}
	if f := d.between; f != nil {
		d.between = nil
		d.mu.Unlock()
		f()
		d.mu.Lock()
		d.between = f
	}
	if d.off {
		return errPower
	}
	if change {
		if d.changes++; d.changes == d.cutAt {
			d.off = true
			return errPower
		}
	}
	if d.failAt > 0 && (d.calls == d.failAt || d.forever && d.calls > d.failAt) {
		return errDisk
	}
	return nil
}

// flip tosses a coin; it does not toss once the power is permanently off.
func (d *simDisk) flip() bool { return d.r.IntN(2) == 0 }

// find returns the node of a path; nil if there is none.
func (d *simDisk) find(path string) *simNode {
	n := d.root
	for part := range slices.Values(splitPath(path)) {
		if n == nil || !n.isDir {
			return nil
		}
		n = n.names[part]
	}
	return n
}

func splitPath(path string) []string {
	path = filepath.Clean(path)
	if path == "/" || path == "." {
		return nil
	}
	dir, name := filepath.Split(path)
	return append(splitPath(dir), name)
}

func (d *simDisk) parent(path string) (*simNode, string, error) {
	dir, name := filepath.Split(filepath.Clean(path))
	if n := d.find(dir); n != nil && n.isDir {
		return n, name, nil
	}
	return nil, "", missingFile(path)
}

func missingFile(path string) error {
	return &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

// change changes names of a directory.
func (n *simNode) change(c nameChange) {
	c.apply(n.names)
	n.pendingNames = append(n.pendingNames, c)
}

func (c *nameChange) apply(names map[string]*simNode) {
	if c.node == nil {
		delete(names, c.name)
	} else {
		names[c.name] = c.node
	}
	if c.second != nil {
		c.second.apply(names)
	}
}

func (d *simDisk) create(name string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.call(true)
	if err != nil && d.flip() {
		return nil, err
	}
	dir, base, e := d.parent(name)
	if e != nil {
		return nil, errors.Join(e, err)
	}
	n := dir.names[base]
	if n == nil {
		n = &simNode{}
		dir.change(nameChange{name: base, node: n})
	} else {
		n.write(dataChange{at: 0})
	}
	if err != nil {
		return nil, err
	}
	return &simFile{d, n}, nil
}

func (d *simDisk) open(name string, write bool) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call(false); err != nil {
		return nil, err
	}
	n := d.find(name)
	if n == nil || n.isDir {
		return nil, missingFile(name)
	}
	return &simFile{d, n}, nil
}

func (d *simDisk) exists(name string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call(false); err != nil {
		return false, err
	}
	return d.find(name) != nil, nil
}

func (d *simDisk) rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.call(true)
	if err != nil && d.flip() {
		return err
	}
	dir, base, e := d.parent(from)
	if e != nil || dir.names[base] == nil {
		return errors.Join(missingFile(from), err)
	}
	dir.change(nameChange{filepath.Base(to), dir.names[base], &nameChange{name: base}})
	return err
}

func (d *simDisk) remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.call(true)
	if err != nil && d.flip() {
		return err
	}
	dir, base, e := d.parent(name)
	if e != nil || dir.names[base] == nil {
		return errors.Join(missingFile(name), err)
	}
	dir.change(nameChange{name: base})
	return err
}

func (d *simDisk) mkdir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.call(true)
	if err != nil && d.flip() {
		return err
	}
	dir, base, e := d.parent(name)
	if e != nil {
		return errors.Join(e, err)
	}
	if dir.names[base] == nil {
		dir.change(nameChange{name: base, node: &simNode{isDir: true, names: map[string]*simNode{}, durableNames: map[string]*simNode{}}})
	}
	return err
}

func (d *simDisk) names(dir string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call(false); err != nil {
		return nil, err
	}
	n := d.find(dir)
	if n == nil || !n.isDir {
		return nil, missingFile(dir)
	}
	return slices.Sorted(maps.Keys(n.names)), nil
}

// syncDir makes the names in a directory durable. If it fails, it may have done some of
// its work; the next call does the rest.
func (d *simDisk) syncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.call(true)
	n := d.find(dir)
	if n == nil || !n.isDir {
		return errors.Join(missingFile(dir), err)
	}
	done := len(n.pendingNames)
	if err != nil {
		done = d.r.IntN(done + 1)
	}
	for _, c := range n.pendingNames[:done] {
		c.apply(n.durableNames)
	}
	n.pendingNames = slices.Clone(n.pendingNames[done:])
	return err
}

func (d *simDisk) lock(name string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call(false); err != nil {
		return nil, err
	}
	if _, _, err := d.parent(name); err != nil {
		return nil, err
	}
	if d.locks[name] {
		return nil, ErrLocked
	}
	d.locks[name] = true
	return simLock{d, name}, nil
}

type simLock struct {
	d    *simDisk
	name string
}

func (l simLock) Close() error {
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	delete(l.d.locks, l.name)
	return nil
}

type simFile struct {
	d *simDisk
	n *simNode
}

func (n *simNode) write(c dataChange) {
	n.data = c.apply(n.data)
	n.pending = append(n.pending, c)
}

// apply returns data with the change.
func (c *dataChange) apply(data []byte) []byte {
	end := c.at + int64(len(c.bytes))
	if c.bytes == nil && int64(len(data)) > end {
		return slices.Clone(data[:end])
	}
	if grow := end - int64(len(data)); grow > 0 {
		data = append(data, make([]byte, grow)...)
	}
	copy(data[c.at:], c.bytes)
	return data
}

func (f *simFile) ReadAt(b []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.call(false); err != nil {
		return 0, err
	}
	n := 0
	if off < int64(len(f.n.data)) {
		n = copy(b, f.n.data[off:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *simFile) WriteAt(b []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	err := f.d.call(true)
	n := len(b)
	if err != nil {
		n = f.d.r.IntN(n + 1)
	}
	if n > 0 {
		f.n.write(dataChange{at: off, bytes: slices.Clone(b[:n])})
	}
	return n, err
}

func (f *simFile) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.call(false); err != nil {
		return 0, err
	}
	return int64(len(f.n.data)), nil
}

func (f *simFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	err := f.d.call(true)
	if err == nil || f.d.flip() {
		f.n.write(dataChange{at: size})
	}
	return err
}

func (f *simFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	err := f.d.call(true)
	if err != nil && f.d.off {
		return err
	}
	left := f.n.pending[:0]
	for _, c := range f.n.pending {
		if c.clean || err != nil && f.d.flip() {
			c.clean = c.bytes != nil
			left = append(left, c)
			continue
		}
		f.n.durable = c.apply(f.n.durable)
	}
	f.n.pending = left
	return err
}

func (f *simFile) Close() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return f.d.call(false)
}

func (f *simFile) mapped(n int) ([]byte, func() error, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.call(false); err != nil {
		return nil, nil, err
	}
	return slices.Clone(f.n.data[:n]), func() error { return nil }, nil
}

// crash simulates the death of the process: locks are gone; bytes that were written can
// still be read, but are no more durable than before.
func (d *simDisk) crash() {
	clear(d.locks)
	d.failAt, d.cutAt, d.hookAt, d.between = 0, 0, 0, nil
}

// reboot returns a disk as it may be found when the power is back. A loss of power has
// many possible outcomes: the seed selects one.
func (d *simDisk) reboot(seed uint64) *simDisk {
	out := newSimDisk(seed)
	seen := map[*simNode]*simNode{}
	out.root = d.root.survive(out.r, seen)
	return out
}

const simSector = 512

func (n *simNode) survive(r *rand.Rand, seen map[*simNode]*simNode) *simNode {
	if s := seen[n]; s != nil {
		return s
	}
	s := &simNode{isDir: n.isDir}
	seen[n] = s
	kept := survivors(r)
	if !n.isDir {
		s.data = slices.Clone(n.durable)
		for i, c := range n.pending {
			if c.bytes == nil {
				if kept(i, len(n.pending)) && !c.clean {
					s.data = c.apply(s.data)
				}
				continue
			}
			for at := c.at; at < c.at+int64(len(c.bytes)); {
				end := min((at/simSector+1)*simSector, c.at+int64(len(c.bytes)))
				if kept(i, len(n.pending)) && !c.clean {
					part := dataChange{at: at, bytes: c.bytes[at-c.at : end-c.at]}
					s.data = part.apply(s.data)
				}
				at = end
			}
		}
		if len(s.data) < len(n.data) && r.IntN(4) == 0 { // the new size without the new bytes
			fill := make([]byte, len(n.data)-len(s.data))
			if r.IntN(2) == 0 {
				for i := range fill {
					fill[i] = byte(r.Uint32())
				}
			}
			s.data = append(s.data, fill...)
		}
		s.durable = slices.Clone(s.data)
		return s
	}
	names := maps.Clone(n.durableNames)
	for i, c := range n.pendingNames {
		if kept(i, len(n.pendingNames)) {
			c.apply(names)
		}
	}
	s.names, s.durableNames = map[string]*simNode{}, map[string]*simNode{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		node := names[name].survive(r, seen)
		s.names[name], s.durableNames[name] = node, node
	}
	return s
}

// survivors returns a function that decides which of some changes survive: all, none, the
// first ones, or any.
func survivors(r *rand.Rand) func(i, n int) bool {
	switch r.IntN(4) {
	case 0:
		return func(int, int) bool { return true }
	case 1:
		return func(int, int) bool { return false }
	case 2:
		share := r.Float64()
		return func(i, n int) bool { return float64(i) < share*float64(n) }
	}
	share := r.Float64()
	return func(int, int) bool { return r.Float64() < share }
}
