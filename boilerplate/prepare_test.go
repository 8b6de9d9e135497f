package boilerplate_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// TestPreparedPagesJudgeAlike counts and judges prepared and plain pages, in two passes
// and streaming: verdicts and saved bytes are the same.
func TestPreparedPagesJudgeAlike(t *testing.T) {
	race.Alone(t)
	pages, _ := newsroom()
	pages = append(pages, site(40, 0.7, 2)...)
	for i, p := range pages {
		switch i % 3 {
		case 1:
			pages[i].Blocks = slices.Collect(shingle.Paragraphs(p.Text))
		case 2:
			pages[i].Text += "\n\n" + p.Text[:len(p.Text)/2] + "\n\n字符汉字 รายการ 12 3 april"
		}
	}
	for _, o := range []boilerplate.Options{{}, {Seed: 7, HostOnly: true}} {
		save := func(d *boilerplate.Detector) []byte {
			b, err := d.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		var ready []boilerplate.Page
		for _, p := range pages {
			ready = append(ready, boilerplate.New(o).Prepare(p))
		}
		plain, prepared := observeAll(boilerplate.New(o), pages), observeAll(boilerplate.New(o), ready)
		if !bytes.Equal(save(plain), save(prepared)) {
			t.Errorf("%+v: MarshalBinary after prepared pages differs, want the bytes as after plain pages", o)
		}
		want := judgeAll(plain, pages)
		if diff := cmp.Diff(want, judgeAll(prepared, ready)); diff != "" {
			t.Errorf("%+v: verdicts (-want of plain pages +got of prepared):\n%s", o, diff)
		}
		a, b := boilerplate.New(o), boilerplate.New(o)
		for i, p := range pages {
			if diff := cmp.Diff(a.Next(p), b.Next(ready[i])); diff != "" {
				t.Errorf("%+v: Next (-want of plain pages +got of prepared):\n%s", o, diff)
			}
		}
		// Many goroutines may use one page.
		var group sync.WaitGroup
		got := make([][][]boilerplate.Block, 4)
		for i := range got {
			group.Go(func() { got[i] = judgeAll(prepared, ready) })
		}
		group.Wait()
		for _, got := range got {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%+v: verdicts of concurrent goroutines (-want of plain pages +got of prepared):\n%s", o, diff)
			}
		}
	}
}

// TestChangedPreparedPageIsPreparedAgain passes on prepared pages that have changed
// since, and one prepared by a detector with another seed.
func TestChangedPreparedPageIsPreparedAgain(t *testing.T) {
	d := boilerplate.New(boilerplate.Options{})
	footer := "All rights reserved by the people of the site and their heirs."
	page := func(i int) boilerplate.Page {
		return boilerplate.Page{Host: "h", Text: fmt.Sprintf("Title number %c here\n\nA story of its own %c\n\n%s", 'a'+i, 'p'+i, footer)}
	}
	for i := range 5 {
		d.Observe(page(i))
	}
	p := page(6)
	was := d.Prepare(p)

	other := was
	other.Text = strings.ReplaceAll(p.Text, "story", "novel")
	cut := was
	cut.Blocks = []shingle.Span{{Start: 0, End: len(p.Text)}}
	blocks := d.Prepare(cut)
	blocks.Blocks = nil
	seeded := boilerplate.New(boilerplate.Options{Seed: 5}).Prepare(p)
	for name, prepared := range map[string]boilerplate.Page{
		"text": other, "blocks": cut, "blocks that are gone": blocks, "seed": seeded,
	} {
		plain := boilerplate.Page{Host: "h", Text: prepared.Text, Blocks: prepared.Blocks}
		want := d.Judge(plain)
		if diff := cmp.Diff(want, d.Judge(prepared)); diff != "" {
			t.Errorf("prepared page with other %s: verdicts (-want of the plain page +got):\n%s", name, diff)
		}
		// Other fields of the page may change.
		prepared.Host, plain.Host = "elsewhere", "elsewhere"
		if diff := cmp.Diff(d.Judge(plain), d.Judge(prepared)); diff != "" {
			t.Errorf("prepared page with other %s and host: verdicts (-want of the plain page +got):\n%s", name, diff)
		}
	}
}
