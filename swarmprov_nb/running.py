"""Run: execute a notebook from the command line, recorded, in a real kernel; the file stays as it was."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.errors import SwarmprovError, UsageError
from swarmprov_nb.notebooks import Notebook

_LOAD: Final = "%load_ext swarmprov"
_START_SECONDS: Final = 60


class CellFailed(SwarmprovError):
    """A cell raised; what ran before it is recorded, and so is the failure."""


@dataclass(frozen=True)
class Ran:
    """What a run came to: how many code cells ran, and the executed document (nbformat)."""

    cells: int
    document: Any


def run(
    notebook: str | Path, *, output: str | Path | None = None, timeout: float | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Ran:  # fmt: skip
    """Execute a notebook, recorded; with `output` the executed notebook is written there.

    >>> import swarmprov
    >>> swarmprov.run("study.ipynb")  # doctest: +SKIP

    The extension is loaded where the notebook does not load it, without adding a cell. `timeout` is in seconds a cell.
    Raises CellFailed naming the cell that raised, UsageError where the file is no notebook.
    """
    import nbformat

    path = Path(notebook).absolute()
    code = Notebook.read(path).code
    document = nbformat.read(path, as_version=4)
    with _kernel(path, timeout=timeout) as client:
        client.nb = document
        if not any("%load_ext swarmprov" in cell.source for cell in code):
            client.execute_quietly(_LOAD)
        failure = _execute(client, document, path, say)
    if output is not None:
        nbformat.write(document, output)
    if failure is not None:
        raise failure
    return Ran(len(code), document)


def _execute(client: Any, document: Any, path: Path, say: Callable[[str], None]) -> CellFailed | None:
    """Run the code cells in order, each with its own id; stop at the first that raises."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    total = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in document.cells)
    done = 0
    for index, cell in enumerate(document.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        done += 1
        say(f"cell {done} of {total}")
        try:
            client.current_cell_id = cell.get("id")
            client.execute_cell(cell, index, store_history=True)
        except CellExecutionError as error:
            what = " ".join(f"{error.ename}: {error.evalue}".split()).rstrip(".")
            return CellFailed(f"Cell {done} of {path.name} raised {what[:400]}.", "Mend it and run again.")
        except CellTimeoutError:
            return CellFailed(f"Cell {done} of {path.name} took too long.", "Give more time by --timeout SECONDS.")
        except DeadKernelError:
            return CellFailed(
                f"The kernel ended in cell {done} of {path.name}.", "Cells that ran before it are recorded; run again."
            )
    return None


@contextmanager
def _kernel(path: Path, *, timeout: float | None) -> Iterator[Any]:
    """Start a kernel of this very environment in the notebook's folder; end it afterwards, whatever happened."""
    import nbformat
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import KernelManager

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    with tempfile.TemporaryDirectory(prefix="swarmprov-") as sockets:
        manager = KernelManager(transport="ipc", ip=str(Path(sockets) / "kernel"))
        manager._kernel_spec = KernelSpec(argv=command, display_name="Python", language="python")  # noqa: SLF001
        resources = {"metadata": {"path": str(path.parent)}}
        client = _client_class()(nbformat.v4.new_notebook(), km=manager, timeout=timeout, resources=resources)
        client.startup_timeout = _START_SECONDS
        environment = {**os.environ, "SWARMPROV_NOTEBOOK": str(path)}
        try:
            with client.setup_kernel(env=environment):
                client.send_cell_ids()
                yield client
                manager.shutdown_kernel()
        except RuntimeError as error:
            raise UsageError(f"No kernel started: {error}.", "Check by: python -m ipykernel --version") from error


def _client_class() -> type:
    """Return nbclient's client, extended by what a front end sends and it does not: each cell's id."""
    from nbclient import NotebookClient

    class Client(NotebookClient):  # type: ignore[misc, unused-ignore]
        current_cell_id: str | None = None

        def send_cell_ids(self) -> None:
            """Put the id of the cell under way into each request's metadata, where ipykernel looks for it."""
            session = self.kc.session
            message = session.msg

            def with_cell_id(msg_type: str, *args: Any, **options: Any) -> Any:
                if msg_type == "execute_request" and self.current_cell_id is not None:
                    options["metadata"] = {**(options.get("metadata") or {}), "cellId": self.current_cell_id}
                return message(msg_type, *args, **options)

            session.msg = with_cell_id

        def execute_quietly(self, source: str) -> None:
            """Run a line that is no cell of the notebook."""
            import nbformat

            self.execute_cell(nbformat.v4.new_code_cell(source), -1, store_history=False)

    return Client
