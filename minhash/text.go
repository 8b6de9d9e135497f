package minhash

import (
	"encoding"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The text forms are for JSON, flags, URLs of services and logs: a signature is the
// base64 encoding of its binary form, including the checksum, and a scheme is one
// line.

var (
	_ encoding.TextAppender    = Signature{}
	_ encoding.TextMarshaler   = Signature{}
	_ encoding.TextUnmarshaler = (*Signature)(nil)
	_ encoding.TextAppender    = Packed{}
	_ encoding.TextMarshaler   = Packed{}
	_ encoding.TextUnmarshaler = (*Packed)(nil)
	_ encoding.TextAppender    = Scheme{}
	_ encoding.TextMarshaler   = Scheme{}
	_ encoding.TextUnmarshaler = (*Scheme)(nil)
)

// text is the base64 variant that most languages decode by default; Strict refuses
// stray bits at the end, so a signature has exactly one text form.
var text = base64.StdEncoding.Strict()

// AppendText appends the binary form of s ([Signature.AppendBinary]) in base64, with
// the alphabet and padding of RFC 4648, section 4. encoding/json writes it as a
// string. It fails only for the zero Signature; use the JSON option omitzero for
// fields that may be unset.
func (s Signature) AppendText(dst []byte) ([]byte, error) {
	return appendText(dst, s.AppendBinary)
}

// MarshalText returns what [Signature.AppendText] appends.
func (s Signature) MarshalText() ([]byte, error) { return s.AppendText(nil) }

// UnmarshalText sets s to the signature that [Signature.AppendText] encoded. The
// error wraps [ErrFormat], [ErrVersion] or [ErrCorrupt]; s is then unchanged.
func (s *Signature) UnmarshalText(data []byte) error {
	return unmarshalText(data, s.UnmarshalBinary)
}

// AppendText appends the binary form of p in base64, as [Signature.AppendText] does.
func (p Packed) AppendText(dst []byte) ([]byte, error) {
	return appendText(dst, p.AppendBinary)
}

// MarshalText returns what [Packed.AppendText] appends.
func (p Packed) MarshalText() ([]byte, error) { return p.AppendText(nil) }

// UnmarshalText sets p to the packed signature that [Packed.AppendText] encoded. The
// error wraps [ErrFormat], [ErrVersion] or [ErrCorrupt]; p is then unchanged.
func (p *Packed) UnmarshalText(data []byte) error {
	return unmarshalText(data, p.UnmarshalBinary)
}

func appendText(dst []byte, appendBinary func([]byte) ([]byte, error)) ([]byte, error) {
	data, err := appendBinary(nil)
	if err != nil {
		return dst, err
	}
	return text.AppendEncode(dst, data), nil
}

func unmarshalText(data []byte, unmarshalBinary func([]byte) error) error {
	// The decoder of the standard library skips line ends, which would give a signature
	// many text forms.
	if at := slices.IndexFunc(data, func(c byte) bool { return c == '\n' || c == '\r' }); at >= 0 {
		return fmt.Errorf("minhash: line break at byte %d of the base64 text: %w", at, ErrFormat)
	}
	decoded, err := text.AppendDecode(nil, data)
	if err != nil {
		return fmt.Errorf("minhash: %w: %w", ErrFormat, err)
	}
	return unmarshalBinary(decoded)
}

// AppendText appends the scheme on one line, for example
//
//	bucket k=128 rounds=2 seed=1 elements="words:5" version=1
//
// in which the name of the elements is quoted like a Go string in ASCII
// ([strconv.QuoteToASCII]). It fails for an invalid scheme, with an error that wraps
// [ErrScheme] or [ErrVersion].
func (sc Scheme) AppendText(dst []byte) ([]byte, error) {
	if err := sc.valid(); err != nil {
		return dst, fmt.Errorf("minhash: %w", err)
	}
	return append(dst, sc.String()...), nil
}

// MarshalText returns what [Scheme.AppendText] appends.
func (sc Scheme) MarshalText() ([]byte, error) { return sc.AppendText(nil) }

// UnmarshalText sets sc to the scheme in a line from [Scheme.AppendText]. The error
// wraps [ErrFormat] if it is not exactly such a line, [ErrVersion] if this code does
// not know its version or algorithm, or [ErrCorrupt] if the scheme is invalid; sc is
// then unchanged.
func (sc *Scheme) UnmarshalText(data []byte) error {
	p := lineParser{rest: string(data)}
	var got Scheme
	name := p.until(" k=")
	got.Algorithm = algorithms
	for a := range algorithms {
		if a.String() == name {
			got.Algorithm = a
		}
	}
	got.K = p.int(" rounds=")
	got.Rounds = p.int(" seed=")
	got.Seed = p.uint(" elements=", 64)
	got.Elements = p.quoted()
	p.literal(" version=")
	got.Version = p.int("")
	switch {
	case p.failed:
		return fmt.Errorf("minhash: %.80q is not the text of a scheme: %w", data, ErrFormat)
	case got.Algorithm == algorithms:
		return fmt.Errorf("minhash: unknown algorithm %.20q: %w", name, ErrVersion)
	}
	if err := got.intact(); err != nil {
		return fmt.Errorf("minhash: %w", err)
	}
	if got.String() != string(data) { // it has leading zeros or needless escapes
		return fmt.Errorf("minhash: %.80q is not the canonical text of a scheme: %w", data, ErrFormat)
	}
	*sc = got
	return nil
}

// A lineParser reads the fields of a scheme from a line. After a failure it returns
// zeros.
type lineParser struct {
	rest   string
	failed bool
}

// until returns the text before sep, or all of it if sep is empty.
func (p *lineParser) until(sep string) string {
	field, rest, found := p.rest, "", true
	if sep != "" {
		field, rest, found = strings.Cut(p.rest, sep)
	}
	p.rest = rest
	p.failed = p.failed || !found
	return field
}

func (p *lineParser) uint(sep string, bits int) uint64 {
	n, err := strconv.ParseUint(p.until(sep), 10, bits)
	if err != nil {
		p.failed = true
		return 0
	}
	return n
}

func (p *lineParser) int(sep string) int { return int(p.uint(sep, 31)) }

func (p *lineParser) quoted() string {
	quoted, err := strconv.QuotedPrefix(p.rest)
	if err != nil {
		p.failed = true
		return ""
	}
	p.rest = p.rest[len(quoted):]
	name, err := strconv.Unquote(quoted)
	p.failed = p.failed || err != nil
	return name
}

func (p *lineParser) literal(text string) {
	rest, found := strings.CutPrefix(p.rest, text)
	p.rest = rest
	p.failed = p.failed || !found
}
