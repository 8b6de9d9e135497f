package find

import (
	"fmt"

	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/input"
	"github.com/neardup/neardup/internal/doctime"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// Origins finds who had which passage first, without the spans of masks. A time that
// cannot be read is a problem of its document, which then has none.
func Origins(c *corpus.Corpus, o Options, masks [][]shingle.Span, share float64) (passage.Origins, error) {
	if err := RequirePassages(c); err != nil {
		return passage.Origins{}, err
	}
	p := c.Env().Progress("searching", "documents", 0)
	defer p.Stop()
	po := passage.Options{Workers: c.Workers(), Progress: p.Of}
	po.Aligner.MinTokens = o.MinTokens
	ix := passage.New(po)
	for i, d := range c.Docs {
		at, err := doctime.Parse(d.Time)
		if err != nil {
			c.Env().Problem(corpus.Problem(&input.Error{Place: d.Place, Reason: "no time", Err: fmt.Errorf("%w; taken for a document without a time", err)}))
		}
		var mask []shingle.Span
		if masks != nil {
			mask = masks[i]
		}
		ix.AddAt(d.ID, at, c.Text(i), mask...)
		if err := c.Env().Ctx.Err(); err != nil {
			return passage.Origins{}, err
		}
	}
	return ix.Origins(c.Env().Ctx, passage.OriginOptions{Share: share})
}
