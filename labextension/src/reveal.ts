import { JupyterFrontEnd } from '@jupyterlab/application';
import { Widget } from '@lumino/widgets';

/** Bring a widget before the reader and give it the focus. Notebook 7 would hide a panel that is activated again. */
export function reveal(shell: JupyterFrontEnd.IShell, widget: Widget): void {
  if (widget.isVisible) {
    widget.activate();
  } else {
    shell.activateById(widget.id);
  }
}
