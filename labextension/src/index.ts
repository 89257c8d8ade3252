import { ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { listenForCells } from './cells';
import { Channels } from './channels';
import { CommandIDs } from './commandids';
import { addCommands, addToPalette } from './commands';
import { serveDocument } from './documents';
import { addGraph } from './graph';
import { noticePublications } from './notices';
import { ProvenancePanel } from './panel';
import { reveal } from './reveal';
import { watchSettings } from './settings';
import { StatusItem } from './statusitem';

const ID = 'swarmprov-nb:plugin';

/** Puts the parts together; each of Lab's services that is missing takes its own part away, and no other. */
function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker | null,
  translator: ITranslator | null,
  labShell: ILabShell | null,
  restorer: ILayoutRestorer | null,
  palette: ICommandPalette | null,
  registry: ISettingRegistry | null,
  statusBar: IStatusBar | null
): void {
  if (!tracker) {
    return;
  }
  const trans = (translator ?? nullTranslator).load('swarmprov_nb');
  const channels = new Channels(tracker);
  const panel = new ProvenancePanel(channels, app.commands, trans);
  const settings = watchSettings(registry, ID, () => (panel.follows = settings.followRun));
  const open = (command: string) => (): void => void app.commands.execute(command);

  app.shell.add(panel, 'right', { rank: 700, type: 'Provenance' });
  restorer?.add(panel, panel.id);
  listenForCells(tracker);
  addCommands(app, channels, panel, trans);
  addGraph(app, channels, trans, labShell, restorer);
  if (palette) {
    addToPalette(palette, trans);
  }
  const item = new StatusItem(channels, trans, open(CommandIDs.panel));
  statusBar?.registerStatusItem('swarmprov:status', { item, align: 'left', rank: 900 });

  channels.each(opened => {
    serveDocument(opened, () => settings.writeReceipt);
    noticePublications(opened.channel, trans, () => settings.notifyOnPublish && !panel.isVisible, open(CommandIDs.publish));
  });
  channels.changed.connect((_, [channel, change]) => {
    if (change === 'loaded' && settings.openPanelOnLoad && channel === channels.current) {
      reveal(app.shell, panel);
    }
  });
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Provenance beside the notebook, and one button that publishes it.',
  autoStart: true,
  optional: [
    INotebookTracker,
    ITranslator,
    ILabShell,
    ILayoutRestorer,
    ICommandPalette,
    ISettingRegistry,
    IStatusBar
  ],
  activate
};

export default plugin;
