// Package htmlreport turns what dedup found into one HTML page: findings and the
// texts behind them go in, a file that needs nothing but a browser comes out.
//
// The findings come from packages lsh, lsh/passage and boilerplate; nothing is
// searched here. What is added is what a reader needs to judge them: the words in
// which two documents differ (an edit script of package shingle), the S-curve of
// the bands, and the similarities that were observed.
//
// # The page
//
// The page loads nothing: style, script and data are part of it, and its content
// security policy allows no connection and no script or style but the two whose
// hashes it names. Findings are JSON that the script renders a page at a time, so
// that ten thousand of them open at once; charts are drawn here as SVG, each with
// its figures as a table. Without a script the summary and the charts remain.
//
// # Foreign text
//
// Documents may hold anything. Their text is never markup: in the page it goes
// through html/template, in the data through encoding/json with <, >, &, U+2028
// and U+2029 escaped, and the script only makes text nodes of it. Control
// characters, and those that change the direction of the text around them, are
// shown as signs of their own.
//
// # Stability
//
// Equal reports give equal bytes; the page holds no time and no place.
package htmlreport

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// A Report is what the page tells. Documents are known by number: those of
// Clusters, Shared and Blocks are passed to Document.
type Report struct {
	// Title names the corpus, say by its files.
	Title string

	Documents int   // all that were read
	Empty     int   // of them, those without text
	Bytes     int64 // of text

	Threshold float64     // least similarity of near-duplicates
	Banding   lsh.Banding // that found them
	Exact     bool        // similarities were counted, not estimated

	// Similarities are those of the pairs that were compared, in any order: all
	// that were found of at least ObservedFrom, which may lie below Threshold.
	Similarities []float64
	ObservedFrom float64

	Settings []Setting // how the findings were made
	Notes    []string  // what they do not hold

	Clusters []lsh.Cluster[int]
	Shared   []Shared
	Blocks   []Block

	// Document returns a document. It is called several times for each, one call
	// at a time.
	Document func(i int) Document

	// MaxFindings is how many findings of a kind the page holds, MaxBytes about
	// how many bytes of data, and MaxText about how many bytes it shows of one
	// side of a comparison; 0 means 10,000, 32 MiB and 4,000. The page says what
	// they left out.
	MaxFindings, MaxBytes, MaxText int
}

// A Setting is a line of the table that says how the findings were made.
type Setting struct{ Name, Value string }

// A Document is what the page shows of one.
type Document struct {
	ID, Host, Text string
	// Mask holds the spans that were left out of the comparison, ascending.
	Mask []shingle.Span
}

// Shared says which passages two documents share.
type Shared struct {
	A, B     int
	Passages []shingle.Passage
}

// A Block is a recycled block of one host.
type Block struct {
	Host   string
	Text   string
	Reason string // why it counts as recycled
	Scope  string // among which documents it was counted
	// Documents and Hosts is how many of them hold it.
	Documents, Hosts int
	Pages            []int // the documents that were read and hold it
}

const (
	defaultFindings = 10_000
	defaultBytes    = 32 << 20
	defaultText     = 4_000
)

//go:embed page.html
var pageHTML string

//go:embed report.css
var styleCSS string

//go:embed elements.js compare.js cards.js lists.js keys.js
var scripts embed.FS

// scriptJS is the script of the page, in one function.
var scriptJS = func() string {
	var js strings.Builder
	js.WriteString("'use strict';\n(() => {\n\n")
	for _, name := range []string{"elements.js", "compare.js", "cards.js", "lists.js", "keys.js"} {
		part, err := scripts.ReadFile(name)
		if err != nil {
			panic(err) // it is part of the program
		}
		js.WriteString(string(part) + "\n")
	}
	return js.String() + "})();\n"
}()

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"number": number,
	"shown":  shown,
}).Parse(pageHTML))

// page is what the template sees.
type page struct {
	*Report
	Policy  template.HTMLAttr // the content attribute of the policy
	Style   template.CSS
	Script  template.JS
	Tiles   []tile
	Curve   chart
	Bars    chart
	Omitted []string
	Kinds   []kind
}

// A tile is one figure of the summary.
type tile struct {
	Value, Name, Detail string
	Href                string
}

// A kind is one sort of findings.
type kind struct {
	Key, Name string
	Count     int
}

// Write writes the page. Its errors are those of w.
func (r *Report) Write(w io.Writer) error {
	data := r.data()
	p := page{
		Report: r,
		Style:  template.CSS(styleCSS),
		Script: template.JS(scriptJS),
		Policy: template.HTMLAttr(`content="default-src 'none'; base-uri 'none'; form-action 'none'; style-src ` +
			hashOf(styleCSS) + `; script-src ` + hashOf(scriptJS) + `"`),
		Tiles:   r.tiles(),
		Curve:   r.curve(),
		Bars:    r.histogram(),
		Omitted: data.omitted,
		Kinds: []kind{
			{"clusters", "Duplicates", len(r.Clusters)},
			{"passages", "Passages", len(r.Shared)},
			{"blocks", "Blocks", len(r.Blocks)},
		},
	}
	var head, tail bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&head, "head", p); err != nil {
		return err
	}
	if err := pageTemplate.ExecuteTemplate(&tail, "tail", p); err != nil {
		return err
	}
	parts := [][]byte{head.Bytes()}
	for _, d := range data.kinds {
		// encoding/json has escaped what could end the element.
		parts = append(parts, []byte(`<script type="application/json" id="data-`+d.key+`">`), d.json, []byte("</script>\n"))
	}
	for _, b := range append(parts, tail.Bytes()) {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// hashOf returns the source expression that allows one inline element.
func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
