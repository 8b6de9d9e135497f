package shingle

import (
	"unicode/utf8"

	"github.com/neardup/neardup/internal/unidata"
)

// special writes the folded form of a code point, which lies from at to end, if a
// table entry is not enough for it.
func (f *folder) special(e unidata.Entry, at, end int) {
	text := e.Text()
	f.reserve(f.n + 2*len(text) + 3*piece + 4*slack)
	if kind := e.Kind(); kind != unidata.Expand {
		r, _ := utf8.DecodeRuneInString(text)
		f.joining(kind, e.Class(), r, at, end)
		return
	}
	for len(text) > 0 {
		if c := text[0]; c < 0x80 {
			f.ascii(bytesOf(text[:1]), at)
			f.from(f.n-1, at, end)
			text = text[1:]
			continue
		}
		b := bytesOf(text[:min(4, len(text))])
		e, size, delta := lookup(f.table, b)
		if e&unidata.Special != 0 && e.Kind() == unidata.Expand {
			// Already folded: it stays unchanged.
			e = unidata.Entry(e.Class()<<24 | size<<28)
			for i := range size {
				e |= unidata.Entry(b[i]) << (8 * i)
			}
		}
		f.put(e, delta, b[:size], at, end)
		text = text[size:]
	}
}

// joining writes a mark or jamo that may change the text before it.
func (f *folder) joining(kind, class int, r rune, start, end int) {
	last, n := utf8.DecodeLastRune(f.buf[:f.n])
	if f.n == 0 {
		last, n = 0, 0
	}
	composed := rune(0)
	switch kind {
	case unidata.HangulV:
		if last >= 0x1100 && last <= 0x1112 {
			composed = 0xac00 + (last-0x1100)*588 + (r-0x1161)*28
		}
	case unidata.HangulT:
		if last >= 0xac00 && last <= 0xd7a3 && (last-0xac00)%28 == 0 {
			composed = last + r - 0x11a7
		}
	case unidata.Voicing:
		composed = voice(last, r)
	}
	if composed != 0 {
		from := f.n - n
		if f.origins {
			start = int(f.start[from])
		}
		f.n = from + utf8.EncodeRune(f.buf[from:], composed)
		f.from(from, start, end)
		return
	}
	if class == unidata.Accent && (f.n == 0 || f.buf[f.n-1] < 0x80 && !asciiWord[f.buf[f.n-1]]) {
		return
	}
	f.enter(class, start)
	// A mark moves before marks of a higher combining class.
	from := f.n
	order := unidata.OrderOf(r)
	if order != 0 {
		for range maxMarks {
			last, n := utf8.DecodeLastRune(f.buf[:from])
			if from == 0 || unidata.OrderOf(last) <= order {
				break
			}
			from -= n
		}
	}
	size := utf8.RuneLen(r)
	moved := from < f.n
	copy(f.buf[from+size:], f.buf[from:f.n])
	utf8.EncodeRune(f.buf[from:], r)
	f.n += size
	if moved {
		// The text now ends with a different mark than the one just written.
		_, n := utf8.DecodeLastRune(f.buf[:f.n])
		switch e, _, _ := lookup(f.table, f.buf[f.n-n:f.n]); {
		case e.Class() == unidata.Stacker:
			f.state = stateStacker
		case class == unidata.Stacker:
			f.state = stateCluster
		}
	}
	if f.origins {
		// Marks that changed places share one origin, the span of both.
		if moved {
			start = int(f.start[from])
		}
		f.from(from, start, end)
	}
}

// voice composes a kana with the voiced or half-voiced sound mark; 0 if there is no
// such form.
func voice(kana, mark rune) rune {
	base := kana
	if kana >= 0x30a1 && kana <= 0x30fe {
		base -= 0x60
	}
	switch {
	case base >= 0x306f && base <= 0x307b && (base-0x306f)%3 == 0: // ha to ho
		return kana + 1 + mark - 0x3099
	case mark != 0x3099:
	case base >= 0x304b && base <= 0x3061 && base%2 == 1, // ka to chi
		base >= 0x3064 && base <= 0x3068 && base%2 == 0, // tsu, te, to
		base == 0x309d: // iteration mark
		return kana + 1
	case base == 0x3046: // u
		return kana + 0x4e
	case kana >= 0x30ef && kana <= 0x30f2: // wa, wi, we, wo
		return kana + 8
	}
	return 0
}
