// Draws the lineage of a notebook, in a notebook's output, a widget or a view of its own.
//
//   const drawing = draw(element, document, { fill: true });   // fill: as high as its place, and a plain wheel moves it
//   drawing.dispose();
//
// `document` is application/vnd.swarmprov.lineage+json as swarmprov_nb/view/document.py describes it, from whomever.
// A node that is clicked dispatches `swarmprov:show-cell` with { cell_id, execution_count }; it bubbles. Styles are in
// lineage.css, which the host loads.

import { readLineage } from './lineage_document.js';
import { lineagePageFile, lineagePngFile, lineageSvgFile, saveLineageFile } from './lineage_export.js';
import { lineageAppend, lineageFoldOf, lineageHeld, lineageKin, lineageSeen } from './lineage_fold.js';
import { layOut } from './lineage_layout.js';
import { fillLineageDetails, fillLineageLegend, lineageButton, lineageHelp, lineageNodeName, lineageTable } from './lineage_panels.js';
import { fillLineageNode, htmlElement, lineageArrow, lineageEdge, lineageEdgeTitle, lineageFitter, lineageWay, svgElement } from './lineage_shapes.js';
import { lineageView } from './lineage_view.js';
import { lineageStep } from './lineage_walk.js';

const LINEAGE_EDGES_ALONE = 1500; // more are drawn together, some hundreds to a shape
const LINEAGE_AT_A_TIME = 200;
const LINEAGE_HIGHEST = 560;
let lineageDrawings = 0;

export function draw(el, document, options = {}) {
  let lineage;
  try {
    lineage = readLineage(document);
  } catch {
    lineage = { problem: 'This lineage cannot be drawn: its document is damaged. Run %provenance again.' };
  }
  if (lineage.problem) {
    const note = htmlElement('p', { class: 'swp-lineage swp-problem', role: 'status' }, lineage.problem);
    el.replaceChildren(note);
    return { dispose: () => note.remove() };
  }
  const drawing = new LineageDrawing(el, lineage, options);
  return { dispose: () => drawing.dispose() };
}

class LineageDrawing {
  constructor(el, lineage, options) {
    lineageDrawings += 1;
    Object.assign(this, { el, lineage, options, name: `swp-${lineageDrawings}`, open: new Set(), disposed: false });
    Object.assign(this, { focused: null, current: null, picked: null, tabled: false });
    this.build();
    el.replaceChildren(this.root);
    this.fit = lineageFitter(this.root);
    this.view = lineageView(this.svg, this.layer, {
      size: () => this.size,
      fills: Boolean(options.fill),
      moved: (view, room, size) => this.onMoved(view, room, size)
    });
    this.redraw();
    this.resized = new ResizeObserver(() => this.onResized());
    this.resized.observe(this.root);
  }

  dispose() {
    this.disposed = true;
    this.resized.disconnect();
    this.view.dispose();
    this.root.remove();
  }

  // The parts around the picture.
  build() {
    const { lineage, name } = this;
    this.svg = svgElement('svg', { class: 'swp-canvas', role: 'group', 'aria-label': `Graph: ${lineage.title}` });
    this.svg.setAttribute('aria-describedby', `${name}-summary`);
    this.layer = svgElement('g', {});
    this.svg.append(this.layer);
    this.track = htmlElement('div', { class: 'swp-track', 'aria-hidden': 'true' }, htmlElement('span', {}));
    this.stage = htmlElement('div', { class: 'swp-stage' }, this.svg, this.track);
    this.tablePlace = htmlElement('div', { class: 'swp-table-place', tabindex: '0', role: 'region' });
    this.tablePlace.setAttribute('aria-label', `Table: ${lineage.title}`);
    this.tablePlace.hidden = true;
    this.details = htmlElement('section', { class: 'swp-details', 'aria-label': 'Details', tabindex: '-1' });
    this.details.hidden = true;
    this.legend = htmlElement('ul', { class: 'swp-legend', 'aria-label': 'Legend' });
    this.count = htmlElement('span', { class: 'swp-count' });
    this.status = htmlElement('p', { class: 'swp-status', role: 'status' });
    const summary = htmlElement('p', { class: 'swp-hidden', id: `${name}-summary` }, lineage.summary);
    const title = htmlElement('h2', { class: 'swp-heading', title: lineage.title }, lineage.title);
    const foot = htmlElement('div', { class: 'swp-foot' }, this.legend, this.count);
    const parts = [title, this.buildTools(), summary, this.stage, this.tablePlace, this.details, foot, this.status];
    this.root = htmlElement('section', { class: 'swp-lineage', 'aria-label': `Lineage: ${lineage.title}` }, ...parts);
    this.root.classList.toggle('swp-fill', Boolean(this.options.fill));
    this.svg.addEventListener('click', event => this.onClick(event));
    this.svg.addEventListener('focusin', event => this.onFocus(event));
    this.svg.addEventListener('focusout', () => this.light(this.picked));
    this.root.addEventListener('keydown', event => this.onKey(event));
  }

  buildTools() {
    const group = (label, ...buttons) => htmlElement('div', { class: 'swp-group', role: 'group', 'aria-label': label }, ...buttons);
    this.tableButton = lineageButton('Table', '', () => this.toggleTable());
    this.tableButton.setAttribute('aria-pressed', 'false');
    this.foldButton = lineageButton('Unfold all', '', () => this.foldAll(this.open.size > 0));
    this.backButton = lineageButton('Show all', 'Show all nodes again', () => this.focusOn(null));
    this.zoomGroup = group(
      'Zoom',
      lineageButton('−', 'Zoom out', () => this.view.zoomBy(1 / 1.3)),
      lineageButton('+', 'Zoom in', () => this.view.zoomBy(1.3)),
      lineageButton('Fit', 'Show the whole graph', () => this.view.whole())
    );
    const save = group('Save', htmlElement('span', { class: 'swp-quiet', 'aria-hidden': 'true' }, 'Save'));
    for (const ending of ['SVG', 'PNG', 'HTML']) {
      save.append(lineageButton(ending, `Save as ${ending}`, () => this.save(ending)));
    }
    this.helpButton = lineageButton('?', 'Keys in the graph', () => this.toggleHelp());
    this.helpButton.setAttribute('aria-expanded', 'false');
    return htmlElement('div', { class: 'swp-tools' }, this.backButton, this.foldButton, this.tableButton, this.zoomGroup, save, this.helpButton);
  }

  say(text) {
    this.status.textContent = text;
  }

  // Draws what is seen now: at once what is in view, the rest in small parts.
  redraw() {
    this.seen = lineageSeen(this.lineage, this.open);
    if (!this.seen.places || this.seen.nodes.some(node => !node.placed)) {
      this.seen.nodes = this.seen.nodes.map(node => ({ ...node }));
      this.seen.edges = this.seen.edges.map(edge => ({ ...edge }));
      this.placeAnew();
    } else {
      this.size = this.extent();
    }
    this.byNumber = new Map(this.seen.nodes.map(node => [node.index, node]));
    this.links = { before: new Map(), after: new Map() };
    for (const edge of this.seen.edges) {
      lineageAppend(this.links.after, edge.from, edge);
      lineageAppend(this.links.before, edge.to, edge);
    }
    this.edgeLayer = svgElement('g', { class: 'swp-edges', 'aria-hidden': 'true' });
    this.litLayer = svgElement('g', { class: 'swp-lit', 'aria-hidden': 'true' });
    this.nodeLayer = svgElement('g', { class: 'swp-nodes' });
    this.groups = new Map(this.seen.nodes.map(node => [node.index, this.emptyNode(node)]));
    this.nodeLayer.append(...this.groups.values());
    this.layer.replaceChildren(this.edgeLayer, this.litLayer, this.nodeLayer);
    this.fitStage();
    this.view.start();
    this.drawEdges();
    this.drawNodes();
    this.tell();
  }

  placeAnew() {
    const size = layOut(this.seen.nodes, this.seen.edges);
    this.size = { w: size.w, h: size.h + 12 };
  }

  // The size of what is there, whatever a document says of it; everything moves so that it begins at the margin.
  extent() {
    const { nodes, edges } = this.seen;
    let [right, bottom] = [200, 40];
    for (const node of nodes) {
      right = Math.max(right, node.x + node.w);
      bottom = Math.max(bottom, node.y + node.h);
    }
    for (const edge of edges) {
      for (const [x, y] of edge.points || []) {
        right = Math.max(right, x);
        bottom = Math.max(bottom, y);
      }
    }
    return { w: right + 18, h: bottom + 12 };
  }

  emptyNode(node) {
    const attributes = { class: 'swp-node', 'data-node': node.index, 'data-kind': node.kind, 'data-mark': node.mark };
    return svgElement('g', { ...attributes, role: 'button', tabindex: '-1', 'aria-label': lineageNodeName(node) });
  }

  drawNodes() {
    const { scale, x, y } = this.view.view;
    const room = this.view.room();
    const [left, top] = [-x / scale, -y / scale];
    const near = node =>
      node.x < left + room.w / scale && node.x + node.w > left && node.y < top + room.h / scale && node.y + node.h > top;
    const waiting = [];
    this.seen.nodes.forEach(node => (near(node) ? this.fill(node) : waiting.push(node)));
    const layer = this.nodeLayer;
    const more = () => {
      if (this.disposed || layer !== this.nodeLayer) {
        return;
      }
      waiting.splice(0, LINEAGE_AT_A_TIME).forEach(node => this.fill(node));
      this.root.toggleAttribute('data-drawing', waiting.length > 0);
      if (waiting.length) {
        setTimeout(more);
      }
    };
    this.root.toggleAttribute('data-drawing', waiting.length > 0);
    setTimeout(more);
    const first = this.seen.nodes.find(node => node.index === this.current) || this.seen.nodes[0];
    if (first) {
      this.setCurrent(first.index);
    }
  }

  fill(node) {
    const group = this.groups.get(node.index);
    if (!group.firstChild) {
      fillLineageNode(group, node, this.fit, this.badgeOf(node));
    }
  }

  // A node that holds others folded says so by a plus; the first of those that were unfolded folds them back.
  badgeOf(node) {
    if (!this.open.has(node.index) && lineageHeld(this.lineage, node)) {
      return { folded: true, title: `Unfold ${lineageHeld(this.lineage, node)} more` };
    }
    const fold = lineageFoldOf(this.lineage, node, this.open);
    if (!fold) {
      return null;
    }
    const first = this.seen.nodes.find(one => lineageFoldOf(this.lineage, one, this.open) === fold);
    return (fold.own ? fold.index : first.index) === node.index ? { folded: false, title: `Fold back: ${fold.title}` } : null;
  }

  drawEdges() {
    const { edges } = this.seen;
    const way = edge => lineageWay(edge, index => this.byNumber.get(index));
    if (edges.length <= LINEAGE_EDGES_ALONE) {
      this.edgeLayer.append(...edges.map(edge => lineageEdge(edge, way(edge), lineageEdgeTitle(edge))));
      return;
    }
    for (const seen of [true, false]) {
      const alike = edges.filter(edge => edge.seen === seen);
      for (let start = 0; start < alike.length; start += 400) {
        const arrows = alike.slice(start, start + 400).map(edge => lineageArrow(way(edge)));
        const group = svgElement('g', { class: 'swp-edge', 'data-seen': seen });
        group.append(svgElement('path', { class: 'swp-way', d: arrows.map(arrow => arrow.way).join('') }));
        group.append(svgElement('path', { class: 'swp-tip', d: arrows.map(arrow => arrow.tip).join('') }));
        this.edgeLayer.append(group);
      }
    }
  }

  neighbours(node) {
    const [before, after] = [this.links.before.get(node.index) || [], this.links.after.get(node.index) || []];
    const ends = (edges, end) => [...new Set(edges.map(edge => this.byNumber.get(edge[end])))].filter(Boolean);
    const assumed = [...before, ...after].filter(edge => !edge.seen).length;
    return { before: ends(before, 'from'), after: ends(after, 'to'), assumed };
  }

  // Legend, counts and buttons, after each change.
  tell() {
    const { lineage, seen } = this;
    const shown = this.open.size ? seen.nodes.filter(node => node.own).length : lineage.shown;
    const total = Math.max(lineage.total, shown);
    const missing = lineage.missing ? ` ${lineage.missing.toLocaleString('en')} shapes are too many to draw.` : '';
    this.count.textContent = `${shown.toLocaleString('en')} of ${total.toLocaleString('en')} shown.${missing}`.replace(/\.$/, '');
    fillLineageLegend(this.legend, seen.nodes, seen.edges);
    this.foldButton.hidden = !lineage.flows.length && !lineage.advice;
    this.foldButton.textContent = this.open.size ? 'Fold all' : 'Unfold all';
    this.foldButton.disabled = Boolean(lineage.advice);
    this.foldButton.title = lineage.advice;
    this.backButton.hidden = this.focused === null;
    this.tableButton.setAttribute('aria-pressed', String(this.tabled));
    this.stage.hidden = this.tabled;
    this.zoomGroup.hidden = this.tabled;
    this.tablePlace.hidden = !this.tabled;
    if (this.tabled) {
      const open = node => this.pick(node.index, { cell: false });
      const table = lineageTable(this.visible(), node => this.neighbours(node), { caption: this.count.textContent, open });
      this.tablePlace.replaceChildren(table);
    }
    if (lineage.advice && !this.status.textContent) {
      this.say(lineage.advice);
    }
  }

  visible() {
    const kin = this.kin;
    return kin ? this.seen.nodes.filter(node => kin.has(node.index)) : this.seen.nodes;
  }

  fitStage() {
    if (!this.options.fill) {
      const scale = Math.min(1.15, Math.max(0.86, ((this.svg.clientWidth || 880) - 28) / this.size.w));
      const most = Math.min(LINEAGE_HIGHEST, Math.max(240, 0.75 * window.innerHeight));
      this.svg.style.height = `${Math.round(Math.min(most, this.size.h * scale + 16))}px`;
    }
  }

  onResized() {
    if (this.disposed || this.tabled) {
      return;
    }
    this.fitStage();
    if (this.view.view.touched) {
      this.view.apply();
    } else {
      this.view.start();
    }
  }

  onMoved(view, room, size) {
    const thumb = this.track.firstChild;
    const part = Math.min(1, room.w / (size.w + 28));
    this.track.hidden = part > 0.99;
    thumb.style.width = `${100 * part}%`;
    thumb.style.left = `${100 * Math.min(1 - part, Math.max(0, (14 - view.x) / (size.w + 28)))}%`;
    this.svg.classList.toggle('swp-more', part < 1 || size.h + 28 > room.h);
  }

  nodeAt(event) {
    const group = event.target.closest('.swp-node');
    return group ? this.byNumber.get(Number(group.dataset.node)) : null;
  }

  onClick(event) {
    const node = this.nodeAt(event);
    if (!node) {
      this.unpick();
    } else if (event.target.closest('.swp-badge')) {
      this.toggleFold(node);
    } else {
      this.pick(node.index, { cell: true });
    }
  }

  onFocus(event) {
    const node = this.nodeAt(event);
    if (node) {
      this.setCurrent(node.index);
      this.light(node.index);
    }
  }

  setCurrent(index) {
    this.groups.get(this.current)?.setAttribute('tabindex', '-1');
    this.current = index;
    this.groups.get(index)?.setAttribute('tabindex', '0');
  }

  goTo(index) {
    const node = this.byNumber.get(index);
    if (node) {
      this.fill(node);
      this.view.reveal(node);
      this.groups.get(index).focus({ preventScroll: true });
    }
  }

  // Draws the flows of one node stronger, or with a focus those of all its kin.
  light(index) {
    const kin = this.kin;
    const lit = this.seen.edges.filter(edge =>
      kin ? kin.has(edge.from) && kin.has(edge.to) : edge.from === index || edge.to === index
    );
    const way = edge => lineageWay(edge, one => this.byNumber.get(one));
    this.litLayer.replaceChildren(...lit.slice(0, 3000).map(edge => lineageEdge(edge, way(edge), lineageEdgeTitle(edge))));
  }

  pick(index, { cell }) {
    const node = this.byNumber.get(index);
    this.groups.get(this.picked)?.removeAttribute('aria-current');
    this.picked = index;
    this.setCurrent(index);
    this.groups.get(index).setAttribute('aria-current', 'true');
    this.light(index);
    this.toggleHelp(false);
    this.fillDetails(node);
    if (cell) {
      this.showCell(node);
    }
  }

  fillDetails(node) {
    const actions = [];
    const host = this.el.closest('[data-swarmprov-cells]');
    if (host && (node.cellId || node.count !== null)) {
      actions.push(['Show cell', 'Show its cell in the notebook', () => this.showCell(node)]);
    }
    const held = lineageHeld(this.lineage, node);
    const fold = lineageFoldOf(this.lineage, node, this.open);
    if (held && !this.open.has(node.index)) {
      actions.push([`Unfold ${held} more`, '', () => this.toggleFold(node)]);
    } else if (fold) {
      actions.push(['Fold back', `Fold back: ${fold.title}`, () => this.toggleFold(node)]);
    }
    if (!this.tabled) {
      const same = this.focused === node.index;
      actions.push(same ? ['Show all', '', () => this.focusOn(null)] : ['Focus', 'Only where it came from and what came of it', () => this.focusOn(node.index)]);
    }
    const near = this.neighbours(node);
    fillLineageDetails(this.details, node, { near, actions, say: text => this.say(text), close: () => this.unpick(true) });
    this.details.setAttribute('aria-label', `Details: ${node.title}`);
    this.details.hidden = false;
  }

  unpick(back = false) {
    const index = this.picked;
    this.groups.get(index)?.removeAttribute('aria-current');
    this.picked = null;
    this.details.hidden = true;
    this.light(null);
    if (back && index !== null && !this.tabled) {
      this.goTo(index);
    } else if (back && index !== null) {
      this.tablePlace.querySelector(`[data-node="${index}"] button`)?.focus();
    }
  }

  showCell(node) {
    if (node.cellId || node.count !== null) {
      const detail = { cell_id: node.cellId, execution_count: node.count };
      this.root.dispatchEvent(new CustomEvent('swarmprov:show-cell', { bubbles: true, composed: true, detail }));
    }
  }

  focusOn(index) {
    this.focused = index;
    this.kin = index === null ? null : lineageKin(this.seen.edges, index);
    this.svg.classList.toggle('swp-dimmed', index !== null);
    this.groups.forEach((group, number) => group.classList.toggle('swp-near', Boolean(this.kin?.has(number))));
    this.light(index);
    if (index === null) {
      this.view.start();
      this.say('All nodes are shown again.');
    } else {
      const node = this.byNumber.get(index);
      this.view.reveal(node);
      this.say(`Focus on ${node.title}: ${this.kin.size - 1} others lead to it or come from it. Escape shows all.`);
    }
    if (this.picked !== null) {
      this.fillDetails(this.byNumber.get(this.picked));
    }
    this.tell();
  }

  toggleFold(node) {
    const fold = lineageFoldOf(this.lineage, node, this.open);
    const held = lineageHeld(this.lineage, node);
    if (held && !this.open.has(node.index)) {
      this.open.add(node.index);
      this.refold(node, `${held} unfolded.`);
    } else if (fold) {
      this.open.delete(fold.index);
      this.refold(fold, `Folded back: ${fold.title}.`);
    } else {
      this.say(this.lineage.advice || 'Nothing is folded here.');
    }
  }

  foldAll(fold) {
    this.open = new Set(fold ? [] : this.lineage.nodes.map(node => node.index).filter(index => lineageHeld(this.lineage, this.lineage.nodes[index])));
    this.refold(this.lineage.nodes[this.current] || this.lineage.nodes[0], fold ? 'All folded.' : 'All unfolded.');
  }

  refold(near, text) {
    const hadFocus = this.svg.contains(this.root.ownerDocument.activeElement);
    this.focused = this.kin = null;
    this.svg.classList.remove('swp-dimmed');
    this.picked = null;
    this.details.hidden = true;
    this.current = near.index;
    this.redraw();
    const first = this.byNumber.get(near.index) || this.seen.nodes.find(node => node.inside === near.index);
    if (first) {
      this.setCurrent(first.index);
      this.view.reveal(first);
    }
    if (hadFocus && first) {
      this.goTo(first.index);
    }
    this.say(text);
  }

  toggleTable() {
    this.tabled = !this.tabled;
    this.tell();
    if (!this.tabled) {
      this.onResized();
    }
  }

  toggleHelp(wanted = this.helpButton.getAttribute('aria-expanded') !== 'true') {
    const isOpen = this.helpButton.getAttribute('aria-expanded') === 'true';
    this.helpButton.setAttribute('aria-expanded', String(wanted));
    if (wanted) {
      this.details.setAttribute('aria-label', 'Keys in the graph');
      this.details.replaceChildren(...lineageHelp(() => (this.toggleHelp(false), this.helpButton.focus())));
      this.details.hidden = false;
    } else if (isOpen) {
      this.details.hidden = true;
    }
  }

  async save(ending) {
    this.seen.nodes.forEach(node => this.fill(node));
    const picture = { lineage: this.lineage, seen: this.seen, size: this.size, count: this.count.textContent };
    picture.groups = [this.edgeLayer, this.nodeLayer];
    try {
      const makers = { SVG: lineageSvgFile, PNG: lineagePngFile, HTML: lineagePageFile };
      const file = await makers[ending](picture, node => this.neighbours(node));
      saveLineageFile(file, this.lineage.title, ending.toLowerCase());
      this.say(`Saved as ${ending}.`);
    } catch (error) {
      this.say(error instanceof Error && error.message ? error.message : `Saving as ${ending} did not work. Try SVG.`);
    }
  }

  onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) {
      return;
    }
    const inGraph = event.target.closest('.swp-node');
    if (event.key === 'Escape' && this.back()) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (inGraph && this.onGraphKey(event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  // Closes what was opened last; returns whether there was anything.
  back() {
    if (this.helpButton.getAttribute('aria-expanded') === 'true') {
      this.toggleHelp(false);
      this.helpButton.focus();
    } else if (this.picked !== null) {
      this.unpick(true);
    } else if (this.focused !== null) {
      this.focusOn(null);
    } else {
      return false;
    }
    return true;
  }

  onGraphKey(key) {
    const node = this.byNumber.get(this.current);
    const acts = {
      Enter: () => this.pick(node.index, { cell: true }),
      ' ': () => this.pick(node.index, { cell: false }),
      f: () => this.focusOn(this.focused === node.index ? null : node.index),
      u: () => this.toggleFold(node),
      t: () => (this.toggleTable(), this.tableButton.focus()),
      '?': () => this.toggleHelp(),
      '+': () => this.view.zoomBy(1.3),
      '=': () => this.view.zoomBy(1.3),
      '-': () => this.view.zoomBy(1 / 1.3),
      0: () => this.view.whole()
    };
    if (Object.hasOwn(acts, key)) {
      acts[key]();
      return true;
    }
    const step = lineageStep(key, node, this.visible(), this.neighbours(node), this.kin);
    if (!step) {
      return false;
    }
    if (step.node) {
      this.goTo(step.node.index);
    } else {
      this.say(step.text);
    }
    return true;
  }
}
