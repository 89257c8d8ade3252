"""The desk on which a kernel's publish is planned, again and again, while a person chooses what leaves."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from swarmprov_nb.notebooks import Notebook
from swarmprov_nb.offer import offer
from swarmprov_nb.planning import Choices, Plan
from swarmprov_nb.publish_steps import interrupted
from swarmprov_nb.publisher import Publisher
from swarmprov_nb.publishing import plan_of, recorded_by
from swarmprov_nb.scanning import Memory

if TYPE_CHECKING:
    from swarmprov_nb.recording import Recorder


@dataclass(frozen=True)
class Draft:
    """One plan as it was shown: its opaque id, what it offers, and whether it goes on with an interrupted publish."""

    id: str
    plan: Plan
    offered: dict[str, Any]
    interrupted: bool


class Desk:
    """Keeps keys, store, and what was found in texts already looked through, from one plan to the next."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._memory = Memory()
        self.publisher = Publisher.of(recorder.home)

    def draft(self, choices: Choices) -> Draft:
        """Plan from the notebook's file and the record, as they are now."""
        path = self._recorder.document()
        found = recorded_by(self._recorder, path)
        planned = plan_of(Notebook.read(path), found, self.publisher, choices=choices, memory=self._memory)
        goes_on = interrupted(planned, self.publisher)
        return Draft(secrets.token_hex(8), planned, offer(planned, self.publisher), goes_on)
