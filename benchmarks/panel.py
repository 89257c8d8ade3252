"""The Lab extension at work: its size, what the panel costs a cell run, and from click to receipt.

Run: python benchmarks/panel.py

A real JupyterLab in Chromium. What the panel costs is the browser's busy time for the same cells with the panel closed
and then open; the quickstart is run as a person would, and the clock starts at the click.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from row import Row, Skipped, printed

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "swarmprov_nb" / "labextension" / "static"
GOALS = {
    "JavaScript of the extension": "",
    "panel update for one cell run": "",
    "panel open : closed, browser time for a cell run": "≤ 1.5 x",
    "quickstart: click to preview": "",
    "quickstart: click to receipt": "",
}
RUN = """async runs => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  for (let run = 0; run < runs; run += 1) {
    await kernel.requestExecute({ code: 'x = x + 1' }).done;
  }
}"""


@contextmanager
def lab() -> Iterator[Any]:
    """Start Lab and Chromium; yield a function that opens a notebook."""
    for module in ("jupyterlab", "playwright", "pytest"):
        if importlib.util.find_spec(module) is None:
            raise Skipped(f"{module} is not installed")
    from browsers import NAMES, chromium, only_loopback
    from labs import Lab, OpenNotebook

    if not any(shutil.which(name) for name in NAMES):
        raise Skipped("Chromium is not installed")
    if not STATIC.is_dir():
        raise Skipped("the Lab extension is not built")
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        server = Lab("jupyterlab", Path(place))
        server.start()
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        only_loopback(context)

        def opened(path: Path) -> Any:
            notebook = OpenNotebook(server, context.new_page(), path)
            notebook.go()
            return notebook

        try:
            yield server.folder, opened
        finally:
            server.stop()


class Busy:
    """How long a page's main thread has worked; it counts from the moment this is made."""

    def __init__(self, notebook: Any) -> None:
        self._session = notebook.page.context.new_cdp_session(notebook.page)
        self._session.send("Performance.enable")

    def seconds(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in metrics if each["name"] == "TaskDuration")


def panel_cost(folder: Path, opened: Any, runs: int) -> Iterator[Row]:
    from labs import write_cells

    notebook = opened(write_cells(folder, "%load_ext swarmprov", "x = 0"))
    notebook.show_panel()
    notebook.run_all()
    notebook.page.evaluate(RUN, runs)  # what is compiled and warmed once is no part of this
    busy = Busy(notebook)
    spent = {False: 0.0, True: 0.0}
    for shown in (False, True, False, True):
        notebook.page.evaluate("shown => window.jupyterapp.shell[shown ? 'expandRight' : 'collapseRight']()", shown)
        notebook.page.wait_for_timeout(3000)  # what Lab does after its layout changed is no part of this
        before = busy.seconds()
        notebook.page.evaluate(RUN, runs)
        notebook.page.wait_for_timeout(1000)
        spent[shown] += (busy.seconds() - before) / (2 * runs)
    if notebook.steps.count() != 5 * runs + 1:
        raise Skipped(f"the panel shows {notebook.steps.count()} of {5 * runs + 1} runs")
    notebook.page.close()
    yield Row("panel update for one cell run", f"{(spent[True] - spent[False]) * 1000:.1f} ms, {runs} runs")
    name = "panel open : closed, browser time for a cell run"
    yield Row(name, f"{spent[True] / spent[False]:.2f} x", GOALS[name])


def quickstart(folder: Path, opened: Any) -> Iterator[Row]:
    source = ROOT / "notebooks"
    shutil.copytree(source / "data", folder / "data")
    path = Path(shutil.copy(source / "quickstart.ipynb", folder))
    notebook = opened(path)
    try:
        notebook.run_all()
    except AssertionError:
        raise Skipped("the quickstart's cells took over a minute") from None
    button = notebook.page.locator("[data-jp-item-name='swarmprov-publish']")
    press = notebook.panel.locator("[data-phase='preview'] .swarmprov-act button")
    receipt = notebook.panel.locator("[data-phase='receipt']")
    for name, click, wait in (
        ("quickstart: click to preview", button.click, press),
        ("quickstart: click to receipt", press.click, receipt),
    ):
        start = time.perf_counter()
        click()
        wait.wait_for(timeout=120_000)
        yield Row(name, f"{time.perf_counter() - start:.1f} s")


def rows(*, quick: bool = False) -> Iterator[Row]:
    with lab() as (folder, opened):
        files = [path.read_bytes() for path in STATIC.glob("*.js")]
        whole, packed = sum(map(len, files)), sum(len(gzip.compress(data)) for data in files)
        yield Row("JavaScript of the extension", f"{whole / 1000:.0f} kB, {packed / 1000:.0f} kB gzipped")
        yield from panel_cost(folder, opened, 10 if quick else 200)
        yield from quickstart(folder, opened)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few cells")
    printed(rows(quick=parser.parse_args().quick))
