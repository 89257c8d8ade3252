import { render as renderPublish } from '../../swarmprov_nb/widgets/publish.js';
import { render as renderVerify } from '../../swarmprov_nb/widgets/verify.js';
import { Channel } from './channel';
import { ChannelModel } from './model';

const RENDER = { publish: renderPublish, verify: renderVerify };

/** The publish or verify widget over a channel, in an element of the panel. */
export class JobView {
  constructor(
    channel: Channel,
    readonly kind: 'publish' | 'verify',
    host: HTMLElement
  ) {
    this._model = new ChannelModel(channel, kind);
    const el = document.createElement('div');
    el.className = 'swarmprov-job';
    host.replaceChildren(el);
    this._cleanUp = RENDER[kind]({ model: this._model, el });
    this._el = el;
  }

  dispose(): void {
    this._cleanUp();
    this._model.dispose();
    this._el.remove();
  }

  private _cleanUp: () => void;
  private _el: HTMLElement;
  private _model: ChannelModel;
}
