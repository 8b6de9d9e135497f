// Elements of the page, and figures formatted for people.

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
const button = (text, attributes, act) => {
  const b = el('button', { type: 'button', text, ...attributes });
  b.addEventListener('click', act);
  return b;
};

const number = n => String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f');
const count = (n, what) => number(n) + ' ' + what + (n === 1 ? '' : 's');
// Only a complete share is shown as 100 %, and only an empty one as 0 %.
const percent = s => (s >= 1 ? 100 : s <= 0 ? 0 : Math.max(1, Math.min(99, Math.round(100 * s)))) + '\u00a0%';
const narrow = matchMedia('(max-width: 760px)');
const still = matchMedia('(prefers-reduced-motion: reduce)');
