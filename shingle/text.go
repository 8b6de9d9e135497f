package shingle

import (
	"fmt"
	"strconv"
	"strings"
)

// String returns the name of what the shingles are, say "words:5": the unit, a
// colon, the size, and "+accents" or "+multiset" where those are set. Two
// Shinglers that make the same shingles have the same name.
func (s Shingler) String() string {
	b, err := s.MarshalText()
	if err != nil {
		return fmt.Sprintf("Shingler(%d:%d)", s.Unit, s.Size)
	}
	return string(b)
}

// MarshalText returns what [Shingler.String] does; it fails for a unit or size
// that no Shingler may have.
func (s Shingler) MarshalText() ([]byte, error) {
	if s.Unit > Chars || s.Size < 0 {
		return nil, fmt.Errorf("shingle: no name for unit %d and size %d", s.Unit, s.Size)
	}
	b := append([]byte(unitNames[s.Unit]), ':')
	b = strconv.AppendInt(b, int64(s.size()), 10)
	if s.KeepAccents {
		b = append(b, "+accents"...)
	}
	if s.Multiset {
		b = append(b, "+multiset"...)
	}
	return b, nil
}

var unitNames = [...]string{Words: "words", Chars: "chars"}

// UnmarshalText sets s from a name as [Shingler.String] gives it. The size may
// be left out, with its colon.
func (s *Shingler) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), "+")
	var t Shingler
	unit, size, sized := strings.Cut(parts[0], ":")
	switch unit {
	case unitNames[Words]:
	case unitNames[Chars]:
		t.Unit = Chars
	default:
		return fmt.Errorf("shingle: unknown unit %q", unit)
	}
	if sized {
		n, err := strconv.ParseUint(size, 10, 31)
		if err != nil || n == 0 {
			return fmt.Errorf("shingle: bad size %q", size)
		}
		t.Size = int(n)
	}
	for _, p := range parts[1:] {
		switch {
		case p == "accents" && !t.KeepAccents:
			t.KeepAccents = true
		case p == "multiset" && !t.Multiset:
			t.Multiset = true
		default:
			return fmt.Errorf("shingle: unknown option %q", p)
		}
	}
	if t.size() == (Shingler{Unit: t.Unit}).size() {
		t.Size = 0
	}
	*s = t
	return nil
}
