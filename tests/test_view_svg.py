"""The static picture: safe on any page, readable in any theme, whatever the labels hold."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.testing import LineageBuilder, example_lineage
from swarmprov_nb.view import Picture, svg_of
from swarmprov_nb.view.image import image_tag
from swarmprov_nb.view.labels import clean, cut, is_simple, width
from swarmprov_nb.view.palette import INK, KIND_INKS, LINE, MARK_INKS, PANEL, QUIET
from swarmprov_nb.view.svg import path_of

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]><!--&amp;&#x0;",
    "a\nb\r\n\tc\x00\x1b[31m\x7f",
    "\u202egnp.exe\u2066\u200f",
    "שלום עולם",
    "\ud800 lone",
    "Z̴̡̢̛̗̘̙͔̹͎̘̫̤̦̱̪͎̪̤̫algo",
    "﷽" * 9,
    "数据集清洗与特征工程的结果表格文件",
    "x" * 10_000,
    "word " * 2_000,
    "",
    " \n ",
]
ALLOWED = {"svg", "title", "desc", "rect", "path", "g", "text"}


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def hostile(label: str) -> LineageBuilder:
    b = LineageBuilder(label or "x")
    raw = b.input(label, "dataset", summary=label, path=label)
    b.run(label, source=label, uses=[raw], note=label, makes={label: "model"}, cell=label)
    b.run(label, reads={label: b.lineage.runs[0]}, error=label, gap=label)
    return b


def checked(svg: str) -> ET.Element:
    root = ET.fromstring(svg)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ALLOWED
        names = set(element.attrib)
        assert not any(name.startswith("on") or "href" in name or name in ("style", "class", "id") for name in names)
        assert not any("url(" in value for value in element.attrib.values())
    return root


def test_the_picture_has_no_style_script_id_or_reference():
    root = checked(Picture(example_lineage(), title="quickstart.ipynb").svg)
    assert root.get("role") == "img"
    assert root[0].text == "quickstart.ipynb"
    assert root[1].text.startswith("Lineage of quickstart.ipynb: 7 cell runs and 7 artifacts, from penguins_raw.csv")


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_are_text_and_nothing_else(label):
    picture = Picture(hostile(label).lineage, title=label)
    root = checked(picture.svg)
    checked(svg_of(hostile(label).lineage, title=label))
    written = "".join(root.itertext()) + picture.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200e\u200f\ud800-\udfff]", written)
    assert len(picture.svg) < 40_000
    assert max(map(len, picture.text.splitlines())) < 300
    assert picture._repr_mimebundle_()["text/html"].count("<") == 3  # a place that scrolls, the image, its end


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_label_makes_a_well_formed_picture(label):
    checked(Picture(hostile(label).lineage, title=label).svg)


@given(st.text(max_size=80), st.floats(30, 200), st.booleans())
def test_a_cut_label_fits_and_is_a_beginning_of_the_whole(text, room, bold):
    short = cut(text, room, 12, bold=bold)
    assert width(short, 12, bold=bold) <= room
    assert text.startswith(short.removesuffix("…"))


def test_labels_are_cut_at_a_word_boundary():
    assert cut("drop rows without a measured sex", 120, 10.5) == "drop rows without a…"
    assert cut("a_long_variable_name", 100, 10.5) == "a_long_variable…"
    assert cut("W" * 100, 60, 10).endswith("WW…")


def test_width_is_an_upper_bound_of_common_fonts():
    """Widths of DejaVu Sans in hundredths of an em, as its horizontal metrics state them, rounded up."""
    assert width("AWgi. ", 100) == 69 + 99 + 64 + 28 + 32 + 32
    assert width("AWgi. ", 100, bold=True) == 78 + 111 + 72 + 35 + 38 + 35


def test_text_in_scripts_of_unsure_width_gets_a_window_that_holds_it_in():
    b = LineageBuilder()
    b.run("مرحبا بالعالم", makes={"x": "dataset"})
    svg = Picture(b.lineage, title="x").svg
    assert 'overflow="hidden"' in svg
    assert not is_simple("مرحبا")
    assert 'overflow="hidden"' not in Picture(example_lineage(), title="x").svg


def test_full_text_is_the_title_of_each_shape():
    b = LineageBuilder()
    long = "a step with a very long name that cannot be shown as a whole in one box"
    b.run(long, makes={"x": "dataset"})
    svg = Picture(b.lineage, title="x").svg
    assert f"<title>{long}," in svg
    assert f">{long}<" not in svg


def test_clean_leaves_one_visible_line():
    assert clean("a\x00b\n\nc\u202e") == "a b c"
    assert clean("x" * 10_000).endswith("…")
    assert len(clean("x" * 10_000)) == 600
    assert clean("e\u0301") == "e\u0301"


def test_texts_and_icons_have_enough_contrast_on_what_they_stand_on():
    for ink in [*KIND_INKS.values(), *MARK_INKS.values()]:
        assert contrast(INK, ink.ground) >= 4.5
        assert contrast(ink.text, ink.ground) >= 4.5
    for kind in ("dataset", "model", "figure", "file"):
        assert contrast(KIND_INKS[kind].edge, KIND_INKS[kind].ground) >= 4
        assert contrast(KIND_INKS[kind].edge, PANEL) >= 4.5
    assert contrast(QUIET, PANEL) >= 4.5
    assert contrast(LINE, PANEL) >= 3


def test_assumed_flows_are_dashed_and_others_are_not():
    svg = Picture(example_lineage(), title="x").svg
    lines = re.findall(r'<g><title>[^<]*</title><path d="M[^>]*stroke-width="1.3"[^>]*>', svg)
    assert sum("dasharray" in line for line in lines) == 1
    assert len(lines) > 10
    assert ">assumed</text>" in svg


def test_a_legend_names_only_what_is_there():
    b = LineageBuilder()
    b.run("a", makes={"x": "dataset"})
    words = re.findall(r">([a-z ]+)</text></g>", Picture(b.lineage, title="t").svg)
    assert set(words) == {"cell run", "dataset", "seen"}


def test_right_angles_of_a_way_are_rounded():
    assert path_of([(0, 0), (20, 0), (20, 30), (5, 30)]) == "M0 0H13Q20 0 20 7V23Q20 30 13 30H5"
    assert path_of([(0, 0), (0, 0), (10, 0)]) == "M0 0H0H10"


def test_the_image_tag_escapes_its_text():
    assert 'alt="&lt;b&gt; &quot;"' in image_tag("<svg/>", alt='<b> "')
