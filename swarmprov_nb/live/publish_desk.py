"""The desk on which a kernel's publish is planned, again and again, while a person chooses what leaves and where to."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.costing import Cost
from swarmprov_nb.destinations import LOCAL
from swarmprov_nb.live.publish_state import NO_PLAN
from swarmprov_nb.live.publish_where import Answer, Where
from swarmprov_nb.notebooks import Notebook
from swarmprov_nb.offer import offer
from swarmprov_nb.planning import Choices, Plan
from swarmprov_nb.publish_steps import interrupted
from swarmprov_nb.publisher import DEV, Publisher
from swarmprov_nb.publishing import plan_of, recorded_by
from swarmprov_nb.scanning import Memory

if TYPE_CHECKING:
    from swarmprov_nb.recording import Recorder

_ASKING: Final = Cost(anchor="asking what it costs", storage="…")
_UNKNOWN: Final = Cost(anchor="cost not known", storage="yet")


@dataclass(frozen=True)
class Draft:
    """One plan, what a person should know of how it came about, and whether it goes on with an interrupted publish."""

    plan: Plan
    says: tuple[str, ...] = ()
    interrupted: bool = False


@dataclass(frozen=True)
class Ready:
    """A plan as it was shown with where it goes: pressing its opaque id publishes just that."""

    draft: Draft
    publisher: Publisher
    id: str = field(default_factory=lambda: secrets.token_hex(8))


class Desk:
    """Keeps keys, store, where it goes, and what was found in texts already looked through, between two plans."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._memory = Memory()
        self._here = Publisher.of(recorder.home, chain=LOCAL, store=LOCAL, wallet=DEV)
        self.where = Where(recorder.home)

    def draft(self, choices: Choices, says: tuple[str, ...] = ()) -> Draft:
        """Plan from the notebook's file and the record, as they are now."""
        path = self._recorder.document()
        found = recorded_by(self._recorder, path)
        planned = plan_of(Notebook.read(path), found, self._here, choices=choices, memory=self._memory)
        return Draft(planned, says, interrupted(planned, self._here))

    def offered(self, draft: Draft, answer: Answer | None) -> tuple[dict[str, Any], Ready | None]:
        """Return what a plan offers where it is to go, and what a press would publish; None as long as none can.

        Without an `answer` store and chain are still asked.
        """
        by = answer.publisher if answer is not None else None
        cost = answer.cost if answer is not None and by is not None else _UNKNOWN if answer is not None else _ASKING
        ready = Ready(draft, by) if by is not None and answer is not None and not answer.stopped else None
        offered = offer(draft.plan, by or self._here, cost=cost)
        offered |= self.where.places(answer)
        offered |= {
            "where": self.where.told(answer),
            "signer": self.where.signer(answer) if answer is not None else {},
            "says": [*draft.says, *offered["says"]],
            "asking": answer is None,
            "plan": ready.id if ready is not None else NO_PLAN,
        }
        if answer is not None and answer.stopped:
            offered["stopped"] = answer.stopped
        return offered, ready
