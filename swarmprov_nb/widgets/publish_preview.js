import { button, copyButton, element, freshId, keepFocus, keyed, plural, put, putShort, sentence, shown } from './elements.js';
import { details } from './publish_details.js';
import { findingRow, leavable } from './publish_findings.js';
import { itemRow } from './publish_items.js';
import { where } from './publish_where.js';

const TYPING = 500; // milliseconds after the last key until the preview is asked for anew
const TICKING = 150;

/** What would leave the machine: ticks, findings, words, and the one button. */
export function previewSection(host) {
  let state = {};
  let local = {};
  let unsent = false; // changed here and not yet asked for
  let asked = false; // asked for and not yet answered
  let timer;

  const items = element('ul', { class: 'swarmprov-items', 'aria-label': 'What is published', tabindex: '-1' });
  const findings = element('ul', { class: 'swarmprov-findings', 'aria-label': 'Findings', tabindex: '-1' });
  const advice = element('ul', { class: 'swarmprov-advice', 'aria-label': 'Good to know' });
  const says = element('div', { class: 'swarmprov-says' });
  const words = details(host, change);
  const place = where(host, () => {
    asked = true;
    keepFocus(node, draw, focus);
  });
  const total = element('p', { class: 'swarmprov-total' });
  const signer = signedBy(host);
  const reason = element('p', { class: 'swarmprov-reason', id: freshId('reason') });
  const note = element('p', { class: 'swarmprov-final', id: freshId('final'), text: 'Public, and cannot be recalled.' });
  const publish = button('Publish', press, { primary: true, 'aria-describedby': `${reason.id} ${note.id}` });
  const left = element('div', { class: 'swarmprov-column' }, items, findings, advice);
  const right = element('div', { class: 'swarmprov-column' }, place.node, words.node, says);
  const node = element('div', {},
    element('div', { class: 'swarmprov-columns' }, left, right),
    element('footer', { class: 'swarmprov-footer' },
      element('div', { class: 'swarmprov-sum' }, total, signer.node, reason),
      element('div', { class: 'swarmprov-act' }, publish, note)));

  const row = {
    choices: () => local,
    host,
    toggle: (item, ticked) => change(choices => leave(choices, item.id, ticked ? null : 'hide'), TICKING),
    leave: (item, how) => change(choices => leave(choices, item.id, how), TICKING),
    accept: (finding, whether) => change(choices => {
      choices.accept = choices.accept.filter(id => id !== finding.id).concat(whether ? [finding.id] : []);
    }, TICKING),
    itemOf: id => (state.items ?? []).find(item => item.id === id),
    ticked: item => ticked(item, local, state.choices ?? {})
  };

  function change(alter, wait = TYPING) {
    alter(local);
    unsent = true;
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
    keepFocus(node, draw, focus);
  }

  function ask() {
    clearTimeout(timer);
    if (!unsent) return;
    unsent = false;
    asked = true;
    host.send({ op: 'preview', choices: local });
    draw();
  }

  function press() {
    const why = stopped();
    if (why) {
      ask();
      host.announce(why);
      return;
    }
    asked = true; // one press, one publication
    draw();
    host.send({ op: 'publish', plan: state.plan });
  }

  function stopped() {
    if (unsent || asked || state.phase !== 'preview') return sentence(state.waiting) || 'Looking again at what would be published…';
    if (state.asking) return 'Asking the store and the chain whether they can take it, and at what cost…';
    if (state.stopped) return state.stopped;
    const stops = (state.findings ?? []).filter(each => each.stops && !local.accept.includes(each.id) && !each.accepted);
    if (!stops.length) return '';
    const what = stops.length === 1 ? 'One finding stops this' : `${stops.length} findings stop this`;
    return `${what}: take it out of the notebook, leave it out, or choose “Publish it anyway”.`;
  }

  function draw() {
    keyed(items, state.items ?? [], item => item.id, () => itemRow(row), (made, item) => made.update(item));
    keyed(findings, state.findings ?? [], each => each.id, () => findingRow(row), (made, each) => made.update(each));
    lines(advice, (state.advice ?? []).filter(text => text !== state.stopped));
    lines(says, state.says);
    [findings, advice, says].forEach(list => shown(list, list.childElementCount));
    words.update(local);
    putTotal(total, state);
    signer.update(state.signer);
    const why = stopped();
    put(reason, why);
    shown(reason, why);
    put(publish, `Publish ${plural(state.total?.items ?? 0, 'item')}`);
    publish.setAttribute('aria-disabled', String(Boolean(why)));
    node.setAttribute('aria-busy', String(unsent || asked));
  }

  const focus = () => (leavable(findings) ? findings : items);

  return {
    node,
    focus,
    dispose: () => (clearTimeout(timer), words.dispose()),
    update(next) {
      if (next.phase === 'preview') {
        state = next;
        asked = false;
        if (!unsent) local = copyOf(next.choices);
        place.update(next.where); // here alone: what is chosen stands until it is answered
      } else {
        state = { ...state, phase: next.phase, waiting: next.waiting };
      }
      draw();
    }
  };
}

function copyOf(choices = {}) {
  const lists = Object.fromEntries(['hide', 'cite', 'accept'].map(name => [name, [...(choices[name] ?? [])]]));
  return { ...choices, ...lists };
}

function leave(choices, id, how) {
  for (const name of ['hide', 'cite']) choices[name] = choices[name].filter(each => each !== id);
  if (how) choices[how].push(id);
}

// Until the kernel has answered, a tick shows what was chosen here.
function ticked(item, local, confirmed) {
  const out = choices => [...(choices.hide ?? []), ...(choices.cite ?? [])].includes(item.id);
  if (out(local)) return false;
  return out(confirmed) ? true : item.ticked;
}

function lines(list, texts) {
  const tag = list.tagName === 'UL' ? 'li' : 'p';
  keyed(list, texts ?? [], (text, index) => index, () => ({ node: element(tag, { dir: 'auto' }) }), (made, text) => put(made.node, text));
}

function putTotal(total, { total: sum = {}, cost = {} }) {
  const parts = [`${plural(sum.items ?? 0, 'item')} · ${sum.text ?? ''} · `, cost.text ?? '', cost.detail ? ` ${cost.detail}` : ''];
  if (total.dataset.parts === JSON.stringify(parts)) return;
  total.dataset.parts = JSON.stringify(parts);
  total.replaceChildren(parts[0], element('strong', { text: parts[1] }), parts[2]);
}

function signedBy(host) {
  let signer = {};
  const key = element('code');
  const wallet = element('code');
  const copies = [['signing key', 'did'], ['wallet', 'wallet']].map(([what, name]) => copyButton(what, () => signer[name], host.announce));
  const called = element('span');
  const walletPart = element('span', {}, called, ' ', wallet, ' ', copies[1]);
  const means = element('span', { class: 'swarmprov-means' });
  const node = element('p', { class: 'swarmprov-signer' },
    element('span', {}, 'signed by ', key, ' ', copies[0]), ' ', walletPart, ' ', means);
  return {
    node,
    update(next) {
      signer = next ?? {};
      shown(node, signer.did);
      shown(walletPart, signer.wallet);
      putShort(key, signer.did ?? '');
      putShort(wallet, signer.wallet ?? '');
      put(called, signer.dev ? 'with this machine’s dev wallet' : signer.name ? `with wallet ${signer.name},` : 'with wallet');
      put(means, [signer.holds && `holds ${signer.holds} on ${signer.network}`, signer.left && `${signer.left} left of your cap`].filter(Boolean).join(' · '));
      shown(means, signer.holds);
    }
  };
}
