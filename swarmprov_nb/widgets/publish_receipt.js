import { button, copyButton, element, glyph, keyed, put, putShort, shown } from './elements.js';
import { webLink } from './web_link.js';

/** What the publisher keeps: the reference, how others check it, and what it proves so far. */
export function receiptSection(host) {
  let receipt = {};
  let said = null;
  let settled = null;
  const headline = element('span');
  const heading = element('h4', { class: 'swarmprov-title swarmprov-good', tabindex: '-1' }, glyph('pass'), headline);
  const unchanged = element('p', { class: 'swarmprov-note', text: 'Nothing has changed since: this is the receipt of then.' });
  const rows = {
    reference: term('reference', 'reference', () => receipt.reference, host),
    verify: term('check it', 'verify command', () => receipt.verify, host),
    save: term('carry it', 'save command', () => receipt.save, host),
    stored: term('stored', 'store', () => receipt.stored, host),
    anchor: term('anchor', 'anchor', () => receipt.anchor, host)
  };
  const transaction = webLink('Look the transaction up');
  const settle = button('Look again', () => host.send({ op: 'settle' }), { quiet: true, 'aria-label': 'Look again how settled the anchor is' });
  const settling = element('span', { class: 'swarmprov-settling', dir: 'auto' });
  rows.anchor.node.lastChild.append(' ', transaction.node, ' ', settle, ' ', settling);
  const caution = element('p', { class: 'swarmprov-caution', dir: 'auto' });
  const advice = element('ul', { class: 'swarmprov-advice', 'aria-label': 'Good to know' });
  const page = publishedPage(host);
  const again = button('Publish again…', () => host.send({ op: 'again' }));
  const list = element('dl', { class: 'swarmprov-terms' }, ...Object.values(rows).map(each => each.node));
  const node = element('div', {},
    element('div', { class: 'swarmprov-block' }, heading, unchanged, list, caution, advice),
    element('footer', { class: 'swarmprov-footer' }, page.node, again));

  function update(state) {
    receipt = state.receipt ?? {};
    put(headline, receipt.headline);
    putShort(rows.reference.value, receipt.reference);
    for (const name of ['verify', 'save']) put(rows[name].value, shortCommand(receipt[name], receipt.reference));
    for (const name of ['verify', 'save']) rows[name].value.title = receipt[name] ?? '';
    for (const name of ['stored', 'anchor']) {
      put(rows[name].value, receipt[name] ?? '');
      shown(rows[name].node, receipt[name]);
    }
    transaction.update(receipt.link);
    shown(settle, receipt.anchor && receipt.final === false);
    put(settling, receipt.settling ?? '');
    shown(rows.anchor.node, receipt.anchor || receipt.settling);
    if (said === receipt.reference && settled !== null && settled !== receipt.anchor) host.announce(receipt.anchor || receipt.settling);
    settled = receipt.anchor ?? '';
    shown(unchanged, receipt.unchanged);
    put(caution, receipt.caution ?? '');
    shown(caution, receipt.caution);
    keyed(advice, receipt.advice ?? [], (text, index) => index, () => ({ node: element('li', { dir: 'auto' }) }), (made, text) => put(made.node, text));
    shown(advice, advice.childElementCount);
    page.of(receipt.reference);
    if (said !== receipt.reference) host.announce([receipt.headline, receipt.caution].filter(Boolean).join('. '));
    said = receipt.reference;
  }

  return { node, update, focus: () => heading, dispose: page.dispose };
}

function term(name, what, textOf, host) {
  const value = element('code', { dir: 'ltr' });
  const node = element('div', {}, element('dt', { text: name }), element('dd', {}, value, ' ', copyButton(what, textOf, host.announce)));
  return { node, value };
}

function shortCommand(command, reference) {
  const whole = String(command ?? '');
  return reference ? whole.replaceAll(reference, `${reference.slice(0, 8)}…${reference.slice(-6)}`) : whole;
}

// The page arrives from the kernel as text and opens beside the notebook, without a way back to it. A browser may hold
// back a tab that opens late: then the link is there to press.
function publishedPage(host) {
  let wanted = false;
  let reference = null;
  let address = null;
  const ask = button('Open page', () => ((wanted = true), host.send({ op: 'page' })));
  const link = element('a', { class: 'swarmprov-button', target: '_blank', rel: 'noopener noreferrer', text: 'Open page', hidden: true });
  const forget = host.hear(message => {
    if (message?.type !== 'page' || !wanted || typeof message.html !== 'string') return;
    wanted = false;
    drop();
    address = URL.createObjectURL(new Blob([message.html], { type: 'text/html' }));
    link.href = address;
    shown(link, true);
    link.click();
    const active = ask.getRootNode().activeElement === ask;
    shown(ask, false);
    if (active) link.focus();
    host.announce('The page is open in a new tab.');
  });

  function drop() {
    if (address) URL.revokeObjectURL(address);
    address = null;
    shown(link, false);
    shown(ask, true);
  }

  return {
    node: element('span', {}, ask, link),
    of: next => (next !== reference && drop(), (reference = next)),
    dispose: () => (forget(), drop())
  };
}
