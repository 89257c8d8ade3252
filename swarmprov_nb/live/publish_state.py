"""What a publish job is told and tells: choices from a front end, and the parts of its state, as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from swarmprov_nb.errors import PublishRefused, SwarmprovError, UsageError
from swarmprov_nb.planning import Choices
from swarmprov_nb.progress import STAGES
from swarmprov_nb.publish_steps import Published
from swarmprov_nb.publisher import Publisher
from swarmprov_nb.view.labels import clean

State = dict[str, Any]

NO_PLAN: Final = "none"  # what a preview that cannot be published has for an id
HERE: Final = {"store": {"name": "local", "label": "local store"}, "chain": {"name": "local", "label": "local chain"}}
_FLAGS: Final = ("outputs", "old_sources", "all_runs")
_NAMES: Final = ("hide", "cite", "accept")
_WORDS: Final = ("license", "purpose", "contact")
_MOST: Final = 10_000


def choices_said(said: Mapping[str, Any]) -> Choices:
    """Return the choices that a front end sent; UsageError where they cannot be meant.

    >>> choices_said({"hide": ["a"], "license": " MIT "}).license
    'MIT'
    """
    chosen: dict[str, Any] = {key: said[key] for key in _FLAGS if isinstance(said.get(key), bool)}
    for key in _NAMES:
        names = said.get(key) or []
        if not isinstance(names, list | tuple) or len(names) > _MOST:
            raise UsageError(f"The choice {key} is no list of names.", "Reload the page, and choose again.")
        chosen[key] = tuple(dict.fromkeys(str(name) for name in names))
    chosen |= {key: said[key].strip() or None for key in _WORDS if isinstance(said.get(key), str)}
    return Choices(**chosen)


def not_so(offered: State, said: State, error: SwarmprovError) -> State:
    """Return the last whole preview with choices that cannot be published: it says why, and publishes nothing."""
    left_out = {*(said.get("hide") or ()), *(said.get("cite") or ())}
    items = [{**item, "ticked": item["ticked"] and item["id"] not in left_out} for item in offered["items"]]
    why = f"{error.what} {error.next_step}"
    choices = {**offered["choices"], **said}
    advice = [why, *offered["advice"]]
    return {**offered, "items": items, "choices": choices, "advice": advice, "stopped": why, "plan": NO_PLAN}


def receipt_state(published: Published) -> State:
    """Return what a receipt shows."""
    return {
        "reference": published.reference,
        "verify": published.verify_command,
        "save": published.save_command,
        "stored": published.stored,
        "anchor": published.anchored,
        "link": web_link(published.link),
        "final": (published.receipt.anchor or {}).get("state", "finalized") == "finalized",
        "headline": published.headline,
        "caution": published.caution,
        "unchanged": published.unchanged,
        "advice": [clean(line) for line in published.advice],
    }


def web_link(link: Any) -> str | None:
    """Return an address that a front end may make a link of; it may come from settings, and a link could be a script.

    >>> web_link("https://gnosisscan.io/tx/0xab"), web_link("javascript:alert(1)")
    ('https://gnosisscan.io/tx/0xab', None)
    """
    return link if isinstance(link, str) and link.startswith(("https://", "http://")) else None


def stages_of(publisher: Publisher) -> list[str]:
    """Return the stages that a publish goes through: it is pushed and anchored only where there is a store and a chain.

    >>> stages_of(Publisher.of(Home(Path("/nowhere"))))  # doctest: +SKIP
    ['artifacts', 'manifest', 'signature', 'seal', 'store', 'anchor', 'receipt']
    """
    without = {*(() if publisher.remote else ("push",)), *(() if publisher.network else ("anchor",))}
    return [stage for stage in STAGES if stage not in without]


def remedy_of(error: SwarmprovError) -> State | None:
    """Return the choice that would let a refused publish go on, where there is one."""
    if isinstance(error, PublishRefused) and "--old-sources" in error.next_step:
        return {"label": "Publish the old source too", "choices": {"old_sources": True}}
    return None
