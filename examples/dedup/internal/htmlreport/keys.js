// Tabs, the search field, the keyboard; the last lines start the page.

const tabs = $$('[role=tab]');
const keyOf = tab => tab.id.slice('tab-'.length);
let current = keyOf(tabs.find(t => t.getAttribute('aria-selected') === 'true'));

const openTab = key => {
  if (!tabs.some(t => keyOf(t) === key)) return;
  current = key;
  for (const t of tabs) {
    const on = keyOf(t) === key;
    t.setAttribute('aria-selected', String(on));
    t.tabIndex = on ? 0 : -1;
    $('#' + keyOf(t)).classList.toggle('on', on);
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
  // Escape searches at once: a delayed search would draw the list again later and take
  // the focus from the element that has it by then.
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
  if (query.length > 0 && !lists[current].items.some(i => matches(lists[current], i))) {
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
  list.panel = $('#' + key);
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
  if (reader.open) {
    const by = { n: 1, j: 1, p: -1, k: -1 }[e.key];
    if (by) reading.go(reading.at + by);
    return;
  }
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
    o: () => (document.activeElement.closest('.card') ?? $('.card:has(.whole)', list.panel))?.querySelector('.whole')?.click(),
    '[': () => list && list.page > 0 && turn(list, list.page - 1),
    ']': () => list && (list.page + 1) * perPage < list.shown.length && turn(list, list.page + 1),
    ArrowRight: pane && (() => stepWord(pane, 1)),
    ArrowLeft: pane && (() => stepWord(pane, -1)),
    Escape: () => { search.value = ''; runSearch(); },
  }[e.key] || (/^[1-9]$/.test(e.key) && tabs[e.key - 1] && (() => { go(keyOf(tabs[e.key - 1])); tabs[e.key - 1].focus({ preventScroll: true }); }));
  if (!act) return;
  e.preventDefault();
  act();
});
narrow.addEventListener('change', () => {
  view = narrow.matches ? 'one' : 'two';
  for (const c of $$('.results .compare')) c.redraw();
  for (const b of $$('.view')) b.textContent = view === 'one' ? 'Show side by side' : 'Show as one text';
});

openTab(lists[location.hash.slice(1)] ? location.hash.slice(1) : current);
document.documentElement.classList.add('ready');
performance.mark('ready');
