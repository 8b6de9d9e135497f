package bytesize_test

import (
	"testing"

	"github.com/neardup/neardup/examples/dedup/internal/bytesize"
)

func TestSizesAreParsedAndPrinted(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bytesize.Size
		back string
	}{
		{"2GiB", 2 << 30, "2GiB"}, {"2G", 2 << 30, "2GiB"}, {"1.5GiB", 3 << 29, "1536MiB"},
		{"512 MiB", 512 << 20, "512MiB"}, {"1GB", 1e9, "1000000000B"}, {"7", 7, "7B"}, {"7B", 7, "7B"}, {"0", 0, "0B"},
	} {
		var s bytesize.Size
		if err := s.UnmarshalText([]byte(tt.text)); err != nil || s != tt.want || s.String() != tt.back {
			t.Errorf("%q: %d (%v), %v; want %d (%s)", tt.text, s, s, err, tt.want, tt.back)
		}
	}
	for _, bad := range []string{"", "GiB", "-1", "NaN", "lots", "1TiBB", "9999999999GiB"} {
		s := bytesize.Size(3)
		if err := s.UnmarshalText([]byte(bad)); err == nil || s != 3 {
			t.Errorf("%q: %v, want an error", bad, s)
		}
	}
}
