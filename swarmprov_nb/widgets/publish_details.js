import { element, freshId, focusedIn } from './elements.js';
import { licenceField } from './licence.js';

const SWITCHES = {
  outputs: ['Keep the notebook’s outputs', 'Figures that are published always stay; this keeps printed text and tables too.'],
  old_sources: ['Publish old sources', 'Source that ran and that the notebook no longer holds.'],
  all_runs: ['State every cell run', 'Otherwise only those that led to what is published; the others as a count.']
};

/** The words and switches that go with a publication; `change(alter)` hands on what was decided. */
export function details(host, change) {
  const licence = licenceField(host, (text, wait) => change(choices => (choices.license = text.trim() || null), wait));
  const purpose = textField('purpose', 'Why, in a sentence', change);
  const contact = textField('contact', 'A page or address for questions', change);
  const switches = Object.entries(SWITCHES).map(([name, [label, hint]]) => switchOf(name, label, hint, change));
  const node = element('div', { class: 'swarmprov-details' },
    labelled('Licence', licence.input, element('div', { class: 'swarmprov-combo' }, licence.input, licence.list)),
    labelled('Purpose', purpose.input), labelled('Contact', contact.input),
    element('fieldset', {}, element('legend', { text: 'Also public' }), ...switches.map(each => each.node)));

  function update(choices) {
    for (const [input, value] of [[licence.input, choices.license], [purpose.input, choices.purpose], [contact.input, choices.contact]]) {
      if (!focusedIn(input) && input.value !== (value ?? '')) input.value = value ?? '';
    }
    switches.forEach(each => (each.input.checked = Boolean(choices[each.name])));
  }

  return { node, update, dispose: licence.dispose };
}

function labelled(text, input, holder = input) {
  return element('div', { class: 'swarmprov-field' }, element('label', { for: input.id, text }), holder);
}

function textField(name, placeholder, change) {
  const altered = () => change(choices => (choices[name] = input.value.trim() || null));
  const input = element('input', { id: freshId(name), type: 'text', dir: 'auto', placeholder, maxlength: 1000, on: { input: altered } });
  return { input };
}

function switchOf(name, label, hint, change) {
  const hinted = element('span', { class: 'swarmprov-hint', id: freshId('hint'), text: hint });
  const input = element('input', {
    type: 'checkbox', 'aria-describedby': hinted.id, on: { change: () => change(choices => (choices[name] = input.checked), 150) }
  });
  return { name, input, node: element('div', { class: 'swarmprov-switch' }, element('label', {}, input, label), hinted) };
}
