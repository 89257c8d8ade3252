// Moving about in the picture: drag, touch, wheel, buttons. A plain wheel stays the notebook's own, unless the picture
// fills its place.

const LINEAGE_READABLE = 0.86; // the smallest letters, 10.5 pixels, are then still 9
const LINEAGE_LARGEST = 1.15;
const LINEAGE_ZOOM = { least: 0.08, most: 4 };
const LINEAGE_MARGIN = 14;

// Moves `layer` inside `svg`; `size` returns the picture's size, and `moved` is told of each change.
export function lineageView(svg, layer, { size, fills, moved }) {
  const view = { scale: 1, x: 0, y: 0, touched: false };
  const room = () => ({ w: svg.clientWidth || 600, h: svg.clientHeight || 300 });

  const kept = (offset, length, space) => {
    const slack = space - length;
    return slack >= 0 ? slack / 2 : Math.min(LINEAGE_MARGIN, Math.max(slack - LINEAGE_MARGIN, offset));
  };
  const apply = () => {
    const [{ w, h }, place] = [size(), room()];
    view.x = kept(view.x, w * view.scale, place.w);
    view.y = kept(view.y, h * view.scale, place.h);
    layer.setAttribute(
      'transform',
      `translate(${view.x.toFixed(1)} ${view.y.toFixed(1)}) scale(${view.scale.toFixed(4)})`
    );
    moved(view, place, { w: w * view.scale, h: h * view.scale });
  };
  const panBy = (x, y) => {
    Object.assign(view, { x: view.x + x, y: view.y + y, touched: true });
    apply();
  };
  const zoomAt = (factor, x, y) => {
    const scale = Math.min(LINEAGE_ZOOM.most, Math.max(LINEAGE_ZOOM.least, view.scale * factor));
    const ratio = scale / view.scale;
    Object.assign(view, { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio, touched: true });
    apply();
  };
  const zoomBy = factor => zoomAt(factor, room().w / 2, room().h / 2);

  // The scale at which the picture is as wide as its place, and still readable.
  const readable = () =>
    Math.min(LINEAGE_LARGEST, Math.max(LINEAGE_READABLE, (room().w - 2 * LINEAGE_MARGIN) / size().w));
  const start = () => {
    Object.assign(view, { scale: readable(), x: LINEAGE_MARGIN, y: LINEAGE_MARGIN, touched: false });
    apply();
  };
  const show = (area, least) => {
    const place = room();
    const fitting = Math.min((place.w - 28) / area.w, (place.h - 28) / area.h, LINEAGE_LARGEST);
    view.scale = Math.min(LINEAGE_ZOOM.most, Math.max(least, fitting));
    view.x = place.w / 2 - (area.x + area.w / 2) * view.scale;
    view.y = place.h / 2 - (area.y + area.h / 2) * view.scale;
    view.touched = true;
    apply();
  };
  const whole = () => show({ x: 0, y: 0, ...size() }, LINEAGE_ZOOM.least);
  const reveal = node => {
    const place = room();
    const [left, top] = [node.x * view.scale + view.x, node.y * view.scale + view.y];
    const off = (from, length, space) =>
      from < 8 ? 8 - from : from + length > space - 8 ? Math.max(space - 8 - from - length, 8 - from) : 0;
    const [x, y] = [off(left, node.w * view.scale, place.w), off(top, node.h * view.scale, place.h)];
    if (x || y) {
      Object.assign(view, { x: view.x + x, y: view.y + y }); // not the reader's doing, so a new width starts anew
      apply();
    }
  };
  const stop = lineageHands(svg, { panBy, zoomAt, fills, view });
  return { view, apply, start, whole, show, reveal, zoomBy, panBy, room, readable: LINEAGE_READABLE, dispose: stop };
}

// Listens to pointers and the wheel; returns a function that stops.
function lineageHands(svg, { panBy, zoomAt, fills }) {
  const stopped = new AbortController();
  const pointers = new Map();
  let dragged = false;
  const place = event => {
    const box = svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const listen = (name, handle, options = {}) =>
    svg.addEventListener(name, handle, { signal: stopped.signal, ...options });
  listen('pointerdown', event => {
    if (event.button === 0) {
      dragged = pointers.size > 0;
      pointers.set(event.pointerId, { from: place(event), at: place(event) });
    }
  });
  listen('pointermove', event => {
    const pointer = pointers.get(event.pointerId);
    if (!pointer) {
      return;
    }
    const [before, now] = [pointer.at, place(event)];
    if (!dragged && Math.hypot(now[0] - pointer.from[0], now[1] - pointer.from[1]) < 5) {
      return;
    }
    dragged = true;
    svg.setPointerCapture?.(event.pointerId);
    svg.classList.add('swp-dragging');
    pointer.at = now;
    const other = [...pointers.values()].find(one => one !== pointer);
    if (other) {
      const far = point => Math.hypot(point[0] - other.at[0], point[1] - other.at[1]) || 1;
      zoomAt(far(now) / far(before), (now[0] + other.at[0]) / 2, (now[1] + other.at[1]) / 2);
    } else {
      panBy(now[0] - before[0], now[1] - before[1]);
    }
  });
  const lift = event => {
    pointers.delete(event.pointerId);
    svg.classList.toggle('swp-dragging', pointers.size > 0 && dragged);
  };
  ['pointerup', 'pointercancel'].forEach(name => listen(name, lift));
  listen('pointerleave', event => dragged || lift(event));
  listen(
    'click',
    event => {
      if (dragged) {
        event.stopPropagation();
        dragged = false;
      }
    },
    { capture: true }
  );
  listen(
    'wheel',
    event => {
      const unit = event.deltaMode === 1 ? 16 : 1;
      const [x, y] = [event.deltaX * unit, event.deltaY * unit];
      const sideways = event.shiftKey ? x || y : Math.abs(x) > Math.abs(y) ? x : 0;
      if (event.ctrlKey || event.metaKey) {
        zoomAt(Math.exp(-Math.max(-60, Math.min(60, y)) / 150), ...place(event));
      } else if (sideways) {
        panBy(-sideways, 0);
      } else if (fills) {
        panBy(-x, -y);
      } else {
        return;
      }
      event.preventDefault();
    },
    { passive: false }
  );
  return () => stopped.abort();
}
