"""Preview: the offer of a publish as text, before anything is signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.destinations import LOCAL
from swarmprov_nb.offer import offer
from swarmprov_nb.planning import NO_LICENCE
from swarmprov_nb.view.captions import plural

if TYPE_CHECKING:
    from swarmprov_nb.planning import Plan
    from swarmprov_nb.publisher import Publisher

_WIDTH: Final = 100
_KIND: Final = 47  # the column where an item says what it is
_MARKS: Final = {"published": "✓", "cited": "·"}
_HOW: Final = " (--license SPDX, here or on a step)"  # a form has a field for it, and so no need of the words


def preview(planned: Plan, publisher: Publisher) -> str:
    """Return the preview's text: items with size and kind, total, cost, who signs, findings, and what is public."""
    return "\n".join(_wrapped(line) for line in _lines(offer(planned, publisher)))


def _wrapped(line: str) -> str:
    """Break a long line between words: a notebook's output would break it within one."""
    indent = " " * (_KIND if line.startswith(("  ✓", "  ·")) else 4)
    return fill(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _lines(offered: Mapping[str, Any]) -> Iterator[str]:
    total, cost = offered["total"], offered["cost"]
    count = plural(total["items"], "item")
    yield f"Publish {offered['notebook']}: {count}, {total['text']}, {cost['text']} {cost['detail']}"
    for choice in _MARKS:
        yield from (_item(item) for item in offered["items"] if item["choice"] == choice)
    yield f"  signed by   {offered['signer']['did']}"
    yield f"  and wallet  {offered['signer']['wallet']}"
    if offered["store"]["name"] != LOCAL:
        yield f"  pushed to   {offered['store']['label']}"
    yield f"  anchored    {offered['chain']['proves']}"
    for finding in offered["findings"]:
        if not finding["accepted"]:
            yield from _finding(finding)
    for line in offered["advice"]:
        yield f"  ! {line}{_HOW if line.startswith(NO_LICENCE) else ''}"
    yield from offered["says"]


def _item(item: Mapping[str, Any]) -> str:
    kind = "cited: " if item["choice"] == "cited" else f"{item['kind']}, "
    detail = f"{kind}{item['detail']}".rstrip(", ")
    return f"  {_MARKS[item['choice']]} {item['name']:<31} {item['size_text']:>9}  {detail}"


def _finding(finding: Mapping[str, Any]) -> Iterator[str]:
    mark = "✗" if finding["stops"] else "!"
    said = f"{finding['rule']} ({finding['excerpt']}); {finding['advice']}"
    yield f"  {mark} {finding['place']}, line {finding['line']}: {said}"
    if finding["stops"]:
        yield f"    stops the publish; if harmless, accept it by --accept {finding['id']}"
