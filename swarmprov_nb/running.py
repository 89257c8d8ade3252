"""Run: execute a notebook from the command line, recorded, in a real kernel; the file stays as it was."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any, Final

from swarmprov_nb import errors
from swarmprov_nb.errors import SwarmprovError, UsageError
from swarmprov_nb.notebooks import Notebook

_LOAD: Final = "%load_ext swarmprov"
_START_SECONDS: Final = 60
_INTERRUPT_SECONDS: Final = 5


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
    Raises CellFailed naming the cell that raised, UsageError where the file is no notebook, `output` cannot be
    written or `timeout` is no time.
    """
    if timeout is not None and not timeout > 0:
        raise UsageError(f"{timeout:g} seconds are no time for a cell to run.", "Give more than 0, or leave it out.")
    path = Path(notebook).absolute()
    code = Notebook.read(path).code
    document = _document(path)
    with _written(output) as write, _kernel(path, timeout=timeout) as client:
        if not any(_LOAD in cell.source for cell in code):
            client.execute_quietly(_LOAD)
        client.nb = document
        with _passing_interrupts_to(client):
            failure = _execute(client, document, path, say)
        write(document)
    if failure is not None:
        raise failure
    _require_recorded(document)
    return Ran(len(code), document)


def _document(path: Path) -> Any:
    """Read a notebook as nbformat has it; what it thinks of missing cell ids is nobody's concern here."""
    import nbformat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nbformat.read(path, as_version=4)


@contextmanager
def _written(output: str | Path | None) -> Iterator[Callable[[Any], None]]:
    """Yield what writes the executed notebook, whole or not at all; refuse a place for it before anything runs."""
    import nbformat

    if output is None:
        yield lambda _: None
        return
    goal = Path(output).absolute()
    draft = goal.with_name(f".{goal.name}.{secrets.token_hex(8)}")
    try:
        if goal.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        draft.touch(exist_ok=False)
    except OSError as error:
        raise UsageError(f"{goal} cannot be written: {error.strerror}.", "Nothing ran: name another file.") from error

    def write(document: Any) -> None:
        try:
            draft.write_text(nbformat.writes(document), "utf-8")
            draft.replace(goal)
        except OSError as error:
            raise UsageError(f"{goal} cannot be written: {error.strerror}.", "The run itself is recorded.") from error

    try:
        yield write
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _passing_interrupts_to(client: Any) -> Iterator[None]:
    """Let Ctrl-C interrupt the cell under way, so that the record has it, then this process; a second acts at once."""

    def pass_on(_number: int, _frame: Any) -> None:
        client.stopping = True
        signal.signal(signal.SIGINT, before)
        os.kill(client.km.provisioner.pid, signal.SIGINT)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, pass_on)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if client.stopping:
        raise KeyboardInterrupt


def _require_recorded(document: Any) -> None:
    """Raise what a recorder could only say in a cell's output: it never breaks a cell, yet nothing was recorded."""
    for output in (each for cell in document.cells for each in cell.get("outputs", ())):
        kind = getattr(errors, output.ename, None) if output.output_type == "error" else None
        if kind is not None:
            raise kind(*output.evalue.split("\n", 1))


def _execute(client: Any, document: Any, path: Path, say: Callable[[str], None]) -> CellFailed | None:
    """Run the code cells in order, each with its own id; stop at the first that raises."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    total = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in document.cells)
    done = 0
    for index, cell in enumerate(document.cells):
        if client.stopping or cell.cell_type != "code" or not cell.source.strip():
            continue
        done += 1
        say(f"cell {done} of {total}")
        try:
            client.current_cell_id = cell.get("id")
            client.execute_cell(cell, index, store_history=True)
        except CellExecutionError as error:
            what = " ".join(f"{error.ename}: {error.evalue}".split()).rstrip(".: ")
            return CellFailed(f"Cell {done} of {path.name} raised {what[:400]}.", "Mend it and run again.")
        except CellTimeoutError:
            client.interrupt()
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
    from jupyter_client.manager import AsyncKernelManager

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    with tempfile.TemporaryDirectory(prefix="swarmprov-") as sockets:
        manager = AsyncKernelManager(transport="ipc", ip=str(Path(sockets) / "kernel"))
        manager._kernel_spec = KernelSpec(argv=command, display_name="Python", language="python")  # noqa: SLF001
        resources = {"metadata": {"path": str(path.parent)}}
        client = _client_class()(nbformat.v4.new_notebook(), km=manager, timeout=timeout, resources=resources)
        client.startup_timeout = _START_SECONDS
        environment = {**os.environ, "SWARMPROV_NOTEBOOK": str(path)}
        try:
            with client.setup_kernel(env=environment, cleanup_kc=True):
                client.send_cell_ids()
                yield client
        except RuntimeError as error:
            raise UsageError(f"No kernel started: {error}.", "Check by: python -m ipykernel --version") from error


def _client_class() -> type:
    """Return nbclient's client, extended by what a front end sends and it does not: each cell's id."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    class Client(NotebookClient):  # type: ignore[misc, unused-ignore]
        current_cell_id: str | None = None
        stopping: bool = False

        def send_cell_ids(self) -> None:
            """Put the id of the cell under way into each request's metadata, where ipykernel looks for it."""
            session = self.kc.session
            message = session.msg

            def with_cell_id(msg_type: str, *args: Any, **options: Any) -> Any:
                if msg_type == "execute_request" and self.current_cell_id is not None:
                    options["metadata"] = {**(options.get("metadata") or {}), "cellId": self.current_cell_id}
                return message(msg_type, *args, **options)

            session.msg = with_cell_id

        def interrupt(self) -> None:
            """Let the cell under way end as interrupted, so that the record has it; wait a little for that."""
            from jupyter_core.utils import run_sync

            async def interrupted() -> None:
                await self.km.interrupt_kernel()
                await self.kc.shell_channel.get_msg(timeout=_INTERRUPT_SECONDS)

            with suppress(Empty):
                run_sync(interrupted)()

        def execute_quietly(self, source: str) -> None:
            """Run a line that is no cell of the notebook."""
            import nbformat

            cell = nbformat.v4.new_code_cell(source)
            self.nb = nbformat.v4.new_notebook(cells=[cell])  # where nbclient puts the executed cell
            try:
                self.execute_cell(cell, 0, store_history=False)
            except CellExecutionError as error:
                what = f"{error.ename}: {error.evalue}".rstrip(".")
                raise UsageError(f"{source} fails: {what}.", "Check by: python -c 'import swarmprov'") from None

    return Client
