package browsertest

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

var (
	shots    = flag.String("shots", "", "write screenshots to this folder")
	shotPage = flag.String("page", "", "take the screenshots of this page instead of one about the stories")
	picture  = flag.String("picture", "", "write the README's picture, whole articles side by side, to this file")
)

// TestPicture takes the screenshot for the README.
func TestPicture(t *testing.T) {
	tb := open(t, report(t, filepath.Join("..", "..", "examples", "stories"))+"#passages", viewport{"picture", 1200, 640, false})
	tb.read("letter.txt")
	tb.run(chromedp.Sleep(500 * time.Millisecond)) // until fonts and ribbons have settled
	shot, err := chromedp.Run(tb.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if len(shot) < 10_000 {
		t.Errorf("a picture of %d bytes, want at least 10000", len(shot))
	}
	if *picture != "" {
		if err := os.WriteFile(*picture, shot, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tb.clean()
}

// TestScreenshots writes screenshots for people to look at.
func TestScreenshots(t *testing.T) {
	file := *shotPage
	if file == "" {
		file = report(t, filepath.Join("..", "..", "examples", "stories"))
	}
	for _, view := range pictures() {
		for _, part := range parts {
			t.Run(view.name+"-"+part, func(t *testing.T) {
				tb := open(t, file+"#"+part, view)
				picture, err := chromedp.Run(tb.ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				if len(picture) < 1000 {
					t.Errorf("a picture of %d bytes, want at least 1000", len(picture))
				}
				if *shots != "" {
					if err := os.WriteFile(filepath.Join(*shots, view.name+"-"+part+".png"), picture, 0o666); err != nil {
						t.Fatal(err)
					}
				}
				tb.clean()
			})
		}
	}
}

// pictures returns the views with a greater height, to show more of the page.
func pictures() []viewport {
	tall := slices.Clone(views)
	for i := range tall {
		tall[i].height = 1700
	}
	return tall
}
