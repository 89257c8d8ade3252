import { JSONObject } from '@lumino/coreutils';
import { Channel, CLIENT } from './channel';
import { Told } from './protocol';

type Listener = (message?: unknown, buffers?: unknown[]) => void;

/** A widget's model over a channel: what publish.js and verify.js read and send, as they do in a notebook's output. */
export class ChannelModel {
  constructor(
    private _channel: Channel,
    private _kind: 'publish' | 'verify'
  ) {
    _channel.changed.connect(this._onChanged, this);
    _channel.told.connect(this._onTold, this);
  }

  get(name: string): unknown {
    return name === 'state' ? this._channel[this._kind] : undefined;
  }

  on(event: string, listener: Listener): void {
    this._listeners.push([event, listener]);
  }

  off(event?: string | null, listener?: Listener | null): void {
    this._listeners = this._listeners.filter(
      ([name, each]) => !((event ?? name) === name && (listener ?? each) === each)
    );
  }

  send(message: JSONObject, _callbacks?: unknown, buffers?: ArrayBuffer[]): void {
    this._channel.send({ op: this._kind, message }, buffers);
  }

  set(): void {
    // the kernel alone writes the state
  }

  save_changes(): void {
    // as above
  }

  dispose(): void {
    this._channel.changed.disconnect(this._onChanged, this);
    this._channel.told.disconnect(this._onTold, this);
    this._listeners = [];
  }

  private _onChanged(_: Channel, change: string): void {
    if (change === this._kind) {
      this._tell('change:state');
    }
  }

  private _onTold(_: Channel, told: Told): void {
    if ((told.type === 'page' || told.type === 'licences') && told.client === CLIENT) {
      this._tell('msg:custom', told);
    }
  }

  private _tell(event: string, message?: unknown): void {
    for (const [name, listener] of [...this._listeners]) {
      if (name === event) {
        listener(message, []);
      }
    }
  }

  private _listeners: [string, Listener][] = [];
}
