// Elements of the page, and figures as people read them.

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
