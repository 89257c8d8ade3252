import { MainAreaWidget } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { JSONObject } from '@lumino/coreutils';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { draw } from '../../swarmprov_nb/widgets/lineage.js';
import { button, element, put, shown } from '../../swarmprov_nb/widgets/elements.js';
import { Change, Channel, CLIENT } from './channel';
import { Channels } from './channels';
import { showCell } from './cells';
import { provenanceIcon } from './icons';
import { Told } from './protocol';

/** The lineage of one notebook in the main area: drawn when it opens, and anew when the reader asks after more runs. */
export class GraphView extends Widget {
  constructor(
    readonly path: string,
    private _channels: Channels,
    private _trans: TranslationBundle
  ) {
    super();
    this.addClass('swarmprov-graphview');
    this._again = button('', () => this._ask(), { class: 'swarmprov-button' });
    this._bar = element('div', { class: 'swarmprov-graphbar swarmprov-card' }, this._note, this._again);
    this._canvas.dataset.swarmprovCells = '';
    this._canvas.addEventListener('swarmprov:show-cell', event => this._showCell(event));
    this.node.append(this._bar, this._canvas);
    _channels.opened.connect(this._attach, this);
    this._attach();
  }

  dispose(): void {
    this._drawn?.dispose();
    this._leave();
    this._channels.opened.disconnect(this._attach, this);
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    if (!this._drawn) {
      this._ask();
    }
  }

  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this._enter();
  }

  /** Put the focus on the node that the graph was left at; before it is drawn the view itself holds it. */
  private _enter(): void {
    this._canvas.querySelector<SVGElement>('.swp-node[tabindex="0"]')?.focus({ preventScroll: true });
  }

  private _attach(): void {
    const found = this._channels.at(this.path);
    if (found && found.channel !== this._channel) {
      this._leave();
      this._channel = found.channel;
      this._panel = found.panel;
      found.channel.told.connect(this._onTold, this);
      found.channel.changed.connect(this._onChange, this);
      this._ask();
    }
    this._render();
  }

  private _leave(): void {
    this._channel?.told.disconnect(this._onTold, this);
    this._channel?.changed.disconnect(this._onChange, this);
  }

  private _ask(): void {
    this._channel?.send({ op: 'graph', focus: null });
  }

  private _onTold(_: Channel, told: Told): void {
    if (told.type === 'graph' && told.client === CLIENT) {
      this._problem = told.problem ? `${told.problem.what} ${told.problem.next}` : '';
      this._draw(told.document);
    }
  }

  private _onChange(channel: Channel, change: Change): void {
    if (change === 'rows') {
      channel.fresh.forEach(row => this._newer.add(row.id));
    } else if (change === 'reset' && channel.rows.size && !this._drawn) {
      this._ask();
    }
    this._render();
  }

  private _draw(document: JSONObject | null): void {
    this._drawn?.dispose();
    this._canvas.replaceChildren();
    this._drawn = document ? draw(this._canvas, document, { fill: true }) : null;
    if (window.document.activeElement === this.node) {
      this._enter();
    }
    this._newer.clear();
    this._render();
  }

  private _render(): void {
    const newer = this._newer.size;
    put(this._note, this._noteText());
    put(this._again, this._trans._n('Draw %1 new run', 'Draw %1 new runs', newer));
    shown(this._note, this._noteText());
    shown(this._again, newer && (this._drawn || this._problem));
    shown(this._bar, this._noteText() || newer);
  }

  private _noteText(): string {
    if (!this._channel) {
      return this._trans.__('Open %1 to see its lineage.', this.path);
    }
    if (this._channel.link === 'absent') {
      return this._trans.__('This notebook does not record now. Run %load_ext swarmprov in it.');
    }
    if (this._problem) {
      return this._problem;
    }
    return this._drawn ? '' : this._trans.__('Asking the kernel for the lineage.');
  }

  private _showCell(event: Event): void {
    if (this._panel && !this._panel.isDisposed) {
      event.stopPropagation();
      void showCell(this._panel, (event as CustomEvent).detail);
    }
  }

  private _channel: Channel | null = null;
  private _panel: NotebookPanel | null = null;
  private _drawn: { dispose(): void } | null = null;
  private _problem = '';
  private _newer = new Set<string>();
  private _bar: HTMLElement;
  private _again: HTMLButtonElement;
  private _note = element('p', { class: 'swarmprov-note', role: 'status' });
  private _canvas = element('div', { class: 'swarmprov-canvas' });
}

/** Wrap the graph of the notebook at `path` for the main area. */
export function graphWidget(path: string, channels: Channels, trans: TranslationBundle): MainAreaWidget<GraphView> {
  const widget = new MainAreaWidget({ content: new GraphView(path, channels, trans) });
  widget.id = `swarmprov-graph-${path}`;
  widget.title.icon = provenanceIcon;
  widget.title.label = trans.__('Lineage of %1', path.split('/').pop() ?? path);
  widget.title.caption = widget.title.label;
  widget.title.closable = true;
  widget.toolbar.hide();
  return widget;
}
