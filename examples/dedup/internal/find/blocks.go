package find

import (
	"math"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/show"
	"github.com/neardup/neardup/internal/doctime"
	"github.com/neardup/neardup/shingle"
)

// EachJudged calls f with the flagged and masked blocks of every document, in order: judged in
// two passes by all documents, with Options.Stream by those before it.
func EachJudged(c *corpus.Corpus, o Options, f func(i int, blocks []boilerplate.Block) error) error {
	d := detector(c)
	judge, together := d.Judge, 4096
	if o.Stream {
		judge, together = d.Next, 1
	} else if err := observe(c, d); err != nil {
		return err
	}
	p := c.Env().Progress("judging", "documents", len(c.Docs))
	defer p.Stop()
	blocks := make([][]boilerplate.Block, together)
	for first := 0; first < len(c.Docs); first += together {
		n := min(together, len(c.Docs)-first)
		err := corpus.Each(c.Env().Ctx, c.Workers(), n, func(i int) error {
			blocks[i] = recycled(judge(page(c, first+i)))
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
func Blocks(c *corpus.Corpus, o Options) ([][]boilerplate.Block, error) {
	blocks := make([][]boilerplate.Block, len(c.Docs))
	err := EachJudged(c, o, func(i int, b []boilerplate.Block) error {
		blocks[i] = b
		return nil
	})
	return blocks, err
}

// detector returns one that keeps within the memory that the flags allow.
func detector(c *corpus.Corpus) *boilerplate.Detector {
	return boilerplate.New(boilerplate.Options{MaxBytes: int(min(c.Memory()/4, math.MaxInt))})
}

// recycled returns the blocks that are flagged or masked. Most are neither, and those
// of a large corpus would take more memory than its texts.
func recycled(blocks []boilerplate.Block) (found []boilerplate.Block) {
	for _, b := range blocks {
		if b.Flagged || b.Masked {
			found = append(found, b)
		}
	}
	return found
}

// observe shows every document to the detector.
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
		c.Env().Warn("-memory is too little to count every block: %s and %s were forgotten on the way", show.Count(s.EvictedHosts, "host"), show.Count(s.EvictedBlocks, "block"))
	}
	return c.Err()
}

func page(c *corpus.Corpus, i int) boilerplate.Page {
	d := c.Docs[i]
	t, _ := doctime.Parse(d.Time) // a time that cannot be read is as good as none here
	return boilerplate.Page{ID: d.ID, Host: d.Host, Text: c.Text(i), Time: t, Blocks: d.Blocks}
}

// Masks returns the spans that Options.Strip leaves out of every document, nil
// without it.
func Masks(c *corpus.Corpus, o Options) ([][]shingle.Span, error) {
	if !o.Strip {
		return nil, nil
	}
	d := detector(c)
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
