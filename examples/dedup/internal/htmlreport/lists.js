// The lists of findings: search, filters, orders, pages.

const textOf = c => c ? [...pieces(c.a), ...c.b.filter((_, i) => i % 3 === 1).map(text => ({ text }))].map(p => typeof p.text === 'string' ? p.text : '').join('') : '';
const compare = (a, b) => a < b ? -1 : a > b ? 1 : 0;
const limit = input => input.value === '' ? null : Number(input.value);

const lists = {
  clusters: {
    noun: 'cluster', card: clusterCard,
    hay: i => [i.k, i.h, i.t, ...i.m.map(m => m.i + '\n' + (m.h || '') + '\n' + textOf(m.c))].join('\n'),
    orders: {
      low: (a, b) => Math.min(...a.m.map(m => m.s)) - Math.min(...b.m.map(m => m.s)),
      high: (a, b) => Math.max(...b.m.map(m => m.s)) - Math.max(...a.m.map(m => m.s)),
      id: (a, b) => compare(a.k, b.k),
    },
    filter: f => {
      const from = limit(f.from), to = limit(f.to), differ = f.differ.checked;
      return i => i.m.some(m => (from === null || m.s >= from) && (to === null || m.s <= to) &&
        (!differ || m.c && m.c.d + m.c.e > 0));
    },
  },
  passages: {
    noun: 'pair', card: passageCard,
    hay: i => [i.a, i.g, i.b, i.h, ...i.p.map(p => textOf(p.c))].join('\n'),
    orders: {
      low: (a, b) => Math.min(...a.p.map(p => p.s)) - Math.min(...b.p.map(p => p.s)),
      id: (a, b) => compare(a.a, b.a) || compare(a.b, b.b),
    },
    filter: f => {
      const least = limit(f.words), kind = f.kind.value;
      return i => i.p.some(p => (least === null || p.w >= least) && (!kind || Boolean(p.x) === (kind === 'exact')));
    },
  },
  blocks: {
    noun: 'block', card: blockCard,
    hay: i => [i.h, i.t, i.r, ...i.p].join('\n'),
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
};

const perPage = 20;
let query = [];
let view = narrow.matches ? 'one' : 'two';

const load = list => {
  if (list.items) return list.items;
  const script = $('#data-' + list.key);
  list.items = JSON.parse(script.textContent) || [];
  script.remove();
  list.prepare?.(list);
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
  if (list.key !== 'blocks' && some.length > 0) {
    const toggle = el('button', { type: 'button', class: 'view', text: view === 'one' ? 'Show side by side' : 'Show as one text' });
    toggle.addEventListener('click', () => {
      view = view === 'one' ? 'two' : 'one';
      for (const b of $$('.view')) b.textContent = view === 'one' ? 'Show side by side' : 'Show as one text';
      for (const c of $$('.compare')) c.redraw();
      markHits();
    });
    tools.append(toggle);
  }
  const nothing = some.length > 0 ? null : el('p', { class: 'nothing', text: items.length === 0 ? 'Nothing was found.' : 'No finding fits the search and the filters.' });
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
  const button = (text, page, off) => {
    const b = el('button', { type: 'button', text, disabled: off });
    b.addEventListener('click', () => turn(list, page));
    return b;
  };
  const input = el('input', { type: 'number', min: 1, max: pages, value: list.page + 1, 'aria-label': 'Page', inputmode: 'numeric' });
  input.addEventListener('change', () => turn(list, Math.round(Number(input.value) || 1) - 1));
  return el('nav', { class: 'pager', 'aria-label': 'Pages of findings' },
    button('Previous', list.page - 1, list.page === 0), el('span', { class: 'where' }, 'Page ', input, ' of ' + number(pages)),
    button('Next', list.page + 1, list.page === pages - 1));
};

// markHits colours the words searched for, without touching the text.
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
