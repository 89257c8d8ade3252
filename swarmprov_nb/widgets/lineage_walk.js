// Keys in the graph. Arrows walk: sideways along the flow, up and down among what stands in the same column.

const LINEAGE_NOWHERE = {
  ArrowLeft: 'Nothing leads here.',
  ArrowRight: 'Nothing comes of this.',
  ArrowUp: 'This is the topmost.',
  ArrowDown: 'This is the lowest.'
};

// Returns { node } to go to, { text } where there is none, or null for another key.
function lineageStep(key, node, nodes, near, kin) {
  if (key === 'Home' || key === 'End') {
    return { node: nodes[key === 'Home' ? 0 : nodes.length - 1] };
  }
  if (!Object.hasOwn(LINEAGE_NOWHERE, key)) {
    return null;
  }
  const level = other => Math.abs(other.y + other.h / 2 - node.y - node.h / 2);
  let found;
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const others = (key === 'ArrowLeft' ? near.before : near.after).filter(other => !kin || kin.has(other.index));
    found = others.sort((one, other) => level(one) - level(other))[0];
  } else {
    const beyond = other => (key === 'ArrowUp' ? node.y - other.y : other.y - node.y) > 1;
    const away = other => level(other) + (other.x < node.x + node.w && other.x + other.w > node.x ? 0 : 1e5);
    found = nodes.filter(beyond).reduce((best, other) => (!best || away(other) < away(best) ? other : best), undefined);
  }
  return found ? { node: found } : { text: LINEAGE_NOWHERE[key] };
}

// Does what a key says at the node that has the focus; returns whether it says anything.
export function lineageKey(drawing, key) {
  const { view } = drawing;
  const node = drawing.canvas.byNumber.get(drawing.current);
  const pick = cell => {
    drawing.pick(node.index, { cell });
    drawing.say(`Details of ${node.title} are below. Escape closes them.`);
  };
  const acts = {
    Enter: () => pick(true),
    ' ': () => pick(false),
    f: () => drawing.focusOn(drawing.focused === node.index ? null : node.index),
    u: () => drawing.toggleFold(node),
    t: () => (drawing.toggleTable(), drawing.tableButton.focus()),
    '?': () => drawing.toggleHelp(),
    '+': () => view.zoomBy(1.3),
    '=': () => view.zoomBy(1.3),
    '-': () => view.zoomBy(1 / 1.3),
    0: () => view.whole()
  };
  if (Object.hasOwn(acts, key)) {
    acts[key]();
    return true;
  }
  const step = lineageStep(key, node, drawing.visible(), drawing.neighbours(node), drawing.kin);
  if (step?.node) {
    drawing.goTo(step.node.index);
  } else if (step) {
    drawing.say(step.text);
  }
  return Boolean(step);
}
