"""Notebooks with hand-read truth, in real kernels; the interrupt that only a real kernel can send."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import threading
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
CONFORMANCE = HOUSE.parent / "shared" / "conformance" / "capture"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("capture_benchmark", HOUSE / "benchmarks" / "capture.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.skipif(not CONFORMANCE.is_dir(), reason="the notebooks with known lineage are not on this machine")
@pytest.mark.parametrize(("group", "bounds"), [("real", (0.96, 0.96, 1.0)), ("adversarial", (0.95, 0.95, 0.95))])
def test_the_notebooks_with_known_lineage_score_as_promised(benchmark, group, bounds):
    """Precision, recall and recall through the closure."""
    for package in ("sklearn", "statsmodels", "matplotlib", "pyarrow"):
        pytest.importorskip(package)

    figures = benchmark.figures(benchmark.score_group(CONFORMANCE, group, verbose=False))

    assert all(figure >= bound for figure, bound in zip(figures, bounds, strict=True)), figures


def test_a_kernel_interrupt_ends_the_run_as_interrupted(benchmark, tmp_path):
    """What the cell bound before the interrupt is kept, and the next cell reads it."""
    with benchmark.kernel(str(tmp_path)) as client:
        benchmark.ask(client, benchmark.INSTALL.format(house=str(HOUSE)))
        timer = threading.Timer(1.0, client.parent.interrupt_kernel)
        timer.start()
        benchmark.run(client, "x = 1\nimport time\nprint('waiting')\ntime.sleep(60)\ny = 2")
        timer.join()
        benchmark.run(client, "z = x")
        flows = json.loads(benchmark.ask(client, benchmark.ASK))

    assert flows[1] == [2, [[1, "x", "var"]], None]


def without_process(outputs):
    """Cells' file names hold the number of the process."""
    return re.sub(r"ipykernel_\d+", "ipykernel", repr(outputs))


def test_a_kernel_runs_as_if_nobody_watched(benchmark, tmp_path):
    """The same outputs in the same order, recorded and plain."""
    cells = [
        "import pandas as pd, matplotlib.pyplot as plt",
        "df = pd.DataFrame({'a': [1, 2]})\ndf",
        "df.a.plot();",
        "%%capture out\nprint('hidden')",
        "print(out.stdout)\n1 / 0",
        "import warnings\nfor _ in range(2): warnings.warn('once')",
        "exec('k = 1')\nk",
        "!echo shell",
    ]
    notebook = {
        "cells": [
            {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
            for n, text in enumerate(cells)
        ],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps(notebook))

    plain, recorded = benchmark.execute(path, recorded=False), benchmark.execute(path, recorded=True)

    assert without_process(recorded.outputs) == without_process(plain.outputs)
    assert recorded.gaps() == []
