package find

import (
	"fmt"
	"math"
	"slices"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/cli"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/internal/doctime"
	"github.com/neardup/neardup/shingle"
)

// EachStreamed calls f with every document of inputs and its flagged and masked blocks,
// judged by the documents before it. It keeps no texts.
func EachStreamed(e *cli.Env, read corpus.Options, inputs []string, f func(d *input.Doc, blocks []boilerplate.Block) error) error {
	det := detector(read.Memory)
	return corpus.Stream(e, "judging", inputs, read, func(d *input.Doc) error {
		t, _ := doctime.Parse(d.Time)
		return f(d, recycled(det.Next(boilerplate.Page{ID: d.ID, Host: d.Host, Text: d.Text, Time: t, Blocks: d.Blocks})))
	})
}

// EachJudged calls f with the flagged and masked blocks of every document, in order,
// judged in two passes by all documents.
func EachJudged(c *corpus.Corpus, f func(i int, blocks []boilerplate.Block) error) error {
	const together = 4096
	d := detector(c.Memory())
	if err := observe(c, d); err != nil {
		return err
	}
	p := c.Env().Progress("judging", "documents", len(c.Docs))
	defer p.Stop()
	blocks := make([][]boilerplate.Block, together)
	for first := 0; first < len(c.Docs); first += together {
		n := min(together, len(c.Docs)-first)
		err := corpus.Each(c.Env().Ctx, c.Workers(), n, func(i int) error {
			blocks[i] = recycled(d.Judge(page(c, first+i)))
			p.Add(1)
			return nil
		})
		for i := 0; i < n && err == nil; i++ {
			err = f(first+i, blocks[i])
		}
		if err != nil {
			return err
		}
	}
	return c.Err()
}

// Blocks returns the flagged and masked blocks of every document.
func Blocks(c *corpus.Corpus) ([][]boilerplate.Block, error) {
	blocks := make([][]boilerplate.Block, len(c.Docs))
	err := EachJudged(c, func(i int, b []boilerplate.Block) error {
		blocks[i] = b
		return nil
	})
	return blocks, err
}

// detector returns a detector that stays within the memory that the flags allow.
func detector(memory int64) *boilerplate.Detector {
	return boilerplate.New(boilerplate.Options{MaxBytes: int(min(memory/6, math.MaxInt))})
}

// recycled returns the blocks that are flagged or masked. Most are neither, and
// keeping those of a large corpus would take more memory than the texts.
func recycled(blocks []boilerplate.Block) []boilerplate.Block {
	n := 0
	for i := range blocks {
		if blocks[i].Flagged || blocks[i].Masked {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	found := make([]boilerplate.Block, 0, n)
	for i := range blocks {
		if blocks[i].Flagged || blocks[i].Masked {
			found = append(found, blocks[i])
		}
	}
	return found
}

// observe passes every document to the detector.
func observe(c *corpus.Corpus, d *boilerplate.Detector) error {
	p := c.Env().Progress("observing", "documents", len(c.Docs))
	defer p.Stop()
	for i := range c.Docs {
		d.Observe(page(c, i))
		p.Add(1)
		if err := c.Env().Ctx.Err(); err != nil {
			return err
		}
	}
	if s := d.Stats(); s.EvictedHosts+s.EvictedBlocks > 0 {
		c.Env().Warn("-memory is too small to count every block: %s and %s were forgotten", show.Count(s.EvictedHosts, "host"), show.Count(s.EvictedBlocks, "block"))
	}
	return c.Err()
}

func page(c *corpus.Corpus, i int) boilerplate.Page {
	d := c.Docs[i]
	t, _ := doctime.Parse(d.Time) // a time that cannot be parsed is ignored here
	return boilerplate.Page{ID: d.ID, Host: d.Host, Text: c.Text(i), Time: t, Blocks: d.Blocks}
}

// Masks returns the spans of every document that Options.Strip leaves out, nil for
// none, and reports their size.
func Masks(c *corpus.Corpus, o Options) ([][]shingle.Span, error) {
	if !o.strips(c) {
		report(c, o, nil)
		return nil, nil
	}
	masks, err := judgeAll(c)
	if err == nil {
		report(c, o, masks)
	}
	return masks, err
}

// MasksOf returns the masked spans of the blocks of every document.
func MasksOf(blocks [][]boilerplate.Block) [][]shingle.Span {
	masks := make([][]shingle.Span, len(blocks))
	for i := range blocks {
		masks[i] = boilerplate.Mask(blocks[i])
	}
	return masks
}

// MasksFor is [Masks] for documents whose blocks are known.
func MasksFor(c *corpus.Corpus, o Options, blocks [][]boilerplate.Block) [][]shingle.Span {
	var masks [][]shingle.Span
	if o.strips(c) {
		masks = MasksOf(blocks)
	}
	report(c, o, masks)
	return masks
}

// strips reports whether recycled blocks are left out.
func (o *Options) strips(c *corpus.Corpus) bool {
	return o.Strip == StripAlways || o.Strip == StripPages && c.HasSites()
}

func hasHosts(c *corpus.Corpus) bool {
	return slices.ContainsFunc(c.Docs, func(d corpus.Document) bool { return d.Host != "" })
}

// judgeAll returns the masks of all documents.
func judgeAll(c *corpus.Corpus) ([][]shingle.Span, error) {
	d := detector(c.Memory())
	if err := observe(c, d); err != nil {
		return nil, err
	}
	masks := make([][]shingle.Span, len(c.Docs))
	err := c.Parallel("judging", func(i int) error {
		masks[i] = d.Mask(page(c, i))
		return nil
	})
	return masks, err
}

// report records whether whole or stripped texts are compared, and how to compare
// the other kind.
func report(c *corpus.Corpus, o Options, masks [][]shingle.Span) {
	bytes := 0
	for _, mask := range masks {
		for _, s := range mask {
			bytes += s.Len()
		}
	}
	share := show.Percent(float64(bytes) / float64(max(1, c.Bytes())))
	switch {
	case o.strips(c):
		c.Compared = fmt.Sprintf("compared without recycled blocks, %s of all text (-strip=false compares whole texts)", share)
	case o.Covered > 0:
		c.Compared = fmt.Sprintf("covered shares refer to the text without recycled blocks, %s of all", share)
	case hasHosts(c):
		c.Compared = "compared as whole texts (-strip leaves out recycled blocks)"
	}
}
