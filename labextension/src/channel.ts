import { ISessionContext } from '@jupyterlab/apputils';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONObject, UUID } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';
import { Asked, IJobState, IRow, IStatus, Told } from './protocol';

const TARGET = 'swarmprov';

/** This browser tab, among those that show the same kernel. */
export const CLIENT = UUID.uuid4();

/** Whether the kernel records: not known yet, not loaded, or told by its comm. */
export type Link = 'asking' | 'absent' | 'open';

/** What has changed in a channel. */
export type Change = 'link' | 'loaded' | 'rows' | 'reset' | 'status' | 'publish' | 'verify';

/** What one notebook's kernel records, as it tells over its comm; survives restarts, reconnections and other kernels. */
export class Channel {
  constructor(readonly context: ISessionContext) {
    context.kernelChanged.connect(this._onKernel, this);
    context.statusChanged.connect(this._onStatus, this);
    context.connectionStatusChanged.connect(this._onConnection, this);
    context.disposed.connect(() => this.dispose());
    this._listen(context.session?.kernel ?? null);
  }

  get link(): Link {
    return this._link;
  }

  get status(): IStatus | null {
    return this._status;
  }

  get publish(): IJobState {
    return this._publish;
  }

  get verify(): IJobState {
    return this._verify;
  }

  /** All rows by id; `fresh` are those that the last `rows` change brought. */
  get rows(): ReadonlyMap<string, IRow> {
    return this._rows;
  }

  get fresh(): readonly IRow[] {
    return this._fresh;
  }

  /** Whether cells have run since the receipt that `publish` shows. */
  get ranSinceReceipt(): boolean {
    return this._ranSinceReceipt;
  }

  get changed(): ISignal<this, Change> {
    return this._changed;
  }

  /** Everything the kernel says, after the channel itself has taken it in. */
  get told(): ISignal<this, Told> {
    return this._told;
  }

  send(asked: Asked, buffers?: ArrayBuffer[]): void {
    if (this._comm && !this._comm.isDisposed) {
      this._comm.send({ ...asked, client: CLIENT } as unknown as JSONObject, undefined, buffers);
    }
  }

  dispose(): void {
    this._comm = null;
    this._kernel = null;
    Signal.clearData(this);
  }

  private _onKernel(_: ISessionContext, change: { newValue: Kernel.IKernelConnection | null }): void {
    this._listen(change.newValue);
  }

  private _onStatus(_: ISessionContext, status: KernelMessage.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._clear('absent');
    }
  }

  private _onConnection(_: ISessionContext, status: Kernel.ConnectionStatus): void {
    if (status === 'connected' && this._kernel) {
      void this._reconcile(this._kernel);
    }
  }

  private _listen(kernel: Kernel.IKernelConnection | null): void {
    this._kernel = kernel;
    this._clear(kernel ? 'asking' : 'absent');
    if (kernel) {
      kernel.registerCommTarget(TARGET, comm => {
        this._adopt(comm);
        this._changed.emit('loaded');
      });
      void this._reconcile(kernel);
    }
  }

  /** After a page reload or a broken connection: adopt the comm that the kernel holds, drop one that it does not. */
  private async _reconcile(kernel: Kernel.IKernelConnection): Promise<void> {
    let held: string[] = [];
    try {
      const reply = await kernel.requestCommInfo({ target_name: TARGET });
      held = reply.content.status === 'ok' ? Object.keys(reply.content.comms) : [];
    } catch {
      // the kernel ended or was replaced while asked: its end is told by other signals
    }
    if (kernel !== this._kernel) {
      return;
    }
    if (this._comm && held.includes(this._comm.commId)) {
      this.send({ op: 'hello' });
    } else if (held.length > 0 && !kernel.hasComm(held[held.length - 1])) {
      this._adopt(kernel.createComm(TARGET, held[held.length - 1]));
    } else if (this._link === 'asking' || this._comm?.isDisposed) {
      this._clear('absent');
    }
  }

  private _adopt(comm: Kernel.IComm): void {
    this._comm = comm;
    comm.onMsg = message => {
      if (comm === this._comm) {
        this._take(message.content.data as unknown as Told);
      }
    };
    comm.onClose = () => {
      if (comm === this._comm) {
        this._clear('absent');
      }
    };
    this._set('open');
    this.send({ op: 'hello' });
  }

  private _take(told: Told): void {
    if (told.type === 'rows') {
      this._takeRows(told.rows, told.reset);
    } else if (told.type === 'status') {
      this._status = told;
      this._changed.emit('status');
    } else if (told.type === 'publish' || told.type === 'verify') {
      this[told.type === 'publish' ? '_publish' : '_verify'] = told.state;
      this._ranSinceReceipt &&= this._publish.phase !== 'publishing';
      this._changed.emit(told.type);
    }
    this._told.emit(told);
  }

  private _takeRows(rows: IRow[], reset: boolean): void {
    if (reset) {
      this._rows.clear();
    }
    for (const row of rows) {
      this._rows.set(row.id, row);
    }
    this._fresh = rows;
    this._ranSinceReceipt ||= !reset && rows.some(row => !row.published);
    this._changed.emit(reset ? 'reset' : 'rows');
  }

  private _clear(link: Link): void {
    this._comm = null;
    this._status = null;
    this._publish = { phase: 'empty' };
    this._verify = { phase: 'empty' };
    this._takeRows([], true);
    this._set(link);
  }

  private _set(link: Link): void {
    this._link = link;
    this._changed.emit('link');
  }

  private _kernel: Kernel.IKernelConnection | null = null;
  private _comm: Kernel.IComm | null = null;
  private _link: Link = 'asking';
  private _status: IStatus | null = null;
  private _publish: IJobState = { phase: 'empty' };
  private _verify: IJobState = { phase: 'empty' };
  private _rows = new Map<string, IRow>();
  private _fresh: readonly IRow[] = [];
  private _ranSinceReceipt = false;
  private _changed = new Signal<this, Change>(this);
  private _told = new Signal<this, Told>(this);
}
