import { button, sentence } from './elements.js';
import { card, saying } from './card.js';
import { problemSection } from './publish_problem.js';
import { previewSection } from './publish_preview.js';
import { progressSection } from './publish_progress.js';
import { receiptSection } from './publish_receipt.js';

const PHASES = {
  empty: saying({
    title: 'Nothing has left this machine',
    text: 'First see what a publication would hold, what it costs and who signs it. Nothing is sent by looking.',
    press: act => button('Preview the publication', act, { primary: true }),
    act: host => host.send({ op: 'preview', choices: {} })
  }),
  preparing: saying({
    title: 'Looking at what would be published…',
    text: state => [sentence(state.waiting), 'The notebook, what it made, and what should not leave are read. Nothing is sent.'].filter(Boolean).join('\n')
  }),
  preview: previewSection,
  publishing: progressSection,
  receipt: receiptSection,
  problem: problemSection
};

/** Draw the publish widget: what would leave, then what is leaving, then the receipt. */
export function render(view) {
  return card(view, {
    name: 'publish',
    heading: 'Publish',
    sections: PHASES,
    label: state => `Publish ${String(state.notebook ?? '').slice(0, 200)}`.trim(),
    phaseOf: (state, before) => {
      if (state.phase === 'preparing' && before === 'preview') return before; // it stays while it is looked at again
      return Object.hasOwn(PHASES, state.phase) ? state.phase : 'empty';
    }
  });
}

export default { render };
