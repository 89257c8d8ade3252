from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Artifact, CellRun, Declaration, Edge, Record, Session, Use
from swarmprov_nb.storing import Keeper

SESSION = "8e1f3b2a-0d2c-4c53-9b0e-0d7f6a1c2b3d"
CONFORMANCE = Path(__file__).parents[2] / "shared" / "conformance"

CELLS = {
    "read": "raw = open('raw.csv').read()",
    "clean": "clean = [line.split(',') for line in raw.split()]\nseen = len(clean)",
    "fit": "model = sorted(clean)",
    "report": "open('summary.csv', 'w').write(str(seen) + str(model[0]))",
}


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    """No test touches the user's home or hears of the notebook that runs it."""
    monkeypatch.setenv("SWARMPROV_HOME", str(tmp_path / "home"))
    for name in ("SWARMPROV_NOTEBOOK", "SWARMPROV_STORE", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Study:
    """A recorded notebook with artifacts in the store, made by hand in a moment."""

    home: Home
    notebook: Path

    @property
    def folder(self) -> Path:
        return self.notebook.parent


def write_notebook(path: Path, cells: dict[str, str], *, markdown: str = "# A study") -> Path:
    """Write a small notebook whose code cells have these ids and sources."""
    first = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": markdown}
    code = [
        {"cell_type": "code", "id": key, "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for key, text in cells.items()
    ]
    path.write_text(json.dumps({"cells": [first, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def study(tmp_path) -> Study:
    """raw.csv → clean (declared) → model, summary.csv (written): four runs, published by default."""
    return make_study(Home(tmp_path / "home"), tmp_path / "work")


def make_study(home: Home, folder: Path, *, cells: dict[str, str] = CELLS) -> Study:
    import hashlib

    folder.mkdir(parents=True)
    notebook = write_notebook(folder / "study.ipynb", cells)
    keeper = Keeper(home)
    (folder / "raw.csv").write_text("b,2\na,1\n")
    (folder / "summary.csv").write_text("2['a', '1']")
    runs = {
        key: CellRun(f"{SESSION}:{n}", SESSION, n, text, hashlib.sha256(text.encode()).hexdigest(), "ok", 1e9 + n,
                     1e9 + n + 0.5, cell_id=key, execution_count=n, step=key)
        for n, (key, text) in enumerate(cells.items(), 1)
    }  # fmt: skip
    raw = _file(keeper, folder / "raw.csv", None, "dataset")
    clean = _value(keeper, folder, runs["clean"].id, "clean", kind="dataset", data=b'[["b","2"],["a","1"]]')
    model = _value(keeper, folder, runs["fit"].id, "model", kind="model", data=b'[["a","1"],["b","2"]]')
    summary = _file(keeper, folder / "summary.csv", runs["report"].id, "dataset")
    with Record(folder, key=home.secret(RECORD_KEY)) as record:
        record.add_session(Session(SESSION, notebook.name, 1e9, ENVIRONMENT))
        record.add_run(runs["read"], artifacts=[raw], uses=[Use(runs["read"].id, raw.id)])
        record.add_run(runs["clean"], artifacts=[clean], edges=[Edge(runs["read"].id, runs["clean"].id, "raw")])
        record.add_run(runs["fit"], artifacts=[model], uses=[Use(runs["fit"].id, clean.id)],
                       edges=[Edge(runs["clean"].id, runs["fit"].id, "clean")])  # fmt: skip
        record.add_run(runs["report"], artifacts=[summary], uses=[Use(runs["report"].id, model.id)],
                       edges=[Edge(runs["fit"].id, runs["report"].id, "model"),
                              Edge(runs["clean"].id, runs["report"].id, "seen")])  # fmt: skip
    return Study(home, notebook)


ENVIRONMENT = {
    "python": {"version": "3.11.7", "implementation": "CPython"},
    "os": {"system": "Linux", "release": "6", "machine": "x86_64"},
    "cpu": {"count": 2},
    "packages": [{"name": "pandas", "version": "3.1.1", "recordSha256": "ab" * 32}],
    "git": {"commit": "c" * 40, "dirty": False},
}


def _file(keeper, path, run, kind):
    from swarmprov_nb.artifacts import snapshot_file

    taken = snapshot_file(path, limit=1 << 20)
    stored = keeper.keep(taken) if run else keeper.cite(taken)
    owner = run or SESSION
    return Artifact(f"{owner}/file:{path.name}@1", run, f"file:{path.name}", 1, kind, path=path.name, stored=stored)


def _value(keeper, folder, run, name, *, kind, data):
    from swarmprov_nb.artifacts import snapshot_file

    path = folder / f".{name}.json"
    path.write_bytes(data)
    stored = replace(keeper.keep(snapshot_file(path, limit=1 << 20)), suffix=".json")
    path.unlink()
    declaration = Declaration(title=f"The {name}", license="CC0-1.0")
    return Artifact(f"{run}/{name}@1", run, name, 1, kind, declared=True, shape=(2, 2), declaration=declaration,
                    stored=stored)  # fmt: skip


@dataclass
class Said:
    """What one execution in a kernel answered."""

    stdout: str = ""
    stderr: str = ""
    text: str = ""
    bundle: dict | None = None
    error: str | None = None
    traceback: str = ""


class Kernel:
    """A real ipykernel in a folder, asked cell by cell as a front end does."""

    def __init__(self, folder: Path, home: Path, notebook: Path | None, sockets: Path) -> None:
        import os
        import sys

        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import KernelManager

        self.manager = KernelManager(transport="ipc", ip=str(sockets / "k"))
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self.manager._kernel_spec = KernelSpec(argv=argv, display_name="Python", language="python")
        named = {"SWARMPROV_NOTEBOOK": str(notebook)} if notebook else {}
        env = {**os.environ, "SWARMPROV_HOME": str(home), "MPLBACKEND": "Agg", **named}
        self.manager.start_kernel(cwd=str(folder), env=env)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, source: str, cell_id: str | None = None, *, timeout: float = 60) -> Said:
        self.start(source, cell_id)
        return self.finish(timeout=timeout)

    def start(self, source: str, cell_id: str | None = None) -> None:
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False,
                   "user_expressions": {}, "stop_on_error": False}  # fmt: skip
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell_id} if cell_id else {})
        self.client.shell_channel.send(message)
        self._sent = message["header"]["msg_id"]

    def finish(self, *, timeout: float = 60) -> Said:
        said = Said()
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != self._sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                setattr(said, content["name"], getattr(said, content["name"]) + content["text"])
            elif kind in ("execute_result", "display_data"):
                said.bundle = content["data"]
                said.text += content["data"].get("text/plain", "")
            elif kind == "error":
                said.error = f"{content['ename']}: {content['evalue']}"
                said.traceback = "\n".join(content["traceback"])
            elif kind == "status" and content["execution_state"] == "idle":
                break
        reply = self.client.get_shell_msg(timeout=timeout)
        if reply["content"].get("status") == "error" and said.error is None:
            said.error = f"{reply['content']['ename']}: {reply['content']['evalue']}"
        return said

    def complete(self, code: str) -> list[str]:
        self.client.complete(code)
        while True:
            reply = self.client.get_shell_msg(timeout=30)
            if reply["msg_type"] == "complete_reply":
                return reply["content"]["matches"]

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(tmp_path):
    """Start kernels in tmp_path/work for a saved notebook; all are stopped at the end."""
    import shutil
    import tempfile

    started, sockets = [], []

    def start(cells: dict[str, str] | None = None, *, notebook: Path | None = None) -> Kernel:
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        path = notebook or write_notebook(folder / "study.ipynb", cells or {})
        place = Path(tempfile.mkdtemp(prefix="k"))  # ipc paths are short
        sockets.append(place)
        started.append(Kernel(folder, tmp_path / "home", path, place))
        return started[-1]

    yield start
    for each in started:
        each.stop()
    for place in sockets:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def recorded(tmp_path):
    """Return the lineage recorded for tmp_path/work/study.ipynb."""
    from swarmprov_nb.showing import lineage

    return lambda: lineage(tmp_path / "work" / "study.ipynb", home=Home(tmp_path / "home"))
