// Folding and unfolding without a kernel: which nodes are seen, and which flows run between them.

// Returns for every node the number of the one that stands for it while the nodes in `open` are unfolded, or -1.
function lineageStandIns(lineage, open) {
  const { nodes } = lineage;
  const reached = index => nodes[index].inside < 0 || (open.has(nodes[index].inside) && reached(nodes[index].inside));
  const seen = node => reached(node.index) && (node.own || !open.has(node.index));
  const standIn = (node, depth) => {
    if (seen(node)) {
      return node.index;
    }
    return node.inside < 0 || depth > 8
      ? -1
      : standIn(nodes[reached(node.stands) ? node.stands : node.inside], depth + 1);
  };
  return nodes.map(node => standIn(node, 0));
}

// Returns what is to be drawn: the nodes in the order of the record, and the edges among them.
export function lineageSeen(lineage, open) {
  if (!open.size) {
    return { nodes: lineage.nodes.slice(0, lineage.drawn), edges: lineage.edges, places: true };
  }
  const standIns = lineageStandIns(lineage, open);
  const shown = node => standIns[node.index] === node.index;
  const joined = new Map();
  for (const flow of lineage.flows) {
    const ends = [flow.from, flow.to];
    const [from, to] = ends.map(end => standIns[end]);
    const told = !flow.again || ends.some(end => lineage.nodes[end].again && standIns[end] === end);
    if (from < 0 || to < 0 || from === to || !told) {
      continue;
    }
    const key = `${from} ${to}`;
    const known = joined.get(key) || { from, to, names: [], seen: false, points: null };
    known.seen = known.seen || flow.seen;
    known.names = [...new Set([...known.names, ...lineageNames(lineage, flow)])].slice(0, 40);
    joined.set(key, known);
  }
  return { nodes: lineageInOrder(lineage).filter(shown), edges: [...joined.values()], places: false };
}

function lineageNames(lineage, flow) {
  const end = [flow.from, flow.to].map(index => lineage.nodes[index]).find(node => !node.box);
  return flow.names.length || !end ? flow.names : [end.title];
}

export function lineageAppend(lists, key, value) {
  if (lists.has(key)) {
    lists.get(key).push(value);
  } else {
    lists.set(key, [value]);
  }
}

// Hidden nodes stand where their fold stands, so that walking through them follows the record.
function lineageInOrder(lineage) {
  const held = new Map();
  for (const node of lineage.nodes.slice(lineage.drawn)) {
    lineageAppend(held, node.inside, node);
  }
  const withHeld = node => [...(held.get(node.index) || []).flatMap(withHeld), node];
  return lineage.nodes.slice(0, lineage.drawn).flatMap(withHeld);
}

// Returns how many things unfolding a node would show.
export function lineageHeld(lineage, node) {
  if (!lineage.held) {
    lineage.held = new Map();
    lineage.nodes.slice(lineage.drawn).forEach(one => lineageAppend(lineage.held, one.inside, one));
  }
  return lineage.held.get(node.index)?.length || 0;
}

// Returns the node whose folding would hide this one, or null.
export function lineageFoldOf(lineage, node, open) {
  if (open.has(node.index)) {
    return node;
  }
  return node.inside >= 0 && open.has(node.inside) ? lineage.nodes[node.inside] : null;
}

// Returns the nodes from which this one comes and those that come from it, with itself, as a set of numbers.
export function lineageKin(edges, index) {
  const found = new Set([index]);
  for (const [start, end] of [
    ['from', 'to'],
    ['to', 'from']
  ]) {
    const next = new Map();
    for (const edge of edges) {
      lineageAppend(next, edge[start], edge[end]);
    }
    const pending = [index];
    const passed = new Set(pending);
    while (pending.length) {
      for (const other of next.get(pending.pop()) || []) {
        if (!passed.has(other)) {
          passed.add(other);
          pending.push(other);
        }
      }
    }
    passed.forEach(other => found.add(other));
  }
  return found;
}

// Returns a copy of a node; one whose folded ones are shown stands for itself alone.
export function lineageUnstacked(node, open) {
  return open.has(node.index) ? { ...node, extra: '', members: 0, earlier: 0, h: 40 } : { ...node };
}
