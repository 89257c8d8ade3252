// The picture to take along: SVG, PNG, or a page with the picture and its table. No script, nothing from elsewhere,
// in the colours of paper.

import { lineageTable, lineageLegendEntries } from './lineage_panels.js';
import { htmlElement, lineageFitter, lineageIcon, svgElement } from './lineage_shapes.js';

const LINEAGE_PAPER = {
  run: ['#a9b3bd', '#f6f8fa'],
  steps: ['#a9b3bd', '#f6f8fa'],
  dataset: ['#0072b2', '#e8f3fa'],
  model: ['#a8478f', '#faeef7'],
  figure: ['#00805a', '#e6f5f0'],
  file: ['#5f6975', '#f1f3f5'],
  artifacts: ['#5f6975', '#f1f3f5'],
  failed: ['#cf222e', '#fff1f0', '#b3131f'],
  gap: ['#9a6700', '#fff8e5', '#7d4e00']
};
const LINEAGE_INK = '#1f2328';
const LINEAGE_QUIET = '#57606a';
const LINEAGE_LINE = '#768390';
const LINEAGE_PAPER_EDGE = '#d0d7de';
const LINEAGE_PAPER_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Arial, 'DejaVu Sans', sans-serif";
const LINEAGE_LARGEST_PNG = 8000;
const LINEAGE_PAGE_STYLE = [
  `body{font:14px/1.5 ${LINEAGE_PAPER_FONT};color:${LINEAGE_INK};margin:2rem auto;max-width:60rem;padding:0 1rem}`,
  'figure{margin:0;overflow-x:auto}table{border-collapse:collapse;margin-top:1.5rem;width:100%}',
  `caption{text-align:left;color:${LINEAGE_QUIET}}th,td{border-bottom:1px solid ${LINEAGE_PAPER_EDGE}}`,
  'th,td{padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}'
].join('');

function paintLineage(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
}

// Gives a copied shape the attributes that its classes stand for.
function lineageOnPaper(element, node) {
  const name = element.getAttribute('class') || '';
  const kind = element.getAttribute('data-kind') || node?.kind;
  const [edge, ground, text] = LINEAGE_PAPER[node?.mark] || LINEAGE_PAPER[node?.kind] || LINEAGE_PAPER.file;
  const looks = {
    'swp-box': { fill: ground, stroke: edge, 'stroke-width': node?.mark === 'focus' ? 2.2 : 1 },
    'swp-icon': {
      fill: 'none',
      stroke: (LINEAGE_PAPER[kind] || [edge])[0],
      'stroke-width': 1.3,
      'stroke-linejoin': 'round'
    },
    'swp-title': { fill: LINEAGE_INK, 'font-weight': 600 },
    'swp-subtitle': { fill: text || LINEAGE_QUIET },
    'swp-extra': { fill: LINEAGE_QUIET },
    'swp-way': { fill: 'none', stroke: LINEAGE_LINE, 'stroke-width': 1.3 },
    'swp-tip': { fill: LINEAGE_LINE }
  };
  paintLineage(element, looks[name.split(' ')[0]] || {});
  if (name === 'swp-way' && element.parentNode.getAttribute('data-seen') === 'false') {
    element.setAttribute('stroke-dasharray', '4 3');
  }
}

function lineagePlain(group, nodeOf) {
  const copy = group.cloneNode(true);
  copy.querySelectorAll('.swp-badge').forEach(badge => badge.remove());
  for (const element of [copy, ...copy.querySelectorAll('*')]) {
    lineageOnPaper(element, nodeOf(element));
  }
  for (const element of [copy, ...copy.querySelectorAll('*')]) {
    for (const { name } of [...element.attributes]) {
      if (/^(class|role|tabindex|id|data-.*|aria-.*)$/.test(name)) {
        element.removeAttribute(name);
      }
    }
  }
  return copy;
}

// Returns the standing picture as an SVG element: title, graph, legend.
function lineagePicture({ lineage, seen, size, groups, count }) {
  const wide = Math.max(size.w, 460);
  const entries = lineageLegendEntries(seen.nodes, seen.edges);
  const high = 42 + size.h + 48 + 20 * Math.floor(entries.length / 5);
  const svg = svgElement('svg', {
    width: wide,
    height: high,
    viewBox: `0 0 ${wide} ${high}`,
    role: 'img',
    direction: 'ltr'
  });
  paintLineage(svg, { 'aria-label': lineage.title, 'font-family': LINEAGE_PAPER_FONT });
  svg.append(svgElement('title', {}, lineage.title), svgElement('desc', {}, lineage.summary));
  const frame = {
    x: 0.5,
    y: 0.5,
    width: wide - 1,
    height: high - 1,
    rx: 8,
    fill: '#ffffff',
    stroke: LINEAGE_PAPER_EDGE
  };
  const heading = lineageFitter(svg)(lineage.title, wide - 40, 13, true);
  svg.append(svgElement('rect', frame));
  svg.append(svgElement('text', { x: 16, y: 25, 'font-size': 13, 'font-weight': 600, fill: LINEAGE_INK }, heading));
  const body = svgElement('g', { transform: 'translate(0 42)' });
  const owner = new Map(seen.nodes.map(node => [String(node.index), node]));
  const nodeOf = element => owner.get(element.closest('[data-node]')?.getAttribute('data-node'));
  body.append(...groups.map(group => lineagePlain(group, nodeOf)));
  const legend = svgElement('g', { transform: `translate(16 ${size.h + 66})` });
  entries.forEach(([kind, word], index) => legend.append(lineageLegendMark(kind, word, index)));
  const told = { x: wide - 32, y: 10, 'font-size': 10.5, 'text-anchor': 'end', fill: LINEAGE_QUIET };
  legend.append(svgElement('text', told, count));
  svg.append(body, legend);
  return svg;
}

function lineageLegendMark(kind, word, index) {
  const entry = svgElement('g', { transform: `translate(${(index % 5) * 74} ${20 * Math.floor(index / 5)})` });
  const [edge, ground] = LINEAGE_PAPER[kind] || [LINEAGE_LINE, 'none'];
  if (kind === 'run') {
    entry.append(svgElement('rect', { y: 0.5, width: 15, height: 11, rx: 3, fill: ground, stroke: edge }));
  } else if (LINEAGE_PAPER[kind]) {
    const icon = lineageIcon(kind);
    ['class', 'data-kind'].forEach(name => icon.removeAttribute(name));
    paintLineage(icon, { fill: 'none', stroke: edge, 'stroke-width': 1.3 });
    entry.append(icon);
  } else {
    const dashes = kind === 'assumed' ? { 'stroke-dasharray': '4 3' } : {};
    entry.append(svgElement('path', { d: 'M0 6H16', stroke: edge, 'stroke-width': 1.5, ...dashes }));
  }
  entry.append(svgElement('text', { x: 20, y: 10, 'font-size': 10.5, fill: LINEAGE_QUIET }, word));
  return entry;
}

export function lineageSvgFile(picture) {
  return new Blob([new XMLSerializer().serializeToString(lineagePicture(picture))], { type: 'image/svg+xml' });
}

// Returns the picture as PNG, twice its size; refused where a browser could not draw it.
export async function lineagePngFile(picture) {
  const svg = lineagePicture(picture);
  const [w, h] = ['width', 'height'].map(name => Number(svg.getAttribute(name)));
  const scale = Math.min(2, LINEAGE_LARGEST_PNG / Math.max(w, h));
  if (scale < 0.9) {
    throw new Error('This picture is too large for PNG. Save it as SVG.');
  }
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  await image.decode();
  const canvas = htmlElement('canvas', { width: Math.round(w * scale), height: Math.round(h * scale) });
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  const file = await new Promise(resolve => canvas.toBlob(resolve, 'image/png'));
  if (!file) {
    throw new Error('This browser could not make a PNG. Save it as SVG.');
  }
  return file;
}

// Returns a page of its own: the picture and the table, readable without scripts and without a network.
export function lineagePageFile(picture, neighbours) {
  const page = document.implementation.createHTMLDocument(picture.lineage.title);
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  page.documentElement.setAttribute('lang', 'en');
  page.head.prepend(
    htmlElement('meta', { charset: 'utf-8' }),
    htmlElement('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
    htmlElement('meta', { name: 'viewport', content: 'width=device-width' })
  );
  page.head.append(htmlElement('style', {}, LINEAGE_PAGE_STYLE));
  const table = lineageTable(picture.seen.nodes, neighbours, { caption: picture.count });
  table.querySelectorAll('svg').forEach(mark => mark.remove());
  page.body.append(
    htmlElement('h1', {}, picture.lineage.title),
    htmlElement('figure', {}, lineagePicture(picture)),
    htmlElement('p', {}, picture.lineage.summary),
    table
  );
  return new Blob([`<!doctype html>\n${page.documentElement.outerHTML}`], { type: 'text/html' });
}

export function saveLineageFile(file, title, ending) {
  const stem = title
    .replace(/\.ipynb$/, '')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
  const link = htmlElement('a', {
    href: URL.createObjectURL(file),
    download: `${stem || 'notebook'}-lineage.${ending}`
  });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
