import { TranslationBundle } from '@jupyterlab/translation';
import { element } from '../../swarmprov_nb/widgets/elements.js';
import { IRow } from './protocol';
import { Step } from './step';

const NEAR_END = 48; // pixels: closer than this, the list follows

/** The cell runs in order. A new run adds one element and a changed one changes its own; nothing else is touched. */
export class Steps {
  readonly node = element('div', { class: 'swarmprov-steps', role: 'log' });
  follows = true;

  constructor(private _trans: TranslationBundle) {
    this.node.setAttribute('aria-label', _trans.__('Steps'));
    this._list.setAttribute('aria-label', _trans.__('Steps in the order they ran'));
    this.node.append(this._list);
    this.node.addEventListener('scroll', () => (this._atEnd = this._isAtEnd()), { passive: true });
    this._list.addEventListener('keydown', event => this._walk(event));
    this._list.addEventListener('focusin', event => this._enter(event.target as HTMLElement));
  }

  /** Show these rows and no others; a screen reader is not told all of them, and what stays keeps its element. */
  reset(rows: Iterable<IRow>): void {
    const ordered = [...rows].sort((one, other) => one.sequence - other.sequence);
    this.node.setAttribute('aria-live', 'off');
    this._waiting.length = 0;
    if (![...this._steps.keys()].every((id, place) => ordered[place]?.id === id)) {
      this._clear();
    }
    this._add(ordered);
    window.requestAnimationFrame(() => this.node.setAttribute('aria-live', 'polite'));
  }

  /** Add or change rows, together with all others of the same frame. */
  patch(rows: readonly IRow[]): void {
    if (!this._frame) {
      this._frame = window.requestAnimationFrame(() => {
        this._frame = 0;
        this._add(this._waiting.splice(0));
      });
    }
    this._waiting.push(...rows);
  }

  private _clear(): void {
    this._steps.clear();
    this._list.replaceChildren();
    this._entry = null;
    this._atEnd = true;
  }

  private _add(rows: readonly IRow[]): void {
    for (const row of rows) {
      const known = this._steps.get(row.id);
      if (known) {
        known.update(row);
      } else {
        this._insert(row);
      }
    }
    if (rows.length && this.follows && this._atEnd) {
      this.node.scrollTop = this.node.scrollHeight;
    }
  }

  private _insert(row: IRow): void {
    const step = new Step(row, this._trans);
    this._steps.set(row.id, step);
    this._byNode.set(step.node, step);
    let after = this._list.lastElementChild;
    while (after && (this._byNode.get(after)?.sequence ?? 0) > row.sequence) {
      after = after.previousElementSibling;
    }
    if (after) {
      after.after(step.node);
    } else {
      this._list.prepend(step.node);
    }
    if (!this._entry) {
      this._enter(step.button);
    }
  }

  private _isAtEnd(): boolean {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_END;
  }

  /** The list is one stop of the Tab key: the step that was last in use. */
  private _enter(target: HTMLElement): void {
    const entry = target.closest('button');
    if (entry && entry !== this._entry) {
      this._entry?.setAttribute('tabindex', '-1');
      entry.setAttribute('tabindex', '0');
      this._entry = entry;
    }
  }

  private _walk(event: KeyboardEvent): void {
    const here = (event.target as HTMLElement).closest('li');
    const goals: { [key: string]: Element | null | undefined } = {
      ArrowDown: here?.nextElementSibling,
      ArrowUp: here?.previousElementSibling,
      Home: this._list.firstElementChild,
      End: this._list.lastElementChild
    };
    if (event.key in goals) {
      event.preventDefault();
      goals[event.key]?.querySelector('button')?.focus();
    }
  }

  private _list = element('ol', { class: 'swarmprov-list', role: 'list' });
  private _steps = new Map<string, Step>();
  private _byNode = new WeakMap<Element, Step>();
  private _waiting: IRow[] = [];
  private _frame = 0;
  private _entry: Element | null = null;
  private _atEnd = true;
}
