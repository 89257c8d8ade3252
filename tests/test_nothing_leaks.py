"""A full run among marked values: no byte that leaves holds one, in any form that it may be written in."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import secrets
import shutil
import tempfile
import zipfile
from pathlib import Path

import pytest
from kernels import Kernel
from leaks import leaks
from studies import write_notebook

from swarmprov_nb import keys
from swarmprov_nb.carrying import get, save
from swarmprov_nb.home import Home
from swarmprov_nb.receipts import receipts
from swarmprov_nb.verifying import verify

MACHINE = """import os, platform, socket
host, named = os.environ.pop('MARKED_HOST'), os.uname()
socket.gethostname = socket.getfqdn = platform.node = lambda *_: host
os.uname = lambda: os.uname_result((named[0], host, *named[2:]))"""
LOAD = "%load_ext swarmprov"
HIDDEN = ("people", "kept", "the file")
CELLS = {
    "load": LOAD,
    "read": "import os, pandas as pd\nsecret = os.environ['MARKED_VARIABLE'] + os.environ['MARKED_PASSWORD']\n"
    "key = open(os.environ['MARKED_KEYFILE'], 'rb').read()\nreference = os.environ['MARKED_REFERENCE']",
    "people": "%%provenance people --personal people\n"
    "people = pd.DataFrame({os.environ['MARKED_COLUMN']: [os.environ['MARKED_PERSON']] * 3, 'age': [30, 41, 52]})",
    "unticked": "%%provenance kept --dataset kept\n"
    "kept = pd.DataFrame({os.environ['MARKED_FIELD']: [os.environ['MARKED_VALUE']] * 2, 'n': [1, 2]})",
    "file": "with open(os.environ['MARKED_FILE'], 'w') as file:\n"
    "    file.write(os.environ['MARKED_CONTENT'] + reference)",
    "ages": "%%provenance ages --dataset ages --license CC0-1.0\n"
    "ages = people[['age']].assign(n=kept['n'].sum() + len(secret) + len(key))\n"
    "ages['size'] = len(open(os.environ['MARKED_FILE']).read())\nages.to_csv('ages.csv', index=False)",
    "fails": "print(people, kept, secret, reference)\nraise ValueError(secret)",
    "see": "%provenance",
}


class Marked:
    """Values that can be told from everything else, and the places in which a run meets them."""

    def __init__(self, folder: Path) -> None:
        made = {
            name: f"{name[:3]}-{secrets.token_hex(6)}"
            for name in ("user", "host", "variable", "password", "column", "person", "field", "value", "content")
        }
        self.texts = {**made, "place": f"plc{secrets.token_hex(5)}", "file": f"fil{secrets.token_hex(5)}"}
        self.reference, self.key = secrets.token_hex(64), secrets.token_bytes(48)
        self.home, self.project = folder / f"hom{secrets.token_hex(5)}", folder / self.texts["place"]
        self.project.mkdir()
        self.home.mkdir()
        self.keyfile = self.home / "signing.bin"
        self.keyfile.write_bytes(self.key)
        self.keyfile.chmod(0o600)

    def set(self, environment: pytest.MonkeyPatch) -> None:
        """Set the environment of whoever runs the notebook."""
        texts = {**self.texts, "reference": self.reference, "keyfile": str(self.keyfile)}
        texts["file"] = f"{texts['file']}.txt"
        for name, value in texts.items():
            environment.setenv(f"MARKED_{name.upper()}", value)
        for name in ("USER", "LOGNAME", "USERNAME", "LNAME"):
            environment.setenv(name, self.texts["user"])
        environment.setenv("HOSTNAME", self.texts["host"])
        environment.setenv("HOME", str(self.home))

    def all(self, home: Home) -> dict[str, bytes]:
        """Return every mark, with the keys and salts that the run itself made."""
        texts = {name: value.encode() for name, value in self.texts.items()}
        bytes_ = {"reference": self.reference.encode(), "raw reference": bytes.fromhex(self.reference), "key": self.key}
        kept = {path.name: path.read_bytes() for path in home.keys.rglob("*") if path.is_file()}
        salts = {f"salt {n}": bytes.fromhex(salt) for n, salt in enumerate(_salts(home))}
        return {**texts, **bytes_, "home": self.home.name.encode(), **kept, **salts}


def _salts(home: Home) -> list[str]:
    return [salt for receipt in receipts(home) for salt in receipt.salts.values()]


@pytest.fixture
def marked(tmp_path, monkeypatch) -> Marked:
    made = Marked(tmp_path)
    made.set(monkeypatch)
    return made


@pytest.fixture
def run(marked, tmp_path):
    """A kernel that ran every cell, with a panel that listens; what its cells showed is kept."""
    home, sockets = tmp_path / "home", Path(tempfile.mkdtemp(prefix="k"))
    keys.new(Home(home), "own", lambda: marked.texts["password"], n=2)
    kernel = Kernel(marked.project, home, write_notebook(marked.project / "study.ipynb", CELLS), sockets)
    kernel.run(MACHINE)
    shown = {}
    for key, source in CELLS.items():
        shown[key] = kernel.run(source, key)
        if key == "load":
            kernel.tell({"op": "hello"})
            kernel.hear("status")
    yield kernel, shown
    kernel.stop()
    shutil.rmtree(sockets, ignore_errors=True)


def published(kernel: Kernel) -> dict:
    """Publish from the panel with the file hidden and the unticked frame left out; return the note for the notebook."""
    ask(kernel, {"op": "preview", "choices": {}})
    saved(kernel)
    state = kernel.hear("publish", phase="preview")["state"]
    left_out = [item["name"] for item in state["items"] if item["name"] == "kept" or item["name"].endswith(".txt")]
    hidden = [item["id"] for item in state["items"] if item["name"] in left_out]
    choices = {**state["choices"], "all_runs": True, "hide": hidden}
    ask(kernel, {"op": "preview", "choices": choices})
    while any(item["ticked"] for item in state["items"] if item["name"] in left_out) or not state.get("plan"):
        state = kernel.hear("publish", phase="preview")["state"]
    assert len(left_out) == 2
    ask(kernel, {"op": "publish", "plan": state["plan"]})
    kernel.hear("publish", phase="receipt")
    note = kernel.hear("receipt")["note"]
    kernel.tell({"op": "graph", "focus": None})
    kernel.hear("graph")
    return note


def ask(kernel: Kernel, message: dict) -> None:
    kernel.tell({"op": "publish", "message": message})


def saved(kernel: Kernel) -> None:
    kernel.tell({"op": "saved", "request": kernel.hear("save")["request"], "ok": True})


def left(kernel: Kernel, note: dict, folder: Path, home: Home) -> dict[str, bytes]:
    """Return all bytes that leave: every file of the publication, its saved file, the note in the notebook."""
    files = get(note["reference"], folder / "got", home=home)
    saved_file = save(note["reference"], folder / "study.swarm", home=home)
    texts = {str(path.relative_to(files)): path.read_bytes() for path in files.rglob("*") if path.is_file()}
    assert {"manifest.json", "index.html", "study.ipynb"} <= set(texts)
    names = "\n".join(texts).encode()
    return {**texts, "names": names, "saved file": saved_file.read_bytes(), "note": json.dumps(note).encode()}


def test_no_byte_that_leaves_holds_a_marked_value(run, marked, tmp_path):
    """Names, places, values, keys: in no file of a publication, its saved file or its receipt, in whatever form.

    What a browser is told may name what the user chooses from, and no value, key, place or name of person or machine.
    """
    kernel, shown = run
    home = Home(tmp_path / "home")
    note = published(kernel)
    marks = marked.all(home)
    texts = left(kernel, note, tmp_path, home)
    private = {name: mark for name, mark in marks.items() if name not in ("file", "column", "field")}
    seen = {"panel": kernel.traffic.encode(), "picture": json.dumps(shown["see"].bundle).encode()}

    assert verify(note["reference"], home=home).ok
    assert len(_salts(home)) == len(HIDDEN)
    assert leaks(marks, texts) == []
    assert leaks(private, seen) == []
    assert leaks(keys_of(marks), {"traceback": crashed(kernel)}) == []
    assert leaks(marks, {"outputs": repr(shown["fails"]).encode()}) != [], "the marks were never met"


def keys_of(marks: dict[str, bytes]) -> dict[str, bytes]:
    """Return the keys and salts of the run's own home."""
    return {name: mark for name, mark in marks.items() if name.startswith("salt") or name.endswith((".key", ".hex"))}


def crashed(kernel: Kernel) -> bytes:
    """Return the traceback, with the values of variables, of a publish in which something breaks."""
    kernel.run("%xmode Verbose\nfrom swarmprov_nb import publish_steps, swarm\nimport swarmprov\n"
               "def broken(*words, **named): raise RuntimeError('broken', words, named)\n"
               "publish_steps.collection = broken")  # fmt: skip
    said = kernel.run("swarmprov.publish('study.ipynb', yes=True, again=True)")
    assert "RuntimeError" in said.error
    assert "begun" in said.traceback, "the values were not shown"
    return re.sub(r"\x1b\[[0-9;]*m", "", said.traceback).encode()


WAYS = {
    "gzip": gzip.compress,
    "base64": lambda data: base64.b64encode(b"ab" + data + b"cd"),
    "hex": lambda data: b"0x" + data.hex().encode(),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "zip": lambda data: packed(data),
    "Parquet": lambda data: table_of(data),
    "percent": lambda data: "".join(f"%{byte:02X}" for byte in data).encode(),
    "JSON in JSON": lambda data: json.dumps(json.dumps({"a": data.decode()})).encode(),
}


def packed(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member.txt", data * 3)
    return file.getvalue()


def table_of(data: bytes) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(pa.table({"a": [data.decode()] * 9}), file, compression="zstd")
    return file.getvalue()


@pytest.mark.parametrize("way", WAYS)
def test_the_search_finds_what_is_hidden(way):
    """The same search finds a mark in each of the forms: it can fail."""
    mark = 'mark-"1f3a9c7e"-é'.encode()
    data = WAYS[way](mark)

    assert leaks({"mark": mark}, {"file": data})
    assert leaks({"mark": b"another-mark"}, {"file": data}) == []
