import { NotebookPanel } from '@jupyterlab/notebook';
import { Channel, CLIENT } from './channel';
import { INotebookChannel } from './channels';
import { Told } from './protocol';

/** Save a notebook when its kernel asks for it, and keep the receipt in its metadata where `writes` allows. */
export function serveDocument({ panel, channel }: INotebookChannel, writes: () => boolean): void {
  channel.told.connect((_: Channel, told: Told) => {
    if ((told.type !== 'save' && told.type !== 'receipt') || (told.client ?? CLIENT) !== CLIENT) {
      return;
    }
    if (told.type === 'save') {
      void save(panel).then(ok => channel.send({ op: 'saved', request: told.request, ok }));
    } else if (writes() && panel.model && !panel.model.readOnly) {
      panel.model.setMetadata('swarmprov', told.note);
      void save(panel);
    }
  });
}

/** Whether the notebook is on disk as it is on the screen. */
async function save(panel: NotebookPanel): Promise<boolean> {
  const context = panel.context;
  if (panel.isDisposed || !context.isReady || context.model.readOnly) {
    return false;
  }
  if (context.model.dirty) {
    await context.save().catch(() => undefined); // Lab itself says what went wrong
  }
  return !context.model.dirty;
}
