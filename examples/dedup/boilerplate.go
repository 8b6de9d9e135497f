package main

import (
	"fmt"
	"math"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/doctime"
	"github.com/neardup/neardup/shingle"
)

var boilerplateCommand = command{
	name:    "boilerplate",
	summary: "which blocks are recycled from page to page",
	help: `Prints every block (paragraph) of a document that other documents recycle:
what a site puts on its pages, the sign-off of an agency, a background paragraph
that runs again and again. Documents are counted, not occurrences, and copies of
a document do not count. The site of a JSON Lines document is its field "host",
that of a text file the first folder below the input folder.
`,
	example: `pages/
-json -field-host domain crawl.jsonl.gz
-stream crawl.warc.gz
`,
	flags: []flagGroup{streamFlag, inputFlags, outputFlags},
	run:   runBoilerplate,
}

// blockJSON is a recycled block as -json prints it.
type blockJSON struct {
	ID        string `json:"id"`
	Start     int    `json:"start"`
	End       int    `json:"end"`
	Documents int    `json:"documents"`
	Hosts     int    `json:"hosts"`
	Scope     string `json:"scope"`
	Reason    string `json:"reason"`
}

func runBoilerplate(j *job) error {
	if err := j.load(); err != nil {
		return err
	}
	flagged, pages, bytes := 0, 0, 0
	err := j.eachJudged(func(i int, blocks []boilerplate.Block) error {
		for _, b := range blocks {
			flagged++
			bytes += b.Len()
			if !j.opt.json {
				j.showBlock(i, b)
			} else if err := j.print(newBlockJSON(j.docs[i].ID, b)); err != nil {
				return err
			}
		}
		if len(blocks) > 0 {
			pages++
		}
		return nil
	})
	if err != nil {
		return err
	}
	j.summary("%s, %s on %s (%s of all text)", j.counted(), count(flagged, "recycled block"), count(pages, "document"), percent(float64(bytes)/float64(max(1, j.texts.Bytes()))))
	return nil
}

func newBlockJSON(id string, b boilerplate.Block) blockJSON {
	return blockJSON{id, b.Start, b.End, b.Documents, b.Hosts, b.Scope.String(), b.Reason.String()}
}

// showBlock shows a recycled block of document i to a person.
func (j *job) showBlock(i int, b boilerplate.Block) {
	fmt.Fprintf(j.out, "%s [%d:%d]  %s, in %s\n    %s\n", printable(j.docs[i].ID), b.Start, b.End, b.Reason, where(b), excerpt(b.Of(j.texts.At(i)), 70))
}

// where says how widely a block is spread.
func where(b boilerplate.Block) string {
	s := count(b.Documents, "document")
	if b.Hosts > 0 {
		s += " of " + count(b.Hosts, "host")
	}
	return s
}

// eachJudged calls f with the recycled blocks of every document, in order: in two
// passes as all documents tell them, with -stream as the documents before it do.
func (j *job) eachJudged(f func(i int, blocks []boilerplate.Block) error) error {
	d := j.detector()
	judge, together := d.Judge, 4096
	if j.opt.stream {
		judge, together = d.Next, 1
	} else if err := j.observe(d); err != nil {
		return err
	}
	p := j.progress("judging", "documents", len(j.docs))
	defer p.stop()
	blocks := make([][]boilerplate.Block, together)
	for first := 0; first < len(j.docs); first += together {
		n := min(together, len(j.docs)-first)
		err := j.each(n, func(i int) error {
			blocks[i] = recycledOnly(judge(j.page(first + i)))
			p.add(1)
			return nil
		})
		for i := 0; i < n && err == nil; i++ {
			err = f(first+i, blocks[i])
		}
		if err != nil {
			return err
		}
	}
	return j.texts.Err()
}

// blocks returns the recycled blocks of every document.
func (j *job) blocks() ([][]boilerplate.Block, error) {
	blocks := make([][]boilerplate.Block, len(j.docs))
	err := j.eachJudged(func(i int, b []boilerplate.Block) error {
		blocks[i] = b
		return nil
	})
	return blocks, err
}

// detector returns one that keeps within the memory that the flags allow.
func (j *job) detector() *boilerplate.Detector {
	return boilerplate.New(boilerplate.Options{MaxBytes: int(min(j.opt.memory/4, math.MaxInt))})
}

// recycledOnly returns the flagged blocks. Most are not, and those of a large
// corpus would take more memory than its texts.
func recycledOnly(blocks []boilerplate.Block) (recycled []boilerplate.Block) {
	for _, b := range blocks {
		if b.Flagged {
			recycled = append(recycled, b)
		}
	}
	return recycled
}

// spans returns where blocks stand.
func spans(blocks []boilerplate.Block) (spans []shingle.Span) {
	for _, b := range blocks {
		spans = append(spans, b.Span)
	}
	return spans
}

// observe shows every document to the detector.
func (j *job) observe(d *boilerplate.Detector) error {
	p := j.progress("observing", "documents", len(j.docs))
	defer p.stop()
	for i := range j.docs {
		d.Observe(j.page(i))
		p.add(1)
		if err := j.ctx.Err(); err != nil {
			return err
		}
	}
	if s := d.Stats(); s.EvictedHosts+s.EvictedBlocks > 0 {
		j.warn("-memory is too little to count every block: %s and %s were forgotten on the way", count(s.EvictedHosts, "host"), count(s.EvictedBlocks, "block"))
	}
	return j.texts.Err()
}

func (j *job) page(i int) boilerplate.Page {
	d := j.docs[i]
	t, _ := doctime.Parse(d.Time) // a time that cannot be read is as good as none here
	return boilerplate.Page{ID: d.ID, Host: d.Host, Text: j.texts.At(i), Time: t, Blocks: d.Blocks}
}

// masks returns what -strip leaves out of every document, nil without -strip.
func (j *job) masks() ([][]shingle.Span, error) {
	if !j.opt.strip {
		return nil, nil
	}
	d := j.detector()
	if err := j.observe(d); err != nil {
		return nil, err
	}
	masks := make([][]shingle.Span, len(j.docs))
	err := j.parallel("judging", len(j.docs), func(i int) { masks[i] = d.MaskPage(j.page(i)) })
	return masks, err
}
