package browsertest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var parts = []string{"clusters", "passages", "blocks"}

// On every screen, every part and every finding in it opens, and nothing in the documents
// is executed.
func TestEveryPartOpens(t *testing.T) {
	file := report(t, corpus(t, mixed()))
	for _, v := range views {
		for _, part := range parts {
			t.Run(v.name+"/"+part, func(t *testing.T) {
				tb := open(t, file+"#"+part, v)
				if n := eval[int](tb, `document.querySelectorAll("main .card").length`); n == 0 {
					t.Error("0 findings, want at least 1")
				}
				openAll(tb)
				tb.run(chromedp.Evaluate[chromedp.Void](`for (const m of document.querySelectorAll(".member")) m.click()`))
				tb.run(chromedp.Evaluate[chromedp.Void](`for (const m of document.querySelectorAll(".fold")) m.click()`))
				tb.run(chromedp.Evaluate[chromedp.Void](`for (const m of document.querySelectorAll(".panel.on .whole")) {
					m.click();
					document.querySelector("#reader").close();
				}`))
				if harmed := eval[bool](tb, `"harmed" in window`); harmed {
					t.Error("text of a document was run as a script, want it shown")
				}
				if n := eval[int](tb, `[...document.querySelectorAll("main :is(img, script, iframe, object, style, svg:not(.chart)), a:not(.skip, .tile)")].length`); n != 0 {
					t.Errorf("%d elements came out of documents, want 0", n)
				}
				tb.clean()
			})
		}
	}
}

// openAll opens every visible finding.
func openAll(tb *tab) {
	tb.t.Helper()
	tb.run(chromedp.Evaluate[chromedp.Void](`for (const b of document.querySelectorAll(".open[aria-expanded=false]")) if (b.checkVisibility()) b.click()`))
}

// The policy stops a page that tries to load something, and the tests notice: otherwise
// "no requests" could mean that requests are not recorded.
func TestPolicyHolds(t *testing.T) {
	tb := open(t, report(t, corpus(t, mixed())), desktop)
	tb.clean()
	got := eval[[]string](tb, `(async () => {
		const blocked = [];
		document.addEventListener("securitypolicyviolation", e => blocked.push(e.effectiveDirective));
		const add = (tag, props) => document.body.append(Object.assign(document.createElement(tag), props));
		add("img", { src: "http://localhost:9/x.png" });
		add("script", { textContent: "window.ran = 1" });
		add("style", { textContent: "body { color: red }" });
		await fetch("http://localhost:9/").catch(() => 0);
		await new Promise(r => setTimeout(r, 300));
		return blocked.sort();
	})()`)
	if s := strings.Join(got, " "); s != "connect-src img-src script-src-elem style-src-elem" {
		t.Errorf("the policy stops %q, want %q", s, "connect-src img-src script-src-elem style-src-elem")
	}
	if eval[bool](tb, `"ran" in window`) {
		t.Error("a script that the policy does not name was run, want it stopped")
	}
	tb.mu.Lock()
	defer tb.mu.Unlock()
	if len(tb.problems) == 0 {
		t.Error("the tests see no problem, want what the browser reports")
	}
}

// titles returns the titles of the visible findings.
func titles(tb *tab) []string {
	tb.t.Helper()
	return eval[[]string](tb, `[...document.querySelectorAll(".panel.on .card .title")].map(e => e.textContent)`)
}

func (tb *tab) status(want string) {
	tb.t.Helper()
	if got := eval[string](tb, `document.querySelector(".panel.on .status").textContent.replaceAll("\u202f", "")`); got != want {
		tb.t.Errorf("the list shows %q, want %q", got, want)
	}
}

// search types into the search field and waits until the list is updated.
func (tb *tab) search(text string) {
	tb.t.Helper()
	tb.run(chromedp.Focus("#search"), chromedp.Evaluate[chromedp.Void](`document.querySelector("#search").select()`), chromedp.KeyEvent(text))
	tb.run(chromedp.Sleep(400 * time.Millisecond)) // the page waits for a pause in the typing
}

func TestSearchFindsWords(t *testing.T) {
	docs := mixed()
	tb := open(t, report(t, corpus(t, docs))+"#clusters", desktop)
	all := len(titles(tb))
	if all < 4 {
		t.Fatalf("%d clusters, want at least 4", all)
	}
	tb.search("changedword")
	if got := titles(tb); len(got) != 2 {
		t.Errorf("search for the changed word shows %q, want 2 clusters", got)
	}
	if got := eval[string](tb, `document.querySelector("#count-passages").textContent`); !strings.HasPrefix(got, "1 of ") {
		t.Errorf("passages with the changed word: %s, want 1", got)
	}
	if n := eval[int](tb, `CSS.highlights.get("hit").size`); n == 0 {
		t.Error("0 search terms are marked, want at least 1")
	}
	words := strings.Fields(docs[0].Text)
	tb.search(`"` + strings.ToUpper(words[4]+" "+words[5]) + `"`)
	if got := titles(tb); len(got) != 1 || !strings.Contains(got[0], "cluster/keep") {
		t.Errorf("search for a phrase in capitals shows %q, want cluster/keep alone", got)
	}
	tb.search(words[5] + " edited/")
	if got := titles(tb); len(got) != 0 {
		t.Errorf("search for words of two findings shows %q, want none", got)
	}
	if text := eval[string](tb, `document.querySelector(".panel.on .nothing").textContent`); !strings.Contains(text, "No finding matches") {
		t.Errorf("an empty list shows %q, want %q", text, "No finding matches")
	}
	tb.search("两港之间")
	if got := titles(tb); len(got) != 1 || !strings.Contains(got[0], "scripts/chinese1") {
		t.Errorf("search for Chinese shows %q, want scripts/chinese1 alone", got)
	}
	tb.search("window.harmed")
	if got := titles(tb); len(got) != 1 || !strings.Contains(got[0], "<script>window.harmed=1</script>") {
		t.Errorf("search for a name of markup shows %q, want that document alone", got)
	}
	tb.key(kb.Escape)
	if got := len(titles(tb)); got != all {
		t.Errorf("Escape shows %d clusters, want all %d", got, all)
	}
	tb.clean()
}

func TestFiltersNarrowLists(t *testing.T) {
	tb := open(t, report(t, corpus(t, mixed()))+"#clusters", desktop)
	set := func(name, value string) {
		t.Helper()
		tb.run(chromedp.Evaluate[chromedp.Void](`{
			const e = document.querySelector(".panel.on .filters").elements[` + strconv.Quote(name) + `];
			if (e.type === "checkbox") e.checked = ` + strconv.Quote(value) + ` !== ""; else e.value = ` + strconv.Quote(value) + `;
			e.dispatchEvent(new Event("input", { bubbles: true }));
		}`))
	}
	has := func(why string, n int, one string) {
		t.Helper()
		got := titles(tb)
		found := one == ""
		for _, s := range got {
			found = found || strings.Contains(s, one)
		}
		if len(got) != n || !found {
			t.Errorf("%s: %d findings, want %d with %q: %.200q", why, len(got), n, one, got)
		}
	}
	all := len(titles(tb))
	set("from", "100")
	has("similarity 1", 1, "cluster/keep")
	set("from", "")
	set("to", "90")
	low := len(titles(tb))
	set("to", "")
	set("from", "90")
	if high := len(titles(tb)); low == 0 || high == 0 || low+high < all {
		t.Errorf("%d clusters up to 0.9 and %d from 0.9, want some of each and all %d together", low, high, all)
	}
	set("from", "")
	set("differ", "on")
	has("only where words differ", all, "")
	set("differ", "")
	set("order", "id")
	if got := titles(tb); !strings.Contains(got[0], "cluster/keep") {
		t.Errorf("first cluster by id is %q, want cluster/keep", got[0])
	}
	set("order", "high")
	if got := titles(tb); !strings.Contains(got[0], "cluster/keep") {
		t.Errorf("first cluster by similarity is %q, want cluster/keep", got[0])
	}

	tb.run(chromedp.Click("#tab-passages"))
	pairs := len(titles(tb))
	set("kind", "exact")
	exact := len(titles(tb))
	has("exact", exact, "passages/exact1")
	set("kind", "edited")
	edited := len(titles(tb))
	has("edited", edited, "passages/edited1")
	set("kind", "template")
	has("template", 1, "passages/template1")
	if got := eval[string](tb, `(() => {
		document.querySelector(".panel.on .card .open").click();
		return document.querySelector(".panel.on .card").textContent;
	})()`); !strings.Contains(got, "a template") {
		t.Errorf("the open template shows %q, want %q in it", got, "a template")
	}
	if exact+edited+1 < pairs || exact == 0 || edited == 0 || exact == pairs {
		t.Errorf("%d exact and %d edited of %d pairs, want some of each and all but a template together", exact, edited, pairs)
	}
	set("kind", "")
	set("words", "44")
	has("44 words and more", 1, "passages/edited1")
	set("words", "100000")
	has("100,000 words", 0, "")
	tb.status("0 of " + strconv.Itoa(pairs) + " pairs")
	set("words", "")

	tb.run(chromedp.Click("#tab-blocks"))
	blocks := len(titles(tb))
	set("host", "hfurniture-one.example")
	has("one host", 3, "repeated everywhere") // line separators split its hostile block
	set("host", "")
	set("pages", "5")
	if n := len(titles(tb)); n == 0 || n > blocks {
		t.Errorf("%d blocks are on 5 pages, want 1 to %d", n, blocks)
	}
	set("pages", "6")
	has("6 pages", 0, "")
	set("pages", "")
	reasons := eval[[]string](tb, `[...document.querySelector("[name=reason]").options].slice(1).map(o => o.value)`)
	sum := 0
	for _, r := range reasons {
		set("reason", r)
		sum += len(titles(tb))
	}
	if sum != blocks || len(reasons) == 0 {
		t.Errorf("the reasons %q have %d blocks together, want all %d", reasons, sum, blocks)
	}
	tb.clean()
}

// The figures of the summary match the lists.
func TestCountsMatchLists(t *testing.T) {
	tb := open(t, report(t, corpus(t, mixed())), desktop)
	tiles := eval[[]string](tb, `[...document.querySelectorAll(".tile strong")].map(e => e.textContent)`)
	if tiles[0] != strconv.Itoa(len(mixed())) {
		t.Errorf("%s documents, want %d", tiles[0], len(mixed()))
	}
	for i, part := range parts {
		tb.run(chromedp.Click("#tab-" + part))
		if got, want := len(titles(tb)), eval[string](tb, `document.querySelector("#count-`+part+`").textContent`); strconv.Itoa(got) != want {
			t.Errorf("%d %s in the list, want %s as on the tab (tile: %s)", got, part, want, tiles[i+1])
		}
	}
}

func TestKeyboardMovesFocus(t *testing.T) {
	tb := open(t, report(t, corpus(t, mixed())), desktop)
	focused := func(why, want string) {
		t.Helper()
		if got := eval[bool](tb, `document.activeElement.matches(`+strconv.Quote(want)+`)`); !got {
			t.Errorf("%s: the focus is on %s, want %s", why, eval[string](tb, `document.activeElement.outerHTML.slice(0, 100)`), want)
		}
	}
	tb.key(kb.Tab)
	focused("Tab", ".skip")
	tb.key(kb.Tab)
	focused("Tab", "a.tile")
	tb.key("/")
	focused("/", "#search")
	tb.key(kb.Escape)
	tb.key("1")
	focused("1", "#tab-clusters[aria-selected=true]")
	tb.key(kb.ArrowRight)
	focused("right", "#tab-passages[aria-selected=true]")
	tb.key(kb.ArrowLeft)
	focused("left", "#tab-clusters[aria-selected=true]")
	tb.key("j")
	focused("j", "#clusters .card:first-child .open")
	tb.key("j")
	focused("j", "#clusters .card:nth-child(2) .open[aria-expanded=false]")
	tb.key(kb.Enter)
	focused("Enter", "#clusters .card:nth-child(2) .open[aria-expanded=true]")
	tb.key("k")
	focused("k", "#clusters .card:first-child .open")
	tb.key("?")
	if !eval[bool](tb, `document.querySelector("#help").open`) {
		t.Error("? does not open the help, want it open")
	}
	tb.key(kb.Escape)
	if eval[bool](tb, `document.querySelector("#help").open`) {
		t.Error("Escape leaves the help open, want it closed")
	}
	// The arrow keys move from word to word; each is highlighted on both sides.
	tb.run(chromedp.Focus("#clusters .card:first-child .pane.a"))
	first := lit(tb)
	tb.key(kb.ArrowRight, kb.ArrowRight)
	third := lit(tb)
	tb.key(kb.ArrowLeft, kb.ArrowLeft)
	if again := lit(tb); again != first || third == first {
		t.Errorf("lit words: %q at first, %q after two steps right, %q after two steps left; want another word, then the first again", first, third, again)
	}
	// The focus can be seen.
	if w := eval[string](tb, `getComputedStyle(document.activeElement).outlineStyle`); w == "none" {
		t.Errorf("outline of the focused element = %q, want one that is visible", w)
	}
	tb.clean()
}

// lit returns the highlighted word, which must be the same on both sides.
func lit(tb *tab) string {
	tb.t.Helper()
	words := eval[[]string](tb, `[...document.querySelectorAll(".lit")].map(e => e.textContent)`)
	if len(words) != 2 || words[0] != words[1] {
		tb.t.Errorf("lit words: %q, want the same word on both sides", words)
		return ""
	}
	return words[0]
}

// A word under the pointer is highlighted on both sides.
func TestPointerHighlightsBothSides(t *testing.T) {
	tb := open(t, report(t, corpus(t, mixed()))+"#passages", desktop)
	openAll(tb)
	type place struct{ X, Y float64 }
	for _, side := range []string{"a", "b"} {
		p := eval[place](tb, `(() => {
			const box = [...document.querySelectorAll(".card")].find(c => c.textContent.includes("passages/exact1")).querySelector(".compare");
			box.scrollIntoView({ block: "center" });
			const r = box.querySelectorAll(".pane.`+side+` .w")[7].getBoundingClientRect();
			return { X: r.x + r.width / 2, Y: r.y + r.height / 2 };
		})()`)
		tb.run(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, p.X, p.Y))
		if lit(tb) == "" {
			t.Errorf("no word is lit with the pointer on side %s, want one", side)
		}
	}
	tb.run(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 1, 1))
	tb.clean()
}

// Words are also linked one by one in scripts without spaces.
func TestChineseWordsAreLinked(t *testing.T) {
	tb := open(t, report(t, "-threshold", ".6", corpus(t, mixed()))+"#clusters", desktop)
	openAll(tb)
	n := eval[int](tb, `[...document.querySelectorAll(".card")].find(c => c.textContent.includes("chinese1")).querySelectorAll(".pane.a .w").length`)
	if n < 40 {
		t.Errorf("%d signs are linked, want at least 40", n)
	}
	marked := eval[[]string](tb, `[...[...document.querySelectorAll(".card")].find(c => c.textContent.includes("chinese1")).querySelectorAll("mark")].map(e => e.textContent)`)
	if strings.Join(marked, "") != "绿红" {
		t.Errorf("marked as different: %q, want %q", marked, "绿红")
	}
}

// Both views of a comparison show the same differences.
func TestBothViewsShowTheSame(t *testing.T) {
	tb := open(t, report(t, corpus(t, mixed()))+"#passages", desktop)
	openAll(tb)
	sides := eval[[]string](tb, `["a", "b"].map(s => [...document.querySelectorAll(".pane." + s + " mark")].map(e => e.textContent).join(" "))`)
	tb.run(chromedp.Click(".panel.on .view"))
	one := eval[[]string](tb, `["del", "ins"].map(s => [...document.querySelectorAll(".one " + s)].map(e => e.textContent).join(" "))`)
	if sides[0] != one[0] || sides[1] != one[1] || !strings.Contains(sides[1], "changedword") {
		t.Errorf("differences side by side %q, as one text %q, want the same, with the changed word", sides, one)
	}
	tb.clean()
}

// The page can be read without its script.
func TestPageIsReadableWithoutScript(t *testing.T) {
	tb := open(t, "/dev/null", viewport{})
	call(tb, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	call(tb, network.Enable, network.EnableParams{})
	docs := mixed()
	tb.run(chromedp.Navigate("file://" + report(t, corpus(t, docs))))
	text, err := chromedp.Run(tb.ctx, chromedp.Text("main"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"JavaScript is off", "cluster/keep", "cluster/copy", "changedword", "passages/exact1", "Recycled blocks", "How the findings were made", docs[0].Text[:100]} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	for _, absent := range []string{"Print", "Search names"} {
		if strings.Contains(text, absent) {
			t.Errorf("without the script the page shows %q, want it hidden", absent)
		}
	}
}

// A browser that cannot unpack the findings shows a note.
func TestWithoutUnpacking(t *testing.T) {
	file := report(t, corpus(t, many()))
	if raw, err := os.ReadFile(file); err != nil {
		t.Fatal(err)
	} else if !strings.Contains(string(raw), "data-packed") {
		t.Fatal("the page has no packed data, want some (else nothing is tested)")
	}
	for _, v := range []viewport{desktop, phone} {
		t.Run(v.name, func(t *testing.T) {
			tb := open(t, "/dev/null", viewport{width: 0})
			call(tb, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: v.width, Height: v.height, DeviceScaleFactor: 1, Mobile: v.width < 600})
			call(tb, page.Enable, page.EnableParams{})
			call(tb, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: "delete window.DecompressionStream"})
			tb.run(chromedp.Navigate("file://" + file))
			tb.wait(`document.querySelector("[role=alert]") !== null`)
			note := eval[string](tb, `(() => {
				const e = document.querySelector("[role=alert]"), box = e.getBoundingClientRect();
				return e.checkVisibility() && box.top >= 0 && box.bottom <= innerHeight && box.right <= innerWidth ? e.textContent : "hidden";
			})()`)
			if want := "This browser cannot unpack the findings on this page. Open it in a browser from 2023 or later."; note != want {
				t.Errorf("the note at the top is %q, want %q", note, want)
			}
		})
	}
}

// Where no document has a time, a passage that many documents hold is listed with all of
// them, and none of them is called the first.
func TestRecurring(t *testing.T) {
	g := generator(31)
	shared := text(g.words(40))
	var docs []document
	for i := range 7 {
		docs = append(docs, document{ID: fmt.Sprintf("holder/%d", i), Text: text(g.words(150)) + "\n\n" + shared + "\n\n" + text(g.words(150))})
	}
	file := report(t, corpus(t, docs))
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			tb := open(t, file+"#origins", v)
			tb.status("1 passage")
			if got := eval[string](tb, `document.querySelector("#tab-origins").textContent`); !strings.HasPrefix(strings.TrimSpace(got), "Recurring") {
				t.Errorf("the tab is called %q, want Recurring", got)
			}
			openAll(tb)
			if n := eval[int](tb, `document.querySelectorAll("#origins .holder").length`); n != len(docs) {
				t.Errorf("%d holders, want %d", n, len(docs))
			}
			shown := eval[string](tb, `document.querySelector("#origins .results").innerText`)
			for _, d := range docs {
				if !strings.Contains(shown, strings.TrimPrefix(d.ID, "holder/")) {
					t.Errorf("the list does not show %s", d.ID)
				}
			}
			for _, absent := range []string{"first", "origin", "no time"} {
				if strings.Contains(shown, absent) {
					t.Errorf("the list shows %q, want nothing about times: %s", absent, shown)
				}
			}
			tb.run(chromedp.Click("#origins .holder:nth-child(3) .whole"))
			if got := eval[string](tb, `document.querySelector("#origins .block-here").textContent`); got != shared {
				t.Errorf("the passage in its text is %q, want %q", got, shared)
			}
			tb.clean()
		})
	}
}
