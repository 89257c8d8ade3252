"""The standalone page: interactive in a real browser, asks no host for anything, and a stranger's text stays text."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from studies import make_study

from swarmprov_nb.cli import main
from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.testing import LineageBuilder, example_lineage
from swarmprov_nb.view import Picture
from swarmprov_nb.view.standalone import MARKER, standalone_page, write_page

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "</script><img src=https://evil.example/x onerror=window.hacked=1>",
    "{{ 7 * 7 }}{% for x in y %}",
    '" onmouseover="window.hacked=1" x="',
    "<b>bold</b> &lt; &amp;",
    "\u202egnp.exe\u202c \u05e2\u05d1\u05e8\u05d9\u05ea",
    "<!--</script --!>",
    "W" * 10_000,
    "href=https://evil.example",
]  # fmt: skip

AXE = Path(__file__).parents[1] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"


def page_of(lineage, title="study.ipynb", **options):
    return standalone_page(Picture(lineage, title=title, **options))


def hostile():
    """A lineage in which every text that a person can choose is hostile."""
    b = LineageBuilder()
    for text in HOSTILE:
        raw = b.input(text, "dataset", path=text)
        b.run(text, uses=[raw], makes={text: "model"}, note=text, source=text)
    return b.lineage


class Elements(HTMLParser):
    """Collects a page's elements with their attributes, and the text of its script elements."""

    def __init__(self, text):
        super().__init__()
        self.found, self.scripts = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.found and self.found[-1][0] == "script":
            self.scripts[-1] += data


@pytest.fixture
def opened(page, tmp_path):
    """Open a page from disk in Chromium; a console message or an error of the page fails the test."""
    heard = []
    page.on("console", lambda message: "getImageData" in message.text or heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))

    def open_(text):
        file = tmp_path / "lineage.html"
        file.write_text(text, "utf-8")
        page.goto(file.as_uri())
        page.wait_for_selector("#graph canvas")
        return page

    yield open_
    assert heard == []


def ink(page):
    """Return how many pixels of the graph are drawn in how many colours."""
    return page.evaluate("""() => {
        const canvas = document.querySelector('#graph canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const colours = new Set();
        let drawn = 0;
        for (let i = 0; i < data.length; i += 4) {
            drawn += data[i + 3] > 0;
            colours.add(data.slice(i, i + 4).join());
        }
        return [drawn, colours.size];
    }""")


def test_same_lineage_gives_same_bytes():
    """Two pages of one lineage are equal to the byte."""
    assert page_of(example_lineage()) == page_of(example_lineage())


def test_the_next_run_of_the_same_work_is_laid_out_alike():
    """Another session, at other times and slower, puts every shape at the same place."""

    def places(session, seconds):
        b = LineageBuilder(session=session)
        raw = b.input("raw.csv")
        clean = b.run("clean", uses=[raw], makes={"clean": "dataset"}, ended=2e9 + seconds, started=2e9)
        b.run("fit", reads={"n": clean}, uses=["clean"], makes={"model": "model"}, ended=2e9 + seconds, started=2e9)
        b.run("plot", uses=["model", "clean"], makes={"fig.png": "figure"}, ended=2e9 + seconds, started=2e9)
        (text,) = re.findall(r'id="data">(.*?)</script>', page_of(b.lineage))
        data = json.loads(text)
        return [(n["id"], n["x"], n["y"]) for n in data["nodes"]], [edge["points"] for edge in data["edges"]]

    assert places("0d9c", 0.01) == places("f00d", 4.2)


def test_page_links_to_nothing_outside():
    """No element names another host, no request can leave, and the only scripts allowed are the two in it."""
    text = page_of(example_lineage())
    found = Elements(text).found
    addresses = [value for _, attributes in found for name, value in attributes.items() if name in ("src", "href")]
    (policy,) = [attributes["content"] for _, attributes in found if "Content-Security-Policy" in attributes.values()]

    assert all(value.startswith(("#n", "data:image/svg+xml;base64,")) for value in addresses)
    assert "default-src 'none'" in policy
    assert len(re.findall(r"'sha256-[\w+/=]+'", policy)) == 2
    assert not re.search("unsafe-eval|script-src[^;]*unsafe|https?:", policy)
    assert "link" not in {tag for tag, _ in found}


def test_pyvis_neither_prints_nor_writes(tmp_path, monkeypatch, capsys):
    """Making a page leaves the folder as it was and standard output empty."""
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    page_of(example_lineage())

    assert sorted(tmp_path.rglob("*")) == before
    assert capsys.readouterr() == ("", "")


def test_graph_is_drawn_where_the_layout_says(opened):
    """Chromium draws every node at our own layout's place, and nothing moves afterwards."""
    picture = Picture(example_lineage(), title="study.ipynb")
    page = opened(standalone_page(picture))
    drawn = page.evaluate("JSON.parse(document.getElementById('data').textContent).nodes.map(n => [n.x, n.y])")
    first = ink(page)
    page.wait_for_timeout(300)

    assert drawn == [[node["x"] + node["w"] / 2, node["y"] + node["h"] / 2] for node in picture.to_json()["nodes"]]
    assert first[0] > 20_000
    assert first[1] > 50
    assert ink(page) == first


def test_click_on_a_node_tells_about_it(opened):
    """A click on a shape says what it is and marks its row in the table."""
    picture = Picture(example_lineage(), title="study.ipynb")
    page = opened(standalone_page(picture))
    document = picture.to_json()
    node = next(node for node in document["nodes"] if node["title"] == "forest")
    box = page.locator("#graph").bounding_box()
    scale = min(box["width"] / (document["width"] + 48), box["height"] / (document["height"] + 48), 1.4)
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(middle[0] + (node["x"] + node["w"] / 2 - document["width"] / 2) * scale,
                     middle[1] + (node["y"] + node["h"] / 2 - document["height"] / 2) * scale)  # fmt: skip
    page.wait_for_function("document.getElementById('said').textContent !== ''")

    assert page.inner_text("#said").startswith("forest: model")
    assert page.locator("tr[aria-current] th").inner_text() == "forest"


def test_keyboard_walks_the_graph(opened):
    """Tab reaches buttons, graph and table; arrows follow the flow; Escape lets go; each thing is said."""
    page = opened(page_of(example_lineage()))
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if reached[-1] == "graph":
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowRight")
            said = page.inner_text("#said")
            page.keyboard.press("Escape")

    assert reached == ["fit", "in", "out", "graph", "wide"]
    assert said.startswith("read")
    assert page.inner_text("#said") == ""
    assert page.get_attribute("#said", "role") == "status"


def test_table_says_the_same_as_the_graph(opened):
    """Every node is a row, with where it comes from; a name there shows it in the graph."""
    picture = Picture(example_lineage(), title="study.ipynb")
    page = opened(standalone_page(picture))
    document = picture.to_json()
    titles = {node["id"]: node["title"] for node in document["nodes"]}
    flows = [[titles[edge["from"]], titles[edge["to"]]] for edge in document["edges"]]
    told = page.evaluate("""[...document.querySelectorAll('tbody tr')].flatMap(row =>
        [...row.querySelectorAll('li a')].map(a => [a.textContent, row.querySelector('th').textContent]))""")
    page.click("button[data-node=n3]")

    assert page.locator("tbody th").all_inner_texts() == list(titles.values())
    assert sorted(told) == sorted(flows)
    assert "assumed, not seen" in page.inner_text("table")
    assert "failed" in page.inner_text("table")
    assert page.inner_text("#said").startswith(list(titles.values())[3])


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_titles_stay_text(title):
    """The heading holds what the notebook is called, as text, and makes no element."""
    plain = [tag for tag, _ in Elements(page_of(example_lineage())).found]

    assert [tag for tag, _ in Elements(page_of(example_lineage(), title)).found] == plain


def test_hostile_labels_stay_text_in_a_browser(opened):
    """Hostile names, notes and sources execute nothing, add no element, and overflow nothing."""
    text = page_of(hostile(), HOSTILE[0], limit=100)
    page = opened(text)
    for row in page.locator("tbody button").all():
        row.click()
    page.hover("#graph canvas")

    assert page.evaluate("window.hacked") is None
    assert page.locator("tbody tr").count() == 3 * len(HOSTILE)
    assert page.locator("img, tbody script, tbody b").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.inner_text("h1") == HOSTILE[0]
    json.loads(page.text_content("#data"))


@pytest.mark.parametrize("wide", [320, 800, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_and_follows_the_theme(opened, wide, scheme):
    """At any width nothing stands over the edge, and the canvas follows the colour scheme of the page."""
    page = opened(page_of(example_lineage()))
    page.set_viewport_size({"width": wide, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.wait_for_timeout(150)
    colours = page.evaluate("""() => {
        const canvas = document.querySelector('#graph canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const found = new Set();
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) found.add(data.slice(i, i + 3).join());
        return [...found];
    }""")

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert {"light": "232,243,250", "dark": "16,40,58"}[scheme] in colours  # the ground of datasets


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, tmp_path, scheme):
    """axe-core has no objection, in light and in dark, also with a node chosen."""
    if not AXE.exists():
        pytest.skip("axe-core is not there: jlpm install in labextension brings it")
    file = tmp_path / "lineage.html"
    file.write_text(page_of(example_lineage()), "utf-8")
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)  # axe is no part of the page
    page = context.new_page()
    page.goto(file.as_uri())
    page.click("button[data-node=n3]")
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 80))]))")
    context.close()

    assert found == []


def test_empty_lineage_has_a_page(opened):
    """Nothing recorded is no error."""
    page = opened(page_of(LineageBuilder().lineage))

    assert page.locator("tbody tr").count() == 0


def test_five_hundred_shapes_have_a_page(opened):
    """A long chain is drawn whole where the limit allows it."""
    b = LineageBuilder()
    last = b.run("start", makes={"x0": "dataset"})
    for index in range(1, 250):
        last = b.run(f"step {index}", reads={f"v{index}": last}, uses=[f"x{index - 1}"], makes={f"x{index}": "dataset"})
    page = opened(page_of(b.lineage, limit=500))

    assert page.locator("tbody tr").count() == 500
    assert ink(page)[0] > 1_000


def test_without_script_the_still_picture_shows(browser, tmp_path):
    """Where scripts are off, the static picture and the table are there."""
    context = browser.new_context(java_script_enabled=False)
    file = tmp_path / "lineage.html"
    file.write_text(page_of(example_lineage()), "utf-8")
    page = context.new_page()
    page.goto(file.as_uri())

    assert page.locator("noscript img").bounding_box()["width"] > 400
    assert page.locator("tbody tr").count() == 14
    assert not page.locator("#graph").is_visible()
    context.close()


def test_command_writes_the_page(tmp_path, capsys):
    """`swarmprov show --html` writes one file, says nothing on standard output, and may write it again."""
    study = make_study(Home(tmp_path / "home"), tmp_path / "work")
    file = tmp_path / "page.html"

    assert main(["show", str(study.notebook), "--html", str(file)]) == 0
    first = file.read_text("utf-8")
    assert main(["show", str(study.notebook), "clean", "--html", str(file)]) == 0

    assert capsys.readouterr().out == ""
    assert MARKER in first[:100]
    assert file.read_text("utf-8") != first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "page.html", "work"]


def test_other_files_are_not_overwritten(tmp_path, capsys):
    """A file that is no lineage page is left as it is, and the error says what to do."""
    study = make_study(Home(tmp_path / "home"), tmp_path / "work")
    file = tmp_path / "thesis.html"
    file.write_text("<p>Ten years of work</p>")

    assert main(["show", str(study.notebook), "--html", str(file)]) == 2

    assert file.read_text() == "<p>Ten years of work</p>"
    assert capsys.readouterr().err.splitlines() == [
        f"swarmprov: {file} is there already and is no lineage page.",
        "Name another file, or move it away.",
    ]


def test_page_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    """Where the disk fills up, the earlier page stays and no half file is left."""
    file = tmp_path / "page.html"
    write_page(f"<!DOCTYPE html>\n{MARKER} one", file)
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError(28, os.strerror(28))))

    with pytest.raises(UsageError, match="No space left on device"):
        write_page(f"<!DOCTYPE html>\n{MARKER} two", file)

    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert file.read_text().endswith("one")


def test_missing_folder_is_told(tmp_path):
    """A folder that is not there is told in two sentences."""
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        write_page("", tmp_path / "missing" / "page.html")


def test_magic_writes_the_page(kernel, tmp_path):
    """`%provenance --html FILE` in a kernel writes the page, says so, and is no data of the notebook."""
    k = kernel({})
    k.run("%load_ext swarmprov")
    k.run("%%provenance tidy --dataset table\nimport pandas as pd\ntable = pd.DataFrame({'a': [1]})")
    said = k.run("%provenance --html 'my lineage.html'")
    again = k.run("%provenance table --html 'my lineage.html'")
    text = (tmp_path / "work" / "my lineage.html").read_text("utf-8")

    assert (said.stdout, said.error) == ("my lineage.html is written: open it in any browser.\n", None)
    assert again.error is None
    assert "<bdi>table</bdi>" in text
    assert "my lineage.html" not in k.run("%provenance --all").text
    assert not (tmp_path / "work" / "lib").exists()


def test_note_of_a_run_is_told_in_the_table():
    """The table's last column holds the rest of a label, not the name again."""
    lineage = example_lineage()
    first = replace(lineage.runs[0], note="from the archive")
    rows = page_of(replace(lineage, runs=(first, *lineage.runs[1:])))

    assert "<td><bdi>[2] from the archive" in rows
