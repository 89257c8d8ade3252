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
import { LineageCanvas } from './lineage_canvas.js';
import { lineageFoldOf, lineageHeld, lineageKin, lineageSeen, lineageUnstacked } from './lineage_fold.js';
import { lineageFrame } from './lineage_frame.js';
import { layOut, lineageExtent } from './lineage_layout.js';
import { fillLineageDetails, fillLineageLegend, lineageHelp, lineageTable } from './lineage_panels.js';
import { htmlElement, lineageFitter } from './lineage_shapes.js';
import { lineageView } from './lineage_view.js';
import { lineageKey } from './lineage_walk.js';

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
    Object.assign(this, lineageFrame(lineage, { name: this.name, fill: Boolean(options.fill), acts: this.acts() }));
    this.svg.addEventListener('click', event => this.onClick(event));
    this.svg.addEventListener('focusin', event => this.onFocus(event));
    this.svg.addEventListener('focusout', () => this.light(this.picked));
    this.root.addEventListener('keydown', event => this.onKey(event));
    el.replaceChildren(this.root);
    this.measured = this.root.isConnected;
    this.canvas = new LineageCanvas(this.layer, lineage, lineageFitter(this.root));
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

  acts() {
    return {
      back: () => this.focusOn(null),
      fold: () => this.foldAll(this.open.size > 0),
      table: () => this.toggleTable(),
      zoom: factor => this.view.zoomBy(factor),
      whole: () => this.view.whole(),
      save: ending => this.save(ending),
      help: () => this.toggleHelp()
    };
  }

  say(text) {
    this.status.textContent = text;
  }

  // Draws what is seen now: at once what is in view, the rest in small parts.
  redraw() {
    this.seen = lineageSeen(this.lineage, this.open);
    if (!this.seen.places || this.seen.nodes.some(node => !node.placed)) {
      this.seen.nodes = this.seen.nodes.map(node => lineageUnstacked(node, this.open));
      this.seen.edges = this.seen.edges.map(edge => ({ ...edge }));
      this.placeAnew();
    } else {
      this.size = lineageExtent(this.seen);
    }
    this.canvas.begin(this.seen, this.open);
    this.fitStage();
    this.view.start();
    this.canvas.drawEdges();
    this.drawNodes();
    this.tell();
  }

  placeAnew() {
    const size = layOut(this.seen.nodes, this.seen.edges);
    this.size = { w: size.w, h: size.h + 12 };
  }

  drawNodes() {
    const [{ scale, x, y }, room] = [this.view.view, this.view.room()];
    const place = { left: -x / scale, top: -y / scale, right: (room.w - x) / scale, bottom: (room.h - y) / scale };
    const waiting = this.canvas.drawNodes(place);
    const { canvas, seen } = this;
    const more = () => {
      if (!this.disposed && seen === this.seen) {
        waiting.splice(0, LINEAGE_AT_A_TIME).forEach(node => canvas.fill(node));
        this.root.toggleAttribute('data-drawing', waiting.length > 0);
        if (waiting.length) {
          setTimeout(more);
        }
      }
    };
    this.root.toggleAttribute('data-drawing', waiting.length > 0);
    setTimeout(more);
    const first = canvas.byNumber.get(this.current) || seen.nodes[0];
    if (first) {
      this.setCurrent(first.index);
    }
  }

  neighbours(node) {
    return this.canvas.neighbours(node);
  }

  light(index) {
    this.canvas.light(index, this.kin);
  }

  // Legend, counts and buttons, after each change.
  tell() {
    const { lineage, seen } = this;
    const shown = this.open.size ? seen.nodes.filter(node => node.own).length : lineage.shown;
    const total = Math.max(lineage.total, shown);
    const missing = lineage.missing ? ` ${lineage.missing.toLocaleString('en')} shapes are too many to draw.` : '';
    this.count.textContent = `${shown.toLocaleString('en')} of ${total.toLocaleString('en')} shown.${missing}`.replace(
      /\.$/,
      ''
    );
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
      const table = lineageTable(this.visible(), node => this.neighbours(node), {
        caption: this.count.textContent,
        open
      });
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
    if (this.disposed || this.tabled || !this.svg.clientWidth) {
      return;
    }
    if (!this.measured) {
      this.measured = true; // drawn before it had a place, so before its font was known
      this.canvas.fit = lineageFitter(this.root);
      this.redraw();
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
    const tracks = [
      [this.acrossTrack, 'width', 'left', room.w, size.w, view.x],
      [this.downTrack, 'height', 'top', room.h, size.h, view.y]
    ];
    for (const [track, length, start, space, whole, at] of tracks) {
      const part = Math.min(1, space / (whole + 16));
      track.hidden = part > 0.97;
      track.firstChild.style[length] = `${100 * part}%`;
      track.firstChild.style[start] = `${100 * Math.min(1 - part, Math.max(0, (8 - at) / (whole + 16)))}%`;
    }
    this.svg.classList.toggle(
      'swp-more',
      tracks.some(([track]) => !track.hidden)
    );
  }

  nodeAt(event) {
    const group = event.target.closest('.swp-node');
    return group ? this.canvas.byNumber.get(Number(group.dataset.node)) : null;
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
    this.canvas.groups.get(this.current)?.setAttribute('tabindex', '-1');
    this.current = index;
    this.canvas.groups.get(index)?.setAttribute('tabindex', '0');
  }

  goTo(index) {
    const node = this.canvas.byNumber.get(index);
    if (node) {
      this.canvas.fill(node);
      this.say('');
      this.view.reveal(node);
      this.canvas.groups.get(index).focus({ preventScroll: true });
    }
  }

  pick(index, { cell }) {
    const node = this.canvas.byNumber.get(index);
    this.canvas.groups.get(this.picked)?.removeAttribute('aria-current');
    this.picked = index;
    this.setCurrent(index);
    this.canvas.groups.get(index).setAttribute('aria-current', 'true');
    this.light(index);
    this.toggleHelp(false);
    this.view.reveal(node);
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
      actions.push(
        same
          ? ['Show all', '', () => this.focusOn(null)]
          : ['Focus', 'Only where it came from and what came of it', () => this.focusOn(node.index)]
      );
    }
    const near = this.neighbours(node);
    fillLineageDetails(this.details, node, {
      near,
      actions,
      say: text => this.say(text),
      close: () => this.unpick(true)
    });
    this.details.setAttribute('aria-label', `Details: ${node.title}`);
    this.details.hidden = false;
  }

  unpick(back = false) {
    const index = this.picked;
    this.canvas.groups.get(index)?.removeAttribute('aria-current');
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
    this.canvas.groups.forEach((group, number) => group.classList.toggle('swp-near', Boolean(this.kin?.has(number))));
    this.light(index);
    if (index === null) {
      this.view.start();
      this.say('All nodes are shown again.');
    } else {
      const node = this.canvas.byNumber.get(index);
      this.view.reveal(node);
      this.say(`Focus on ${node.title}: ${this.kin.size - 1} others lead to it or come from it. Escape shows all.`);
    }
    if (this.picked !== null) {
      this.fillDetails(this.canvas.byNumber.get(this.picked));
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
    this.open = new Set(
      fold
        ? []
        : this.lineage.nodes
            .map(node => node.index)
            .filter(index => lineageHeld(this.lineage, this.lineage.nodes[index]))
    );
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
    const first = this.canvas.byNumber.get(near.index) || this.seen.nodes.find(node => node.inside === near.index);
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
    this.seen.nodes.forEach(node => this.canvas.fill(node));
    const picture = { lineage: this.lineage, seen: this.seen, size: this.size, count: this.count.textContent };
    picture.groups = [this.canvas.edges, this.canvas.nodes];
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
    if (event.key === 'Escape' ? this.back() : event.target.closest('.swp-node') && lineageKey(this, event.key)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key !== 'Tab' && event.key !== 'Escape') {
      event.stopPropagation(); // a notebook in command mode would take Enter from a button, and "x" as cutting the cell
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
}
