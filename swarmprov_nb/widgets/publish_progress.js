import { button, byteSize, element, keyed, plural, put } from './elements.js';
import { unlock } from './publish_unlock.js';
import { webLink } from './web_link.js';

const STAGES = ['artifacts', 'manifest', 'signature', 'seal', 'store', 'push', 'anchor', 'receipt'];
const DOING = {
  artifacts: 'writing artifacts', manifest: 'building the manifest', signature: 'signing the manifest', seal: 'sealing',
  store: 'storing', push: 'sending', anchor: 'anchoring', receipt: 'writing the receipt'
};

/** What is leaving: the stages, the bytes, and a way to stop. */
export function progressSection(host) {
  let said = null;
  const heading = element('h4', { class: 'swarmprov-title', tabindex: '-1' });
  const stages = element('ol', { class: 'swarmprov-stages' });
  const filled = element('div', { class: 'swarmprov-filled' });
  const bar = element('div', { class: 'swarmprov-bar', role: 'progressbar', 'aria-label': 'Bytes', 'aria-valuemin': 0, 'aria-valuemax': 100 }, filled);
  const locked = unlock(host);
  const doing = element('p', { class: 'swarmprov-doing' });
  const look = webLink('Look it up', 'swarmprov-look');
  const cancel = button('Cancel', () => cancel.getAttribute('aria-disabled') !== 'true' && host.send({ op: 'cancel' }));
  const node = element('div', {}, element('div', { class: 'swarmprov-block' }, heading, stages, bar, locked.node),
    element('footer', { class: 'swarmprov-footer' }, element('div', { class: 'swarmprov-sum' }, doing, look.node), cancel));

  function update(state) {
    const names = state.stages?.length ? state.stages : STAGES;
    const at = Math.max(0, names.indexOf(state.stage));
    const { done = 0, total = 0, chunks } = state.bytes ?? {};
    const counted = chunks ? `, ${chunks.done.toLocaleString('en')} of ${plural(chunks.total, 'chunk')}` : '';
    const bytes = total && names[at] !== 'anchor' ? `${byteSize(done)} of ${byteSize(total)}${counted}` : '';
    const step = state.unlock ? 'waiting for the wallet' : (DOING[names[at]] ?? names[at]);
    const what = state.cancelling ? 'stopping' : [step, state.detail?.text].filter(Boolean).join(', ');
    put(heading, state.cancelling ? 'Stopping…' : `Step ${at + 1} of ${names.length}: ${names[at]}`);
    keyed(stages, names, name => name, stageRow, (made, name, index) => made.update(name, index - at));
    const share = total ? Math.min(100, Math.round((100 * done) / total)) : 0;
    filled.style.inlineSize = `${share}%`;
    bar.setAttribute('aria-valuenow', share);
    bar.setAttribute('aria-valuetext', bytes || what);
    const rest = state.cancelling ? 'what is already stored stays on this machine' : 'safe to close, it resumes';
    put(doing, [what, bytes, rest].filter(Boolean).join(' · '));
    look.update(state.detail?.link);
    locked.update(state.cancelling ? null : state.unlock);
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
