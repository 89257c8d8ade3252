import { element, keepFocus, keepKeys, put, shown } from './elements.js';

const SETTLE = 16; // milliseconds: bytes tick faster than anyone reads

/**
 * A card: heading, chips, one section per phase, one place that announces.
 *
 * `sections` maps a phase to `make(host)`, which returns {node, update(state), focus()}; a section is made when its
 * phase first comes, then only changed, so that focus, selection and half-typed words stay. `host` has `send(message,
 * buffers)`, `announce(text)`, and `hear(listener)` for custom messages. `phaseOf(state, before)` says what to show;
 * `before(host)` makes a part that stays above all phases.
 */
export function card({ model, el }, { name, heading, sections, phaseOf, label, before: above }) {
  const title = element('h3', { class: 'swarmprov-heading', tabindex: '-1', text: heading });
  const subject = element('bdi', { class: 'swarmprov-subject' });
  const chips = element('span', { class: 'swarmprov-chips' });
  const status = element('p', { class: 'swarmprov-away', role: 'status' });
  const body = element('div', { class: 'swarmprov-body' });
  const root = keepKeys(element('section', { class: `swarmprov-card swarmprov-${name}`, role: 'group' },
    element('header', { class: 'swarmprov-header' }, title, subject, chips), body, status));
  const made = new Map();
  const heard = new Set();
  let phase = null;
  let waiting = null;

  const host = {
    root,
    send: (message, buffers = []) => model.send(message, undefined, buffers),
    hear: listener => (heard.add(listener), () => heard.delete(listener)),
    announce(text) {
      status.textContent = '';
      setTimeout(() => (status.textContent = text), 30); // said again even if it is the same
    }
  };
  const custom = (message, buffers) => heard.forEach(listener => listener(message, buffers));

  const standing = above?.(host);
  if (standing) body.append(standing.node);

  function section(wanted) {
    if (!made.has(wanted)) {
      const fresh = sections[wanted](host);
      fresh.node.classList.add('swarmprov-section');
      body.append(fresh.node);
      made.set(wanted, fresh);
    }
    return made.get(wanted);
  }

  function show() {
    waiting = null;
    const state = model.get('state') ?? {};
    phase = phaseOf(state, phase);
    root.dataset.phase = phase;
    root.setAttribute('aria-label', label(state));
    put(subject, state.notebook ?? '');
    showChips(chips, [state.store, state.chain]);
    const current = section(phase);
    keepFocus(root, () => {
      current.update(state);
      standing?.update(state);
      made.forEach((each, key) => shown(each.node, key === phase));
    }, () => current.focus?.() ?? title);
  }

  const schedule = () => (waiting ??= setTimeout(show, SETTLE));
  model.on('change:state', schedule);
  model.on('msg:custom', custom);
  el.append(root);
  show();
  return () => {
    clearTimeout(waiting);
    model.off('change:state', schedule);
    model.off('msg:custom', custom);
    made.forEach(each => each.dispose?.());
    root.remove();
  };
}

function showChips(chips, list) {
  const labels = list.filter(Boolean).map(each => each.label);
  if (chips.dataset.labels === JSON.stringify(labels)) return;
  chips.dataset.labels = JSON.stringify(labels);
  chips.replaceChildren(...labels.map(text => put(element('span', { class: 'swarmprov-chip' }), text)));
}

/** A section that only says something, with at most one button. */
export function saying({ title, text, press, act, kind = 'swarmprov-note' }) {
  return host => {
    const heading = element('h4', { class: 'swarmprov-title', tabindex: '-1' });
    const said = element('p', { class: kind, dir: 'auto' });
    const node = element('div', {}, element('div', { class: 'swarmprov-block' }, heading, said));
    if (press) node.append(element('footer', { class: 'swarmprov-footer' }, press(() => act(host))));
    return {
      node,
      focus: () => heading,
      update(state) {
        put(heading, typeof title === 'function' ? title(state) : title);
        put(said, typeof text === 'function' ? text(state) : text);
      }
    };
  };
}
