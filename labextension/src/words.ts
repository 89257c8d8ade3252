import { TranslationBundle } from '@jupyterlab/translation';
import { Channel } from './channel';
import { IStatus } from './protocol';

/** What a kernel does about provenance. */
export type State = 'recording' | 'paused' | 'absent' | 'asking';

export function stateOf(channel: Channel | null): State {
  if (channel?.link !== 'open') {
    return channel?.link === 'asking' ? 'asking' : 'absent';
  }
  return channel.status?.paused || channel.status?.recording === false ? 'paused' : 'recording';
}

export function stateText(state: State, trans: TranslationBundle): string {
  const texts = {
    recording: trans.__('recording'),
    paused: trans.__('paused'),
    absent: trans.__('not loaded'),
    asking: trans.__('asking')
  };
  return texts[state];
}

/** How much is recorded: runs, artifacts, and what went wrong where something did. */
export function countText(status: IStatus, trans: TranslationBundle): string {
  return [
    trans._n('%1 run', '%1 runs', status.runs),
    trans._n('%1 artifact', '%1 artifacts', status.artifacts),
    status.failed ? trans.__('%1 failed', status.failed) : '',
    status.gaps ? trans._n('%1 gap', '%1 gaps', status.gaps) : ''
  ]
    .filter(Boolean)
    .join(' · ');
}
