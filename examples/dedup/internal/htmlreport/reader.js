// The reader: two whole texts side by side in the whole window, with ribbons between
// corresponding parts.

const reader = $('#reader'), gutter = $('#reader-ribbons');
let reading = null; // the comparison that the reader shows

// HUES is the number of colours that passages cycle through.
const HUES = 5;

// readPair shows two documents that share passages.
const readPair = item => {
  const passages = item.p.filter(p => p.a);
  const side = (doc, role, key) => {
    const text = textOf(doc), pane = el('div', { class: 'text', dir: 'auto' });
    const spans = passages.map((p, i) => ({ i, packed: p[key], start: p[key][0], end: p[key][0] + lengthOf(p[key], 1) }));
    let at = 0;
    const rest = until => {
      if (until <= at) return;
      pane.append(foldable(unshared(doc, at, until), until - at, at === 0, until === text.length));
      at = until;
    };
    for (const s of spans.sort((x, y) => x.start - y.start || y.end - x.end)) {
      rest(s.start);
      const mark = el('mark', { class: 'hit hue-' + s.i % HUES, 'data-n': s.i });
      mark.append(el('span', { class: 'tag', text: s.i + 1 }));
      // A passage may overlap the one before it: the overlap is shown once.
      fill(mark, s.start >= at ? unpack(doc, s.start, s.packed, 1) : stretch(doc, PLAIN, Math.min(at, s.end), s.end));
      pane.append(mark);
      at = Math.max(at, s.end);
    }
    rest(text.length);
    return { doc, role, pane, share: key === 'a' ? item.x : item.y };
  };
  openReader(side(item.a, 'A', 'a'), side(item.b, 'B', 'b'), {
    noun: 'Passage', total: passages.length, fold: 'Hide text that is not shared', folded: false,
    about: i => passageTitle(passages[i], 0, 1),
  });
};

// readCluster shows the document to keep and one that could go.
const readCluster = (item, m) => {
  const [a, b] = sidesOf(item, m);
  const numbers = new Map(); // of the differences, by link
  for (const p of a.pieces) if (p.kind === OWN && !numbers.has(p.link)) numbers.set(p.link, numbers.size);
  const side = (s, own) => {
    const pane = el('div', { class: 'text', dir: 'auto' }), parts = runs(s.pieces);
    for (const [i, part] of parts.entries()) {
      if (part.own?.kind === RECYCLED) {
        fill(pane, [part.own]);
        continue;
      }
      if (part.own) {
        pane.append(part.own.text ? el('mark', { class: 'own ' + own, 'data-n': numbers.get(part.own.link), text: part.own.text })
          : el('span', { class: 'gap', 'data-n': numbers.get(part.own.link) }));
        continue;
      }
      const size = part.pieces.reduce((n, p) => n + (p.text?.length ?? 0), 0);
      pane.append(foldable(part.pieces, size, i === 0, i === parts.length - 1));
    }
    return { ...s, pane };
  };
  openReader(side(a, 'own-a'), side(b, 'own-b'), {
    noun: 'Difference', total: numbers.size, fold: 'Hide equal text', folded: false,
    about: () => '', none: m.x ? 'The texts are identical' : 'The words are the same',
  });
};

// foldable returns text that the reader can hide, except its ends.
const foldable = (pieces, size, first, last) => {
  const box = el('span', { class: 'rest' });
  if (size < 500) {
    fill(box, pieces);
    return box;
  }
  const [head, rest] = split(pieces, first ? 160 : 120);
  const [middle, tail] = last ? [rest, []] : split(rest, rest.reduce((n, p) => n + (p.text?.length ?? 0), 0) - 120);
  const inside = el('span', { class: 'inside' });
  const letters = middle.reduce((n, p) => n + (p.text?.length ?? p.n), 0);
  fill(box, head);
  fill(inside, middle);
  const open = button('⋯ ' + count(letters, 'letter') + ' ⋯', { class: 'fold', hidden: true }, () => {
    inside.hidden = false;
    open.hidden = true;
    reading.measure();
  });
  box.append(open, inside);
  fill(box, tail);
  return box;
};

const openReader = (a, b, how) => {
  const opener = document.activeElement;
  const columns = [a, b].map((s, i) => {
    const key = 'ab'[i];
    const scroll = el('div', { class: 'reader-pane ' + key, tabindex: '0', role: 'region', 'aria-label': s.role + ' ' + documentOf(s.doc).i }, s.pane);
    const map = el('div', { class: 'map', 'aria-hidden': 'true' });
    const head = headOf(s.doc, s.role, key);
    if (s.share) head.append(' ', el('span', { class: 'badge', text: percent(s.share) + ' of it is in the other' }));
    return { scroll, map, box: el('section', { class: 'reader-column ' + key }, head, el('div', { class: 'reader-frame' }, scroll, map)) };
  });
  const marks = columns.map(c => {
    const list = [];
    for (const m of $$('[data-n]', c.scroll)) list[m.dataset.n] ??= m;
    return list;
  });
  const r = reading = { how, columns, marks, at: -1, places: [[], []], leader: 0 };
  $('#reader-body').replaceChildren(columns[0].box, gutter, columns[1].box);
  $('#reader-fold-label').textContent = how.fold;
  $('#reader-fold').checked = how.folded;

  // measure records the position of every mark in its text.
  r.measure = () => {
    const frames = columns.map(c => c.scroll.getBoundingClientRect());
    gutter.style.height = Math.max(...frames.map(f => f.height)) + 'px';
    r.offset = frames.map(f => f.top - Math.min(...frames.map(g => g.top)));
    r.places = columns.map((c, side) => marks[side].map(m => {
      const f = c.scroll.getBoundingClientRect(), b = m.getBoundingClientRect();
      return { top: b.top - f.top + c.scroll.scrollTop, bottom: b.bottom - f.top + c.scroll.scrollTop };
    }));
    for (const [side, c] of columns.entries()) {
      const whole = c.scroll.scrollHeight;
      c.map.replaceChildren(...r.places[side].slice(0, 400).map((p, i) => {
        const tick = el('span', { class: how.noun === 'Passage' ? 'hue-' + i % HUES : 'own-' + 'ab'[side] });
        tick.style.top = 100 * p.top / whole + '%';
        tick.style.height = Math.max(0.4, 100 * (p.bottom - p.top) / whole) + '%';
        return tick;
      }));
    }
    r.anchors = anchors(r);
    r.draw();
  };
  // draw joins the marks that are visible.
  r.draw = () => {
    const width = gutter.clientWidth, height = gutter.clientHeight, paths = [];
    if (width > 0) {
      for (const i of r.places[0].keys()) {
        const [x, y] = r.places.map((p, side) => {
          const by = r.offset[side] - columns[side].scroll.scrollTop;
          return p[i] && { top: p[i].top + by, bottom: p[i].bottom + by };
        });
        if (!x || !y || Math.max(x.bottom, y.bottom) < 0 || Math.min(x.top, y.top) > height) continue;
        const path = document.createElementNS(gutter.namespaceURI, 'path'), w = width / 2;
        path.setAttribute('class', (how.noun === 'Passage' ? 'hue-' + i % HUES : 'change') + (i === r.at ? ' here' : ''));
        path.setAttribute('d', `M0 ${x.top}C${w} ${x.top} ${w} ${y.top} ${width} ${y.top}V${y.bottom}C${w} ${y.bottom} ${w} ${x.bottom} 0 ${x.bottom}Z`);
        paths.push(path);
        if (paths.length > 300) break;
      }
    }
    gutter.replaceChildren(...paths);
  };
  // go shows one mark on both sides.
  r.go = (i, smooth = true) => {
    if (how.total === 0) return;
    r.at = (i + how.total) % how.total;
    for (const m of $$('.here', reader)) m.classList.remove('here');
    r.leader = -1;
    columns.forEach((c, side) => {
      for (const m of $$('[data-n="' + r.at + '"]', c.scroll)) m.classList.add('here');
      const p = r.places[side][r.at];
      if (!p) return;
      const room = c.scroll.clientHeight, top = p.bottom - p.top > room * 0.8 ? p.top - 40 : (p.top + p.bottom - room) / 2;
      c.scroll.scrollTo({ top, behavior: smooth && !still.matches ? 'smooth' : 'instant' });
    });
    const about = how.about(r.at);
    $('#reader-where').textContent = how.noun + ' ' + number(r.at + 1) + ' of ' + number(how.total) + (about ? ': ' + about : '');
    r.draw();
  };
  columns.forEach((c, side) => {
    for (const kind of ['pointerenter', 'wheel', 'touchstart', 'focusin', 'keydown']) c.scroll.addEventListener(kind, () => { r.leader = side; }, { passive: true });
    c.scroll.addEventListener('scroll', () => {
      if (r.leader === side && $('#reader-together').checked) follow(r, side);
      r.draw();
    }, { passive: true });
    c.scroll.addEventListener('click', e => {
      const m = e.target.closest('[data-n]');
      if (!m || !getSelection().isCollapsed) return;
      if (narrow.matches) showSide(1 - side);
      r.go(Number(m.dataset.n));
    });
    c.map.addEventListener('click', e => {
      const f = c.map.getBoundingClientRect();
      r.leader = side;
      c.scroll.scrollTop = (e.clientY - f.top) / f.height * c.scroll.scrollHeight - c.scroll.clientHeight / 2;
    });
  });
  const steps = how.total > 0;
  for (const id of ['#reader-previous', '#reader-next']) $(id).disabled = !steps;
  $('#reader-where').textContent = steps ? '' : how.none;
  reader.addEventListener('close', () => {
    reading = null;
    $('#reader-body').replaceChildren();
    if (opener?.isConnected) opener.focus();
  }, { once: true });
  showSide(0);
  reader.showModal();
  fold();
  if (steps) r.go(0, false);
  columns[0].scroll.focus({ preventScroll: true });
};

// anchors returns corresponding positions, both ascending: the longest chain of
// marks that have the same order on both sides.
const anchors = r => {
  const list = [];
  for (const [i, a] of r.places[0].entries()) {
    const b = r.places[1][i];
    if (a && b) list.push([(a.top + a.bottom) / 2, (b.top + b.bottom) / 2]);
  }
  list.sort((x, y) => x[0] - y[0]);
  const best = [];
  for (const [i, p] of list.entries()) {
    best[i] = { n: 1, from: -1 };
    for (let j = Math.max(0, i - 200); j < i; j++) {
      if (list[j][1] < p[1] && best[j].n >= best[i].n) best[i] = { n: best[j].n + 1, from: j };
    }
  }
  let at = best.reduce((b, x, i) => b < 0 || x.n > best[b].n ? i : b, -1);
  const chain = [];
  for (; at >= 0; at = best[at].from) chain.unshift(list[at]);
  const ends = r.columns.map(c => c.scroll.scrollHeight);
  return [[0, 0], ...chain, ends];
};

// follow scrolls the other side to the text that corresponds to the middle of this
// one.
const follow = (r, side) => {
  const here = r.columns[side].scroll, there = r.columns[1 - side].scroll;
  const middle = here.scrollTop + here.clientHeight / 2;
  const points = r.anchors.map(p => side === 0 ? p : [p[1], p[0]]);
  const i = Math.max(1, points.findIndex(p => p[0] >= middle));
  const [from, to] = [points[i - 1], points[i]];
  const share = to[0] > from[0] ? (middle - from[0]) / (to[0] - from[0]) : 0;
  // At the ends of a text, the end matters more than the middle.
  if (here.scrollTop <= 0) there.scrollTop = 0;
  else there.scrollTop = from[1] + share * (to[1] - from[1]) - there.clientHeight / 2;
};

const fold = () => {
  const folded = $('#reader-fold').checked;
  for (const b of $$('.fold', reader)) {
    b.hidden = !folded;
    b.nextElementSibling.hidden = folded;
  }
  $('#reader-fold').closest('label').hidden = !$('.fold', reader);
  reading.measure();
};

// showSide shows one of the two sides where both do not fit.
const showSide = side => {
  reader.dataset.side = 'ab'[side];
  for (const b of $$('.reader-sides button')) b.setAttribute('aria-pressed', String(b.dataset.side === 'ab'[side]));
  reading?.measure?.();
};

$('#reader-close').addEventListener('click', () => reader.close());
$('#reader-previous').addEventListener('click', () => reading.go(reading.at - 1));
$('#reader-next').addEventListener('click', () => reading.go(reading.at + 1));
$('#reader-fold').addEventListener('change', () => {
  fold();
  if (reading.at >= 0) reading.go(reading.at, false);
});
for (const b of $$('.reader-sides button')) b.addEventListener('click', () => {
  showSide(b.dataset.side === 'b' ? 1 : 0);
  if (reading.at >= 0) reading.go(reading.at, false);
});
addEventListener('resize', () => reading?.measure());
