package boilerplate

import (
	"strings"
	"unicode/utf8"
)

// Masses in half words of the longest item of a menu, of the longest menu in one line
// and of the longest label of an advertisement.
const (
	itemMass  = 2 * 4
	menuMass  = 2 * 12
	labelMass = 2 * 8
)

// signOffMass is that of the longest sign-off.
const signOffMass = 2 * 60

// reason tells what kind of recycled text the i-th block is.
func (v *view) reason(i int) Reason {
	f, b := &v.findings[i], &v.dg.blocks[i]
	text := b.Of(v.p.Text)
	switch {
	case f.restored:
		return Kept
	case b.mass <= labelMass && !f.prose && advertises(text):
		return Advertisement
	case b.mass <= signOffMass && v.p.Host != "" && v.signOff(i, text):
		return SignOff
	case f.prose && !f.masked:
		return Background
	case v.p.Host == "" || !f.masked:
		return Recurring
	case b.mass <= itemMass, b.mass <= menuMass && !f.prose && separated(text):
		return Navigation
	}
	return Furniture
}

// signOff reports whether the i-th block is what somebody puts at the end or the
// beginning of stories: it is next to own text on one side, and other sites have it,
// or it is marked as a note and stands on few pages of this one. Few words must name
// who signs.
func (v *view) signOff(i int, text string) bool {
	if v.ownText(i-1) == v.ownText(i+1) {
		return false // within the text, or within the frame
	}
	f := &v.findings[i]
	if f.scope == Host && v.hosts(v.seen(i, Global)) < 2 {
		return 3*v.holders(i) < int(v.sites[Host].docs.count) && (signs(text) || inParentheses(text))
	}
	return v.spoken(i) || signs(text)
}

// ownText reports whether the i-th block is the page's own.
func (v *view) ownText(i int) bool {
	return i >= 0 && i < len(v.findings) && !v.findings[i].state.flagged() && !v.findings[i].masked
}

// inParentheses reports whether s is a remark in parentheses or brackets.
func inParentheses(s string) bool {
	open, _ := utf8.DecodeRuneInString(s)
	end, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune("([（【", open) && strings.ContainsRune(")]）】", end)
}

// advertises reports whether a short block labels an advertisement.
func advertises(text string) bool { return adWords.has(first(text)) }

// signs reports whether a block begins with the name of an agency or the like.
func signs(text string) bool { return signWords.has(first(text)) }

// The lists are frozen.
var (
	adWords = list("ad ads advert advertise advertisement advertisements advertising sponsored " +
		"promoted anzeige anzeigen werbung publicité publicidad anuncio anuncios pubblicità " +
		"advertentie reclame reklama annons annonse annonce реклама РЕКЛАМА Реклама 広告 广告 廣告 광고")
	signWords = list("reuter reuters ap afp dpa upi efe ansa tass xinhua kyodo pti ians sid apa " +
		"bloomberg reporting edited editing by von par por")
)

// words are words in lower case by their first byte.
type words [256][]string

func list(all string) *words {
	var l words
	for word := range strings.FieldsSeq(all) {
		l[word[0]] = append(l[word[0]], word)
	}
	return &l
}

// has reports whether l holds a word, whatever its case.
func (l *words) has(word string) bool {
	if word == "" {
		return false
	}
	c := word[0]
	if c < utf8.RuneSelf {
		c |= 0x20
	}
	for _, w := range l[c] {
		if len(w) == len(word) && strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// first returns the first word of text, which may begin with punctuation. Bytes
// beyond ASCII count as letters.
func first(text string) string {
	i := 0
	for i < len(text) && !letters[text[i]] {
		i++
	}
	k := i
	for k < len(text) && letters[text[k]] {
		k++
	}
	return text[i:k]
}

// letters are the bytes that belong to words.
var letters = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= utf8.RuneSelf || byte(c)|0x20-'a' < 26 || byte(c)-'0' < 10
	}
	return t
}()

// separated reports whether text has signs that come between the items of a menu.
func separated(text string) bool {
	return strings.IndexByte(text, '|') >= 0 || strings.Contains(text, "·") || strings.Contains(text, "»")
}
