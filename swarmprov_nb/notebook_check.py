"""The notebook: which publication a file claims, and whether it still has the cells that were published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.normal_form import differing_cells, normal_form
from swarmprov_nb.notebooks import Notebook
from swarmprov_nb.outcome import FAIL, NOT_CHECKED, PASS, Check
from swarmprov_nb.publication import listing
from swarmprov_nb.receipts import receipts
from swarmprov_nb.report import Report
from swarmprov_nb.swarm import Reference, read_file


def claimed_reference(path: Path, home: Home) -> str:
    """Find a notebook's publication: in its metadata, else among the own receipts. Either only claims it."""
    claimed = Notebook.read(path).metadata.get("swarmprov", {})
    if isinstance(claimed, dict) and isinstance(claimed.get("reference"), str):
        Reference.parse(claimed["reference"])  # a stranger's notebook names no file of this machine
        return str(claimed["reference"])
    own = [receipt for receipt in receipts(home) if receipt.notebook == str(path.absolute())]
    if not own:
        raise UsageError(f"{path} claims no publication, and none was made of it here.", "Verify by its reference.")
    return own[-1].reference


def check_notebook(path: Path, storage: Any, root: bytes, report: Report) -> Check:
    """Compare the file's cells with the published notebook's, and name those that differ."""
    if report.failed or report.statement is None:
        return Check("notebook", NOT_CHECKED, "rests on a check that failed")
    subject = report.statement["predicate"]["notebook"]["subject"]
    published = b"".join(read_file(storage, listing(storage, root)[subject]))
    changed = differing_cells(published, normal_form(Notebook.read(path)))
    if changed:
        return Check("notebook", FAIL, f"the file differs from what was published in: {', '.join(changed)}")
    return Check("notebook", PASS, "the file has the cells that were published; outputs are not compared")
