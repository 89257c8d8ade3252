// The shapes of the picture, as swarmprov_nb/view/svg.py draws them: a rounded box is a cell run, a pill an artifact.
// Colours are classes, so that they follow the theme; lineage_export.js gives them those of paper.

const LINEAGE_ICONS = {
  dataset: 'M1 2.5H11V10.5H1ZM1 5.2H11M1 7.9H11M4.6 2.5V10.5',
  model: 'M6 .8L10.7 3.4V8.6L6 11.2L1.3 8.6V3.4ZM6 6L10.7 3.4M6 6L1.3 3.4M6 6V11.2',
  figure: 'M1.2 1V10.8H11.2M3.2 8.2L5.6 5L7.6 6.6L10.6 2.6',
  file: 'M2 .8H7.2L10 3.6V11.2H2ZM7.2 .8V3.6H10M4 6.2H8M4 8.6H8',
  artifacts: 'M1 4.2H8V11.2H1ZM4 4.2V1H11V8H8',
  failed: 'M6 .8A5.2 5.2 0 1 1 5.99 .8ZM4 4L8 8M8 4L4 8',
  gap: 'M6 1.2L11.4 10.8H.6ZM6 4.6V7.4M6 8.8V9.4'
};
const LINEAGE_SVG = 'http://www.w3.org/2000/svg';
const LINEAGE_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";
const LINEAGE_BREAKS = ' _-./:,';
const LINEAGE_ARROW = 5.5;

export function svgElement(name, attributes, ...children) {
  const element = document.createElementNS(LINEAGE_SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export function htmlElement(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export function lineageIcon(kind, x = 0, y = 0) {
  const place = `translate(${x} ${y})`;
  return svgElement('path', { class: 'swp-icon', 'data-kind': kind, transform: place, d: LINEAGE_ICONS[kind] || '' });
}

// Returns a function that measures text in the font of an element, and cuts at a word boundary what does not fit.
export function lineageFitter(host) {
  const family = (host.isConnected && getComputedStyle(host).fontFamily) || LINEAGE_FONT;
  const canvas = document.createElement('canvas').getContext('2d');
  const known = new Map();
  const wide = (text, size, bold) => {
    const font = `${bold ? '600 ' : ''}${size}px ${family}`;
    const key = `${font}|${text}`;
    if (!known.has(key)) {
      canvas.font = font;
      known.set(key, canvas.measureText(text).width);
    }
    return known.get(key);
  };
  return (text, room, size, bold = false) => {
    if (!text || wide(text, size, bold) <= room) {
      return text;
    }
    let [end, beyond] = [0, text.length];
    while (beyond - end > 1) {
      const middle = (end + beyond) >> 1;
      [end, beyond] = wide(`${text.slice(0, middle)}…`, size, bold) <= room ? [middle, beyond] : [end, middle];
    }
    const boundary = Math.max(...[...LINEAGE_BREAKS].map(mark => text.lastIndexOf(mark, end)));
    const kept = text.slice(0, 2 * boundary < end ? end : boundary);
    return `${kept.replace(/[\uD800-\uDBFF]$/, '').replace(/[\s_./:,-]+$/, '')}…`;
  };
}

// Returns the path along points: those that share x or y joined straight with round corners, others by a curve.
function lineagePath(points) {
  const parts = [`M${points[0].map(lineageShort).join(' ')}`];
  for (let index = 1; index < points.length; index += 1) {
    const [start, end, next] = [points[index - 1], points[index], points[index + 1]];
    if (start[0] !== end[0] && start[1] !== end[1]) {
      const middle = (start[0] + end[0]) / 2;
      parts.push(`C${[middle, start[1], middle, end[1], ...end].map(lineageShort).join(' ')}`);
      continue;
    }
    const level = start[1] === end[1];
    const turns = next && (level ? next[0] === end[0] && next[1] !== end[1] : next[1] === end[1] && next[0] !== end[0]);
    if (!turns) {
      parts.push(`L${end.map(lineageShort).join(' ')}`);
      continue;
    }
    const far = (one, other) => Math.abs(one[0] - other[0] + one[1] - other[1]);
    const radius = Math.min(7, far(start, end) / 2, far(end, next) / 2);
    const [before, after] = [start, next].map(other => lineageTowards(end, other, radius));
    parts.push(`L${before.map(lineageShort).join(' ')}Q${[...end, ...after].map(lineageShort).join(' ')}`);
  }
  return parts.join('');
}

function lineageShort(value) {
  return Math.round(value * 10) / 10;
}

function lineageTowards(start, end, distance) {
  return start.map((value, axis) => value + distance * Math.sign(end[axis] - value));
}

// Returns the points of an edge; where a document gave none it runs from side to side.
export function lineageWay(edge, nodeOf) {
  if (edge.points) {
    return edge.points;
  }
  const [from, to] = [nodeOf(edge.from), nodeOf(edge.to)];
  return [
    [from.x + from.w, from.y + from.h / 2],
    [to.x, to.y + to.h / 2]
  ];
}

// Returns the path of an edge with its tip, which points where the way ends.
export function lineageArrow(points) {
  const [x, y] = points[points.length - 1];
  const back = points.length > 1 && points[points.length - 2][0] > x ? -1 : 1;
  const foot = x - back * LINEAGE_ARROW;
  return {
    way: lineagePath([...points.slice(0, -1), [foot, y]]),
    tip: `M${foot} ${y - 3}L${x} ${y}L${foot} ${y + 3}Z`
  };
}

export function lineageEdge(edge, points, title) {
  const { way, tip } = lineageArrow(points);
  const group = svgElement('g', { class: 'swp-edge', 'data-seen': edge.seen });
  if (title) {
    group.append(svgElement('title', {}, title));
  }
  group.append(svgElement('path', { class: 'swp-way', d: way }), svgElement('path', { class: 'swp-tip', d: tip }));
  return group;
}

// Returns an edge in words.
export function lineageEdgeTitle(edge) {
  const names =
    edge.names.slice(0, 12).join(', ') + (edge.names.length > 12 ? ` and ${edge.names.length - 12} more` : '');
  return edge.seen ? names : `${names} (assumed)`;
}

// Fills the group of a node with its shapes.
export function fillLineageNode(group, node, fit, badge) {
  const shape = { width: node.w, height: node.h, rx: node.box ? 5 : node.h / 2 };
  const room = node.w - node.inset - (node.box ? 10 : 14);
  const marked = node.mark === 'failed' || node.mark === 'gap';
  group.append(svgElement('title', {}, node.label));
  if (node.members || node.earlier) {
    group.append(svgElement('rect', { class: 'swp-box', x: node.x + 3, y: node.y + 3, ...shape }));
  }
  group.append(svgElement('rect', { class: 'swp-box swp-front', x: node.x, y: node.y, ...shape }));
  if (!node.box) {
    group.append(lineageIcon(node.kind, node.x + 13, node.y + node.h / 2 - 6));
  }
  if (marked) {
    group.append(lineageIcon(node.mark, node.x + node.w - 21, node.y + 7));
  }
  const lines = [
    ['swp-title', node.title, 12, room - (marked ? 14 : 0)],
    ['swp-subtitle', node.subtitle, 10.5, room],
    ['swp-extra', node.extra, 10.5, room]
  ];
  lines.forEach(([name, text, size, space], index) => {
    const fitted = fit(text, space, size, !index);
    if (fitted && 17 + 14 * index < node.h) {
      const place = { x: node.x + node.inset, y: node.y + 17 + 14 * index, 'font-size': size };
      group.append(svgElement('text', { class: name, ...place }, fitted));
    }
  });
  if (badge) {
    group.append(lineageBadge(node, badge));
  }
}

function lineageBadge(node, badge) {
  const [x, y] = [node.x + node.w - 2, node.y + node.h - 1];
  const title = svgElement('title', {}, badge.title);
  const hit = svgElement('rect', { class: 'swp-hit', x: x - 13, y: y - 13, width: 26, height: 26 });
  const disc = svgElement('circle', { class: 'swp-disc', cx: x, cy: y, r: 7.5 });
  const sign = badge.folded ? `M${x - 3.5} ${y}H${x + 3.5}M${x} ${y - 3.5}V${y + 3.5}` : `M${x - 3.5} ${y}H${x + 3.5}`;
  return svgElement(
    'g',
    { class: 'swp-badge', 'aria-hidden': 'true' },
    title,
    hit,
    disc,
    svgElement('path', { d: sign })
  );
}
