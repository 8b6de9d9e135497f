// Printing: findings of every kind are printed, as many as a browser can lay out; a
// search or a filter selects others.

const PRINTED = { findings: 500, letters: 400_000 };

const printed = {
  clusters: item => [
    el('h3', null, el('span', { class: 'role a', text: 'keep' }), ' ', nameOf(item.k), ' ', hostOf(item.k)),
    el('ul', { class: 'printed-members' }, ...item.m.map(m => el('li', null, alike(m.s), ' ', nameOf(m.d), ' ', hostOf(m.d), m.a ? ', ' + difference(m) : ''))),
    item.n > item.m.length ? quietly('… and ' + number(item.n - item.m.length) + ' more') : null,
    ...item.m.filter(m => m.a && !m.x).map(m => comparison(...sidesOf(item, m))),
  ],
  passages: item => [
    el('h3', null, el('span', { class: 'role a', text: 'A' }), ' ', nameOf(item.a), ' ', hostOf(item.a), el('br'), el('span', { class: 'role b', text: 'B' }), ' ', nameOf(item.b), ' ', hostOf(item.b)),
    quietly([shares(item), count(item.n, 'passage'), count(item.w, 'word')].filter(s => s).join(', ')),
    ...passageBody(item),
  ],
  blocks: item => [
    el('h3', null, el('span', { class: 'role c', text: item.r }), ' ', el('bdi', { text: item.h || 'no host' })),
    quietly(about(item)),
    el('div', { class: 'text', dir: 'auto' }, item.t, item.c ? cutMark(item.c) : null),
    el('ul', { class: 'printed-members' }, ...item.p.filter((_, i) => i % 3 === 0).map(n => el('li', null, nameOf(n))),
      item.n > item.p.length / 3 ? el('li', { text: '… and ' + number(item.n - item.p.length / 3) + ' more' }) : null),
  ],
  origins: item => originBody(item),
};

addEventListener('beforeprint', () => {
  const was = view;
  view = 'two';
  for (const list of Object.values(lists)) {
    if (!list.shown) select(list);
    const paper = el('div', { class: 'paper' });
    let n = 0, letters = 0;
    for (; n < Math.min(list.shown.length, PRINTED.findings) && letters < PRINTED.letters; n++) {
      const sheet = el('article', { class: 'sheet' }, ...printed[list.key](list.shown[n]).filter(x => x));
      if (list.key === 'passages') for (const f of $$('[data-fold]', sheet)) f.unfold();
      letters += sheet.textContent.length;
      paper.append(sheet);
    }
    if (n < list.shown.length) paper.prepend(quietly('The first ' + number(n) + ' of ' + count(list.shown.length, list.noun) + '. Search or filter to select others.'));
    if (list.shown.length === 0) paper.append(quietly('None.'));
    list.panel.append(paper);
  }
  for (const d of $$('.method, .note')) {
    d.wasOpen = d.open;
    d.open = true;
  }
  view = was;
});
addEventListener('afterprint', () => {
  for (const p of $$('.paper')) p.remove();
  for (const d of $$('.method, .note')) d.open = d.wasOpen ?? d.open;
});
$('#print').addEventListener('click', () => print());
