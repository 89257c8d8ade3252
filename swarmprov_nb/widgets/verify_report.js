import { copyButton, drawGlyph, element, glyph, keyed, put, putName, putShort, shown } from './elements.js';
import { draw } from './lineage.js';

const OUTCOMES = { pass: ['pass', 'passed'], fail: ['fail', 'failed'], 'not checked': ['skipped', 'not checked'] };
const MEANING = {
  0: 'The level you require, by a signer you know (exit code 0).',
  1: 'Something failed: do not rely on it (exit code 1).',
  2: 'The question could not be understood (exit code 2).',
  3: 'Nothing failed, but the signer is unknown or something required was not checked (exit code 3).'
};

/** What the verification found: headline, checks, signer, and the lineage of what is valid. */
export function reportSection(host) {
  let report = {};
  let said = null;
  const icon = glyph('skipped');
  const headline = element('span', { dir: 'auto' });
  const heading = element('h4', { class: 'swarmprov-title swarmprov-result', tabindex: '-1' }, icon, headline);
  const meaning = element('p', { class: 'swarmprov-note' });
  const reference = element('code', { dir: 'ltr' });
  const copyReference = copyButton('reference', () => report.reference, host.announce);
  const about = element('p', { class: 'swarmprov-note' }, 'Verification of ', reference, ' ', copyReference);
  const checks = element('ul', { class: 'swarmprov-checks', 'aria-label': 'Checks' });
  const signer = signerOf(host);
  const advice = element('p', { class: 'swarmprov-note', dir: 'auto' });
  const closing = element('p', { class: 'swarmprov-note', dir: 'auto' });
  const drawn = lineageOf();
  const node = element('div', {},
    element('div', { class: 'swarmprov-block swarmprov-who' }, heading, meaning, signer.node, advice, about),
    checks, element('div', { class: 'swarmprov-block' }, closing), drawn.node);

  function update(state) {
    report = state.report ?? {};
    const failed = (report.checks ?? []).some(check => check.outcome === 'fail');
    const tone = failed || report.exitCode === 1 ? 'fail' : report.exitCode === 0 ? 'pass' : 'warns';
    heading.dataset.tone = tone;
    drawGlyph(icon, tone);
    put(headline, report.headline);
    put(meaning, MEANING[report.exitCode] ?? '');
    putShort(reference, report.reference);
    keyed(checks, report.checks ?? [], (check, index) => index, checkRow, (made, check) => made.update(check));
    signer.update(report, failed);
    put(advice, report.advice ?? '');
    shown(advice, report.advice && (failed || report.label || !report.author));
    put(closing, report.closing ?? '');
    shown(closing.parentNode, report.closing);
    drawn.update(failed || report.exitCode === 1 ? null : state.lineage);
    if (said !== report) host.announce(`${report.headline ?? ''} ${MEANING[report.exitCode] ?? ''}`);
    said = report;
  }

  return { node, update, focus: () => heading, dispose: drawn.dispose };
}

function checkRow() {
  const icon = glyph('skipped');
  const outcome = element('span', { class: 'swarmprov-away' });
  const name = element('bdi', { class: 'swarmprov-check' });
  const detail = element('span', { dir: 'auto' });
  const expected = element('code', { dir: 'ltr' });
  const actual = element('code', { dir: 'ltr' });
  const compared = element('span', { class: 'swarmprov-compared' },
    element('span', {}, 'expected ', expected), ' ', element('span', {}, 'is ', actual));
  const node = element('li', {}, icon, element('span', { class: 'swarmprov-words' }, name, outcome), element('span', { class: 'swarmprov-found' }, detail, ' ', compared));
  return {
    node,
    update(check) {
      const [drawing, word] = OUTCOMES[check.outcome] ?? OUTCOMES['not checked'];
      node.dataset.outcome = drawing;
      drawGlyph(icon, drawing);
      put(outcome, `: ${word}. `);
      put(name, check.name);
      putName(detail, check.detail);
      for (const [place, text] of [[expected, check.expected], [actual, check.actual]]) {
        if (/^(0x)?[0-9a-f]{40,}$/.test(text)) putShort(place, text);
        else put(place, text ?? '');
      }
      shown(compared, check.expected != null);
    }
  };
}

// A key is a key: names are the reader's own labels, or claims. Only a terminal or a cell writes the list of the trusted.
function signerOf(host) {
  let command = '';
  const who = element('p', {});
  const claim = element('p', { class: 'swarmprov-note' });
  const key = element('code', { dir: 'ltr' });
  const trust = element('code', { dir: 'ltr' });
  const how = element('p', {}, 'If you know whose key this is: ', trust, ' ', copyButton('trust command', () => command, host.announce));
  const named = element('bdi', { class: 'swarmprov-label' });
  const node = element('div', { class: 'swarmprov-signer' }, who, claim, how);
  who.append(named, ' ', key);

  function update(report, failed) {
    command = report.author ? `swarmprov trust ${report.author} --as NAME` : '';
    shown(node, report.author && !failed);
    put(named, report.label ? `Signed by ${report.label}` : 'Signer unknown:');
    putShort(key, report.author ?? '');
    put(claim, report.claimsToBe ? `Claims to be “${report.claimsToBe}”. Nobody checked that.` : '');
    shown(claim, report.claimsToBe);
    shown(how, !report.label);
    putShort(trust, command);
    put(trust, report.author ? `swarmprov trust ${key.textContent} --as NAME` : '');
    trust.title = command;
  }

  return { node, update };
}

function lineageOf() {
  let before = null;
  let drawing = null;
  const place = element('div', { class: 'swarmprov-drawing' });
  const node = element('div', {}, place);

  function update(document) {
    if (document === before) return;
    dispose();
    before = document;
    shown(node, document);
    if (document) drawing = draw(place, document);
  }

  function dispose() {
    drawing?.dispose();
    drawing = null;
    place.replaceChildren();
  }

  return { node, update, dispose };
}
