// Reads the lineage document that swarmprov_nb/view/document.py describes. It may come from a stranger's notebook:
// what is of another type, out of range or too much is mended, left out or refused, and nothing of it is ever code.

const LINEAGE_MOST = { nodes: 10000, edges: 40000, points: 400, names: 40, facts: 24 };
const LINEAGE_TEXT = { title: 200, label: 600, summary: 4000, name: 120 };
const LINEAGE_KINDS = ['run', 'steps', 'dataset', 'model', 'figure', 'file', 'artifacts'];
const LINEAGE_MARKS = ['failed', 'gap', 'focus'];
const LINEAGE_FAR = 1e7;

// Returns one line of visible text: no control characters, direction marks or unpaired surrogates.
function lineageText(value, limit) {
  if (typeof value !== 'string') {
    return '';
  }
  const line = value
    .slice(0, 4 * limit)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
    .replace(/(\p{M}{2})\p{M}+/gu, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > limit || value.length > 4 * limit ? `${line.slice(0, limit - 1).trimEnd()}…` : line;
}

function lineageNumber(value, least, most, otherwise) {
  return typeof value === 'number' && value >= least && value <= most ? value : otherwise;
}

function lineageList(value, most) {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

function lineageRecord(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

function lineageNode(raw, index) {
  const folded = lineageRecord(raw.folded);
  const kind = LINEAGE_KINDS.includes(raw.kind) ? raw.kind : 'file';
  const box = kind === 'run' || kind === 'steps';
  const title = lineageText(raw.title, LINEAGE_TEXT.title) || kind;
  const subtitle = lineageText(raw.subtitle, LINEAGE_TEXT.title);
  const extra = lineageText(raw.extra, LINEAGE_TEXT.title);
  const placed = ['x', 'y', 'w', 'h'].every(key => Number.isFinite(raw[key]) && Math.abs(raw[key]) < LINEAGE_FAR);
  return {
    index,
    id: lineageText(raw.id, LINEAGE_TEXT.label),
    kind,
    box,
    mark: LINEAGE_MARKS.includes(raw.mark) ? raw.mark : '',
    placed,
    x: placed ? raw.x : 0,
    y: placed ? raw.y : 0,
    w: lineageNumber(raw.w, 40, 400, 120),
    h: lineageNumber(raw.h, 24, 120, extra ? 54 : 40),
    inset: box ? 10 : 31,
    title,
    subtitle,
    extra,
    label: lineageText(raw.label, LINEAGE_TEXT.label) || (subtitle ? `${title}, ${subtitle}` : title),
    cellId: lineageText(raw.cell_id, LINEAGE_TEXT.title) || null,
    count: Number.isSafeInteger(raw.execution_count) ? raw.execution_count : null,
    members: lineageNumber(folded.members, 1, 1e9, 0),
    earlier: lineageNumber(folded.earlier_runs, 1, 1e9, 0),
    facts: Object.entries(lineageRecord(raw.facts))
      .slice(0, LINEAGE_MOST.facts)
      .map(([name, value]) => [lineageText(name, 40), lineageText(value, LINEAGE_TEXT.label)])
      .filter(([name, value]) => name && value),
    own: true,
    inside: -1,
    stands: -1,
    again: false
  };
}

function lineageFlow(from, to, names, confidence) {
  return {
    from,
    to,
    names: lineageList(names, LINEAGE_MOST.names)
      .map(name => lineageText(name, LINEAGE_TEXT.name))
      .filter(Boolean),
    seen: confidence !== 'assumed',
    points: null
  };
}

function lineagePoints(value) {
  const points = lineageList(value, LINEAGE_MOST.points);
  const sound = point =>
    Array.isArray(point) && [0, 1].every(axis => Number.isFinite(point[axis]) && Math.abs(point[axis]) < LINEAGE_FAR);
  return points.length > 1 && points.every(sound) ? points.map(([x, y]) => [x, y]) : null;
}

// Reads the drawn nodes and edges; a second node of one id, and an edge to nowhere, are left out.
function lineageDrawn(document) {
  const nodes = [];
  const number = new Map();
  for (const raw of lineageList(document.nodes, LINEAGE_MOST.nodes)) {
    const node = lineageNode(lineageRecord(raw), nodes.length);
    node.own = !node.id.startsWith('folded:');
    if (node.id && !number.has(node.id)) {
      number.set(node.id, node.index);
      nodes.push(node);
    }
  }
  const edges = [];
  for (const value of lineageList(document.edges, LINEAGE_MOST.edges)) {
    const raw = lineageRecord(value);
    const [from, to] = [number.get(raw.from), number.get(raw.to)];
    if (from !== undefined && to !== undefined && from !== to) {
      edges.push({ ...lineageFlow(from, to, raw.names, raw.confidence), points: lineagePoints(raw.points) });
    }
  }
  return { nodes, edges };
}

// Reads what is folded away. Numbers of nodes count through all; one that is hidden in itself makes all of it void.
function lineageHidden(value, drawn) {
  const raw = lineageRecord(value);
  const found = { count: lineageNumber(raw.count, 0, 1e9, 0), advice: lineageText(raw.advice, 300), nodes: [] };
  const nodes = lineageList(raw.nodes, LINEAGE_MOST.nodes).map((each, index) => {
    const one = lineageRecord(each);
    const node = lineageNode(one, drawn.length + index);
    node.inside = one.in;
    node.stands = one.as === undefined ? one.in : one.as;
    node.again = node.index >= raw.first_again;
    return node;
  });
  const all = [...drawn, ...nodes];
  const sound = nodes.every(
    node => lineageEnds(all, node.index, 'inside', drawn.length) && lineageEnds(all, node.index, 'stands', drawn.length)
  );
  const flows = (list, again) =>
    lineageList(list, LINEAGE_MOST.edges)
      .filter(edge => Array.isArray(edge) && edge[0] !== edge[1])
      .filter(edge => [edge[0], edge[1]].every(end => Number.isInteger(end) && all[end]))
      .map(([from, to, names, confidence]) => ({ ...lineageFlow(from, to, names, confidence), again }));
  if (sound) {
    Object.assign(found, { nodes, flows: [...flows(raw.edges, false), ...flows(raw.again, true)] });
  }
  return found;
}

function lineageEnds(all, start, step, drawn) {
  let index = start;
  for (let steps = 0; steps < 8; steps += 1) {
    if (!Number.isInteger(index) || index < 0 || index >= all.length) {
      return false;
    }
    if (index < drawn) {
      return true;
    }
    index = all[index][step];
  }
  return false;
}

// Returns the lineage, or { problem } with one line that says what to do.
export function readLineage(document) {
  if (document === null || typeof document !== 'object' || !Array.isArray(document.nodes)) {
    return { problem: 'This lineage cannot be drawn: its document is damaged. Run %provenance again.' };
  }
  if (document.version !== 1 && document.version !== 2) {
    return { problem: 'This lineage was made by another version of swarmprov. Run %provenance again to draw it.' };
  }
  const { nodes, edges } = lineageDrawn(document);
  const hidden = lineageHidden(document.hidden, nodes);
  return {
    title: lineageText(document.title, LINEAGE_TEXT.title) || 'Lineage',
    summary: lineageText(document.summary, LINEAGE_TEXT.summary),
    shown: lineageNumber(document.shown, 0, 1e9, nodes.length),
    total: lineageNumber(document.total, 0, 1e9, nodes.length),
    missing: Math.max(0, document.nodes.length - LINEAGE_MOST.nodes),
    drawn: nodes.length,
    nodes: [...nodes, ...hidden.nodes],
    edges,
    flows: hidden.flows || [],
    advice: hidden.count && !hidden.nodes.length ? hidden.advice : ''
  };
}
