package input

import (
	"sync"
	"unsafe"
)

// A scratch is the memory used by the documents of a batch. With Options.Brief it is
// reused for another batch once the documents have been consumed; otherwise
// documents have their own memory, and only the items are reused.
type scratch struct {
	brief  bool
	sketch func(dst []uint32, d *Doc) []uint32 // Options.Sketch
	items  []item
	docs   []Doc
	text   []byte
	words  []uint32 // numbers that Options.Sketch appended
	chunks [][]byte // chunks that documents refer to
}

// scratches holds the scratches that are not in use.
var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (o Options) scratch() *scratch {
	s := scratches.Get().(*scratch)
	s.brief, s.sketch = o.Brief, o.Sketch
	return s
}

// release makes the memory available again.
func (s *scratch) release() {
	s.reset()
	s.sketch = nil
	scratches.Put(s)
}

// reset drops the documents.
func (s *scratch) reset() {
	for _, c := range s.chunks {
		recycle(c)
	}
	clear(s.items)
	clear(s.docs)
	clear(s.chunks)
	s.items, s.docs, s.text, s.words, s.chunks = s.items[:0], s.docs[:0], s.text[:0], s.words[:0], s.chunks[:0]
}

// doc returns an empty document.
func (s *scratch) doc() *Doc {
	if !s.brief {
		return new(Doc)
	}
	if len(s.docs) == cap(s.docs) {
		s.docs = make([]Doc, 0, max(64, 2*cap(s.docs))) // not append: pointers to earlier documents must stay valid
	}
	s.docs = append(s.docs, Doc{})
	return &s.docs[len(s.docs)-1]
}

// mostText is the largest buffer for texts that a scratch allocates; a longer text has
// its own memory.
const mostText = 4 * chunkSize

// string returns a copy of b.
func (s *scratch) string(b []byte) string {
	if !s.brief || len(b) > mostText || len(b) == 0 {
		return string(b)
	}
	if len(b) > cap(s.text)-len(s.text) {
		s.text = make([]byte, 0, min(mostText, max(chunkSize, 2*cap(s.text), len(b))))
	}
	n := len(s.text)
	s.text = append(s.text, b...)
	return unsafe.String(&s.text[n], len(b))
}

// part returns b as a string; b is part of a chunk that the scratch keeps.
func (s *scratch) part(b []byte) string {
	if !s.brief || len(b) == 0 {
		return string(b)
	}
	return unsafe.String(&b[0], len(b))
}

// keep holds a chunk for as long as the documents, or releases it at once if they
// have their own memory.
func (s *scratch) keep(chunk []byte) {
	if !s.brief {
		recycle(chunk)
		return
	}
	s.chunks = append(s.chunks, chunk)
}

// prepare sketches a document, on the goroutine that decoded it.
func (s *scratch) prepare(d *Doc) {
	if s.sketch == nil || d == nil {
		return
	}
	n := len(s.words)
	s.words = s.sketch(s.words, d)
	if len(s.words) > n {
		d.Sketch = s.words[n:len(s.words):len(s.words)]
	}
}
