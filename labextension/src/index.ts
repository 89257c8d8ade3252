import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { listenForCells } from './cells';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'swarmprov-nb:plugin',
  description: 'Provenance beside the notebook, and one button that publishes it.',
  autoStart: true,
  optional: [INotebookTracker],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker | null) => {
    if (tracker) {
      listenForCells(tracker);
    }
  }
};

export default plugin;
