package main

import (
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// A random is SplitMix64.
type random uint64

func (r *random) next(n int) int {
	*r += 0x9e3779b97f4a7c15
	x := uint64(*r)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int((x ^ x>>31) % uint64(n))
}

// words returns n made-up words, in sentences.
func (r *random) words(n int) string {
	syllables := strings.Fields("ba ro ti ka lu men so vir da el no pa qui sta ger hol im jun ket las mor nem os pul")
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		for range 2 + r.next(3) {
			b.WriteString(syllables[r.next(len(syllables))])
		}
		if i%13 == 12 {
			b.WriteByte('.')
		}
	}
	return b.String()
}

// An article is the text of one or more pages.
type article struct {
	headline   string
	paragraphs []string
}

// A web is a number of sites on 127.0.0.1, each with its own frame.
type web struct {
	servers []*httptest.Server
	hosts   []string
	group   map[string]int // URL -> index of the article, for pages with an article
	kind    map[string]string
	bare    map[string]bool // URLs of pages with nothing but the frame of the site
	stubs   map[string]bool // URLs of pages with at most a headline of their own
	days    map[string]bool // URLs of calendar pages, which differ only in their dates

	mu       sync.Mutex
	requests map[string]int // URL -> number of requests
	pages    []map[string]string
}

// asked returns how often each URL was requested.
func (w *web) asked() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.requests)
}

// newWeb makes sites that together have the given number of article pages, and a few
// other pages: lists, calendars, frames without an article, a forbidden page, one that is
// not HTML, and one that is missing.
func newWeb(t *testing.T, total int) *web {
	w := &web{group: map[string]int{}, kind: map[string]string{}, bare: map[string]bool{}, stubs: map[string]bool{}, days: map[string]bool{}, requests: map[string]int{}}
	const sites = 4
	for i := range sites {
		w.pages = append(w.pages, map[string]string{})
		s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.serve(i, rw, r) }))
		t.Cleanup(s.Close)
		w.servers = append(w.servers, s)
		w.hosts = append(w.hosts, s.URL)
	}
	w.mu.Lock() // the servers are running already
	defer w.mu.Unlock()
	w.fill(total)
	return w
}

func (w *web) serve(site int, rw http.ResponseWriter, r *http.Request) {
	address := w.hosts[site] + r.URL.RequestURI()
	w.mu.Lock()
	w.requests[address]++
	w.mu.Unlock()
	switch r.URL.Path {
	case "/robots.txt":
		fmt.Fprint(rw, "User-agent: *\nDisallow: /private/\n")
	case "/picture":
		rw.Header().Set("Content-Type", "image/png")
		fmt.Fprint(rw, "\x89PNG\r\n\x1a\n")
	case "/moved":
		http.Redirect(rw, r, "/", http.StatusFound)
	case "/elsewhere":
		http.Redirect(rw, r, "http://127.0.0.1:1/", http.StatusFound)
	default:
		page, ok := w.pages[site][r.URL.Path]
		if !ok {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(rw, page)
	}
}

// A frame is what the pages of a site have in common.
type frame struct {
	name, menu, notice, footer string
	sections                   []string // the menu of each section
	teasers                    []string // each page shows some of them
}

var sections = []string{"home", "world", "sport"}

func (w *web) fill(total int) {
	r := random(20)
	var frames []frame
	for range w.hosts {
		f := frame{name: fmt.Sprintf("Site %s", r.words(2)), menu: r.words(24), notice: r.words(40), footer: r.words(60)}
		for range sections {
			f.sections = append(f.sections, r.words(30))
		}
		for range 10 {
			f.teasers = append(f.teasers, r.words(16))
		}
		frames = append(frames, f)
	}
	type placed struct {
		site    int
		section int
		article article
		group   int
		kind    string
	}
	background := make([]string, 12) // paragraphs that several articles quote
	for i := range background {
		background[i] = r.words(50)
	}
	var list []placed
	for group := 0; len(list) < total; group++ {
		a := article{headline: r.words(6)}
		for range 3 + r.next(3) {
			a.paragraphs = append(a.paragraphs, r.words(70+r.next(50)))
		}
		if group%4 == 0 {
			a.paragraphs = append(a.paragraphs, background[r.next(len(background))])
		}
		site, sec := r.next(len(w.hosts)), r.next(len(sections))
		list = append(list, placed{site, sec, a, group, "original"})
		switch group % 6 {
		case 1: // the same text on another site
			list = append(list, placed{(site + 1 + r.next(3)) % 4, r.next(3), a, group, "mirror"})
		case 2: // the same text with two words changed and one more line
			b := article{headline: a.headline, paragraphs: append([]string{"First printed elsewhere."}, a.paragraphs...)}
			for range 2 {
				p := 1 + r.next(3)
				fields := strings.Fields(b.paragraphs[p])
				fields[r.next(len(fields))] = "otherwise"
				b.paragraphs[p] = strings.Join(fields, " ")
			}
			list = append(list, placed{(site + 1 + r.next(3)) % 4, r.next(3), b, group, "reprint"})
		case 3: // the print version on the same site
			if group%12 == 3 {
				list = append(list, placed{site, sec, a, group, "print"})
			}
		case 5: // a distinct article that shares a third of its text
			b := article{headline: r.words(6), paragraphs: []string{a.paragraphs[0], r.words(110), r.words(120)}}
			group++
			list = append(list, placed{r.next(4), r.next(3), b, group, "sibling"})
		}
	}
	// Copies come before, between and after their originals.
	for i := len(list) - 1; i > 0; i-- {
		j := r.next(i + 1)
		list[i], list[j] = list[j], list[i]
	}
	links := make([][]string, len(w.hosts))
	for i, p := range list {
		path := fmt.Sprintf("/%s/%d", sections[p.section], i)
		address := w.hosts[p.site] + path
		w.group[address], w.kind[address] = p.group, p.kind
		var own strings.Builder
		fmt.Fprintf(&own, "<h1>%s</h1>", p.article.headline)
		for _, text := range p.article.paragraphs {
			fmt.Fprintf(&own, "<p>%s</p>\n", html.EscapeString(text))
		}
		w.pages[p.site][path] = frames[p.site].page(p.article.headline, own.String(), p.section, i)
		links[p.site] = append(links[p.site], path)
		if p.kind == "original" && p.group%6 == 4 { // the same page with session ids
			for range 1 + p.group%2 {
				session := fmt.Sprintf("?sid=%d", 1000+r.next(9000))
				w.group[address+session], w.kind[address+session] = p.group, "session"
				links[p.site] = append(links[p.site], path+session)
			}
		}
	}
	for site := range w.hosts {
		for i := range 5 {
			bare := fmt.Sprintf("/%s/bare-%d", sections[i%3], i)
			w.bare[w.hosts[site]+bare] = true
			w.pages[site][bare] = frames[site].bare()
			stub := fmt.Sprintf("/%s/stub-%d", sections[i%3], i)
			w.stubs[w.hosts[site]+stub] = true
			headline := r.words(4)
			w.pages[site][stub] = frames[site].page(headline, "<h1>"+headline+"</h1>", i%3, i)
			links[site] = append(links[site], bare, stub)
		}
		for day := range total / 40 {
			path := fmt.Sprintf("/calendar/%d-%02d-%02d", 2020+day/336, 1+day/28%12, 1+day%28)
			w.days[w.hosts[site]+path] = true
			w.pages[site][path] = frames[site].page("Calendar", calendar(2020+day/336, day/28%12, 1+day%28), 0, day)
			links[site] = append(links[site], path)
		}
		links[site] = append(links[site], "/private/1", "/picture", "/gone", "/moved", "/elsewhere")
		var lists strings.Builder
		for i := 0; i < len(links[site]); i += 50 {
			var own strings.Builder
			for _, path := range links[site][i:min(i+50, len(links[site]))] {
				fmt.Fprintf(&own, "<li><a href=\"%s#top\">%s</a></li>\n", path, path)
			}
			path := fmt.Sprintf("/list/%d", i/50)
			w.pages[site][path] = frames[site].page("List", own.String(), 0, i)
			fmt.Fprintf(&lists, "<a href=%q>more</a>\n", path)
		}
		w.pages[site]["/"] = frames[site].page("All", lists.String()+`<a href="http://127.0.0.1:1/">another site</a> <a rel="nofollow" href="/login">in</a>`, 0, 0)
	}
}

// calendar returns the page of a day.
func calendar(year, month, day int) string {
	months := strings.Fields("January February March April May June July August September October November December")
	var b strings.Builder
	fmt.Fprintf(&b, "<h1>%s %d</h1><table><tr><th>Mo</th><th>Tu</th><th>We</th><th>Th</th><th>Fr</th><th>Sa</th><th>Su</th></tr><tr>", months[month], year)
	for d := range 28 {
		fmt.Fprintf(&b, "<td>%d</td>", d+1)
	}
	fmt.Fprintf(&b, "</tr></table><p>%d %s %d: there is nothing on this day. Choose another day or go to the next month.</p>", day, months[month], year)
	return b.String()
}

// bare returns the frame without content.
func (f *frame) bare() string {
	return fmt.Sprintf("<!doctype html><title>%s</title><nav>%s</nav><div>%s</div><footer>%s</footer>", f.name, f.menu, f.notice, f.footer)
}

// page puts text into the frame.
func (f *frame) page(headline, own string, section, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><title>%s - %s</title><body><nav>%s</nav><div>%s</div><nav>%s</nav><main>%s</main><aside>", headline, f.name, f.menu, f.notice, f.sections[section], own)
	for i := range 4 {
		fmt.Fprintf(&b, "<p>%s</p>", f.teasers[(n*7+i*3)%len(f.teasers)])
	}
	fmt.Fprintf(&b, "</aside><footer>%s</footer>", f.footer)
	return b.String()
}
