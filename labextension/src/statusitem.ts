import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { put } from '../../swarmprov_nb/widgets/elements.js';
import { Channels } from './channels';
import { stateOf, stateText } from './words';

/** The status bar's item: whether this notebook records, and how many runs so far. Pressed, it opens the panel. */
export class StatusItem extends Widget {
  constructor(
    private _channels: Channels,
    private _trans: TranslationBundle,
    open: () => void
  ) {
    super();
    this.addClass('swarmprov-statusitem');
    this._button.type = 'button';
    this._button.title = _trans.__('Show the provenance panel');
    this._button.addEventListener('click', open);
    this.node.append(this._button);
    _channels.currentChanged.connect(this._render, this);
    _channels.changed.connect(this._render, this);
    this._render();
  }

  private _render(): void {
    const channel = this._channels.current;
    const state = stateOf(channel);
    const runs = channel?.status?.runs ?? 0;
    const counted = channel?.status ? ` · ${this._trans._n('%1 run', '%1 runs', runs)}` : '';
    this._button.dataset.state = state;
    put(this._button, this._trans.__('Provenance: %1', `${stateText(state, this._trans)}${counted}`));
    this._button.hidden = this._channels.panel === null;
  }

  private _button = document.createElement('button');
}
