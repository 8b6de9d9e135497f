// The documents that the page holds, and their texts.

let documents = null;
const documentOf = n => {
  if (!documents) {
    const script = $('#data-docs');
    documents = JSON.parse(script.textContent);
    script.remove();
  }
  return documents[n];
};

// textOf returns the text of a document, or null if it is not on the page. A text
// may be encoded by copies from another one.
const textOf = n => {
  const d = documentOf(n);
  if (d.t === undefined) return null;
  if (typeof d.t !== 'string') {
    const [other, ...ops] = d.t, from = textOf(other);
    let text = '';
    for (let i = 0; i < ops.length; i++) {
      text += typeof ops[i] === 'string' ? ops[i] : from.slice(ops[i], ops[i] += ops[++i]);
    }
    d.t = text;
  }
  return d.t;
};

// nameOf returns a document's name, with the folder of a path less prominent than
// its end. It is a link if the page knows the document's location.
const nameOf = (n, linked = true) => {
  const d = documentOf(n), at = d.i.lastIndexOf('/', d.i.length - 2) + 1;
  const name = el('bdi', { class: 'id' }, at > 0 ? el('span', { class: 'folder', text: d.i.slice(0, at) }) : null, d.i.slice(at));
  if (!linked || !d.l) return name;
  return el('a', { class: 'source', href: d.l, rel: 'noreferrer', target: '_blank', title: 'open ' + d.l }, name);
};
const hostOf = n => documentOf(n).h ? el('bdi', { class: 'host', text: documentOf(n).h }) : null;
const placeOf = n => documentOf(n).s ? el('bdi', { class: 'host', text: documentOf(n).s }) : null;

// headOf returns the line above a text.
const headOf = (n, role, side) => el('p', { class: 'side ' + side }, el('span', { class: 'role', text: role }), ' ', nameOf(n), ' ', hostOf(n), ' ', placeOf(n));
