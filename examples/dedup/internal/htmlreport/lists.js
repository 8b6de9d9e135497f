// The lists of findings: search, filters, orders, pages.

const compare = (a, b) => a < b ? -1 : a > b ? 1 : 0;
const limit = input => input.value === '' ? null : Number(input.value);
// A document is found by its full name, its host and its source.
const folder = $('#findings').dataset.folder;
const nameText = n => {
  const d = documentOf(n);
  return [folder + d.i, d.h, d.s].filter(s => s).join('\n');
};
const passageText = (doc, packed) => packed ? textOf(doc).slice(packed[0], packed[0] + lengthOf(packed, 1)) : '';

const lists = {
  clusters: {
    noun: 'cluster', card: clusterCard,
    hay: i => [nameText(i.k), textOf(i.k), ...i.m.map(m => nameText(m.d) + '\n' + (m.a ? textOf(m.d) : ''))].join('\n'),
    orders: {
      low: (a, b) => Math.min(...a.m.map(m => m.s)) - Math.min(...b.m.map(m => m.s)),
      high: (a, b) => Math.max(...b.m.map(m => m.s)) - Math.max(...a.m.map(m => m.s)),
      id: (a, b) => compare(documentOf(a.k).i, documentOf(b.k).i),
    },
    filter: f => {
      const from = limit(f.from), to = limit(f.to), differ = f.differ.checked;
      return i => i.m.some(m => (from === null || 100 * m.s >= from) && (to === null || 100 * m.s <= to) &&
        (!differ || m.e > 0 || m.f > 0));
    },
  },
  passages: {
    noun: 'pair', card: passageCard,
    hay: i => [nameText(i.a), nameText(i.b), ...i.p.map(p => passageText(i.a, p.a) + '\n' + passageText(i.b, p.b))].join('\n'),
    orders: {
      low: (a, b) => Math.min(...a.p.map(p => p.s)) - Math.min(...b.p.map(p => p.s)),
      share: (a, b) => Math.max(b.x, b.y) - Math.max(a.x, a.y),
      id: (a, b) => compare(documentOf(a.a).i, documentOf(b.a).i) || compare(documentOf(a.b).i, documentOf(b.b).i),
    },
    filter: f => {
      const least = limit(f.words), kind = f.kind.value;
      return i => i.p.some(p => (least === null || p.w >= least) && (!kind || kind === (p.x ? 'exact' : p.k ? 'template' : 'edited')));
    },
  },
  blocks: {
    noun: 'block', card: blockCard,
    hay: i => [i.h, i.t, i.r, ...i.p.filter((_, n) => n % 3 === 0).map(nameText)].join('\n'),
    orders: {
      '': (a, b) => compare(a.h, b.h),
      pages: (a, b) => b.n - a.n,
      long: (a, b) => b.t.length + (b.c || 0) - a.t.length - (a.c || 0),
    },
    group: (i, order) => order === '' ? i.h || 'no host' : null,
    filter: f => {
      const host = f.host.value, reason = f.reason.value, least = limit(f.pages);
      return i => (!host || 'h' + i.h === host) && (!reason || i.r === reason) && (least === null || i.n >= least);
    },
    prepare: list => {
      const form = $('.filters', list.panel);
      const options = (select, key, label) => {
        const counts = new Map();
        for (const i of list.items) counts.set(i[key], (counts.get(i[key]) || 0) + 1);
        for (const [value, n] of [...counts].sort((a, b) => b[1] - a[1] || compare(a[0], b[0])).slice(0, 500)) {
          select.append(el('option', { value: label + value, text: (value || 'no host') + ' (' + number(n) + ')' }));
        }
      };
      options(form.elements.host, 'h', 'h');
      options(form.elements.reason, 'r', '');
    },
  },
  origins: {
    noun: 'passage', card: originCard,
    hay: i => [i.t, ...i.p.map(h => [nameText(h.d), h.w, ...(h.c || [])].join('\n'))].join('\n'),
    orders: {
      time: (a, b) => (a.p[0].t ?? Infinity) - (b.p[0].t ?? Infinity) || 0,
      long: (a, b) => b.w - a.w,
    },
    filter: f => {
      const least = limit(f.documents), known = f.known?.checked;
      return i => (least === null || i.n >= least) && (!known || i.f >= 0);
    },
  },
};
if (!$('#origins')) delete lists.origins;

const perPage = 20;
let query = [];

const load = list => {
  if (list.items) return list.items;
  const script = $('#data-' + list.key);
  list.items = JSON.parse(script.textContent) || [];
  script.remove();
  list.prepare?.(list);
  // A few findings need no filters.
  $('.filters', list.panel).hidden = list.items.length < 3;
  return list.items;
};

const matches = (list, item) => {
  if (query.length === 0) return true;
  item.hay ??= list.hay(item).toLowerCase();
  return query.every(q => item.hay.includes(q));
};

// select decides which findings the list shows.
const select = list => {
  const f = $('.filters', list.panel).elements;
  const fits = list.filter(f);
  list.shown = load(list).filter(i => matches(list, i) && fits(i));
  const order = list.orders[f.order.value];
  if (order) list.shown.sort(order);
  list.page = 0;
};

const draw = (list, opened) => {
  const { shown, items } = list;
  const pages = Math.max(1, Math.ceil(shown.length / perPage));
  list.page = Math.max(0, Math.min(pages - 1, list.page));
  const from = list.page * perPage, some = shown.slice(from, from + perPage);
  if (opened && some.length > 0 && !some.some(i => i.open)) some[0].open = true;
  const order = $('.filters', list.panel).elements.order.value;
  const ol = el('ol', { class: 'list' });
  let group = null;
  for (const item of some) {
    const g = list.group?.(item, order) ?? null;
    if (g !== null && g !== group) {
      const n = shown.filter(i => list.group(i, order) === g).length;
      ol.append(el('li', { class: 'group' }, el('h3', null, el('bdi', { text: g }), ' ', el('span', { class: 'quietly', text: count(n, 'block') }))));
    }
    group = g;
    ol.append(list.card(item, g !== null));
  }
  const total = shown.length === items.length ? count(items.length, list.noun) : number(shown.length) + ' of ' + count(items.length, list.noun);
  const status = el('p', { class: 'status', role: 'status', text: total + (pages > 1 ? ', ' + number(from + 1) + ' to ' + number(from + some.length) + ' here' : '') +
    (number(items.length) === list.total ? '' : ' (the page holds the largest of ' + list.total + ')') });
  const tools = el('div', { class: 'tools' }, status);
  if ((list.key === 'clusters' || list.key === 'passages') && some.length > 0) {
    const toggle = el('button', { type: 'button', class: 'view', text: view === 'one' ? 'Show side by side' : 'Show as one text' });
    toggle.addEventListener('click', () => {
      view = view === 'one' ? 'two' : 'one';
      for (const b of $$('.view')) b.textContent = view === 'one' ? 'Show side by side' : 'Show as one text';
      for (const c of $$('.compare')) c.redraw();
      markHits();
    });
    tools.append(toggle);
  }
  const nothing = some.length > 0 ? null : el('p', { class: 'nothing', text: items.length === 0 ? 'Nothing was found.' : 'No finding matches the search and the filters.' });
  $('.results', list.panel).replaceChildren(tools, ...(nothing ? [nothing] : [ol]), ...(pages > 1 ? [pager(list, pages)] : []));
  markHits();
};

const turn = (list, page) => {
  list.page = page;
  draw(list, true);
  list.panel.scrollIntoView();
  $('.card .open', list.panel)?.focus({ preventScroll: true });
};

const pager = (list, pages) => {
  const step = (text, page, off) => button(text, { disabled: off }, () => turn(list, page));
  const input = el('input', { type: 'number', min: 1, max: pages, value: list.page + 1, 'aria-label': 'Page', inputmode: 'numeric' });
  input.addEventListener('change', () => turn(list, Math.round(Number(input.value) || 1) - 1));
  return el('nav', { class: 'pager', 'aria-label': 'Pages of findings' },
    step('Previous', list.page - 1, list.page === 0), el('span', { class: 'where' }, 'Page ', input, ' of ' + number(pages)),
    step('Next', list.page + 1, list.page === pages - 1));
};

// markHits colours the matching words without changing the text.
const markHits = () => {
  if (!globalThis.Highlight || !CSS.highlights) return;
  CSS.highlights.delete('hit');
  if (query.length === 0 || !lists[current]) return;
  const ranges = [];
  const walker = document.createTreeWalker($('.results', lists[current].panel), NodeFilter.SHOW_TEXT);
  for (let node; ranges.length < 5000 && (node = walker.nextNode());) {
    const text = node.data.toLowerCase();
    if (text.length !== node.data.length) continue;
    for (const q of query.flatMap(q => q.split(/\s+/))) {
      for (let i = text.indexOf(q); q && i >= 0; i = text.indexOf(q, i + q.length)) {
        const r = new Range();
        r.setStart(node, i);
        r.setEnd(node, i + q.length);
        ranges.push(r);
      }
    }
  }
  CSS.highlights.set('hit', new Highlight(...ranges));
};
