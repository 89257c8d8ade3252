"""Every parser of ours under a coverage-guided fuzzer, from pieces of a real publication: nothing but named errors."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from swarmprov_nb.carrying import save
from swarmprov_nb.lineage.record import FILE, FOLDER
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST
from swarmprov_nb.publication import SEALS, listing
from swarmprov_nb.publishing import publish
from swarmprov_nb.storing import user_store
from swarmprov_nb.swarm import read_file

PARSERS = ("chunk-tree", "mantaray", "manifest", "seal", "dsse", "saved-file", "record", "notebook")
SECONDS = int(os.environ.get("SWARMPROV_TEST_FUZZ_SECONDS", "30"))

# the fuzzer asks for the most memory that its process ever had, in which Linux counts that of whoever started it
SMALL = (sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))")

pytestmark = [pytest.mark.long, pytest.mark.timeout(SECONDS + 270)]


@pytest.fixture
def seeds(study, tmp_path):
    """Folders of seeds by parser: what a publication of the study holds."""
    published = publish(study.notebook, home=study.home, yes=True, chain="none", say=lambda _: None)
    root, store = bytes.fromhex(published.reference), user_store(study.home)
    files = {path: b"".join(read_file(store, reference)) for path, reference in listing(store, root).items()}
    save(published.reference, tmp_path / "study.swarm", home=study.home)
    (node,) = (each.payload for each in store.read([root]))
    held = {
        "chunk-tree": [chunk(b"leaf"), chunk(b"leaf" * 1024) * 2 + chunk(b"\xff" * 8 + b"\2" * 24)],
        "mantaray": [node, chunk(node)],
        "manifest": [files[MANIFEST]],
        "seal": [data for path, data in files.items() if path.startswith(SEALS)],
        "dsse": [files[ENVELOPE]],
        "saved-file": [(tmp_path / "study.swarm").read_bytes()],
        "record": [(study.folder / FOLDER / FILE).read_bytes()],
        "notebook": [study.notebook.read_bytes(), *(files[path] for path in files if path.endswith(".ipynb"))],
    }
    for name, pieces in held.items():
        folder = tmp_path / "seeds" / name
        folder.mkdir(parents=True)
        for number, piece in enumerate(pieces):
            (folder / str(number)).write_bytes(piece)
    return tmp_path / "seeds"


def chunk(payload: bytes) -> bytes:
    """Return a chunk as the fuzzer writes it."""
    return len(payload).to_bytes(2, "little") + len(payload).to_bytes(8, "little") + payload


@pytest.mark.parametrize("parser", PARSERS)
def test_a_parser_takes_bytes_or_names_what_is_wrong(parser, seeds, tmp_path):
    """In bounded memory, each input in seconds: no crash, no other exception, no disagreement with itself."""
    if find_spec("atheris") is None:
        pytest.skip("atheris is not installed, or not for this system: nothing is fuzzed")
    script = Path(__file__).with_name("fuzzing.py")
    options = [f"-max_total_time={SECONDS}", "-timeout=10", "-rss_limit_mb=1024", "-max_len=65536", "-seed=1"]
    path = os.pathsep.join([str(script.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "FUZZ_FOLDER": str(tmp_path), "PYTHONPATH": path}
    options.append(f"-artifact_prefix={tmp_path}/")
    command = [*SMALL, sys.executable, str(script), parser, *options, str(seeds / parser)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)
    if ran.returncode:
        kept = [str(path) for kind in ("crash", "oom", "timeout") for path in tmp_path.glob(f"{kind}-*")]
        pytest.fail(f"The input is in {kept or 'no file'}: {ran.stderr[-3000:]}")

    assert "Done " in ran.stderr
