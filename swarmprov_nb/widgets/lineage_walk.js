// Walking with the arrow keys: sideways along the flow, up and down among what stands in the same column.

const LINEAGE_NOWHERE = {
  ArrowLeft: 'Nothing leads here.',
  ArrowRight: 'Nothing comes of this.',
  ArrowUp: 'This is the topmost.',
  ArrowDown: 'This is the lowest.'
};

// Returns { node } to go to, { text } where there is none, or null for another key.
export function lineageStep(key, node, nodes, near, kin) {
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
