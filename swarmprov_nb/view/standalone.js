'use strict';
// The standalone page's behaviour: vis-network pans, zooms and hits; boxes and routes are drawn here as in the picture.
(() => {
  const read = id => JSON.parse(document.getElementById(id).textContent);
  const { nodes, edges, looks, width, height, fonts } = read('data');
  const place = document.getElementById('graph');
  const said = document.getElementById('said');
  const byId = new Map(nodes.map(node => [node.id, node]));
  const media = query => window.matchMedia(query);
  const dark = media('(prefers-color-scheme: dark)');
  const forced = media('(forced-colors: active)');
  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif';
  let chosen = null;
  let lit = new Set();

  const look = () => {
    if (!forced.matches) return dark.matches ? looks.dark : looks.light;
    const plain = ['CanvasText', 'Canvas', 'CanvasText'];
    const kinds = Object.fromEntries(Object.keys(looks.light.kinds).map(kind => [kind, plain]));
    return { paper: 'Canvas', ink: 'CanvasText', quiet: 'CanvasText', line: 'CanvasText', focus: 'Highlight', kinds };
  };

  const reach = (start, from, to) => {
    const found = new Set([start]);
    for (const id of found) {
      for (const edge of edges) if (edge[from] === id) found.add(edge[to]);
    }
    return found;
  };

  const icon = (context, kind, x, y, colour) => {
    context.save();
    context.translate(x, y);
    context.strokeStyle = colour;
    context.lineWidth = 1.3;
    context.stroke(new Path2D(looks.icons[kind]));
    context.restore();
  };

  const shape = (context, box, x, y, radius) => {
    context.beginPath();
    context.roundRect(x, y, box.w, box.h, radius);
    context.fill();
    context.stroke();
  };

  const texts = (context, box, x, y, colours) => {
    const left = x + box.inset;
    const lines = [box.subtitle, box.extra].filter(Boolean);
    const first = y + box.h / 2 - (lines.length * 14) / 2;
    const marked = looks.icons[box.mark] ? 16 : 0;
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    context.direction = 'ltr';
    if (marked) icon(context, box.mark, left, first - 6, colours.edge);
    context.fillStyle = look().ink;
    context.font = `600 ${fonts.title}px ${FONT}`;
    const room = box.w - box.inset - 8;
    context.fillText(box.title, left + marked, first, room - marked);
    context.fillStyle = colours.text;
    context.font = `${fonts.small}px ${FONT}`;
    lines.forEach((line, index) => context.fillText(line, left, first + 15 + 14 * index, room));
  };

  const drawBox = (context, node, x, y, hover) => {
    const { box } = node;
    const [edge, ground, text] = look().kinds[box.mark] || look().kinds[box.kind] || look().kinds.file;
    const run = box.kind === 'run' || box.kind === 'steps';
    const strong = node.id === chosen || box.mark === 'focus';
    context.globalAlpha = chosen === null || lit.has(node.id) ? 1 : 0.35;
    context.fillStyle = ground;
    context.strokeStyle = strong || hover ? look().focus : edge;
    context.lineWidth = strong ? 2.5 : 1.2;
    const left = x - box.w / 2;
    const top = y - box.h / 2;
    const radius = run ? 6 : box.h / 2;
    if (box.extra) shape(context, box, left + 3, top + 3, radius);
    shape(context, box, left, top, radius);
    if (!run) icon(context, looks.icons[box.kind] ? box.kind : 'file', left + 10, y - 6, edge);
    texts(context, box, left, top, { edge, text });
  };

  const route = (context, points) => {
    context.beginPath();
    context.moveTo(...points[0]);
    for (let index = 1; index < points.length; index += 1) {
      const [[x0, y0], [x1, y1]] = [points[index - 1], points[index]];
      const next = points[index + 1];
      if (x0 !== x1 && y0 !== y1) {
        const middle = (x0 + x1) / 2;
        context.bezierCurveTo(middle, y0, middle, y1, x1, y1);
      } else if (next && (next[0] === x1) !== (x0 === x1) && (next[1] === y1) !== (y0 === y1)) {
        const longest = Math.min(Math.hypot(x1 - x0, y1 - y0), Math.hypot(next[0] - x1, next[1] - y1));
        context.arcTo(x1, y1, next[0], next[1], Math.min(7, longest / 2));
      } else {
        context.lineTo(x1, y1);
      }
    }
    context.stroke();
  };

  const drawLines = context => {
    for (const edge of edges) {
      const on = chosen === null || (lit.has(edge.from) && lit.has(edge.to));
      const [x, y] = edge.points[edge.points.length - 1];
      context.globalAlpha = on ? 1 : 0.25;
      context.strokeStyle = context.fillStyle = chosen !== null && on ? look().focus : look().line;
      context.lineWidth = chosen !== null && on ? 1.8 : 1.2;
      context.setLineDash(edge.seen ? [] : [4, 3]);
      route(context, [...edge.points.slice(0, -1), [x - 4.5, y]]);
      context.setLineDash([]);
      context.beginPath();
      context.moveTo(x - 5.5, y - 3);
      context.lineTo(x, y);
      context.lineTo(x - 5.5, y + 3);
      context.fill();
    }
    context.globalAlpha = 1;
  };

  const drawn = node => ({
    ...node,
    ctxRenderer: ({ ctx, x, y, state }) => ({
      drawNode: () => drawBox(ctx, node, x, y, state.hover),
      nodeDimensions: { width: node.box.w, height: node.box.h }
    })
  });

  place.hidden = document.getElementById('bar').hidden = false;
  const wide = place.clientWidth;
  place.style.height = `${Math.round(Math.min(Math.max((wide * (height + 48)) / (width + 48), 260), 720))}px`;
  const network = new vis.Network(place, { nodes: nodes.map(drawn), edges }, read('options'));
  place.querySelector('.vis-network').tabIndex = -1;
  network.on('beforeDrawing', drawLines);

  const middle = { x: width / 2, y: height / 2 };
  const least = () => Math.min(place.clientWidth / (width + 48), place.clientHeight / (height + 48), 1.4);
  const fit = () => network.moveTo({ position: middle, scale: least(), animation: false });
  // What would be too small to read whole begins at its top.
  const begin = () => {
    const scale = Math.min(place.clientWidth / (width + 48), 1);
    if (least() >= 0.75 * scale) return fit();
    const position = { x: middle.x, y: place.clientHeight / 2 / scale - 24 };
    return network.moveTo({ position, scale, animation: false });
  };
  const zoom = factor => {
    const scale = Math.min(Math.max(network.getScale() * factor, 0.05), 8);
    network.moveTo({ scale, animation: false });
  };

  const choose = (id, { move = false } = {}) => {
    document.querySelectorAll('tr[aria-current]').forEach(row => row.removeAttribute('aria-current'));
    chosen = id;
    lit = id === null ? new Set() : new Set([...reach(id, 'to', 'from'), ...reach(id, 'from', 'to')]);
    said.textContent = id === null ? '' : byId.get(id).title;
    if (id !== null) document.getElementById(id).setAttribute('aria-current', 'true');
    if (move) network.moveTo({ position: network.getPosition(id), scale: Math.max(network.getScale(), 0.9) });
    network.redraw();
  };

  const along = key => {
    const order = nodes.map(node => node.id);
    if (chosen === null) return order[0];
    const ends = { ArrowRight: ['from', 'to'], ArrowLeft: ['to', 'from'] }[key];
    if (ends) return (edges.find(edge => edge[ends[0]] === chosen) || { [ends[1]]: chosen })[ends[1]];
    const index = order.indexOf(chosen) + (key === 'ArrowDown' ? 1 : -1);
    return order[Math.min(Math.max(index, 0), order.length - 1)];
  };

  place.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || !nodes.length) return;
    if (event.key.startsWith('Arrow')) choose(along(event.key), { move: true });
    else if (event.key === '+' || event.key === '=') zoom(1.25);
    else if (event.key === '-') zoom(0.8);
    else if (event.key === 'Home' || event.key === '0') fit();
    else if (event.key === 'Escape') choose(null);
    else return;
    event.preventDefault();
  });
  place.addEventListener('focus', () => network.setOptions({ interaction: { zoomView: true } }));
  place.addEventListener('blur', () => network.setOptions({ interaction: { zoomView: false } }));
  place.addEventListener('pointerdown', () => place.focus({ preventScroll: true, focusVisible: false }), true);
  network.on('click', event => choose(event.nodes.length ? event.nodes[0] : null));
  document.getElementById('fit').addEventListener('click', fit);
  document.getElementById('in').addEventListener('click', () => zoom(1.25));
  document.getElementById('out').addEventListener('click', () => zoom(0.8));
  document.querySelectorAll('button[data-node]').forEach(button => {
    button.addEventListener('click', () => {
      choose(button.dataset.node, { move: true });
      place.scrollIntoView({ block: 'nearest' });
    });
  });
  window.addEventListener('resize', begin);
  for (const query of [dark, forced]) query.addEventListener('change', () => network.redraw());
  begin();
})();
