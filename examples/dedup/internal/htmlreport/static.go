package htmlreport

import (
	"fmt"
	"slices"
	"strings"

	"github.com/neardup/neardup/lsh"
	"github.com/neardup/neardup/shingle"
)

// Without a script, a browser shows the first findings of each kind, with this many
// passages or holders each. A long stretch of text is cut in the middle.
const (
	maxStatic      = 10
	maxStaticParts = 10
	staticHead     = 480
	staticTail     = 200
)

// A staticFinding is a finding as shown without a script.
type staticFinding struct {
	Title []staticName
	Meta  string
	Rows  []staticRow
	Lines []string
}

type staticName struct{ Role, Class, ID, Link string }

// A staticRow shows texts side by side under a title.
type staticRow struct {
	Title   string
	Columns []staticColumn
}

type staticColumn struct {
	Name   *staticName // nil: the same as in the previous row
	Side   string      // "a" or "b"
	Pieces []staticPiece
}

type staticPiece struct{ Class, Text string }

func (b *builder) addStatic(key string, make func() staticFinding) {
	if len(b.static[key]) < maxStatic {
		b.static[key] = append(b.static[key], make())
	}
}

func (b *builder) nameOf(role, class string, d Document) staticName {
	return staticName{role, class, shown(strings.TrimPrefix(d.ID, b.folder)), safeLink(d.Link)}
}

func (b *builder) staticCluster(c lsh.Cluster[int], kept, other Document, m lsh.Member[int], cmp comparison) staticFinding {
	f := staticFinding{
		Title: []staticName{b.nameOf("keep", "a", kept)},
		Meta:  count(len(c.Members)-1, "document") + " could go",
	}
	nameA, nameB := b.nameOf("keep", "a", kept), b.nameOf("could go", "b", other)
	f.Rows = []staticRow{{
		Title: difference(cmp) + ", " + percentOf(m.Similarity) + " alike",
		Columns: []staticColumn{
			{&nameA, "a", staticPieces(kept.Text, cmp.a)},
			{&nameB, "b", staticPieces(other.Text, cmp.b)},
		},
	}}
	return f
}

// difference describes the differences between two documents of a cluster.
func difference(c comparison) string {
	switch {
	case c.same:
		return "Identical"
	case c.ownA+c.ownB == 0:
		return "Same words"
	}
	return fmt.Sprintf("−%s +%s words", number(c.ownA), number(c.ownB))
}

func (b *builder) staticPair(x, y Document, s Shared, comparisons []comparison) staticFinding {
	nameA, nameB := b.nameOf("A", "a", x), b.nameOf("B", "b", y)
	f := staticFinding{Title: []staticName{nameA, nameB}, Meta: shares(s)}
	for i, c := range comparisons {
		if i == maxStaticParts {
			f.Lines = []string{"… and " + count(len(s.Passages)-i, "more passage")}
			break
		}
		row := staticRow{
			Title:   s.title(s.Passages[i]),
			Columns: []staticColumn{{nil, "a", staticPieces(x.Text, c.a)}, {nil, "b", staticPieces(y.Text, c.b)}},
		}
		if i == 0 {
			row.Columns[0].Name, row.Columns[1].Name = &nameA, &nameB
		}
		f.Rows = append(f.Rows, row)
	}
	return f
}

// title describes a passage: its length, the similarity of its sides, and where it
// recurs.
func (s Shared) title(p shingle.Passage) string {
	t := count(p.Tokens, "word") + ", exact"
	if !p.Exact {
		t = count(p.Tokens, "word") + ", " + percentOf(p.Similarity) + " alike"
	}
	if p.Template && !p.Exact {
		t += ", a template"
	}
	documents, hosts := s.recycled(p)
	if documents > 0 {
		t += ", recycled in " + count(documents, "document")
	}
	if hosts > 0 {
		t += ", " + count(hosts, "host")
	}
	return t
}

func (s Shared) recycled(p shingle.Passage) (documents, hosts int) {
	if s.Recycled == nil {
		return 0, 0
	}
	return s.Recycled(p)
}

// shares describes how much of each document the other one has.
func shares(s Shared) string {
	if s.ShareA == 0 && s.ShareB == 0 {
		return count(len(s.Passages), "passage")
	}
	return percentOf(s.ShareA) + " of A, " + percentOf(s.ShareB) + " of B"
}

func staticBlock(bl Block) staticFinding {
	f := staticFinding{
		Title: []staticName{{Role: bl.Reason, Class: "c", ID: shown(bl.Host)}},
		Meta:  "on " + count(len(bl.Places), "document"),
	}
	text, left := beginning(bl.Text, 1000)
	pieces := []staticPiece{{"", text}}
	if left > 0 {
		pieces = append(pieces, cutPiece(left))
	}
	f.Rows = []staticRow{{Columns: []staticColumn{{Side: "c", Pieces: pieces}}}}
	return f
}

func (b *builder) staticOrigin(o Origin) staticFinding {
	f := staticFinding{
		Title: []staticName{{Role: count(o.Tokens, "word"), Class: "c"}},
		Meta:  "in " + count(o.Documents, "document"),
	}
	for i, h := range o.Holders {
		d := b.docs[b.named(h.Document)]
		if i == 0 {
			text, left := beginning(h.Span.Of(d.Text), 600)
			pieces := []staticPiece{{"", text}}
			if left > 0 {
				pieces = append(pieces, cutPiece(left))
			}
			f.Rows = []staticRow{{Columns: []staticColumn{{Side: "c", Pieces: pieces}}}}
		}
		if i == maxStaticParts {
			f.Lines = append(f.Lines, "… and "+number(len(o.Holders)-i)+" more")
			break
		}
		line := []string{shown(strings.TrimPrefix(d.ID, b.folder))}
		if !h.Time.IsZero() {
			line = append(line, when(h.Time))
		}
		if i == o.First {
			line = append(line, "first")
		}
		if h.From >= 0 && h.From < len(o.Holders) {
			line = append(line, "from "+shown(strings.TrimPrefix(b.docs[b.named(o.Holders[h.From].Document)].ID, b.folder)))
		}
		f.Lines = append(f.Lines, strings.Join(line, ", "))
	}
	return f
}

// staticPieces returns pieces of a text for the template.
func staticPieces(text string, ps []piece) []staticPiece {
	classes := [...]string{plain: "", common: "", own: "own", recycled: "recycled"}
	var list []staticPiece
	put := func(class, text string) {
		if text != "" {
			list = append(list, staticPiece{class, shown(text)})
		}
	}
	// Adjacent pieces of the same class are merged.
	for i := 0; i < len(ps); {
		class, span := classes[ps[i].kind], ps[i].span
		for i++; i < len(ps) && classes[ps[i].kind] == class && class != "own"; i++ {
			span.End = ps[i].span.End
		}
		t := span.Of(text)
		if len(t) <= staticHead+staticTail+160 {
			put(class, t)
			continue
		}
		h, e := cutAfter(t, staticHead), cutBefore(t, staticTail)
		put(class, t[:h])
		list = append(list, cutPiece(len([]rune(t[h:e]))))
		put(class, t[e:])
		if len(list) > 200 {
			list = append(list, staticPiece{"cut", "…"})
			break
		}
	}
	return slices.Clip(list)
}

func cutPiece(letters int) staticPiece {
	return staticPiece{"cut", "… " + count(letters, "letter") + " not shown …"}
}
