"""What %provenance shows: what is in the picture, what is folded, and that it can be read."""

from __future__ import annotations

import base64
import json
import re
from xml.etree import ElementTree as ET

import pytest

from swarmprov_nb.errors import UsageError
from swarmprov_nb.lineage.vocabulary import Declaration, Edge, Lineage
from swarmprov_nb.testing import LineageBuilder, example_lineage, stored
from swarmprov_nb.view import Picture, svg_of
from swarmprov_nb.view.layout import SMALL, WIDEST

SVG = "{http://www.w3.org/2000/svg}"


def busy(cells: int = 24, runs: int = 171) -> Lineage:
    """A cell that was run thirty times, then others that were run again and again: 200 runs, one of them stopped."""
    b = LineageBuilder("busy.ipynb")
    b.input("raw.csv", "file")
    for _ in range(30):
        b.run("clean", cell="clean", uses=["raw.csv"], makes={"t0": "dataset"}, named=True)
    for index in range(runs - 1):
        number = index % cells + 1
        kind = ("dataset", "model", "figure")[number % 3]
        b.run(f"step {number}", cell=f"c{number}", uses=[f"t{number // 2}"], makes={f"t{number}": kind})
    b.run("score", cell="score", uses=[f"t{cells}"], error="ValueError: bad")
    return b.lineage


def titles(picture: Picture) -> list[str]:
    return [node["title"] for node in picture.to_json()["nodes"]]


def node(picture: Picture, title: str) -> dict:
    return next(node for node in picture.to_json()["nodes"] if node["title"] == title)


def test_the_picture_of_a_study_holds_its_steps_and_artifacts():
    picture = Picture(example_lineage(), title="quickstart.ipynb")
    assert titles(picture)[:4] == ["penguins_raw.csv", "read", "clean", "clean"]
    document = picture.to_json()
    assert (document["shown"], document["total"]) == (14, 14)
    assert node(picture, "cell")["subtitle"] == "[12] stopped: KeyError"
    assert node(picture, "cell")["mark"] == "failed"
    assert [edge["confidence"] for edge in document["edges"]].count("assumed") == 1


def test_two_hundred_runs_are_at_most_25_shapes_with_counts():
    lineage = busy()
    assert len(lineage.runs) == 201
    picture = Picture(lineage, title="busy.ipynb")
    document = picture.to_json()
    assert len(document["nodes"]) <= 25
    assert node(picture, "clean")["folded"]["earlier_runs"] == 29
    assert "+29 earlier runs" in picture.svg
    assert "score" in titles(picture)
    assert f"{document['shown']} of {document['total']} shown" in picture.svg
    assert any(re.fullmatch(r"\d+ more steps", title) for title in titles(picture))


@pytest.mark.parametrize("limit", [1, 2, 5, 12, 40])
def test_a_limit_is_kept_and_nothing_is_lost(limit):
    """Every cell run and artifact of the view has a shape of its own or is counted in a fold."""
    picture = Picture(busy(), title="busy.ipynb", limit=limit)
    nodes = picture.to_json()["nodes"]
    assert len(nodes) <= limit
    own = sum(not one["id"].startswith("folded:") for one in nodes)
    assert own == picture.to_json()["shown"]
    held = sum(one["folded"]["members"] for one in nodes) + own
    assert held == len(picture.lineage.runs) + len(picture.lineage.artifacts)


def test_every_letter_is_over_nine_pixels_when_the_picture_is_800_wide():
    for lineage in (busy(), example_lineage()):
        root = ET.fromstring(Picture(lineage, title="x", limit=25).svg)
        scale = min(1.0, 800 / float(root.get("width")))
        sizes = {float(text.get("font-size")) for text in root.iter(f"{SVG}text")}
        assert min(sizes) * scale >= 9


def test_a_long_chain_wraps_into_rows():
    b = LineageBuilder()
    b.run("start", makes={"t0": "dataset"})
    for index in range(1, 13):
        b.run(f"a long name of a step {index}", uses=[f"t{index - 1}"], makes={f"t{index}": "dataset"})
    document = Picture(b.lineage, title="x", limit=30).to_json()
    assert document["width"] <= WIDEST
    assert len({one["y"] for one in document["nodes"]}) > 3


def test_focus_shows_where_one_thing_came_from_with_its_state():
    picture = Picture(example_lineage(), title="forest", focus="forest")
    assert titles(picture) == ["penguins_raw.csv", "read", "clean", "clean", "split", "train", "fit forest", "forest"]
    names = [name for edge in picture.to_json()["edges"] for name in edge["names"]]
    assert "<np.random>" in names
    assert picture.text.splitlines()[1].startswith("forest")


def test_state_and_imports_are_not_drawn_in_the_default_view():
    b = LineageBuilder()
    imports = b.run("imports")
    seed = b.run("seed", reads={"np": Edge(imports.id, "", "", "import")})
    b.run("draw", reads={"<np.random>": Edge(seed.id, "", "", "state")}, makes={"x": "dataset"})
    assert titles(Picture(b.lineage, title="x")) == ["draw", "x"]
    assert titles(Picture(b.lineage, title="x", focus="x")) == ["seed", "draw", "x"]


def test_a_line_from_run_to_run_stands_only_for_what_no_artifact_carries():
    b = LineageBuilder()
    first = b.run("first", makes={"df": "dataset"})
    b.run("second", uses=["df"], reads={"helper": first}, makes={"y": "figure"})
    edges = {(edge["from"], edge["to"]): edge["names"] for edge in Picture(b.lineage, title="x").to_json()["edges"]}
    assert edges[first.id, "s1:2"] == ["helper"]
    assert edges[b.latest("df").id, "s1:2"] == ["df"]


def test_flows_against_the_order_of_a_foreign_record_are_not_drawn():
    b = LineageBuilder()
    b.run("a", makes={"x": "dataset"})
    b.run("b", uses=["x"], makes={"y": "dataset"})
    turned = Lineage(b.lineage.session, b.lineage.runs, (Edge("s1:2", "s1:1", "z"),), b.lineage.artifacts, ())
    assert all(edge["from"] != "s1:2" or "y" in edge["to"] for edge in Picture(turned, title="x").to_json()["edges"])
    assert svg_of(turned, title="x")


def test_an_unknown_focus_is_a_usage_error():
    with pytest.raises(UsageError, match="Nearest"):
        Picture(example_lineage(), title="x", focus="forset")


def test_an_empty_record_has_a_picture():
    picture = Picture(LineageBuilder().lineage, title="empty.ipynb")
    assert "0 of 0 shown" in picture.svg
    assert picture.text == "empty.ipynb · 0 of 0 shown"
    assert picture.table().empty


def test_runs_without_artifacts_are_shown_side_by_side():
    b = LineageBuilder()
    for name in "abc":
        b.run(name, cell=name)
    boxes = Picture(b.lineage, title="x").to_json()["nodes"]
    assert len({box["y"] for box in boxes}) == 1


def test_a_gap_says_what_was_not_seen():
    b = LineageBuilder()
    b.run("train", gap="threads", makes={"net": "model"})
    picture = Picture(b.lineage, title="x")
    assert node(picture, "train")["subtitle"] == "[1] not seen: threads"
    assert "! [1] train  not seen: threads" in picture.text
    assert "not seen: threads" in picture.summary


def test_a_long_error_name_is_shown_before_the_count():
    b = LineageBuilder()
    b.run("import", error="ModuleNotFoundError: no module", execution_count=1177)
    assert node(Picture(b.lineage, title="x"), "import")["subtitle"] == "stopped: ModuleNotFoundError"


def test_the_bundle_holds_json_an_image_and_text():
    picture = Picture(example_lineage(), title="quickstart.ipynb")
    bundle = picture._repr_mimebundle_()
    assert list(bundle) == ["application/vnd.swarmprov.lineage+json", "text/html", "text/plain"]
    assert json.loads(json.dumps(bundle["application/vnd.swarmprov.lineage+json"]))["version"] == 2
    data = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', bundle["text/html"])
    assert base64.b64decode(data[1]).decode() == picture.svg
    assert "max-width:100%" in bundle["text/html"]
    assert "overflow-x:auto" in bundle["text/html"]
    assert f'alt="{picture.summary}"' in bundle["text/html"]
    assert list(picture._repr_mimebundle_(include=["text/plain"])) == ["text/plain"]
    assert "text/html" not in picture._repr_mimebundle_(exclude=["text/html"])


def test_the_image_shrinks_only_while_its_letters_are_nine_pixels():
    """In a narrower place it scrolls sideways; SMALL is the size of its smallest letters."""
    picture = Picture(busy(), title="x")
    wide = float(re.search(r'width="([0-9.]+)"', picture.svg)[1])
    least = float(re.search(r"min-width:(\d+)px", picture._repr_mimebundle_()["text/html"])[1])
    assert SMALL * least / wide >= 9


def test_the_table_and_the_graph_hold_what_the_picture_folds():
    picture = Picture(busy(), title="x", limit=5)
    table = picture.table()
    assert len(table) == len(picture.to_networkx()) == len(picture.lineage.runs) + len(picture.lineage.artifacts)
    assert list(table.columns[:2]) == ["kind", "name"]


def test_the_table_counts_in_whole_numbers():
    """A version reads 1 and not 1.0, although cell runs have none."""
    table = Picture(busy(), title="x").table()
    assert {str(table[name].dtype) for name in ("version", "execution_count", "size")} == {"Int64"}


def test_the_same_lineage_gives_the_same_bytes():
    one, two = (Picture(busy(), title="x") for _ in range(2))
    assert one.svg == two.svg
    assert one.to_json() == two.to_json()
    assert one.text == two.text


def test_the_page_draws_every_run_even_of_one_cell():
    b = LineageBuilder()
    b.run("count", cell="c", makes={"n": "dataset"})
    b.run("count", cell="c", uses=["n"], makes={"n": "dataset"})
    assert svg_of(b.lineage, title="x").count(">count</text>") == 2


def test_an_artifact_says_shape_or_size_format_and_licence():
    b = LineageBuilder()
    b.input("a.csv", "dataset", shape=(344, 17), path="a.csv", declaration=Declaration(license="MIT"))
    b.input("m", "model", stored=stored(412_000, ".skops"))
    picture = Picture(b.lineage, title="x")
    assert node(picture, "a.csv")["subtitle"] == "344 \N{MULTIPLICATION SIGN} 17 · CSV · MIT"
    assert node(picture, "m")["subtitle"] == "412 kB · skops"


def test_a_stored_record_of_many_runs_is_folded_quickly_enough_to_be_right():
    """A thousand runs end in 25 shapes without a cycle."""
    document = Picture(busy(cells=400, runs=1000), title="x").to_json()
    assert len(document["nodes"]) <= 25
    assert all(edge["from"] != edge["to"] for edge in document["edges"])


def test_what_only_asked_is_not_in_the_picture():
    """A %verify that failed is no work of the notebook; a cell that failed is."""
    b = LineageBuilder()
    b.run("make", makes={"x": "dataset"})
    b.run("%verify gone", cell="ask", status="error", source="%verify gone")
    b.run("bad", cell="bad", status="error", source="1 / 0")
    text = Picture(b.lineage, title="x").text
    assert "%verify" not in text
    assert "bad" in text


def test_declared_results_stay_before_failures_do():
    """Where room is short, what was declared and the runs that made it keep their shapes; failures are folded."""
    b = LineageBuilder()
    raw = b.input("raw.csv", "file")
    for index in range(12):
        b.run(f"fail {index}", cell=f"f{index}", uses=[raw], error="ValueError: x")
    for index in range(8):
        made = {f"d{index}": {"kind": "dataset", "declared": True}}
        b.run(f"work {index}", cell=f"w{index}", uses=[raw], makes=made)

    shown = titles(Picture(b.lineage, title="study.ipynb"))

    assert {f"d{index}" for index in range(8)} | {f"work {index}" for index in range(8)} <= set(shown)
    assert sum(title.startswith("fail") for title in shown) > 4


def test_every_run_is_drawn_where_it_is_asked_for():
    """With every_run a cell that ran twice is drawn twice, and a run that nothing came from is drawn too."""
    book = LineageBuilder()
    book.run("load", makes={"raw": "dataset"}, cell="one")
    book.run("load", makes={"raw": "dataset"}, cell="one")
    book.run("look around", cell="two")
    book.run("%provenance", cell="three", source="%provenance --all")

    usual = Picture(book.lineage, title="n")
    everything = Picture(book.lineage, title="n", every_run=True)

    assert [node["title"] for node in usual.to_json()["nodes"]].count("load") == 1
    titles = [node["title"] for node in everything.to_json()["nodes"]]
    assert (titles.count("load"), titles.count("look around"), titles.count("%provenance")) == (2, 1, 0)
