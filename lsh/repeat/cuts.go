package repeat

import (
	"encoding/binary"

	"github.com/neardup/neardup/shingle"
)

// A cutStore keeps the cuts of documents by number: for each cut, the number of
// bytes since the cut before and its length, as varints. The latest ones are in
// memory, the others in a temporary file.
type cutStore struct {
	dir    string
	limit  int      // number of bytes to keep in memory; 0 for no limit
	starts []uint64 // offset of the cuts of each document
	recent []byte
	before uint64 // number of bytes in the file
	file   file
	buf    []byte
	fail   func(error)
}

// add adds the cuts of the next document.
func (s *cutStore) add(cuts []shingle.Span) {
	s.starts = append(s.starts, s.before+uint64(len(s.recent)))
	at := 0
	for _, k := range cuts {
		s.recent = binary.AppendUvarint(s.recent, uint64(k.Start-at))
		s.recent = binary.AppendUvarint(s.recent, uint64(k.Len()))
		at = k.End
	}
	if s.limit == 0 || len(s.recent) < s.limit {
		return
	}
	if s.file == nil {
		f, err := create(s.dir)
		if err != nil {
			s.fail(err)
			return
		}
		s.file = f
	}
	if _, err := s.file.Write(s.recent); err != nil {
		s.fail(err)
	}
	s.before += uint64(len(s.recent))
	s.recent = s.recent[:0]
}

// of returns the cuts of a document.
func (s *cutStore) of(document int) (cuts []shingle.Span) {
	if document == len(s.starts) {
		return nil
	}
	from, to := s.starts[document], s.before+uint64(len(s.recent))
	if document+1 < len(s.starts) {
		to = s.starts[document+1]
	}
	if from == to {
		return nil
	}
	var data []byte
	if from >= s.before {
		data = s.recent[from-s.before : to-s.before]
	} else {
		s.buf = append(s.buf[:0], make([]byte, to-from)...)
		if _, err := s.file.ReadAt(s.buf, int64(from)); err != nil {
			s.fail(err)
			return nil
		}
		data = s.buf
	}
	for at := 0; len(data) > 0; {
		gap, n := binary.Uvarint(data)
		length, m := binary.Uvarint(data[n:])
		data = data[n+m:]
		k := shingle.Span{Start: at + int(gap), End: at + int(gap) + int(length)}
		cuts = append(cuts, k)
		at = k.End
	}
	return cuts
}

func (s *cutStore) close() {
	if s.file != nil {
		remove(s.file)
		s.file = nil
	}
}
