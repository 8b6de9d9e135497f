package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// faults is a script that returns the faults of the visible layout: parts that stick out
// at the side, overlap, are too faint to read or too small to touch.
const faults = `(() => {
	const faults = [];
	const name = e => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + (e.getAttribute("class") ? "." + e.getAttribute("class").replaceAll(" ", ".") : "") + " '" + e.textContent.trim().slice(0, 30) + "'";
	const width = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth > width) faults.push("the page is " + document.documentElement.scrollWidth + " wide on a screen of " + width);
	const shown = e => e.checkVisibility() && !e.closest(".quiet, .skip, dialog");
	const all = [...document.querySelectorAll("body *")].filter(shown);

	// Nothing sticks out, unless a box that scrolls or cuts holds it.
	const held = e => {
		for (let p = e.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflowX !== "visible") return true;
		return false;
	};
	for (const e of all) {
		const r = e.getBoundingClientRect();
		if (r.width > 0 && (r.right > width + 1 || r.left < -1) && !held(e)) faults.push(name(e) + " sticks out: " + Math.round(r.left) + " to " + Math.round(r.right));
	}

	// No text or control lies on another one, outside boxes that scroll.
	const things = all.filter(e => e.matches("h1, h2, h3 > button .title, h4, p, button:not(.open), input, select, .badge, .role, .member > *, .meta > *, .excerpt, .text, summary, th, td, .tile > *, .chart text"));
	const boxes = [];
	for (const e of things) {
		if (e.closest(".bar") && !e.matches(".bar *")) continue;
		const cut = e.closest(".members, .scroll, .pane, .tabs");
		for (const r of e.getClientRects()) {
			let b = { left: r.left, right: r.right, top: r.top, bottom: r.bottom };
			if (cut && cut !== e) {
				const c = cut.getBoundingClientRect();
				b = { left: Math.max(b.left, c.left), right: Math.min(b.right, c.right), top: Math.max(b.top, c.top), bottom: Math.min(b.bottom, c.bottom) };
			}
			if (b.right - b.left > 1 && b.bottom - b.top > 1) boxes.push({ e, ...b });
		}
	}
	boxes.sort((a, b) => a.top - b.top);
	for (let i = 0; i < boxes.length; i++) {
		for (let j = i + 1; j < boxes.length && boxes[j].top < boxes[i].bottom; j++) {
			const a = boxes[i], b = boxes[j];
			if (a.e === b.e || a.e.contains(b.e) || b.e.contains(a.e)) continue;
			const x = Math.min(a.right, b.right) - Math.max(a.left, b.left), y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
			// Labels of a chart must not even touch.
			const slack = a.e.closest("svg") && b.e.closest("svg") ? -2 : 2;
			if (x > slack && y > 3) faults.push(name(a.e) + " overlaps " + name(b.e) + " by " + Math.round(x) + " x " + Math.round(y));
		}
	}

	// Contrast as WCAG 2.2 counts it: 4.5, and 3 for large text.
	const channel = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
	const colour = s => {
		const m = s.match(/[\d.]+/g).map(Number);
		return { l: .2126 * channel(m[0] / 255) + .7152 * channel(m[1] / 255) + .0722 * channel(m[2] / 255), a: m.length > 3 ? m[3] : 1 };
	};
	const backdrop = e => {
		for (; e; e = e.parentElement) {
			const c = colour(getComputedStyle(e).backgroundColor);
			if (c.a === 1) return c.l;
		}
		return 1;
	};
	let seen = 0;
	for (const e of all) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.matches(":disabled, :disabled *")) continue;
		const s = getComputedStyle(e);
		const f = colour(e.closest("svg") ? s.fill : s.color).l, b = backdrop(e.closest("svg") ? e.closest("figure") : e);
		const ratio = (Math.max(f, b) + .05) / (Math.min(f, b) + .05), size = parseFloat(s.fontSize);
		seen++;
		if (ratio < (size >= 24 || size >= 18.66 && s.fontWeight >= 700 ? 3 : 4.5)) faults.push(name(e) + " has a contrast of " + ratio.toFixed(2));
	}
	if (seen < 20) faults.push("only " + seen + " texts were looked at");

	// Touch targets have at least 24 pixels (WCAG 2.2, 2.5.8), text at least 11.
	for (const e of all) {
		if (e.matches("button, select, input:not([type=checkbox]), summary")) {
			const r = e.getBoundingClientRect();
			if (r.height < 24 || r.width < 24) faults.push(name(e) + " is " + Math.round(r.width) + " x " + Math.round(r.height));
		}
		if (e.childNodes.length && !e.closest("svg") && parseFloat(getComputedStyle(e).fontSize) < 11) faults.push(name(e) + " is in small print");
	}
	for (const e of document.querySelectorAll("input, select")) {
		if (!e.labels.length && !e.getAttribute("aria-label")) faults.push(name(e) + " has no label");
	}
	return [...new Set(faults)].slice(0, 25);
})()`

func TestLayoutFitsEveryScreen(t *testing.T) {
	file := report(t, corpus(t, mixed()))
	for _, v := range views {
		for _, part := range parts {
			t.Run(v.name+"/"+part, func(t *testing.T) {
				tb := open(t, file+"#"+part, v)
				check := func(state string) {
					t.Helper()
					for _, f := range eval[[]string](tb, faults) {
						t.Errorf("%s: %s, want no fault", state, f)
					}
				}
				check("as it opens")
				openAll(tb)
				tb.run(chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("details")) d.open = true`))
				check("all open")
				if part == "clusters" || part == "passages" {
					tb.run(chromedp.Click(".panel.on .view"))
					check("the other way to show a comparison")
				}
			})
		}
	}
}

// The check above must find the faults that it looks for.
func TestLayoutFaultsAreFound(t *testing.T) {
	file := report(t, corpus(t, mixed()))
	for _, tt := range []struct{ why, style, fault string }{
		{"too wide", `.tiles { width: 120vw }`, "sticks out"},
		{"one on the other", `.tile .what { margin-top: -1.2rem }`, "overlaps"},
		{"a label on another one", `.chart .label { transform: translateX(-14px) }`, "overlaps text.label"},
		{"too faint", `:root { --soft: #bbb }`, "contrast"},
		{"too small to touch", `.tabs button { padding: 0; min-height: 0; height: 18px }`, " x 18"},
		{"small print", `.detail { font-size: 8px !important }`, "small print"},
	} {
		tb := open(t, file, phone)
		tb.run(chromedp.Evaluate[chromedp.Void](`{
			const sheet = new CSSStyleSheet();
			sheet.replaceSync("` + tt.style + `");
			document.adoptedStyleSheets = [sheet];
			for (const d of document.querySelectorAll("details")) d.open = true;
		}`))
		if got := strings.Join(eval[[]string](tb, faults), "\n"); !strings.Contains(got, tt.fault) {
			t.Errorf("%s: faults found are\n%s\nwant %q among them", tt.why, got, tt.fault)
		}
	}
}
