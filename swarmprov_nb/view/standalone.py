"""The standalone page: one lineage as an interactive HTML file that needs nothing but a browser.

pyvis makes the network and fills our template (``standalone.html``); vis-network is taken from pyvis' own package and
written into the page. What pyvis does by itself is not used: its template links to other hosts and takes the heading
as HTML, its layout differs from load to load, and it writes a folder beside the file.
"""

from __future__ import annotations

import os
import secrets
from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.errors import MissingExtra, UsageError
from swarmprov_nb.view.palette import INK, KIND_ICONS, KIND_INKS, LINE, MARK_ICONS, MARK_INKS, PANEL, QUIET

if TYPE_CHECKING:
    from swarmprov_nb.view.picture import Picture

MARKER: Final = "<!-- A lineage page of swarmprov."
_HERE: Final = Path(__file__).parent
_NETWORK: Final = ("lib", "vis-9.1.2", "vis-network.min.js")  # among the templates of pyvis
_OPTIONS: Final = {
    "physics": {"enabled": False},
    "layout": {"randomSeed": 1, "improvedLayout": False},
    "interaction": {"dragNodes": False, "hover": True, "zoomView": False, "tooltipDelay": 200},
    "edges": {"hidden": True, "smooth": False},
}
_LIGHT: Final = {
    "paper": PANEL,
    "ink": INK,
    "quiet": QUIET,
    "line": LINE,
    "focus": "#0969da",
    "kinds": {kind: (ink.edge, ink.ground, ink.text) for kind, ink in {**KIND_INKS, **MARK_INKS}.items()},
}
_DARK: Final = {
    "paper": "#161b22",
    "ink": "#e6edf3",
    "quiet": "#9da7b3",
    "line": "#8b949e",
    "focus": "#58a6ff",
    "kinds": {
        "run": ("#57606a", "#21262d", "#9da7b3"),
        "steps": ("#57606a", "#21262d", "#9da7b3"),
        "dataset": ("#56b4e9", "#10283a", "#9da7b3"),
        "model": ("#e29fd0", "#331a2d", "#b3a3b0"),
        "figure": ("#3fbf92", "#0d2b22", "#9da7b3"),
        "file": ("#8b949e", "#21262d", "#9da7b3"),
        "artifacts": ("#8b949e", "#21262d", "#9da7b3"),
        "failed": ("#ff7b72", "#3a1717", "#ffa198"),
        "gap": ("#d29922", "#33270b", "#e3b341"),
    },
}
_KINDS: Final = {"run": "cell run", "steps": "folded cell runs", "artifacts": "folded artifacts"}
_MARKS: Final = {"failed": "failed", "gap": "not seen in full", "focus": "asked for"}


def standalone_page(picture: Picture) -> str:
    """Return a lineage as one HTML page: a graph to walk through, and the same things as a table below it.

    The same picture gives the same bytes. The page asks no host for anything: its content security policy allows the
    two scripts it holds, by their digests, and nothing else. Labels come from users' code, and stay text. Raises
    MissingExtra where pyvis is not installed.

    >>> from swarmprov_nb.testing import example_lineage
    >>> from swarmprov_nb.view import Picture
    >>> page = standalone_page(Picture(example_lineage(), title="a <b> c"))
    >>> "<h1><bdi>a &lt;b&gt; c</bdi></h1>" in page
    True
    """
    document = picture.to_json()
    network = _network(document)
    scripts = [_network_script(), (_HERE / "standalone.js").read_text("utf-8")]
    network.set_template(str(_HERE / "standalone.html"))
    network.templateEnv.globals.update(
        marker=MARKER,
        policy=_policy(scripts),
        scripts=scripts,
        document=document,
        rows=_rows(document),
        looks={"light": _LIGHT, "dark": _DARK, "icons": {**KIND_ICONS, **MARK_ICONS}},
        still=b64encode(picture.svg.encode()).decode(),
    )
    return str(network.generate_html())


def write_page(page: str, file: Path) -> None:
    """Write a page whole or not at all; an earlier page of ours is replaced, any other file is left alone.

    Raises UsageError where another file has that name, and where the folder cannot be written.
    """
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        if not _is_replaceable(file):
            raise UsageError(f"{file} is there already and is no lineage page.", "Name another file, or move it away.")
        try:
            temporary.write_text(page, "utf-8")
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {os.strerror(error.errno or 0)}.", "Name another file.") from error


def _is_replaceable(file: Path) -> bool:
    if not file.exists():
        return True
    with file.open("rb") as stream:
        return MARKER.encode() in stream.read(len(MARKER) + 40)


def _network(document: Mapping[str, Any]) -> Any:
    try:
        from pyvis.network import Network  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise MissingExtra("The page needs pyvis.", "Install it by: pip install pyvis") from error
    network = Network(directed=True, cdn_resources="in_line", heading=document["title"])
    network.options = dict(_OPTIONS)
    short = {node["id"]: f"n{index}" for index, node in enumerate(document["nodes"])}
    for node in document["nodes"]:
        place = {"x": node["x"] + node["w"] / 2, "y": node["y"] + node["h"] / 2}
        shape = {key: node[key] for key in ("kind", "mark", "w", "h", "inset", "title", "subtitle", "extra")}
        network.add_node(short[node["id"]], label=node["title"] or " ", shape="custom", group=node["kind"],
                         title=node["label"], box=shape, **place)  # fmt: skip
    for edge in document["edges"]:
        network.add_edge(short[edge["from"]], short[edge["to"]], points=edge["points"], seen=_is_seen(edge))
    return network


def _network_script() -> str:
    import pyvis  # type: ignore[import-untyped, unused-ignore]

    return Path(pyvis.__file__).with_name("templates").joinpath(*_NETWORK).read_text("utf-8")


def _policy(scripts: Sequence[str]) -> str:
    digests = " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in scripts)
    return (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the table's rows: what the graph shows, in words."""
    places = {node["id"]: index for index, node in enumerate(document["nodes"])}
    sources: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for edge in document["edges"]:
        title = document["nodes"][places[edge["from"]]]["title"]
        assumed = "" if _is_seen(edge) else "assumed, not seen"
        sources[edge["to"]].append({"id": f"n{places[edge['from']]}", "title": title, "assumed": assumed})
    return [
        {
            "id": f"n{places[node['id']]}",
            "title": node["title"],
            "kind": _KINDS.get(node["kind"], node["kind"]),
            "mark": node["mark"],
            "mark_word": _MARKS.get(node["mark"], ""),
            "more": node["label"].removeprefix(node["title"]).lstrip(":, "),
            "sources": sources[node["id"]],
        }
        for node in document["nodes"]
    ]


def _is_seen(edge: Mapping[str, Any]) -> bool:
    return bool(edge["confidence"] != "assumed")
