// Package htmlreport writes findings with their texts as one HTML page, which needs
// nothing but a browser.
//
// The findings come from packages lsh, lsh/passage and boilerplate; this package
// does not search. It adds the words in which two documents differ (an edit script
// of package shingle), the S-curve of the bands, and the observed similarities.
//
// # The page
//
// The page loads nothing: style, script and data are part of it. Its content
// security policy allows no connection, and only the style and the scripts whose
// hashes it names. The data is JSON: every text once, findings that refer to it, and
// comparisons as lengths of equal and different stretches. The script shows one page
// of findings at a time, so even ten thousand findings open immediately. It shows
// whole articles side by side. Charts are drawn here as SVG, each with its figures
// as a table. Without a script, the first findings of each kind can be read.
//
// # Foreign text
//
// Documents may contain anything. Their text is never treated as markup:
// html/template escapes it in the page, encoding/json escapes <, >, &, U+2028 and
// U+2029 in the data, and the script only makes text nodes from it. Control
// characters, and characters that change the direction of the text around them, are
// replaced by visible signs. Links lead only to http and https addresses and to
// relative paths.
//
// # Stability
//
// Equal reports produce identical bytes. The page holds no time and no absolute
// path.
package htmlreport

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// A Report is the content of the page. Documents are identified by number: the
// numbers in Clusters, Shared, Blocks and Origins are passed to Document.
type Report struct {
	// Title names the corpus, for example by its files.
	Title string

	Documents int   // number of documents read
	Empty     int   // documents without text
	Bytes     int64 // bytes of text

	Threshold float64     // minimum similarity of near-duplicates
	Banding   lsh.Banding // bands of the search that found them
	Exact     bool        // similarities were computed from shingles, not estimated

	// Similarities holds the similarities of all compared pairs at or above
	// ObservedFrom, in any order. ObservedFrom may be below Threshold.
	Similarities []float64
	ObservedFrom float64

	Settings []Setting // how the findings were made
	Notes    []string  // parts missing from the findings

	// Findings are shown in the given order, and the limits drop the last ones.
	Clusters []lsh.Cluster[int]
	Shared   []Shared
	Blocks   []Block
	Origins  []Origin

	// Document returns a document. It is called several times per document, by one
	// goroutine at a time.
	Document func(i int) Document

	// MaxFindings is the number of findings of a kind that the page holds, MaxBytes the
	// approximate number of bytes of data, and MaxText the approximate number of bytes
	// of one document; 0 means DefaultFindings, 7,300,000 and 32 KiB. The page reports
	// what they leave out.
	MaxFindings, MaxBytes, MaxText int
}

// A Setting is a row of the table of settings.
type Setting struct{ Name, Value string }

// A Document is a document as the page shows it.
type Document struct {
	ID, Host, Text string
	// Source is the place where the document was read, such as a file and a line, if its
	// ID does not contain it.
	Source string
	// Link leads to the document: an http or https URL, or a path relative to the page,
	// escaped as in a URL. Other links are dropped.
	Link string
	// Mask holds the spans left out of the comparison, ascending and disjoint; none
	// begins or ends inside a letter.
	Mask []shingle.Span
}

// Shared holds the passages that two documents share.
type Shared struct {
	A, B     int
	Passages []shingle.Passage
	// Recycled returns the number of documents and hosts on which a passage recurs; 0 if
	// it does not. It may be nil.
	Recycled func(shingle.Passage) (documents, hosts int)
	// ShareA and ShareB are the shares of the documents' own text that the passages
	// cover; both 0 if they are not known.
	ShareA, ShareB float64
}

// A Block is a recycled block of one host.
type Block struct {
	Host   string
	Text   string
	Reason string // why it counts as recycled
	Scope  string // the documents among which it was counted
	// Documents and Hosts are the numbers of documents and hosts that hold it.
	Documents, Hosts int
	Places           []Place // in the documents that were read
	Masked           bool    // left out before documents are compared
}

// A Place is a span of a document.
type Place struct {
	Document int
	Span     shingle.Span
}

// An Origin is a passage with the documents that hold it, by time. If no holder of any
// passage has a time, the page shows recurring passages and not origins.
type Origin struct {
	Tokens    int
	Documents int // number of documents that hold it
	Origins   int // number of documents that hold it and did not take it from another one
	First     int // the holder that had it first; -1 if that is not known
	Holders   []Holder
}

// A Holder is a document that holds a passage.
type Holder struct {
	Place
	Time  time.Time // the zero time if it is not known
	From  int       // the holder that it took the passage from; -1 if that is not known
	Cites []string  // the words by which it names a source
}

// DefaultFindings is the number of findings of a kind that a page holds unless
// Report.MaxFindings is set.
const DefaultFindings = 5_000

const (
	defaultBytes = 7_300_000
	defaultText  = 32 << 10
)

//go:embed page.html
var pageHTML string

//go:embed report.css
var styleCSS string

//go:embed early.js
var earlyJS string

// scriptFiles are the parts of the page's script, in order.
var scriptFiles = []string{"elements.js", "inflate.js", "store.js", "compare.js", "cards.js", "blocks.js", "origins.js", "reader.js", "lists.js", "print.js", "keys.js"}

//go:embed elements.js inflate.js store.js compare.js cards.js blocks.js origins.js reader.js lists.js print.js keys.js
var scripts embed.FS

// scriptJS is the script of the page, in one function.
var scriptJS = func() string {
	var js strings.Builder
	js.WriteString("'use strict';\n(async () => {\n\n")
	for _, name := range scriptFiles {
		part, err := scripts.ReadFile(name)
		if err != nil {
			panic(err) // the script is part of the program
		}
		js.WriteString(string(part) + "\n")
	}
	return js.String() + "})();\n"
}()

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"number": number,
	"shown":  shown,
	"plus":   func(a, b int) int { return a + b },
}).Parse(pageHTML))

// page is the data for the template.
type page struct {
	*Report
	Policy  template.HTMLAttr // the content attribute of the policy
	Style   template.CSS
	Early   template.JS // runs before the page is shown
	Script  template.JS
	Tiles   []tile
	Curve   chart
	Bars    chart
	Folder  string // folder that is left out of ids
	Omitted []string
	Kinds   []kind
}

// A tile is one figure of the summary.
type tile struct {
	Value, Name, Detail string
	Href                string
}

// A kind is a group of findings, such as the clusters. One kind is open when the
// page opens.
type kind struct {
	Key, Name string
	Count     int
	Open      bool
	Static    []staticFinding
}

// Write writes the page. It returns any error of w.
func (r *Report) Write(w io.Writer) error {
	data := r.data()
	p := page{
		Report: r,
		Style:  template.CSS(styleCSS),
		Early:  template.JS(earlyJS),
		Script: template.JS(scriptJS),
		Policy: template.HTMLAttr(`content="default-src 'none'; base-uri 'none'; form-action 'none'; style-src ` +
			hashOf(styleCSS) + `; script-src ` + hashOf(earlyJS) + " " + hashOf(scriptJS) + `"`),
		Tiles:   r.tiles(),
		Curve:   r.curve(),
		Bars:    r.histogram(),
		Folder:  data.folder,
		Omitted: data.omitted,
		Kinds:   r.kinds(data),
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
		// encoding/json has escaped every character that could end the element.
		attribute, content := "", d.json
		if len(content) > packedFrom {
			attribute, content = "data-packed ", pack(content)
		}
		parts = append(parts, []byte(`<script type="application/json" `+attribute+`id="data-`+d.key+`">`), content, []byte("</script>\n"))
	}
	for _, b := range append(parts, tail.Bytes()) {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// kinds returns the kinds of findings. The first kind with findings is open.
func (r *Report) kinds(data dataSet) []kind {
	kinds := []kind{
		{Key: "clusters", Name: "Duplicates", Count: len(r.Clusters)},
		{Key: "passages", Name: "Passages", Count: len(r.Shared)},
		{Key: "blocks", Name: "Blocks", Count: len(r.Blocks)},
	}
	if len(r.Origins) > 0 {
		name := "Recurring"
		if r.Timed() {
			name = "Origins"
		}
		kinds = append(kinds, kind{Key: "origins", Name: name, Count: len(r.Origins)})
	}
	open := max(0, slices.IndexFunc(kinds, func(k kind) bool { return k.Count > 0 }))
	kinds[open].Open = true
	for i := range kinds {
		kinds[i].Static = data.static[kinds[i].Key]
	}
	return kinds
}

// Timed reports whether a holder of a passage in Origins has a time.
func (r *Report) Timed() bool {
	return slices.ContainsFunc(r.Origins, func(o Origin) bool {
		return slices.ContainsFunc(o.Holders, func(h Holder) bool { return !h.Time.IsZero() })
	})
}

// packedFrom is the number of bytes of data of one kind above which it is packed.
const packedFrom = 256 << 10

// pack deflates data and writes it in base64, as the page's script reads it.
func pack(data []byte) []byte {
	var out bytes.Buffer
	text := base64.NewEncoder(base64.StdEncoding, &out)
	z, err := flate.NewWriter(text, flate.DefaultCompression)
	if err != nil {
		panic("htmlreport: " + err.Error()) // only an invalid level causes an error
	}
	z.Write(data) // writing to a buffer cannot fail
	z.Close()
	text.Close()
	return out.Bytes()
}

// hashOf returns the source expression that allows one inline element.
func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
