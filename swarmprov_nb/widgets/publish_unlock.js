import { element, put, shown } from './elements.js';

/** While a wallet is locked: the link to the page on this machine that asks for its password. */
export function unlock(host) {
  let said = false;
  const name = element('bdi');
  const link = element('a', { class: 'swarmprov-button swarmprov-primary', target: '_blank', rel: 'noopener noreferrer' }, 'Unlock wallet ', name);
  const why = element('p', { text: 'This wallet is locked. A page of this machine asks for its password; nothing of it comes into the notebook.' });
  const node = element('div', { class: 'swarmprov-unlock', hidden: true }, why, link);

  function update(asked) {
    const here = /^http:\/\/127\.0\.0\.1:\d+\/unlock\//.test(asked?.url ?? '');
    if (here) link.href = asked.url;
    else link.removeAttribute('href');
    put(name, here ? asked.name || asked.address : '');
    shown(node, here);
    if (here && !said) host.announce('The wallet is locked. A link to unlock it is shown.');
    said = here;
  }

  return { node, update };
}
