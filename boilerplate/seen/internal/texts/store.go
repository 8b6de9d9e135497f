// Package texts keeps texts on disk and finds those that share a run of words with
// another text. Its memory grows only by a hundredth of the size of the texts.
//
// A text is kept until [Store.Compact] drops it, even if a later one has its ID: callers
// must check which of the returned texts are still valid.
package texts

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/shingle"
)

// A Text is a text with its ID and the spans to skip.
type Text struct {
	ID   string
	Text string
	Skip []shingle.Span
}

func (t Text) equal(u Text) bool {
	return t.ID == u.ID && t.Text == u.Text && slices.Equal(t.Skip, u.Skip)
}

var shingler shingle.Shingler

// window is the number of consecutive five-word shingles that contain at least one
// fingerprint, so that texts that share a run of eight words share a fingerprint.
const window = 4

// fingerprints returns the winnowed shingles of a text, ascending, without repeats.
func fingerprints(t Text) []uint64 {
	hashes := shingler.Hashes(t.Text, t.Skip...)
	out := hashes[:0:0]
	last := -1
	for i := 0; i == 0 || i+window <= len(hashes); i++ {
		part := hashes[i:min(i+window, len(hashes))]
		if len(part) == 0 {
			break
		}
		at := 0
		for k, h := range part {
			if h <= part[at] {
				at = k
			}
		}
		if i+at != last {
			last = i + at
			out = append(out, part[at])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// batchBytes is the size of the texts that are written to a file together.
const batchBytes = 4 << 20

// A batch is a set of texts in memory.
type batch struct {
	number uint64
	texts  []Text
	size   int
	heads  map[uint64]uint32 // fingerprint -> 1 + index of its last link
	links  []link
	byID   map[string]uint32 // ID -> index of the last text with it
}

// A link is the index of a text that has a fingerprint, and 1 + the index of the
// previous link of that fingerprint, or 0.
type link struct{ text, before uint32 }

func newBatch(number uint64) *batch {
	return &batch{number: number, heads: map[uint64]uint32{}, byID: map[string]uint32{}}
}

func (b *batch) add(t Text) {
	n := uint32(len(b.texts))
	b.texts = append(b.texts, t)
	b.size += len(t.Text) + len(t.ID)
	b.byID[t.ID] = n
	for _, h := range fingerprints(t) {
		b.links = append(b.links, link{n, b.heads[h]})
		b.heads[h] = uint32(len(b.links))
	}
}

// A Store holds texts in a directory. Its methods may be called by any number of
// goroutines at once.
type Store struct {
	dir  string
	work sync.Mutex // held while writing or merging files

	mu      sync.RWMutex // guards the fields below
	files   []*file      // in the order of their batches
	batches []*batch     // batches later than the files, in order; new texts go into the last one
	// compacting is a batch number: a running Compact may drop the texts of earlier
	// batches, so Put stores a text again even if they have it.
	compacting uint64

	writing bool  // a goroutine is writing batches
	err     error // the error of that goroutine
	closed  bool
}

// Open opens the texts in a directory, and creates it if there is none.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir}
	var spans []span
	for _, e := range entries {
		var n span
		if strings.HasSuffix(e.Name(), temporary) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		} else if _, err := fmt.Sscanf(e.Name(), "%x-%x-%d", &n.lo, &n.hi, &n.merges); err == nil && e.Name() == n.String() {
			spans = append(spans, n)
		}
	}
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(b.hi, a.hi), cmp.Compare(b.merges, a.merges))
	})
	next := uint64(1)
	for _, n := range spans {
		if n.lo < next { // the file was merged into the previous one
			if err := os.Remove(s.path(n)); err != nil {
				return nil, errors.Join(err, s.Close())
			}
			continue
		}
		x, err := openFile(s.path(n), n)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.files, next = append(s.files, x), n.hi+1
	}
	s.batches = []*batch{newBatch(next)}
	return s, nil
}

// A span identifies a file by the numbers of its first and last batch and the number
// of merges that led to it.
type span struct {
	lo, hi uint64
	merges int
}

func (n span) String() string { return fmt.Sprintf("%016x-%016x-%d", n.lo, n.hi, n.merges) }

// temporary is the suffix of an unfinished file.
const temporary = ".tmp"

func (s *Store) path(n span) string { return filepath.Join(s.dir, n.String()) }

func idHash(id string) uint64 { return xxhash.Sum64String(id) }

// Put adds a text, unless the same one is already stored under its ID. It is durable
// once a Flush that began later has returned.
func (s *Store) Put(t Text) error {
	s.mu.RLock()
	there, err := s.get(t.ID, s.compacting)
	s.mu.RUnlock()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(there, t.equal) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	last := s.batches[len(s.batches)-1]
	last.add(t)
	if last.size < batchBytes {
		return nil
	}
	s.batches = append(s.batches, newBatch(last.number+1))
	if !s.writing {
		s.writing = true
		go s.writeAll()
	}
	return nil
}

// Get returns the texts with an ID, the latest first.
func (s *Store) Get(id string) (out []Text, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.get(id, 0)
}

// get is Get without the files that end before a batch. The caller holds s.mu.
func (s *Store) get(id string, from uint64) (out []Text, err error) {
	for _, b := range slices.Backward(s.batches) {
		if _, ok := b.byID[id]; ok {
			for _, t := range slices.Backward(b.texts) {
				if t.ID == id {
					out = append(out, t)
				}
			}
		}
	}
	var numbers []uint32
	for _, x := range slices.Backward(s.files) {
		if x.hi < from {
			break
		}
		if numbers, err = x.find(numbers[:0], ids, idHash(id), 1<<20); err != nil {
			return nil, err
		}
		for _, n := range slices.Backward(numbers) {
			t, err := x.text(int(n))
			if err != nil {
				return nil, err
			}
			if t.ID == id {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// Mark begins a new batch and returns its number: texts put before have lower
// numbers.
func (s *Store) Mark() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.batches[len(s.batches)-1]
	if len(last.texts) > 0 {
		last = newBatch(last.number + 1)
		s.batches = append(s.batches, last)
	}
	return last.number
}

// Flush makes all texts put before it durable.
func (s *Store) Flush() error {
	s.Mark()
	s.work.Lock()
	defer s.work.Unlock()
	return s.write()
}

// writeAll writes the batches that are full.
func (s *Store) writeAll() {
	s.work.Lock()
	defer s.work.Unlock()
	err := s.write()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing = false
	s.err = cmp.Or(s.err, err)
}

// write writes all batches except the last, and merges files. The caller holds
// s.work.
func (s *Store) write() error {
	for {
		s.mu.RLock()
		b, more, closed := s.batches[0], len(s.batches) > 1, s.closed
		s.mu.RUnlock()
		if closed {
			return fs.ErrClosed
		}
		if !more {
			return nil
		}
		x, err := s.writeBatch(b)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.batches, s.files = s.batches[1:], append(s.files, x)
		s.mu.Unlock()
		if err := s.mergeSome(); err != nil {
			return err
		}
	}
}

func (s *Store) writeBatch(b *batch) (*file, error) {
	n := span{b.number, b.number, 0}
	w, err := newWriter(s.path(n) + temporary)
	if err != nil {
		return nil, err
	}
	var table []entry
	for i, t := range b.texts {
		w.buf = appendText(w.buf[:0], t)
		w.record(w.buf)
		table = append(table, entry{idHash(t.ID), uint32(i)})
	}
	w.begin()
	for _, e := range w.places {
		w.entry(e)
	}
	w.begin()
	sortEntries(table)
	for _, e := range table {
		w.entry(e)
	}
	w.begin()
	table = table[:0]
	for h, n := range b.heads {
		for ; n > 0; n = b.links[n-1].before {
			table = append(table, entry{h, b.links[n-1].text})
		}
	}
	sortEntries(table)
	for _, e := range table {
		w.entry(e)
	}
	return s.adopt(w, n)
}

func sortEntries(e []entry) {
	slices.SortFunc(e, func(a, b entry) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.value, b.value)) })
}

// adopt finishes a file, renames it and opens it.
func (s *Store) adopt(w *writer, n span) (*file, error) {
	tmp := s.path(n) + temporary
	err := w.finish()
	if err == nil {
		err = os.Rename(tmp, s.path(n))
	}
	if err == nil {
		err = SyncDir(s.dir)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(tmp))
	}
	return openFile(s.path(n), n)
}

// SyncDir makes names in a directory durable. Windows cannot do that and does not
// need it.
func SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, fs.ErrInvalid) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// Stats counts the texts of a store.
type Stats struct {
	Texts  int
	Files  int
	Bytes  int64 // total size of the files
	Memory int64 // approximate memory of the texts not in files yet, and of the keys of those in files
}

// Stats returns figures about the store.
func (s *Store) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	st := Stats{Files: len(s.files)}
	for _, x := range s.files {
		st.Texts += x.texts()
		st.Bytes += x.size
		for _, f := range x.firsts {
			st.Memory += 8 * int64(len(f))
		}
	}
	for _, b := range s.batches {
		st.Texts += len(b.texts)
		st.Memory += int64(b.size) + 8*int64(len(b.links)) + 24*int64(len(b.heads))
	}
	return st
}

// Close closes the files. Texts that were not flushed are lost.
func (s *Store) Close() error {
	s.work.Lock()
	defer s.work.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, x := range s.files {
		errs = append(errs, x.f.Close())
	}
	s.files = nil
	return errors.Join(errs...)
}
