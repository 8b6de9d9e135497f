package texts

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/neardup/neardup/internal/wire"
)

// mergeSome keeps the number of files small: while a file is at most one and a half
// times as large as all later files together, it is merged with them. The caller holds
// s.work.
func (s *Store) mergeSome() error {
	for {
		s.mu.RLock()
		from, after := -1, int64(0)
		for i := len(s.files) - 1; i >= 0; i-- {
			if size := s.files[i].size; 2*size <= 3*after {
				from = i
			}
			after += s.files[i].size
		}
		n := len(s.files)
		s.mu.RUnlock()
		if from < 0 {
			return nil
		}
		if err := s.merge(from, n, nil); err != nil {
			return err
		}
	}
}

// Compact drops the texts that keep rejects, among those that were put before a Mark
// and have been flushed, and frees their space. Texts may be added in the meantime.
func (s *Store) Compact(mark uint64, keep func(Text) (bool, error)) error {
	s.work.Lock()
	defer s.work.Unlock()
	s.mu.Lock()
	n := 0
	for n < len(s.files) && s.files[n].hi < mark {
		n++
	}
	s.compacting = mark
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.compacting = 0
		s.mu.Unlock()
	}()
	if n == 0 {
		return nil
	}
	return s.merge(0, n, keep)
}

const gone = math.MaxUint32

// merge replaces some files by one, without the texts that keep rejects. The caller
// holds s.work; only its holder changes s.files.
func (s *Store) merge(from, to int, keep func(Text) (bool, error)) error {
	old := s.files[from:to]
	n := span{old[0].lo, old[len(old)-1].hi, 0}
	for _, o := range old {
		n.merges = max(n.merges, o.merges+1)
	}
	w, err := newWriter(s.path(n) + temporary)
	if err != nil {
		return err
	}
	if err := copyTexts(w, old, keep); err != nil {
		return errors.Join(err, w.f.Close(), os.Remove(w.f.Name()))
	}
	x, err := s.adopt(w, n)
	if err != nil {
		return err
	}
	s.mu.Lock()
	files := append(slices.Clone(s.files[:from]), x)
	s.files = append(files, s.files[to:]...)
	s.mu.Unlock() // the old files are no longer read
	var errs []error
	for _, o := range old {
		errs = append(errs, o.f.Close(), os.Remove(s.path(o.span)))
	}
	return errors.Join(errs...)
}

// copyTexts copies texts and tables to a new file.
func copyTexts(w *writer, old []*file, keep func(Text) (bool, error)) error {
	numbers := make([][]uint32, len(old)) // for each old file, the numbers of its texts in the new one
	next := uint32(0)
	for i, x := range old {
		numbers[i] = make([]uint32, x.texts())
		for n := range numbers[i] {
			b, err := x.record(n)
			if err != nil {
				return err
			}
			if keep != nil {
				t, err := x.text(n)
				if err != nil {
					return err
				}
				ok, err := keep(t)
				if err != nil {
					return err
				}
				if !ok {
					numbers[i][n] = gone
					continue
				}
			}
			numbers[i][n] = next
			next++
			w.record(b)
		}
	}
	w.begin()
	for _, e := range w.places {
		w.entry(e)
	}
	for _, table := range []int{ids, prints} {
		w.begin()
		heads := make([]entry, len(old))
		there := make([]bool, len(old))
		cursors := make([]*cursor, len(old))
		advance := func(i int) (err error) {
			for {
				heads[i], there[i], err = cursors[i].entry()
				if err != nil || !there[i] {
					return err
				}
				if int(heads[i].value) >= len(numbers[i]) {
					return fmt.Errorf("%s: text %d is missing: %w", old[i].f.Name(), heads[i].value, wire.ErrCorrupt)
				}
				if n := numbers[i][heads[i].value]; n != gone {
					heads[i].value = n
					return nil
				}
			}
		}
		for i, x := range old {
			cursors[i] = x.cursor(table)
			if err := advance(i); err != nil {
				return err
			}
		}
		for {
			// Among equal keys the first file comes first, and has the lower numbers.
			best := -1
			for i := range old {
				if there[i] && (best < 0 || heads[i].key < heads[best].key) {
					best = i
				}
			}
			if best < 0 {
				break
			}
			w.entry(heads[best])
			if err := advance(best); err != nil {
				return err
			}
		}
	}
	return w.err
}
