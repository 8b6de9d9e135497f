// Large data is packed: deflated and written in base64. The rest of
// the page waits until it is unpacked. A browser that cannot unpack it shows a note.

const inflate = async script => {
  const packed = atob(script.textContent), bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  script.textContent = await new Response(unpacked).text();
};
const packed = $$('script[data-packed]');
if (packed.length > 0) {
  try {
    await Promise.all(packed.map(inflate));
  } catch (e) {
    document.body.prepend(el('p', { class: 'note', role: 'alert', text: 'This browser cannot unpack the findings on this page. Open it in a browser from 2023 or later.' }));
    throw e;
  }
}
