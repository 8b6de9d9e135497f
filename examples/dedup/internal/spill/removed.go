package spill

import (
	"encoding/binary"
	"encoding/json"
	"iter"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/lsh"
)

// removedStep follows the search if documents are removed: for each document that is
// not a representative it writes its ref, the ref of its representative, their
// similarity, and the name and the text of the representative.
var removedStep = step{name: "removed", what: "collecting representatives", tasks: one, do: (*Run).removed}

func (r *Run) removed(t *task) error {
	byRep, byRef := r.outputSorter(false), r.outputSorter(false)
	defer byRep.Close()
	defer byRef.Close()
	var buf []byte
	for p, err := range r.places() {
		if err == nil {
			buf = place{p.rep, p.ref, p.similarity}.append(buf[:0])
			err = byRep.Add(buf)
		}
		if err != nil {
			return err
		}
	}
	texts := r.cursor(r.shards, textStream)
	defer texts.close()
	sizes := map[int]int{}
	last, members := int64(-1), 0
	end := func() {
		if members > 0 {
			sizes[members]++
		}
	}
	err := r.join(byRep.All(), func(record []byte, d *named) error {
		p, err := placeAt(record) // with ref and representative swapped
		if err != nil {
			return err
		}
		if p.ref != last {
			end()
			last, members = p.ref, 1
		}
		members++
		text, err := texts.seek(p.ref)
		if err != nil {
			return err
		}
		name := d.name()
		buf = place{p.rep, p.ref, p.similarity}.append(buf[:0])
		buf = append(binary.AppendUvarint(buf, uint64(len(name))), name...)
		return byRef.Add(append(buf, text...))
	})
	if err != nil {
		return err
	}
	end()
	all := byRef.All()
	if r.given != nil {
		_ = byRep.Close()
		byOrigin := r.outputSorter(false)
		defer byOrigin.Close()
		err := r.join(all, func(record []byte, d *named) error {
			buf = append(appendRef(buf[:0], d.Origin), record[refSize:]...)
			return byOrigin.Add(buf)
		})
		if err != nil {
			return err
		}
		all = byOrigin.All()
	}
	for record, err := range all {
		if err == nil {
			err = t.add(0, record)
		}
		if err != nil {
			return err
		}
	}
	data, err := json.Marshal(sizes)
	if err != nil {
		return err
	}
	return t.add(len(r.parts), data)
}

// An Outcome is a document and the decision on it, valid until the next one is
// requested.
type Outcome struct {
	Name  string
	Doc   *input.Doc // without text
	Match *Match     // nil for a kept document

	ref   int64
	texts *cursor
}

// Text returns the text of the document.
func (o *Outcome) Text() (string, error) {
	text, err := o.texts.seek(o.ref)
	return string(text), err
}

// A Match is the representative of a document.
type Match struct {
	Name, Text string
	lsh.Score
}

// Outcomes yields the documents in order, after a complete search.
type Outcomes struct {
	removed *puller
	record  []byte // first record not yet used
	docs    func() (*named, error, bool)
	stop    func()
	texts   *cursor
	exact   bool
}

// Decide finds the documents to remove, and the number of clusters of each size.
func (r *Run) Decide() (sizes map[int]int, err error) {
	if len(r.parts) == 0 {
		return nil, nil
	}
	if !r.exists(taskName(removedStep.name, 0)) {
		if err := r.step(removedStep); err != nil {
			return nil, err
		}
	}
	for record, err := range r.all(removedStep.name, 1, len(r.parts)) {
		if err == nil {
			err = json.Unmarshal(record, &sizes)
		}
		if err != nil {
			return nil, err
		}
	}
	return sizes, nil
}

// Outcomes returns the decisions on the documents, after Decide. Close them.
func (r *Run) Outcomes() (*Outcomes, error) {
	o := &Outcomes{removed: pull(r.all(removedStep.name, min(1, len(r.parts)), 0)), texts: r.cursor(r.inputShards(), textStream), exact: !r.o.Estimate}
	o.docs, o.stop = iter.Pull2(r.inInputOrder())
	if len(r.parts) == 0 {
		o.docs = func() (*named, error, bool) { return nil, nil, false }
	}
	var err error
	if o.record, err = o.removed.record(); err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// Next returns the next document, nil after the last one.
func (o *Outcomes) Next() (*Outcome, error) {
	d, err, ok := o.docs()
	if err != nil || !ok {
		return nil, err
	}
	out := &Outcome{Name: d.name(), Doc: &d.Doc, ref: d.ref, texts: o.texts}
	if o.record == nil || refAt(o.record) != d.ref {
		return out, nil
	}
	p, err := placeAt(o.record)
	if err != nil {
		return nil, err
	}
	rest := o.record[2*refSize+8:]
	n, size := binary.Uvarint(rest)
	if size <= 0 || n > uint64(len(rest)-size) {
		return nil, errRecord
	}
	rest = rest[size:]
	out.Match = &Match{string(rest[:n]), string(rest[n:]), lsh.Score{Similarity: p.similarity, Exact: o.exact}}
	o.record, err = o.removed.record()
	return out, err
}

// Close ends the Outcomes.
func (o *Outcomes) Close() {
	o.removed.stop()
	o.stop()
	o.texts.close()
}

// Lost returns the number of unreadable documents by reason, and the number of files
// in folders that are not documents by kind.
func (r *Run) Lost() (lost map[corpus.Loss]int, other map[string]int) {
	lost = map[corpus.Loss]int{}
	for _, l := range r.ended.Lost {
		lost[l.Loss] += l.Documents
	}
	return lost, r.ended.Other
}

// Reading returns the options for reading the inputs again.
func (r *Run) Reading() input.Options {
	o := r.read.Again(r.e)
	o.Unnamed = true
	return o
}
