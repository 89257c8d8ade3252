import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';

const LINE = '%load_ext swarmprov';
const LOADS = /^\s*%(re)?load_ext\s+swarmprov(_nb)?\s*$/m;

/** Run the notebook's cell that loads swarmprov; where it has none, put one at its head first. */
export async function loadIn(panel: NotebookPanel): Promise<void> {
  const notebook = panel.content;
  const place = notebook.widgets.findIndex(
    cell => cell.model.type === 'code' && LOADS.test(cell.model.sharedModel.getSource())
  );
  notebook.activeCellIndex = Math.max(place, 0);
  if (place < 0) {
    NotebookActions.insertAbove(notebook);
    notebook.activeCell?.model.sharedModel.setSource(LINE);
  }
  notebook.deselectAll();
  await panel.sessionContext.ready;
  await NotebookActions.run(notebook, panel.sessionContext);
}
