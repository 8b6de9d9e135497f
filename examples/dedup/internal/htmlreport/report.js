'use strict';
(() => {

// Foreign text only ever becomes a text node or an attribute's value.
const el = (tag, attributes, ...children) => {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes || {})) {
    if (v === false || v === undefined) continue;
    if (k === 'text') e.textContent = v;
    else e.setAttribute(k, v === true ? '' : v);
  }
  e.append(...children.filter(c => c !== null && c !== undefined));
  return e;
};
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const number = n => String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f');
const count = (n, what) => number(n) + ' ' + what + (n === 1 ? '' : 's');
const similarity = s => s >= 1 ? '1.000' : Math.min(s, 0.999).toFixed(3);
const percent = s => s >= 1 ? '100\u00a0%' : Math.min(99, Math.round(100 * s)) + '\u00a0%';
// foreign shows an id, the folder of a path less than its end.
const foreign = text => {
  const at = text.lastIndexOf('/') + 1;
  return el('bdi', { class: 'id' }, at > 0 ? el('span', { class: 'folder', text: text.slice(0, at) }) : null, text.slice(at));
};
const narrow = matchMedia('(max-width: 760px)');

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

// ---- Comparisons ---------------------------------------------------------

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

// ---- Cards ---------------------------------------------------------------

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

// ---- Lists ---------------------------------------------------------------

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

// ---- Tabs, search, keys --------------------------------------------------

const tabs = $$('[role=tab]');
let current = 'summary';
const keyOf = tab => tab.id.slice('tab-'.length);

const openTab = key => {
  if (!tabs.some(t => keyOf(t) === key)) return;
  current = key;
  for (const t of tabs) {
    const on = keyOf(t) === key;
    t.setAttribute('aria-selected', String(on));
    t.tabIndex = on ? 0 : -1;
    $('#panel-' + keyOf(t)).hidden = !on;
    if (on) t.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
  const list = lists[key];
  if (list && !list.shown) {
    select(list);
    draw(list, true);
  } else {
    markHits();
  }
};

const go = key => {
  history.replaceState(null, '', '#' + key);
  openTab(key);
  const bar = $('#bar').getBoundingClientRect();
  if (bar.top <= 0) $('#findings').scrollIntoView();
};

for (const t of tabs) {
  t.addEventListener('click', () => go(keyOf(t)));
  t.addEventListener('keydown', e => {
    const at = tabs.indexOf(t);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    next.focus();
    go(keyOf(next));
  });
}
addEventListener('hashchange', () => {
  const key = location.hash.slice(1);
  openTab(key);
  if (lists[key]) $('#findings').scrollIntoView();
});

const search = $('#search');
let timer = 0;
const runSearch = () => {
  // Escape searches at once; a search that waits would draw the list again later
  // and take the focus from what has it by then.
  clearTimeout(timer);
  query = [];
  for (const m of search.value.toLowerCase().matchAll(/"([^"]+)"?|(\S+)/g)) {
    const q = (m[1] ?? m[2]).trim();
    if (q && q !== '"') query.push(q);
  }
  for (const list of Object.values(lists)) {
    const n = query.length === 0 ? list.total : number(load(list).filter(i => matches(list, i)).length) + ' of ' + number(list.items.length);
    $('#count-' + list.key).textContent = n;
    list.shown = null;
  }
  if (current === 'summary' && query.length > 0) {
    const first = Object.values(lists).find(list => list.items.some(i => matches(list, i)));
    if (first) return go(first.key);
  }
  const list = lists[current];
  if (list) {
    select(list);
    draw(list, true);
  }
};
search.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(runSearch, 150);
});

for (const [key, list] of Object.entries(lists)) {
  list.key = key;
  list.panel = $('#panel-' + key);
  list.total = $('#count-' + key).textContent;
  const form = $('.filters', list.panel);
  form.addEventListener('submit', e => e.preventDefault());
  form.addEventListener('input', () => {
    select(list);
    draw(list, true);
  });
}

const help = $('#help');
$('#keys').addEventListener('click', () => help.showModal());

const moveTo = by => {
  const list = lists[current];
  if (!list) return;
  const cards = $$('.card .open', list.panel);
  const at = cards.findIndex(c => c.closest('.card').contains(document.activeElement));
  const next = cards[at < 0 ? 0 : at + by];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.closest('.card').scrollIntoView({ block: 'nearest' });
};
document.addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey || help.open) return;
  if (e.target.matches('input, select, textarea')) {
    if (e.key === 'Escape' && e.target === search) {
      search.value = '';
      runSearch();
      search.blur();
    }
    return;
  }
  const pane = e.target.closest?.('.pane');
  const list = lists[current];
  const act = {
    '/': () => search.focus(),
    '?': () => help.showModal(),
    j: () => moveTo(1),
    k: () => moveTo(-1),
    '[': () => list && list.page > 0 && turn(list, list.page - 1),
    ']': () => list && (list.page + 1) * perPage < list.shown.length && turn(list, list.page + 1),
    ArrowRight: pane && (() => stepWord(pane, 1)),
    ArrowLeft: pane && (() => stepWord(pane, -1)),
    Escape: () => { search.value = ''; runSearch(); },
  }[e.key] || (/^[1-4]$/.test(e.key) && (() => { go(keyOf(tabs[e.key - 1])); tabs[e.key - 1].focus({ preventScroll: true }); }));
  if (!act) return;
  e.preventDefault();
  act();
});
narrow.addEventListener('change', () => {
  view = narrow.matches ? 'one' : 'two';
  for (const c of $$('.compare')) c.redraw();
  for (const b of $$('.view')) b.textContent = view === 'one' ? 'Show side by side' : 'Show as one text';
});

document.documentElement.classList.add('ready');
openTab(lists[location.hash.slice(1)] ? location.hash.slice(1) : 'summary');
})();
