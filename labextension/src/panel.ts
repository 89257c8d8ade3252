import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { button, element, keepKeys, put, shown } from '../../swarmprov_nb/widgets/elements.js';
import { Change, Channel } from './channel';
import { Channels } from './channels';
import { CommandIDs } from './commandids';
import { firstRun } from './firstrun';
import { provenanceIcon } from './icons';
import { JobView } from './jobview';
import { PanelHeader } from './panelheader';
import { Steps } from './steps';

/** What the panel shows of a notebook that records. */
export type View = 'steps' | 'publish' | 'verify';

/** Where the focus goes when the panel is activated: the first of these that shows. */
const ENTRIES = ['.swarmprov-job .swarmprov-heading', '.swarmprov-step [tabindex="0"]', '.swarmprov-first button', 'button'];

/** The side panel: it follows the notebook that is worked in, run by run, and holds publishing and verifying. */
export class ProvenancePanel extends Widget {
  constructor(
    private _channels: Channels,
    private _commands: CommandRegistry,
    private _trans: TranslationBundle
  ) {
    super();
    this.id = 'swarmprov-panel';
    this.title.icon = provenanceIcon;
    this.title.caption = _trans.__('Provenance');
    this.addClass('swarmprov-panel');
    this.addClass('swarmprov-card');
    keepKeys(this.node);
    this.node.dataset.swarmprovCells = '';
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Provenance'));
    this._steps = new Steps(_trans);
    this._header = new PanelHeader(_trans, id => void _commands.execute(id));
    this._first = firstRun(_trans, () => void _commands.execute(CommandIDs.load));
    this._footer = this._makeFooter();
    this._back = this._makeBack();
    this.node.append(this._header.node, this._back, this._first, this._note, this._steps.node, this._job, this._footer);
    _channels.currentChanged.connect(this._bind, this);
    this._bind();
  }

  set follows(follows: boolean) {
    this._steps.follows = follows;
  }

  /** Show one of the views; the notebook keeps it until another is asked for. */
  open(view: View): void {
    if (this._channel) {
      this._views.set(this._channel, view);
    }
    this._render();
  }

  dispose(): void {
    this._dropJob();
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._renderAll();
  }

  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const first = ENTRIES.map(entry => this.node.querySelector<HTMLElement>(`${entry}:not([hidden], [hidden] *)`));
    first.find(each => each !== null)?.focus();
  }

  private get _view(): View {
    return (this._channel && this._views.get(this._channel)) ?? 'steps';
  }

  private _bind(): void {
    const channel = this._channels.current;
    if (channel === this._channel && channel) {
      return;
    }
    this._channel?.changed.disconnect(this._onChange, this);
    this._dropJob();
    this._channel = channel;
    channel?.changed.connect(this._onChange, this);
    this._renderAll();
  }

  private _onChange(channel: Channel, change: Change): void {
    if (!this.isVisible) {
      return; // drawn anew when it is shown
    }
    if (change === 'rows') {
      this._steps.patch(channel.fresh);
      this._render();
    } else if (change === 'reset') {
      this._renderAll();
    } else if (change === 'link' || change === 'status') {
      this._render();
    }
  }

  private _renderAll(): void {
    if (this.isVisible) {
      this._steps.reset(this._channel?.rows.values() ?? []);
      this._render();
    }
  }

  private _render(): void {
    const link = this._channel?.link ?? null;
    const view = link === 'open' ? this._view : null;
    const empty = view === 'steps' && this._channel?.rows.size === 0;
    this._header.update(this._channel, this._channels.panel?.title.label ?? '');
    put(this._note, this._noteText(link, empty));
    shown(this._note, link === null || link === 'asking' || empty);
    shown(this._first, link === 'absent');
    shown(this._steps.node, view === 'steps');
    shown(this._footer, view === 'steps');
    shown(this._job, view === 'publish' || view === 'verify');
    shown(this._back, view === 'publish' || view === 'verify');
    this._renderJob(view === 'publish' || view === 'verify' ? view : null);
  }

  private _renderJob(kind: 'publish' | 'verify' | null): void {
    if (this._jobView?.kind !== (kind ?? undefined)) {
      this._dropJob();
      this._jobView = kind && this._channel ? new JobView(this._channel, kind, this._job) : null;
    }
  }

  private _dropJob(): void {
    this._jobView?.dispose();
    this._jobView = null;
  }

  private _noteText(link: string | null, empty: boolean): string {
    if (link === null) {
      return this._trans.__('Open a notebook: its provenance shows here.');
    }
    if (link === 'asking') {
      return this._trans.__('Asking the kernel what it has recorded. A cell that runs comes first.');
    }
    return empty ? this._trans.__('Recording. Run a cell, and it appears here.') : '';
  }

  private _makeFooter(): HTMLElement {
    const run = (id: string) => () => void this._commands.execute(id);
    return element(
      'div',
      { class: 'swarmprov-footer' },
      button(this._trans.__('Publish…'), run(CommandIDs.publish), { primary: true }),
      button(this._trans.__('Graph'), run(CommandIDs.graph)),
      button(this._trans.__('Verify…'), run(CommandIDs.verify))
    );
  }

  private _makeBack(): HTMLElement {
    const back = button(this._trans.__('Back to the steps'), () => this.open('steps'), { quiet: true });
    return element('div', { class: 'swarmprov-back' }, back);
  }

  private _channel: Channel | null = null;
  private _views = new WeakMap<Channel, View>();
  private _header: PanelHeader;
  private _steps: Steps;
  private _first: HTMLElement;
  private _footer: HTMLElement;
  private _back: HTMLElement;
  private _note = element('p', { class: 'swarmprov-note swarmprov-block' });
  private _job = element('div', { class: 'swarmprov-jobs' });
  private _jobView: JobView | null = null;
}
