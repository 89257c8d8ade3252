import { element, freshId, keyed, put, shown } from './elements.js';

const PAUSE = 120; // milliseconds between the last key and the question
const SHOWN = 20;
const WHILE_TYPING = 2000; // half a name is no licence yet

/**
 * A text field that completes SPDX licences (https://spdx.org/licenses/), after the ARIA pattern of a combobox with a
 * list (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/). The kernel knows the list: `{op: "licences", prefix}`.
 * `changed(text, wait)` hears what stands there, and how many milliseconds to wait for more.
 */
export function licenceField(host, changed) {
  const list = element('ul', { class: 'swarmprov-options', role: 'listbox', id: freshId('licences'), 'aria-label': 'Licences', hidden: true });
  const input = element('input', {
    id: freshId('licence'), type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false', maxlength: 200,
    'aria-expanded': 'false', 'aria-autocomplete': 'list', 'aria-controls': list.id, placeholder: 'for example CC-BY-4.0',
    on: { input: typed, keydown: pressed, blur: left }
  });
  let found = [];
  let at = -1;
  let asked = null;
  let timer;
  let half = false; // typed, and neither chosen nor left

  const forget = host.hear(message => {
    if (message?.type !== 'licences' || message.prefix !== asked) return;
    asked = null;
    found = (message.licences ?? []).slice(0, SHOWN);
    at = -1;
    draw();
    host.announce(found.length ? `${found.length} licences; use the arrow keys.` : 'No licence of that name.');
  });

  function typed() {
    half = true;
    changed(input.value, WHILE_TYPING);
    ask();
  }

  function left() {
    if (half) changed(input.value, 0);
    half = false;
    close();
  }

  function ask(pause = PAUSE) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      asked = input.value;
      host.send({ op: 'licences', prefix: asked });
    }, pause);
  }

  function close() {
    clearTimeout(timer);
    asked = null;
    found = [];
    at = -1;
    draw();
  }

  function choose(index) {
    input.value = found[index].id;
    half = false;
    changed(input.value, 0);
    close();
  }

  function pressed(event) {
    const open = found.length > 0;
    const steps = { ArrowDown: at + 1, ArrowUp: at < 0 ? found.length - 1 : at - 1 };
    if (event.key in steps && !open) ask(0);
    else if (event.key in steps) move(steps[event.key]);
    else if (event.key === 'Enter' && at >= 0) choose(at);
    else if (event.key === 'Enter') left();
    else if (event.key === 'Escape' && open) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function move(to) {
    at = (to + found.length) % found.length;
    draw();
    list.children[at].scrollIntoView({ block: 'nearest' });
  }

  function draw() {
    keyed(list, found, licence => licence.id, option, (made, licence, index) => {
      made.node.id = `${list.id}-${index}`;
      made.node.setAttribute('aria-selected', String(index === at));
      put(made.id, licence.id);
      put(made.name, licence.name === licence.id ? '' : licence.name);
    });
    shown(list, found.length > 0);
    input.setAttribute('aria-expanded', String(found.length > 0));
    if (at >= 0) input.setAttribute('aria-activedescendant', `${list.id}-${at}`);
    else input.removeAttribute('aria-activedescendant');
  }

  function option(licence) {
    const id = element('strong');
    const name = element('span');
    const press = event => (event.preventDefault(), choose(found.findIndex(each => each.id === licence.id)));
    return { node: element('li', { role: 'option', on: { mousedown: press } }, id, ' ', name), id, name };
  }

  return { input, list, dispose: () => (clearTimeout(timer), forget()) };
}
