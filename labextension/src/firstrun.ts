import { TranslationBundle } from '@jupyterlab/translation';
import { button, element } from '../../swarmprov_nb/widgets/elements.js';

/** What the panel says of a notebook whose kernel does not record: three steps, the first with its button. */
export function firstRun(trans: TranslationBundle, load: () => void): HTMLElement {
  return element(
    'div',
    { class: 'swarmprov-first swarmprov-block' },
    element('h3', { class: 'swarmprov-title', text: trans.__('Three steps to a notebook that proves itself') }),
    element(
      'ol',
      { class: 'swarmprov-three', role: 'list' },
      stepOf(
        trans.__('Load it'),
        trans.__('One cell starts recording. Nothing leaves this machine.'),
        element('code', { text: '%load_ext swarmprov' }),
        button(trans.__('Insert and run this cell'), load, { primary: true })
      ),
      stepOf(
        trans.__('Work as always'),
        trans.__('Every cell run appears here with what it read and made. To name a step, begin its cell with'),
        element('code', { text: '%%provenance clean' })
      ),
      stepOf(
        trans.__('Publish'),
        trans.__('See what would leave, its size and its cost. Then publish, and have a receipt that anyone can verify.')
      )
    )
  );
}

function stepOf(title: string, text: string, ...more: Node[]): HTMLElement {
  const heading = element('h4', { class: 'swarmprov-title', text: title });
  return element('li', {}, heading, element('p', { class: 'swarmprov-note', text }), ...more);
}
