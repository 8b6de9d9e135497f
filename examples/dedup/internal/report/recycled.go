package report

import (
	"strings"
	"unicode"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/examples/dedup/internal/corpus"
	"github.com/neardup/neardup/examples/dedup/internal/htmlreport"
	"github.com/neardup/neardup/examples/dedup/internal/show"
)

// severalHosts replaces the host of blocks that occur on several hosts.
const severalHosts = "several hosts"

// A recycled is a block that pages of one or several hosts have in common.
type recycled struct {
	block  boilerplate.Block
	text   string
	host   string
	places []htmlreport.Place // one for each document that holds it
}

// gather returns the flagged blocks of each host, and those of several hosts. Blocks
// that are equal except for space and numbers count as one.
func gather(c *corpus.Corpus, blocks [][]boilerplate.Block) []*recycled {
	found := map[string]*recycled{}
	var order []*recycled
	for i, d := range c.Docs {
		text := c.Text(i)
		for _, b := range blocks[i] {
			if !b.Flagged {
				continue
			}
			host := d.Host
			if b.Scope != boilerplate.Host && b.Scope != boilerplate.Section && b.Hosts > 1 {
				host = severalHosts
			}
			key := host + "\x00" + withoutNumbers(show.OneLine(b.Of(text)))
			r := found[key]
			if r == nil {
				r = &recycled{block: b, text: b.Of(text), host: host}
				found[key] = r
				order = append(order, r)
			}
			if n := len(r.places); n == 0 || r.places[n-1].Document != i {
				r.places = append(r.places, htmlreport.Place{Document: i, Span: b.Span})
			}
		}
	}
	return order
}

// withoutNumbers returns s with all numbers replaced by the same one, as package
// boilerplate does.
func withoutNumbers(s string) string {
	was := false
	return strings.Map(func(r rune) rune {
		digit := unicode.IsDigit(r)
		defer func() { was = digit }()
		switch {
		case digit && was:
			return -1
		case digit:
			return '0'
		}
		return r
	}, s)
}
