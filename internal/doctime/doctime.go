// Package doctime parses the time field of documents, so that all programs agree on
// which document is newer.
package doctime

import (
	"fmt"
	"strconv"
	"time"
)

// layouts are the accepted formats of a time, in addition to seconds since 1970.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02", time.RFC1123Z, time.RFC1123}

// Parse parses a document's time; an empty string is the zero time.
func Parse(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0).UTC(), nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("invalid time %q (write it like 2026-01-31T15:04:05Z, 2026-01-31, or as seconds since 1970)", s)
}
