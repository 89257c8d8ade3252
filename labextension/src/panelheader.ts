import { TranslationBundle } from '@jupyterlab/translation';
import { button, element, put, shown } from '../../swarmprov_nb/widgets/elements.js';
import { Channel } from './channel';
import { CommandIDs } from './commandids';
import { stateOf, stateText, countText } from './words';

/** The head of the panel: which notebook, whether it records, how much so far, and the button that pauses. */
export class PanelHeader {
  readonly node: HTMLElement;

  constructor(
    private _trans: TranslationBundle,
    run: (id: string) => void
  ) {
    this._toggle = button('', () => run(this._paused ? CommandIDs.resume : CommandIDs.pause), { quiet: true });
    this.node = element(
      'div', // a landmark of its own would stand inside the panel's
      { class: 'swarmprov-header' },
      element('h2', { class: 'swarmprov-heading', text: _trans.__('Provenance') }),
      this._state,
      this._subject,
      this._toggle,
      this._counts
    );
  }

  update(channel: Channel | null, notebook: string): void {
    const state = stateOf(channel);
    put(this._subject, notebook);
    put(this._counts, channel?.status ? countText(channel.status, this._trans) : '');
    put(this._state, stateText(state, this._trans));
    this._state.dataset.state = state;
    shown(this._state, channel);
    this._paused = state === 'paused';
    put(this._toggle, this._paused ? this._trans.__('Resume') : this._trans.__('Pause'));
    shown(this._toggle, state === 'paused' || state === 'recording');
  }

  private _paused = false;
  private _toggle: HTMLButtonElement;
  private _state = element('span', { class: 'swarmprov-chip swarmprov-state', role: 'status' });
  private _subject = element('bdi', { class: 'swarmprov-subject' });
  private _counts = element('span', { class: 'swarmprov-counts' });
}
