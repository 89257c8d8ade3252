import { ILabShell, ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Channels } from './channels';
import { CommandIDs } from './commandids';
import { GraphView, graphWidget } from './graphview';
import { reveal } from './reveal';

/** Register the command that opens a notebook's lineage beside it; a page reload brings open ones back. */
export function addGraph(
  app: JupyterFrontEnd,
  channels: Channels,
  trans: TranslationBundle,
  labShell: ILabShell | null,
  restorer: ILayoutRestorer | null
): void {
  const tracker = new WidgetTracker<MainAreaWidget<GraphView>>({ namespace: 'swarmprov-graph' });
  app.commands.addCommand(CommandIDs.graph, {
    label: trans.__('Show the lineage graph'),
    caption: trans.__('Draw what was made from what, beside the notebook'),
    isEnabled: args => !!args['path'] || channels.current?.link === 'open',
    execute: args => {
      const path = (args['path'] as string | undefined) ?? channels.panel?.context.path;
      if (!path) {
        return;
      }
      const known = tracker.find(each => each.content.path === path);
      const widget = known ?? graphWidget(path, channels, trans);
      if (!known) {
        const place = labShell ? 'main' : 'down'; // the main area of Notebook 7 holds the notebook and nothing else
        widget.content.toggleClass('swarmprov-below', place === 'down');
        app.shell.add(widget, place, { mode: 'split-bottom', ref: channels.at(path)?.panel.id });
        void tracker.add(widget);
      }
      reveal(app.shell, widget);
    }
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.graph,
    args: widget => ({ path: widget.content.path }),
    name: widget => widget.content.path
  });
}
