import { Cell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

const FLASH = 'swarmprov-flash';
const FLASH_MS = 1600;

/** Which cell to show: by its id; where the run has none, by its execution count. */
export interface ICellPlace {
  cell_id?: string | null;
  execution_count?: number | null;
}

/** Scroll a cell of the notebook into view and flash it; false where the notebook has no such cell. */
export async function showCell(panel: NotebookPanel, place: ICellPlace): Promise<boolean> {
  const notebook = panel.content;
  const cell = find(notebook.widgets, place);
  if (!cell) {
    return false;
  }
  notebook.activeCellIndex = notebook.widgets.indexOf(cell);
  await notebook.scrollToCell(cell, 'center');
  flash(cell.node);
  return true;
}

/** Answer `swarmprov:show-cell` of everything on the page: graph nodes, steps of the panel, findings. */
export function listenForCells(tracker: INotebookTracker): void {
  const mark = (panel: NotebookPanel): void => void (panel.node.dataset.swarmprovCells = '');
  tracker.forEach(mark);
  tracker.widgetAdded.connect((_, panel) => mark(panel));
  document.addEventListener('swarmprov:show-cell', event => {
    const panel = holder(tracker, event.target) ?? tracker.currentWidget;
    if (panel) {
      void showCell(panel, (event as CustomEvent<ICellPlace>).detail);
    }
  });
}

function holder(tracker: INotebookTracker, target: EventTarget | null): NotebookPanel | undefined {
  return tracker.find(panel => target instanceof Node && panel.node.contains(target));
}

function find(cells: readonly Cell[], place: ICellPlace): Cell | undefined {
  const byId = cells.find(cell => !!place.cell_id && cell.model.id === place.cell_id);
  return byId ?? cells.find(cell => !!place.execution_count && count(cell) === place.execution_count);
}

function count(cell: Cell): number | null {
  const model = cell.model as { executionCount?: number | null };
  return model.executionCount ?? null;
}

function flash(node: HTMLElement): void {
  node.classList.remove(FLASH);
  void node.offsetWidth; // starts the animation again
  node.classList.add(FLASH);
  window.setTimeout(() => node.classList.remove(FLASH), FLASH_MS);
}
