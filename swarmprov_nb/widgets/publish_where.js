import { button, element, focusedIn, freshId, keyed, put, shown } from './elements.js';

const CHOICES = { store: 'Store', batch: 'Postage batch', chain: 'Chain', wallet: 'Wallet' };
const ONLY_WHERE_SOME = ['batch', 'wallet']; // rows that stand there only where there is something to choose or to say
const TYPED = {
  store: [
    ['bee', 'another Bee node…', '', 'http://127.0.0.1:1633'],
    ['gateway', 'a gateway that takes chunks…', 'gateway:', 'https://gateway.example']
  ],
  chain: [['url', 'another network, by a node’s URL…', '', 'https://rpc.example']]
};

/**
 * Where it goes: store, postage batch, chain and wallet, each with what came of asking there. What is typed goes to the kernel once,
 * is forgotten here, and never comes back: an address may hold a key. `chosen()` hears that something was asked.
 */
export function where(host, chosen) {
  const rows = Object.entries(CHOICES).map(([kind, label]) => [kind, choiceRow(host, kind, label, chosen)]);
  const note = element('p', { class: 'swarmprov-hint', dir: 'auto' });
  const node = element('fieldset', { class: 'swarmprov-where' }, element('legend', { text: 'Where it goes' }),
    ...rows.map(([, row]) => row.node), note);

  function update(state) {
    shown(node, state);
    for (const [kind, row] of rows) row.update(state?.[kind] ?? {});
    put(note, state?.note ?? '');
    shown(note, state?.note && state.store?.id === 'local');
  }

  return { node, update };
}

function choiceRow(host, kind, label, chosen) {
  let confirmed = '';
  let said = null;
  let sent = false; // an address was, and the answer is not here yet
  const select = element('select', { id: freshId(kind), on: { change: () => changed() } });
  const test = element('p', { class: 'swarmprov-test', id: freshId('test'), dir: 'auto' });
  const again = button('Ask again', () => send({ op: 'test' }), { quiet: true, 'aria-label': `Ask the ${label.toLowerCase()} again` });
  const typing = typingRow(kind, text => ((sent = true), send({ op: 'where', kind, text })), () => ((select.value = confirmed), select.focus()));
  select.setAttribute('aria-describedby', test.id);
  const node = element('div', { class: 'swarmprov-choice' },
    element('div', { class: 'swarmprov-field' }, element('label', { for: select.id, text: label }), select),
    ...(typing ? [typing.node] : []), element('div', { class: 'swarmprov-answer' }, test, ' ', again));

  function send(message) {
    host.send(message);
    chosen();
  }

  function changed() {
    const typed = typing?.of(select.value);
    typing?.open(typed);
    if (!typed) send({ op: 'where', kind, id: select.value });
  }

  function update({ id = '', options = [], refused = '', test: found = {} }) {
    if (typing && (id !== confirmed || (sent && !refused))) typing.open(null); // chosen, here or elsewhere
    sent = false;
    const blank = options.some(option => option.id === id) ? [] : [{ id: '', label: 'choose one' }];
    const more = (TYPED[kind] ?? []).map(([name, text]) => ({ id: `typing:${name}`, label: text }));
    const before = select.value;
    keyed(select, [...blank, ...options, ...more], option => option.id, optionNode, (made, option) => made.update(option));
    select.value = typing?.isOpen() ? before : id;
    confirmed = id;
    put(test, refused || found.text || '');
    test.dataset.tone = refused ? 'fail' : (found.tone ?? '');
    shown(test, test.textContent);
    shown(again, !refused && found.tone === 'fail');
    if (said !== null && said !== test.textContent && ['pass', 'fail'].includes(test.dataset.tone)) {
      host.announce(`${label}: ${test.textContent}`);
    }
    said = test.textContent;
    shown(node, !ONLY_WHERE_SOME.includes(kind) || options.length > 1 || found.text || (!id && options.length));
  }

  return { node, update };
}

function optionNode() {
  const node = element('option');
  return {
    node,
    update({ id, label }) {
      if (node.getAttribute('value') !== id) node.value = id; // without the attribute its value is its label
      put(node, label);
    }
  };
}

// The field for an address: it is emptied as it is sent, so that nothing of it stays in the page.
function typingRow(kind, use, back) {
  if (!TYPED[kind]) return null;
  let prefix = '';
  const input = element('input', {
    type: 'text', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off', maxlength: 2000, dir: 'ltr',
    'aria-label': `Address of the ${kind}`, on: { keydown: pressed }
  });
  const node = element('div', { class: 'swarmprov-typing', hidden: true }, input, button('Use it', take));

  function take() {
    const text = input.value.trim();
    if (!text) return input.focus();
    input.value = '';
    use(text.startsWith(prefix) ? text : prefix + text);
  }

  function pressed(event) {
    if (event.key === 'Enter') take();
    else if (event.key === 'Escape') open(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function open(typed) {
    if (!typed && focusedIn(node)) back();
    shown(node, typed);
    input.value = '';
    if (!typed) return;
    [, , prefix, input.placeholder] = typed;
    input.focus();
  }

  return {
    node,
    open,
    isOpen: () => !node.hidden,
    of: value => TYPED[kind].find(([name]) => value === `typing:${name}`)
  };
}
