package stage_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh/stage"
	"github.com/neardup/neardup/shingle"
)

// A webPage is a line that the stages from Hosts to Mask read.
type webPage struct {
	Ref  int      `json:"ref"`
	ID   string   `json:"id"`
	Host string   `json:"host,omitempty"`
	URL  string   `json:"url,omitempty"`
	Text string   `json:"text"`
	Mask [][2]int `json:"mask,omitempty"`
}

// sites returns pages of many hosts with a frame each, a sign-off and stories that
// several hosts share, and some pages without a host.
func sites(n int) []webPage {
	r := rand.New(rand.NewPCG(8, 8))
	text := func(n int) string { return strings.Join(words(r, n), " ") + "." }
	signOff, stories := text(14), []string{text(70), text(50), text(40)}
	frames := map[string][2]string{}
	var pages []webPage
	for i := range n {
		host := fmt.Sprintf("h%d.example", r.IntN(1+r.IntN(n/8)))
		frame, ok := frames[host]
		if !ok {
			frame = [2]string{text(3) + "\n\n" + text(9), text(30) + "\n\n" + text(6)}
			frames[host] = frame
		}
		p := webPage{Ref: i, ID: fmt.Sprint("p", i), Host: host}
		switch r.IntN(10) {
		case 0: // the host comes from the address
			p.Host, p.URL = "", "https://"+strings.ToUpper(host)+"/x"
		case 1:
			p.Host = ""
		}
		p.Text = strings.Join([]string{frame[0], text(40), stories[r.IntN(3)], text(60), signOff, frame[1]}, "\n\n")
		if r.IntN(9) == 0 && i > 0 {
			p.Text = pages[r.IntN(i)].Text
		}
		pages = append(pages, p)
	}
	return pages
}

// portals returns the labelled pages of several hosts.
func portals(t *testing.T) []webPage {
	t.Helper()
	f, err := os.Open(corpus.Shared(t, "data", "dragnet_hosts", "blocks.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var pages []webPage
	for dec := json.NewDecoder(f); dec.More(); {
		var d struct {
			ID, Host string
			Blocks   []struct{ Text string }
		}
		if err := dec.Decode(&d); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, b := range d.Blocks {
			text.WriteString(b.Text + "\n\n")
		}
		pages = append(pages, webPage{Ref: len(pages), ID: d.ID, Host: d.Host, Text: text.String()})
	}
	return pages
}

// mask runs the stages from Hosts to Mask.
func (e *engine) mask(pages []webPage) []string {
	e.t.Helper()
	var lines []string
	for _, p := range pages {
		b, err := json.Marshal(p)
		if err != nil {
			e.t.Fatal(err)
		}
		lines = append(lines, string(b))
	}
	hosts := e.filter("hosts", 0, lines, e.o)
	var counts []string
	if e.parts == 2 { // in any order: the counts of a host come from several partitions
		counts = e.filter("blocks", 0, hosts, e.o)
	} else {
		counts = e.filter("blocks", 1, hosts, e.o)
	}
	merged := e.filter("merge", 2, counts, e.o)
	o, all := e.o, strings.Join(merged, "\n")
	var err error
	if o.Counts, err = stage.ReadCounts(strings.NewReader(all)); err != nil {
		e.t.Fatal(err)
	}
	for _, line := range merged {
		if rest, ok := strings.CutPrefix(line, "-1\t"); ok {
			hosts = append(hosts, strings.Replace(rest, "\t", "\t-1\t", 1))
		}
	}
	return e.filter("mask", 1, hosts, o)
}

// TestMasksEqualThoseOfOneDetector compares the masks with those of one detector that has observed all
// pages, in 1, 2 and 7 partitions.
func TestMasksEqualThoseOfOneDetector(t *testing.T) {
	n, partitions := 600, []int{1, 2, 7}
	if race.Short() {
		n, partitions = 150, []int{2}
	}
	for name, pages := range map[string][]webPage{"made up": sites(n), "portals": nil} {
		t.Run(name, func(t *testing.T) {
			if pages == nil {
				race.Alone(t) // "made up" runs as many goroutines
				pages = portals(t)
			}
			d := boilerplate.New(boilerplate.Options{})
			all := make([]boilerplate.Page, len(pages))
			for i, p := range pages {
				if p.URL != "" {
					p.Host = strings.ToLower(strings.Split(p.URL, "/")[2])
				}
				all[i] = boilerplate.Page{ID: p.ID, Host: p.Host, Text: p.Text}
				d.Observe(all[i])
			}
			want, masked, global := make([][]shingle.Span, len(pages)), 0, 0
			for i, p := range all {
				blocks := d.Judge(p)
				want[i] = boilerplate.Mask(blocks)
				masked += len(want[i])
				for _, b := range blocks {
					if b.Masked && b.Scope == boilerplate.Global {
						global++
					}
				}
			}
			if masked < len(pages)/3 || name == "made up" && global < len(pages)/10 {
				t.Fatalf("%d masked blocks, %d of them by all documents, want more (else nothing is tested)", masked, global)
			}
			for _, parts := range partitions {
				e := &engine{t, stage.Options{Parts: 5}, parts}
				lines := e.mask(pages)
				if len(lines) != len(pages) {
					t.Fatalf("%d partitions: %d lines, want one for each of %d pages", parts, len(lines), len(pages))
				}
				for _, line := range lines {
					var p webPage
					if err := json.Unmarshal([]byte(line), &p); err != nil {
						t.Fatal(err)
					}
					var got []shingle.Span
					for _, m := range p.Mask {
						got = append(got, shingle.Span{Start: m[0], End: m[1]})
					}
					if !slices.Equal(got, want[p.Ref]) {
						t.Fatalf("%d partitions: mask %v of %q, want %v", parts, got, p.ID, want[p.Ref])
					}
					p.Mask = nil
					if fmt.Sprint(p) != fmt.Sprint(pages[p.Ref]) {
						t.Fatalf("%d partitions: document %d = %v, want %v", parts, p.Ref, p, pages[p.Ref])
					}
				}
			}
		})
	}
}

// TestMaskedSetsEqualShingles compares the sets that Sketch returns for masked pages with
// those of package shingle.
func TestMaskedSetsEqualShingles(t *testing.T) {
	pages := sites(500)
	e := &engine{t, stage.Options{}, 3}
	lines := e.mask(pages)
	var got, want bytes.Buffer
	if err := (stage.Options{}).Sketch(strings.NewReader(strings.Join(lines, "\n")), &got); err != nil {
		t.Fatal(err)
	}
	differ := 0
	for _, line := range lines {
		var p webPage
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		hashes := shingle.Shingler{}.Hashes(p.Text, spansOf(p.Mask)...)
		if len(hashes) != len((shingle.Shingler{}).Hashes(p.Text)) {
			differ++
		}
		set := shingle.Shingler{}.Set(p.Text, spansOf(p.Mask)...)
		fmt.Fprintf(&want, "%d %d\n", p.Ref, len(set))
	}
	if differ < 100 {
		t.Fatalf("%d documents have fewer shingles with the mask, want at least 100 (else nothing is tested)", differ)
	}
	var sizes strings.Builder
	for _, line := range linesOf(&got) {
		c := strings.Split(line, "\t")
		fmt.Fprintf(&sizes, "%s %d\n", c[0], len(c[4])*3/4/8)
	}
	if sizes.String() != want.String() {
		t.Errorf("sizes of sets =\n%s\nwant\n%s", sizes.String(), want.String())
	}
}

func spansOf(mask [][2]int) (spans []shingle.Span) {
	for _, m := range mask {
		spans = append(spans, shingle.Span{Start: m[0], End: m[1]})
	}
	return spans
}

func TestBadCountsAreRefused(t *testing.T) {
	page := `"h"` + "\t1\t" + `{"ref":1,"id":"a","host":"h","text":"a b c"}`
	var counts bytes.Buffer
	if err := (stage.Options{Parts: 1}).Blocks(strings.NewReader(page), &counts); err != nil {
		t.Fatal(err)
	}
	host, all, _ := strings.Cut(strings.TrimSuffix(counts.String(), "\n"), "\n")
	state := strings.Split(host, "\t")[2]
	for _, test := range []struct{ stage, lines, want string }{
		{"hosts", `{"id":"a","text":"x"}`, `no "ref"`},
		{"hosts", `{"ref":1,"mask":[],"text":"x"}`, `already is a "mask"`},
		{"hosts", `{"ref":1,"host":7}`, "host"},
		{"blocks", `"h"` + "\t1", "fewer than 3 columns"},
		{"blocks", page + "\n" + page, "ref 1 occurs twice"},
		{"merge", all + "\n" + host, "not sorted"},
		{"merge", host + "!", "base64"},
		{"merge", host[:len(host)-9], "line 1"},
		{"merge", "-2\t\"h\"\t", "neither -1 nor the number of a part"},
		{"mask", page, "the counts of \"h\" are missing"},
		{"mask", "\"h\"\t-1\t" + state + "\n" + strings.Replace(page, "\t1\t", "\t2\t", 1), "has the ref 1"},
		{"mask", "\"h\"\t-1\t" + state + "\n" + page + "\n" + page, "ref 1 occurs twice"},
		{"mask", "\"i\"\t-1\t" + state + "\n" + page, "not sorted by host"},
		{"sketch", `{"ref":1,"id":"a","text":"abc","mask":[[0,4]]}`, "must be ascending spans"},
		{"sketch", `{"ref":1,"id":"a","text":"abc","mask":[[2,3],[0,1]]}`, "must be ascending spans"},
	} {
		err := (stage.Options{}).Run(test.stage, strings.NewReader(test.lines), new(bytes.Buffer))
		if !errors.Is(err, stage.ErrLine) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s of %q: %v, want %q", test.stage, test.lines, err, test.want)
		}
	}
	if _, err := stage.ReadCounts(strings.NewReader("0\t\"\"\tAAAA\n")); !errors.Is(err, boilerplate.ErrFormat) {
		t.Errorf("ReadCounts(line of another format) = %v, want ErrFormat", err)
	}
}
