"""Time to the first picture, and of the layout alone against networkx's own layered layout.

Run: python benchmarks/picture.py
"""

from __future__ import annotations

import random
import statistics
import sys
import time

import networkx as nx

from swarmprov_nb.lineage.graph import to_networkx
from swarmprov_nb.lineage.vocabulary import Lineage
from swarmprov_nb.testing import LineageBuilder
from swarmprov_nb.view import Picture, svg_of
from swarmprov_nb.view.layout import laid_out
from swarmprov_nb.view.sketch import sketched

SIZES = (50, 500, 5000)


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


def main() -> int:
    print("  nodes   first picture   all, layout   all, layout + SVG   networkx multipartite   layout : networkx")
    for size in SIZES:
        rounds = 9 if size < 5000 else 3
        lineage = study(size)
        first = milliseconds(lambda lineage=lineage: Picture(lineage, title="x").svg, rounds=rounds)
        drawing = sketched(lineage, lineage)
        layout = milliseconds(lambda drawing=drawing: laid_out(drawing), rounds=rounds)
        whole = milliseconds(
            lambda lineage=lineage, size=size: svg_of(lineage, title="x", limit=2 * size), rounds=rounds
        )
        graph = to_networkx(lineage)
        theirs = milliseconds(lambda graph=graph: peer(graph), rounds=rounds)
        print(
            f"{len(drawing.nodes):7,}   {first:10.1f} ms {layout:10.1f} ms {whole:16.1f} ms"
            f" {theirs:20.1f} ms {layout / theirs:18.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
