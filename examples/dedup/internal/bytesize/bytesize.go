// Package bytesize parses and formats sizes such as 512MiB.
package bytesize

import (
	"fmt"
	"strconv"
	"strings"
)

// A Size is a number of bytes; its text is like 512MiB, 2GiB, 2G or 1000000.
type Size int64

var units = []struct {
	name string
	size int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"B", 1}, {"", 1}}

// UnmarshalText reads a size. It accepts the binary and decimal units of IEC
// 80000-13; a single letter means the binary unit. Negative values, values that are
// not numbers and values above 1<<50 are errors.
func (s *Size) UnmarshalText(text []byte) error {
	for _, u := range units {
		number, ok := strings.CutSuffix(string(text), u.name)
		if !ok {
			continue
		}
		x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if x *= float64(u.size); err != nil || !(x >= 0 && x <= 1<<50) {
			break
		}
		*s = Size(x)
		return nil
	}
	return fmt.Errorf("%q is not an amount of memory; write it like 512MiB or 2GiB", text)
}

// MarshalText returns what String returns.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns the size in the largest unit of 1024 that divides it.
func (s Size) String() string {
	for _, u := range units[:3] {
		if n := int64(s); n != 0 && n%u.size == 0 {
			return fmt.Sprintf("%d%s", n/u.size, u.name)
		}
	}
	return fmt.Sprintf("%dB", int64(s))
}
