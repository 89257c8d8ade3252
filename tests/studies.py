"""A recorded notebook made by hand in a moment, for tests that need one and no kernel."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from swarmprov_nb.artifacts import snapshot_file
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Artifact, CellRun, Declaration, Edge, Record, Session, Use
from swarmprov_nb.storing import Keeper

SESSION = "8e1f3b2a-0d2c-4c53-9b0e-0d7f6a1c2b3d"

CELLS = {
    "read": "raw = open('raw.csv').read()",
    "clean": "clean = [line.split(',') for line in raw.split()]\nseen = len(clean)",
    "fit": "model = sorted(clean)",
    "report": "open('summary.csv', 'w').write(str(seen) + str(model[0]))",
}


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


def make_study(home: Home, folder: Path, *, cells: dict[str, str] = CELLS) -> Study:
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
    taken = snapshot_file(path, limit=1 << 20)
    stored = keeper.keep(taken) if run else keeper.cite(taken)
    owner = run or SESSION
    return Artifact(f"{owner}/file:{path.name}@1", run, path.name, 1, kind, path=path.name, stored=stored)


def _value(keeper, folder, run, name, *, kind, data):
    path = folder / f".{name}.json"
    path.write_bytes(data)
    stored = replace(keeper.keep(snapshot_file(path, limit=1 << 20)), suffix=".json")
    path.unlink()
    declaration = Declaration(title=f"The {name}", license="CC0-1.0")
    return Artifact(f"{run}/{name}@1", run, name, 1, kind, declared=True, shape=(2, 2), declaration=declaration,
                    stored=stored)  # fmt: skip

