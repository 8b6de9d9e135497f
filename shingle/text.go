package shingle

import (
	"fmt"
	"strconv"
	"strings"
)

// String returns the name of the shingles, such as "words:5": the unit, a colon, the
// size, "+accents" or "+multiset" where those are set, and with a seed "+keyed:" and
// its fingerprint, 16 hexadecimal digits. Two Shinglers that make the same shingles
// have the same name. A seed cannot be computed from its fingerprint but can be found
// by trying seeds, so only a random 64-bit seed is secret.
func (s Shingler) String() string {
	b, err := s.MarshalText()
	if err != nil {
		return fmt.Sprintf("Shingler(%d:%d)", s.Unit, s.Size)
	}
	return string(b)
}

// MarshalText returns the same as [Shingler.String]; it fails for an invalid unit or
// size.
func (s Shingler) MarshalText() ([]byte, error) {
	if s.Unit > Chars || s.Size < 0 {
		return nil, fmt.Errorf("shingle: invalid unit %d or size %d", s.Unit, s.Size)
	}
	b := append([]byte(unitNames[s.Unit]), ':')
	b = strconv.AppendInt(b, int64(s.size()), 10)
	if s.KeepAccents {
		b = append(b, "+accents"...)
	}
	if s.Multiset {
		b = append(b, "+multiset"...)
	}
	if s.Seed != 0 {
		b = append(append(b, keyedOption...), fingerprint(s.Seed)...)
	}
	return b, nil
}

const keyedOption = "+keyed:"

var unitNames = [...]string{Words: "words", Chars: "chars"}

// UnmarshalText sets s from a name that [Shingler.String] returned. The colon and the
// size may be left out together.
//
// A name does not hold the seed. Set s.Seed first; it is kept. The error wraps
// [ErrSeed] if the name belongs to another seed, or to no seed where s has one. On
// an error s is unchanged.
func (s *Shingler) UnmarshalText(text []byte) error {
	name, print, hasSeed := strings.Cut(string(text), keyedOption)
	parts := strings.Split(name, "+")
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
			return fmt.Errorf("shingle: invalid size %q", size)
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
	switch {
	case hasSeed && (len(print) != 16 || strings.Trim(print, "0123456789abcdef") != ""):
		return fmt.Errorf("shingle: invalid fingerprint %q", print)
	case hasSeed && s.Seed == 0:
		return fmt.Errorf("shingle: %q was made with a seed, but Seed is not set: %w", text, ErrSeed)
	case hasSeed && fingerprint(s.Seed) != print:
		return fmt.Errorf("shingle: %q was made with a different seed than Seed, whose fingerprint is %s: %w", text, fingerprint(s.Seed), ErrSeed)
	case !hasSeed && s.Seed != 0:
		return fmt.Errorf("shingle: %q was made without a seed, but Seed is set (fingerprint %s): %w", text, fingerprint(s.Seed), ErrSeed)
	}
	t.Seed = s.Seed
	*s = t
	return nil
}
