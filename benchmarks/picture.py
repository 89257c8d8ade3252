"""Time to the first picture, and of the layout alone against networkx's own layered layout.

Run: python benchmarks/picture.py
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import networkx as nx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from row import Row

from swarmprov_nb.lineage.graph import to_networkx
from swarmprov_nb.lineage.vocabulary import Lineage
from swarmprov_nb.testing import LineageBuilder
from swarmprov_nb.view import Picture, svg_of
from swarmprov_nb.view.layout import laid_out
from swarmprov_nb.view.sketch import sketched

SIZES = (50, 500, 5000)
GOALS = {
    "first picture, 50 nodes": "",
    "all 50 nodes laid out and drawn": "",
    "layout : networkx multipartite, 50 nodes": "",
    "first picture, 500 nodes": "≤ 500 ms",
    "all 500 nodes laid out and drawn": "",
    "layout : networkx multipartite, 500 nodes": "",
}


def study(nodes: int) -> Lineage:
    """A notebook of about `nodes` cell runs and artifacts; most cells read what was made shortly before."""
    chance = random.Random(nodes)
    b = LineageBuilder("study.ipynb")
    made = [b.input("raw.csv").name]
    while len(b.lineage.runs) * 2 < nodes:
        recent = made[-8:]
        used = {chance.choice(recent if chance.random() < 0.95 else made) for _ in range(chance.choice((1, 1, 2)))}
        name = f"a{len(b.lineage.runs)}"
        kind = chance.choice(("dataset", "dataset", "model", "figure"))
        b.run(f"step {name}", uses=sorted(used), makes={name: kind}, cell=f"c{name}")
        made.append(name)
    return b.lineage


def milliseconds(work, *, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def peer(graph: nx.DiGraph) -> dict:
    """Layers by longest path, then positions: what networkx offers for a layered graph."""
    for layer, nodes in enumerate(nx.topological_generations(graph)):
        for node in nodes:
            graph.nodes[node]["layer"] = layer
    return nx.multipartite_layout(graph, subset_key="layer")


def figures(size: int) -> tuple[int, float, float, float, float]:
    """Shapes drawn, and milliseconds of the first picture, the layout of all, all as SVG, and the peer's layout."""
    rounds = 9 if size < 5000 else 3
    lineage = study(size)
    first = milliseconds(lambda: Picture(lineage, title="x").svg, rounds=rounds)
    drawing = sketched(lineage, lineage)
    layout = milliseconds(lambda: laid_out(drawing), rounds=rounds)
    whole = milliseconds(lambda: svg_of(lineage, title="x", limit=2 * size), rounds=rounds)
    graph = to_networkx(lineage)
    theirs = milliseconds(lambda: peer(graph), rounds=rounds)
    return len(drawing.nodes), first, layout, whole, theirs


def rows(*, quick: bool) -> Iterator[Row]:
    del quick  # it is quick
    for size in (50, 500):
        _, first, layout, whole, theirs = figures(size)
        yield Row(f"first picture, {size} nodes", f"{first:.1f} ms", GOALS[f"first picture, {size} nodes"])
        yield Row(f"all {size} nodes laid out and drawn", f"{whole:.1f} ms")
        yield Row(f"layout : networkx multipartite, {size} nodes", f"{layout / theirs:.2f} x")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without 5,000 nodes")
    quick = parser.parse_args(argv).quick
    print("  nodes   first picture   all, layout   all, layout + SVG   networkx multipartite   layout : networkx")
    for size in SIZES[:2] if quick else SIZES:
        nodes, first, layout, whole, theirs = figures(size)
        print(
            f"{nodes:7,}   {first:10.1f} ms {layout:10.1f} ms {whole:16.1f} ms"
            f" {theirs:20.1f} ms {layout / theirs:18.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
