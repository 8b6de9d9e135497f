// Two texts side by side or as one, their shared words linked.

// The kinds of a piece; the first four also occur in the data.
const PLAIN = 0, COMMON = 1, OWN = 2, RECYCLED = 3, CUT = 4, AROUND = 5;

// stretch returns a part of a text as pieces of one kind: where letters were left
// out of the page there is a cut.
const stretch = (doc, kind, from, to, link = 0) => {
  const text = textOf(doc), cuts = documentOf(doc).c || [], list = [];
  const put = until => {
    if (until > from) list.push({ kind, text: text.slice(from, until), link });
    from = Math.max(from, until);
  };
  for (let i = 0; i < cuts.length; i += 2) {
    const here = cuts[i] >= from && cuts[i] < to || from < to && to === text.length && cuts[i] === to;
    if (!here) continue;
    put(cuts[i]);
    list.push({ kind: CUT, n: cuts[i + 1], link: 0 });
  }
  put(to);
  if (kind === OWN && list.length === 0) list.push({ kind, text: '', link });
  return list;
};

// unpack returns the pieces of one side: flat is kind, length, link, kind and so on.
const unpack = (doc, at, flat, from = 0) => {
  const list = [];
  for (let i = from; i < flat.length; i += 3) {
    list.push(...stretch(doc, flat[i], at, at + flat[i + 1], flat[i + 2]));
    at += flat[i + 1];
  }
  return list;
};

// lengthOf adds up the lengths of flat pieces.
const lengthOf = (flat, from = 0) => {
  let n = 0;
  for (let i = from + 1; i < flat.length; i += 3) n += flat[i];
  return n;
};

// unshared returns a part of a text outside passages, with its recycled spans
// marked.
const unshared = (doc, from, to, kind = PLAIN) => {
  const list = [], spans = documentOf(doc).m || [];
  for (let i = 0; i < spans.length; i += 2) {
    const start = Math.max(from, spans[i]), end = Math.min(to, spans[i + 1]);
    if (start >= end) continue;
    list.push(...stretch(doc, kind, from, start), ...stretch(doc, RECYCLED, start, end));
    from = end;
  }
  return [...list, ...stretch(doc, kind, from, to)];
};

// A word, or one sign of a script that puts no spaces between words.
const words = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[\p{L}\p{N}\p{M}'’]+/gu;

// wordCounts returns the number of words of each link on one side.
const wordCounts = side => {
  const counts = new Map();
  for (const p of side) {
    if (p.kind === COMMON) counts.set(p.link, (counts.get(p.link) || 0) + (p.text.match(words) || []).length);
  }
  return counts;
};

const cutMark = n => el('span', { class: 'cut', text: '… ' + count(n, 'letter') + ' not on this page …' });

// linked returns the links whose words can be paired one by one: those with the same
// number of words on both sides.
const linked = (a, b) => {
  const inA = wordCounts(a), inB = wordCounts(b);
  return new Set([...inA.keys()].filter(k => inA.get(k) === inB.get(k)));
};

// fill puts pieces into an element. Shared words are linked one by one if paired
// contains their link, otherwise the stretch is linked as a whole; without paired
// nothing is linked.
const fill = (box, side, paired, at = new Map()) => {
  for (const p of side) {
    if (p.kind === CUT) {
      box.append(cutMark(p.n));
    } else if (p.kind === COMMON && paired?.has(p.link)) {
      let end = 0;
      for (const m of p.text.matchAll(words)) {
        if (m.index > end) box.append(p.text.slice(end, m.index));
        end = m.index + m[0].length;
        const n = at.get(p.link) || 0;
        at.set(p.link, n + 1);
        box.append(el('span', { class: 'w', 'data-link': p.link + '.' + n, text: m[0] }));
      }
      if (end < p.text.length) box.append(p.text.slice(end));
    } else if (p.kind === COMMON && paired) {
      box.append(el('span', { class: 'w', 'data-link': p.link, text: p.text }));
    } else if (p.kind === OWN) {
      box.append(p.text ? el('mark', { class: paired ? 'own w' : 'own', 'data-link': paired ? p.link : undefined, text: p.text })
        : el('span', { class: 'gap', 'data-link': paired ? p.link : undefined }));
    } else if (p.kind === RECYCLED) {
      box.append(el('span', { class: 'recycled', title: 'recycled block: left out of the comparison', text: p.text }));
    } else if (p.kind === AROUND) {
      box.append(el('span', { class: 'around', text: p.text }));
    } else {
      box.append(p.text);
    }
  }
};

// Longer stretches of equal text are folded, except their ends.
const FOLD = 700, SHOWN = 220;

// runs splits a side at its differences and recycled blocks: stretches of equal
// text, each with the link of the difference before it.
const runs = side => {
  const list = [];
  let run = null, link = 0;
  for (const p of side) {
    if (p.kind === OWN || p.kind === RECYCLED) {
      list.push({ own: p });
      run = null;
      if (p.kind === OWN) link = p.link;
    } else {
      if (!run) list.push(run = { link, pieces: [] });
      run.pieces.push(p);
    }
  }
  return list;
};

// breakAt returns a position near at that is next to a space, if there is one.
const breakAt = (text, at) => {
  const space = text.slice(at, at + 40).search(/\s/);
  if (space >= 0) return at + space;
  return at + (text.charCodeAt(at - 1) >= 0xd800 && text.charCodeAt(at - 1) < 0xdc00 ? 1 : 0);
};

// split cuts pieces in two at a position in their text.
const split = (pieces, at) => {
  const head = [], tail = [];
  for (const p of pieces) {
    const n = p.text?.length ?? 0;
    if (at >= n && tail.length === 0) head.push(p);
    else if (at <= 0 || tail.length > 0) tail.push(p);
    else {
      const cut = breakAt(p.text, at);
      head.push({ ...p, text: p.text.slice(0, cut) });
      if (cut < n) tail.push({ ...p, text: p.text.slice(cut) });
    }
    at -= n;
  }
  return [head, tail];
};

// fillFolded is like fill, with long stretches of equal text folded: a button
// opens them on both sides.
const fillFolded = (box, side, paired) => {
  const at = new Map(), parts = runs(side);
  for (const [i, part] of parts.entries()) {
    if (part.own) {
      fill(box, [part.own], paired, at);
      continue;
    }
    const size = part.pieces.reduce((n, p) => n + (p.text?.length ?? 0), 0);
    if (size <= FOLD) {
      fill(box, part.pieces, paired, at);
      continue;
    }
    const [head, rest] = split(part.pieces, SHOWN), last = i === parts.length - 1;
    const [middle, tail] = last ? [rest, []] : split(rest, size - 2 * SHOWN);
    fill(box, head, paired, at);
    const before = new Map(at);
    for (const [link, n] of wordCounts(middle)) at.set(link, (at.get(link) || 0) + n);
    const inside = el('span', { hidden: true, 'data-fold': part.link });
    const letters = middle.reduce((n, p) => n + (p.text?.length ?? p.n), 0);
    const open = button('⋯ ' + count(letters, 'equal letter') + ' ⋯', { class: 'fold' }, () => {
      for (const f of $$('[data-fold]', box.closest('.compare') || box)) if (f.dataset.fold === String(part.link)) f.unfold();
      markHits();
    });
    inside.unfold = () => {
      if (!inside.firstChild) fill(inside, middle, paired, before);
      inside.hidden = false;
      open.remove();
    };
    box.append(open, inside);
    fill(box, tail, paired, at);
  }
};

// inOne writes both sides as one text: text only in the first is deleted, text only
// in the second is inserted.
const inOne = (box, a, b) => {
  const merged = [], shared = new Set(b.filter(p => p.kind === COMMON).map(p => p.link));
  let j = 0;
  const rest = until => {
    for (; j < b.length && !(b[j].kind === COMMON && (until === null || b[j].link >= until)); j++) {
      if (b[j].kind === OWN && b[j].text) merged.push({ ...b[j], tag: 'ins' });
    }
  };
  for (const p of a) {
    if (p.kind === AROUND) continue;
    if (p.kind === COMMON && shared.has(p.link)) {
      rest(p.link);
      while (j < b.length && b[j].kind === COMMON && b[j].link <= p.link) j++;
    }
    if (p.kind !== OWN) merged.push(p);
    else if (p.text) merged.push({ ...p, tag: 'del' });
  }
  rest(Infinity);
  let plainPieces = [];
  const flush = () => {
    if (plainPieces.length > 0) fillFolded(box, plainPieces);
    plainPieces = [];
  };
  for (const p of merged) {
    if (p.kind !== OWN) {
      plainPieces.push({ ...p, link: 'o' + p.link });
      continue;
    }
    flush();
    box.append(el(p.tag, { text: p.text }), ' ');
  }
  flush();
};

// comparison shows two sides, each under its name unless the comparison before makes
// that clear. A side is { doc, role, pieces }.
let view = narrow.matches ? 'one' : 'two';
const comparison = (a, b, clear) => {
  const box = el('div', { class: 'compare' });
  const head = (side, key) => clear ? '' : headOf(side.doc, side.role, key);
  box.redraw = () => {
    const one = view === 'one';
    box.classList.toggle('one', one);
    if (one) {
      const pane = el('div', { class: 'text', dir: 'auto' });
      inOne(pane, a.pieces, b.pieces);
      box.replaceChildren(head(a, 'a'), head(b, 'b'), pane);
      return;
    }
    const paired = linked(a.pieces, b.pieces);
    box.replaceChildren(...[[a, 'a'], [b, 'b']].map(([side, key]) => {
      const pane = el('div', { class: 'text pane ' + key, dir: 'auto', tabindex: '0', role: 'group', 'aria-label': side.role + ' ' + documentOf(side.doc).i });
      fillFolded(pane, side.pieces, paired);
      return el('div', { class: 'column' }, head(side, key), pane);
    }));
  };
  box.redraw();
  return box;
};

// light highlights the words of one link on both sides, and scrolls the other side's
// into view.
const light = (box, word) => {
  for (const w of $$('.lit', box)) w.classList.remove('lit', 'here');
  if (!word) return;
  const key = word.dataset.link;
  for (const w of $$('[data-link]', box)) if (w.dataset.link === key) w.classList.add('lit');
  word.classList.add('here');
  for (const pane of $$('.pane', box)) {
    const first = $('.lit', pane);
    if (!first || pane.contains(word) && pane.matches(':hover')) continue;
    const p = pane.getBoundingClientRect(), f = first.getBoundingClientRect();
    if (f.top < p.top || f.bottom > p.bottom) pane.scrollTop += f.top - p.top - (p.height - f.height) / 2;
  }
};

document.addEventListener('pointerover', e => {
  const word = e.target.closest?.('.pane [data-link]');
  const box = e.target.closest?.('.compare');
  if (word && box) light(box, word);
  else if (box && !box.contains(document.activeElement)) light(box, null);
});
document.addEventListener('focusin', e => {
  if (!e.target.matches?.('.compare .pane')) return;
  const box = e.target.closest('.compare');
  if (!$('.here', e.target)) light(box, $('[data-link]', e.target));
});
document.addEventListener('focusout', e => {
  const box = e.target.closest?.('.compare');
  if (box && !box.contains(e.relatedTarget)) light(box, null);
});
const stepWord = (pane, by) => {
  const all = $$('.w[data-link]', pane).filter(w => w.checkVisibility());
  const at = all.findIndex(w => w.classList.contains('here'));
  const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
  if (next) light(pane.closest('.compare'), next);
};
