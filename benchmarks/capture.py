"""Scores capture against notebooks with hand-read truth, and measures what it costs.

    python benchmarks/capture.py [FOLDER] [--quick]

FOLDER (default ../shared/conformance/capture) holds real/, adversarial/, cost/ and score.py. Every notebook runs in a
real kernel, in an empty temporary folder. Cost is CPU time of the kernel, recorded over plain, runs interleaved.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from row import Row, Skipped

HERE = Path(__file__).resolve().parent.parent
NOTEBOOKS = HERE.parent / "shared" / "conformance" / "capture"
TARGETS = {"real": (0.96, 0.96, 1.0), "adversarial": (0.95, 0.95, 0.95)}
MEASURES = ("precision", "recall", "closure recall")
COST = "CPU recorded : plain, median"
GOALS = {
    **{
        f"{group} notebooks: {what}": f"≥ {bound:.2f}"
        for group, bounds in TARGETS.items()
        for what, bound in zip(MEASURES, bounds, strict=True)
    },
    COST: "≤ 1.10 x",
    "CPU recorded : plain, highest": "",
}

INSTALL = """
import sys as _s; _s.path.insert(0, {house!r})
def _install():
    import json
    from swarmprov_nb.capture import Engine
    get_ipython().__dict__["_swarmprov_flows"] = flows = []
    def on_run(seen):
        flows.append((seen.sequence, [(f.writer, f.name, f.kind) for f in seen.flows], seen.gap))
    get_ipython().__dict__["_swarmprov_engine"] = engine = Engine(get_ipython(), on_run=on_run)
    engine.install()
_install(); del _install
"""
ASK = 'import json as _j; print(_j.dumps(get_ipython().__dict__["_swarmprov_flows"]))'
CPU = "import resource as _r; _u = _r.getrusage(_r.RUSAGE_SELF); print(_u.ru_utime + _u.ru_stime)"


@dataclass
class Execution:
    """One execution of a notebook: cell index of each step, flows of each step, CPU seconds of its cells."""

    steps: list[int]
    cpu: float
    flows: list[Any] = field(default_factory=list)
    errors: int = 0
    outputs: list[Any] = field(default_factory=list)

    def edges(self, *, by_step: bool = False) -> list[tuple[int, int, str]]:
        """Return [writer, reader, name], as cell indices or as steps; imported names are left out."""
        found = []
        for sequence, flows, _ in self.flows:
            for writer, name, kind in flows:
                if kind != "import":
                    pair = (writer - 1, sequence - 1)
                    found.append((*(pair if by_step else (self.steps[pair[0]], self.steps[pair[1]])), name))
        return list(dict.fromkeys(found))

    def gaps(self) -> list[str]:
        return [gap for _, _, gap in self.flows if gap]


@contextmanager
def kernel(folder: str) -> Iterator[Any]:
    """Start a kernel over Unix sockets (no TCP warning, no ports) in `folder`."""
    from jupyter_client import KernelManager

    with tempfile.TemporaryDirectory() as sockets:
        manager = KernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/k")
        manager.start_kernel(cwd=folder, env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            yield client
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()


def execute(path: Path, *, recorded: bool) -> Execution:
    """Run a notebook by its order, recorded or plain."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    steps = notebook.metadata.get("exec_order", list(range(len(sources))))
    edited = notebook.metadata.get("edited_source", {})
    with tempfile.TemporaryDirectory() as folder, kernel(folder) as client:
        if recorded:
            ask(client, INSTALL.format(house=str(HERE)))
        before = float(ask(client, CPU))
        errors, outputs = 0, []
        for step, index in enumerate(steps):
            reply, shown = run(client, edited.get(str(step), sources[index]))
            errors += reply["status"] != "ok"
            outputs.append(shown)
        cpu = float(ask(client, CPU)) - before
        flows = json.loads(ask(client, ASK)) if recorded else []
    return Execution(steps, cpu, flows, errors, outputs)


def run(client: Any, source: str, *, silent: bool = False) -> tuple[Any, list[Any]]:
    shown: list[Any] = []

    def output(message: Any) -> None:
        kind, content = message["header"]["msg_type"], message["content"]
        if kind in {"stream", "execute_result", "display_data", "error"}:
            shown.append((kind, content.get("text") or content.get("ename") or sorted(content.get("data", {}))))

    reply = client.execute_interactive(source, store_history=not silent, output_hook=output, timeout=600)
    return reply["content"], shown


def ask(client: Any, source: str) -> str:
    """Run a probe, which is no cell run: it leaves no history."""
    reply, shown = run(client, source, silent=True)
    assert reply["status"] == "ok", shown
    return "".join(text for kind, text in shown if kind == "stream")


def scorer(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("score", folder / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def score_group(folder: Path, group: str, *, verbose: bool = True, limit: int | None = None) -> dict[str, int]:
    """Score every notebook of a group, or the first `limit`; the totals, as score.py counts them."""
    score, total = scorer(folder), {}
    for path in sorted((folder / group).glob("*.ipynb"))[:limit]:
        truth = json.loads(path.with_suffix(".truth.json").read_text())
        execution = execute(path, recorded=True)
        scored = score.score(truth, {"edges": execution.edges()})
        if "step_edges" in truth:
            scored["steps wrong"] = len({tuple(e) for e in truth["step_edges"]} ^ set(execution.edges(by_step=True)))
        if verbose:
            notes = {key: scored[key] for key in ("missed", "extra", "steps wrong") if scored.get(key)}
            print(score.line(path.stem, scored), notes or "", execution.gaps() or "", flush=True)
        for key, value in scored.items():
            if isinstance(value, int):
                total[key] = total.get(key, 0) + value
    return total


def figures(total: dict[str, int]) -> tuple[float, float, float]:
    """Return precision, recall and closure recall."""
    return total["ok"] / total["pred"], total["found"] / total["must"], total["reached"] / total["must"]


def cost(paths: list[Path], rounds: int, *, verbose: bool = True) -> list[float]:
    """Return the CPU ratio recorded/plain of each notebook, the median of interleaved rounds."""
    ratios = []
    for path in paths:
        pairs = [(execute(path, recorded=False).cpu, execute(path, recorded=True).cpu) for _ in range(rounds)]
        ratio = statistics.median(recorded / plain for plain, recorded in pairs)
        plain, recorded = (statistics.median(column) for column in zip(*pairs, strict=True))
        if verbose:
            print(f"{path.stem:44s} {ratio:.3f}x  plain {plain:.2f} s  recorded {recorded:.2f} s", flush=True)
        ratios.append(ratio)
    return ratios


def rows(*, quick: bool, folder: Path = NOTEBOOKS) -> Iterator[Row]:
    if not folder.is_dir():
        raise Skipped("the notebooks with known lineage are not here (../shared/conformance/capture)")
    for group in TARGETS:
        total = score_group(folder, group, verbose=False, limit=2 if quick else None)
        counts = (("ok", "pred"), ("found", "must"), ("reached", "must"))
        for what, value, (part, whole) in zip(MEASURES, figures(total), counts, strict=True):
            name = f"{group} notebooks: {what}"
            yield Row(name, f"{value:.3f} ({total[part]}/{total[whole]})", GOALS[name])
    paths = sorted((folder / "real").glob("*.ipynb"))
    paths = paths[:1] if quick else paths + sorted((folder / "cost").glob("*.ipynb"))
    ratios = cost(paths, 1 if quick else 3, verbose=False)
    middle, longest = statistics.median(ratios), max(ratios)
    yield Row(COST, f"{middle:.3f} x of {len(ratios)} notebooks", GOALS[COST])
    yield Row("CPU recorded : plain, highest", f"{longest:.3f} x")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=NOTEBOOKS)
    parser.add_argument("--quick", action="store_true", help="one round of cost, on real notebooks only")
    parser.add_argument("--no-cost", action="store_true", help="scores only")
    chosen = parser.parse_args(arguments)
    if not chosen.folder.is_dir():
        print(f"No notebooks in {chosen.folder}.\nName the folder that holds real/ and adversarial/.")
        return 2
    good = True
    for group, bounds in TARGETS.items():
        total = score_group(chosen.folder, group)
        reached = figures(total)
        good &= all(value >= bound for value, bound in zip(reached, bounds, strict=True))
        print(
            f"{group}: precision {reached[0]:.3f} ({total['ok']}/{total['pred']}), recall {reached[1]:.3f} "
            f"({total['found']}/{total['must']}), closure recall {reached[2]:.3f} ({total['reached']}/{total['must']})"
        )
    if not chosen.no_cost:
        paths = sorted((chosen.folder / "real").glob("*.ipynb"))
        paths += [] if chosen.quick else sorted((chosen.folder / "cost").glob("*.ipynb"))
        ratios = cost(paths, 1 if chosen.quick else 3)
        print(f"cost: median {statistics.median(ratios):.3f}x, max {max(ratios):.3f}x over {len(ratios)} notebooks")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
