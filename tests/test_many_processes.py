"""Several processes at once: two kernels and a command on one record, five publishers on one home; counts are exact."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter

import pytest
from kernels import Kernel
from studies import make_study, write_notebook

from swarmprov_nb.chain.evm_anchors import open_embedded
from swarmprov_nb.freeing import free
from swarmprov_nb.fsck import fsck
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Record
from swarmprov_nb.receipts import receipts
from swarmprov_nb.swarm import PackStore
from swarmprov_nb.verifying import verify

COMMAND = [sys.executable, "-m", "swarmprov_nb.cli"]


# -- one record


def use(k: Kernel, name: str, cells: int, said: list) -> None:
    """Run cells in a kernel, each of which builds on the one before and declares every third value."""
    said.append(k.run("%load_ext swarmprov"))
    said.append(k.run("import pandas as pd\nv = pd.DataFrame({'a': [0]})", f"{name}0"))
    for number in range(1, cells):
        declared = "%%provenance s --dataset v\n" if number % 3 == 0 else ""
        said.append(k.run(f"{declared}v = v + 1\nint(v.a[0])", f"{name}{number}"))


def two_kernels_and_a_command(kernel, tmp_path, *, cells):
    (tmp_path / "work").mkdir(exist_ok=True)
    notebook = write_notebook(tmp_path / "work" / "study.ipynb", {})
    kernels = {name: kernel(notebook=notebook) for name in "ab"}
    said: dict[str, list] = {name: [] for name in kernels}
    using = [threading.Thread(target=use, args=(k, name, cells, said[name])) for name, k in kernels.items()]
    for thread in using:
        thread.start()
    shown = []
    while any(thread.is_alive() for thread in using):
        ran = subprocess.run([*COMMAND, "show", "study.ipynb", "--json"], cwd=notebook.parent, capture_output=True,
                             text=True, check=False)  # fmt: skip
        shown.append(ran)
    for thread in using:
        thread.join()
    return said, shown


def require_whole(tmp_path, said, shown, *, cells):
    key = Home(tmp_path / "home").secret(RECORD_KEY)
    with Record(tmp_path / "work", key=key, create=False) as record:
        found = [record.lineage(session.id) for session in record.sessions()]
    runs = {each.runs[1].cell_id[0]: [run.cell_id for run in each.runs if run.cell_id] for each in found}
    assert runs == {name: [f"{name}{number}" for number in range(cells)] for name in "ab"}
    for each in found:
        assert each.session.trusted
        stored = [artifact for artifact in each.artifacts if artifact.declared]
        assert len(stored) == len(range(3, cells, 3))
        assert all(artifact.stored is not None for artifact in stored)
        assert len([edge for edge in each.edges if edge.name == "v"]) == cells - 1
    for name in "ab":
        assert [each.text for each in said[name][2:]] == [str(number) for number in range(1, cells)]
        assert [each.traceback for each in said[name]] == [""] * (cells + 1)
    known = [json.loads(ran.stdout) for ran in shown if ran.returncode == 0]
    nothing = [ran.stderr for ran in shown if ran.returncode]
    assert all("has not been recorded" in each or "Nothing has been recorded" in each for each in nothing)
    assert all(each["trusted"] for each in known)
    assert all([run["sequence"] for run in each["runs"]] == list(range(1, len(each["runs"]) + 1)) for each in known)
    health = fsck(Home(tmp_path / "home"), tmp_path / "work")
    assert health.damage == ()


def test_two_kernels_and_a_command_use_one_record(kernel, tmp_path):
    """Neither kernel loses a run, an edge or a dataset, and whoever asks meanwhile sees whole runs only."""
    cells = 10
    said, shown = two_kernels_and_a_command(kernel, tmp_path, cells=cells)
    require_whole(tmp_path, said, shown, cells=cells)


@pytest.mark.long
@pytest.mark.parametrize("shared", [True, False], ids=["with a log", "with a rollback journal"])
def test_two_kernels_and_a_command_use_one_record_for_long(kernel, tmp_path, shared):
    """The same for 150 cells each, on a local disk and where no memory is shared."""
    if not shared:
        (tmp_path / "work" / ".swarmprov").mkdir(parents=True)
        (tmp_path / "work" / ".swarmprov" / "record.sqlite-shm").symlink_to("no/where")
    said, shown = two_kernels_and_a_command(kernel, tmp_path, cells=150)
    require_whole(tmp_path, said, shown, cells=150)


# -- one home

PUBLISH = """
import sys
from pathlib import Path
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import publish

home, *notebooks = map(Path, sys.argv[1:])
print("ready", flush=True)
sys.stdin.readline()
for notebook in notebooks:
    print(publish(notebook, yes=True, home=Home(home), say=lambda line: None).reference, flush=True)
"""


def five_publishers(home, place, *, own):
    """Let five processes at once publish `own` notebooks each, and between them one that is the same for all."""
    same = make_study(home, place / "same").notebook
    studies = [[make_study(home, place / f"{number}-{each}") for each in range(own)] for number in range(5)]
    for each in (study for some in studies for study in some):
        text = each.notebook.read_text()
        each.notebook.write_text(text.replace("# A study", f"# Study {each.folder.name}"))
    processes = []
    for some in studies:
        mine = [study.notebook for study in some]
        half = len(mine) // 2
        order = [*mine[:half], same, *mine[half:], same]
        command = [sys.executable, "-c", PUBLISH, str(home.root), *map(str, order)]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        processes.append(subprocess.Popen(command, text=True, **pipes))
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0] * 5, ended
    return [out.split() for out, _ in ended]


def require_exact(home, place, references, *, own):
    known = {receipt.reference: receipt for receipt in receipts(home)}
    counted = Counter(reference for some in references for reference in some)
    (same,) = [reference for reference, count in counted.items() if count > 1]

    assert counted[same] == 10
    assert len(known) == len(counted) == 5 * own + 1
    assert set(known) == set(counted)
    anchors = open_embedded(home.chain)
    for receipt in known.values():
        assert len(list(anchors.lineage(receipt.wallet, bytes.fromhex(receipt.manifest)))) == 1
        assert verify(receipt.reference, home=home).exit_code == 0
    transactions = [receipt.anchor["transaction"] for receipt in known.values()]
    assert len(set(transactions)) == len(transactions)
    assert list(home.journal.glob("*.jsonl")) == []
    store = PackStore.open(home.store, create=False)
    assert {root.hex() for root in store.pins()} == set(known)
    assert fsck(home, place / "same").damage == ()
    free(home, place / "same", hours=0)
    chunks = Counter(address for pack in PackStore.open(home.store, create=False).packs() for address, _ in pack.index)
    assert set(chunks.values()) == {1}
    for reference in known:
        assert verify(reference, home=home).exit_code == 0


def test_five_processes_publish_into_one_home(tmp_path):
    """Different notebooks and the same one at once: each is published once, anchored once, and verifies."""
    home = Home(tmp_path / "home")
    references = five_publishers(home, tmp_path, own=1)
    require_exact(home, tmp_path, references, own=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_five_processes_publish_much_into_one_home(tmp_path, seed):
    """The same for fifty notebooks; in one round a chain and a record that share no memory."""
    home = Home(tmp_path / "home")
    if seed == 0:
        home.private_folder(home.chain)
        (home.chain / "chain.sqlite-shm").symlink_to("no/where")
    references = five_publishers(home, tmp_path, own=10)
    require_exact(home, tmp_path, references, own=10)
