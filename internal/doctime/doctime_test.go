package doctime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/neardup/neardup/internal/doctime"
)

func TestParseReadsTimes(t *testing.T) {
	at := time.Date(2026, 1, 31, 15, 4, 5, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"":                                {},
		"2026-01-31T15:04:05Z":            at,
		"2026-01-31T16:04:05+01:00":       at,
		"2026-01-31T15:04:05.5Z":          at.Add(time.Second / 2),
		"2026-01-31T15:04:05":             at,
		"2026-01-31 15:04:05":             at,
		"2026-01-31":                      time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC),
		"1769871845":                      at,
		"-1":                              time.Unix(-1, 0),
		"Sat, 31 Jan 2026 15:04:05 GMT":   at,
		"Sat, 31 Jan 2026 16:04:05 +0100": at,
	} {
		if got, err := doctime.Parse(s); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"soon", "2026-02-30", "31.1.2026", " 2026-01-31"} {
		if got, err := doctime.Parse(s); err == nil || !got.IsZero() || !strings.Contains(err.Error(), s) {
			t.Errorf("Parse(%q) = %v, %v, want the zero time and an error that quotes the text", s, got, err)
		}
	}
}
