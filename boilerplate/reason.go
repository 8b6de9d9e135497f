package boilerplate

import (
	"strings"
	"unicode/utf8"
)

// Masses in half words of the longest menu item, the longest menu in one line and
// the longest label of an advertisement.
const (
	itemMass  = 2 * 4
	menuMass  = 2 * 12
	labelMass = 2 * 8
)

// Masses of the longest sign-off, and of the shortest sign-off that neither names a
// signer nor is in parentheses: shorter sentences at an edge are messages of the
// site.
const (
	signOffMass  = 2 * 60
	unsignedMass = 2 * 10
)

// reason returns the kind of recycled text in the i-th block.
func (v *view) reason(i int) Reason {
	f, b := &v.findings[i], &v.dg.blocks[i]
	text := b.Of(v.p.Text)
	switch {
	case f.restored:
		return Kept
	case b.mass <= labelMass && !f.prose && advertises(text):
		return Advertisement
	case b.mass <= signOffMass && v.p.Host != "" && v.ownText(i-1) != v.ownText(i+1) && v.signOff(i, text):
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

// signOff reports whether the i-th block, which has own text on one side, is a note
// placed at the beginning or end of stories: other sites have it, or it is marked as
// a note and is on few pages of this site. A block of few words must name a signer.
func (v *view) signOff(i int, text string) bool {
	signed := signs(text)
	noted := signed || inParentheses(text)
	spoken := signed || (noted || v.dg.blocks[i].mass >= unsignedMass) && v.spoken(i)
	if !noted && !spoken {
		return false // decided here, before the lookup over all documents below
	}
	if v.findings[i].scope == Host && v.hosts(v.seen(i, Global)) < 2 {
		return noted && 3*v.holders(i) < int(v.sites[Host].docs.count)
	}
	return spoken
}

// ownText reports whether the i-th block is the page's own text.
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
func advertises(text string) bool { return adWords.begin(text) }

// signs reports whether a block begins with the name of an agency or the like.
func signs(text string) bool { return signWords.begin(text) }

// Lists of the words that begin advertisements and sign-offs. Changing them changes
// reasons, so they are frozen.
var (
	adWords = list("ad ads advert advertise advertisement advertisements advertising sponsored " +
		"promoted anzeige anzeigen werbung publicité publicidad anuncio anuncios pubblicità " +
		"advertentie reclame reklama annons annonse annonce реклама РЕКЛАМА Реклама 広告 广告 廣告 광고")
	signWords = list("reuter reuters ap afp dpa upi efe ansa tass xinhua kyodo pti ians sid apa " +
		"bloomberg reporting edited editing by von par por")
)

// words is a list of lower-case words, grouped by their first byte.
type words struct {
	by   [256][]string
	none [256]bool // no word, nor punctuation before a word, begins with the byte
}

func list(all string) *words {
	var l words
	for word := range strings.FieldsSeq(all) {
		l.by[word[0]] = append(l.by[word[0]], word)
	}
	for c := range l.none {
		low := c
		if c < utf8.RuneSelf {
			low |= 0x20
		}
		l.none[c] = letters[c] && l.by[low] == nil
	}
	return &l
}

// begin reports whether the first word of text is in l, whatever its case. The text
// may begin with punctuation; bytes beyond ASCII count as letters. For most texts
// one byte is enough to decide.
func (l *words) begin(text string) bool {
	return text != "" && !l.none[text[0]] && l.beginAt(text)
}

func (l *words) beginAt(text string) bool {
	for text != "" && !letters[text[0]] {
		text = text[1:]
	}
	if text == "" {
		return false
	}
	c := text[0]
	if c < utf8.RuneSelf {
		c |= 0x20
	}
	for _, w := range l.by[c] {
		if n := len(w); n <= len(text) && (n == 1 || c >= utf8.RuneSelf || text[1]|0x20 == w[1]) &&
			(n == len(text) || !letters[text[n]]) && strings.EqualFold(w, text[:n]) {
			return true
		}
	}
	return false
}

// letters are the bytes that belong to words.
var letters = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= utf8.RuneSelf || byte(c)|0x20-'a' < 26 || byte(c)-'0' < 10
	}
	return t
}()

// separated reports whether text has separators between the items of a menu.
func separated(text string) bool {
	return strings.IndexByte(text, '|') >= 0 || strings.Contains(text, "·") || strings.Contains(text, "»")
}
