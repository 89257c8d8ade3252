import { TranslationBundle } from '@jupyterlab/translation';
import { element, glyph, put, putName, shown } from '../../swarmprov_nb/widgets/elements.js';
import { IRow } from './protocol';

const MOST_NAMES = 6;
const MOST_ICONS = 4;

/** One cell run in the list of steps: what it read and made, and what went wrong. Pressed, it shows its cell. */
export class Step {
  readonly node = element('li', { class: 'swarmprov-step' });
  readonly button = element('button', { type: 'button', class: 'swarmprov-go', tabindex: '-1' });

  constructor(row: IRow, trans: TranslationBundle) {
    this._trans = trans;
    this._row = row;
    const words = element('span', { class: 'swarmprov-words' }, this._name, this._flow, this._trouble, this._gap);
    this.button.append(this._number, words, this._marks);
    this.button.addEventListener('click', () => this._show());
    this.node.append(this.button);
    this.update(row);
  }

  get sequence(): number {
    return this._row.sequence;
  }

  update(row: IRow): void {
    this._row = row;
    const failed = row.status !== 'ok';
    this.node.classList.toggle('swarmprov-failed', failed);
    put(this._number, row.number === null ? '[ ]' : `[${row.number}]`);
    putName(this._name, row.step);
    this._name.classList.toggle('swarmprov-named', row.named);
    put(this._flow, this._flowText());
    shown(this._flow, row.reads.length + row.makes.length);
    put(this._trouble, failed ? this._troubleText() : '');
    shown(this._trouble, failed);
    put(this._gap, row.gap ? this._trans.__('gap: %1', row.gap) : '');
    shown(this._gap, row.gap);
    this._mark();
    this.button.setAttribute('aria-label', this._spoken().slice(0, 1000));
    this.button.title = row.makes.map(made => `${made.name}: ${made.summary || made.kind}`).join('\n').slice(0, 1000);
  }

  private _flowText(): string {
    const { reads, makes } = this._row;
    const made = this._listed(makes.map(each => each.name));
    return [reads.length ? this._listed(reads) : '', made ? `→ ${made}` : ''].filter(Boolean).join(' ');
  }

  private _troubleText(): string {
    return this._row.error ? this._trans.__('stopped: %1', this._row.error) : this._trans.__('stopped');
  }

  private _listed(names: string[]): string {
    const more = names.length - MOST_NAMES;
    const first = names.slice(0, MOST_NAMES).join(', ');
    return more > 0 ? this._trans.__('%1 and %2 more', first, more) : first;
  }

  private _mark(): void {
    const { makes, published, status } = this._row;
    const icons = makes.slice(0, MOST_ICONS).map(made => kinded(made.kind));
    if (status !== 'ok') {
      icons.push(classed('stops', 'swarmprov-bad'));
    }
    if (published) {
      icons.push(classed('pass', 'swarmprov-good'));
    }
    this._marks.replaceChildren(...icons);
  }

  private _spoken(): string {
    const { number, step, reads, makes, gap, published, status } = this._row;
    const trans = this._trans;
    const made = makes.map(each => [each.kind, each.name, each.summary].filter(Boolean).join(' '));
    const parts = [
      number === null ? step : trans.__('Run %1: %2', number, step),
      reads.length ? trans.__('reads %1', this._listed(reads)) : '',
      made.length ? trans.__('makes %1', this._listed(made)) : '',
      status === 'ok' ? '' : this._troubleText(),
      gap ? trans.__('gap: %1', gap) : '',
      published ? trans.__('published') : ''
    ];
    return `${parts.filter(Boolean).join('; ')}. ${trans.__('Show its cell.')}`;
  }

  private _show(): void {
    const detail = { cell_id: this._row.cell_id, execution_count: this._row.number };
    this.node.dispatchEvent(new CustomEvent('swarmprov:show-cell', { bubbles: true, detail }));
  }

  private _row: IRow;
  private _trans: TranslationBundle;
  private _number = element('span', { class: 'swarmprov-number' });
  private _name = element('bdi', { class: 'swarmprov-step-name' });
  private _flow = element('bdi', { class: 'swarmprov-flow' });
  private _trouble = element('bdi', { class: 'swarmprov-trouble' });
  private _gap = element('bdi', { class: 'swarmprov-gap' });
  private _marks = element('span', { class: 'swarmprov-marks' });
}

function kinded(kind: string): SVGSVGElement {
  return classed(kind, `swarmprov-kind-${kind.replace(/\W/g, '')}`);
}

function classed(name: string, className: string): SVGSVGElement {
  const icon = glyph(name);
  icon.classList.add(className);
  return icon;
}
