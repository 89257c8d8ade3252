// The parts around the picture: heading, buttons, table, details, legend, and a line that says what happened.

import { lineageButton } from './lineage_panels.js';
import { htmlElement, svgElement } from './lineage_shapes.js';

// Returns all parts by name; `acts` holds what the buttons do.
export function lineageFrame(lineage, { name, fill, acts }) {
  const layer = svgElement('g', {});
  const svg = svgElement('svg', { class: 'swp-canvas', role: 'group', 'aria-label': `Graph: ${lineage.title}` }, layer);
  svg.setAttribute('aria-describedby', `${name}-summary`);
  const [acrossTrack, downTrack] = ['swp-across', 'swp-down'].map(side => {
    const thumb = htmlElement('span', {});
    return htmlElement('div', { class: `swp-track ${side}`, 'aria-hidden': 'true' }, thumb);
  });
  const stage = htmlElement('div', { class: 'swp-stage' }, svg, acrossTrack, downTrack);
  const label = { role: 'group', 'aria-label': `Table: ${lineage.title}` };
  const tablePlace = htmlElement('div', { class: 'swp-table-place', tabindex: '0', ...label });
  const details = htmlElement('section', { class: 'swp-details', role: 'group', tabindex: '0', 'aria-label': 'Details' });
  details.hidden = true;
  const legend = htmlElement('ul', { class: 'swp-legend', 'aria-label': 'Legend' });
  const count = htmlElement('span', { class: 'swp-count' });
  const status = htmlElement('p', { class: 'swp-status', role: 'status' });
  const summary = htmlElement('p', { class: 'swp-hidden', id: `${name}-summary` }, lineage.summary);
  const title = htmlElement('h2', { class: 'swp-heading', title: lineage.title }, lineage.title);
  const foot = htmlElement('div', { class: 'swp-foot' }, legend, count);
  const { tools, ...buttons } = lineageTools(acts);
  // No landmark: a notebook may hold many of these, and landmarks are what a reader leaps between.
  const root = htmlElement('section', { class: 'swp-lineage', role: 'group', 'aria-label': `Lineage: ${lineage.title}` });
  root.classList.toggle('swp-fill', fill);
  const top = htmlElement('div', { class: 'swp-top' }, title, tools);
  root.append(top, summary, stage, tablePlace, details, foot, status);
  return { root, svg, layer, stage, acrossTrack, downTrack, tablePlace, details, legend, count, status, ...buttons };
}

function lineageTools(acts) {
  const group = (label, ...parts) =>
    htmlElement('div', { class: 'swp-group', role: 'group', 'aria-label': label }, ...parts);
  const backButton = lineageButton('Show all', 'Show all nodes again', acts.back);
  const foldButton = lineageButton('Unfold all', '', acts.fold);
  const tableButton = lineageButton('Table', '', acts.table);
  const zoomGroup = group(
    'Zoom',
    lineageButton('−', 'Zoom out', () => acts.zoom(1 / 1.3)),
    lineageButton('+', 'Zoom in', () => acts.zoom(1.3)),
    lineageButton('Fit', 'Show the whole graph', acts.whole)
  );
  const save = group('Save', htmlElement('span', { class: 'swp-quiet', 'aria-hidden': 'true' }, 'Save'));
  for (const ending of ['SVG', 'PNG', 'HTML']) {
    save.append(lineageButton(ending, `Save as ${ending}`, () => acts.save(ending)));
  }
  const helpButton = lineageButton('?', 'Keys in the graph', acts.help);
  helpButton.setAttribute('aria-expanded', 'false');
  const parts = [backButton, foldButton, tableButton, zoomGroup, save, helpButton];
  const tools = htmlElement('div', { class: 'swp-tools' }, ...parts);
  return { tools, backButton, foldButton, tableButton, zoomGroup, helpButton };
}
