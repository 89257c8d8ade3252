// The small parts that the widgets are built of. What users wrote is only ever set as text.

const SVG = 'http://www.w3.org/2000/svg';
const LONGEST = 300; // characters of one label; a title may hold some more
const GLYPHS = {
  dataset: 'M1 2.5H11V10.5H1ZM1 5.2H11M1 7.9H11M4.6 2.5V10.5',
  model: 'M6 .8L10.7 3.4V8.6L6 11.2L1.3 8.6V3.4ZM6 6L10.7 3.4M6 6L1.3 3.4M6 6V11.2',
  figure: 'M1.2 1V10.8H11.2M3.2 8.2L5.6 5L7.6 6.6L10.6 2.6',
  file: 'M2 .8H7.2L10 3.6V11.2H2ZM7.2 .8V3.6H10M4 6.2H8M4 8.6H8',
  notebook: 'M2.4 .8H10.4V11.2H2.4ZM4.6 .8V11.2M1.2 3.4H2.4M1.2 6H2.4M1.2 8.6H2.4M6.4 3.6H8.8',
  attachment: 'M9.6 5.6L5.8 9.6A2.1 2.1 0 0 1 2.6 6.6L6.8 2.2A1.4 1.4 0 0 1 9 4.2L5.2 8.2',
  source: 'M3.8 3L.9 6L3.8 9M8.2 3L11.1 6L8.2 9M7 1.8L5 10.2',
  pass: 'M2 6.6L4.8 9.4L10.2 2.8',
  fail: 'M2.6 2.6L9.4 9.4M9.4 2.6L2.6 9.4',
  skipped: 'M2.4 6H9.6',
  stops: 'M6 .8A5.2 5.2 0 1 1 5.99 .8ZM4 4L8 8M8 4L4 8',
  warns: 'M6 1.2L11.4 10.8H.6ZM6 4.6V7.4M6 8.8V9.4'
};

/** Make an element; `on` holds listeners, `text` its text, everything else is an attribute. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'text') made.textContent = value;
    else if (name === 'on') Object.entries(value).forEach(([event, heard]) => made.addEventListener(event, heard));
    else if (value !== false && value != null) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/** Make a button; `primary` is the one thing to press next. */
export function button(text, press, { primary = false, quiet = false, ...attributes } = {}) {
  const kind = primary ? ' swarmprov-primary' : quiet ? ' swarmprov-quiet' : '';
  return element('button', { type: 'button', class: `swarmprov-button${kind}`, text, on: { click: press }, ...attributes });
}

/** Draw a kind or an outcome; its word stands beside it, so a screen reader passes over the drawing. */
export function glyph(kind) {
  const icon = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  for (const [name, value] of [['viewBox', '0 0 12 12'], ['aria-hidden', 'true'], ['class', 'swarmprov-glyph']]) {
    icon.setAttribute(name, value);
  }
  icon.append(path);
  drawGlyph(icon, kind);
  return icon;
}

/** Change what a glyph shows. */
export function drawGlyph(icon, kind) {
  const known = Object.hasOwn(GLYPHS, kind) ? kind : 'file';
  if (icon.dataset.kind === known) return;
  icon.dataset.kind = known;
  icon.firstChild.setAttribute('d', GLYPHS[known]);
}

/** Set a text where it changed, cut where it is endless; what was cut is the title. */
export function put(node, text) {
  const whole = String(text ?? '');
  const shown = whole.length > LONGEST ? `${whole.slice(0, LONGEST)}…` : whole;
  if (node.textContent !== shown) node.textContent = shown;
  if (shown !== whole) node.title = whole.slice(0, 10 * LONGEST);
  else if (node.title) node.removeAttribute('title');
  return node;
}

/** Set a name of a file or of code, which breaks after its own marks rather than amid a word. */
export function putName(node, text) {
  return putPieces(node, text, /(?<=[/_.([=])(?=.)/, piece => [element('wbr'), piece]);
}

/** Set facts with commas between them; each stays on one line where it fits. */
export function putFacts(node, text) {
  return putPieces(node, text, /(?<=,) /, piece => [' ', piece], piece => element('span', { class: 'swarmprov-fact', text: piece }));
}

function putPieces(node, text, between, later, wrap = piece => piece) {
  const before = node.textContent;
  if (put(node, text).textContent === before) return node;
  const pieces = node.textContent.split(between).map(wrap);
  node.replaceChildren(...pieces.flatMap((piece, place) => (place ? later(piece) : [piece])));
  return node;
}

/** Set a hash or key, short in the middle, with the whole as title. */
export function putShort(node, text) {
  const whole = String(text ?? '');
  const head = /^did:key:/.test(whole) ? 14 : 8;
  put(node, whole.length > head + 8 ? `${whole.slice(0, head)}…${whole.slice(-6)}` : whole);
  node.title = whole.slice(0, 10 * LONGEST);
  return node;
}

/** Keep plain keys from the notebook around, in which "x" cuts a cell; Lab's own with Ctrl or Cmd go on working. */
export function keepKeys(node) {
  node.addEventListener('keydown', event => {
    if (event.key === 'Enter' || !(event.ctrlKey || event.metaKey)) event.stopPropagation();
  });
  return node;
}

/** Show or hide an element. */
export function shown(node, whether) {
  if (node.hidden === Boolean(whether)) node.hidden = !whether;
}

/** Make the children of `parent` those of `list`; what stays keeps its element, and so its focus. */
export function keyed(parent, list, keyOf, make, update) {
  const before = parent.swarmprovChildren ?? new Map();
  const after = new Map();
  list.forEach((entry, index) => {
    const key = keyOf(entry, index);
    const child = before.get(key) ?? make(entry);
    before.delete(key);
    after.set(key, child);
    update(child, entry, index);
  });
  for (const child of before.values()) child.node.remove();
  let place = parent.firstChild;
  for (const child of after.values()) {
    if (child.node === place) place = place.nextSibling;
    else parent.insertBefore(child.node, place);
  }
  parent.swarmprovChildren = after;
}

/** Make a button that copies; the result is said through `announce`, and for a moment by the button. */
export function copyButton(what, textOf, announce) {
  let back;
  const made = button('Copy', async () => {
    const done = await copied(textOf(), made);
    announce(done ? `Copied the ${what}.` : `This page may not copy: select the ${what} and copy it by keyboard.`);
    made.textContent = done ? 'Copied' : 'Not copied';
    clearTimeout(back);
    back = setTimeout(() => (made.textContent = 'Copy'), 2000);
  }, { quiet: true, 'aria-label': `Copy the ${what}` });
  return made;
}

async function copied(text, near) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text, near);
  }
}

// Pages that are not served over https have no clipboard; their selection can still be copied.
function copiedBySelection(text, near) {
  const area = element('textarea', { class: 'swarmprov-away', readonly: true, 'aria-hidden': 'true', tabindex: '-1' });
  area.value = text;
  near.after(area);
  area.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
    near.focus();
  }
}

/** Return the focused element inside `node`, or null. */
export function focusedIn(node) {
  const active = node.getRootNode().activeElement;
  return active && node.contains(active) ? active : null;
}

/**
 * Change what `node` shows without losing the focus: where what had it is gone, `next()` has it.
 * Only a focus inside is taken along; nobody is pulled out of a cell that they are writing.
 */
export function keepFocus(node, change, next) {
  const active = focusedIn(node);
  change();
  if (!active) return;
  const kept = active.isConnected && !active.closest('[hidden]');
  const moved = ![null, active].includes(focusedIn(node)); // the change itself knew where to
  if (!kept) moved || next()?.focus();
  else if (active !== focusedIn(node)) active.focus(); // it moved in the page
}

/** Write a size in decimal units: 999 B, 1.2 kB, 412 kB. */
export function byteSize(size) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let amount = Number(size) || 0;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) [amount, unit] = [amount / 1000, unit + 1];
  return `${unit && amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

/** Write a count with its noun. */
export function plural(count, noun) {
  return count === 1 ? `1 ${noun}` : `${count.toLocaleString('en')} ${noun}s`;
}

/** Write a few words as a sentence. */
export function sentence(words) {
  const text = String(words ?? '');
  return text && `${text[0].toUpperCase()}${text.slice(1)}${/[.…!?]$/.test(text) ? '' : '.'}`;
}

let serial = 0;

/** Return an id that no other element of this page has. */
export function freshId(name) {
  serial += 1;
  return `swarmprov-${name}-${serial}-${Math.random().toString(36).slice(2, 8)}`;
}
