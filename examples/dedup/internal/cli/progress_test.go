package cli

import (
	"testing"
	"time"
)

func TestProgressLineShowsShareAndTime(t *testing.T) {
	for _, tt := range []struct {
		why         string
		unit        string
		done, total int64
		part        *fraction
		want        string
	}{
		{"nobody knows how much there is", "documents", 30, 0, nil, "reading 30 documents, 3 a second"},
		{"bytes give the share done", "documents", 30, 0, &fraction{200, 800}, "reading 30 documents, 3 a second, 25 % done, 30s left"},
		{"the total is not known yet", "documents", 30, 0, &fraction{200, 0}, "reading 30 documents, 3 a second"},
		{"units give the share done", "documents", 50, 100, nil, "reading 50 of 100 documents, 5 a second, 50 % done, 10s left"},
		{"nothing is done yet", "documents", 0, 100, nil, "reading 0 of 100 documents, 0 a second"},
		{"a file grew", "documents", 9, 0, &fraction{900, 800}, "reading 9 documents, 1 a second, 100 % done, 0s left"},
		{"no units", "", 0, 0, &fraction{1, 2}, "reading, 50 % done, 10s left"},
	} {
		p := &Progress{what: "reading", unit: tt.unit}
		p.done.Store(tt.done)
		p.total.Store(tt.total)
		p.part.Store(tt.part)
		if got := p.line(10 * time.Second); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.why, got, tt.want)
		}
	}
}
