"""The lineage in the browser: what is drawn, walked, folded, told and taken along, and what a stranger may not do."""

from __future__ import annotations

import functools
import http.server
import json
import random
import threading
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from swarmprov_nb.lineage.vocabulary import Declaration, Lineage
from swarmprov_nb.testing import LineageBuilder, example_lineage, stored
from swarmprov_nb.view import Picture

ROOT = Path(__file__).parents[1]
WIDGETS = ROOT / "swarmprov_nb" / "widgets"
AXE = ROOT / "labextension" / "node_modules" / "axe-core" / "axe.min.js"

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>lineage</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="lineage.css"><body><main><div id="place"></div></main>"""

DRAW = """async ([text, options]) => {
  const document_ = JSON.parse(text);
  const { draw } = await import('/lineage.js');
  const place = document.getElementById('place');
  window.cells = [];
  place.onclick = null;
  place.addEventListener('swarmprov:show-cell', event => window.cells.push(event.detail));
  window.drawing = draw(place, document_, options);
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
}"""

HOSTILE = (
    "<img src=x onerror='window.hacked=1'>",
    "<script>window.hacked=1</script>",
    "</text></svg><script>window.hacked=1</script>",
    "javascript:window.hacked=1",
    "\u202egnp.exe \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "W" * 10_000,
    "a\u0000\u001b[31mb\ud800",
    "\U0001f9ec" * 300,
    "x\u0301" + "\u0301" * 400,
)


class _Files(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE.encode())
        else:
            super().do_GET()

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def address():
    """The modules, served on this machine as they are."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(WIDGETS)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def draw(page, address):
    """Draw a document on a fresh page, which may not report an error; returns the page."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def drawn(document, *, width=1280, **options):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address)
        page.evaluate(DRAW, [json.dumps(document), options])
        return page

    yield drawn
    assert errors == []


def example() -> dict:
    return Picture(example_lineage(), title="quickstart.ipynb").to_json()


def rerun() -> Lineage:
    """One cell ran four times, then a chain of twenty steps."""
    b = LineageBuilder("rerun.ipynb")
    b.input("raw.csv")
    for _ in range(4):
        b.run("clean", cell="clean", uses=["raw.csv"], makes={"t0": "dataset"}, named=True)
    for number in range(1, 21):
        b.run(f"step {number}", cell=f"c{number}", uses=[f"t{number - 1}"], makes={f"t{number}": "dataset"})
    return b.lineage


def random_study(nodes: int) -> dict:
    chance = random.Random(nodes)
    b = LineageBuilder("study.ipynb")
    made = [b.input("raw.csv").name]
    while len(b.lineage.runs) * 2 < nodes:
        name = f"a{len(b.lineage.runs)}"
        b.run(f"step {name}", uses={chance.choice(made[-8:])}, makes={name: "dataset"}, cell=f"c{name}")
        made.append(name)
    return Picture(b.lineage, title="study.ipynb", limit=2 * nodes).to_json()


def count(page) -> str:
    return page.locator(".swp-count").inner_text()


def current(page) -> str:
    """The title of the node that has the focus."""
    return page.evaluate("document.activeElement.querySelector('.swp-title')?.textContent ?? ''")


def saved(page, ending: str, tmp_path: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save as {ending}").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_the_first_paint_is_the_document(draw):
    """Every node stands where the document says, with its texts, and every edge is drawn, dashed where assumed."""
    document = example()
    page = draw(document)
    boxes = page.evaluate("""[...document.querySelectorAll('.swp-node')].map(node => {
      const box = node.querySelector('.swp-front');
      return ['x', 'y', 'width', 'height'].map(name => Number(box.getAttribute(name)));
    })""")
    assert boxes == [[node[name] for name in ("x", "y", "w", "h")] for node in document["nodes"]]
    assert page.locator(".swp-node .swp-title").all_text_contents() == [node["title"] for node in document["nodes"]]
    assert page.locator(".swp-edges .swp-edge").count() == len(document["edges"])
    assumed = page.locator(".swp-edges .swp-edge[data-seen=false] .swp-way")
    assert assumed.count() == 1
    assert assumed.evaluate("path => getComputedStyle(path).strokeDasharray") == "4px, 3px"
    assert count(page) == "14 of 14 shown"


def test_the_legend_names_what_is_there_and_a_failure_has_icon_and_text(draw):
    page = draw(example())
    words = [text.strip() for text in page.locator(".swp-legend li").all_text_contents()]
    assert words == ["cell run", "dataset", "model", "figure", "file", "stopped", "seen", "assumed"]
    failed = page.locator(".swp-node[data-mark=failed]")
    assert failed.locator(".swp-icon[data-kind=failed]").count() == 1
    assert "stopped: KeyError" in failed.text_content()


def test_arrow_keys_walk_along_the_flow(draw):
    """One stop for Tab; left and right follow edges, up and down siblings, Home and End the record."""
    page = draw(example())
    assert page.locator(".swp-node[tabindex='0']").count() == 1
    page.locator(".swp-node[tabindex='0']").focus()
    seen = [current(page)]
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"):
        page.keyboard.press(key)
        seen.append(current(page))
    assert seen[:4] == ["penguins_raw.csv", "read", "describe", "clean"]
    assert seen[4:] == ["clean", "split", "clean", "cell", "penguins_raw.csv"]
    page.keyboard.press("ArrowLeft")
    assert page.locator(".swp-status").inner_text() == "Nothing leads here."
    assert page.locator(".swp-node[tabindex='0']").count() == 1


def test_keys_in_the_graph_are_no_shortcuts_of_the_notebook(draw):
    """Neither Enter on a button nor a letter reaches the notebook around; Tab, Ctrl+S and an idle Escape do."""
    page = draw(example())
    page.evaluate("window.heard = []; document.addEventListener('keydown', event => window.heard.push(event.key))")
    page.get_by_role("button", name="Table").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("table").is_visible()
    page.keyboard.press("Enter")
    page.locator(".swp-node[tabindex='0']").focus()
    for key in ("x", "d", "ArrowRight", "Enter", "Escape", "Escape", "Tab", "Control+s"):
        page.keyboard.press(key)
    assert page.evaluate("window.heard") == ["Escape", "Tab", "Control", "s"]


def test_a_click_shows_the_cell_and_details(draw):
    page = draw(example())
    page.locator(".swp-node", has_text="fit forest").click()
    assert page.evaluate("window.cells") == [{"cell_id": "cell-fit", "execution_count": 9}]
    details = page.locator(".swp-details").inner_text()
    for text in ("fit forest", "[9]", "Read", "train", "Made", "forest", "Took", "0.03 s"):
        assert text in details
    assert page.locator(".swp-details").get_by_role("button", name="Show its cell").count() == 0
    page.keyboard.press("Escape")
    assert not page.locator(".swp-details").is_visible()


def test_details_keep_their_columns_where_a_host_styles_lists(draw):
    """JupyterLab shows terms in outputs as floating blocks; ours stand beside what they say."""
    page = draw(example())
    page.add_style_tag(
        content=""".out dl, .out dt, .out dd { display: block; } .out dl { width: 100%; overflow: hidden; }
        .out dt { float: left; width: 20%; font-weight: bold; } .out dd { float: left; width: 80%; }"""
    )
    page.evaluate("document.getElementById('place').className = 'out'")
    page.locator(".swp-node").first.click()
    terms, told = page.locator(".swp-facts dt").all(), page.locator(".swp-facts dd").all()
    for term, text in zip(terms, told, strict=True):
        assert abs(term.bounding_box()["y"] - text.bounding_box()["y"]) < 4
        assert 0 < text.bounding_box()["x"] - term.bounding_box()["x"] < 160


def test_details_show_a_hash_short_and_copy_it_whole(draw):
    b = LineageBuilder()
    table = {"kind": "dataset", "stored": stored(18_400, ".csv"), "declaration": Declaration(license="MIT")}
    b.run("make", makes={"t": table})
    page = draw(Picture(b.lineage, title="x").to_json())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".swp-node[data-kind=dataset]").click()
    digest = b.lineage.artifacts[0].stored.sha256
    assert page.locator(".swp-details code").inner_text() == f"{digest[:8]}…{digest[-6:]}"
    page.get_by_role("button", name="Copy SHA-256").click()
    page.wait_for_function("document.querySelector('.swp-status').textContent === 'SHA-256 copied.'")
    assert page.evaluate("navigator.clipboard.readText()") == digest
    assert "18 kB" in page.locator(".swp-details").inner_text()
    assert "MIT" in page.locator(".swp-details").inner_text()


def test_show_cell_is_offered_where_a_host_has_cells(draw):
    page = draw(example())
    page.evaluate("document.getElementById('place').setAttribute('data-swarmprov-cells', '')")
    page.locator(".swp-node", has_text="split").click()
    page.get_by_role("button", name="Show its cell in the notebook").click()
    assert page.evaluate("window.cells.length") == 2


def test_focus_leaves_the_kin_and_escape_brings_all_back(draw):
    """In focus stands where a node came from and what came of it; the table holds the same."""
    page = draw(example())
    page.locator(".swp-node", has_text="summary.csv").focus()
    page.keyboard.press("f")
    near = page.locator(".swp-node.swp-near .swp-title").all_text_contents()
    assert near == ["penguins_raw.csv", "read", "describe", "summary.csv"]
    assert float(page.locator(".swp-node", has_text="forest").first.evaluate("n => getComputedStyle(n).opacity")) < 0.5
    assert "3 others" in page.locator(".swp-status").inner_text()
    page.get_by_role("button", name="Table").click()
    assert page.locator(".swp-table tbody tr").count() == 4
    page.get_by_role("button", name="Table").click()
    page.locator(".swp-node", has_text="summary.csv").focus()
    page.keyboard.press("Escape")
    assert page.locator(".swp-node.swp-near").count() == 0


def test_unfolding_all_shows_every_thing_and_folding_brings_the_document_back(draw):
    """Unfolded there are all cell runs and artifacts of the record, re-runs too, and every flow between them."""
    lineage = rerun()
    document = Picture(lineage, title="rerun.ipynb", limit=12).to_json()
    page = draw(document)
    folded = page.locator(".swp-edges .swp-edge").count(), page.locator(".swp-node").count()
    assert folded == (len(document["edges"]), 12)
    page.get_by_role("button", name="Unfold all").click()
    whole = len(lineage.runs) + len(lineage.artifacts)
    assert page.locator(".swp-node").count() == whole == document["total"]
    assert count(page) == f"{whole} of {whole} shown"
    made = sum(artifact.run is not None for artifact in lineage.artifacts)
    assert page.locator(".swp-edges .swp-edge").count() == len(lineage.uses) + made
    page.get_by_role("button", name="Fold all").click()
    assert (page.locator(".swp-edges .swp-edge").count(), page.locator(".swp-node").count()) == folded
    assert count(page) == f"{document['shown']} of {document['total']} shown"


def test_one_fold_opens_and_closes_by_key_and_by_badge(draw):
    page = draw(Picture(rerun(), title="rerun.ipynb", limit=100).to_json())
    before = page.locator(".swp-node").count()
    page.locator(".swp-node", has_text="clean").focus()
    page.keyboard.press("u")
    assert page.locator(".swp-node").count() == before + 6
    assert page.locator(".swp-node .swp-title", has_text="clean").count() == 4
    page.locator(".swp-badge").click()
    assert page.locator(".swp-node").count() == before
    page.locator(".swp-node", has_text="+3 earlier runs").click(position={"x": 20, "y": 20})
    page.get_by_role("button", name="Unfold 6 more").click()
    assert page.locator(".swp-node").count() == before + 6


def test_flows_of_every_fold_that_is_closed_are_those_of_the_picture(draw):
    """Opening one fold and closing it changes nothing; while it is open no edge ends nowhere and none is double."""
    document = Picture(rerun(), title="x", limit=8).to_json()
    page = draw(document)
    stacks = page.locator(".swp-badge").count()
    assert stacks >= 2
    for index in range(stacks):
        page.locator(".swp-badge").nth(index).click()
        ways = page.locator(".swp-edges .swp-way").evaluate_all("ways => ways.map(way => way.getAttribute('d'))")
        assert len(set(ways)) == len(ways)
        assert page.locator(".swp-node").count() > len(document["nodes"])
        page.get_by_role("button", name="Fold all").click()
        assert page.locator(".swp-node").count() == len(document["nodes"])


def test_too_much_to_unfold_says_how_to_see_it(draw):
    b = LineageBuilder()
    for _ in range(450):
        b.run("again", cell="c", makes={"x": "dataset"})
    document = Picture(b.lineage, title="x").to_json()
    assert document["hidden"]["nodes"] == []
    page = draw(document)
    assert page.get_by_role("button", name="Unfold all").is_disabled()
    assert "%provenance --all" in page.locator(".swp-status").inner_text()


def test_the_table_holds_the_same_things_as_the_graph(draw):
    document = example()
    page = draw(document)
    page.get_by_role("button", name="Table").click()
    assert page.get_by_role("table").count() == 1
    assert page.locator(".swp-table tbody th").all_text_contents() == [node["title"] for node in document["nodes"]]
    assert not page.locator(".swp-canvas").is_visible()
    row = page.locator(".swp-table tbody tr", has_text="evaluate").nth(-2).locator("td, th").all_text_contents()
    assert row == ["cell run", "evaluate", "[11] 0.03 s", "forest, test, clean", "confusion.png"]
    page.locator(".swp-table").get_by_role("button", name="forest", exact=True).click()
    assert "skops" in page.locator(".swp-details").inner_text()
    page.get_by_role("button", name="Close details").click()
    assert page.evaluate("document.activeElement.textContent") == "forest"


def test_svg_and_page_parse_and_hold_no_script(draw, tmp_path):
    document = example()
    document["nodes"][1]["title"] = "</title><script>alert(1)</script>"
    page = draw(document)
    svg = saved(page, "SVG", tmp_path)
    assert svg.name == "quickstart-lineage.svg"
    root = ET.fromstring(svg.read_text(encoding="utf-8"))
    tags = {element.tag.split("}")[1] for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "g", "path", "text"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith(("on", "class", "data"))]
    page.get_by_role("button", name="Save as HTML").focus()
    html = saved(page, "HTML", tmp_path)
    text = html.read_text(encoding="utf-8")
    assert "Content-Security-Policy" in text
    assert "<script" not in text
    page.set_content(text)
    assert page.locator("script").count() == 0
    assert page.locator("tbody tr").count() == len(document["nodes"])
    assert page.locator("figure svg text", has_text="confusion.png").count() == 1


def test_png_is_a_picture_of_twice_the_size(draw, tmp_path):
    page = draw(example())
    data = saved(page, "PNG", tmp_path).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") > 1000


@pytest.mark.parametrize("unfolded", [False, True])
def test_hostile_labels_neither_run_nor_leave_their_shapes(draw, unfolded, tmp_path):
    b = LineageBuilder("<b>evil</b>")
    for index, text in enumerate(HOSTILE):
        b.run(text, cell=f"c{index}", note=text, makes={text: {"kind": "dataset", "summary": text, "origin": text}})
        b.run(text, cell=f"d{index}", uses=[text], error=text)
    document = Picture(b.lineage, title="<script>window.hacked=1</script>", limit=12 if unfolded else 500).to_json()
    for node in document["nodes"]:
        node["title"] = node["label"] + node["title"]  # longer than what was measured for it
    page = draw(document)
    if unfolded:
        page.get_by_role("button", name="Unfold all").click()
    page.wait_for_function("!document.querySelector('.swp-lineage').hasAttribute('data-drawing')")
    outside = page.evaluate("""[...document.querySelectorAll('.swp-node')].filter(node => {
      const box = node.querySelector('.swp-front').getBBox();
      return [...node.querySelectorAll('text')].some(text => {
        const inner = text.getBBox();
        const [right, bottom] = [inner.x + inner.width, inner.y + inner.height];
        return inner.x < box.x || right > box.x + box.width + 0.5 || bottom > box.y + box.height + 4;
      });
    }).map(node => node.textContent.slice(0, 80))""")
    assert outside == []
    page.locator(".swp-node").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Table").click()
    saved(page, "HTML", tmp_path)
    ET.fromstring(saved(page, "SVG", tmp_path).read_text(encoding="utf-8"))
    assert page.evaluate("window.hacked") is None
    assert page.locator("#place script, #place img, #place a[href]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    "broken",
    [None, 7, "x", [], {}, {"version": 2}, {"version": 2, "nodes": 5}, {"version": 2, "nodes": {"length": 3}}],
    ids=repr,
)
def test_a_broken_document_is_told_in_one_line(draw, broken):
    page = draw(broken)
    assert page.locator(".swp-lineage").inner_text() == (
        "This lineage cannot be drawn: its document is damaged. Run %provenance again."
    )


def test_a_document_of_the_future_is_told(draw):
    page = draw({**example(), "version": 99})
    assert "another version" in page.locator(".swp-problem").inner_text()


def test_wrong_types_are_mended_or_left_out(draw):
    """Numbers that are texts, places that are nowhere, circles, and folds within themselves: still a picture."""
    document = example()
    nodes, edges = document["nodes"], document["edges"]
    nodes[0].update(
        x="0; alert(1)",
        w=1e308,
        facts={"__proto__": "x", "constructor": "y", "size": 5},
        label={"a": 1},
        cell_id=7,
        folded="no",
        kind="__proto__",
    )
    nodes[1].update(h=-5, y=None, title=None, subtitle=3, mark="constructor")
    nodes += [None, 3, [], {"id": 9}, dict(nodes[2])]
    edges += [{"from": nodes[3]["id"], "to": nodes[0]["id"], "names": "x", "points": [[None, 2], "a"]}, {"from": []}, 5]
    document["hidden"] = {
        "count": "9",
        "nodes": [{"id": "h", "in": 14}, {"id": "i", "in": "0"}],
        "edges": [["length", 2], [0, 99], 5],
        "again": {"a": 1},
    }
    document.update(width="1e9", shown=None, total=-4, summary=["x"], title={})
    page = draw(document)
    assert page.locator(".swp-node").count() == 14
    boxes = page.locator(".swp-node .swp-front")
    widths = boxes.evaluate_all("all => all.map(box => Number(box.getAttribute('width')))")
    assert all(40 <= width <= 400 for width in widths)


def test_a_hundred_thousand_nodes_do_not_hang(draw):
    """Ten thousand are drawn, the rest is counted; a flow over all columns does not become a flood."""
    place = {"y": 0, "w": 90, "h": 40}
    nodes = [{"id": f"n{index}", "kind": "run", "title": "x", "x": 10 * index, **place} for index in range(100_000)]
    page = draw({"version": 2, "nodes": nodes, "edges": []})
    assert "90,000 shapes are too many to draw" in count(page)
    nodes = [{"id": f"n{index}", "kind": "run", "title": "x"} for index in range(2500)]
    edges = [{"from": f"n{index}", "to": f"n{index + 1}"} for index in range(2499)]
    edges += [{"from": f"n{index}", "to": "n2499"} for index in range(2490)] + [{"from": "n2499", "to": "n0"}]
    page = draw({"version": 2, "nodes": nodes, "edges": edges})
    assert page.locator(".swp-node").count() == 2500


def test_five_thousand_nodes_are_drawn(draw):
    document = random_study(5000)
    page = draw(document)
    assert page.locator(".swp-node").count() == len(document["nodes"]) > 4900
    page.wait_for_function("!document.querySelector('.swp-lineage').hasAttribute('data-drawing')", timeout=20_000)
    assert page.locator(".swp-node .swp-front").count() >= len(document["nodes"])


CONTRASTS = """() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgb = (colour, ground) => {
      for (const each of [ground, colour]) { canvas.fillStyle = each; canvas.fillRect(0, 0, 1, 1); }
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = values => values.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
      .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const contrast = (colour, ground) => {
      const [one, other] = [light(rgb(colour, ground)), light(rgb(ground, ground))].sort((a, b) => b - a);
      return (one + .05) / (other + .05);
    };
    const paper = getComputedStyle(document.querySelector('.swp-lineage')).backgroundColor;
    const found = [];
    for (const node of document.querySelectorAll('.swp-node')) {
      const box = getComputedStyle(node.querySelector('.swp-front'));
      for (const [kind, paint, parts] of [['text', 'fill', 'text'], ['icon', 'stroke', '.swp-icon']]) {
        for (const part of node.querySelectorAll(parts)) {
          found.push([kind, contrast(getComputedStyle(part)[paint], box.fill)]);
        }
      }
      found.push(['edge', contrast(box.stroke, paper)]);
    }
    for (const element of document.querySelectorAll('.swp-count, .swp-legend li, .swp-button, .swp-heading')) {
      found.push(['text', contrast(getComputedStyle(element).color, paper)]);
    }
    found.push(['icon', contrast(getComputedStyle(document.querySelector('.swp-way')).stroke, paper)]);
    return found;
}"""

THEMES = {
    "light": {"--jp-layout-color1": "#fff", "--jp-ui-font-color1": "rgba(0,0,0,.87)"},
    "dark": {"--jp-layout-color1": "#111", "--jp-ui-font-color1": "rgba(255,255,255,.87)"},
    "high contrast": {"--jp-layout-color1": "#000", "--jp-ui-font-color1": "#fff"},
    "no host": {},
}


@pytest.mark.parametrize("system", ["light", "dark"])
def test_every_text_has_contrast_in_every_theme(draw, system):
    """At least 4.5:1 for texts and 3:1 for icons and the edges of what can be pressed, whatever the system prefers."""
    page = draw(example())
    page.emulate_media(color_scheme=system)
    for theme, values in THEMES.items():
        page.evaluate(
            """([theme, values]) => {
              document.body.removeAttribute('style');
              document.body.toggleAttribute('data-jp-theme-light', theme !== 'no host');
              if (theme !== 'no host') { document.body.setAttribute('data-jp-theme-light', String(theme === 'light')); }
              for (const [name, value] of Object.entries(values)) { document.body.style.setProperty(name, value); }
            }""",
            [theme, values],
        )
        ratios = page.evaluate(CONTRASTS)
        assert len(ratios) > 60
        least = {"text": 4.5, "icon": 3, "edge": 3}
        assert [(theme, kind, ratio) for kind, ratio in ratios if ratio < least[kind]] == []


@pytest.mark.parametrize("width", [345, 800, 1280])
def test_letters_stay_readable_and_nothing_overflows(draw, width):
    """At any width the first view has letters of at least nine pixels; a narrow place can be moved sideways."""
    page = draw(example(), width=width)
    smallest = page.evaluate("""Math.min(...[...document.querySelectorAll('.swp-node text')].map(text =>
      text.getAttribute('font-size') * text.getScreenCTM().a))""")
    assert smallest >= 9
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".swp-across").is_visible() == (width < 700)
    first = page.locator(".swp-node").first
    place = page.locator(".swp-canvas").bounding_box()
    before = first.bounding_box()
    page.mouse.move(place["x"] + 30, place["y"] + 8)
    page.mouse.down()
    page.mouse.move(place["x"] - 60, place["y"] + 8, steps=4)
    page.mouse.up()
    assert (first.bounding_box()["x"] < before["x"] - 40) == (width < 700)
    assert page.evaluate("window.cells") == []


def test_a_plain_wheel_stays_the_notebooks(draw):
    """The page scrolls under a wheel over the graph; with Ctrl the graph zooms, and by keys and buttons."""
    page = draw(example())
    page.evaluate("document.body.style.height = '3000px'")
    scale = "document.querySelector('.swp-nodes').getScreenCTM().a"
    start = page.evaluate(scale)
    page.mouse.move(500, 200)
    page.mouse.wheel(0, 120)
    page.wait_for_function("scrollY > 0")
    assert page.evaluate(scale) == start
    page.evaluate("scrollTo(0, 0)")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    page.wait_for_function(f"{scale} > {start} + 0.1")
    zoomed = page.evaluate(scale)
    page.get_by_role("button", name="Zoom out").click()
    assert page.evaluate(scale) < zoomed
    page.locator(".swp-node").first.focus()
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert page.locator(".swp-node").last.bounding_box()["y"] < 800


def test_what_is_drawn_before_it_has_a_place_is_right_when_it_has_one(draw):
    """A mime renderer draws into an element that is not on the page yet."""
    page = draw({})
    page.evaluate(
        """async text => {
          const { draw } = await import('/lineage.js');
          window.early = document.createElement('div');
          draw(window.early, JSON.parse(text));
          document.getElementById('place').replaceChildren(window.early);
        }""",
        json.dumps(example()),
    )
    page.wait_for_function("document.querySelectorAll('.swp-node .swp-front').length === 14")
    page.wait_for_function("document.querySelector('.swp-nodes').getScreenCTM().a > 1.1")
    assert page.locator(".swp-node").last.is_visible()


def test_a_view_of_its_own_is_as_high_as_its_place_and_a_wheel_moves_it(draw):
    page = draw({})
    page.evaluate("document.getElementById('place').style.height = '420px'")
    page.evaluate(DRAW, [json.dumps(Picture(rerun(), title="x", limit=100).to_json()), {"fill": True}])
    assert page.locator(".swp-lineage").bounding_box()["height"] == 420
    first = page.locator(".swp-node").first
    before = first.bounding_box()["y"]
    page.mouse.move(600, 200)
    page.mouse.wheel(0, 100)
    page.wait_for_function(f"document.querySelector('.swp-node').getBoundingClientRect().y < {before - 20}")


def test_the_modules_work_joined_into_one_too(draw):
    """A widget carries them as one text; see swarmprov_nb/widgets/module.py."""
    module = pytest.importorskip("swarmprov_nb.widgets.module")
    page = draw({})
    shapes = page.evaluate(
        """async ([text, data]) => {
          const module = await import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
          module.draw(document.getElementById('place'), JSON.parse(data));
          return document.querySelectorAll('.swp-node').length;
        }""",
        [module.joined("lineage.js"), json.dumps(example())],
    )
    assert shapes == 14


def test_each_module_is_small_and_reaches_for_nothing_elsewhere():
    """Under 30 kB each, no markup out of data, no address but the namespace of SVG."""
    for path in sorted(WIDGETS.glob("lineage*")):
        text = path.read_text(encoding="utf-8")
        assert len(text.encode()) < 30_000
        assert "innerHTML" not in text
        assert "insertAdjacentHTML" not in text
        assert text.replace("http://www.w3.org/2000/svg", "").count("://") == 0


def test_keys_are_explained(draw):
    page = draw(example())
    page.get_by_role("button", name="Keys in the graph").click()
    assert "along the flow" in page.locator(".swp-details").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator(".swp-details").is_visible()


def test_a_drawing_that_is_disposed_leaves_nothing(draw):
    page = draw(example())
    page.evaluate("window.drawing.dispose()")
    assert page.evaluate("document.getElementById('place').childNodes.length") == 0


@pytest.mark.parametrize("state", ["graph", "details", "table", "help", "unfolded", "forced"])
def test_axe_finds_no_violation(draw, state):
    """Graph, details, table and help keep the accessibility rules that axe-core can check."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run jlpm install in labextension")
    document = Picture(rerun(), title="rerun.ipynb", limit=12).to_json() if state == "unfolded" else example()
    page = draw(document)
    if state == "forced":
        page.emulate_media(forced_colors="active")
    if state in ("details", "table"):
        page.locator(".swp-node").nth(3).click()
    if state in ("table", "unfolded", "help"):
        page.get_by_role("button", name={"table": "Table", "unfolded": "Unfold all", "help": "Keys"}[state]).click()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    rules = {"region": {"enabled": False}, "page-has-heading-one": {"enabled": False}}
    found = page.evaluate("rules => axe.run('#place', { rules })", rules)
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]] == []


def test_a_screen_reader_is_told_what_the_picture_says(draw):
    document = example()
    page = draw(document)
    graph = page.locator("svg.swp-canvas")
    assert graph.get_attribute("aria-label") == "Graph: quickstart.ipynb"
    assert page.locator(f"#{graph.get_attribute('aria-describedby')}").text_content() == document["summary"]
    labels = page.locator(".swp-node").evaluate_all("all => all.map(node => node.getAttribute('aria-label'))")
    assert "cell run: cell, [12] stopped: KeyError" in labels[-1]
    assert page.locator(".swp-status").get_attribute("role") == "status"


def test_the_document_carries_what_is_folded_and_stays_small():
    """Fifty nodes, half of them folded, take less than twice what the drawn half takes."""
    document = Picture(rerun(), title="x", limit=25).to_json()
    drawn = json.dumps({**document, "hidden": None})
    assert len(json.dumps(document)) < 2 * len(drawn)
    hidden = document["hidden"]
    assert hidden["count"] == len(hidden["nodes"]) == document["total"] - document["shown"]
    ends = len(document["nodes"]) + len(hidden["nodes"])
    assert all(0 <= end < ends for edge in (*hidden["edges"], *hidden["again"]) for end in edge[:2])


def test_the_document_names_no_home_and_no_folder_outside(monkeypatch, tmp_path):
    """A home folder names a user: it reads ~, and of a file elsewhere only the name is among the facts."""
    monkeypatch.setenv("HOME", "/home/somebody")
    b = LineageBuilder()
    raw = b.input("raw.csv", "file", path="/home/somebody/raw.csv")
    b.run("read", uses=[raw], error="FileNotFoundError: /home/somebody/other.csv")
    document = Picture(b.lineage, title="x").to_json()
    assert "somebody" not in json.dumps(document)
    assert document["nodes"][0]["facts"]["file"] == "raw.csv"
