package columns_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/columns"
)

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		why, text string
		width     int
		want      []string
	}{
		{"nothing", " ", 5, nil},
		{"breaks at words", "the green ferry", 9, []string{"the green", "ferry"}},
		{"a word too long is cut", "a bicycle", 4, []string{"a bi", "cycl", "e"}},
		{"wide letters take two cells", "渡轮回来", 5, []string{"渡轮", "回来"}},
		{"marks take none", "e\u0301e\u0301e\u0301", 3, []string{"e\u0301e\u0301e\u0301"}},
	} {
		if diff := cmp.Diff(tt.want, columns.Wrap(tt.text, tt.width)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
	}
}

func TestWrite(t *testing.T) {
	var b strings.Builder
	columns.Write(&b, 6, 2, "one two three four", "1")
	want := "  one    | 1\n  two    |\n  … and 2 more lines\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
