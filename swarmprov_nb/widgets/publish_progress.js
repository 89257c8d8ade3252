import { button, byteSize, element, keyed, put } from './elements.js';

const STAGES = ['artifacts', 'manifest', 'signature', 'seal', 'store', 'anchor', 'receipt'];
const DOING = {
  artifacts: 'writing artifacts', manifest: 'building the manifest', signature: 'signing the manifest', seal: 'sealing',
  store: 'storing', anchor: 'anchoring', receipt: 'writing the receipt'
};

/** What is leaving: the stages, the bytes, and a way to stop. */
export function progressSection(host) {
  let said = null;
  const heading = element('h4', { class: 'swarmprov-title', tabindex: '-1' });
  const stages = element('ol', { class: 'swarmprov-stages' });
  const filled = element('div', { class: 'swarmprov-filled' });
  const bar = element('div', { class: 'swarmprov-bar', role: 'progressbar', 'aria-label': 'Bytes', 'aria-valuemin': 0, 'aria-valuemax': 100 }, filled);
  const doing = element('p', { class: 'swarmprov-sum swarmprov-doing' });
  const cancel = button('Cancel', () => cancel.getAttribute('aria-disabled') !== 'true' && host.send({ op: 'cancel' }));
  const node = element('div', {}, element('div', { class: 'swarmprov-block' }, heading, stages, bar),
    element('footer', { class: 'swarmprov-footer' }, doing, cancel));

  function update(state) {
    const names = state.stages?.length ? state.stages : STAGES;
    const at = Math.max(0, names.indexOf(state.stage));
    const { done = 0, total = 0 } = state.bytes ?? {};
    const bytes = total ? `${byteSize(done)} of ${byteSize(total)}` : '';
    const what = state.cancelling ? 'stopping' : (DOING[names[at]] ?? names[at]);
    put(heading, state.cancelling ? 'Stopping…' : `Step ${at + 1} of ${names.length}: ${names[at]}`);
    keyed(stages, names, name => name, stageRow, (made, name, index) => made.update(name, index - at));
    const share = total ? Math.min(100, Math.round((100 * done) / total)) : 0;
    filled.style.inlineSize = `${share}%`;
    bar.setAttribute('aria-valuenow', share);
    bar.setAttribute('aria-valuetext', bytes || what);
    const rest = state.cancelling ? 'what is already stored stays on this machine' : 'safe to close, it resumes';
    put(doing, [what, bytes, rest].filter(Boolean).join(' · '));
    cancel.setAttribute('aria-disabled', String(Boolean(state.cancelling)));
    put(cancel, state.cancelling ? 'Cancelling…' : 'Cancel');
    if (said !== what) host.announce((said = what)); // stages are said, bytes are not
  }

  return { node, update, focus: () => heading };
}

function stageRow() {
  const name = element('span');
  const mark = element('span', { class: 'swarmprov-away' });
  const node = element('li', {}, name, mark);
  return {
    node,
    update(text, distance) {
      put(name, text);
      put(mark, distance < 0 ? ', done' : distance ? ', to come' : ', now');
      node.className = distance < 0 ? 'swarmprov-done' : distance ? 'swarmprov-later' : 'swarmprov-now';
      if (distance) node.removeAttribute('aria-current');
      else node.setAttribute('aria-current', 'step');
    }
  };
}
