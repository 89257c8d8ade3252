"""First paint of a lineage in a browser: ours, pyvis and cytoscape, with the same nodes, places and edges.

Run: python benchmarks/drawing.py

Seconds in Chromium from the call to the frame after it: of ours what is in view then, and also until all is drawn.
pyvis is a page with all inline, its physics off; cytoscape gets preset places. Both get their places from our layout.
What pyvis and cytoscape load is read before the clock starts, and so is the data. Requests elsewhere are refused.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from picture import study
from row import Row, Skipped, printed

from swarmprov_nb.view import Picture

ROOT = Path(__file__).resolve().parent.parent
SIZES = {50: "≤ 0.25 s", 500: "≤ 0.5 s", 5000: "≤ 1.6 s"}
PEERS = ("pyvis", "cytoscape")
GOALS = {
    **{f"first paint, {size} nodes": goal for size, goal in SIZES.items()},
    **{f"all drawn, {size} nodes": "" for size in SIZES},
    **{f"first paint : {peer}, {size} nodes": "< 1 x" for size in SIZES for peer in PEERS},
}

PAGE = '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/lineage.css"><div id="place"></div>'

OURS = """async text => {
  const { draw } = await import('/lineage.js');
  const place = document.getElementById('place');
  const data = JSON.parse(text);
  const start = performance.now();
  draw(place, data);
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  const first = performance.now() - start;
  while (document.querySelector('[data-drawing]')) { await new Promise(done => setTimeout(done, 4)); }
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return [first / 1000, (performance.now() - start) / 1000];
}"""

CYTOSCAPE = """async text => {
  const place = document.getElementById('place');
  place.style.height = '560px';
  const elements = JSON.parse(text);
  const style = [
    { selector: 'node', style: { label: 'data(label)', shape: 'round-rectangle', 'text-valign': 'center' } },
    { selector: 'edge', style: { 'target-arrow-shape': 'triangle', 'curve-style': 'bezier' } }
  ];
  const start = performance.now();
  const graph = cytoscape({ container: place, elements, style, layout: { name: 'preset' } });
  await new Promise(done => graph.one('render', done));
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return [(performance.now() - start) / 1000];
}"""

# pyvis writes a page that draws when it is read; `drawGraph` is the function it writes.
PYVIS = """async () => {
  const start = performance.now();
  const network = drawGraph();
  await new Promise(done => network.once('afterDrawing', done));
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return [(performance.now() - start) / 1000];
}"""


class _Files(http.server.SimpleHTTPRequestHandler):
    """The modules of the widgets, and an empty page."""

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def pages() -> Iterator[Any]:
    """Start Chromium and a server on this machine; yield a function that opens a page on it."""
    try:
        from browsers import NAMES, chromium, only_loopback
        from playwright import sync_api  # noqa: F401 - asked here, so that the reason can be told
    except ImportError as error:
        raise Skipped(f"{error}") from None
    if not any(shutil.which(name) for name in NAMES):
        raise Skipped("Chromium is not installed")
    folder = str(ROOT / "swarmprov_nb" / "widgets")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with chromium() as browser:

        def opened() -> Any:
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            only_loopback(context)
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            return page

        yield opened
    server.shutdown()
    server.server_close()


def cytoscape_source() -> str:
    """Return cytoscape's own bundle, fetched by npm into a folder that is gone afterwards."""
    npm = shutil.which("npm")
    if npm is None:
        raise Skipped("npm is not installed, so cytoscape cannot be fetched")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "install", "--silent", "--ignore-scripts", "--no-audit", "--prefix", folder, "cytoscape"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
        bundle = Path(folder) / "node_modules" / "cytoscape" / "dist" / "cytoscape.min.js"
        if done.returncode or not bundle.exists():
            raise Skipped("npm could not fetch cytoscape")
        return bundle.read_text(encoding="utf-8")


def ours(opened: Any, document: dict[str, Any]) -> list[float]:
    page = opened()
    found = page.evaluate(OURS, json.dumps(document))
    page.context.close()
    return found


def cytoscape(opened: Any, document: dict[str, Any], source: str) -> list[float]:
    nodes = [
        {"data": {"id": node["id"], "label": node["title"]}, "position": {"x": node["x"], "y": node["y"]}}
        for node in document["nodes"]
    ]
    edges = [{"data": {"source": edge["from"], "target": edge["to"]}} for edge in document["edges"]]
    page = opened()
    page.add_script_tag(content=source)
    found = page.evaluate(CYTOSCAPE, json.dumps(nodes + edges))
    page.context.close()
    return found


def pyvis_page(document: dict[str, Any]) -> str:
    """Return pyvis's page with everything inline, that draws when it is told to."""
    try:
        from pyvis.network import Network
    except ImportError:
        raise Skipped("pyvis is not installed") from None
    network = Network(directed=True, cdn_resources="in_line")
    for node in document["nodes"]:
        network.add_node(node["id"], label=node["title"], x=node["x"], y=node["y"], shape="box")
    for edge in document["edges"]:
        network.add_edge(edge["from"], edge["to"])
    network.toggle_physics(False)
    page = str(network.generate_html())
    assert page.count("\n              drawGraph();\n") == 1, "pyvis no longer ends by drawing"
    return page.replace("\n              drawGraph();\n", "\n")


def pyvis(opened: Any, text: str) -> list[float]:
    page = opened()
    page.set_content(text, wait_until="domcontentloaded")
    found = page.evaluate(PYVIS)
    page.context.close()
    return found


def median(measure: Any, *arguments: Any, rounds: int) -> list[float]:
    """Return the medians of what `measure` returns over some rounds, after one that warms up."""
    measure(*arguments)
    return [statistics.median(column) for column in zip(*(measure(*arguments) for _ in range(rounds)), strict=True)]


def peers(opened: Any, document: dict[str, Any], *, first: float, size: int, rounds: int) -> Iterator[Row]:
    for peer in PEERS:
        name = f"first paint : {peer}, {size} nodes"
        try:
            if peer == "pyvis":
                (theirs,) = median(pyvis, opened, pyvis_page(document), rounds=rounds)
            else:
                (theirs,) = median(cytoscape, opened, document, _bundle(), rounds=rounds)
        except Skipped as skipped:
            yield Row(name, f"skipped: {skipped}", GOALS[name])
            continue
        yield Row(name, f"{first / theirs:.2f} x ({theirs:.2f} s)", GOALS[name])


@functools.cache
def _bundle() -> str:
    return cytoscape_source()


def rows(*, quick: bool) -> Iterator[Row]:
    sizes = (50,) if quick else tuple(SIZES)
    with pages() as opened:
        for size in sizes:
            document = Picture(study(size), title="study.ipynb", limit=2 * size).to_json()
            rounds = 1 if quick or size > 500 else 5
            first, whole = median(ours, opened, document, rounds=rounds)
            yield Row(f"first paint, {size} nodes", f"{first:.3f} s", SIZES[size])
            yield Row(f"all drawn, {size} nodes", f"{whole:.2f} s")
            if not quick:
                yield from peers(opened, document, first=first, size=size, rounds=rounds)
    if quick:
        raise Skipped("a quick run fetches no peers and draws 50 nodes")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="50 nodes, without pyvis and cytoscape")
    try:
        printed(rows(quick=parser.parse_args(argv).quick))
    except Skipped as skipped:
        print(f"skipped: {skipped}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
