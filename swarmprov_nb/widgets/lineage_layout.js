// Where everything stands after unfolding: the layered layout of swarmprov_nb/view (columns, heights, bands, routes)
// once more, so that an unfolded picture looks like a drawn one. Vertices are numbers: nodes first, then the unseen
// ones through which lines pass.

const LINEAGE_ROOM = 880;
const LINEAGE_GAP = 32;
const LINEAGE_SIDE = 42;
const LINEAGE_MANY = 400;
const LINEAGE_TOO_MANY = 3000;
const LINEAGE_PASSAGES = 30000;

// Gives every node x, y and w, and every edge its points; returns the size of the picture.
export function layOut(nodes, edges) {
  const number = new Map(nodes.map((node, index) => [node.index, index]));
  const lines = edges.map(edge => [number.get(edge.from), number.get(edge.to)]);
  const all = nodes.map((_, index) => index);
  const linked = new Set(lines.flat());
  const layered = linked.size && nodes.length <= LINEAGE_TOO_MANY;
  const size = layered ? lineageLayered(nodes, edges, lineageForward(nodes.length, lines)) : null;
  if (!size) {
    return lineageInGrid(nodes, all, edges, { w: 0, h: 0 });
  }
  return lineageInGrid(
    nodes,
    all.filter(index => !linked.has(index)),
    [],
    size
  );
}

// Turns round the lines that would close a circle; only a foreign document has any, or one of earlier runs.
function lineageForward(count, lines) {
  const after = Array.from({ length: count }, () => []);
  lines.forEach(([from], index) => after[from].push(index));
  const state = new Uint8Array(count);
  const turned = new Set();
  for (let start = 0; start < count; start += 1) {
    const stack = state[start] ? [] : [[start, 0]];
    state[start] ||= 1;
    while (stack.length) {
      const top = stack[stack.length - 1];
      const line = after[top[0]][top[1]];
      top[1] += 1;
      if (line === undefined) {
        state[top[0]] = 2;
        stack.pop();
        continue;
      }
      const target = lines[line][1];
      if (state[target] === 1) {
        turned.add(line);
      } else if (!state[target]) {
        state[target] = 1;
        stack.push([target, 0]);
      }
    }
  }
  return lines.map(([from, to], index) => (turned.has(index) ? [to, from, true] : [from, to, false]));
}

function lineageLayered(nodes, edges, lines) {
  const columns = lineageColumns(nodes.length, lines, edges);
  if (!columns) {
    return null;
  }
  const tall = columns.column.map((_, vertex) => (vertex < nodes.length ? nodes[vertex].h : 2));
  const broad = columns.order.map(column => Math.max(84, ...column.map(v => (v < nodes.length ? nodes[v].w : 0))));
  const through = columns.order.map(column => column.reduce((sum, vertex) => sum + columns.right[vertex].length, 0));
  const rows = [];
  let top = 0;
  for (const band of lineageBands(broad, through, LINEAGE_ROOM - 2 * LINEAGE_SIDE)) {
    rows.push(lineageRow(columns, band, { nodes, tall, broad, top }));
    top = rows[rows.length - 1].bottom + 36 + Math.min(26, 6 * through[band[band.length - 1]]);
  }
  for (const row of rows) {
    for (const [vertex, [left, right]] of row.span) {
      if (vertex < nodes.length) {
        Object.assign(nodes[vertex], { x: left, y: row.middle.get(vertex) - nodes[vertex].h / 2, w: right - left });
      }
    }
  }
  const stretches = lineageStretches(columns, rows, nodes);
  columns.chains.forEach((chain, index) => {
    const points = chain.slice(1).flatMap((vertex, step) => stretches.get(`${chain[step]} ${vertex}`));
    edges[index].points = lines[index][2] ? points.reverse() : points;
  });
  return { w: Math.max(...rows.map(row => row.right)) + LINEAGE_SIDE, h: rows[rows.length - 1].bottom };
}

function lineageColumns(count, lines, edges) {
  const lists = () => Array.from({ length: count }, () => []);
  const [before, after] = [lists(), lists()];
  lines.forEach(([from, to]) => {
    after[from].push(to);
    before[to].push(from);
  });
  const linked = index => before[index].length + after[index].length > 0;
  const columns = { count, column: lineageDepths(before, after), chains: [], right: lists(), left: lists(), order: [] };
  if (lines.reduce((sum, [from, to]) => sum + columns.column[to] - columns.column[from], 0) > LINEAGE_PASSAGES) {
    return null;
  }
  lineageThread(columns, lines, edges);
  const seen = new Set();
  columns.order = Array.from({ length: Math.max(...columns.column) + 1 }, () => []);
  for (let start = 0; start < count; start += 1) {
    const pending = linked(start) && !columns.left[start].length ? [start] : [];
    while (pending.length) {
      const vertex = pending.pop();
      if (!seen.has(vertex)) {
        seen.add(vertex);
        columns.order[columns.column[vertex]].push(vertex);
        pending.push(...columns.right[vertex].slice().reverse());
      }
    }
  }
  lineageArrange(columns);
  return columns;
}

function lineageDepths(before, after) {
  const waiting = before.map(list => list.length);
  const ready = waiting.flatMap((missing, vertex) => (missing ? [] : [vertex]));
  const depth = before.map(() => 0);
  for (let next = 0; next < ready.length; next += 1) {
    const vertex = ready[next];
    for (const later of after[vertex]) {
      depth[later] = Math.max(depth[later], depth[vertex] + 1);
      waiting[later] -= 1;
      if (!waiting[later]) {
        ready.push(later);
      }
    }
  }
  for (const vertex of ready.reverse()) {
    if (after[vertex].length > before[vertex].length) {
      depth[vertex] = Math.max(depth[vertex], Math.min(...after[vertex].map(later => depth[later])) - 1);
    }
  }
  return depth;
}

// Leads every line through one vertex per column; lines of one node and kind share them.
function lineageThread(columns, lines, edges) {
  const passages = new Map();
  const joined = new Set();
  lines.forEach(([from, to], index) => {
    const chain = [from];
    for (let column = columns.column[from] + 1; column < columns.column[to]; column += 1) {
      const key = `${from} ${edges[index].seen} ${column}`;
      if (!passages.has(key)) {
        passages.set(key, columns.column.length);
        columns.column.push(column);
        columns.right.push([]);
        columns.left.push([]);
      }
      chain.push(passages.get(key));
    }
    chain.push(to);
    columns.chains.push(chain);
    for (let step = 1; step < chain.length; step += 1) {
      const pair = `${chain[step - 1]} ${chain[step]}`;
      if (!joined.has(pair)) {
        joined.add(pair);
        columns.right[chain[step - 1]].push(chain[step]);
        columns.left[chain[step]].push(chain[step - 1]);
      }
    }
  });
}

// Orders each column by the mean place of its neighbours, then exchanges neighbours while that saves crossings.
function lineageArrange(columns) {
  const place = columns.column.map(() => 0);
  const numbered = column => column.forEach((vertex, index) => (place[vertex] = index));
  columns.order.forEach(numbered);
  const small = columns.column.length <= LINEAGE_MANY;
  for (let sweep = 0; sweep < (small ? 10 : 2); sweep += 1) {
    const near = sweep % 2 ? columns.right : columns.left;
    for (const column of sweep % 2 ? columns.order.slice().reverse() : columns.order) {
      const weight = new Map(
        column.map(vertex => {
          const others = near[vertex];
          return [vertex, others.length ? others.reduce((sum, v) => sum + place[v], 0) / others.length : place[vertex]];
        })
      );
      column.sort((one, other) => weight.get(one) - weight.get(other));
      numbered(column);
    }
    if (small) {
      lineageExchange(columns, place);
    }
  }
}

function lineageExchange(columns, place) {
  const more = (high, low) => high.reduce((sum, one) => sum + low.filter(other => place[one] > place[other]).length, 0);
  for (const column of columns.order) {
    for (let index = 0; index + 1 < column.length; index += 1) {
      const [upper, lower] = [column[index], column[index + 1]];
      const kept = more(columns.left[upper], columns.left[lower]) + more(columns.right[upper], columns.right[lower]);
      const changed = more(columns.left[lower], columns.left[upper]) + more(columns.right[lower], columns.right[upper]);
      if (changed < kept) {
        [column[index], column[index + 1]] = [lower, upper];
        [place[upper], place[lower]] = [index + 1, index];
      }
    }
  }
}

// Breaks the columns into rows as a text into lines: none too wide, few lines cut, rows evenly full.
function lineageBands(widths, through, room) {
  const cost = [0];
  const start = [0];
  for (let end = 1; end <= widths.length; end += 1) {
    cost.push(Infinity);
    let used = -LINEAGE_GAP;
    for (let first = end - 1; first >= 0; first -= 1) {
      used += widths[first] + LINEAGE_GAP;
      if (used > room && first < end - 1) {
        break;
      }
      const slack = Math.max(0, 1 - used / room) ** 2;
      const last = end === widths.length;
      const total = cost[first] + 3 + (last ? slack : 0.6 * through[end - 1] + 4 * slack);
      if (total < cost[end]) {
        [cost[end], start[end]] = [total, first];
      }
    }
  }
  const rows = [];
  for (let end = widths.length; end; end = start[end]) {
    rows.unshift(Array.from({ length: end - start[end] }, (_, index) => start[end] + index));
  }
  return rows;
}

function lineageRow(columns, band, { nodes, tall, broad, top }) {
  const spare = LINEAGE_ROOM - 2 * LINEAGE_SIDE - band.reduce((sum, column) => sum + broad[column], 0);
  const gap = Math.min(52, Math.max(LINEAGE_GAP, spare / Math.max(band.length - 1, 1)));
  const span = new Map();
  let x = LINEAGE_SIDE;
  for (const column of band) {
    columns.order[column].forEach(vertex => span.set(vertex, [x, x + broad[column]]));
    x += broad[column] + gap;
  }
  const middle = lineageHeights(columns, band, tall);
  const edges = [...middle].map(([vertex, y]) => [y - tall[vertex] / 2, y + tall[vertex] / 2]);
  const highest = Math.min(...edges.map(([above]) => above));
  const high = Math.max(...edges.map(([, below]) => below)) - highest;
  middle.forEach((y, vertex) => middle.set(vertex, y - highest + top));
  const pill = vertex => (vertex < nodes.length && !nodes[vertex].box ? tall[vertex] / 2 : 0);
  return { right: x - gap, bottom: top + high, span, middle, pill, first: columns.order[band[0]] };
}

// Sets each column as near as can be to where its neighbours want it, by pooling neighbours that would overlap.
function lineageHeights(columns, band, tall) {
  const stacks = band.map(column => columns.order[column]);
  const inside = new Set(stacks.flat());
  const middle = new Map();
  const isNode = vertex => vertex < columns.count;
  const offsets = stacks.map(stack => {
    const found = [0];
    for (let index = 1; index < stack.length; index += 1) {
      const gap = isNode(stack[index - 1]) && isNode(stack[index]) ? 14 : 9;
      found.push(found[index - 1] + (tall[stack[index - 1]] + tall[stack[index]]) / 2 + gap);
    }
    stack.forEach((vertex, index) => middle.set(vertex, found[index] - found[found.length - 1] / 2));
    return found;
  });
  const sweeps = tall.length <= LINEAGE_MANY ? 6 : 2;
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const turns = stacks.map((_, index) => (sweep % 2 ? stacks.length - 1 - index : index));
    for (const turn of turns) {
      const pulls = stacks[turn].map(vertex => {
        const near = (sweep % 2 ? columns.right : columns.left)[vertex];
        const others = [...near, ...(sweep === sweeps - 1 ? columns.right[vertex] : [])].filter(v => inside.has(v));
        const mean = others.reduce((sum, other) => sum + middle.get(other), 0) / others.length;
        const passing = others.length && !isNode(vertex) && !isNode(others[0]);
        return others.length ? [mean, passing ? 6 : 1] : [middle.get(vertex), 0.1];
      });
      lineageSettled(pulls, offsets[turn]).forEach((y, index) => middle.set(stacks[turn][index], y));
    }
  }
  return middle;
}

function lineageSettled(pulls, offsets) {
  const pools = [];
  pulls.forEach(([want, weight], index) => {
    let pool = [want - offsets[index], weight, 1];
    while (pools.length && pools[pools.length - 1][0] > pool[0]) {
      const [mean, mass, members] = pools.pop();
      pool = [(mean * mass + pool[0] * pool[1]) / (mass + pool[1]), mass + pool[1], members + pool[2]];
    }
    pools.push(pool);
  });
  const means = pools.flatMap(([mean, , members]) => Array(members).fill(mean));
  return means.map((mean, index) => mean + offsets[index]);
}

// Returns the points between each pair of vertices; from row to row the way leads round between the rows.
function lineageStretches(columns, rows, nodes) {
  const rowOf = new Map(rows.flatMap(row => [...row.middle.keys()].map(vertex => [vertex, row])));
  const level = vertex => rowOf.get(vertex).middle.get(vertex);
  const [leave, enter] = [new Map(), new Map()];
  for (const [vertex, row] of rowOf) {
    const tall = vertex < nodes.length ? nodes[vertex].h : 0;
    const spread = (others, found, key) => {
      const step = others.length > 1 ? Math.min(10, Math.max(tall - 16, 0) / (others.length - 1)) : 0;
      others
        .slice()
        .sort((one, other) => level(one) - level(other))
        .forEach((other, index) =>
          found.set(key(other), row.middle.get(vertex) + (index - (others.length - 1) / 2) * step)
        );
    };
    spread(columns.right[vertex], leave, other => `${vertex} ${other}`);
    spread(columns.left[vertex], enter, other => `${other} ${vertex}`);
  }
  const turns = lineageTurns(columns, rows, leave, enter);
  const inset = (row, vertex, y) => {
    const radius = row.pill(vertex);
    return radius - Math.sqrt(Math.max(radius ** 2 - (y - row.middle.get(vertex)) ** 2, 0));
  };
  const stretches = new Map();
  for (const [pair, y] of leave) {
    const [from, to] = pair.split(' ').map(Number);
    const [here, there] = [rowOf.get(from), rowOf.get(to)];
    const start = here.span.get(from)[1] - inset(here, from, y);
    const end = there.span.get(to)[0] + inset(there, to, enter.get(pair));
    stretches.set(pair, [[start, y], ...(turns.get(pair) || []), [end, enter.get(pair)]]);
  }
  return stretches;
}

function lineageTurns(columns, rows, leave, enter) {
  const turns = new Map();
  rows.slice(1).forEach((following, index) => {
    const row = rows[index];
    const pairs = following.first.flatMap(vertex => columns.left[vertex].map(other => `${other} ${vertex}`));
    pairs.sort((one, other) => leave.get(one) - leave.get(other) || enter.get(one) - enter.get(other));
    const step = Math.min(6, 24 / pairs.length);
    pairs.forEach((pair, place) => {
      const out = step * (pairs.length - 1 - place);
      const [x, y, back] = [row.right + 12 + out, row.bottom + 12 + out, LINEAGE_SIDE - 12 - step * place];
      turns.set(pair, [
        [x, leave.get(pair)],
        [x, y],
        [back, y],
        [back, enter.get(pair)]
      ]);
    });
  });
  return turns;
}

// Sets nodes side by side below what stands already; edges among them run straight.
function lineageInGrid(nodes, numbers, edges, size) {
  let [x, y, right, high] = [18, size.h + (size.h && numbers.length ? 36 : 0), size.w, 0];
  for (const node of numbers.map(number => nodes[number])) {
    if (x + node.w > LINEAGE_ROOM - 18) {
      [x, y, high] = [18, y + high + 18, 0];
    }
    Object.assign(node, { x, y });
    high = Math.max(high, node.h);
    x += node.w + 18;
    right = Math.max(right, x);
  }
  edges.forEach(edge => (edge.points = null));
  return { w: right, h: y + high };
}

// Returns the size of what stands where a document says, whatever it says of its size.
export function lineageExtent({ nodes, edges }) {
  let [right, bottom] = [200, 40];
  for (const node of nodes) {
    right = Math.max(right, node.x + node.w);
    bottom = Math.max(bottom, node.y + node.h);
  }
  for (const [x, y] of edges.flatMap(edge => edge.points || [])) {
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { w: right + 18, h: bottom + 12 };
}
