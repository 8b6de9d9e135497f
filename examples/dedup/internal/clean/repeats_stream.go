package clean

import (
	"errors"

	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/find"
	"github.com/neardup/neardup/examples/dedup/internal/spool"
	"github.com/neardup/neardup/lsh/repeat"
)

// A RepeatStream finds the repeats among documents that arrive one after another.
// Text is kept in the document that arrives first and cut from later ones. The
// corpus may be larger than memory: the stream keeps about 30 bytes per document.
// Make it with [NewRepeatStream], and Close it.
type RepeatStream struct {
	e            *cli.Env
	workers      int
	most         int // number of bytes that are cut into pieces at a time
	texts, names *spool.Texts
	cutter       *repeat.Cutter
	cuts         *Cuts
	waiting      []string // texts added but not searched yet
	bytes        int      // total size of waiting
}

// NewRepeatStream returns an empty stream with temporary files in a folder.
func NewRepeatStream(e *cli.Env, read corpus.Options, o find.Options, border repeat.Border, dir string) *RepeatStream {
	store := func(limit int64) *spool.Texts {
		t := spool.NewTexts(limit)
		t.Dir = dir
		return t
	}
	s := &RepeatStream{e: e, workers: read.Workers, most: together(read.Memory), texts: store(read.Memory / 16), names: store(read.Memory / 64)}
	found := &repeats{spool: store(read.Memory / 32), closes: []*spool.Texts{s.names}}
	found.id = func(n int) (string, error) {
		return s.names.At(n), s.names.Err()
	}
	s.cuts = &Cuts{repeats: found}
	s.cutter = repeat.New(repeat.Options{
		MinTokens: o.MinTokens, Border: border, Seed: o.Confirmer().Seed, Memory: read.Memory / 4, Dir: dir, Text: s.texts.At,
	})
	return s
}

// Add adds a document; its number is the number of documents added before it.
func (s *RepeatStream) Add(name, text string) error {
	if len(s.waiting) == togetherDocuments || len(s.waiting) > 0 && s.bytes+len(text) > s.most {
		if err := s.search(); err != nil {
			return err
		}
	}
	s.waiting = append(s.waiting, text)
	s.bytes += len(text)
	s.cuts.repeats.numbers = append(s.cuts.repeats.numbers, 0)
	return errors.Join(s.texts.Append(text), s.names.Append(name))
}

// search finds the repeats of the waiting documents.
func (s *RepeatStream) search() error {
	if err := errors.Join(s.texts.Flush(), s.names.Flush()); err != nil {
		return err
	}
	texts := make([]*repeat.Text, len(s.waiting))
	err := corpus.Each(s.e.Ctx, s.workers, len(texts), func(i int) error {
		texts[i] = s.cutter.Prepare(s.waiting[i])
		return nil
	})
	if err != nil {
		return err
	}
	found := s.cuts.repeats
	first := len(found.numbers) - len(s.waiting)
	for i, t := range texts {
		var parts []part
		for _, f := range s.cutter.Add(t) {
			parts = append(parts, part{f.Span, f.Document, f.At})
		}
		if err := errors.Join(s.cutter.Err(), s.texts.Err(), found.add(first+i, parts, nil)); err != nil {
			return err
		}
	}
	s.waiting, s.bytes = s.waiting[:0], 0
	return nil
}

// Cuts returns the parts to be cut from the documents, by their numbers, and the
// number of sentences or paragraphs that stay although they repeat others. No
// documents may be added afterwards. Closing the stream does not close the cuts; the
// caller does.
func (s *RepeatStream) Cuts() (cuts *Cuts, blocked int, err error) {
	if err := s.search(); err != nil {
		return nil, 0, err
	}
	if err := s.cuts.repeats.spool.Flush(); err != nil {
		return nil, 0, err
	}
	cuts, s.cuts = s.cuts, nil
	return cuts, s.cutter.Stats().Blocked, nil
}

// Close removes the temporary files.
func (s *RepeatStream) Close() {
	s.cutter.Close()
	s.texts.Close()
	s.cuts.Close()
}
