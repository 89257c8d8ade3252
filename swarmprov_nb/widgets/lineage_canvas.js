// The picture itself: a group for every node, in the order of the record, and the edges below them.

import { lineageAppend, lineageFoldOf, lineageHeld } from './lineage_fold.js';
import { lineageNodeName } from './lineage_panels.js';
import {
  fillLineageNode,
  lineageArrow,
  lineageEdge,
  lineageEdgeTitle,
  lineageWay,
  svgElement
} from './lineage_shapes.js';

const LINEAGE_EDGES_ALONE = 1500; // more are drawn together, some hundreds to a shape
const LINEAGE_EDGES_TOGETHER = 400;

export class LineageCanvas {
  constructor(layer, lineage, fit) {
    Object.assign(this, { layer, lineage, fit });
  }

  // Sets out an empty group for every node, and forgets what was drawn before.
  begin(seen, open) {
    Object.assign(this, { seen, open, links: { before: new Map(), after: new Map() } });
    this.byNumber = new Map(seen.nodes.map(node => [node.index, node]));
    for (const edge of seen.edges) {
      lineageAppend(this.links.after, edge.from, edge);
      lineageAppend(this.links.before, edge.to, edge);
    }
    this.edges = svgElement('g', { class: 'swp-edges', 'aria-hidden': 'true' });
    this.lit = svgElement('g', { class: 'swp-lit', 'aria-hidden': 'true' });
    this.nodes = svgElement('g', { class: 'swp-nodes' });
    this.groups = new Map(seen.nodes.map(node => [node.index, this.emptyNode(node)]));
    this.nodes.append(...this.groups.values());
    this.badges = this.badgesOf(open);
    this.layer.replaceChildren(this.edges, this.lit, this.nodes);
  }

  emptyNode(node) {
    const attributes = { class: 'swp-node', 'data-node': node.index, 'data-kind': node.kind, 'data-mark': node.mark };
    return svgElement('g', { ...attributes, role: 'button', tabindex: '-1', 'aria-label': lineageNodeName(node) });
  }

  // A node that holds others folded says so by a plus; the first of those that were unfolded folds them back.
  badgesOf(open) {
    const badges = new Map();
    const told = new Set();
    for (const node of this.lineage.flows.length ? this.seen.nodes : []) {
      const held = open.has(node.index) ? 0 : lineageHeld(this.lineage, node);
      const fold = lineageFoldOf(this.lineage, node, open);
      if (held) {
        badges.set(node.index, { folded: true, title: `Unfold ${held} more` });
      } else if (fold && (fold.index === node.index || (!fold.own && !told.has(fold)))) {
        told.add(fold);
        badges.set(node.index, { folded: false, title: `Fold back: ${fold.title}` });
      }
    }
    return badges;
  }

  // Fills the nodes in view; returns those that wait.
  drawNodes({ left, top, right, bottom }) {
    const near = node => node.x < right && node.x + node.w > left && node.y < bottom && node.y + node.h > top;
    const waiting = [];
    this.seen.nodes.forEach(node => (near(node) ? this.fill(node) : waiting.push(node)));
    return waiting;
  }

  fill(node) {
    const group = this.groups.get(node.index);
    if (!group.firstChild) {
      fillLineageNode(group, node, this.fit, this.badges.get(node.index));
    }
  }

  way(edge) {
    return lineageWay(edge, index => this.byNumber.get(index));
  }

  drawEdges() {
    const { edges } = this.seen;
    if (edges.length <= LINEAGE_EDGES_ALONE) {
      this.edges.append(...edges.map(edge => lineageEdge(edge, this.way(edge), lineageEdgeTitle(edge))));
      return;
    }
    for (const seen of [true, false]) {
      const alike = edges.filter(edge => edge.seen === seen);
      for (let start = 0; start < alike.length; start += LINEAGE_EDGES_TOGETHER) {
        const arrows = alike.slice(start, start + LINEAGE_EDGES_TOGETHER).map(edge => lineageArrow(this.way(edge)));
        const group = svgElement('g', { class: 'swp-edge', 'data-seen': seen });
        group.append(svgElement('path', { class: 'swp-way', d: arrows.map(arrow => arrow.way).join('') }));
        group.append(svgElement('path', { class: 'swp-tip', d: arrows.map(arrow => arrow.tip).join('') }));
        this.edges.append(group);
      }
    }
  }

  neighbours(node) {
    const [before, after] = [this.links.before.get(node.index) || [], this.links.after.get(node.index) || []];
    const ends = (edges, end) => [...new Set(edges.map(edge => this.byNumber.get(edge[end])))].filter(Boolean);
    const assumed = [...before, ...after].filter(edge => !edge.seen).length;
    const flowsIn = before.map(edge => this.flow(edge, edge.from));
    const flowsOut = after.map(edge => this.flow(edge, edge.to));
    return { before: ends(before, 'from'), after: ends(after, 'to'), flowsIn, flowsOut, assumed };
  }

  // Returns what flows, and where it stands if that is no artifact of this name.
  flow(edge, end) {
    const { title } = this.byNumber.get(end);
    const names = edge.names.slice(0, 6).join(', ');
    return !names || names === title ? title : `${names} (${title})`;
  }

  // Draws the flows of one node stronger, or with a focus those of all its kin.
  light(index, kin) {
    const lit = this.seen.edges.filter(edge =>
      kin ? kin.has(edge.from) && kin.has(edge.to) : edge.from === index || edge.to === index
    );
    const edges = lit.slice(0, 3000).map(edge => lineageEdge(edge, this.way(edge), lineageEdgeTitle(edge)));
    this.lit.replaceChildren(...edges);
  }
}
