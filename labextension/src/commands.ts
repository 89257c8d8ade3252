import { JupyterFrontEnd } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Channel } from './channel';
import { Channels } from './channels';
import { CommandIDs } from './commandids';
import { provenanceIcon } from './icons';
import { loadIn } from './load';
import type { ProvenancePanel, View } from './panel';
import { reveal } from './reveal';
import { stateOf } from './words';

/** Register all commands but the graph's, which comes with its view. */
export function addCommands(
  app: JupyterFrontEnd,
  channels: Channels,
  panel: ProvenancePanel,
  trans: TranslationBundle
): void {
  const open = (view: View): void => {
    panel.open(view);
    reveal(app.shell, panel);
  };
  const hasNotebook = (): boolean => channels.panel !== null;
  const isIn = (state: string) => (): boolean => hasNotebook() && stateOf(channels.current) === state;

  app.commands.addCommand(CommandIDs.publish, {
    label: trans.__('Publish this notebook…'),
    caption: trans.__('See what a publication of this notebook would hold, then publish it'),
    icon: args => (args['isPalette'] ? undefined : provenanceIcon),
    isEnabled: hasNotebook,
    execute: () => {
      open('publish');
      lookAgain(channels.current);
    }
  });
  app.commands.addCommand(CommandIDs.panel, {
    label: trans.__('Show the provenance panel'),
    caption: trans.__('Show what this notebook has recorded'),
    icon: args => (args['isPalette'] ? undefined : provenanceIcon),
    execute: () => open('steps')
  });
  app.commands.addCommand(CommandIDs.verify, {
    label: trans.__('Verify a publication…'),
    caption: trans.__('Check a publication by its reference or saved file'),
    isEnabled: () => channels.current?.link === 'open',
    execute: () => open('verify')
  });
  app.commands.addCommand(CommandIDs.pause, {
    label: trans.__('Pause recording'),
    isEnabled: isIn('recording'),
    execute: () => channels.current?.send({ op: 'pause' })
  });
  app.commands.addCommand(CommandIDs.resume, {
    label: trans.__('Resume recording'),
    isEnabled: isIn('paused'),
    execute: () => channels.current?.send({ op: 'resume' })
  });
  app.commands.addCommand(CommandIDs.load, {
    label: trans.__('Load swarmprov in this notebook'),
    caption: trans.__('Run %load_ext swarmprov, in a new first cell where no cell does'),
    isEnabled: isIn('absent'),
    execute: () => (channels.panel ? loadIn(channels.panel) : undefined)
  });
  keepEnabledTrue(app, channels);
}

/** Offer the commands in the palette, in one category. */
export function addToPalette(palette: ICommandPalette, trans: TranslationBundle): void {
  for (const command of Object.values(CommandIDs)) {
    palette.addItem({ command, category: trans.__('Provenance'), args: { isPalette: true } });
  }
}

/** Ask for a preview, unless one is there or on its way, or the receipt that is shown holds all that was run. */
function lookAgain(channel: Channel | null): void {
  const phase = channel?.publish.phase;
  if (phase === 'empty') {
    channel?.send({ op: 'publish', message: { op: 'preview', choices: {} } });
  } else if (phase === 'problem' || (phase === 'receipt' && channel?.ranSinceReceipt)) {
    channel?.send({ op: 'publish', message: { op: 'again' } });
  }
}

function keepEnabledTrue(app: JupyterFrontEnd, channels: Channels): void {
  const tell = (): void => Object.values(CommandIDs).forEach(id => app.commands.notifyCommandChanged(id));
  let told = '';
  const tellIfChanged = (): void => {
    const now = `${channels.panel?.id} ${stateOf(channels.current)}`;
    if (now !== told) {
      told = now;
      tell();
    }
  };
  channels.currentChanged.connect(tellIfChanged);
  channels.changed.connect((_, [channel]) => {
    if (channel === channels.current) {
      tellIfChanged();
    }
  });
}
