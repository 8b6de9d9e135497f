package spill

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
)

// The streams of a shard:
const (
	textStream     = iota // a record for each document
	registerStream        // the registers of each document, none for an empty one
	documentStream        // the remaining data of each document
	shardStream           // one record: a shardNote
	shardStreams
)

// A shardNote holds the figures of a shard.
type shardNote struct {
	Docs   int64
	Empty  int64  // documents without text
	Digest uint64 // digest of the documents
}

// A shard is a set of documents that were sketched together.
type shard struct {
	name  string
	first int64 // ref of its first document
	docs  int64
}

// An ending holds everything that sketch found other than documents.
type ending struct {
	Shards      int // number of shard files
	InputErrors int
	Problems    []problem // the first mostProblems of them
	Lost        []loss
	Other       map[string]int
}

type loss struct {
	corpus.Loss
	Documents int
}

func endName(i int) string      { return fmt.Sprintf("sketch.%04d.end", i) }
func shardName(i, k int) string { return fmt.Sprintf("sketch.%04d.%06d", i, k) }

// readNote reads the note of a shard.
func readNote(name string) (note shardNote, err error) {
	f, err := open(name)
	if err != nil {
		return note, err
	}
	defer f.close()
	s, err := f.stream(shardStream)
	if err != nil {
		return note, err
	}
	record, err := s.Next()
	if err == nil {
		err = json.Unmarshal(record, &note)
	}
	if err != nil {
		err = damaged(name, err)
	}
	return note, err
}

// layout finds all shards, which must exist, and the parts.
func (r *Run) layout() error {
	r.shards, r.given, r.parts, r.empty = nil, nil, nil, 0
	r.ended = ending{Other: map[string]int{}}
	next := int64(0)
	for i := range r.key.Shards {
		data, err := os.ReadFile(r.path(endName(i)))
		if err != nil {
			return fmt.Errorf("shard %d of %d has not been sketched yet: %w", i, r.key.Shards, err)
		}
		var end ending
		if err := json.Unmarshal(data, &end); err != nil {
			return damaged(r.path(endName(i)), err)
		}
		r.ended.add(end)
		for k := range end.Shards {
			note, err := readNote(r.path(shardName(i, k)))
			if err != nil {
				return err
			}
			r.shards = append(r.shards, shard{shardName(i, k), next, note.Docs})
			r.empty += note.Empty
			next += note.Docs
		}
	}
	if next > maxRef {
		return errors.New("too many documents for 48-bit numbers")
	}
	r.setParts()
	return nil
}

// setParts divides the shards into parts.
func (r *Run) setParts() {
	r.parts = nil
	n := min(len(r.shards), mostParts)
	for i := range n {
		p := part{shards: r.shards[i*len(r.shards)/n : (i+1)*len(r.shards)/n]}
		last := p.shards[len(p.shards)-1]
		p.first, p.end = p.shards[0].first, last.first+last.docs
		r.parts = append(r.parts, p)
	}
}

func (e *ending) add(f ending) {
	e.Shards += f.Shards
	e.InputErrors += f.InputErrors
	e.Problems = append(e.Problems, f.Problems...)
	e.Lost = append(e.Lost, f.Lost...)
	for kind, n := range f.Other {
		e.Other[kind] += n
	}
}

// Docs returns the number of documents and the number of empty ones.
func (r *Run) Docs() (docs, empty int64) {
	if len(r.parts) > 0 {
		docs = r.parts[len(r.parts)-1].end
	}
	return docs, r.empty
}
