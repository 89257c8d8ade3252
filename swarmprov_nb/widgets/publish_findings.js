import { button, drawGlyph, element, glyph, put, shown } from './elements.js';

/** One finding: what stands where, what to do, and the buttons that do it. */
export function findingRow(row) {
  let finding = {};
  const icon = glyph('warns');
  const mark = element('span', { class: 'swarmprov-away' });
  const place = element('bdi', { class: 'swarmprov-place' });
  const rule = element('span');
  const excerpt = element('code', { dir: 'ltr' });
  const advice = element('span', { class: 'swarmprov-advise', dir: 'auto' });
  const show = button('Show', showCell, { quiet: true });
  const leave = button('Leave out', () => row.toggle(row.itemOf(finding.item), false), { quiet: true });
  const accept = button('Publish it anyway', () => row.accept(finding, !accepted()), { quiet: true });
  const acts = element('span', { class: 'swarmprov-acts' }, show, leave, accept);
  const node = element('li', { class: 'swarmprov-finding' }, icon,
    element('div', {}, element('p', {}, mark, place, ' ', rule, ' ', excerpt), element('p', {}, advice), acts));

  function showCell() {
    const detail = { cell_id: finding.cell_id, execution_count: finding.execution_count ?? null };
    node.dispatchEvent(new CustomEvent('swarmprov:show-cell', { bubbles: true, composed: true, detail }));
  }

  const accepted = () => Boolean(finding.accepted) || (row.choices().accept ?? []).includes(finding.id);

  function update(next) {
    finding = next;
    const item = finding.item && row.itemOf(finding.item);
    const stops = finding.stops && !accepted();
    node.classList.toggle('swarmprov-stops', Boolean(stops));
    drawGlyph(icon, stops ? 'stops' : 'warns');
    put(mark, stops ? 'This stops the publication. ' : 'Look at this. ');
    put(place, `${finding.place}${finding.line ? `, line ${finding.line}` : ''}:`);
    const name = String(finding.rule).replaceAll('-', ' ').replace('e mail', 'e-mail');
    put(rule, name);
    put(excerpt, finding.excerpt ?? '');
    shown(excerpt, finding.excerpt);
    put(advice, accepted() ? 'You chose to publish it: it becomes public for ever.' : (finding.advice ?? ''));
    shown(show, finding.cell_id && row.host.root.closest('[data-swarmprov-cells]'));
    shown(leave, item && !item.fixed && row.ticked(item));
    put(leave, `Leave out ${String(item?.name ?? '').slice(0, 40)}`);
    shown(accept, finding.stops || accepted());
    put(accept, accepted() ? 'Do not publish it' : 'Publish it anyway');
    const where = `: ${name.slice(0, 80)} in ${String(finding.place).slice(0, 80)}`;
    for (const each of [show, accept]) each.setAttribute('aria-label', each.textContent + where);
  }

  return { node, update };
}

/** Whether a list of findings holds any that is shown. */
export function leavable(list) {
  return !list.hidden && list.childElementCount > 0;
}
