// What stands around the picture: details of one node, the table twin, the legend, the help.

import { htmlElement, lineageIcon, svgElement } from './lineage_shapes.js';

const LINEAGE_FACTS = {
  ran: 'Ran',
  took: 'Took',
  error: 'Stopped by',
  gap: 'Not seen',
  size: 'Size',
  format: 'Format',
  licence: 'Licence',
  version: 'Version',
  file: 'File',
  origin: 'Origin',
  opened: 'Opened from',
  signer: 'Signed by',
  about: 'About',
  note: 'Note',
  sha256: 'SHA-256'
};
const LINEAGE_MARK_WORDS = { failed: 'stopped', gap: 'not seen', focus: 'asked for' };
const LINEAGE_KEYS = [
  ['← →', 'along the flow: what it came from, what came of it'],
  ['↑ ↓', 'to the node above or below'],
  ['Home End', 'first and last node'],
  ['Enter', 'details; shows its cell'],
  ['f', 'only where it came from and what came of it'],
  ['u', 'unfold, or fold back'],
  ['+ − 0', 'zoom in, zoom out, show all'],
  ['t', 'table instead of the graph'],
  ['Esc', 'back']
];
const LINEAGE_POINTING = 'Drag to move. Ctrl or ⌘ and wheel zooms, Shift and wheel moves sideways.';

function lineageKind(kind) {
  return kind === 'run' ? 'cell run' : kind === 'steps' ? 'folded steps' : kind;
}

// Returns what a node is called aloud.
export function lineageNodeName(node) {
  const mark = LINEAGE_MARK_WORDS[node.mark];
  return [lineageKind(node.kind), node.label, node.mark === 'focus' ? mark : ''].filter(Boolean).join(': ');
}

export function lineageButton(text, label, act) {
  const button = htmlElement('button', { type: 'button', class: 'swp-button' }, text);
  if (label) {
    button.setAttribute('aria-label', label);
    button.title = label;
  }
  button.addEventListener('click', act);
  return button;
}

function lineageMark(kind) {
  const icon = svgElement('svg', {
    class: 'swp-mark',
    viewBox: '0 0 12 12',
    width: 12,
    height: 12,
    'aria-hidden': 'true'
  });
  if (kind === 'run' || kind === 'steps') {
    icon.append(svgElement('rect', { class: 'swp-box', x: 0.5, y: 1.5, width: 11, height: 9, rx: 2.5 }));
  } else {
    icon.append(lineageIcon(kind));
  }
  return icon;
}

// Returns a hash short in the middle, whole as title, with a button that copies it.
function lineageHash(value, say) {
  const short = value.length > 18 ? `${value.slice(0, 8)}…${value.slice(-6)}` : value;
  const copy = lineageButton('Copy', 'Copy SHA-256', async () => {
    try {
      await navigator.clipboard.writeText(value);
      say('SHA-256 copied.');
    } catch {
      say(`Copying is not allowed here. SHA-256: ${value}`);
    }
  });
  return [htmlElement('code', { title: value }, short), ' ', copy];
}

function lineageMoment(text) {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : moment.toLocaleString();
}

// Fills `place` with what is known of a node; `near` tells its neighbours, `actions` are [text, label, act].
export function fillLineageDetails(place, node, { near, actions, say, close }) {
  const rows = [];
  const named = (term, ...content) => rows.push(htmlElement('dt', {}, term), htmlElement('dd', {}, ...content));
  named(node.box ? 'Step' : 'Kind', node.box ? node.title : lineageKind(node.kind));
  if (node.count !== null) {
    named('Cell run', `[${node.count}]`);
  }
  named(
    node.box ? 'Read' : 'Came from',
    near[node.box ? 'flowsIn' : 'before'].map(lineageTitle).slice(0, 40).join(', ') || 'nothing seen'
  );
  named(
    node.box ? 'Made' : 'Used by',
    near[node.box ? 'flowsOut' : 'after'].map(lineageTitle).slice(0, 40).join(', ') || 'nothing seen'
  );
  if (near.assumed) {
    named('Assumed', `${near.assumed} of these flows ${near.assumed === 1 ? 'was' : 'were'} assumed, not seen`);
  }
  for (const [name, value] of node.facts) {
    const told = name === 'sha256' ? lineageHash(value, say) : [name === 'ran' ? lineageMoment(value) : value];
    named(Object.hasOwn(LINEAGE_FACTS, name) ? LINEAGE_FACTS[name] : name, ...told);
  }
  named('In full', node.label);
  const heading = htmlElement('h3', { class: 'swp-name', title: node.label }, lineageMark(node.kind), ` ${node.title}`);
  if (node.mark === 'failed' || node.mark === 'gap') {
    heading.append(' ', lineageState(node));
  }
  const buttons = actions.map(([text, label, act]) => lineageButton(text, label, act));
  const shut = lineageButton('Close', 'Close details', close);
  place.replaceChildren(
    htmlElement('div', { class: 'swp-head' }, heading, htmlElement('div', { class: 'swp-actions' }, ...buttons, shut)),
    htmlElement('dl', { class: 'swp-facts' }, ...rows)
  );
}

function lineageTitle(other) {
  return typeof other === 'string' ? other : other.title;
}

// A mark as icon and, where the text beside it does not say so already, as word.
function lineageState(node, beside = '') {
  const state = htmlElement('span', { class: 'swp-state', 'data-mark': node.mark });
  const word = LINEAGE_MARK_WORDS[node.mark];
  state.append(lineageMark(node.mark), beside.includes(word) ? '' : ` ${word}`);
  return state;
}

// Returns the table twin: the same nodes as the picture, in the order of the record. `open` shows details of one.
export function lineageTable(nodes, neighbours, { caption, open }) {
  const heads = ['Kind', 'Name', 'About', 'Comes from', 'Goes to'];
  const cell = (...content) => htmlElement('td', {}, ...content);
  const names = list =>
    list
      .slice(0, 40)
      .map(other => other.title)
      .join(', ') + (list.length > 40 ? ' …' : '');
  const body = nodes.map(node => {
    const near = neighbours(node);
    const name = open ? lineageButton(node.title, '', () => open(node)) : node.title;
    const about = [node.subtitle, node.extra].filter(Boolean).join(' · ');
    const state = node.mark === 'failed' || node.mark === 'gap' ? [lineageState(node, about), ' '] : [];
    const row = htmlElement('tr', { 'data-node': node.index }, cell(lineageKind(node.kind)));
    row.append(htmlElement('th', { scope: 'row', title: node.label }, name), cell(...state, about));
    row.append(cell(names(near.before)), cell(names(near.after)));
    return row;
  });
  const head = htmlElement('tr', {}, ...heads.map(text => htmlElement('th', { scope: 'col' }, text)));
  return htmlElement(
    'table',
    { class: 'swp-table' },
    htmlElement('caption', {}, caption),
    htmlElement('thead', {}, head),
    htmlElement('tbody', {}, ...body)
  );
}

// Returns what the legend holds: [mark or 'seen' or 'assumed' or kind, word], only of what is there.
export function lineageLegendEntries(nodes, edges) {
  const kinds = new Set(nodes.map(node => (node.box ? 'run' : node.kind)));
  const marks = new Set(nodes.map(node => node.mark));
  return [
    ...['run', 'dataset', 'model', 'figure', 'file', 'artifacts']
      .filter(kind => kinds.has(kind))
      .map(kind => [kind, lineageKind(kind)]),
    ...['failed', 'gap'].filter(mark => marks.has(mark)).map(mark => [mark, LINEAGE_MARK_WORDS[mark]]),
    ...(edges.some(edge => edge.seen) ? [['seen', 'seen']] : []),
    ...(edges.some(edge => !edge.seen) ? [['assumed', 'assumed']] : [])
  ];
}

export function fillLineageLegend(place, nodes, edges) {
  const entries = lineageLegendEntries(nodes, edges).map(([kind, word]) => {
    const line = kind === 'seen' || kind === 'assumed';
    const mark = line
      ? svgElement('svg', { class: 'swp-mark', viewBox: '0 0 20 12', width: 20, height: 12, 'aria-hidden': 'true' })
      : lineageMark(kind);
    if (line) {
      const edge = svgElement('g', { class: 'swp-edge', 'data-seen': kind === 'seen' });
      edge.append(svgElement('path', { class: 'swp-way', d: 'M0 6H20' }));
      mark.append(edge);
    }
    return htmlElement('li', {}, mark, ` ${word}`);
  });
  place.replaceChildren(...entries);
}

export function lineageHelp(close) {
  const rows = LINEAGE_KEYS.flatMap(([keys, text]) => [
    htmlElement('dt', {}, ...keys.split(' ').flatMap(key => [htmlElement('kbd', {}, key), ' '])),
    htmlElement('dd', {}, text)
  ]);
  const heading = htmlElement('h3', { class: 'swp-name' }, 'Keys in the graph');
  const shut = htmlElement('div', { class: 'swp-actions' }, lineageButton('Close', 'Close help', close));
  return [
    htmlElement('div', { class: 'swp-head' }, heading, shut),
    htmlElement('dl', { class: 'swp-facts' }, ...rows),
    htmlElement('p', { class: 'swp-quiet' }, LINEAGE_POINTING)
  ];
}
