package boilerplate

import (
	"strings"
	"unicode/utf8"
)

// Masses in half words of the longest item of a menu, of the longest menu in one line
// and of the longest label of an advertisement.
const (
	itemMass  = 2 * 4
	menuMass  = 2 * 25
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
	case b.mass <= labelMass && advertises(text):
		return Advertisement
	case b.mass <= signOffMass && v.p.Host != "" && v.signOff(i, text):
		return SignOff
	case f.prose && !f.masked:
		return Background
	case v.p.Host == "" || !f.masked:
		return Recurring
	case b.mass <= itemMass, b.mass <= menuMass && strings.ContainsAny(text, "|·•»›"):
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

// advertises reports whether a short block labels an advertisement. The list of
// words is frozen.
func advertises(text string) bool {
	word := first(text)
	for _, w := range [...]string{
		"ad", "ads", "advert", "advertise", "advertisement", "advertisements", "advertising",
		"sponsored", "promoted", "anzeige", "anzeigen", "werbung", "publicité", "publicidad",
		"anuncio", "anuncios", "pubblicità", "advertentie", "reclame", "reklama", "annons",
		"annonse", "annonce", "реклама", "広告", "广告", "廣告", "광고",
	} {
		if len(word) == len(w) && strings.EqualFold(word, w) {
			return true
		}
	}
	return false
}

// signs reports whether a block begins with the name of an agency or the like. The
// list is frozen.
func signs(text string) bool {
	word := first(text)
	for _, w := range [...]string{
		"reuter", "reuters", "ap", "afp", "dpa", "upi", "efe", "ansa", "tass", "xinhua",
		"kyodo", "pti", "ians", "sid", "apa", "bloomberg", "reporting", "edited", "editing",
		"by", "von", "par", "por",
	} {
		if len(word) == len(w) && strings.EqualFold(word, w) {
			return true
		}
	}
	return false
}

// first returns the first word of text, without punctuation before it.
func first(text string) string {
	const stops = " \t\r\n.,:;!?-–—|()[]{}\"'“”‘’«»*·•©"
	text = strings.TrimLeft(text, stops)
	if i := strings.IndexAny(text, stops); i >= 0 {
		return text[:i]
	}
	return text
}
