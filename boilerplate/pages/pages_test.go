package pages_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/boilerplate"
	"github.com/neardup/neardup/boilerplate/pages"
	"github.com/neardup/neardup/internal/growth"
	"github.com/neardup/neardup/internal/race"
	"github.com/neardup/neardup/shingle"
)

func parse(tb testing.TB, markup string, o pages.Options) pages.Page {
	tb.Helper()
	p, err := pages.Parse(strings.NewReader(markup), o)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func texts(p pages.Page) []string {
	var out []string
	for _, b := range p.Blocks {
		out = append(out, b.Of(p.Text))
	}
	return out
}

func TestParseFindsBlocks(t *testing.T) {
	for _, c := range []struct {
		markup string
		want   []string
		why    string
	}{
		{"", nil, "nothing"},
		{" \n&nbsp;<p> </p>", nil, "white space only"},
		{"plain text", []string{"plain text"}, "no markup at all"},
		{"<title>T &amp; U</title><body>b", []string{"T & U", "b"}, "entities, and the title is the first block"},
		{"<p>one<p>two</p>three", []string{"one", "two", "three"}, "paragraphs that are not closed"},
		{"<p>a <b>b</b>c<i> d</i>\n\te</p>", []string{"a bc d e"}, "inline elements neither break nor join"},
		{"a<br>b<br> <br>c", []string{"a b", "c"}, "one break is a space, two are a blank line"},
		{"<ul><li>x<li>y</ul><table><tr><td>1<td>2</table>", []string{"x", "y", "1", "2"}, "items and cells"},
		{"a<script>var b = '<p>no</p>'</script>c<!-- d --><style>e{}</style>", []string{"ac"}, "scripts, styles, comments"},
		{"a<noscript><p>b</p></noscript><iframe>c</iframe><template><p>d<template>e</template>f</template>g", []string{"ag"}, "dropped elements nest"},
		{"a <svg><title>icon</title><path/></svg> b", []string{"a b"}, "a title within a drawing is not a title"},
		{"<svg/>a<svg><g>b<p>c", []string{"a", "c"}, "a drawing that was not closed"},
		{"<SCRIPT>x</SCRIPT ><DIV>y</DIV>", []string{"y"}, "upper case"},
		{"<p>a</b></p></p></div>b", []string{"a", "b"}, "end tags of nothing"},
		{"a<script>b", []string{"a"}, "an element that is dropped to the end"},
		{"<p title='<p>x'>a</p <p>b", []string{"a", "b"}, "markup within attributes"},
		{"<pre>a\n\n  b</pre>", []string{"a b"}, "no blank lines within blocks"},
		{"Größe &Uuml;ber &#x4e2d;", []string{"Größe Über 中"}, "characters"},
		{"a\x00b \xff c", []string{"a b \uFFFD c"}, "bytes that are not text"},
	} {
		p := parse(t, c.markup, pages.Options{ContentType: "text/html; charset=utf-8"})
		if diff := cmp.Diff(c.want, texts(p)); diff != "" {
			t.Errorf("%s: %q (-want +got):\n%s", c.why, c.markup, diff)
		}
		check(t, p)
	}
}

// check tests properties that every page must have.
func check(tb testing.TB, p pages.Page) {
	tb.Helper()
	if !utf8.ValidString(p.Text) {
		tb.Errorf("Text = %q, want valid UTF-8", p.Text)
	}
	if got := strings.Join(texts(p), "\n\n"); got != p.Text {
		tb.Errorf("blocks joined = %q, want Text = %q", got, p.Text)
	}
	for _, b := range texts(p) {
		if b == "" || strings.TrimSpace(b) != b || strings.Contains(b, "\n") {
			tb.Errorf("block = %q, want text on one line without spaces at its ends", b)
		}
	}
}

func TestTitleIsFirstTitleElement(t *testing.T) {
	p := parse(t, "<title>\nOne \n two</title><title>three</title><p>four", pages.Options{})
	if p.Title != "One two" {
		t.Errorf("Title = %q, want %q", p.Title, "One two")
	}
}

func TestEncodingsAreConverted(t *testing.T) {
	for _, c := range []struct{ contentType, markup string }{
		{"text/html; charset=windows-1252", "<p>caf\xe9 \x93quoted\x94"},
		{"", "<meta charset=windows-1252><p>caf\xe9 \x93quoted\x94"},
		{"", "\ufeff<p>café “quoted”"},
		{"text/html; charset=utf-8", "<p>café “quoted”"},
	} {
		p := parse(t, c.markup, pages.Options{ContentType: c.contentType})
		if diff := cmp.Diff([]string{"café “quoted”"}, texts(p)); diff != "" {
			t.Errorf("%q %q (-want +got):\n%s", c.contentType, c.markup, diff)
		}
	}
}

func TestLimitsTruncate(t *testing.T) {
	body := strings.Repeat("<p>a paragraph of text</p>", 1000)
	p := parse(t, body, pages.Options{MaxBytes: 5000})
	if !p.Truncated || len(p.Blocks) != (5000+25)/26 {
		t.Errorf("Parse with MaxBytes 5000: %d blocks, Truncated = %v, want %d and true", len(p.Blocks), p.Truncated, (5000+25)/26)
	}
	if p := parse(t, body, pages.Options{MaxBytes: len(body)}); p.Truncated || len(p.Blocks) != 1000 {
		t.Errorf("Parse with MaxBytes as long as the body: %d blocks, Truncated = %v, want 1000 and false", len(p.Blocks), p.Truncated)
	}
	p = parse(t, body, pages.Options{MaxBlocks: 10})
	if !p.Truncated || len(p.Blocks) != 10 {
		t.Errorf("Parse with MaxBlocks 10: %d blocks, Truncated = %v, want 10 and true", len(p.Blocks), p.Truncated)
	}
	if p := parse(t, body, pages.Options{MaxBlocks: 1000}); p.Truncated || len(p.Blocks) != 1000 {
		t.Errorf("Parse with MaxBlocks 1000: %d blocks, Truncated = %v, want 1000 and false", len(p.Blocks), p.Truncated)
	}
	failure := errors.New("connection reset")
	r := io.MultiReader(strings.NewReader(body), iotest.ErrReader(failure))
	if _, err := pages.Parse(r, pages.Options{}); !errors.Is(err, failure) {
		t.Errorf("Parse from a failing reader = %v, want error %v", err, failure)
	}
	if _, err := pages.Parse(strings.NewReader(body), pages.Options{ContentType: "text/html; charset=klingon"}); err != nil {
		t.Errorf("Parse with an unknown charset = %v, want nil", err)
	}
}

// TestHostileMarkupTakesLinearTime parses a few megabytes of hostile markup; the time
// grows only with its length.
func TestHostileMarkupTakesLinearTime(t *testing.T) {
	race.Alone(t)
	const size = 1 << 20
	fill := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	for name, markup := range map[string]func(n int) string{
		"deep":       func(n int) string { return fill("<div>", n) + "text" },
		"deep lists": func(n int) string { return fill("<ul><li>x", n) },
		"formatting": func(n int) string { return fill("<a><b><p>", n) },
		"templates":  func(n int) string { return fill("<template>", n) },
		"svg":        func(n int) string { return fill("<svg><g>", n) },
		"attributes": func(n int) string { return "<p " + fill("a=b ", n) + ">text" },
		"one tag":    func(n int) string { return "<p class='" + fill("x", n) },
		"brackets":   func(n int) string { return fill("<", n) },
		"entities":   func(n int) string { return fill("&amp", n) },
		"ampersands": func(n int) string { return fill("&", n) },
		"comments":   func(n int) string { return fill("<!--", n) },
		"scripts":    func(n int) string { return fill("<script>", n) },
		"breaks":     func(n int) string { return fill("a<br>", n) },
		"tables":     func(n int) string { return fill("<table><tr><td>a", n) },
		"doctypes":   func(n int) string { return fill("<!doctype ", n) },
		"end tags":   func(n int) string { return fill("</p></title></script>", n) },
		"titles":     func(n int) string { return fill("<title>a</title>", n) },
	} {
		t.Run(name, func(t *testing.T) {
			growth.Linear(t, size, func(n int) { check(t, parse(t, markup(n), pages.Options{})) })
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("<title>a</title><p>b<br><br>c<svg><p>d</svg><script>e</script>")
	f.Add("<template><template></template>x</template>&nbsp;&lt;y")
	f.Fuzz(func(t *testing.T, markup string) {
		o := pages.Options{ContentType: "text/html; charset=utf-8"}
		p := parse(t, markup, o)
		check(t, p)
		// Cutting off the end changes only the last block.
		if len(markup) > 1 {
			cut := parse(t, markup, pages.Options{ContentType: o.ContentType, MaxBlocks: 1})
			if len(p.Blocks) > 0 && p.Blocks[0] != cut.Blocks[0] {
				t.Errorf("first block = %v, want %v as with MaxBlocks 1", p.Blocks[0], cut.Blocks[0])
			}
		}
		if got := slices.Collect(shingle.Paragraphs(p.Text)); len(got) > len(p.Blocks) {
			t.Errorf("Paragraphs finds %d paragraphs, want at most one per block (%d)", len(got), len(p.Blocks))
		}
	})
}

func Example() {
	detector := boilerplate.New(boilerplate.Options{})
	story := func(text string) string {
		return "<html><body><nav><a href=/>Home</a> <a href=/news>News</a></nav>" +
			"<script>track()</script><article><p>" + text + "</article>" +
			"<footer>Printed by the Harbour Gazette since 1893</footer>"
	}
	for i, text := range []string{
		"The old ferry will be sold to a museum, the council said.",
		"Rain kept most visitors away from the annual kite festival.",
		"A new bakery has opened its doors beside the lighthouse.",
	} {
		page, err := pages.Parse(strings.NewReader(story(text)), pages.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		verdicts := detector.Next(boilerplate.Page{
			ID: fmt.Sprint(i), Host: "gazette.example", Text: page.Text, Blocks: page.Blocks,
		})
		for _, b := range verdicts {
			if i == 2 {
				fmt.Printf("%v %q: %s\n", b.Flagged, b.Of(page.Text), b.Reason)
			}
		}
	}
	// Output:
	// true "Home News": navigation
	// false "A new bakery has opened its doors beside the lighthouse.": own text
	// true "Printed by the Harbour Gazette since 1893": site furniture
}

func BenchmarkParse(b *testing.B) {
	markup := strings.Repeat("<div class='story'><p>Some <b>text</b> of a few words, <a href='#'>linked</a>.</p></div>\n", 1000)
	b.SetBytes(int64(len(markup)))
	for b.Loop() {
		parse(b, markup, pages.Options{ContentType: "text/html; charset=utf-8"})
	}
}
