package spill

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"github.com/neardup/neardup/examples/dedup/internal/extsort"
)

// all yields the records of one stream from all files of a step, file by file.
func (r *Run) all(step string, tasks, stream int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := range tasks {
			if !r.file(taskName(step, i), stream, yield) {
				return
			}
		}
	}
}

// file yields the records of a stream of a file.
func (r *Run) file(name string, stream int, yield func([]byte, error) bool) bool {
	f, err := open(r.path(name))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: delete the folder and start again", err)
		}
		yield(nil, err)
		return false
	}
	defer f.close()
	s, err := f.stream(stream)
	if err != nil {
		yield(nil, err)
		return false
	}
	for n := 0; ; n++ {
		record, err := s.Next()
		if err == io.EOF {
			return true
		}
		if err == nil && n&(1<<14-1) == 0 {
			err = r.e.Ctx.Err()
		} else if err != nil {
			err = damaged(f.f.Name(), err)
		}
		if !yield(record, err) || err != nil {
			return false
		}
	}
}

// sorter returns a sorter with the memory of a task. Close it.
func (r *Run) sorter(t *task, unique bool) *extsort.Sorter {
	return extsort.New(extsort.Options{Dir: r.s.Dir, Memory: t.memory, Unique: unique})
}

// sorted yields the records for a part of a step in order.
func (r *Run) sorted(t *task, step string, part int, unique bool) iter.Seq2[[]byte, error] {
	return sortAll(r.sorter(t, unique), r.all(step, len(r.parts), part))
}

// sortAll yields records in order, and closes the sorter.
func sortAll(s *extsort.Sorter, records iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		defer s.Close()
		for record, err := range records {
			if err == nil {
				err = s.Add(record)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
		for record, err := range s.All() {
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// A puller reads records one by one.
type puller struct {
	next func() ([]byte, error, bool)
	stop func()
}

func pull(records iter.Seq2[[]byte, error]) *puller {
	next, stop := iter.Pull2(records)
	return &puller{next, stop}
}

// record returns the next record, nil after the last.
func (p *puller) record() ([]byte, error) {
	record, err, ok := p.next()
	if !ok {
		return nil, nil
	}
	return record, err
}
