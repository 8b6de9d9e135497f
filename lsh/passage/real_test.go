package passage_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/lsh/passage"
	"github.com/neardup/neardup/shingle"
)

// table reads a file of tab-separated values without its header.
func table(t *testing.T, elem ...string) [][]string {
	t.Helper()
	data, err := os.ReadFile(corpus.Shared(t, append([]string{"data"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if i > 0 {
			rows = append(rows, strings.Split(strings.TrimRight(line, "\r"), "\t"))
		}
	}
	return rows
}

// TestRevisionsCoverTheirSource separates answers of students who cut or revised a source
// from those who wrote their own, by the share of the answer in passages. It reports the
// area under the curve: the chance that a revision has the larger share. Three of the
// revisions share no passage with their source.
func TestRevisionsCoverTheirSource(t *testing.T) {
	docs := corpus.Docs(t, "clough_stevenson", "docs.jsonl")
	ix := passage.New(passage.Options{})
	size := map[string]int{}
	for _, d := range docs {
		ix.Add(d.ID, d.Text)
		size[d.ID] = len(d.Text)
	}
	covered := map[[2]string][]shingle.Span{}
	for p := range ix.Pairs(context.Background()) {
		for _, s := range p.Passages {
			covered[[2]string{p.A, p.B}] = append(covered[[2]string{p.A, p.B}], s.B)
			covered[[2]string{p.B, p.A}] = append(covered[[2]string{p.B, p.A}], s.A)
		}
	}
	var revised, own []float64
	for _, row := range table(t, "clough_stevenson", "labels.tsv") {
		source, answer, label := row[0], row[1], row[2]
		share := float64(bytesIn(covered[[2]string{source, answer}])) / float64(size[answer])
		if label == "non" {
			own = append(own, share)
		} else {
			revised = append(revised, share)
		}
	}
	area := 0.
	for _, r := range revised {
		for _, o := range own {
			switch {
			case r > o:
				area++
			case r == o:
				area += .5
			}
		}
	}
	area /= float64(len(revised) * len(own))
	t.Logf("%d revisions, %d own answers: area under the curve %.4f", len(revised), len(own), area)
	if area < .95 {
		t.Errorf("area %.4f, want at least .95", area)
	}
}

// TestLicencesAreFoundInFiles finds the texts of licences inside other files: wrapped, in
// comments, edited. A file that is nothing but a licence is a reference; a span counts as
// found if passages shared with references of its licence cover 95 % of its bytes.
func TestLicencesAreFoundInFiles(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("half a minute: 60,000 pairs")
	}
	docs := corpus.Docs(t, "licensecheck_spans", "docs.jsonl")
	text := map[string]string{}
	ix := passage.New(passage.Options{Workers: 2})
	for _, d := range docs {
		text[d.ID] = d.Text
		ix.Add(d.ID, d.Text)
	}
	type gold struct {
		licence string
		shingle.Span
	}
	spans := map[string][]gold{}
	var files []string
	for _, row := range table(t, "licensecheck_spans", "spans.tsv") {
		// One of these two is a list of addresses; for the other the truth has only a
		// fragment.
		if row[0] == "ccurls.t1" || row[0] == "CC-BY-ND-4.0.t2" {
			continue
		}
		from, err1 := strconv.Atoi(row[2])
		to, err2 := strconv.Atoi(row[3])
		if err1 != nil || err2 != nil {
			t.Fatalf("row %q of the truth file, want numbers in columns 2 and 3", row)
		}
		if spans[row[0]] == nil {
			files = append(files, row[0])
		}
		spans[row[0]] = append(spans[row[0]], gold{row[1], shingle.Span{Start: from, End: to}})
	}
	reference := map[string]string{}
	for _, f := range files {
		if g := spans[f]; len(g) == 1 && strings.TrimSpace(text[f][:g[0].Start]+text[f][g[0].End:]) == "" {
			reference[f] = g[0].licence
		}
	}
	found := map[string]map[string][]shingle.Span{} // spans by file, then by reference
	hit := func(file, ref string, s shingle.Span) {
		if reference[ref] != "" {
			if found[file] == nil {
				found[file] = map[string][]shingle.Span{}
			}
			found[file][ref] = append(found[file][ref], s)
		}
	}
	for p := range ix.Pairs(context.Background()) {
		for _, s := range p.Passages {
			hit(p.A, p.B, s.A)
			hit(p.B, p.A, s.B)
		}
	}
	word := regexp.MustCompile(`\w+`)
	n, ok, bytes, coveredBytes, reported, stray := 0, 0, 0, 0, 0, 0
	for _, f := range files {
		var all, truth []shingle.Span
		for _, s := range found[f] {
			all = append(all, s...)
		}
		for _, g := range spans[f] {
			truth = append(truth, g.Span)
			var cover []shingle.Span
			has := false
			for ref, licence := range reference {
				if licence == g.licence && ref != f {
					has = true
					for _, s := range found[f][ref] {
						if m := meet(s, g.Span); m.Len() > 0 {
							cover = append(cover, m)
						}
					}
				}
			}
			if !has || len(word.FindAllString(g.Of(text[f]), 12)) < 12 {
				continue
			}
			c := bytesIn(cover)
			n, bytes, coveredBytes = n+1, bytes+g.Len(), coveredBytes+c
			if float64(c) >= .95*float64(g.Len()) {
				ok++
			}
		}
		inside := bytesIn(slices.Concat(all, truth)) - bytesIn(truth)
		reported += bytesIn(all)
		stray += inside
	}
	share, byteShare, false_ := float64(ok)/float64(n), float64(coveredBytes)/float64(bytes), float64(stray)/float64(reported)
	t.Logf("%d references; %.4f of %d spans, %.4f of their bytes, %.4f of the bytes reported are false", len(reference), share, n, byteShare, false_)
	if share < .86 || byteShare < .985 || false_ > .005 {
		t.Errorf("%.4f of the spans, %.4f of their bytes, %.4f false; want at least .86, at least .985 and at most .005", share, byteShare, false_)
	}
}
