import { element, put, shown } from './elements.js';

/** A link to a page of the web, in a new tab that knows nothing of this one; anything but http(s) is not shown. */
export function webLink(text, name = '') {
  const node = element('a', { class: `swarmprov-link ${name}`.trim(), target: '_blank', rel: 'noopener noreferrer', text, hidden: true });

  function update(address) {
    const usable = typeof address === 'string' && /^https?:\/\//.test(address) && URL.canParse(address);
    if (usable) node.href = address;
    else node.removeAttribute('href');
    if (usable) node.title = put(element('span'), address).textContent;
    shown(node, usable);
  }

  return { node, update };
}
