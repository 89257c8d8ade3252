"""Preview: what a publish would send into the world, in words, before anything is signed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import fill
from typing import TYPE_CHECKING, Final

from swarmprov_nb.lineage import Artifact
from swarmprov_nb.manifest.disclosure import shown_name
from swarmprov_nb.view.captions import byte_size, plural
from swarmprov_nb.view.labels import clean

if TYPE_CHECKING:
    from swarmprov_nb.planning import Plan
    from swarmprov_nb.publisher import Publisher

_LABEL = 60
_WIDTH = 100
_KIND = 47  # the column where an item says what it is


_IN_SOURCE: Final = {
    "URL": re.compile(r"https?://[^\s\"')>]+"),
    "e-mail": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "path": re.compile(r"[\"']((?:\.{0,2}/|~/)?[\w.-]+(?:/[\w.-]+)+|[\w-]+\.[A-Za-z]\w{1,6})[\"']"),
}


def preview(planned: Plan, publisher: Publisher) -> str:
    """Return the preview's text: items with size and kind, total, cost, who signs, findings, and what is public."""
    return "\n".join(_wrapped(line) for line in _lines(planned, publisher))


def _wrapped(line: str) -> str:
    """Break a long line between words: a notebook's output would break it within one."""
    indent = " " * (_KIND if line.startswith(("  ✓", "  ·")) else 4)
    return fill(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _lines(planned: Plan, publisher: Publisher) -> Iterator[str]:
    name = clean(planned.notebook.path.name)
    yield f"Publish {name}: {plural(planned.items, 'item')}, {byte_size(planned.size)}, free on this machine"
    for artifact in planned.published:
        yield _item("✓", _label(artifact), _kind(artifact), artifact.stored.size if artifact.stored else 0)
    outputs = "notebook, sources and figures of what is published"
    yield _item("✓", planned.subject, outputs, len(planned.normal))
    for attachment in planned.attached:
        yield _item("✓", clean(attachment.name, limit=_LABEL), "attachment of a Markdown cell", len(attachment.data))
    for digest, source in planned.sources.items():
        yield _item("✓", f"sources/{digest[:8]}….py", "source of a run that the notebook no longer holds", len(source))
    for artifact in planned.cited:
        origin = f", from {clean(artifact.origin)}" if artifact.origin else ""
        count = artifact.stored.size if artifact.stored else 0
        yield _item("·", _label(artifact), f"cited: name and digests{origin}", count)
    yield f"  signed by   {publisher.key.did}"
    yield f"  and wallet  {publisher.wallet.address}"
    yield f"  anchored    {_chain(publisher.chain)}"
    yield from _findings(planned)
    yield from _leaves(planned)


def _findings(planned: Plan) -> Iterator[str]:
    for finding in planned.findings:
        mark = "✗" if finding.confidence == "high" else "!"
        place = clean(finding.place, limit=_LABEL)
        said = f"{finding.rule} ({clean(finding.excerpt)}); {finding.advice}"
        yield f"  {mark} {place}, line {finding.line}: {said}"
        if finding.confidence == "high":
            yield f"    stops the publish; if harmless, accept it by --accept {finding.id}"
    yield from (f"  ! {clean(line)}" for line in planned.advice)


def _leaves(planned: Plan) -> Iterator[str]:
    """Say what becomes public and what does not, to the letter of the disclosure rules."""
    names = ", ".join(_label(artifact) for artifact in planned.published)
    yield f"Public for ever, and cannot be recalled: {names}; {planned.subject}."
    if planned.cited:
        cited = ", ".join(_label(artifact) for artifact in planned.cited)
        yield f"Cited: {cited}; whoever can guess such data can confirm it."
    if planned.hidden:
        yield f"Hidden: {len(planned.hidden)}; their number and place in the graph show."
    yield f"Source and Markdown are public and contain: {', '.join(_said_in_source(planned))}."
    packages = planned.recorded.session.environment.get("packages", [])
    private = [clean(package["name"], limit=_LABEL) for package in packages if package.get("editable")]
    listed = f" (private ones: {', '.join(private)})" if private else ""
    yield f"Also public: packages{listed}, run times, your key and wallet, which link your publications."


def _said_in_source(planned: Plan) -> Iterator[str]:
    """Say what stands in the notebook's text that a person may not think of: counted, and hidden names by name."""
    text = "\n".join([*(cell.source for cell in planned.notebook.cells), *map(bytes.decode, planned.sources.values())])
    for noun, pattern in _IN_SOURCE.items():
        yield plural(len(set(pattern.findall(text))), noun)
    hidden = [shown_name(artifact) for artifact in planned.hidden]
    shared = [clean(name, limit=_LABEL) for name in hidden if name and name in text]
    yield f"names of what is hidden: {', '.join(shared)}" if shared else "no name of what is hidden"


def _label(artifact: Artifact) -> str:
    return clean(shown_name(artifact), limit=_LABEL)


def _kind(artifact: Artifact) -> str:
    return clean(", ".join(filter(None, (artifact.kind, artifact.summary, artifact.declaration.license))))


def _item(mark: str, name: str, kind: str, bytes_: int) -> str:
    return f"  {mark} {name:<31} {byte_size(bytes_):>9}  {kind}"


def _chain(chain: str) -> str:
    return "on this machine's own chain: proves nothing to others" if chain == "local" else "nowhere"
