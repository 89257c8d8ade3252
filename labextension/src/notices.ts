import { Notification } from '@jupyterlab/apputils';
import { JSONObject } from '@lumino/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Channel } from './channel';

/** Say that a publication is done or has stopped, once, in a tab that saw it being made and does not show it now. */
export function noticePublications(
  channel: Channel,
  trans: TranslationBundle,
  isWanted: () => boolean,
  show: () => void
): void {
  let before = channel.publish.phase;
  channel.changed.connect((_, change) => {
    if (change !== 'publish') {
      return;
    }
    const { phase, receipt, problem } = channel.publish;
    const ended = before === 'publishing';
    before = phase;
    if (!ended || !isWanted()) {
      return;
    }
    const actions = [{ label: trans.__('Show'), callback: show }];
    if (phase === 'receipt') {
      const headline = String((receipt as JSONObject | undefined)?.['headline'] ?? '');
      Notification.success(trans.__('Published. %1.', headline.replace(/\.$/, '')), { actions, autoClose: 8000 });
    } else if (phase === 'problem') {
      const { what, next } = (problem ?? {}) as { what?: string; next?: string };
      Notification.error(`${what ?? ''} ${next ?? ''}`.trim(), { actions, autoClose: false });
    }
  });
}
