package passage

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/neardup/neardup/shingle"
)

// A Cite is a cue that a text attributes what it reports to a source: "Reuters
// reported", "according to the Wall Street Journal", a dateline, a byline or a
// sign-off. It is what the text claims, and no evidence of who had it first. The
// zero Cite names no source.
type Cite struct {
	Text   string // the cue as it is in the text
	Source string // the name in it, without an article
	Span   shingle.Span
}

// source is a name: capitalized words, with small ones between them.
const source = `((?:[A-Z][\p{L}\p{N}'’&.-]*[\p{L}\p{N}])(?:[ \n](?:of[ \n]|the[ \n]|and[ \n]|&[ \n]|de[ \n])?(?:[A-Z][\p{L}\p{N}'’&.-]*[\p{L}\p{N}]))*)`

// A cue is a pattern of attribution, whose first group is the source, and words of
// which a text with the pattern holds one.
type cue struct {
	words   []string
	pattern *regexp.Regexp
	media   bool // anybody may be in the place of the source: it counts if it is named like one
}

var cues = []cue{
	{[]string{"ccording"}, regexp.MustCompile(`\b[Aa]ccording[ \n]to[ \n](?:the[ \n])?` + source), false},
	{[]string{"ccording"}, regexp.MustCompile(`\b[Aa]ccording[ \n]to[ \n](?:[\p{L}'’]+[ \n]){0,3}(?:report|story|article|account|interview)s?[ \n](?:in|by|of|from|with)[ \n](?:the[ \n])?` + source), false},
	{[]string{"reported", "published", "quoted", "cited"}, regexp.MustCompile(`\b(?:as[ \n])?(?:first[ \n])?(?:reported|published|quoted|cited)[ \n](?:by|in)[ \n](?:the[ \n])?` + source), false},
	{[]string{"reported", "reports"}, regexp.MustCompile(`\b(?:The[ \n]|the[ \n])?` + source + `[ \n](?:has[ \n]|first[ \n])?(?:reported|reports)\b`), false},
	{[]string{"wrote", "writes", "revealed"}, regexp.MustCompile(`\b(?:The[ \n]|the[ \n])?` + source + `[ \n](?:has[ \n]|first[ \n])?(?:wrote|writes|revealed)\b`), true},
	{[]string{"told"}, regexp.MustCompile(`\btold[ \n](?:the[ \n])?` + source), true},
	{[]string{") -", ") –", ") —", ")-", ")–", ")—"}, regexp.MustCompile(`(?m)^[ \t]*\p{Lu}[\p{L} .,'’/-]{2,40}(?:, [A-Z][a-z]{2,8}\.? [0-9]{1,2})?,? ?\(([A-Z][\p{L} ./]{1,30})\) ?[-–—]+`), false}, // a dateline
	{[]string{"By ", "BY "}, regexp.MustCompile(`(?m)^[ \t]*(?:By|BY)[ \t]+(\p{Lu}[\p{L}.'’-]+(?:[ \t]+(?:and[ \t]+)?\p{Lu}[\p{L}.'’-]+){1,5})[ \t]*,?[ \t]*$`), false},
	{[]string{"ing by "}, regexp.MustCompile(`(?m)\(?(?:Additional reporting|Reporting|Writing|Editing) by (\p{Lu}[\p{L}.'’-]+(?: \p{Lu}[\p{L}.'’-]+){0,3})`), false}, // a sign-off
	{[]string{"ource", "OURCE", "Via", "VIA"}, regexp.MustCompile(`(?m)^[ \t]*(?:Source|SOURCE|Via|VIA)[ \t]*:[ \t]*(\p{Lu}[^\n]{1,60}?)[ \t]*$`), false},
	{[]string{"\n- ", "\n-- ", "\n– ", "\n— ", "\n© ", "© "}, regexp.MustCompile(`(?m)^[ \t]*(?:[-–—]{1,2}|©)[ \t]*(\p{Lu}[\p{L}.&'’]*(?:[ ]\p{Lu}[\p{L}.&'’]*){0,3})[ \t]*$`), false},
}

// Cites returns the cues of attribution in and near a passage of a text: those in the
// paragraphs that it touches and in the ones next to these, in the order of the
// text. A cue is found by its wording in English; a cue that lies in a longer one is
// left out.
func Cites(text string, passage shingle.Span) []Cite {
	return cites(text, slices.Collect(shingle.Paragraphs(text)), passage)
}

// cites is Cites for a text with those paragraphs.
func cites(text string, paragraphs []shingle.Span, passage shingle.Span) []Cite {
	window := nearby(paragraphs, passage)
	part := window.Of(text)
	var out []Cite
	for _, c := range cues {
		if !slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(part, w) }) {
			continue
		}
		for _, m := range c.pattern.FindAllStringSubmatchIndex(part, -1) {
			name := strings.Join(strings.Fields(part[m[2]:m[3]]), " ")
			name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "The "), "the "), "'s")
			if generic(name) || c.media && !medium(name) {
				continue
			}
			at := shingle.Span{Start: window.Start + m[0], End: window.Start + m[1]}
			for ; at.Start < at.End && strings.ContainsRune(" \t\n(", rune(text[at.Start])); at.Start++ {
			}
			out = append(out, Cite{at.Of(text), name, at})
		}
	}
	slices.SortStableFunc(out, func(x, y Cite) int {
		return cmp.Or(cmp.Compare(x.Span.Start, y.Span.Start), cmp.Compare(y.Span.End, x.Span.End))
	})
	kept := out[:0]
	end := -1
	for _, c := range out {
		if c.Span.Start >= end {
			kept = append(kept, c)
			end = c.Span.End
		}
	}
	return kept
}

// generic reports whether a capitalized word in the place of a source is none.
func generic(name string) bool {
	switch name {
	case "He", "She", "It", "They", "We", "I", "You", "This", "That", "These", "Those", "Officials", "Police", "Sources",
		"Media", "Witnesses", "Reports", "Experts", "Who", "What", "There", "Here", "And", "But", "Also", "Monday", "Tuesday",
		"Wednesday", "Thursday", "Friday", "Saturday", "Sunday":
		return true
	}
	return false
}

// medium reports whether a name is like that of a newspaper, an agency or a station.
func medium(name string) bool {
	words := strings.Fields(name)
	switch last := strings.TrimRight(words[len(words)-1], ".'’"); last {
	case "Times", "Post", "Journal", "News", "Press", "Gazette", "Herald", "Tribune", "Chronicle", "Observer", "Guardian", "Telegraph",
		"Mail", "Star", "Globe", "Today", "Agency", "Radio", "TV", "Television", "Magazine", "Weekly", "Daily", "Newspaper", "Online",
		"Reuters", "AP", "AFP", "UPI", "BBC", "CNN", "NPR", "DPA", "Xinhua", "TASS", "Bloomberg", "Jazeera", "Wire":
		return true
	}
	return false
}

// nearby returns the paragraphs that a span touches, with one before and one after.
func nearby(paragraphs []shingle.Span, s shingle.Span) shingle.Span {
	k, _ := slices.BinarySearchFunc(paragraphs, s.Start, func(p shingle.Span, at int) int { return cmp.Compare(p.End, at+1) })
	n := k
	for n < len(paragraphs) && paragraphs[n].Start < s.End {
		n++
	}
	out := s
	for _, p := range paragraphs[max(k-1, 0):min(n+1, len(paragraphs))] {
		out.Start, out.End = min(out.Start, p.Start), max(out.End, p.End)
	}
	return out
}
