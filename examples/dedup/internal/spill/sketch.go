package spill

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/until"
	"github.com/neardup/neardup/internal/wire"
)

// A shard is complete when it has this many bytes of text, or this many documents.
const (
	shardBytes = 512 << 20
	shardDocs  = 1 << 20
)

// A problem is a [cli.Problem] to report again when a run resumes.
type problem struct {
	Kind, File, Text string
	Note             bool
}

// mostProblems is the number of problems kept for a run that resumes.
const mostProblems = 100

// sketch makes the missing shards that belong to this process.
func (r *Run) sketch() error {
	n := r.key.Shards
	for i := range n {
		if r.exists(endName(i)) || r.s.Of > 0 && i != r.s.Shard {
			continue
		}
		r.sketched = true
		k := &sketching{r: r, number: i, inputs: r.inputs[i*len(r.inputs)/n : (i+1)*len(r.inputs)/n]}
		if err := k.run(); err != nil {
			return r.advise(err)
		}
	}
	return nil
}

// A sketching reads inputs and writes shards.
type sketching struct {
	r      *Run
	number int
	inputs []string
	end    ending
	lost   map[corpus.Loss]int

	finished []shardNote // shards of an earlier run that are skipped
	done     int64       // documents in these shards, whose signatures are not made again

	out    *output
	note   shardNote // figures of the current shard so far
	bytes  int64
	digest xxhash.Digest
	buf    []byte
}

// A batch holds documents that one goroutine sketches.
type batch struct {
	docs      []*input.Doc
	skipped   int // documents at the beginning that are in shards of an earlier run
	bytes     int
	registers [][]uint32 // registers of the documents that are not skipped
	done      chan struct{}
}

// A batch is complete when it has this many documents or bytes.
const batchDocs, batchBytes = 128, 1 << 20

func (k *sketching) run() error {
	r := k.r
	k.lost = map[corpus.Loss]int{}
	k.end.Other = map[string]int{}
	k.digest.Reset()
	if err := k.passOver(); err != nil {
		return err
	}
	defer func() {
		if k.out != nil {
			k.out.abort()
		}
	}()

	work, order := make(chan *batch), make(chan *batch, 2*r.workers)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range r.workers {
		wg.Go(func() {
			var hashes []uint64
			for b := range work {
				for _, d := range b.docs[b.skipped:] {
					hashes = r.sh.AppendHashes(hashes[:0], d.Text)
					var regs []uint32
					if len(hashes) > 0 {
						regs = r.mh.AppendValues(nil, hashes)
					}
					b.registers = append(b.registers, regs)
				}
				close(b.done)
			}
		})
	}
	var failed error
	wg.Go(func() {
		for b := range order {
			<-b.done
			if failed != nil {
				continue
			}
			if failed = k.write(b); failed != nil {
				close(stop)
			}
		}
	})
	err := k.produce(work, order, stop)
	close(work)
	close(order)
	wg.Wait()
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return err
	case len(k.finished) > 0:
		return fmt.Errorf("%s: %w: the inputs have fewer documents than before", r.s.Dir, errOther)
	}
	if k.note.Docs > 0 {
		if err := k.commit(); err != nil {
			return err
		}
	}
	for l, n := range k.lost {
		k.end.Lost = append(k.end.Lost, loss{l, n})
	}
	data, err := json.Marshal(k.end)
	if err != nil {
		return err
	}
	return writeNew(r.path(endName(k.number)), data)
}

// passOver finds the shards that an earlier run completed.
func (k *sketching) passOver() error {
	for {
		name := k.r.path(shardName(k.number, len(k.finished)))
		if _, err := os.Stat(name); err != nil {
			return nil
		}
		note, err := readNote(name)
		if err != nil {
			return err
		}
		k.finished = append(k.finished, note)
		k.done += note.Docs
	}
}

// produce reads the inputs and divides their documents into batches.
func (k *sketching) produce(work, order chan<- *batch, stop <-chan struct{}) error {
	r := k.r
	p, items := corpus.Read(r.e, "sketching", k.inputs, r.read, func(o *input.Options) { o.Unnamed = true })
	defer p.Stop()
	now := &batch{done: make(chan struct{})}
	read := int64(0)
	send := func() bool {
		if len(now.docs) == 0 {
			return true
		}
		select {
		case order <- now:
		case <-stop:
			return false
		}
		work <- now
		now = &batch{done: make(chan struct{})}
		return true
	}
	for it, err := range until.Done(r.e.Ctx, items) {
		if err != nil {
			return err
		}
		if it.Err != nil {
			p.Clear()
			k.problem(it.Err)
		}
		d := it.Doc
		if d == nil {
			continue
		}
		if d.Host != "" && r.o.Strip == find.StripPages {
			return fmt.Errorf("%v: the document has a host, so recycled blocks would be left out before documents are compared, which -spill cannot do: pass -strip=false to compare whole texts", d.Place)
		}
		if field := r.read.Input.Fields.Rank; field != "" {
			if _, ok := corpus.Rank(d); !ok {
				p.Clear()
				k.problem(corpus.NoRank(d.Place, field))
			}
		}
		p.Add(1)
		now.docs = append(now.docs, d)
		if read++; read <= k.done {
			now.skipped++
		}
		now.bytes += len(d.Text)
		if len(now.docs) == batchDocs || now.bytes >= batchBytes {
			if !send() {
				return nil
			}
		}
	}
	send()
	return nil
}

// problem reports a read error and counts the documents left out.
func (k *sketching) problem(err error) {
	p := corpus.Problem(err)
	k.r.e.Problem(p)
	if !p.Note {
		k.end.InputErrors++
	}
	if len(k.end.Problems) < mostProblems {
		k.end.Problems = append(k.end.Problems, problem{p.Kind, p.File, p.Err.Error(), p.Note})
	}
	e, ok := err.(*input.Error)
	switch {
	case !ok || e.Lost == 0:
	case e.Note:
		k.end.Other[e.Reason] += e.Lost
	default:
		k.lost[corpus.Loss{File: e.File, Reason: e.Reason}] += e.Lost
	}
}

// write writes the documents of a batch, or compares them with those that an earlier
// run wrote.
func (k *sketching) write(b *batch) error {
	for i, d := range b.docs {
		doc := document{Doc: *d, Size: len(d.Text)}
		if k.r.read.Input.Fields.Rank != "" {
			doc.Rank, _ = corpus.Rank(d)
		}
		k.buf = doc.append(k.buf[:0])
		_, _ = k.digest.Write(k.buf)
		_, _ = k.digest.WriteString(d.Text)
		k.note.Docs++
		if d.Text == "" {
			k.note.Empty++
		}
		if len(k.finished) > 0 {
			if err := k.compare(); err != nil {
				return err
			}
			continue
		}
		if k.out == nil {
			var err error
			if k.out, err = create(k.r.path(shardName(k.number, k.end.Shards)), shardStreams); err != nil {
				return err
			}
		}
		if err := k.out.add(documentStream, k.buf); err != nil {
			return err
		}
		k.buf = append(k.buf[:0], d.Text...)
		if err := k.out.add(textStream, k.buf); err != nil {
			return err
		}
		k.buf = wire.AppendUint32s(k.buf[:0], b.registers[i-b.skipped])
		if err := k.out.add(registerStream, k.buf); err != nil {
			return err
		}
		if k.bytes += int64(len(d.Text)); k.bytes >= shardBytes || k.note.Docs == shardDocs {
			if err := k.commit(); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare checks, once all documents of a shard from an earlier run have been read
// again, that they are the same as then, and moves on to the next shard.
func (k *sketching) compare() error {
	note := k.finished[0]
	if k.note.Docs < note.Docs {
		return nil
	}
	if note.Digest != k.digest.Sum64() {
		return fmt.Errorf("%s: %w: the inputs have different documents than before; delete the folder to start again", k.r.s.Dir, errOther)
	}
	k.finished = k.finished[1:]
	k.end.Shards++
	k.note, k.bytes = shardNote{}, 0
	k.digest.Reset()
	return nil
}

// commit completes a shard.
func (k *sketching) commit() error {
	k.note.Digest = k.digest.Sum64()
	note, err := json.Marshal(k.note)
	if err != nil {
		return err
	}
	if err := k.out.add(shardStream, note); err != nil {
		return err
	}
	if err := k.out.commit(); err != nil {
		return err
	}
	k.out, k.note, k.bytes = nil, shardNote{}, 0
	k.digest.Reset()
	k.end.Shards++
	return nil
}
