package htmlreport

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// A chart is a drawing together with its figures as a table.
type chart struct {
	Drawing template.HTML
	Caption string
	Columns []string
	Rows    [][]string
}

// The drawing area of a chart, in units of its viewBox.
const (
	chartWidth, chartHeight = 460, 300
	plotLeft, plotRight     = 74, 448
	plotTop, plotBottom     = 20, 248
)

// A canvas draws a chart. It writes only numbers and text of this package, so
// nothing needs escaping.
type canvas struct{ strings.Builder }

func (c *canvas) add(format string, args ...any) { fmt.Fprintf(c, format, args...) }

// coord writes a coordinate with one digit after the point, because processors may
// round the last bits of a float differently.
func coord(x float64) string { return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0") }

func (c *canvas) open(id, title, description string) {
	c.add(`<svg class="chart" viewBox="0 0 %d %d" role="img" aria-labelledby="%[3]s-title %[3]s-desc"><title id="%[3]s-title">%[4]s</title><desc id="%[3]s-desc">%[5]s</desc>`,
		chartWidth, chartHeight, id, title, description)
}

func (c *canvas) text(class, anchor string, x, y float64, s string) {
	c.add(`<text class="%s" text-anchor="%s" x="%s" y="%s">%s</text>`, class, anchor, coord(x), coord(y), s)
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.add(`<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, coord(x1), coord(y1), coord(x2), coord(y2))
}

// axisX draws the axis of similarities from low to 1, with 1 at x coordinate right,
// and returns a function that maps similarities to x coordinates.
func (c *canvas) axisX(low, right float64, label string) (at func(float64) float64) {
	at = func(s float64) float64 { return plotLeft + (s-low)/(1-low)*(right-plotLeft) }
	step := .1
	if 1-low > .55 {
		step = .2
	}
	for i := int(math.Round(low / step)); float64(i)*step <= 1+1e-9; i++ {
		s := max(low, float64(i)*step)
		c.line("tick", at(s), plotBottom, at(s), plotBottom+5)
		c.text("label", "middle", at(s), plotBottom+20, strconv.FormatFloat(s, 'f', 1, 64))
	}
	c.line("axis", plotLeft, plotBottom, plotRight, plotBottom)
	c.text("name", "middle", (plotLeft+plotRight)/2, chartHeight-10, label)
	return at
}

// axisY draws a vertical axis with a grid line at each of the marks, which run
// from 0 at the bottom to 1 at the top.
func (c *canvas) axisY(label string, marks []axisMark) {
	for _, m := range marks {
		y := plotBottom - m.at*(plotBottom-plotTop)
		if m.at > 0 {
			c.line("grid", plotLeft, y, plotRight, y)
		}
		c.text("label", "end", plotLeft-7, y+4, m.label)
	}
	mid := float64(plotTop+plotBottom) / 2
	c.add(`<text class="name" text-anchor="middle" x="14" y="%s" transform="rotate(-90 14 %[1]s)">%s</text>`, coord(mid), label)
}

type axisMark struct {
	at    float64
	label string
}

// threshold draws the line of the threshold, with its name at height y on the side
// with more room.
func (c *canvas) threshold(at func(float64) float64, t, y float64) {
	x := at(t)
	c.line("threshold", x, plotTop-6, x, plotBottom)
	anchor, dx := "end", -6.
	if x < (plotLeft+plotRight)/2 {
		anchor, dx = "start", 6
	}
	c.text("mark", anchor, x+dx, y, "threshold "+decimal(t))
}

func (c *canvas) close() template.HTML {
	c.WriteString("</svg>")
	return template.HTML(c.String())
}

// A bin counts the similarities from low up to the next bin; the last bin counts
// only similarities of 1.
type bin struct {
	low   float64
	count int
}

// bins counts the similarities in the given number of bins per unit, starting with
// the first bin that may hold any.
func (r *Report) bins(perUnit int) []bin {
	first := min(perUnit, max(0, int(r.ObservedFrom*float64(perUnit)+1e-9)))
	bins := make([]bin, 0, perUnit-first+1)
	for i := first; i <= perUnit; i++ {
		bins = append(bins, bin{low: float64(i) / float64(perUnit)})
	}
	for _, s := range r.Similarities {
		i := min(perUnit, int(s*float64(perUnit)+1e-9))
		if s < 1 {
			i = min(i, perUnit-1)
		}
		if i >= first {
			bins[i-first].count++
		}
	}
	return bins
}

// found returns the probability that a pair with similarity s is found.
func (r *Report) found(s float64) float64 {
	if r.Banding.Rows == 0 {
		return 0
	}
	return r.Banding.Recall(s)
}

// curve draws the S-curve with the observed similarities on it.
func (r *Report) curve() chart {
	var c canvas
	at := percentOf(r.found(r.Threshold))
	c.open("curve", "Probability of finding a pair", fmt.Sprintf(
		"The probability that the search finds a pair, by its similarity, for %s of %s: a curve in the shape of an S that reaches %s at the threshold of %s. Circles on the curve are the pairs that were found; the table below has the figures.",
		count(r.Banding.Bands, "band"), count(r.Banding.Rows, "row"), at, decimal(r.Threshold)))
	c.axisY("chance of being found", []axisMark{{0, "0 %"}, {.25, "25 %"}, {.5, "50 %"}, {.75, "75 %"}, {1, "100 %"}})
	x := c.axisX(0, plotRight, "Jaccard similarity of a pair")
	y := func(p float64) float64 { return plotBottom - p*(plotBottom-plotTop) }
	var line strings.Builder
	for i := 0; i <= 100; i++ {
		s := float64(i) / 100
		fmt.Fprintf(&line, "%s,%s ", coord(x(s)), coord(y(r.found(s))))
	}
	points := strings.TrimSpace(line.String())
	c.add(`<polygon class="under" points="%s %d,%d %d,%d"/>`, points, plotRight, plotBottom, plotLeft, plotBottom)
	c.threshold(x, r.Threshold, plotBottom-10)
	c.add(`<polyline class="curve" points="%s"/>`, points)
	bins := r.bins(50)
	most := 1
	for _, b := range bins {
		most = max(most, b.count)
	}
	for _, b := range bins {
		if b.count == 0 {
			continue
		}
		s := b.middle(50)
		radius := 2.5 + 8.5*math.Sqrt(float64(b.count)/float64(most))
		c.add(`<circle class="%s" cx="%s" cy="%s" r="%s"><title>%s of similarity %s, found with a chance of %s</title></circle>`,
			r.side(b), coord(x(s)), coord(y(r.found(s))), coord(radius), count(b.count, "pair"), b.name(50), percentOf(r.found(s)))
	}
	ch := chart{
		Drawing: c.close(),
		Caption: fmt.Sprintf("With %s of %s a pair at the threshold of %s is found with a chance of %s. Circles show the pairs that were found; larger circles are more pairs.",
			count(r.Banding.Bands, "band"), count(r.Banding.Rows, "row"), decimal(r.Threshold), at),
		Columns: []string{"Similarity", "Chance of being found", "Pairs found", "Expected in total"},
	}
	if r.ObservedFrom > 0 {
		ch.Caption += fmt.Sprintf(" Pairs below %s were not searched for.", decimal(r.ObservedFrom))
	}
	counts := map[float64]int{}
	for _, b := range r.bins(20) {
		counts[b.low] = b.count
	}
	for i := 0; i <= 20; i++ {
		b := bin{low: float64(i) / 20}
		n, looked := counts[b.low]
		p := r.found(b.middle(20))
		row := []string{b.name(20), percentOf(p), "not searched for", ""}
		if looked {
			row[2] = number(n)
			if p >= .01 {
				row[3] = number(int(math.Round(float64(n) / p)))
			}
		}
		ch.Rows = append(ch.Rows, row)
	}
	return ch
}

// middle returns the similarity in the middle of a bin.
func (b bin) middle(perUnit int) float64 {
	if b.low >= 1 {
		return 1
	}
	return b.low + .5/float64(perUnit)
}

// name returns the range of a bin.
func (b bin) name(perUnit int) string {
	if b.low >= 1 {
		return "1"
	}
	return fmt.Sprintf("%.2f to %.2f", b.low, b.low+1/float64(perUnit))
}

// side returns the class for the side of the threshold on which a similarity lies.
func (r *Report) side(b bin) string {
	if b.low >= r.Threshold-1e-9 {
		return "above"
	}
	return "below"
}

// histogram draws the observed similarities.
func (r *Report) histogram() chart {
	bins := r.bins(50)
	most, total, above := 0, 0, 0
	for _, b := range bins {
		most = max(most, b.count)
		total += b.count
	}
	for _, s := range r.Similarities {
		if s >= r.Threshold {
			above++
		}
	}
	top, marks, log := scale(most)
	height := func(n int) float64 {
		switch {
		case n == 0:
			return 0
		case log:
			// Even a single pair gets a visible bar.
			return (math.Log10(float64(n)) + .25) / (math.Log10(float64(top)) + .25)
		}
		return float64(n) / float64(top)
	}
	for i := range marks {
		marks[i].at = height(int(marks[i].at))
	}
	var c canvas
	c.open("histogram", "Similarities of the pairs that were found", fmt.Sprintf(
		"A histogram of the similarities of %s, %s of them at or above the threshold of %s. The largest bar is %s; the table below has the figures.",
		count(total, "pair"), number(above), decimal(r.Threshold), count(most, "pair")))
	label := "pairs"
	if log {
		label = "pairs (logarithmic)"
	}
	c.axisY(label, marks)
	low := min(.9, math.Floor(r.ObservedFrom*10+1e-9)/10)
	// The pairs of similarity 1 have a separate bar, after the others.
	const last = 12
	at := c.axisX(low, plotRight-last, "Jaccard similarity of a pair")
	width := (at(1) - at(low)) * .02 / (1 - low)
	for _, b := range bins {
		if b.count == 0 {
			continue
		}
		h := height(b.count) * (plotBottom - plotTop)
		x, w := at(b.low)+.75, width-1.5
		if b.low >= 1 {
			x, w = at(1)+1, last-2
		}
		c.add(`<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="1.5"><title>%s of similarity %s</title></rect>`,
			r.side(b), coord(x), coord(plotBottom-h), coord(w), coord(h), count(b.count, "pair"), b.name(50))
	}
	c.threshold(at, r.Threshold, plotTop+3)
	ch := chart{
		Drawing: c.close(),
		Caption: fmt.Sprintf("%s of similarity %s or more, %s of them at or above the threshold. The last bar shows the pairs of similarity 1.",
			capital(count(total, "pair")), decimal(r.ObservedFrom), number(above)),
		Columns: []string{"Similarity", "Pairs"},
	}
	if total == 0 {
		ch.Caption = fmt.Sprintf("No pair of documents has a similarity of %s or more.", decimal(r.ObservedFrom))
	}
	for _, b := range bins {
		ch.Rows = append(ch.Rows, []string{b.name(50), number(b.count)})
	}
	return ch
}

// scale returns the top of an axis for counts up to most, its marks (at holds the
// count) and whether it is logarithmic. It is logarithmic if small counts would
// vanish next to large ones.
func scale(most int) (top int, marks []axisMark, log bool) {
	if most > 200 {
		for top = 1; top < most; top *= 10 {
			marks = append(marks, axisMark{float64(top), number(top)})
		}
		return top, append(marks, axisMark{float64(top), number(top)}), true
	}
	step := 1
	for _, s := range []int{1, 2, 5, 10, 20, 50, 100} {
		if step = s; most <= 4*s {
			break
		}
	}
	top = max(step, (most+step-1)/step*step)
	for n := 0; n <= top; n += step {
		marks = append(marks, axisMark{float64(n), number(n)})
	}
	return top, marks, false
}
