package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// plots draws how time and memory grow with the number of documents, on logarithmic
// axes, as SVG without scripts or embedded fonts.
func plots(r *results) map[string][]byte {
	p := &pager{results: r}
	return map[string][]byte{
		"comparison-time.svg":   p.plot("Processor time per document, from texts to pairs (µs)", func(x nearResult) float64 { return median(x.Runs, loopCPU) * 1e6 / float64(x.Documents) }),
		"comparison-memory.svg": p.plot("Peak memory of the process (MiB)", func(x nearResult) float64 { return median(x.Runs, processRSS) / (1 << 20) }),
	}
}

// Colours that can be distinguished on light and dark backgrounds, and by most
// colour-blind people.
var colours = []string{"#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#8c8c00", "#7f7f7f", "#b2182b", "#5e3c99", "#1b7837", "#a6611a", "#2166ac", "#c51b7d", "#35978f", "#542788", "#000000", "#b15928", "#4d9221", "#8073ac"}

// plain removes Markdown markup from a label and escapes it for SVG.
var plain = strings.NewReplacer("*", "", "`", "", "&", "&amp;", "<", "&lt;")

func (p *pager) plot(title string, value func(nearResult) float64) []byte {
	const left, top, width, height, legend = 60.0, 40.0, 560.0, 420.0, 250.0
	ns := p.sizes()
	if len(ns) < 2 {
		return []byte("<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n")
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range p.Growth {
		if v := value(r); r.Stopped == "" && v > 0 {
			low, high = min(low, v), max(high, v)
		}
	}
	low, high = math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	first, last := math.Log10(float64(ns[0])), math.Log10(float64(ns[len(ns)-1]))
	x := func(n int) float64 { return left + width*(math.Log10(float64(n))-first)/(last-first) }
	y := func(v float64) float64 { return top + height*(high-math.Log10(v))/(high-low) }
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" font-family=\"sans-serif\" font-size=\"12\">\n", left+width+legend, top+height+50)
	fmt.Fprintf(&b, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"%g\" y=\"20\" font-size=\"14\">%s</text>\n", title, left, title)
	for e := low; e <= high; e++ {
		at := y(math.Pow(10, e))
		fmt.Fprintf(&b, "<path d=\"M%g %.1fH%g\" stroke=\"#ddd\"/><text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", left, at, left+width, left-6, at+4, strconv.FormatFloat(math.Pow(10, e), 'f', -1, 64))
	}
	for _, n := range ns {
		fmt.Fprintf(&b, "<path d=\"M%.1f %gV%g\" stroke=\"#ddd\"/><text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%s</text>\n", x(n), top, top+height, x(n), top+height+18, count(n))
	}
	fmt.Fprintf(&b, "<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">documents</text>\n", left+width/2, top+height+38)
	drawn := 0
	for i, peer := range p.growthPeers() {
		var points []string
		for _, n := range ns {
			r, ok := p.growthAt(peer, n)
			if !ok || r.Stopped != "" || !(value(r) > 0) {
				continue
			}
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(n), y(value(r))))
		}
		if len(points) == 0 {
			continue
		}
		colour, stroke := colours[i%len(colours)], 1.5
		if strings.HasPrefix(peer, "neardup") {
			stroke = 3.5
		}
		dash := ""
		if i >= 8 {
			dash = " stroke-dasharray=\"6 3\""
		}
		at := top + 8 + 20*float64(drawn)
		fmt.Fprintf(&b, "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%g\"%s/>\n", strings.Join(points, " "), colour, stroke, dash)
		for _, pt := range points {
			px, py, _ := strings.Cut(pt, ",")
			fmt.Fprintf(&b, "<circle cx=\"%s\" cy=\"%s\" r=\"3\" fill=\"%s\"/>", px, py, colour)
		}
		fmt.Fprintf(&b, "\n<path d=\"M%g %gh24\" stroke=\"%s\" stroke-width=\"%g\"%s/><text x=\"%g\" y=\"%g\">%s</text>\n", left+width+12, at, colour, stroke, dash, left+width+42, at+4, plain.Replace(label(peer)))
		drawn++
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}
