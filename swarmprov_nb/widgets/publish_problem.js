import { button, element, put, shown } from './elements.js';

/** What stopped the publication, what to do next, and the choice that would let it go on, where there is one. */
export function problemSection(host) {
  let state = {};
  let said = null;
  const heading = element('h4', { class: 'swarmprov-title', tabindex: '-1', dir: 'auto' });
  const next = element('p', { class: 'swarmprov-note', dir: 'auto' });
  const again = button('Try again', () => host.send({ op: 'again' }));
  const remedy = button('', () => host.send({ op: 'preview', choices: { ...state.choices, ...state.problem.remedy.choices } }), { primary: true });
  const node = element('div', {}, element('div', { class: 'swarmprov-block', dir: 'auto' }, heading, next),
    element('footer', { class: 'swarmprov-footer' }, again, remedy));

  function update(now) {
    state = now;
    const { what = 'The publication stopped.', next: then = '', remedy: way } = state.problem ?? {};
    put(heading, what);
    put(next, then);
    put(remedy, way?.label ?? '');
    shown(remedy, way);
    again.classList.toggle('swarmprov-primary', !way);
    if (said !== what + then) host.announce(`${what} ${then}`);
    said = what + then;
  }

  return { node, update, focus: () => heading };
}
