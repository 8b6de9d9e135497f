package htmlreport

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	ferry   = "The night ferry sails again from May. Tickets go on sale on Monday, and bicycles travel free of charge."
	ferry2  = "The night ferry sails again from June. Tickets go on sale on Monday; and bicycles travel free of charge!"
	quote   = "She told the council that the ramp would be paid for by the harbour and by nobody else in this town."
	footer  = "Harbour Post reports from the quay every morning."
	hostile = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> \u2028 \u2029 \x00 \u202e & ' \" ]]> \xff"
)

// small is a report with a finding of each kind.
func small() *Report {
	docs := []Document{
		{ID: "post/ferry.txt", Host: "post", Text: ferry + "\n\n" + footer, Mask: []shingle.Span{{Start: len(ferry) + 2, End: len(ferry) + 2 + len(footer)}}},
		{ID: "wire/ferry.txt", Host: "wire", Text: ferry2},
		{ID: "post/ramp.txt", Host: "post", Text: "A ramp at last. " + quote + " So much for that.\n\n" + footer, Mask: []shingle.Span{{Start: 135, End: 135 + len(footer)}}},
		{ID: "wire/town.txt", Host: "wire", Text: quote},
	}
	return &Report{
		Title: "stories", Documents: 5, Empty: 1, Bytes: 1234, Threshold: .5,
		Banding: lsh.Choose(128, .5, .99), Exact: true,
		Similarities: []float64{.61, .5, .3, 1}, ObservedFrom: .2,
		Settings: []Setting{{"Shingles", "words:5"}}, Notes: []string{"One input could not be read."},
		Clusters: []lsh.Cluster[int]{{Representative: 0, Members: []lsh.Member[int]{{ID: 0, Similarity: 1}, {ID: 1, Similarity: .61}}}},
		Shared: []Shared{{A: 2, B: 3, Passages: []shingle.Passage{{
			A: shingle.Span{Start: 16, End: 16 + len(quote)}, B: shingle.Span{End: len(quote)}, Tokens: 21, Matched: 21, Similarity: 1, Exact: true,
		}}, Recycled: func(shingle.Passage) (documents, hosts int) { return 7, 2 }}},
		Blocks:   []Block{{Host: "post", Text: footer, Reason: "site furniture", Scope: "host", Documents: 2, Hosts: 1, Places: []Place{{0, docs[0].Mask[0]}, {2, docs[2].Mask[0]}}}},
		Document: func(i int) Document { return docs[i] },
	}
}

func write(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// between returns the text between the first occurrence of two marks.
func between(t *testing.T, s, from, to string) string {
	t.Helper()
	_, s, ok := strings.Cut(s, from)
	if !ok {
		t.Fatalf("the page lacks %q", from)
	}
	s, _, ok = strings.Cut(s, to)
	if !ok {
		t.Fatalf("the page lacks %q after %q", to, from)
	}
	return s
}

// data decodes the findings of one kind.
func data[T any](t *testing.T, page, key string) (v []T) {
	t.Helper()
	if err := json.Unmarshal(unpacked(t, page, key), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// unpacked returns the data of one kind as JSON.
func unpacked(t *testing.T, page, key string) []byte {
	t.Helper()
	content := between(t, page, `id="data-`+key+`">`, "</script>")
	if !strings.Contains(page, `data-packed id="data-`+key+`">`) {
		return []byte(content)
	}
	data, err := io.ReadAll(flate.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(content))))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestLargeDataIsPacked(t *testing.T) {
	r := small()
	r.MaxText = 1 << 20
	r.Document = func(i int) Document {
		var text strings.Builder
		for k := range 8000 {
			fmt.Fprintf(&text, "word %d of text %d, ", k*k%977, i)
		}
		return Document{ID: fmt.Sprint("d", i), Text: text.String()}
	}
	page := write(t, r)
	docs := unpacked(t, page, "docs")
	if packed := between(t, page, `data-packed id="data-docs">`, "</script>"); 2*len(packed) > len(docs) {
		t.Errorf("%d bytes of data are packed into %d, want at most half", len(docs), len(packed))
	}
	if got := data[docData](t, page, "docs"); len(got) == 0 {
		t.Error("the packed data has no documents, want all of them")
	}
	if !strings.Contains(page, `json" id="data-blocks">`) {
		t.Error("the blocks are packed, want them as plain JSON because they are few")
	}
}

func TestGoldenPage(t *testing.T) {
	got := write(t, small())
	for _, part := range []string{styleCSS, earlyJS, scriptJS} {
		if strings.Count(got, part) != 1 {
			t.Fatalf("the page has the style or a script %d times, want once and unchanged", strings.Count(got, part))
		}
		got = strings.Replace(got, part, "(left out here)", 1)
		got = strings.Replace(got, hashOf(part), "(its hash)", 1)
	}
	name := filepath.Join("testdata", "page.golden")
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("page (-want +got; -update rewrites it):\n%s", diff)
	}
}

func TestEqualReportsGiveTheSameBytes(t *testing.T) {
	if a, b := write(t, small()), write(t, small()); a != b {
		t.Error("two equal reports give different pages, want the same bytes")
	}
}

// The policy must allow exactly the script and the style of the page, and nothing in the
// page may refer to anything outside it.
func TestPageIsSelfContained(t *testing.T) {
	page := write(t, small())
	policy := between(t, page, `http-equiv="Content-Security-Policy" content="`, `"`)
	var want strings.Builder
	want.WriteString("default-src 'none'; base-uri 'none'; form-action 'none'")
	for _, element := range []string{"style", "script"} {
		want.WriteString("; " + element + "-src")
		for _, inline := range regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1) {
			sum := sha256.Sum256([]byte(inline[1]))
			want.WriteString(" 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
		}
	}
	if policy != want.String() {
		t.Errorf("policy = %q, want %q", policy, want.String())
	}
	for _, outside := range []string{`(?i)\b(src|srcset|action|data|poster)=`, `(?i)href="[^#]`, `(?i)url\(`, `@import`, `https?:`, `//[a-z]+\.`,
		`\bfetch\(`, `XMLHttpRequest`, `WebSocket`, `sendBeacon`, `innerHTML`, `outerHTML`, `insertAdjacentHTML`, `document\.write`, `\beval\(`, `new Function`} {
		if found := regexp.MustCompile(outside).FindString(page); found != "" {
			t.Errorf("the page holds %q, want nothing that loads or writes markup", found)
		}
	}
}

// Whatever the documents contain, the page has only the elements of the template.
func TestHostileTextAddsNoElements(t *testing.T) {
	r := small()
	plain := write(t, r)
	doc := r.Document
	r.Document = func(i int) Document {
		d := doc(i)
		return Document{ID: d.ID + hostile, Host: d.Host + hostile, Source: hostile, Link: "javascript:alert(3)" + hostile, Text: hostile + d.Text + hostile}
	}
	r.Title += hostile
	r.Notes[0] += hostile
	r.Settings[0].Value += hostile
	r.Blocks[0].Text = hostile
	r.Blocks[0].Host = hostile
	page := write(t, r)
	elements := func(s string) []string {
		all := regexp.MustCompile(`<[!/a-zA-Z][^\s>]*`).FindAllString(s, -1)
		slices.Sort(all)
		return slices.Compact(all)
	}
	if diff := cmp.Diff(elements(plain), elements(page)); diff != "" {
		t.Errorf("elements of the page (-want without hostile text +got with it):\n%s", diff)
	}
	for _, tag := range []string{"<script", "</script", "<noscript", "</noscript", "<!"} {
		if got, want := strings.Count(page, tag), strings.Count(plain, tag); got != want {
			t.Errorf("%d times %s with hostile text, %d times without", got, tag, want)
		}
	}
	for _, bad := range []string{"\x00", "\u2028", "\u2029", "\u202e", "\xff", `href="javascript`, `"l":"javascript`} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %+q, want it escaped", bad)
		}
	}
	// The text is still visible.
	docs := data[docData](t, page, "docs")
	if want := shown(hostile); !strings.Contains(docs[0].ID, want) || !strings.HasPrefix(resolved(t, docs, 0), want) {
		t.Errorf("the first document is %q with the text %q, want %q in both", docs[0].ID, docs[0].Text, want)
	}
	if blocks := data[blockData](t, page, "blocks"); blocks[0].Text != shown(hostile) {
		t.Errorf("block of hostile text = %q, want %q", blocks[0].Text, shown(hostile))
	}
}

func TestShownReplacesControlCharacters(t *testing.T) {
	for _, tt := range []struct{ why, in, want string }{
		{"plain text stays", "Straße\n\t日本 שלום", "Straße\n\t日本 שלום"},
		{"a NUL is seen", "a\x00b", "a\u2400b"},
		{"an escape and a delete too", "\x1b[31m\x7f", "\u241b[31m\u2421"},
		{"carriage returns and byte order marks go", "\ufeffa\r\nb", "a\nb"},
		{"nothing turns the text around", "a\u202eb\u2066c\u2069", "a\ufffdb\ufffdc\ufffd"},
		{"separators of lines are line breaks", "a\u2028b\u2029c", "a\nb\nc"},
		{"a broken byte is one sign", "a\xffb", "a\ufffdb"},
	} {
		if got := shown(tt.in); got != tt.want {
			t.Errorf("%s: shown(%q) = %q, want %q", tt.why, tt.in, got, tt.want)
		}
	}
}

func TestLimitsAreReported(t *testing.T) {
	r := small()
	text := strings.Repeat("one word after another makes a text that is long enough to be cut ", 400)
	r.Document = func(i int) Document {
		return Document{ID: fmt.Sprint("d", i), Text: fmt.Sprint("number ", i, " ") + text}
	}
	r.Clusters, r.Shared, r.Blocks = nil, nil, nil
	for i := range 300 {
		c := lsh.Cluster[int]{Representative: 1000 * i, Members: []lsh.Member[int]{{ID: 1000 * i, Similarity: 1}}}
		for m := range 1 + 250*max(0, 1-i) {
			c.Members = append(c.Members, lsh.Member[int]{ID: 1000*i + 1 + m, Similarity: .9})
		}
		r.Clusters = append(r.Clusters, c)
		r.Shared = append(r.Shared, Shared{A: 2 * i, B: 2*i + 1, Passages: []shingle.Passage{{A: shingle.Span{Start: 10, End: 20000}, B: shingle.Span{Start: 10, End: 20000}, Tokens: 3000, Exact: true, Similarity: 1}}})
		r.Blocks = append(r.Blocks, Block{Text: text, Places: repeated([]Place{{Document: 1, Span: shingle.Span{Start: 10, End: 20}}}, 60)})
	}
	r.MaxFindings, r.MaxBytes, r.MaxText = 100, 400_000, 2000
	page := write(t, r)
	total := 0
	for _, key := range []string{"clusters", "passages", "blocks", "docs"} {
		total += len(unpacked(t, page, key))
	}
	if total > r.MaxBytes*11/10 {
		t.Errorf("%d bytes of data, want at most %d for MaxBytes %d", total, r.MaxBytes*11/10, r.MaxBytes)
	}
	clusters, pairs, blocks := data[clusterData](t, page, "clusters"), data[pairData](t, page, "passages"), data[blockData](t, page, "blocks")
	if len(clusters) != 100 || len(pairs) != 100 || len(blocks) == 0 || len(blocks) > 100 {
		t.Errorf("%d clusters, %d pairs, %d blocks, want 100, 100 and up to 100", len(clusters), len(pairs), len(blocks))
	}
	if c := clusters[0]; c.Removed != 251 || len(c.Members) != maxMembers {
		t.Errorf("cluster: %d of %d removed members are named, want %d of 251", len(c.Members), c.Removed, maxMembers)
	}
	if b := blocks[0]; len(b.Text)+b.Cut != len(text) || len(b.Text) > 2100 || len(b.Places) != 3*maxPlaces || b.Count != 60 {
		t.Errorf("block: %d bytes shown, %d cut of %d; %d of %d places named, want at most 2100 shown and %d of 60 places", len(b.Text), b.Cut, len(text), len(b.Places)/3, b.Count, maxPlaces)
	}
	for _, said := range []string{
		"The page holds the first 100 of 300 clusters.",
		"The page holds the first 100 of 300 pairs with shared passages.",
		"of 300 recycled blocks.",
		"comparisons of clusters are left out, to keep the page under 400 kB.",
	} {
		if !strings.Contains(page, said) {
			t.Errorf("the page lacks %q", said)
		}
	}
}

// Every chart is well-formed XML with a title and a description, and its table
// accounts for every pair.
func TestChartsAccountForEveryPair(t *testing.T) {
	for _, tt := range []struct {
		why          string
		similarities []float64
		threshold    float64
		from         float64
	}{
		{"none", nil, .8, .5},
		{"one", []float64{1}, .8, .5},
		{"the ends", []float64{.5, .8, .9999999, 1}, .8, .5},
		{"a low threshold", []float64{.1, .12, .4}, .1, .1},
		{"the highest threshold", []float64{1, 1}, 1, 1},
		{"many", func() (s []float64) {
			for i := range 5000 {
				s = append(s, .5+float64(i*i%5000)/10000)
			}
			return s
		}(), .8, .5},
	} {
		t.Run(tt.why, func(t *testing.T) {
			r := &Report{Similarities: tt.similarities, Threshold: tt.threshold, ObservedFrom: tt.from, Banding: lsh.Choose(128, tt.threshold, .99)}
			for _, c := range []struct {
				chart
				column int
			}{{r.histogram(), 1}, {r.curve(), 2}} {
				d := xml.NewDecoder(strings.NewReader(string(c.Drawing)))
				var names []string
				for {
					token, err := d.Token()
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					if e, ok := token.(xml.StartElement); ok {
						names = append(names, e.Name.Local)
					}
				}
				if len(names) < 10 || names[0] != "svg" || names[1] != "title" || names[2] != "desc" {
					t.Errorf("elements %v, want svg, title, desc and at least 10 in all", names)
				}
				if bad := regexp.MustCompile(`NaN|Inf|"-\d`).FindString(string(c.Drawing)); bad != "" {
					t.Errorf("the drawing holds %s, want finite numbers that are not negative", bad)
				}
				sum := 0
				for _, row := range c.Rows {
					n := 0
					fmt.Sscan(strings.ReplaceAll(row[c.column], "\u202f", ""), &n)
					sum += n
				}
				if sum != len(tt.similarities) {
					t.Errorf("the table accounts for %d pairs, want all %d", sum, len(tt.similarities))
				}
			}
		})
	}
}

func TestNumbersAreFormatted(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{number(0), "0"}, {number(999), "999"}, {number(1000), "1\u202f000"}, {number(1234567), "1\u202f234\u202f567"}, {number(-1000), "-1\u202f000"},
		{count(1, "pair"), "1 pair"}, {count(0, "pair"), "0 pairs"},
		{percentOf(0), "0\u00a0%"}, {percentOf(.0001), "under 0.1\u00a0%"}, {percentOf(.023), "2.3\u00a0%"}, {percentOf(.5), "50\u00a0%"}, {percentOf(.992), "99.2\u00a0%"}, {percentOf(.99999), "over 99.9\u00a0%"}, {percentOf(1), "100\u00a0%"},
		{byteSize(1), "1 byte"}, {byteSize(999), "999 bytes"}, {byteSize(1000), "1.0 kB"}, {byteSize(17182810), "17 MB"}, {byteSize(999_999_999), "1.0 GB"},
		{decimal(.8), "0.8"}, {decimal(.05), "0.05"}, {decimal(1), "1"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

// BenchmarkWrite makes a page of 10,000 findings of each kind.
func BenchmarkWrite(b *testing.B) {
	r := small()
	r.Clusters = repeated(r.Clusters, 10_000)
	r.Shared = repeated(r.Shared, 10_000)
	r.Blocks = repeated(r.Blocks, 10_000)
	var size countWriter
	for b.Loop() {
		size = 0
		if err := r.Write(&size); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size), "page-bytes")
}

func repeated[T any](s []T, n int) (all []T) {
	for range n {
		all = append(all, s...)
	}
	return all
}

type countWriter int

func (c *countWriter) Write(p []byte) (int, error) { *c += countWriter(len(p)); return len(p), nil }

// dated is a small report with a passage whose origin is known.
func dated() *Report {
	r := small()
	docs := []Document{
		{ID: "wire/council.txt", Host: "wire", Link: "https://wire.example/council?a=1&b=2", Text: "From the council. " + quote},
		{ID: "post/council.txt", Host: "post", Text: "According to the wire, this was said. " + quote + " So it was."},
		{ID: "blog/council.txt", Text: quote},
	}
	of := func(doc int) Place {
		start := strings.Index(docs[doc].Text, quote)
		return Place{doc, shingle.Span{Start: start, End: start + len(quote)}}
	}
	r.Clusters, r.Shared, r.Blocks = nil, nil, nil
	r.Document = func(i int) Document { return docs[i] }
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	r.Origins = []Origin{{Tokens: 21, Documents: 3, Origins: 1, First: 0, Holders: []Holder{
		{Place: of(0), Time: noon, From: -1},
		{Place: of(1), Time: noon.Add(3 * time.Hour), From: 0, Cites: []string{"According to the wire"}},
		{Place: of(2), From: -1},
	}}}
	return r
}

func TestOriginsAreOnThePage(t *testing.T) {
	page := write(t, dated())
	o := data[originData](t, page, "origins")[0]
	docs := data[docData](t, page, "docs")
	if o.Text != quote || o.First != 0 || o.Documents != 3 || len(o.Holders) != 3 {
		t.Fatalf("origin = %+v, want the quote, first in document 0, with 3 documents", o)
	}
	for i, h := range o.Holders {
		if got := resolved(t, docs, h.Doc)[h.Start : h.Start+h.Length]; got != quote {
			t.Errorf("holder %d holds %q, want %q", i, got, quote)
		}
	}
	if h := o.Holders[1]; h.When != "1 May 2026, 15:00 UTC" || h.Time-o.Holders[0].Time != 3*3600*1000 || h.From == nil || *h.From != 0 || len(h.Cites) != 1 {
		t.Errorf("second holder = %+v, want 1 May 2026, 15:00 UTC, three hours later, from holder 0, with 1 cite", h)
	}
	if h := o.Holders[2]; h.When != "" || h.From != nil {
		t.Errorf("holder without a time = %+v, want neither When nor From", h)
	}
	if docs[o.Holders[0].Doc].Link != "https://wire.example/council?a=1&b=2" {
		t.Errorf("link = %q, want %q", docs[o.Holders[0].Doc].Link, "https://wire.example/council?a=1&b=2")
	}
	// The tab is there, and so is the list for browsers without a script.
	for _, want := range []string{`id="tab-origins" aria-controls="origins" aria-selected="true"`, "post/council.txt, 1 May 2026, 15:00 UTC, from wire/council.txt"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, absent := range []string{"Recurring passages", "no times"} {
		if strings.Contains(page, absent) {
			t.Errorf("the page has %q, want no word of passages without times", absent)
		}
	}
	if strings.Contains(write(t, small()), "tab-origins") {
		t.Error("a report without origins has a tab for them, want none")
	}
}

// TestRecurringPassages checks that, without times, the page has
// the holders of each passage and names none as the first.
func TestRecurringPassages(t *testing.T) {
	r := dated()
	for i := range r.Origins[0].Holders {
		h := &r.Origins[0].Holders[i]
		h.Time, h.From, h.Cites = time.Time{}, -1, nil
	}
	r.Origins[0].First = -1
	page := write(t, r)
	for _, want := range []string{"<h2>Recurring passages</h2>", `id="tab-origins"`, "in 3 documents", "<bdi>post/council.txt</bdi>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, absent := range []string{"<h2>Origins</h2>", `name="known"`, "Earliest first"} {
		if strings.Contains(page, absent) {
			t.Errorf("the page has %q, want nothing about times", absent)
		}
	}
	for i, h := range data[originData](t, page, "origins")[0].Holders {
		if h.When != "" || h.Time != 0 || h.From != nil {
			t.Errorf("holder %d = %+v, want no time and no source", i, h)
		}
	}
}

// TestTemplatePassageIsLabelled labels a passage that is one wording around different content, with and
// without scripts.
func TestTemplatePassageIsLabelled(t *testing.T) {
	r := small()
	p := &r.Shared[0].Passages[0]
	p.Exact, p.Template, p.Similarity = false, true, .75
	page := write(t, r)
	if got := data[pairData](t, page, "passages")[0].Passages[0]; !got.Template {
		t.Errorf("passage = %+v, want Template = true", got)
	}
	if want := "21 words, 75\u00a0% alike, a template"; !strings.Contains(page, want) {
		t.Errorf("no %q without scripts", want)
	}
	if strings.Contains(write(t, small()), "a template</") {
		t.Error("an exact passage is labelled a template, want no label")
	}
}
