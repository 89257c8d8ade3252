import { drawGlyph, element, freshId, glyph, put, putFacts, putName, shown } from './elements.js';

const LEFT_OUT = { hide: 'hidden', cite: 'cited: name and digests leave' };

/** One item: tick, kind, name, what it is, size; and, where it is left out, what still leaves. */
export function itemRow(row) {
  let item = {};
  const whyId = freshId('why');
  const tick = element('input', { type: 'checkbox', on: { change: () => row.toggle(item, tick.checked) } });
  const icon = glyph('file');
  const name = element('bdi', { class: 'swarmprov-name' });
  const kind = element('span', { class: 'swarmprov-away' });
  const detail = element('span', { class: 'swarmprov-detail', dir: 'auto' });
  const size = element('span', { class: 'swarmprov-size' });
  const options = Object.entries(LEFT_OUT).map(([value, text]) => element('option', { value, text }));
  const how = element('select', { class: 'swarmprov-how', on: { change: () => row.leave(item, how.value) } }, ...options);
  const why = element('span', { class: 'swarmprov-why', id: whyId, dir: 'auto' });
  const words = element('span', { class: 'swarmprov-words' }, name, ' ', kind, detail);
  const node = element('li', { class: 'swarmprov-item' }, element('label', {}, tick, icon, words, size), why, how);

  function update(next) {
    item = next;
    const { hide = [], cite = [] } = row.choices();
    const chosen = hide.includes(item.id) ? 'hide' : cite.includes(item.id) ? 'cite' : null;
    const ticked = row.ticked(item);
    if (tick.checked !== ticked) tick.checked = ticked;
    tick.disabled = item.fixed || (!ticked && !chosen); // what is cited by its nature cannot be published from here
    node.classList.toggle('swarmprov-out', !ticked);
    icon.setAttribute('class', `swarmprov-glyph swarmprov-kind-${item.kind}`);
    drawGlyph(icon, item.kind);
    putName(name, item.name);
    put(kind, `${item.kind}, `);
    putFacts(detail, item.detail ?? '');
    put(size, item.size_text);
    put(why, item.why ?? '');
    shown(why, item.why);
    if (item.why) tick.setAttribute('aria-describedby', whyId);
    else tick.removeAttribute('aria-describedby');
    shown(how, chosen);
    if (chosen && how.value !== chosen) how.value = chosen;
    how.setAttribute('aria-label', `What still leaves of ${String(item.name).slice(0, 200)}`);
  }

  return { node, update };
}
