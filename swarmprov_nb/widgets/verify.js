import { card, saying } from './card.js';
import { button, element, freshId, put, shown } from './elements.js';
import { reportSection } from './verify_report.js';

// A notebook server closes the connection of a kernel over a message of 10 MiB (Tornado's default): stay below.
const LARGEST = 9_000_000;
const TOO_LARGE = 'is over 9 MB, which a notebook page may not send to its kernel. In a terminal: swarmprov verify FILE';
const HOLDS_A_KEY = 'This reference holds a key, and does not belong in a notebook. In a terminal: swarmprov verify REFERENCE';

const PHASES = {
  empty: saying({
    title: 'Nothing verified yet',
    text: 'Paste a reference, or drop a file that somebody saved. It is read, never run.'
  }),
  checking: saying({
    title: state => `Verifying ${shortSource(state.source)}…`,
    text: 'Every chunk is hashed again, every digest, signature and rule is checked.'
  }),
  report: reportSection,
  problem: saying({
    title: state => state.problem?.what ?? 'It could not be verified.',
    text: state => state.problem?.next ?? ''
  })
};

/** Draw the verify widget: a reference or a saved file, then the report and the lineage of what is valid. */
export function render(view) {
  return card(view, {
    name: 'verify',
    heading: 'Verify',
    sections: PHASES,
    before: asking,
    label: () => 'Verify a publication',
    phaseOf: state => (Object.hasOwn(PHASES, state.phase) ? state.phase : 'empty')
  });
}

export default { render };

function shortSource(source) {
  const whole = String(source ?? '');
  return /^[0-9a-f]{64}$/i.test(whole) ? `${whole.slice(0, 8)}…${whole.slice(-6)}` : whole.slice(0, 80);
}

/** The form that stays above whatever is shown. */
function asking(host) {
  let busy = false;
  const said = element('p', { class: 'swarmprov-reason', id: freshId('refused'), role: 'alert' });
  const input = element('input', {
    id: freshId('reference'), type: 'text', dir: 'ltr', autocomplete: 'off', spellcheck: 'false', placeholder: 'Paste a reference',
    maxlength: 4096, 'aria-describedby': said.id, on: { keydown: event => event.key === 'Enter' && submit(event) } // Lab keeps Enter from forms
  });
  const verify = element('button', { type: 'submit', class: 'swarmprov-button swarmprov-primary', text: 'Verify' });
  const file = element('input', { type: 'file', hidden: true, on: { change: () => (send(file.files[0]), (file.value = '')) } });
  const choose = button('Choose a saved file…', () => file.click());
  const zone = element('div', { class: 'swarmprov-zone', on: { dragover: over, dragleave: left, drop: dropped } },
    element('span', { text: 'or drop a saved file here' }), choose, file);
  const node = element('form', { class: 'swarmprov-form', novalidate: true, on: { submit } },
    element('label', { for: input.id, class: 'swarmprov-away', text: 'Reference' }),
    element('div', { class: 'swarmprov-line' }, input, verify), zone, said);

  function refuse(text) {
    put(said, text);
    shown(said, text);
  }

  function submit(event) {
    event.preventDefault();
    const source = input.value.trim();
    if (busy) return;
    if (!source) refuse('Paste a reference first: 64 hexadecimal digits.');
    else if (/^(0x)?[0-9a-f]{128}$/i.test(source)) refuse(HOLDS_A_KEY);
    else refuse(''), host.send({ op: 'verify', source });
    if (said.textContent) input.focus();
  }

  async function send(chosen) {
    if (!chosen || busy) return;
    const name = chosen.name.slice(0, 255);
    if (chosen.size > LARGEST) return refuse(`${name} ${TOO_LARGE}`);
    refuse('');
    const bytes = await chosen.arrayBuffer().catch(() => null);
    if (bytes) host.send({ op: 'verify', name }, [bytes]);
    else refuse(`${name} could not be read. Drop one saved file, not a folder.`);
  }

  function over(event) {
    event.preventDefault();
    event.stopPropagation();
    zone.classList.add('swarmprov-over');
  }

  function left() {
    zone.classList.remove('swarmprov-over');
  }

  function dropped(event) {
    over(event);
    left();
    send(event.dataTransfer?.files?.[0]);
  }

  refuse('');
  return {
    node,
    focus: () => input,
    update(state) {
      busy = state.phase === 'checking';
      for (const each of [verify, choose]) each.setAttribute('aria-disabled', String(busy));
      put(verify, busy ? 'Verifying…' : 'Verify');
      if (busy) host.announce('Verifying…');
      if (state.phase === 'problem') host.announce(`${state.problem?.what ?? ''} ${state.problem?.next ?? ''}`);
    }
  };
}
