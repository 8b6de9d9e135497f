package htmlreport

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// Limits of the page: members of a cluster that are named, members that are compared
// with the document to keep, passages of a pair, places of a block, and holders of a
// passage.
const (
	maxMembers  = 200
	maxCompared = 20
	maxPassages = 100
	maxPlaces   = 50
	maxHolders  = 200
)

// dataSet is the data that the page's script reads.
type dataSet struct {
	kinds   []dataKind
	omitted []string // what the limits left out
	static  map[string][]staticFinding
	folder  string // common folder of all ids
}

type dataKind struct {
	key  string
	json []byte
}

// The JSON forms have short names, since each occurs thousands of times.
// Documents are numbers of the store.
type (
	clusterData struct {
		Kept    int          `json:"k"`
		Removed int          `json:"n"`
		Members []memberData `json:"m"`
	}
	memberData struct {
		Doc        int     `json:"d"`
		Similarity float64 `json:"s"`
		// The remaining fields are for a member that the page compares. A and B are pieces:
		// see doc.flat. Kept is the document to keep if the one of the cluster is too long
		// to show whole.
		Kept *int  `json:"k,omitempty"`
		A    []int `json:"a,omitempty"`
		B    []int `json:"b,omitempty"`
		OwnA int   `json:"e,omitempty"`
		OwnB int   `json:"f,omitempty"`
		Same bool  `json:"x,omitempty"`
	}
	pairData struct {
		A        int           `json:"a"`
		B        int           `json:"b"`
		ShareA   float64       `json:"x"`
		ShareB   float64       `json:"y"`
		Words    int           `json:"w"`
		Count    int           `json:"n"`
		Passages []passageData `json:"p"`
	}
	passageData struct {
		Words      int     `json:"w"`
		Similarity float64 `json:"s"`
		Exact      bool    `json:"x,omitempty"`
		Template   bool    `json:"k,omitempty"`
		Documents  int     `json:"d,omitempty"` // number of documents with the passage, if it is recycled
		Hosts      int     `json:"g,omitempty"`
		Places     [4]int  `json:"o"` // byte offsets: start and end in a, then in b
		// A and B hold the start in the text, followed by pieces.
		A []int `json:"a,omitempty"`
		B []int `json:"b,omitempty"`
	}
	blockData struct {
		Host      string `json:"h"`
		Text      string `json:"t"`
		Cut       int    `json:"c,omitempty"` // letters that are not shown
		Reason    string `json:"r"`
		Scope     string `json:"s"`
		Documents int    `json:"d"`
		Hosts     int    `json:"g"`
		Count     int    `json:"n"`
		Masked    bool   `json:"m,omitempty"`
		Places    []int  `json:"p"` // document, start, length; length 0 if its text is not on the page
	}
	originData struct {
		Text      string       `json:"t"`
		Cut       int          `json:"c,omitempty"`
		Words     int          `json:"w"`
		Documents int          `json:"n"`
		Origins   int          `json:"g"`
		First     int          `json:"f"` // index of the first holder, -1 if it is not known
		Holders   []holderData `json:"p"`
	}
	holderData struct {
		Doc    int      `json:"d"`
		Start  int      `json:"o"`
		Length int      `json:"l"`           // 0: the text is not on the page
		Time   int64    `json:"t,omitempty"` // milliseconds since 1970
		When   string   `json:"w,omitempty"`
		From   *int     `json:"f,omitempty"` // index of the holder that it may have taken the passage from
		Cites  []string `json:"c,omitempty"`
	}
)

// A builder makes the data, up to a limit of bytes.
type builder struct {
	*Report
	store
	al       shingle.Aligner
	findings int
	static   map[string][]staticFinding // findings shown without a script, by kind
}

func (r *Report) data() dataSet {
	total := cmp.Or(r.MaxBytes, defaultBytes)
	b := &builder{
		Report:   r,
		findings: cmp.Or(r.MaxFindings, DefaultFindings),
		static:   map[string][]staticFinding{},
		store:    store{report: r, limit: cmp.Or(r.MaxText, defaultText), number: map[int]int{}},
	}
	b.folder = r.sharedFolder(b.findings)
	var d dataSet
	list := func(key, what string, have, of int, findings any) {
		d.kinds = append(d.kinds, dataKind{key, marshal(findings)})
		if have < of {
			d.omitted = append(d.omitted, fmt.Sprintf("The page holds the first %s of %s %s.", number(have), number(of), what))
		}
		if b.spared > 0 {
			d.omitted = append(d.omitted, fmt.Sprintf("The texts of %s of %s are left out, to keep the page under %s.", count(b.spared, "comparison"), what, byteSize(int64(total))))
		}
		b.spared = 0
	}
	// Each kind gets its share of the bytes, plus any bytes left over by the previous
	// kind.
	last := 0
	if len(r.Origins) > 0 {
		last = total / 10
	}
	b.left = (total - last) * 4 / 10
	clusters := firstOf(&b.store, r.Clusters, b.findings, b.cluster)
	list("clusters", "clusters", len(clusters), len(r.Clusters), clusters)
	b.left += (total - last) * 4 / 10
	pairs := firstOf(&b.store, r.Shared, b.findings, b.pair)
	list("passages", "pairs with shared passages", len(pairs), len(r.Shared), pairs)
	b.left += (total - last) * 2 / 10
	blocks := firstOf(&b.store, r.Blocks, b.findings, b.block)
	list("blocks", "recycled blocks", len(blocks), len(r.Blocks), blocks)
	if len(r.Origins) > 0 {
		b.left += last
		origins := firstOf(&b.store, r.Origins, b.findings, b.origin)
		what := "recurring passages"
		if r.Timed() {
			what = "passages with an origin"
		}
		list("origins", what, len(origins), len(r.Origins), origins)
	}
	docs := make([]docData, len(b.docs))
	for i, doc := range b.docs {
		docs[i] = doc.data
	}
	d.kinds = append(d.kinds, dataKind{"docs", marshal(docs)})
	d.static, d.folder = b.static, b.folder
	return d
}

func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("htmlreport: " + err.Error()) // the data has no values that JSON cannot represent
	}
	return data
}

// firstOf converts findings until there are enough, or no bytes are left even for
// findings without texts. It prevents the texts of the first findings from using up
// more than half of the bytes.
func firstOf[F, D any](st *store, findings []F, most int, convert func(F) D) []D {
	const name = 200 // approximate bytes of a finding without texts
	findings = firstN(findings, most)
	half := st.left / 2
	all := make([]D, 0, len(findings))
	for i, f := range findings {
		if st.left <= 0 {
			break
		}
		st.kept = min(half, name*(len(findings)-i-1))
		d := convert(f)
		st.left -= jsonSize(d) + 1
		all = append(all, d)
	}
	st.kept = 0
	return all
}

// sharedFolder returns the folder that the documents of the first findings share.
func (r *Report) sharedFolder(findings int) string {
	var ids []string
	seen := map[int]bool{}
	add := func(row int) {
		if !seen[row] {
			seen[row] = true
			ids = append(ids, r.Document(row).ID)
		}
	}
	for _, c := range firstN(r.Clusters, findings) {
		add(c.Representative)
		for _, m := range firstN(c.Members, maxMembers+1) {
			add(m.ID)
		}
	}
	for _, s := range firstN(r.Shared, findings) {
		add(s.A)
		add(s.B)
	}
	for _, b := range firstN(r.Blocks, findings) {
		for _, p := range firstN(b.Places, maxPlaces) {
			add(p.Document)
		}
	}
	for _, o := range firstN(r.Origins, findings) {
		for _, h := range firstN(o.Holders, maxHolders) {
			add(h.Document)
		}
	}
	return commonFolder(ids)
}

func firstN[T any](s []T, n int) []T { return s[:min(len(s), n)] }

// hopeless reports whether a comparison would certainly not fit, without making it.
func (b *builder) hopeless(rows ...int) bool {
	need := 0
	for _, row := range rows {
		if !b.has(row) {
			need += min(len(b.docs[b.named(row)].Text)/8, b.limit/8) // the rest may be a copy
		}
	}
	if need <= b.room() {
		return false
	}
	b.spared++
	return true
}

func (b *builder) cluster(c lsh.Cluster[int]) clusterData {
	data := clusterData{Kept: b.named(c.Representative), Removed: len(c.Members) - 1}
	kept := b.docs[data.Kept]
	var whole *side
	compared := 0
	for _, m := range c.Members {
		if m.ID == c.Representative {
			continue
		}
		if len(data.Members) == maxMembers {
			break
		}
		md := memberData{Doc: b.named(m.ID), Similarity: round(m.Similarity)}
		d := b.docs[md.Doc]
		if compared++; compared <= maxCompared && !b.hopeless(c.Representative, m.ID) {
			if whole == nil {
				whole = newSide(b.al, kept.Document, shingle.Span{End: len(kept.Text)})
			}
			cmp := compare(b.al, whole, newSide(b.al, d.Document, shingle.Span{End: len(d.Text)}))
			md.OwnA, md.OwnB, md.Same = cmp.ownA, cmp.ownB, cmp.same
			nA, nB := b.both(c.Representative, m.ID, edited(cmp.a), edited(cmp.b), cmp.equal)
			if nA >= 0 {
				md.A, md.B = b.docs[nA].flat(cmp.a), b.docs[nB].flat(cmp.b)
				md.Doc = nB
				if nA != data.Kept {
					md.Kept = &nA
				}
				if compared == 1 {
					b.addStatic("clusters", func() staticFinding { return b.staticCluster(c, kept.Document, d.Document, m, cmp) })
				}
			}
		}
		data.Members = append(data.Members, md)
	}
	return data
}

// edited returns the spans of the pieces that differ.
func edited(ps []piece) (spans []shingle.Span) {
	for _, p := range ps {
		if p.kind == own {
			spans = append(spans, p.span)
		}
	}
	return spans
}

// both adds the texts of two documents and returns their numbers, or -1 if they
// do not fit. It adds only the parts of long texts around the spans.
func (b *builder) both(rowA, rowB int, aroundA, aroundB []shingle.Span, equal []copied) (nA, nB int) {
	add := func(row, other int, around []shingle.Span) int {
		n := b.named(row)
		if len(b.docs[n].Text) > b.limit {
			return b.excerpt(row, around)
		}
		if !b.whole(n, other, equal) {
			return -1
		}
		return n
	}
	nA = add(rowA, -1, aroundA)
	nB = -1
	if nA >= 0 {
		other := nA
		if b.number[rowA] != nA {
			other = -1 // nothing is copied from an excerpt
		}
		nB = add(rowB, other, aroundB)
	}
	if nB < 0 {
		b.spared++
		return -1, -1
	}
	return nA, nB
}

func (b *builder) pair(s Shared) pairData {
	data := pairData{A: b.named(s.A), B: b.named(s.B), ShareA: round(s.ShareA), ShareB: round(s.ShareB), Count: len(s.Passages)}
	for _, p := range s.Passages {
		data.Words += p.Tokens
	}
	passages := s.Passages[:min(len(s.Passages), maxPassages)]
	comparisons := make([]comparison, len(passages))
	nA, nB := -1, -1
	if !b.hopeless(s.A, s.B) {
		x, y := b.docs[data.A].Document, b.docs[data.B].Document
		var aroundA, aroundB []shingle.Span
		var equal []copied
		for i, p := range passages {
			comparisons[i] = compare(b.al, newSide(b.al, x, p.A), newSide(b.al, y, p.B))
			aroundA, aroundB = append(aroundA, p.A), append(aroundB, p.B)
			equal = append(equal, comparisons[i].equal...)
		}
		if nA, nB = b.both(s.A, s.B, aroundA, aroundB, equal); nA >= 0 {
			data.A, data.B = nA, nB
		}
	}
	for i, p := range passages {
		pd := passageData{Words: p.Tokens, Similarity: round(p.Similarity), Exact: p.Exact, Template: p.Template,
			Places: [4]int{p.A.Start, p.A.End, p.B.Start, p.B.End}}
		pd.Documents, pd.Hosts = s.recycled(p)
		if nA >= 0 {
			x, y := b.docs[nA], b.docs[nB]
			pd.A = append([]int{x.unit(p.A.Start)}, x.flat(comparisons[i].a)...)
			pd.B = append([]int{y.unit(p.B.Start)}, y.flat(comparisons[i].b)...)
		}
		data.Passages = append(data.Passages, pd)
	}
	if nA >= 0 {
		b.addStatic("passages", func() staticFinding { return b.staticPair(b.docs[nA].Document, b.docs[nB].Document, s, comparisons) })
	}
	return data
}

func (b *builder) block(bl Block) blockData {
	data := blockData{Host: shown(bl.Host), Reason: bl.Reason, Scope: bl.Scope,
		Documents: bl.Documents, Hosts: bl.Hosts, Count: len(bl.Places), Masked: bl.Masked}
	data.Text, data.Cut = beginning(bl.Text, 2000)
	for i, p := range bl.Places[:min(len(bl.Places), maxPlaces)] {
		n := b.named(p.Document)
		start, length := 0, 0
		// The texts of the first places show how the block occurs; other texts are added if
		// another finding needs them.
		if d := b.docs[n]; len(d.Text) <= b.limit && (d.data.Text != nil || i < 3 && b.whole(n, -1, nil)) {
			start = d.unit(p.Span.Start)
			length = d.unit(p.Span.End) - start
		}
		data.Places = append(data.Places, n, start, length)
	}
	b.addStatic("blocks", func() staticFinding { return staticBlock(bl) })
	return data
}

func (b *builder) origin(o Origin) originData {
	data := originData{Words: o.Tokens, Documents: o.Documents, Origins: o.Origins, First: o.First}
	for i, h := range o.Holders[:min(len(o.Holders), maxHolders)] {
		n := b.named(h.Document)
		d := b.docs[n]
		hd := holderData{Doc: n, Cites: make([]string, 0, len(h.Cites))}
		for _, c := range h.Cites {
			text, _ := beginning(c, 160)
			hd.Cites = append(hd.Cites, text)
		}
		if !h.Time.IsZero() {
			hd.Time, hd.When = h.Time.UnixMilli(), when(h.Time)
		}
		if h.From >= 0 && h.From < maxHolders {
			hd.From = &o.Holders[i].From
		}
		if i == max(0, o.First) || i == 0 {
			data.Text, data.Cut = beginning(h.Span.Of(d.Text), 1200)
		}
		if len(d.Text) <= b.limit && (d.data.Text != nil || i < 8 && b.whole(n, -1, nil)) {
			hd.Start = d.unit(h.Span.Start)
			hd.Length = d.unit(h.Span.End) - hd.Start
		}
		data.Holders = append(data.Holders, hd)
	}
	if data.First >= maxHolders {
		data.First = -1
	}
	b.addStatic("origins", func() staticFinding { return b.staticOrigin(o) })
	return data
}

// when formats a time, omitting its zero parts.
func when(t time.Time) string {
	t = t.UTC()
	switch {
	case t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0:
		return t.Format("2 January 2006")
	case t.Second() == 0:
		return t.Format("2 January 2006, 15:04 UTC")
	}
	return t.Format("2 January 2006, 15:04:05 UTC")
}

// beginning returns the first bytes of a text as the page shows it, and the number
// of letters left out.
func beginning(text string, limit int) (string, int) {
	i := cutAfter(text, limit)
	return shown(text[:i]), len([]rune(text[i:]))
}

// round keeps four significant digits, since more would only cost bytes. Values
// below 1 stay below 1.
func round(x float64) float64 {
	if x < 1 {
		return min(.9999, math.Round(x*1e4)/1e4)
	}
	return x
}
