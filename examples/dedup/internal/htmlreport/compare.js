// Two texts side by side or as one, their shared words linked.

// The kinds of a piece, as the data has them.
const COMMON = 1, OWN = 2, RECYCLED = 3, CUT = 4, AROUND = 5;

// pieces unpacks a side: kind, text, link, kind, text, link ...
// A text of 0 is that of the other side.
const pieces = (flat, other) => {
  const list = [];
  for (let i = 0; i < flat.length; i += 3) {
    let text = flat[i + 1];
    if (flat[i] === COMMON && text === 0) {
      text = other.filter(p => p.kind === COMMON && p.link === flat[i + 2]).map(p => p.text).join('');
    }
    list.push({ kind: flat[i], text, link: flat[i + 2] });
  }
  return list;
};
const sidesOf = c => {
  const a = pieces(c.a);
  return [a, pieces(c.b, a)];
};

// A word, or one sign of a script that puts no spaces between words.
const words = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[\p{L}\p{N}\p{M}'’]+/gu;

// wordCounts returns how many words each link has on a side.
const wordCounts = side => {
  const counts = new Map();
  for (const p of side) {
    if (p.kind === COMMON) counts.set(p.link, (counts.get(p.link) || 0) + (p.text.match(words) || []).length);
  }
  return counts;
};

const cutMark = n => el('span', { class: 'cut', text: '… ' + count(n, 'letter') + ' not shown …' });

// fill puts a side into its pane. Where both sides have equally many words in a
// shared stretch they are linked one by one, else the stretch as a whole.
const fill = (pane, side, paired) => {
  const at = new Map();
  for (const p of side) {
    if (p.kind === CUT) {
      pane.append(cutMark(p.text));
    } else if (p.kind === COMMON && paired.has(p.link)) {
      let end = 0;
      for (const m of p.text.matchAll(words)) {
        if (m.index > end) pane.append(p.text.slice(end, m.index));
        end = m.index + m[0].length;
        const n = at.get(p.link) || 0;
        at.set(p.link, n + 1);
        pane.append(el('span', { class: 'w', 'data-link': p.link + '.' + n, text: m[0] }));
      }
      if (end < p.text.length) pane.append(p.text.slice(end));
    } else if (p.kind === COMMON) {
      pane.append(el('span', { class: 'w', 'data-link': p.link, text: p.text }));
    } else if (p.kind === OWN) {
      pane.append(el('mark', { class: p.link ? 'own w' : 'own', 'data-link': p.link || undefined, text: p.text }));
    } else if (p.kind === RECYCLED) {
      pane.append(el('span', { class: 'recycled', title: 'recycled: left out of the comparison', text: p.text }));
    } else if (p.kind === AROUND) {
      pane.append(el('span', { class: 'around', text: p.text }));
    } else {
      pane.append(p.text);
    }
  }
};

// inOne writes both sides as one text: what only the first has is deleted, what
// only the second has inserted.
const inOne = (pane, a, b) => {
  const put = (p, tag) => {
    if (p.kind === CUT) return pane.append(cutMark(p.text));
    if (p.kind === OWN) return pane.append(el(tag, { text: p.text }), ' ');
    if (p.kind === RECYCLED) return pane.append(el('span', { class: 'recycled', text: p.text }));
    pane.append(p.text);
  };
  const shared = new Set(b.filter(p => p.kind === COMMON).map(p => p.link));
  let j = 0;
  const rest = until => {
    for (; j < b.length && !(b[j].kind === COMMON && (until === null || b[j].link >= until)); j++) {
      if (b[j].kind === OWN) put(b[j], 'ins');
    }
  };
  for (const p of a) {
    if (p.kind === AROUND) continue;
    if (p.kind === COMMON && shared.has(p.link)) {
      rest(p.link);
      while (j < b.length && b[j].kind === COMMON && b[j].link <= p.link) j++;
    }
    put(p, 'del');
  }
  rest(Infinity);
};

// comparison returns both sides, each under its name unless that is clear.
const comparison = (c, nameA, nameB, clear) => {
  const [a, b] = sidesOf(c);
  const box = el('div', { class: 'compare' });
  const draw = () => {
    const one = view === 'one';
    box.classList.toggle('one', one);
    const head = (name, side) => clear ? '' : el('p', { class: 'side ' + side }, el('span', { class: 'role', text: name.role }), ' ', foreign(name.id));
    if (one) {
      const pane = el('div', { class: 'text', dir: 'auto' });
      inOne(pane, a, b);
      box.replaceChildren(head(nameA, 'a'), head(nameB, 'b'), pane);
      return;
    }
    const inA = wordCounts(a), inB = wordCounts(b);
    const paired = new Set([...inA.keys()].filter(k => inA.get(k) === inB.get(k)));
    const panes = [[a, nameA, 'a'], [b, nameB, 'b']].map(([side, name, key]) => {
      const pane = el('div', { class: 'text pane ' + key, dir: 'auto', tabindex: '0', role: 'group', 'aria-label': name.role + ' ' + name.id });
      fill(pane, side, paired);
      return el('div', { class: 'column' }, head(name, key), pane);
    });
    box.replaceChildren(...panes);
  };
  box.redraw = draw;
  draw();
  return box;
};

// light marks the words of one link on both sides, and brings the other side's
// into sight.
const light = (box, word) => {
  for (const w of $$('.lit', box)) w.classList.remove('lit', 'here');
  if (!word) return;
  const key = word.dataset.link;
  for (const w of $$('[data-link]', box)) if (w.dataset.link === key) w.classList.add('lit');
  word.classList.add('here');
  for (const pane of $$('.pane', box)) {
    const first = $('.lit', pane);
    if (!first) continue;
    const p = pane.getBoundingClientRect(), f = first.getBoundingClientRect();
    if (f.top < p.top || f.bottom > p.bottom) pane.scrollTop += f.top - p.top - (p.height - f.height) / 2;
  }
};

document.addEventListener('pointerover', e => {
  const word = e.target.closest?.('.pane [data-link]');
  const box = e.target.closest?.('.compare');
  if (word) light(box, word);
  else if (box && !box.contains(document.activeElement)) light(box, null);
});
document.addEventListener('focusin', e => {
  if (!e.target.matches?.('.pane')) return;
  const box = e.target.closest('.compare');
  if (!$('.here', e.target)) light(box, $('[data-link]', e.target));
});
document.addEventListener('focusout', e => {
  const box = e.target.closest?.('.compare');
  if (box && !box.contains(e.relatedTarget)) light(box, null);
});
const stepWord = (pane, by) => {
  const all = $$('[data-link]', pane);
  const at = all.findIndex(w => w.classList.contains('here'));
  const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
  if (next) light(pane.closest('.compare'), next);
};
