package columns_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/neardup/neardup/examples/dedup/internal/columns"
)

func TestWrapBreaksAtWidth(t *testing.T) {
	for _, tt := range []struct {
		why, text string
		width     int
		want      []string
	}{
		{"nothing", " ", 5, nil},
		{"breaks at words", "the green ferry", 9, []string{"the green", "ferry"}},
		{"a word too long is cut", "a bicycle", 4, []string{"a bi", "cycl", "e"}},
		{"wide letters take two cells", "渡轮回来", 5, []string{"渡轮", "回来"}},
		{"a style goes on", "\x1b[1mthe green\x1b[0m ferry", 5, []string{"\x1b[1mthe\x1b[0m", "\x1b[1mgreen\x1b[0m", "ferry"}},
		{"a style within a word", "gr\x1b[1mee\x1b[0mn", 3, []string{"gr\x1b[1me\x1b[0m", "\x1b[1me\x1b[0mn"}},
		{"marks take none", "e\u0301e\u0301e\u0301", 3, []string{"e\u0301e\u0301e\u0301"}},
	} {
		if diff := cmp.Diff(tt.want, columns.Wrap(tt.text, tt.width)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
	}
}

func TestWriteCutsLongColumns(t *testing.T) {
	var b strings.Builder
	columns.Write(&b, 6, 2, "one two three four", "1")
	want := "  one    | 1\n  two    |\n  … and 2 more lines\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCutKeepsWidth(t *testing.T) {
	for _, tt := range []struct {
		text          string
		width         int
		cut, inMiddle string
	}{
		{"harbour", 7, "harbour", "harbour"},
		{"harbour", 5, "harb…", "ha…ur"},
		{"harbour", 4, "har…", "h…ur"},
		{"harbour", 1, "…", "…"},
		{"the ferry", 5, "the…", "th…ry"},
		{"渡轮回来了", 7, "渡轮回…", "渡轮…了"},
		{"渡轮回来了", 6, "渡轮…", "渡…了"},
		{"", 3, "", ""},
	} {
		if got := columns.Cut(tt.text, tt.width); got != tt.cut {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.cut)
		}
		if got := columns.Middle(tt.text, tt.width); got != tt.inMiddle {
			t.Errorf("Middle(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.inMiddle)
		}
	}
}

// For any text, no line is wider than the limit, and nothing is lost.
func FuzzWidth(f *testing.F) {
	f.Add("harbour-post/\u6e21\u8f6e e\u0301.txt", 6)
	f.Add("a b\u200dc \U0001F6A2", 3)
	f.Fuzz(func(t *testing.T, text string, width int) {
		text = strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x1b", "?")
		width = 2 + min(max(width, 0), 200)
		for _, got := range []string{columns.Cut(text, width), columns.Middle(text, width)} {
			if columns.Width(got) > width {
				t.Errorf("Cut or Middle of %q to %d cells = %q, want no more cells", text, width, got)
			}
		}
		lines := columns.Wrap(text, width)
		for _, l := range lines {
			if columns.Width(l) > width {
				t.Errorf("Wrap to %d cells gives line %q, want no more cells", width, l)
			}
		}
		without := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if without(strings.Join(lines, "")) != without(text) {
			t.Errorf("Wrap(%q) = %q, want all letters of the text", text, lines)
		}
	})
}
