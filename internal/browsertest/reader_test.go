package browsertest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// read opens the whole texts of the finding that contains some words.
func (tb *tab) read(words string) {
	tb.t.Helper()
	openAll(tb)
	tb.run(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".panel.on .card")].find(c => c.textContent.includes(` + strconv.Quote(words) + `)).querySelector(".whole").focus()`))
	tb.key(kb.Enter)
	tb.wait(`document.querySelector("#reader").open`)
}

// press clicks on the middle of an element that is in view.
func (tb *tab) press(selector string) {
	tb.t.Helper()
	type place struct{ X, Y float64 }
	p := eval[place](tb, `(() => {
		const r = document.querySelector(`+strconv.Quote(selector)+`).getBoundingClientRect();
		return { X: r.x + r.width / 2, Y: r.y + r.height / 2 };
	})()`)
	tb.run(chromedp.MouseClickXY(p.X, p.Y))
}

// texts returns the two texts that the reader shows, without the passage numbers.
func texts(tb *tab) []string {
	tb.t.Helper()
	return eval[[]string](tb, `[...document.querySelectorAll("#reader .reader-pane .text")].map(e => {
		const copy = e.cloneNode(true);
		for (const t of copy.querySelectorAll(".tag, .fold")) t.remove();
		return copy.textContent;
	})`)
}

// The reader shows both articles whole, with the shared passage marked in each.
func TestReaderShowsWholeArticles(t *testing.T) {
	docs := mixed()
	byID := map[string]string{}
	for _, d := range docs {
		byID[d.ID] = d.Text
	}
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			tb := open(t, report(t, corpus(t, docs))+"#passages", v)
			tb.read("passages/edited1")
			got := texts(tb)
			if len(got) != 2 || got[0] != byID["passages/edited1"] || got[1] != byID["passages/edited2"] {
				t.Fatalf("the reader shows %d texts: %.80q, want both articles whole", len(got), got)
			}
			marks := eval[[]string](tb, `[...document.querySelectorAll("#reader .hit")].map(e => e.textContent)`)
			if len(marks) != 2 || !strings.HasPrefix(marks[0], "1") || !strings.Contains(marks[1], "changedword") {
				t.Errorf("marked: %.80q, want the passage on both sides", marks)
			}
			if where := eval[string](tb, `document.querySelector("#reader-where").textContent`); !strings.HasPrefix(where, "Passage 1 of 1: 4") {
				t.Errorf("the reader is at %q, want %q", where, "Passage 1 of 1: 4…")
			}
			if v.width > 600 {
				// Both marks are in view and joined by a ribbon.
				seen := eval[int](tb, `[...document.querySelectorAll("#reader .hit")].filter(e => {
					const r = e.getBoundingClientRect(), f = e.closest(".reader-pane").getBoundingClientRect();
					return r.bottom > f.top && r.top < f.bottom;
				}).length`)
				if n := eval[int](tb, `document.querySelectorAll(".ribbons path").length`); seen != 2 || n != 1 {
					t.Errorf("%d marks in view, %d ribbons, want 2 and 1", seen, n)
				}
			} else {
				shown := `[...document.querySelectorAll("#reader .reader-column")].map(e => e.checkVisibility())`
				if got := eval[[]bool](tb, shown); !got[0] || got[1] {
					t.Errorf("visibility of sides A and B on a phone = %v, want A alone", got)
				}
				tb.press(".reader-sides [data-side=b]")
				if got := eval[[]bool](tb, shown); got[0] || !got[1] {
					t.Errorf("visibility of sides A and B after choosing B = %v, want B alone", got)
				}
			}
			for _, f := range eval[[]string](tb, faults) {
				if strings.Contains(f, "wide on a screen") || strings.Contains(f, "sticks out") {
					t.Error(f)
				}
			}
			tb.key(kb.Escape)
			tb.wait(`!document.querySelector("#reader").open`)
			if !eval[bool](tb, `document.activeElement.matches(".whole")`) {
				t.Error("after Escape the focus is elsewhere, want it on the button that opened the reader")
			}
			tb.clean()
		})
	}
}

// The reader steps through the differences of near-duplicates, and can hide equal text.
func TestReaderStepsThroughDifferences(t *testing.T) {
	g := generator(13)
	ws := g.words(400)
	other := append([]string(nil), ws...)
	other[200] = "changedword"
	docs := []document{{ID: "cluster/keep", Text: text(ws)}, {ID: "cluster/gone", Text: text(other)}}
	tb := open(t, report(t, corpus(t, docs))+"#clusters", desktop)
	tb.read("keep")
	if got := texts(tb); len(got) != 2 || got[0] != docs[0].Text || got[1] != docs[1].Text {
		t.Fatalf("the reader shows %.80q, want both documents whole", got)
	}
	if where := eval[string](tb, `document.querySelector("#reader-where").textContent`); where != "Difference 1 of 1" {
		t.Errorf("the reader is at %q, want %q", where, "Difference 1 of 1")
	}
	height := `document.querySelector("#reader .text").scrollHeight`
	whole := eval[int](tb, height)
	tb.press("#reader-fold")
	if folded := eval[int](tb, height); folded >= whole {
		t.Errorf("%d pixels high with equal text hidden, want less than %d", folded, whole)
	}
	tb.press("#reader .fold")
	if opened := eval[int](tb, height); opened <= eval[int](tb, `document.querySelectorAll("#reader .text")[1].scrollHeight`) {
		t.Errorf("%d pixels high after a fold was opened, want more than the other side", opened)
	}
	tb.key("n", "p")
	tb.press("#reader-close")
	if eval[bool](tb, `document.querySelector("#reader").open`) {
		t.Error("the reader is open after Close, want it closed")
	}
	tb.clean()
}

// When one side is scrolled, the other follows to the corresponding text.
func TestReaderScrollsTogether(t *testing.T) {
	g := generator(3)
	shared, before, after := text(g.words(60)), text(g.words(900)), text(g.words(900))
	docs := []document{
		{ID: "first", Text: before + "\n\n" + shared + "\n\n" + text(g.words(300))},
		{ID: "second", Text: text(g.words(200)) + "\n\n" + shared + "\n\n" + after},
	}
	tb := open(t, report(t, corpus(t, docs))+"#passages", desktop)
	tb.read("first")
	for _, together := range []bool{true, false} {
		tb.run(chromedp.Evaluate[chromedp.Void](`for (const p of document.querySelectorAll(".reader-pane")) p.scrollTop = 0`))
		apart := eval[float64](tb, `(async () => {
			const [a, b] = document.querySelectorAll(".reader-pane");
			document.querySelector("#reader-together").checked = `+strconv.FormatBool(together)+`;
			b.scrollTop = 0;
			a.focus();
			a.dispatchEvent(new Event("wheel"));
			a.scrollTop = a.querySelector(".hit").offsetTop - a.clientHeight / 2;
			await new Promise(r => setTimeout(r, 300));
			const [x, y] = [a, b].map(p => p.querySelector(".hit").getBoundingClientRect().top);
			return Math.abs(x - y);
		})()`)
		if together && apart > 120 {
			t.Errorf("the passages are %.0f pixels apart, want at most 120", apart)
		}
		if !together && apart < 120 {
			t.Errorf("the passages are %.0f pixels apart, want at least 120, since the sides scroll independently", apart)
		}
	}
	tb.clean()
}

// A recycled block is shown in the documents that contain it.
func TestBlocksAreShownInDocuments(t *testing.T) {
	docs := mixed()
	tb := open(t, report(t, corpus(t, docs))+"#blocks", desktop)
	openAll(tb)
	type shown struct{ Block, Text string }
	cards := eval[[]shown](tb, `[...document.querySelectorAll(".panel.on .card")].map(c => ({ Block: c.querySelector(".block-here").textContent, Text: c.querySelector(".pane").textContent }))`)
	if len(cards) == 0 {
		t.Fatal("0 blocks, want at least 1")
	}
	for _, c := range cards {
		if c.Block == "" || len(c.Text) < 5*len(c.Block)/4 || !strings.Contains(c.Text, c.Block) {
			t.Errorf("block %.60q is in a text of %d bytes, want it inside a longer text", c.Block, len(c.Text))
		}
	}
	seen := eval[bool](tb, `(() => {
		const here = document.querySelector(".panel.on .block-here").getBoundingClientRect(), pane = document.querySelector(".panel.on .pane").getBoundingClientRect();
		return here.top >= pane.top - 1 && here.bottom <= pane.bottom + 1;
	})()`)
	if !seen {
		t.Error("the block is out of view, want it in view")
	}
	tb.clean()
}

// Long equal text is folded on both sides, and unfolds on both.
func TestEqualTextIsFolded(t *testing.T) {
	g := generator(5)
	ws := g.words(600)
	other := append([]string(nil), ws...)
	other[590] = "changedword"
	docs := []document{{ID: "one", Text: text(ws)}, {ID: "two", Text: text(other)}}
	tb := open(t, report(t, corpus(t, docs))+"#clusters", desktop)
	if n := eval[int](tb, `document.querySelectorAll(".pane .fold").length`); n != 2 {
		t.Fatalf("%d folds, want 2", n)
	}
	letters := eval[[]int](tb, `[...document.querySelectorAll(".pane")].map(p => p.innerText.length)`)
	if letters[0] > 1000 || letters[1] > 1000 {
		t.Errorf("%d letters are shown of %d, want at most 1000 on each side", letters, len(docs[0].Text))
	}
	if got := eval[string](tb, `[...document.querySelectorAll(".pane mark")].map(e => e.textContent).join(" ")`); !strings.Contains(got, "changedword") {
		t.Errorf("marked: %q, want the changed word", got)
	}
	tb.run(chromedp.Click(".pane.b .fold"))
	whole := eval[[]string](tb, `[...document.querySelectorAll(".pane")].map(p => p.textContent)`)
	if whole[0] != docs[0].Text || whole[1] != docs[1].Text {
		t.Errorf("unfolded the sides are %.60q, want both documents whole", whole)
	}
	// The words inside the fold are linked with their counterparts.
	tb.run(chromedp.Focus(".pane.a"))
	if got := eval[bool](tb, `(() => {
		const [a, b] = [...document.querySelectorAll(".pane")].map(p => [...p.querySelectorAll(".w[data-link]:not(mark)")]);
		return a.length === b.length && a.every((w, i) => w.dataset.link === b[i].dataset.link && w.textContent === b[i].textContent);
	})()`); !got {
		t.Error("words in the fold are linked with others, want each with its counterpart")
	}
	tb.clean()
}

// Exactly the documents with a harmless URL are linked.
func TestOnlyHarmlessURLsAreLinked(t *testing.T) {
	g := generator(9)
	story := text(g.words(80))
	tb := open(t, report(t, corpus(t, []document{
		{ID: "a", URL: "https://news.example/story?a=1&b=2", Text: story},
		{ID: "b", URL: "javascript:window.harmed=1", Text: story},
		{ID: "c", URL: "data:text/html,<script>window.harmed=1</script>", Text: story},
		{ID: "https://news.example/d", Text: story},
	}))+"#clusters", desktop)
	openAll(tb)
	tb.run(chromedp.Evaluate[chromedp.Void](`for (const m of document.querySelectorAll(".member")) m.click()`))
	got := eval[[]string](tb, `[...document.querySelectorAll("main a")].map(a => a.href)`)
	if strings.Join(got, " ") != "https://news.example/story?a=1&b=2 https://news.example/d" {
		t.Errorf("links: %q, want those of the two harmless URLs", got)
	}
	tb.clean()
}

// A printout has every finding with its texts, whatever the state of the page.
func TestPrintoutHasEveryFinding(t *testing.T) {
	docs := mixed()
	tb := open(t, report(t, corpus(t, docs)), desktop)
	tb.run(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("beforeprint"))`))
	paper := eval[string](tb, `[...document.querySelectorAll(".paper")].map(p => p.textContent).join("\n")`)
	for _, want := range []string{"cluster/copy", "cluster/edited", "changedword", "passages/exact1", "passages/edited2", "scripts/chinese1", "furniture-two.example", "blocks/1/4"} {
		if !strings.Contains(paper, want) {
			t.Errorf("the print lacks %q", want)
		}
	}
	tb.run(chromedp.Evaluate[chromedp.Void](`dispatchEvent(new Event("afterprint"))`))
	if n := eval[int](tb, `document.querySelectorAll(".paper").length`); n != 0 || eval[bool](tb, `document.querySelector(".method").open`) {
		t.Errorf("%d lists for the printer are left after printing, want 0 and the page as before", n)
	}
	if pdf := call(tb, page.PrintToPDF, page.PrintToPDFParams{}); len(pdf.Data) < 20_000 {
		t.Errorf("a print of %d bytes, want at least 20000", len(pdf.Data))
	}
	tb.clean()
}
