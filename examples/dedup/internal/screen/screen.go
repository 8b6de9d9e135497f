// Package screen describes the terminal on which findings are shown: its size and
// whether it shows colour.
package screen

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// The size of a screen that is not a terminal, and the smallest size for the layout.
const (
	DefaultWidth  = 80
	DefaultHeight = 24
	leastWidth    = 40
)

// A Screen is the place where findings are shown.
type Screen struct {
	Width, Height int // in cells
	Color         bool
}

// Colors are the values of the flag -color.
var Colors = []string{"auto", "always", "never"}

// Of returns the screen of w, which is 80 x 24 without colour if w is not a
// terminal. The value of color is one of Colors; "auto" or "" means colour on a
// terminal, unless the environment variable NO_COLOR is set or TERM is "dumb"
// (https://no-color.org).
func Of(w io.Writer, color string) Screen {
	s := Screen{Width: DefaultWidth, Height: DefaultHeight}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 && height > 0 {
			s.Width, s.Height = max(width, leastWidth), max(height, DefaultHeight)
		}
	}
	switch color {
	case "always":
		s.Color = true
	case "never":
		s.Color = false
	}
	return s
}

// The styles of a text. Their sequences have no width: see package columns.
const (
	bold    = "1"
	dim     = "2"
	green   = "32"
	yellow  = "33"
	cyan    = "36"
	leftOf  = "31;4" // words of the left text only
	rightOf = "32;4" // words of the right text only
)

func (s Screen) style(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return fmt.Sprintf("\x1b[%sm%s\x1b[0m", code, text)
}

// Heading styles a heading.
func (s Screen) Heading(text string) string { return s.style(bold, text) }

// Quiet styles text of less importance.
func (s Screen) Quiet(text string) string { return s.style(dim, text) }

// Good styles a good result.
func (s Screen) Good(text string) string { return s.style(green, text) }

// Figure styles a number.
func (s Screen) Figure(text string) string { return s.style(cyan, text) }

// Warning styles a result that needs attention.
func (s Screen) Warning(text string) string { return s.style(yellow, text) }

// OwnLeft marks words that only the left text has: by colour and underlining, or by
// brackets without colour.
func (s Screen) OwnLeft(text string) string { return s.own(leftOf, text) }

// OwnRight is like OwnLeft for the right text.
func (s Screen) OwnRight(text string) string { return s.own(rightOf, text) }

func (s Screen) own(code, text string) string {
	if !s.Color {
		return "[" + text + "]"
	}
	return s.style(code, text)
}
