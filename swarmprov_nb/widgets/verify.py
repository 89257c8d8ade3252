"""The verify widget: a reference or a saved file in, the report and the lineage out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from swarmprov_nb.home import Home
from swarmprov_nb.live.verify_job import VerifyJob
from swarmprov_nb.widgets.module import joined, stylesheet
from swarmprov_nb.widgets.told import ToldWidget


class VerifyWidget(ToldWidget):
    """Verifies a publication by its reference, or a saved file that is dropped on it; runs nothing of what it reads.

    >>> import swarmprov
    >>> swarmprov.VerifyWidget()
    VerifyWidget(empty)

    `source` is verified at once: a reference, or the path of a saved file. It trusts nobody: who signed is shown as
    your label for the key, else as unknown, with the command that would name it.
    """

    _esm = joined("verify.js")
    _css = stylesheet("elements.css", "verify.css", "lineage.css")
    _name = "VerifyWidget"
    _job: VerifyJob

    def __init__(self, source: str | Path | None = None, *, home: Home | None = None) -> None:
        super().__init__(VerifyJob(home))
        if source is not None:
            self.verify(source)

    def verify(self, source: str | Path) -> None:
        """Begin to verify a reference, or a saved file by its path; the widget shows what is found."""
        if isinstance(source, Path) or Path(source).is_file():
            file = Path(source)
            self._job.handle({"op": "verify", "name": file.name}, buffers=[file.read_bytes()])
        else:
            self._job.handle({"op": "verify", "source": source})

    def _handle(self, message: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        self._job.handle(message, buffers=buffers)

    def close(self) -> None:
        """Free the comm and end the worker."""
        super().close()
        self._job.close()

    @property
    def said(self) -> str:
        """What there is to read where no kernel runs: the result, or how to verify."""
        report = self.state.get("report")
        if not report:
            return "Verify a publication: run this cell in a live notebook, or by: swarmprov verify REFERENCE"
        marks = {"pass": "✓", "fail": "✗"}
        checks = [f"{marks.get(each['outcome'], '-')} {each['name']}: {each['detail']}" for each in report["checks"]]
        return "\n".join([f"Verification of {report['reference']}", *checks, report["headline"], report["advice"]])
