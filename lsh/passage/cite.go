package passage

import (
	"cmp"
	"iter"
	"regexp"
	"slices"
	"strings"

	"github.com/neardup/neardup/shingle"
)

// A Cite is a cue by which a text attributes its content to a source: "Reuters
// reported", "according to the Wall Street Journal", a dateline, a byline or a
// sign-off. It is a claim of the text, not evidence of who had the content first.
// The zero Cite names no source.
type Cite struct {
	Text   string // the cue as it appears in the text
	Source string // the name in the cue, without an article
	Span   shingle.Span
}

// source is a name: capitalized words, possibly with lower-case ones between them.
const source = `((?:\p{Lu}[\p{L}\p{N}'’&.-]*[\p{L}\p{N}])(?:[ \n](?:of[ \n]|the[ \n]|and[ \n]|&[ \n]|de[ \n]|du[ \n]|des[ \n]|del[ \n]|della[ \n])?(?:\p{Lu}[\p{L}\p{N}'’&.-]*[\p{L}\p{N}]))*)`

// A cue is a pattern of attribution, whose first group is the source, and a list of
// words, one of which occurs in every text with the pattern.
type cue struct {
	words   []string
	pattern *regexp.Regexp
	media   bool // the wording fits any name: the source counts only if it is named like a medium
}

var cues = []cue{
	{[]string{"ccording"}, regexp.MustCompile(`\b[Aa]ccording[ \n]to[ \n](?:the[ \n])?` + source), false},
	{[]string{"ccording"}, regexp.MustCompile(`\b[Aa]ccording[ \n]to[ \n](?:[\p{L}'’]+[ \n]){0,3}(?:report|story|article|account|interview)s?[ \n](?:in|by|of|from|with)[ \n](?:the[ \n])?` + source), false},
	{[]string{"reported", "published", "quoted", "cited"}, regexp.MustCompile(`\b(?:as[ \n])?(?:first[ \n])?(?:reported|published|quoted|cited)[ \n](?:by|in)[ \n](?:the[ \n])?` + source), false},
	{[]string{"reported", "reports"}, regexp.MustCompile(`\b(?:The[ \n]|the[ \n])?` + source + `[ \n](?:has[ \n]|first[ \n])?(?:reported|reports)\b`), false},
	{[]string{"wrote", "writes", "revealed"}, regexp.MustCompile(`\b(?:The[ \n]|the[ \n])?` + source + `[ \n](?:has[ \n]|first[ \n])?(?:wrote|writes|revealed)\b`), true},
	{[]string{"told"}, regexp.MustCompile(`\btold[ \n](?:the[ \n])?` + source), true},
	{[]string{") -", ") –", ") —", ")-", ")–", ")—", ")."}, regexp.MustCompile(`(?m)^[ \t]*\p{Lu}[\p{L} .,'’/-]{2,40}(?:, (?:[0-9]{1,2}\.? )?\p{L}{3,9}\.?(?: [0-9]{1,2})?)?,? ?\((\p{Lu}[\p{L} ./]{1,30}|dpa|afp|ap|rtr|apa|epd|kna|ots|dts|sid)\)\.? ?[-–—]+`), false}, // a dateline
	{[]string{"By ", "BY "}, regexp.MustCompile(`(?m)^[ \t]*(?:By|BY)[ \t]+(\p{Lu}[\p{L}.'’-]+(?:[ \t]+(?:and[ \t]+)?\p{Lu}[\p{L}.'’-]+){1,5})[ \t]*,?[ \t]*$`), false},
	{[]string{"ing by "}, regexp.MustCompile(`(?m)\(?(?:Additional reporting|Reporting|Writing|Editing) by (\p{Lu}[\p{L}.'’-]+(?: \p{Lu}[\p{L}.'’-]+){0,3})`), false}, // a sign-off
	{[]string{"ource", "OURCE", "Via", "VIA", "uelle", "uente", "onte"}, regexp.MustCompile(`(?m)^[ \t]*(?:Source|SOURCE|Via|VIA|Quelle|Fuente|Fonte)[ \t]*:[ \t]*(\p{Lu}[^\n]{1,60}?)[ \t]*$`), false},
	{[]string{"\n- ", "\n-- ", "\n– ", "\n— ", "\n© ", "© "}, regexp.MustCompile(`(?m)^[ \t]*(?:[-–—]{1,2}|©)[ \t]*(\p{Lu}[\p{L}.&'’]*(?:[ ]\p{Lu}[\p{L}.&'’]*){0,3})[ \t]*$`), false},

	// German: laut dem, nach Angaben der, wie die … meldet, berichtet die.
	{[]string{"aut ", "ngaben ", "nformationen "}, regexp.MustCompile(`\b(?:[Ll]aut|[Nn]ach (?:Angaben|Informationen))[ \n](?:einem[ \n]Bericht[ \n])?(?:(?:der|des|dem|von)[ \n])?[„"«»]?` + source), true},
	{[]string{"ie "}, regexp.MustCompile(`\b[Ww]ie[ \n](?:(?:der|die|das)[ \n])?[„"«»]?` + source + `["“«»]?[ \n](?:unter Berufung[^.,]{1,60} )?(?:berichtet|meldet|schreibt|schrieb|mitteilt)e?\b`), true},
	{[]string{"bericht", "meld"}, regexp.MustCompile(`\b(?:berichtete?|meldete?)[ \n](?:(?:der|die|das)[ \n])?[„"«»]?` + source), true},

	// French: selon l’agence, d’après le, rapporte le.
	{[]string{"elon ", "’après ", "'après ", "apporte", "apporté", "ndique", "ndiqué", "évèle", "évélé"}, regexp.MustCompile(`(?:[Ss]elon|[Dd]['’]après|rapporte(?:nt)?|a[ \n]rapporté|indique|a[ \n]indiqué|révèle|a[ \n]révélé)[ \n](?:l['’]|(?:le|la|les)[ \n])?(?:(?:agence|quotidien|journal|chaîne|hebdomadaire|magazine)[ \n])?(?:de[ \n]presse[ \n])?[«"“]?[ \x{a0}]?` + source), true},

	// Spanish, Portuguese and Italian: según la agencia, de acordo com o, secondo il.
	{[]string{"egún ", "acuerdo con ", "nformó ", "eportó "}, regexp.MustCompile(`(?:[Ss]egún|[Dd]e[ \n]acuerdo[ \n]con|informó|reportó)[ \n](?:(?:el|la|los|las)[ \n])?(?:(?:agencia|diario|periódico|canal|revista|cadena)[ \n])?(?:de[ \n]noticias[ \n])?[«"“]?` + source), true},
	{[]string{"egundo ", "acordo com ", "nformou "}, regexp.MustCompile(`(?:[Ss]egundo|[Dd]e[ \n]acordo[ \n]com|informou)[ \n](?:(?:o|a|os|as)[ \n])?(?:(?:agência|jornal|revista|site)[ \n])?(?:de[ \n]notícias[ \n])?[«"“]?` + source), true},
	{[]string{"econdo ", "iporta ", "iferisce "}, regexp.MustCompile(`(?:[Ss]econdo|riporta|riferisce)[ \n](?:l['’]|(?:il|la|lo|i)[ \n])?(?:(?:agenzia|quotidiano|giornale|rivista)[ \n])?(?:di[ \n]stampa[ \n])?[«"“]?` + source), true},

	// Russian: по данным агентства, сообщает, со ссылкой на.
	{[]string{"о данным ", "ообща", "ередаёт ", "ередает ", "о сообщению ", "сылкой на "}, regexp.MustCompile(`(?:[Пп]о[ \n]данным|[Сс]ообщает|[Сс]ообщила?|[Пп]ередаёт|[Пп]ередает|[Пп]о[ \n]сообщению|со[ \n]ссылкой[ \n]на)[ \n](?:(?:агентств[оау]|газет[аеыу]|телеканала?|издани[еяю]|журнала?)[ \n])?[«"]?` + source), true},

	// Chinese and Japanese: 据……报道, ……社……电, 来源：, ……によると.
	{[]string{"据", "據"}, regexp.MustCompile(`[据據]([\p{Han}·A-Za-z]{2,16}?)(?:[0-9０-９]{1,2}月)?(?:[0-9０-９]{1,2}日)?(?:报道|报导|報導|報道)`), false},
	{[]string{"日电", "日電", "日讯", "日訊"}, regexp.MustCompile(`([\p{Han}]{1,6}(?:社|网|網|报|報))[\p{Han}]{0,8}[0-9０-９]{1,2}月[0-9０-９]{1,2}日[电電讯訊]`), false}, // a dateline
	{[]string{"来源", "來源"}, regexp.MustCompile(`(?m)^[ \t]*[（(]?[来來]源[ \t]*[:：][ \t]*([\p{L}·]{2,20})[）)]?[ \t]*$`), false},
	{[]string{"によ", "が報"}, regexp.MustCompile(`((?:[\p{Han}]{1,6}|[\p{Katakana}ー]{2,10}|[A-Z]{2,6})(?:通信|新聞|放送|テレビ))(?:社)?(?:によると|によれば|が報じた|が報道した)`), false},
}

// Cites returns the cues of attribution in and near a passage of a text: those in
// the paragraphs that it touches and in the adjoining ones, in the order of the
// text. Cues are recognized by their wording in English, German, French, Spanish,
// Portuguese, Italian, Russian, Chinese and Japanese. Where the wording fits any
// name, the source counts only if it is named like a newspaper, an agency or a
// station. A cue that lies within a longer one is left out.
func Cites(text string, passage shingle.Span) []Cite {
	return cites(text, slices.Collect(shingle.Paragraphs(text)), passage)
}

// cites is Cites for a text with the given paragraphs.
func cites(text string, paragraphs []shingle.Span, passage shingle.Span) []Cite {
	return citesAt(text, nearby(paragraphs, passage), func(n int, part string, from int) int { return cues[n].next(part, from) })
}

// citesAt returns the cues in a window of a text. next returns the place of the
// first word of a cue at or after a place in the window, like cue.next.
func citesAt(text string, window shingle.Span, next func(n int, part string, from int) int) []Cite {
	part := window.Of(text)
	var out []Cite
	for n, c := range cues {
		for m := range c.matchesFrom(part, func(from int) int { return next(n, part, from) }) {
			name := strings.Join(strings.Fields(part[m[2]:m[3]]), " ")
			name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "The "), "the "), "'s")
			if generic(name) || c.media && !medium(name) || company(part[m[0]:m[2]]) {
				continue
			}
			at := shingle.Span{Start: window.Start + m[0], End: window.Start + m[1]}
			at.Start = at.End - len(strings.TrimLeft(at.Of(text), " \t\n(（"))
			at.End = at.Start + len(strings.TrimRight(at.Of(text), "）"))
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

// next returns the place of the first word of the cue at or after a given place, or
// the length of the text if there is none. The text begins at the start of a line.
func (c cue) next(text string, from int) int {
	at := len(text)
	for _, w := range c.words {
		if k := strings.Index(text[from:min(at+len(w), len(text))], w); k >= 0 {
			at = min(at, from+k+len(w)-len(strings.TrimPrefix(w, "\n")))
		}
	}
	if from == 0 && c.opens(text) {
		at = 0
	}
	return at
}

// opens reports whether the text begins with a word of the cue that must begin a
// line.
func (c cue) opens(text string) bool {
	for _, w := range c.words {
		if rest, ok := strings.CutPrefix(w, "\n"); ok && strings.HasPrefix(text, rest) {
			return true
		}
	}
	return false
}

// matches yields the matches of the pattern in a text, in the format of regexp. No
// match crosses an empty line, so only the parts between empty lines that hold one
// of the words are searched: finding words is far faster. The text begins at the
// start of a line.
func (c cue) matches(text string) iter.Seq[[]int] {
	return c.matchesFrom(text, func(from int) int { return c.next(text, from) })
}

// matchesFrom is matches with a different way to find the next word.
func (c cue) matchesFrom(text string, next func(from int) int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		for from := 0; ; {
			at := next(from)
			if at == len(text) {
				return
			}
			if k := strings.LastIndex(text[from:at], "\n\n"); k >= 0 {
				from += k + 1
			}
			end := len(text)
			if k := strings.Index(text[at:], "\n\n"); k >= 0 {
				end = at + k + 1
			}
			for _, m := range c.pattern.FindAllStringSubmatchIndex(text[from:end], -1) {
				for i := range m {
					m[i] += from
				}
				if !yield(m) {
					return
				}
			}
			from = end
		}
	}
}

// generic reports whether a capitalized word in the position of a source does not
// name one.
func generic(name string) bool {
	switch name {
	case "He", "She", "It", "They", "We", "I", "You", "This", "That", "These", "Those", "Officials", "Police", "Sources",
		"Media", "Witnesses", "Reports", "Experts", "Who", "What", "There", "Here", "And", "But", "Also", "Monday", "Tuesday",
		"Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January", "February", "March", "April", "May", "June", "July",
		"August", "September", "October", "November", "December", "As", "Despite", "The", "Official", "Private", "Press", "News",
		"Newspaper", "Television", "Radio", "Earlier", "Other", "Some", "Several", "Recent", "Previous", "Annual", "Monthly":
		return true
	}
	for _, w := range []string{"媒体", "媒體", "官方", "有关", "消息", "知情"} { // the media, officials, experts
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// company reports whether the text before a source, in the position of a town, is
// the name of a company. The source is then a ticker, not an agency.
func company(before string) bool {
	for w := range strings.FieldsSeq(before) {
		switch strings.Trim(w, ".,(") {
		case "Inc", "Corp", "Co", "Ltd", "Plc", "PLC", "AG", "SA", "NV", "INC", "CORP", "LTD":
			return true
		}
	}
	return false
}

// medium reports whether a name ends like the name of a newspaper, an agency or a
// station.
func medium(name string) bool {
	words := strings.Fields(name)
	return media[strings.TrimRight(words[len(words)-1], ".'’")]
}

var media = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(`
		Times Post Journal News Press Gazette Herald Tribune Chronicle Observer Guardian Telegraph Mail Star Globe Today Agency
		Radio TV Television Magazine Weekly Daily Newspaper Online Reuters AP AFP UPI BBC CNN NPR DPA Xinhua TASS Bloomberg Jazeera Wire
		dpa Zeitung Nachrichten Nachrichtenagentur Spiegel Stern Bild Rundschau Anzeiger Tagblatt Tageblatt Tagesspiegel Allgemeine
		Allgemeinen Kurier Morgenpost Rundfunk Handelsblatt Blatt ARD ZDF ORF SRF NDR WDR Tagesschau
		Monde Figaro Libération Parisien Agence Presse Dépêche Progrès Télégramme Échos Express RTL BFMTV
		País Mundo Vanguardia Nación Clarín EFE Prensa Diario Periódico Agencia Universal Efe Télam Notimex
		Folha Globo Estadão Lusa Público Expresso Jornal Notícias
		Corriere Repubblica Stampa ANSA Ansa Messaggero Gazzetta
		ТАСС Новости Интерфакс Интерфакса Рейтер РБК Коммерсантъ Ведомости Известия Лента Агентство`) {
		m[w] = true
	}
	return m
}()

// nearby returns the paragraphs that a span touches, plus one before and one after.
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
