"""The readable page in a real browser: what axe-core says of it on screen, and what comes out on paper."""

from __future__ import annotations

import io
import re
from unicodedata import normalize

import pytest
from pypdf import PdfReader
from test_exports_page import DIGEST, EXAMPLE, HOSTILE, long_study, poisoned
from widget_pages import AXE

from swarmprov_nb.exports.page import render

SHEET = {"width": 688, "height": 1009}  # what A4 leaves within the page's margins, in CSS pixels
LONG = long_study(30, every=2)
FOLDED = "document.querySelectorAll('details').forEach(each => { each.open = true })"
WIDER = """[...document.querySelectorAll('body *')].filter(each => !each.closest('svg'))
.filter(each => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX != 'visible'
  || each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 120))"""
COLOURS = """[...document.querySelectorAll('body, body *')].map(each => getComputedStyle(each))
.map(style => [style.color, style.backgroundColor, style.borderTopColor, style.filter, style.fill])"""


def show(page, statement, *, media="screen", scheme="light"):
    page.emulate_media(media=media, color_scheme=scheme)
    page.set_content(render(statement, manifest_sha256=DIGEST).decode())


def on_paper(page, statement, *, scheme="light"):
    page.set_viewport_size(SHEET)
    show(page, statement, media="print", scheme=scheme)


def sheets(page, statement):
    """What stands on each sheet of A4."""
    show(page, statement, media="print")
    printed = PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    return [normalize("NFKC", sheet.extract_text()) for sheet in printed.pages]


def on(printed, text):
    """The numbers of the sheets on which a text stands."""
    return [number for number, sheet in enumerate(printed) if text in f"\n{sheet}"]


@pytest.mark.parametrize(
    ("media", "scheme", "width"), [("screen", "light", 1200), ("screen", "dark", 320), ("print", "dark", 1200)]
)
def test_axe_finds_no_violation(page, media, scheme, width):
    """In either theme, wide and narrow, with all folds open; and on paper."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `jlpm install` in labextension")
    page.set_viewport_size({"width": width, "height": 800})
    show(page, EXAMPLE, media=media, scheme=scheme)
    page.evaluate(FOLDED)
    page.evaluate(AXE.read_text(encoding="utf-8"))

    violations = page.evaluate("axe.run(document)")["violations"]

    assert [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_nothing_is_folded_on_paper(page):
    """Fingerprints, columns, packages, sources and what the cells were: all are there without a click."""
    on_paper(page, EXAMPLE)
    shown = page.evaluate("document.body.innerText")
    predicate = EXAMPLE["predicate"]
    wanted = [subject["digest"]["sha256"] for subject in EXAMPLE["subject"]]
    wanted += [run["source"]["sha256"] for run in predicate["activities"]]
    wanted += [word for entity in predicate["entities"] for column in entity.get("schema", ()) for word in column]
    wanted += [entity["commitment"] for entity in predicate["entities"] if "commitment" in entity]
    wanted += [package["name"] for package in predicate["environment"]["packages"]]
    wanted += [predicate["agents"][0]["key"], DIGEST, *predicate["notebook"]["unrun"]]

    assert [word for word in wanted if word not in shown] == []
    assert page.locator("details:not([open])").count() > 0


@pytest.mark.parametrize("name", ["example", "long", "hostile", "endless"])
def test_nothing_is_cut_off_on_paper(page, name):
    """Nothing is wider than the sheet, nothing scrolls, and text that the screen cuts is whole."""
    text = {"hostile": HOSTILE[1], "endless": "x" * 300}.get(name)
    on_paper(page, poisoned(text) if text else {"example": EXAMPLE, "long": LONG}[name])

    assert page.evaluate(WIDER) == []
    if name == "endless":
        assert "".join(sheets(page, poisoned(text))).replace("\n", "").count(text) > 20


@pytest.mark.parametrize(("statement", "pictures"), [(EXAMPLE, 1), (LONG, 2)], ids=["example", "long"])
def test_the_lineage_fits_on_one_sheet(page, statement, pictures):
    """A lineage longer than a sheet has a second picture, folded to one; screen and paper show one each."""
    show(page, statement)
    screen = page.locator(".picture img:visible")
    assert page.locator(".picture img").count() == pictures
    assert screen.count() == 1
    on_paper(page, statement)
    paper = page.locator(".picture img:visible")
    box = paper.bounding_box()

    assert paper.count() == 1
    assert (paper.get_attribute("class") == "paper") == (pictures == 2)
    assert box["width"] <= SHEET["width"]
    assert box["height"] <= SHEET["height"] * 0.9  # beside the heading
    assert box["width"] >= SHEET["width"] * 0.75  # and legible


def test_what_a_colour_says_is_said_without_it(page):
    """A kind by its icon and its word, a failure by a mark, an assumption by dashes."""
    on_paper(page, EXAMPLE)

    assert page.locator("a.chip:not(:has(svg path))").count() == 0
    assert page.locator("article:has(h3):not(#signer article, #check article):not(:has(.badge))").count() == 0
    assert all(re.match("[✗!] ", text) for text in page.locator(".failure, .steps .warning").all_inner_texts())
    assert page.locator(".chip.assumed").evaluate_all(
        "all => all.every(each => getComputedStyle(each).borderTopStyle == 'dashed')"
    )


def test_a_dark_screen_prints_as_a_light_one(page):
    """Paper is white whatever theme the reader has."""
    on_paper(page, EXAMPLE)
    light = page.evaluate(COLOURS)
    on_paper(page, EXAMPLE, scheme="dark")

    assert page.evaluate(COLOURS) == light


def test_a_step_and_an_artifact_stay_on_one_sheet(page):
    """Neither is torn apart, no sheet is empty, and no heading is the last thing on one."""
    heads = r"Lineage|artifacts|publication\.|compare\.|Other files|cell runs|of the session\.|Environment"
    printed = sheets(page, LONG)

    for number in range(1, 31):
        assert on(printed, f"\n{number} Step {number} 0.") == on(printed, f"cell cell-{number} \N{MIDDLE DOT}") != []
    for number in range(2, 31, 2):
        assert on(printed, f"Table {number} dataset") == on(printed, f"{number:064x}") != []
    assert [text[-40:] for text in printed if not text.strip() or re.search(rf"({heads})\s*$", text)] == []


def test_a_link_names_on_paper_the_place_where_it_leads(page):
    """A pill says the id of its artifact, which stands there with its id; files are links by their paths already."""
    printed = "\n".join(sheets(page, EXAMPLE))
    entities = EXAMPLE["predicate"]["entities"]
    shown = [f"#{entity['id']}" for entity in entities if entity["disclosure"] != "hidden"]

    assert sorted(re.findall(r"^#\S+$", printed, re.MULTILINE)) == sorted(shown)  # each beside its artifact
    assert "used Penguins, cleaned #artifact-2\n" in printed
    assert re.search(r"made\s+hidden #hidden\n", printed)


def test_the_cover_has_who_signed_what_is_not_stated_and_how_to_check(page):
    """All of it is on the first sheet, and the lineage begins the second."""
    cover, second, *_ = sheets(page, EXAMPLE)
    headings = ("Who signed", "What is not stated", "Check it yourself", "What it proves")
    places = [cover.index(f"\n{heading}") for heading in headings]

    assert places == sorted(places)
    assert cover.rstrip().endswith("exists.")
    assert second.lstrip().startswith("Lineage")
