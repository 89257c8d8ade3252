import { ISessionContext } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';
import { Change, Channel } from './channel';

/** A notebook and the channel to its kernel. */
export interface INotebookChannel {
  panel: NotebookPanel;
  channel: Channel;
}

/** The channels of all open notebooks; `current` is the one that is worked in. */
export class Channels {
  constructor(private _tracker: INotebookTracker) {
    _tracker.widgetAdded.connect((_, panel) => this._open(panel));
    _tracker.forEach(panel => this._open(panel));
    _tracker.currentChanged.connect(() => this._currentChanged.emit());
  }

  get panel(): NotebookPanel | null {
    return this._tracker.currentWidget;
  }

  get current(): Channel | null {
    return this.panel ? this.of(this.panel) : null;
  }

  of(panel: NotebookPanel): Channel | null {
    return this._channels.get(panel.sessionContext) ?? null;
  }

  /** The notebook that is saved at this path, if it is open. */
  at(path: string): INotebookChannel | null {
    const panel = this._tracker.find(each => each.context.path === path);
    const channel = panel ? this.of(panel) : null;
    return panel && channel ? { panel, channel } : null;
  }

  /** Another notebook is worked in, or a kernel's channel has come. */
  get currentChanged(): ISignal<this, void> {
    return this._currentChanged;
  }

  /** A channel has come, of a notebook that was opened. */
  get opened(): ISignal<this, INotebookChannel> {
    return this._opened;
  }

  /** Do it with every notebook that is open or will be. */
  each(action: (opened: INotebookChannel) => void): void {
    this._tracker.forEach(panel => {
      const channel = this.of(panel);
      if (channel) {
        action({ panel, channel });
      }
    });
    this._opened.connect((_, opened) => action(opened));
  }

  /** Any channel has changed. */
  get changed(): ISignal<this, [Channel, Change]> {
    return this._changed;
  }

  private _open(panel: NotebookPanel): void {
    if (this._channels.has(panel.sessionContext)) {
      return; // another view of the same notebook
    }
    const channel = new Channel(panel.sessionContext);
    this._channels.set(panel.sessionContext, channel);
    channel.changed.connect((_, change) => this._changed.emit([channel, change]));
    this._opened.emit({ panel, channel });
    if (this.panel?.sessionContext === panel.sessionContext) {
      this._currentChanged.emit();
    }
  }

  private _channels = new WeakMap<ISessionContext, Channel>();
  private _currentChanged = new Signal<this, void>(this);
  private _opened = new Signal<this, INotebookChannel>(this);
  private _changed = new Signal<this, [Channel, Change]>(this);
}
