from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import hypothesis
import pytest
from anvils import anvil
from browsers import chromium, only_loopback
from kernels import Kernel
from studies import Study, make_study, write_notebook

from swarmprov_nb.home import Home

# A worker that begins one of these last keeps all others waiting. In an order in which not all begin with a Lab.
LONGEST = ("test_one_button", "test_everywhere", "test_push_kills", "test_record_kills", "test_extension",
           "test_real_swarm_notebook", "test_real_networks", "test_services", "test_widgets_lineage", "test_output",
           "test_widgets_publish", "test_secrets", "test_packaging", "test_panel", "test_quickstart_notebook",
           "test_publishing_kills", "test_carrying_kills", "test_by_keyboard", "test_capture_conformance",
           "test_recording", "test_hostile", "test_contract_foundry", "test_to_the_world", "test_swarm_bee_upload",
           "test_quickstart_lab", "test_chain_sending")  # fmt: skip

hypothesis.settings.register_profile("gate", deadline=None)  # no test is timed
hypothesis.settings.load_profile("gate")


def pytest_addoption(parser):
    parser.addoption("--update-goldens", action="store_true", help="write tests/goldens anew instead of comparing")
    parser.addoption("--again", action="store_true", help="another Python ran all: skip what Python plays no part in")


def pytest_collection_modifyitems(config, items):
    """Put the longest files first; skip what need not be run on one more Python."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
    for item in items if config.getoption("--again") else []:
        if item.get_closest_marker("once"):
            item.add_marker(pytest.mark.skip(reason="its Python plays no part: it was run on the first one"))


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    """No test touches the user's home or hears of the notebook that runs it."""
    monkeypatch.setenv("SWARMPROV_HOME", str(tmp_path / "home"))
    for name in ("SWARMPROV_NOTEBOOK", "SWARMPROV_STORE", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def study(tmp_path) -> Study:
    """raw.csv → clean (declared) → model, summary.csv (written): four runs, published by default."""
    return make_study(Home(tmp_path / "home"), tmp_path / "work")


@pytest.fixture
def kernel(tmp_path):
    """Start kernels in tmp_path/work for a saved notebook; all are stopped at the end."""
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


@pytest.fixture(scope="module")  # its event loop would be in the way of other modules' tests
def browser():
    """One Chromium for the tests of a file."""
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser):
    """An empty page in a fresh browser profile; a request to another host fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    refused = only_loopback(context)
    yield context.new_page()
    context.close()
    assert refused == []


@pytest.fixture(scope="module")
def anvil_url():
    """The URL of one real development node for the tests of a file."""
    with anvil() as url:
        yield url
