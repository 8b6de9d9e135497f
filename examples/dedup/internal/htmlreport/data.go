package htmlreport

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// Of a cluster the page names so many members, and compares so many with the one
// to keep; of a pair it shows so many passages, of a block it names so many pages.
const (
	maxMembers  = 200
	maxCompared = 20
	maxPassages = 50
	maxPages    = 8
)

// dataSet is the data that the page's script reads.
type dataSet struct {
	kinds   []dataKind
	omitted []string // what the limits left out
}

type dataKind struct {
	key  string
	json []byte
}

// The JSON forms have short names, since each occurs thousands of times.
type (
	clusterData struct {
		Kept    string       `json:"k"`
		Host    string       `json:"h,omitempty"`
		Text    string       `json:"t"` // how the document begins
		Removed int          `json:"n"`
		Members []memberData `json:"m"`
	}
	memberData struct {
		ID         string    `json:"i"`
		Host       string    `json:"h,omitempty"`
		Similarity float64   `json:"s"`
		Sides      *sideData `json:"c,omitempty"` // none: not compared on the page
	}
	pairData struct {
		A        string        `json:"a"`
		B        string        `json:"b"`
		HostA    string        `json:"g,omitempty"`
		HostB    string        `json:"h,omitempty"`
		Words    int           `json:"w"`
		Count    int           `json:"n"`
		Passages []passageData `json:"p"`
	}
	passageData struct {
		Words      int       `json:"w"`
		Similarity float64   `json:"s"`
		Exact      bool      `json:"x,omitempty"`
		Places     [4]int    `json:"o"` // start and end in a, then in b
		Sides      *sideData `json:"c,omitempty"`
	}
	// sideData holds both sides as kind, text, link, kind, text, link and so on:
	// see packPieces.
	sideData struct {
		A    []any `json:"a"`
		B    []any `json:"b"`
		OwnA int   `json:"d"`
		OwnB int   `json:"e"`
		Same bool  `json:"x,omitempty"`
	}
	blockData struct {
		Host      string   `json:"h"`
		Text      string   `json:"t"`
		Cut       int      `json:"c,omitempty"` // letters that are not shown
		Reason    string   `json:"r"`
		Scope     string   `json:"s"`
		Documents int      `json:"d"`
		Hosts     int      `json:"g"`
		Count     int      `json:"n"`
		Pages     []string `json:"p"`
	}
)

// A builder makes the data, up to a number of bytes.
type builder struct {
	*Report
	al       shingle.Aligner
	findings int
	limit    int // bytes of text of one side
	left     int // bytes of comparisons that may still be added
	spared   int // comparisons that were left out for want of them
}

func (r *Report) data() dataSet {
	total := cmp.Or(r.MaxBytes, defaultBytes)
	b := &builder{
		Report:   r,
		findings: cmp.Or(r.MaxFindings, defaultFindings),
		limit:    cmp.Or(r.MaxText, defaultText),
	}
	var d dataSet
	list := func(key, what string, have, of int, findings any) {
		data, err := json.Marshal(findings)
		if err != nil {
			panic("htmlreport: " + err.Error()) // no value that JSON lacks is in there
		}
		d.kinds = append(d.kinds, dataKind{key, data})
		if have < of {
			d.omitted = append(d.omitted, fmt.Sprintf("Of %s %s the page holds the first %s.", number(of), what, number(have)))
		}
		if b.spared > 0 {
			d.omitted = append(d.omitted, fmt.Sprintf("The texts of %s comparisons of %s were left out, to keep the page under %s.", number(b.spared), what, byteSize(int64(total))))
		}
		b.spared = 0
	}
	// Each kind gets its share of the bytes, and what the one before left.
	b.left = total * 4 / 10
	clusters := b.clusters()
	list("clusters", "clusters", len(clusters), len(r.Clusters), clusters)
	b.left += total * 4 / 10
	pairs := b.pairs()
	list("passages", "pairs with shared passages", len(pairs), len(r.Shared), pairs)
	b.left += total * 2 / 10
	blocks := b.blocks()
	list("blocks", "recycled blocks", len(blocks), len(r.Blocks), blocks)
	return d
}

// hopeless reports that there is not enough left for a comparison of n bytes a
// side, however much of it is cut: there is no need to make it then.
func (b *builder) hopeless(n int) bool {
	if b.left >= min(n, head+tail) {
		return false
	}
	b.spared++
	return true
}

// take pays for a finding and reports whether there was enough left.
func (b *builder) take(bytes int) bool {
	if b.left < bytes {
		b.spared++
		return false
	}
	b.left -= bytes
	return true
}

func (b *builder) clusters() []clusterData {
	all := make([]clusterData, 0, min(len(b.Clusters), b.findings))
	for _, c := range b.Clusters[:min(len(b.Clusters), b.findings)] {
		all = append(all, b.cluster(c))
	}
	return all
}

func (b *builder) cluster(c lsh.Cluster[int]) clusterData {
	kept := b.Document(c.Representative)
	text := kept.Text
	if i := cutAfter(text, 200); i < len(text) {
		text = text[:i] + "…"
	}
	data := clusterData{Kept: shown(kept.ID), Host: shown(kept.Host), Text: shown(text), Removed: len(c.Members) - 1}
	whole := newSide(b.al, kept, shingle.Span{End: len(kept.Text)})
	compared := 0
	for _, m := range c.Members {
		if m.ID == c.Representative {
			continue
		}
		if len(data.Members) == maxMembers {
			break
		}
		d := b.Document(m.ID)
		md := memberData{ID: shown(d.ID), Host: shown(d.Host), Similarity: round(m.Similarity)}
		if compared++; compared <= maxCompared && !b.hopeless(min(len(kept.Text), len(d.Text))) {
			md.Sides = b.sides(compare(b.al, whole, newSide(b.al, d, shingle.Span{End: len(d.Text)}), b.limit))
		}
		data.Members = append(data.Members, md)
	}
	return data
}

func (b *builder) pairs() []pairData {
	all := make([]pairData, 0, min(len(b.Shared), b.findings))
	for _, s := range b.Shared[:min(len(b.Shared), b.findings)] {
		x, y := b.Document(s.A), b.Document(s.B)
		data := pairData{A: shown(x.ID), B: shown(y.ID), HostA: shown(x.Host), HostB: shown(y.Host), Count: len(s.Passages)}
		for i, p := range s.Passages {
			data.Words += p.Tokens
			if i >= maxPassages {
				continue
			}
			pd := passageData{Words: p.Tokens, Similarity: round(p.Similarity), Exact: p.Exact,
				Places: [4]int{p.A.Start, p.A.End, p.B.Start, p.B.End}}
			if !b.hopeless(min(p.A.Len(), p.B.Len())) {
				pd.Sides = b.sides(comparePassage(b.al, x, y, p, b.limit))
			}
			data.Passages = append(data.Passages, pd)
		}
		all = append(all, data)
	}
	return all
}

func (b *builder) blocks() []blockData {
	all := make([]blockData, 0, min(len(b.Blocks), b.findings))
	for _, bl := range b.Blocks[:min(len(b.Blocks), b.findings)] {
		data := blockData{Host: shown(bl.Host), Text: bl.Text, Reason: bl.Reason, Scope: bl.Scope,
			Documents: bl.Documents, Hosts: bl.Hosts, Count: len(bl.Pages)}
		limit := b.limit / 2
		if b.left < len(bl.Text) {
			limit = 100
			b.spared++
		}
		if i := cutAfter(bl.Text, limit); i < len(bl.Text) {
			data.Text = bl.Text[:i]
			data.Cut = len([]rune(bl.Text[i:]))
		}
		b.left = max(0, b.left-len(data.Text))
		data.Text = shown(data.Text)
		for _, p := range bl.Pages[:min(len(bl.Pages), maxPages)] {
			data.Pages = append(data.Pages, shown(b.Document(p).ID))
		}
		all = append(all, data)
	}
	return all
}

// sides packs a comparison, or returns nil if there is no room for it.
func (b *builder) sides(c comparison) *sideData {
	s := &sideData{OwnA: c.ownA, OwnB: c.ownB, Same: c.same}
	there := map[int]string{}
	bytes := 0
	for _, p := range c.a {
		if p.kind == common {
			there[p.link] += p.text
		}
	}
	s.A = packPieces(c.a, nil, &bytes)
	s.B = packPieces(c.b, there, &bytes)
	if !b.take(bytes) {
		return nil
	}
	return s
}

// packPieces flattens pieces. A shared piece whose text is that of the other side
// has a 0 in place of it, and a cut the number of letters.
func packPieces(ps []piece, there map[int]string, bytes *int) []any {
	flat := make([]any, 0, 3*len(ps))
	for _, p := range ps {
		var text any = shown(p.text)
		switch {
		case p.kind == cut:
			text = p.n
		case p.kind == common && there != nil && there[p.link] == p.text:
			text = 0
		default:
			*bytes += len(p.text)
		}
		flat = append(flat, p.kind, text, p.link)
		*bytes += 12
	}
	return flat
}

// round keeps four digits: more would only be bytes. Nothing below 1 becomes 1.
func round(x float64) float64 {
	if x < 1 {
		return min(.9999, math.Round(x*1e4)/1e4)
	}
	return x
}

// Sort puts the findings in the order of the page: the largest first, since the
// limits cut from the end.
func (r *Report) Sort() {
	slices.SortStableFunc(r.Clusters, func(a, b lsh.Cluster[int]) int { return cmp.Compare(len(b.Members), len(a.Members)) })
	words := func(s Shared) (n int) {
		for _, p := range s.Passages {
			n += p.Tokens
		}
		return n
	}
	slices.SortStableFunc(r.Shared, func(a, b Shared) int { return cmp.Compare(words(b), words(a)) })
	slices.SortStableFunc(r.Blocks, func(a, b Block) int { return cmp.Compare(len(b.Pages), len(a.Pages)) })
}
