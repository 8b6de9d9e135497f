package shingle

import (
	"encoding/binary"
	"errors"
	"slices"
)

// errTokens means that tokens cannot belong to a text.
var errTokens = errors.New("shingle: the tokens do not belong to the text")

// AppendTokens appends the tokens of the text to dst, without the text itself, for
// [Aligner.Restore]: their number, their 32-bit ids, and for each token its distance
// from the end of the one before and its length, as varints.
func (t *Text) AppendTokens(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(t.ids)))
	for _, id := range t.ids {
		dst = binary.LittleEndian.AppendUint32(dst, id)
	}
	end := int64(0)
	for i := range t.ids {
		s := t.Token(i)
		dst = binary.AppendVarint(dst, int64(s.Start)-end)
		dst = binary.AppendUvarint(dst, uint64(s.Len()))
		end = int64(s.End)
	}
	return dst
}

// Restore returns the result of [Aligner.Prepare], from the tokens that
// [Text.AppendTokens] wrote for the same text and spans with an Aligner of the same
// Shingler, and the bytes after the tokens. It takes a fraction of the time of
// Prepare. It returns an error if tokens lie beyond the text or out of order; the
// caller has to make sure that the tokens are those of the text. Memory is
// proportional to the bytes present.
func (al Aligner) Restore(text string, tokens []byte, skip ...Span) (*Text, []byte, error) {
	n, k := binary.Uvarint(tokens)
	// A token takes four bytes for the id and at least two for its span.
	if k <= 0 || n > uint64(len(tokens)-k)/6 {
		return nil, nil, errTokens
	}
	ids, rest := tokens[k:k+4*int(n)], tokens[k+4*int(n):]
	sh := al.Shingler
	sh.Size, sh.Multiset = 0, false
	buf := tokenBuffers.Get().(*[]Token)
	defer tokenBuffers.Put(buf)
	found := (*buf)[:0]
	start, end := int64(0), int64(0)
	for i := range int(n) {
		var gap int64
		var size uint64
		k, m := 1, 1
		if len(rest) > 1 && rest[0]|rest[1] < 0x80 { // two varints of one byte each, as for most tokens
			gap, size = int64(rest[0]>>1)^-int64(rest[0]&1), uint64(rest[1])
		} else {
			if gap, k = binary.Varint(rest); k <= 0 {
				return nil, nil, errTokens
			}
			if size, m = binary.Uvarint(rest[k:]); m <= 0 {
				return nil, nil, errTokens
			}
		}
		if size == 0 || size > uint64(len(text)) {
			return nil, nil, errTokens
		}
		from := end + gap
		if gap < -end || gap > int64(len(text)) || from < start || from+int64(size) < end || from+int64(size) > int64(len(text)) {
			return nil, nil, errTokens
		}
		start, end, rest = from, from+int64(size), rest[k+m:]
		found = append(found, Token{uint64(binary.LittleEndian.Uint32(ids[4*i:])) << 32, Span{int(start), int(end)}})
	}
	*buf = found
	t := newText(sh, text, found)
	t.skip = slices.Clone(skip)
	return t, rest, nil
}
