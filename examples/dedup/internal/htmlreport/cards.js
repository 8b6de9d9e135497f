// The findings, each a card that opens.

let unique = 0;

// card returns a finding that opens; body makes its content when it does.
const card = (title, meta, excerpt, body, item) => {
  const id = 'finding-' + unique++;
  const head = el('button', { type: 'button', class: 'open', 'aria-expanded': 'false', 'aria-controls': id },
    el('span', { class: 'title' }, ...title), el('span', { class: 'meta' }, ...meta.filter(m => m)),
    excerpt ? el('span', { class: 'excerpt', dir: 'auto', text: excerpt }) : null);
  const inside = el('div', { class: 'body', id, hidden: true });
  const toggle = open => {
    head.setAttribute('aria-expanded', String(open));
    inside.hidden = !open;
    item.open = open;
    if (open && !inside.firstChild) inside.append(...body());
    if (open) markHits();
  };
  head.addEventListener('click', () => toggle(inside.hidden));
  const li = el('li', { class: 'card' }, el('h3', null, head), inside);
  if (item.open) toggle(true);
  return li;
};

const left = 'The texts were left out to keep this page small.';
const quietly = text => el('p', { class: 'quietly', text });
const opening = n => (textOf(n) ?? '').slice(0, 240).trim();

const difference = m => m.x ? 'identical' : !m.e && !m.f ? 'same words' : '−' + number(m.e || 0) + ' +' + number(m.f || 0) + ' words';

const meter = s => {
  const m = el('span', { class: 'meter', 'aria-hidden': 'true' }, el('span'));
  m.firstChild.style.width = 100 * s + '%';
  return m;
};
const alike = s => el('span', { class: 'figure', title: 'similarity ' + s, text: percent(s) });

// sidesOf returns both sides of a member of a cluster.
const sidesOf = (item, m) => {
  const a = m.k ?? item.k;
  return [{ doc: a, role: 'keep', pieces: unpack(a, 0, m.a) }, { doc: m.d, role: 'could go', pieces: unpack(m.d, 0, m.b) }];
};

const clusterCard = item => {
  const low = Math.min(...item.m.map(m => m.s)), high = Math.max(...item.m.map(m => m.s));
  const range = percent(low) === percent(high) ? percent(low) : percent(low) + ' to ' + percent(high);
  return card([el('span', { class: 'role a', text: 'keep' }), ' ', nameOf(item.k, false), hostOf(item.k)],
    [el('span', { class: 'badge b', text: number(item.n) + ' could go' }), el('span', { text: range + ' alike' })],
    opening(item.k), () => clusterBody(item), item);
};

const clusterBody = item => {
  const place = el('div', { class: 'place' });
  const show = m => {
    const n = item.m.indexOf(m);
    if (!m.a) {
      place.replaceChildren(quietly(n >= 20 ? 'This page compares only the first 20 documents of a cluster.' : left));
    } else {
      const tools = el('p', { class: 'actions' }, button('Whole texts side by side', { class: 'whole' }, () => readCluster(item, m)));
      place.replaceChildren(comparison(...sidesOf(item, m)), tools);
    }
    markHits();
  };
  const buttons = item.m.map(m => el('button', { type: 'button', class: 'member', 'aria-pressed': 'false' },
    meter(m.s), alike(m.s), el('span', null, nameOf(m.d, false), ' ', hostOf(m.d)),
    el('span', { class: 'difference', text: m.a ? difference(m) : '' })));
  const choose = n => {
    buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(i === n)));
    show(item.m[n]);
  };
  buttons.forEach((b, n) => b.addEventListener('click', () => choose(n)));
  // The first difference is more useful than a copy of the text.
  choose(Math.max(0, item.m.findIndex(m => m.a && !m.x)));
  const more = item.n - item.m.length;
  return [el('div', { class: 'members', role: 'group', 'aria-label': 'Documents that could go' }, ...buttons,
    more > 0 ? quietly('… and ' + number(more) + ' more, which this page leaves out') : null), place];
};

const shares = item => item.x || item.y ? percent(item.x) + ' of A, ' + percent(item.y) + ' of B' : '';

const passageCard = item => card(
  [el('span', { class: 'role a', text: 'A' }), ' ', nameOf(item.a, false), hostOf(item.a), el('br'), el('span', { class: 'role b', text: 'B' }), ' ', nameOf(item.b, false), hostOf(item.b)],
  [el('span', { class: 'badge', text: shares(item) || count(item.w, 'word') }), el('span', { text: count(item.n, 'passage') + ', ' + count(item.w, 'word') })],
  begin(item), () => passageBody(item), item);

// begin returns the beginning of the longest passage of a pair.
const begin = item => {
  const p = item.p.reduce((a, b) => b.w > a.w ? b : a);
  return p.a ? textOf(item.a).slice(p.a[0], p.a[0] + 240) : '';
};

const passageTitle = (p, i, n) => (n > 1 ? i + 1 + '. ' : '') + count(p.w, 'word') + (p.x ? ', exact' : ', ' + percent(p.s) + ' alike') + (p.k ? ', a template' : '') +
  (p.d ? ', recycled in ' + count(p.d, 'document') + (p.g ? ', ' + count(p.g, 'host') : '') : '');

// passageSide returns one side of a passage, with a little of the text around it.
const passageSide = (doc, role, packed) => {
  const width = 90, text = textOf(doc), start = packed[0], end = start + lengthOf(packed, 1);
  const before = text.slice(Math.max(0, start - width), start), after = text.slice(end, end + width);
  const from = start > width ? start - width + Math.max(0, before.search(/\s/) + 1) : 0;
  const to = end + width < text.length ? end + (after.search(/\s\S*$/) + 1 || after.length) : text.length;
  const lead = stretch(doc, AROUND, from, start), trail = stretch(doc, AROUND, end, to);
  if (lead[0]?.text && from > 0) lead[0].text = '…' + lead[0].text.trimStart();
  const last = trail.at(-1);
  if (last?.text) last.text = last.text.trimEnd() + (to < text.length ? '…' : '');
  return { doc, role, pieces: [...lead, ...unpack(doc, start, packed, 1), ...trail] };
};

const passageBody = item => {
  const parts = item.p.map((p, i) => el('section', { class: 'passage' },
    el('h4', { title: 'bytes ' + number(p.o[0]) + ' to ' + number(p.o[1]) + ' of A, ' + number(p.o[2]) + ' to ' + number(p.o[3]) + ' of B', text: passageTitle(p, i, item.p.length) }),
    p.a ? comparison(passageSide(item.a, 'A', p.a), passageSide(item.b, 'B', p.b), i > 0) : quietly(left)));
  if (item.n > item.p.length) parts.push(quietly('… and ' + number(item.n - item.p.length) + ' more passages, which this page leaves out'));
  if (item.p[0]?.a) parts.unshift(el('p', { class: 'actions' }, button('Whole texts side by side', { class: 'whole' }, () => readPair(item))));
  return parts;
};
