// Recycled blocks, each shown where it occurs.

const blockCard = (item, grouped) => card(
  [el('span', { class: 'line', dir: 'auto', text: item.t })],
  [el('span', { class: 'role c', text: item.r }), el('span', { text: 'on ' + count(item.n, 'document') }), grouped ? null : el('bdi', { class: 'host', text: item.h || 'no host' })],
  '', () => blockBody(item), item);

// about describes where a block was counted and whether it is compared.
const about = item => 'Counted among ' + scopes(item) + '. ' + (item.m ? 'Left out when documents are compared.' : 'Compared like other text.');

const scopes = item => {
  const of = item.s === 'global' ? 'all documents' : item.s === 'single' ? 'the blocks around it' : 'the documents of its ' + item.s;
  return of + ': ' + count(item.d, 'document') + (item.g > 0 ? ' on ' + count(item.g, 'host') : '') + ' with this block';
};

const blockBody = item => {
  const place = el('div', { class: 'place' }), places = [];
  for (let i = 0; i < item.p.length; i += 3) places.push({ doc: item.p[i], start: item.p[i + 1], length: item.p[i + 2] });
  const buttons = places.map((p, n) => el('button', { type: 'button', class: 'member page', 'aria-pressed': 'false', disabled: p.length === 0, title: p.length === 0 ? 'its text is not on this page' : undefined }, nameOf(p.doc, false)));
  const choose = n => {
    buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(i === n)));
    const p = places[n];
    const pane = el('div', { class: 'text pane c', dir: 'auto', tabindex: '0', role: 'group', 'aria-label': documentOf(p.doc).i });
    const here = el('mark', { class: 'block-here' });
    fill(pane, unshared(p.doc, 0, p.start));
    fill(here, stretch(p.doc, PLAIN, p.start, p.start + p.length));
    pane.append(here);
    fill(pane, unshared(p.doc, p.start + p.length, textOf(p.doc).length));
    place.replaceChildren(headOf(p.doc, 'document', 'c'), pane);
    const center = () => { pane.scrollTop = here.offsetTop - pane.offsetTop - (pane.clientHeight - here.offsetHeight) / 2; };
    center();
    requestAnimationFrame(center);
    markHits();
  };
  buttons.forEach((b, n) => b.addEventListener('click', () => choose(n)));
  const first = places.findIndex(p => p.length > 0);
  if (first >= 0) choose(first);
  else place.append(el('div', { class: 'text', dir: 'auto' }, item.t, item.c ? cutMark(item.c) : null));
  return [quietly(about(item)),
    el('div', { class: 'members pages', role: 'group', 'aria-label': 'Documents with this block' }, ...buttons,
      item.n > places.length ? quietly('… and ' + number(item.n - places.length) + ' more') : null), place];
};
