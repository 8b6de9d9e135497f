package spill

import (
	"io"
)

// A cursor reads a stream of the shards of a part, one document at a time.
type cursor struct {
	r      *Run
	shards []shard
	stream int
	next   int64 // ref of the next record
	end    int64 // ref after the last one of the current shard
	file   *opened
	name   string
	rd     interface{ Next() ([]byte, error) }
	now    []byte
	at     int64 // current ref, -1 for none
}

func (r *Run) cursor(shards []shard, stream int) *cursor {
	return &cursor{r: r, shards: shards, stream: stream, at: -1}
}

// step reads the next document and returns its ref; io.EOF after the last.
func (c *cursor) step() (int64, []byte, error) {
	for c.file == nil || c.next == c.end {
		c.close()
		if len(c.shards) == 0 {
			return 0, nil, io.EOF
		}
		s := c.shards[0]
		c.shards = c.shards[1:]
		c.name = c.r.path(s.name)
		f, err := open(c.name)
		if err != nil {
			return 0, nil, err
		}
		c.file, c.next, c.end = f, s.first, s.first+s.docs
		rd, err := f.stream(c.stream)
		if err != nil {
			return 0, nil, err
		}
		c.rd = rd
	}
	record, err := c.rd.Next()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, damaged(c.name, err)
	}
	c.now, c.at = record, c.next
	c.next++
	return c.at, record, nil
}

// seek returns the record of a document that is not before the current one.
func (c *cursor) seek(ref int64) ([]byte, error) {
	for c.at < ref {
		if _, _, err := c.step(); err != nil {
			if err == io.EOF {
				err = errRecord
			}
			return nil, err
		}
	}
	if c.at > ref {
		return nil, errRecord
	}
	return c.now, nil
}

func (c *cursor) close() {
	if c.file != nil {
		c.file.close()
		c.file = nil
	}
}
