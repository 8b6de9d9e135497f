package lsh_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/neardup/neardup/lsh"
)

var updatePicture = flag.Bool("update-picture", false, "draw docs/s-curve.svg again")

// The picture of the S-curve in the documentation shows [lsh.Banding.Recall] of the
// bandings that [lsh.Choose] returns.
func TestPictureShowsChosenBandings(t *testing.T) {
	const (
		width, height       = 640, 360 // of the plot
		left, top, dx, dy   = 60, 20, 64, 72
		labels, foot, steps = 170, 60, 200
	)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="14">
<title>Probability that a pair becomes a candidate, by its similarity</title>
<style>svg{background:#fff}text{fill:#222}.g{stroke:#ddd}.c{fill:none;stroke-width:2.5}</style>
`, left+width+labels, top+height+foot)
	for i := range 11 {
		x := left + i*dx
		fmt.Fprintf(&b, "<path class=\"g\" d=\"M%d %dV%d\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%.1f</text>\n", x, top, top+height, x, top+height+20, float64(i)/10)
	}
	for i := range 6 {
		y := top + height - i*dy
		fmt.Fprintf(&b, "<path class=\"g\" d=\"M%d %dH%d\"/><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d %%</text>\n", left, y, left+width, left-8, y+5, 20*i)
	}
	for i, c := range []struct {
		threshold float64
		colour    string
	}{{.5, "#b5600b"}, {.8, "#1f5fbf"}, {.9, "#1b7f4d"}} {
		banding := lsh.Choose(128, c.threshold, .99)
		fmt.Fprintf(&b, "<path class=\"c\" stroke=\"%s\" d=\"M", c.colour)
		for s := range steps + 1 {
			x := float64(s) / steps
			fmt.Fprintf(&b, "%.1f %.1f ", left+x*width, top+height-height*banding.Recall(x))
		}
		fmt.Fprintf(&b, "\"/>\n<text x=\"%d\" y=\"%d\" style=\"fill:%s\">threshold %v: %v</text>\n", left+width+12, top+40+30*i, c.colour, c.threshold, banding)
	}
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">Jaccard similarity of the pair</text>\n</svg>\n", left+width/2, top+height+46)

	name := filepath.Join("..", "docs", "s-curve.svg")
	if *updatePicture {
		if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")), b.Bytes()) {
		t.Errorf("%s differs, want the curve of this code; -update-picture draws it again", name)
	}
}
