// Origins: passages with their holders by time, or recurring passages if no document
// has a time.

const timed = $('#origins [name=known]') !== null;

const originCard = item => {
  const first = item.p[item.f];
  return card(
    [el('span', { class: 'line', dir: 'auto', text: item.t })],
    [el('span', { class: 'badge', text: count(item.n, 'document') }), el('span', { text: count(item.w, 'word') }),
      timed ? el('span', null, first ? 'first: ' : 'no known origin', first ? nameOf(first.d, false) : null) : null].filter(x => x),
    '', () => originBody(item), item);
};

// later formats the time between two holders.
const later = ms => {
  for (const [unit, size] of [['day', 864e5], ['hour', 36e5], ['minute', 6e4], ['second', 1e3]]) {
    if (ms >= size * 1.5 || ms >= size && unit === 'second') return count(Math.round(ms / size), unit) + ' later';
  }
  return ms > 0 ? 'less than a second later' : 'at the same time';
};

// axis draws the holders on a time line.
const axis = item => {
  const timed = item.p.filter(h => h.w), low = timed[0]?.t, span = timed.at(-1)?.t - low;
  if (!(span > 0)) return null;
  const line = el('div', { class: 'axis', 'aria-hidden': 'true' });
  for (const h of timed) {
    const dot = el('span', { class: h === item.p[item.f] ? 'dot first' : 'dot', title: documentOf(h.d).i + ', ' + h.w });
    dot.style.insetInlineStart = 100 * (h.t - low) / span + '%';
    line.append(dot);
  }
  return line;
};

const originBody = item => {
  const place = el('div', { class: 'place' });
  const show = h => {
    const pane = el('div', { class: 'text pane c', dir: 'auto', tabindex: '0', role: 'group', 'aria-label': documentOf(h.d).i });
    const here = el('mark', { class: 'block-here' });
    fill(pane, unshared(h.d, 0, h.o));
    fill(here, stretch(h.d, PLAIN, h.o, h.o + h.l));
    pane.append(here);
    fill(pane, unshared(h.d, h.o + h.l, textOf(h.d).length));
    place.replaceChildren(headOf(h.d, 'document', 'c'), pane);
    pane.scrollTop = here.offsetTop - pane.offsetTop - 60;
    markHits();
  };
  let before = null;
  const rows = item.p.map((h, i) => {
    const gap = before !== null && h.w ? later(h.t - before) : '';
    if (h.w) before = h.t;
    const from = h.f === undefined ? null : el('span', null, 'perhaps from ', nameOf(item.p[h.f]?.d ?? h.d, false));
    const cites = (h.c || []).map(c => el('q', { class: 'cites', dir: 'auto', text: c }));
    return el('li', { class: i === item.f ? 'holder first' : 'holder' },
      timed ? el('p', { class: 'when', text: (h.w || 'no time') + (gap ? ' · ' + gap : '') }) : null,
      el('p', null, i === item.f ? el('span', { class: 'role a', text: 'first' }) : null, i === item.f ? ' ' : null, nameOf(h.d), ' ', hostOf(h.d)),
      from || cites.length ? el('p', { class: 'quietly' }, from, from && cites.length ? ', ' : null, cites.length ? 'names its source: ' : null, ...cites) : null,
      h.l > 0 ? button('Show in its text', { class: 'whole' }, () => show(h)) : null);
  });
  return [axis(item), el('div', { class: 'text', dir: 'auto' }, item.t, item.c ? cutMark(item.c) : null),
    el('ol', { class: 'timeline' }, ...rows), item.n > item.p.length ? quietly('… and ' + number(item.n - item.p.length) + ' more documents') : null, place].filter(x => x);
};
