"""Two people who work on one thing: each with a home of their own, publications of real tables, and recorded cells."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from studies import ENVIRONMENT, write_notebook

from swarmprov_nb.artifacts import snapshot, snapshot_file
from swarmprov_nb.artifacts.files import kind_of
from swarmprov_nb.chain.evm_anchors import open_embedded
from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Artifact, CellRun, Declaration, Edge, Record, Session, Use
from swarmprov_nb.publish_steps import Published
from swarmprov_nb.publishing import publish
from swarmprov_nb.signers import author_key
from swarmprov_nb.storing import Keeper

SESSIONS = "{:08x}-0d2c-4c53-9b0e-0d7f6a1c2b3d"


class Person:
    """Somebody with a home and a folder, who publishes what cells made by hand say that they made."""

    def __init__(self, name: str, place: Path) -> None:
        self.name = name
        self.home = Home(place / name / "home")
        self.folder = place / name / "work"
        self.folder.mkdir(parents=True)
        self._sessions = 0

    @property
    def key(self) -> str:
        return author_key(self.home).did

    def publishes(
        self, notebook: str, *, values: Mapping[str, Any] | None = None, files: Mapping[str, bytes] | None = None,
        opened: Iterable[Artifact] = (), **options: Any,
    ) -> Published:  # fmt: skip
        """Publish a notebook whose first cell opened inputs and whose second made values and wrote files of them."""
        path = self.records(notebook, values=values, files=files, opened=opened)
        made = publish(path, yes=True, home=self.home, say=lambda _: None, **options)
        assert made is not None
        return made

    def records(
        self, notebook: str, *, values: Mapping[str, Any] | None = None, files: Mapping[str, bytes] | None = None,
        opened: Iterable[Artifact] = (),
    ) -> Path:  # fmt: skip
        cells = {"open": f"# {notebook}\nraw = opened()", "make": "made = raw"}
        path = write_notebook(self.folder / notebook, cells)
        self._sessions += 1
        session = SESSIONS.format(self._sessions)
        runs = [self._run(session, n, key, text) for n, (key, text) in enumerate(cells.items(), 1)]
        inputs = [_of(session, artifact) for artifact in opened]
        made = [*(self._value(runs[1].id, *item) for item in (values or {}).items()),
                *(self._file(runs[1].id, *item) for item in (files or {}).items())]  # fmt: skip
        with Record(self.folder, key=self.home.secret(RECORD_KEY)) as record:
            record.add_session(Session(session, path.name, 1e9 + self._sessions, ENVIRONMENT))
            record.add_run(runs[0], artifacts=inputs, uses=[Use(runs[0].id, each.id) for each in inputs])
            record.add_run(runs[1], artifacts=made, edges=[Edge(runs[0].id, runs[1].id, "raw")])
        return path

    def revokes(self, published: Published, *, on: Home) -> None:
        """Take a publication back on the chain that this home asks."""
        chain = open_embedded(on.private_folder(on.chain))
        wallet = DevWallet.open(self.home.keys)
        chain.submit(chain.prepare_revoke(bytes.fromhex(published.receipt.manifest), bytes(32), wallet))

    @staticmethod
    def _run(session: str, number: int, key: str, text: str) -> CellRun:
        digest = hashlib.sha256(text.encode()).hexdigest()
        return CellRun(f"{session}:{number}", session, number, text, digest, "ok", 1e9, 1e9 + 1, cell_id=key,
                       execution_count=number, step=key)  # fmt: skip

    def _value(self, run: str, name: str, value: Any) -> Artifact:
        taken = snapshot(value, folder=self.folder, limit=1 << 24, name=name)
        stored = Keeper(self.home).keep(taken)
        taken.path.unlink()
        said = taken.description
        return Artifact(f"{run}/{name}@1", run, name, 1, said.kind, declared=True, shape=said.shape, schema=said.schema,
                        declaration=Declaration(title=f"The {name}", license="CC0-1.0"), stored=stored)  # fmt: skip

    def _file(self, run: str, name: str, data: bytes) -> Artifact:
        path = self.folder / name
        path.write_bytes(data)
        stored = Keeper(self.home).keep(snapshot_file(path, limit=1 << 24))
        return Artifact(f"{run}/file:{name}@1", run, name, 1, kind_of(path), path=name, stored=stored)


def _of(session: str, artifact: Artifact) -> Artifact:
    return Artifact(**{**vars(artifact), "id": f"{session}/{artifact.id}"})


@contextmanager
def noted() -> Iterator[list[Artifact]]:
    """Stand in for a kernel's recorder: collect what is opened."""
    from swarmprov_nb import recording

    class Recorder(list):
        def note_opened(self, artifact: Artifact) -> bool:
            self.append(artifact)
            return True

    stand_in = Recorder()
    recording._active.append(stand_in)
    try:
        yield stand_in
    finally:
        recording._active.remove(stand_in)


def npy(array: Any, *, allow_pickle: bool = False) -> bytes:
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()
