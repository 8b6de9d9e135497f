// Package pages cuts HTML pages into blocks of text. It takes the markup as a server
// sent it and returns the text that a reader would see and the spans of its blocks,
// ready for [boilerplate.Page]:
//
//	page, err := pages.Parse(body, pages.Options{ContentType: header})
//	if err != nil {
//		return err
//	}
//	verdicts := detector.Next(boilerplate.Page{
//		ID: url, Host: host, Text: page.Text, Blocks: page.Blocks,
//	})
//
// The title comes first, as a block. A block ends at every tag that starts a new
// line in a browser, and at two line breaks in a row. White space is collapsed,
// including no-break spaces and white space in pre. Blocks are joined by blank lines
// and contain none, so [shingle.Paragraphs] finds the same blocks in the text.
//
// Elements without readable text are dropped with their contents: script, style,
// noscript, template, iframe, svg, math, object, audio, video, canvas and comments.
// Nothing is executed, fetched or followed. Style sheets are not read, so text
// hidden by them is kept.
//
// # Hostile markup
//
// The tokenizer of golang.org/x/net/html is used without its tree: nesting costs
// nothing, however deep, and unclosed elements end with the page. Time and memory
// are linear in the bytes read. [Options] bounds these bytes and the number of
// blocks.
//
// [boilerplate.Page]: https://pkg.go.dev/github.com/neardup/neardup/boilerplate#Page
package pages

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"github.com/neardup/neardup/shingle"
)

// Options configures [Parse]; the zero value is the recommended setting.
type Options struct {
	// ContentType is the Content-Type header, if there was one. The header and the first
	// kilobyte of the page decide the encoding.
	ContentType string

	// MaxBytes is the maximum number of bytes read from a page; 0 means 16 MiB.
	MaxBytes int

	// MaxBlocks is the maximum number of blocks; 0 means 100,000.
	MaxBlocks int
}

// A Page is the text of an HTML page.
type Page struct {
	// Title is the text of the first title element.
	Title string

	// Text is all blocks, joined by blank lines, in UTF-8.
	Text string

	// Blocks are the spans of Text, ascending and disjoint. None is empty.
	Blocks []shingle.Span

	// Truncated reports whether a limit of the Options cut the page short.
	Truncated bool
}

// Parse reads an HTML page. Any input is accepted as HTML: an error comes from r, or
// reports an unknown encoding. It panics if a limit is negative.
func Parse(r io.Reader, o Options) (Page, error) {
	if o.MaxBytes < 0 || o.MaxBlocks < 0 {
		panic("pages: limits must not be negative")
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 16 << 20
	}
	if o.MaxBlocks == 0 {
		o.MaxBlocks = 100_000
	}
	limit := &io.LimitedReader{R: r, N: int64(o.MaxBytes)}
	body, err := charset.NewReader(limit, o.ContentType)
	if errors.Is(err, io.EOF) {
		return Page{}, nil
	}
	if err != nil {
		return Page{}, fmt.Errorf("pages: %w", err)
	}
	p := parser{z: html.NewTokenizer(body), maxBlocks: o.MaxBlocks}
	if err := p.run(); err != nil {
		return Page{}, fmt.Errorf("pages: %w", err)
	}
	if limit.N <= 0 && !p.page.Truncated {
		// The page may end exactly at the limit.
		n, _ := io.ReadFull(r, make([]byte, 1))
		p.page.Truncated = n > 0
	}
	p.page.Text = p.text.String()
	return p.page, nil
}

// A parser turns tokens into blocks.
type parser struct {
	z         *html.Tokenizer
	maxBlocks int
	page      Page
	text      strings.Builder
	start     int       // start of the current block, or -1 if there is none
	space     bool      // white space is due before the next letter
	breaks    int       // line breaks since the last letter
	skip      atom.Atom // the kind of element being dropped, or 0
	depth     int       // nesting depth of elements of that kind
	title     bool      // the current text is in the title
}

func (p *parser) run() error {
	p.start = -1
	for {
		switch p.z.Next() {
		case html.ErrorToken:
			p.end()
			if err := p.z.Err(); err != io.EOF {
				return err
			}
			return nil
		case html.TextToken:
			if p.skip == 0 {
				p.add(p.z.Text())
			}
		case html.StartTagToken:
			p.open(p.tag(), false)
		case html.SelfClosingTagToken:
			p.open(p.tag(), true)
		case html.EndTagToken:
			p.close(p.tag())
		}
		if p.page.Truncated {
			return nil
		}
	}
}

func (p *parser) tag() atom.Atom {
	name, _ := p.z.TagName()
	return atom.Lookup(name)
}

// open handles a start tag; slash is set if the tag ends in a slash.
func (p *parser) open(tag atom.Atom, slash bool) {
	foreign := tag == atom.Svg || tag == atom.Math
	switch {
	case p.skip != 0 && tag == p.skip:
		if !slash || !foreign {
			p.depth++
		}
		return
	case p.skip == atom.Svg || p.skip == atom.Math:
		// An unclosed drawing ends where text begins.
		if !blocks[tag] || tag == atom.Title {
			return
		}
		p.skip = 0
	case p.skip != 0:
		return
	}
	switch {
	case dropped[tag]:
		if !slash || !foreign {
			p.skip, p.depth = tag, 1
		}
	case tag == atom.Br:
		p.space = true
		if p.breaks++; p.breaks == 2 {
			p.end()
		}
	case blocks[tag]:
		p.end()
		p.title = tag == atom.Title && p.page.Title == ""
	}
}

func (p *parser) close(tag atom.Atom) {
	if p.skip != 0 {
		if tag == p.skip {
			if p.depth--; p.depth == 0 {
				p.skip = 0
			}
		}
		return
	}
	if blocks[tag] {
		p.end()
		p.title = false
	}
}

// add appends text to the current block, and begins a block if there is none.
func (p *parser) add(text []byte) {
	for len(text) > 0 {
		n := 0
		for n < len(text) {
			r, size := utf8.DecodeRune(text[n:])
			if blank(r) {
				break
			}
			n += size
		}
		if n == 0 {
			_, size := utf8.DecodeRune(text)
			text = text[size:]
			p.space = true
			continue
		}
		p.word(text[:n])
		text = text[n:]
	}
}

// blank reports whether r is white space: white space according to package unicode,
// the byte order mark or the zero byte.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' || r == 0 }

func (p *parser) word(w []byte) {
	switch {
	case p.start < 0:
		if len(p.page.Blocks) == p.maxBlocks {
			p.page.Truncated = true
			return
		}
		if p.text.Len() > 0 {
			p.text.WriteString("\n\n")
		}
		p.start = p.text.Len()
	case p.space:
		p.text.WriteByte(' ')
	}
	p.space, p.breaks = false, 0
	p.text.Write(w)
}

// end ends the current block.
func (p *parser) end() {
	p.space, p.breaks = false, 0
	if p.start < 0 {
		return
	}
	span := shingle.Span{Start: p.start, End: p.text.Len()}
	p.page.Blocks = append(p.page.Blocks, span)
	if p.title {
		p.page.Title = p.text.String()[span.Start:]
	}
	p.start = -1
}

// dropped are the elements that are not text.
var dropped = set(
	atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe,
	atom.Svg, atom.Math, atom.Object, atom.Audio, atom.Video, atom.Canvas,
	atom.Noframes, atom.Noembed,
)

// blocks are the elements that begin and end a line.
var blocks = set(
	atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body,
	atom.Caption, atom.Center, atom.Dd, atom.Details, atom.Dialog, atom.Dir,
	atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure,
	atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5,
	atom.H6, atom.Head, atom.Header, atom.Hgroup, atom.Hr, atom.Html,
	atom.Legend, atom.Li, atom.Main, atom.Menu, atom.Nav, atom.Ol,
	atom.Optgroup, atom.Option, atom.P, atom.Pre, atom.Section, atom.Select,
	atom.Summary, atom.Table, atom.Tbody, atom.Td, atom.Textarea, atom.Tfoot,
	atom.Th, atom.Thead, atom.Title, atom.Tr, atom.Ul,
)

func set(tags ...atom.Atom) map[atom.Atom]bool {
	m := map[atom.Atom]bool{}
	for _, t := range tags {
		m[t] = true
	}
	return m
}
