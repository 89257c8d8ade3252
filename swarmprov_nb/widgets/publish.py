"""The publish widget: preview, one button, progress and receipt in a cell's output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from swarmprov_nb.live.publish_job import PublishJob, publish_job
from swarmprov_nb.widgets.module import joined, stylesheet
from swarmprov_nb.widgets.told import ToldWidget

if TYPE_CHECKING:
    from swarmprov_nb.recording import Recorder


class PublishWidget(ToldWidget):
    """Publishes what this kernel recorded, with one button, after a preview.

    In a notebook, after ``%load_ext swarmprov``::

        swarmprov.PublishWidget()

    All publish widgets and the panel of a kernel show the same state, for a kernel publishes one thing at a time.
    `recorder` is by default this kernel's; UsageError where nothing records.
    """

    _esm = joined("publish.js")
    _css = stylesheet("elements.css", "publish.css", "publish_where.css")
    _name = "PublishWidget"
    _job: PublishJob

    def __init__(self, recorder: Recorder | None = None) -> None:
        job = publish_job(recorder)
        super().__init__(job)
        if job.state["phase"] == "empty":
            job.handle({"op": "preview", "choices": {}})

    def _handle(self, message: Mapping[str, Any], buffers: Sequence[Any]) -> None:  # noqa: ARG002 - no message has any
        self._job.handle(message, answer=self.send)

    @property
    def said(self) -> str:
        """What there is to read where no kernel runs: the receipt, or how to publish."""
        name = self.state.get("notebook") or "this notebook"
        receipt = self.state.get("receipt") if self.state.get("phase") == "receipt" else None
        if receipt:
            return f"{name}: {receipt['headline']}.\nCheck it: {receipt['verify']}\n{receipt['caution']}"
        return f"Publish {name}: run this cell in a live notebook, or in a terminal: swarmprov publish {name}"
