package screen

import (
	"bytes"
	"os"
	"testing"
)

func TestScreenFollowsTerminalAndFlags(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, tt := range []struct {
		color string
		want  Screen
	}{
		{"", Screen{80, 24, false}},
		{"auto", Screen{80, 24, false}},
		{"never", Screen{80, 24, false}},
		{"always", Screen{80, 24, true}},
	} {
		if got := Of(&bytes.Buffer{}, tt.color); got != tt.want {
			t.Errorf("Of(buffer, %q) = %+v, want %+v", tt.color, got, tt.want)
		}
		if got := Of(file, tt.color); got != tt.want {
			t.Errorf("Of(file, %q) = %+v, want %+v", tt.color, got, tt.want)
		}
	}
}

func TestStyleNeedsColor(t *testing.T) {
	plain, color := Screen{}, Screen{Color: true}
	for _, tt := range []struct{ why, got, want string }{
		{"no colour", plain.Heading("a"), "a"},
		{"own words without colour", plain.OwnLeft("a"), "[a]"},
		{"colour", color.Heading("a"), "\x1b[1ma\x1b[0m"},
		{"own words in colour", color.OwnRight("a"), "\x1b[32;4ma\x1b[0m"},
		{"nothing to style", color.Quiet(""), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.why, tt.got, tt.want)
		}
	}
}
