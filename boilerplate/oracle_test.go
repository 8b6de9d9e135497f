package boilerplate_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/internal/corpus"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

// TestCountsAgreeWithMaps counts the same pages with plain maps of strings. The pages
// draw their blocks at random from a common stock.
func TestCountsAgreeWithMaps(t *testing.T) {
	w := writer(21)
	var stock []string
	for range 300 {
		stock = append(stock, w.words(4+w.below(40)))
	}
	type set map[string]bool
	docs := map[string]set{} // IDs of the documents, by scope and block
	add := func(key, doc string) {
		if docs[key] == nil {
			docs[key] = set{}
		}
		docs[key][doc] = true
	}
	var pages []boilerplate.Page
	for i := range 200 {
		host := fmt.Sprint("host", w.below(7))
		var blocks []string
		for range 1 + w.below(30) {
			// Some blocks are drawn often, most rarely, and a third only once.
			b := stock[min(w.below(len(stock)), w.below(len(stock)), w.below(len(stock)))]
			if w.below(3) == 0 {
				b = w.words(20)
			}
			blocks = append(blocks, b)
			add(host+"\n"+b, fmt.Sprint(i))
			add("all\n"+b, fmt.Sprint(i))
			add("hosts\n"+b, host)
		}
		pages = append(pages, boilerplate.Page{
			ID: fmt.Sprint(i), Host: host,
			// Case, punctuation and typography must not matter.
			Text: strings.Join(blocks, strings.Repeat("\n", 2+w.below(2))) + strings.Repeat("!", w.below(2)),
		})
	}
	d := observeAll(boilerplate.New(boilerplate.Options{Coverage: -1, Gap: -1}), pages)
	exact := 0
	for _, p := range pages {
		for _, b := range d.Judge(p) {
			text := strings.TrimRight(b.Of(p.Text), "!")
			host, all := len(docs[p.Host+"\n"+text]), len(docs["all\n"+text])
			hosts := len(docs["hosts\n"+text])
			switch b.Scope {
			case boilerplate.Host:
				if b.Documents != host || b.Hosts != 1 {
					t.Errorf("%s %q: %d documents of %d hosts, want %d of 1", p.ID, text, b.Documents, b.Hosts, host)
				}
			case boilerplate.Global:
				if b.Documents != all || hosts <= 4 && b.Hosts != hosts {
					t.Errorf("%s %q: %d documents of %d hosts, want %d of %d", p.ID, text, b.Documents, b.Hosts, all, hosts)
				}
			}
			if !b.Flagged {
				continue
			}
			exact++
			if host < 2 && (all < 3 || hosts < 2) {
				t.Errorf("%s %q is flagged with %d documents on its host and %d on %d hosts, want 2 on its host or 3 on 2 hosts", p.ID, text, host, all, hosts)
			}
		}
	}
	if exact < 500 {
		t.Errorf("%d blocks flagged, want at least 500 (else the pages prove nothing)", exact)
	}
}

// TestScriptsAreFlaggedAlike judges one manual in seven languages, three of them in other
// scripts and two without spaces between words: a block recycled in one language is
// recycled in all.
func TestScriptsAreFlaggedAlike(t *testing.T) {
	race.Alone(t)
	docs := corpus.Docs(t, "throughput", "help_7_languages.jsonl")
	// Some languages leave paragraphs untranslated, so each language is counted
	// separately.
	d := boilerplate.New(boilerplate.Options{HostOnly: true})
	for _, doc := range docs {
		d.Observe(boilerplate.Page{ID: doc.ID, Host: doc.ID[:2], Text: doc.Text})
	}
	all, flagged, variants := map[string]int{}, map[string]int{}, map[string]int{}
	for _, doc := range docs {
		lang := doc.ID[:2]
		for _, b := range d.Judge(boilerplate.Page{ID: doc.ID, Host: lang, Text: doc.Text}) {
			all[lang] += b.Len()
			if b.Flagged {
				flagged[lang] += b.Len()
			}
			if b.Reason == boilerplate.Variant {
				variants[lang] += b.Len()
			}
		}
	}
	english := float64(flagged["en"]) / float64(all["en"])
	for _, lang := range slices.Sorted(maps.Keys(all)) {
		share := float64(flagged[lang]) / float64(all[lang])
		t.Logf("%s: %d bytes, %.3f flagged, %.4f as variants", lang, all[lang], share, float64(variants[lang])/float64(all[lang]))
		if share < english-0.1 || share > english+0.1 {
			t.Errorf("%s: %.3f of the bytes are flagged, want %.3f as in English, within 0.1", lang, share, english)
		}
		if v := float64(variants[lang]) / float64(all[lang]); v > 0.02 {
			t.Errorf("%s: %.3f of the bytes pass for variants, want at most 0.02", lang, v)
		}
	}
	if len(all) != 7 {
		t.Errorf("got %d languages, want 7", len(all))
	}
}

// FuzzJudge checks properties of every text: spans are in order and on character
// boundaries, and verdicts do not depend on earlier calls.
func FuzzJudge(f *testing.F) {
	f.Add("menu one two three\n\nown text\n\n12 April 2013\n\nfooter of four words", "host", true)
	f.Add("全角１２３ 数字 和 汉字 漢字 かな ไทย ภาษา ລາວ\n\n\xff\xfe 12a b2c", "", false)
	f.Add(strings.Repeat("a b c d e f\n\n", 40), "h", true)
	base := boilerplate.New(boilerplate.Options{})
	pages, _ := newsroom()
	data := marshal(f, observeAll(base, pages))
	f.Fuzz(func(t *testing.T, text, host string, observe bool) {
		var d boilerplate.Detector
		if err := d.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		p := boilerplate.Page{ID: "fuzz", Host: host, Text: text}
		before := d.Judge(p)
		if observe {
			d.Observe(p)
			if after := d.Judge(p); len(after) != len(before) {
				t.Errorf("Judge returns %d blocks after the page was observed, want %d as before", len(after), len(before))
			} else {
				for i := range after {
					if after[i] != before[i] {
						t.Errorf("block %d: got %+v after the page was observed, want %+v as before", i, after[i], before[i])
					}
				}
			}
		}
		end := 0
		for _, b := range before {
			if b.Start < end || b.End <= b.Start || b.End > len(text) {
				t.Fatalf("span %v follows byte %d in a text of %d bytes, want spans in order, not empty and within the text", b.Span, end, len(text))
			}
			end = b.End
			if utf8.ValidString(text) && !utf8.ValidString(b.Of(text)) {
				t.Errorf("span %v cuts a character of %q, want borders of characters", b.Span, text)
			}
			if b.Documents < 1 || b.Confidence < 0 || b.Confidence > 1 || (b.Flagged || b.Masked) != (b.Confidence > 0) {
				t.Errorf("block %+v: want Documents of 1 and more, and Confidence from 0 to 1, above 0 if flagged or masked and only then", b)
			}
		}
		var sh shingle.Shingler
		for range sh.Hashes(text, d.Mask(p)...) {
			break
		}
	})
}
