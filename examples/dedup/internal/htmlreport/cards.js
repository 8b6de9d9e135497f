// The findings, each a card that opens.

let unique = 0;

// card returns a finding that opens: body makes what is inside when it does.
const card = (title, meta, excerpt, body, item) => {
  const id = 'finding-' + unique++;
  const button = el('button', { type: 'button', class: 'open', 'aria-expanded': 'false', 'aria-controls': id },
    el('span', { class: 'title' }, ...title), el('span', { class: 'meta' }, ...meta.filter(m => m)),
    excerpt ? el('span', { class: 'excerpt', dir: 'auto', text: excerpt }) : null);
  const inside = el('div', { class: 'body', id, hidden: true });
  const toggle = open => {
    button.setAttribute('aria-expanded', String(open));
    inside.hidden = !open;
    item.open = open;
    if (open && !inside.firstChild) inside.append(...body());
    if (open) markHits(inside);
  };
  button.addEventListener('click', () => toggle(inside.hidden));
  const li = el('li', { class: 'card' }, el('h3', null, button), inside);
  if (item.open) toggle(true);
  return li;
};

const left = 'The texts were left out to keep this page small.';

const difference = c => c.x ? 'identical' : c.d + c.e === 0 ? 'same words' : '−' + number(c.d) + ' +' + number(c.e) + ' words';

const meter = s => {
  const m = el('span', { class: 'meter', 'aria-hidden': 'true' }, el('span'));
  m.firstChild.style.width = 100 * s + '%';
  return m;
};

const clusterCard = item => {
  const low = Math.min(...item.m.map(m => m.s)), high = Math.max(...item.m.map(m => m.s));
  const range = similarity(low) + (similarity(high) === similarity(low) ? '' : ' to ' + similarity(high));
  return card([el('span', { class: 'role a', text: 'keep' }), ' ', foreign(item.k), item.h ? el('bdi', { class: 'host', text: item.h }) : null],
    [el('span', { class: 'badge b', text: count(item.n, 'document') + ' could go' }), el('span', { text: 'similarity ' + range })],
    item.t, () => clusterBody(item), item);
};

const clusterBody = item => {
  const place = el('div', { class: 'place' });
  const show = m => {
    place.replaceChildren(m.c ? comparison(m.c, { role: 'keep', id: item.k }, { role: 'could go', id: m.i })
      : el('p', { class: 'quietly', text: item.m.indexOf(m) >= 20 ? 'Only the first 20 documents of a cluster are compared on this page.' : left }));
    markHits(place);
  };
  const buttons = item.m.map(m => el('button', { type: 'button', class: 'member', 'aria-pressed': 'false' },
    meter(m.s), el('span', { class: 'figure', text: similarity(m.s) }), foreign(m.i),
    el('span', { class: 'difference', text: m.c ? difference(m.c) : '' })));
  const choose = n => {
    buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(i === n)));
    show(item.m[n]);
  };
  buttons.forEach((b, n) => b.addEventListener('click', () => choose(n)));
  // The first that differs tells more than a copy.
  choose(Math.max(0, item.m.findIndex(m => m.c && !m.c.x)));
  const more = item.n - item.m.length;
  return [el('div', { class: 'members', role: 'group', 'aria-label': 'Documents that could go' }, ...buttons,
    more > 0 ? el('p', { class: 'quietly', text: '… and ' + number(more) + ' more, which this page leaves out' }) : null), place];
};

const passageCard = item => card(
  [foreign(item.a), item.g ? el('bdi', { class: 'host', text: item.g }) : null, el('span', { class: 'and', text: ' and ' }), foreign(item.b), item.h ? el('bdi', { class: 'host', text: item.h }) : null],
  [el('span', { class: 'badge', text: count(item.w, 'word') }), el('span', { text: count(item.n, 'passage') + ' · ' + kinds(item.p) })],
  begin(item), () => passageBody(item), item);

const kinds = list => {
  const exact = list.filter(p => p.x).length;
  return exact === list.length ? 'exact' : exact === 0 ? 'edited' : 'exact and edited';
};

// begin returns how the first passage of a pair begins.
const begin = item => {
  if (!item.p[0].c) return '';
  const text = pieces(item.p[0].c.a).filter(p => p.kind === COMMON || p.kind < COMMON || p.kind === OWN).map(p => p.text).join('');
  return text.length > 220 ? text.slice(0, 220) + '…' : text;
};

const passageBody = item => {
  const parts = item.p.map((p, i) => el('section', { class: 'passage' },
    el('h4', { text: (item.p.length > 1 ? i + 1 + '. ' : '') + (p.x ? 'Exact, ' : 'Edited, ' + percent(p.s) + ' alike, ') + count(p.w, 'word') }),
    el('p', { class: 'quietly', text: 'bytes ' + number(p.o[0]) + ' to ' + number(p.o[1]) + ' and ' + number(p.o[2]) + ' to ' + number(p.o[3]) }),
    p.c ? comparison(p.c, { role: 'A', id: item.a }, { role: 'B', id: item.b }, i > 0) : el('p', { class: 'quietly', text: left })));
  if (item.n > item.p.length) parts.push(el('p', { class: 'quietly', text: '… and ' + number(item.n - item.p.length) + ' more passages, which this page leaves out' }));
  return parts;
};

const blockCard = (item, grouped) => card(
  [el('span', { class: 'line', dir: 'auto', text: item.t })],
  [el('span', { class: 'role c', text: item.r }), el('span', { text: 'on ' + count(item.n, 'document') }), grouped ? null : el('bdi', { class: 'host', text: item.h || 'no host' })],
  '', () => [
    el('div', { class: 'text block', dir: 'auto' }, item.t, item.c ? cutMark(item.c) : null),
    el('p', { class: 'quietly', text: 'Counted among ' + scopes(item) + '.' }),
    el('h4', { text: item.h ? 'On these documents of ' + item.h : 'On these documents' }),
    el('ul', { class: 'pages' }, ...item.p.map(p => el('li', null, foreign(p))),
      item.n > item.p.length ? el('li', { class: 'quietly', text: '… and ' + number(item.n - item.p.length) + ' more' }) : null)], item);

const scopes = item => {
  const of = item.s === 'global' ? 'all documents' : item.s === 'single' ? 'the blocks around it' : 'the documents of its ' + item.s;
  return of + ': ' + count(item.d, 'document') + (item.g > 0 ? ' of ' + count(item.g, 'host') + ' hold it' : ' hold it');
};
