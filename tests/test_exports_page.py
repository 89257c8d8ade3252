"""The readable page says what the manifest says, and a stranger's text stays text."""

from __future__ import annotations

import base64
import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.exports.html import link, plain, prose, say
from swarmprov_nb.exports.page import render
from swarmprov_nb.manifest.schema import check_schema

EXAMPLE = json.loads((Path(__file__).parent / "goldens" / "manifest-example.json").read_text("utf-8"))
DIGEST = "5c" * 32
HOSTILE = [
    "<script>alert(1)</script>",
    "</bdi></a><img src=https://evil.example/x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)\" style='color:red' x=\"",
    "javascript:alert(1)",
    "--></style><iframe src=//evil.example>",
    "&lt;b&gt; &#60;b&#62; &amp",
    "line one\nline two\r\nline three",
    "\u202egnp.exe\u202c \u2066\u2067 \u05e2\u05d1\u05e8\u05d9\u05ea",
    "]]><svg onload=alert(1)>",
    "x" * 10_000,
    "<b>" * 3_000,
]


class Page(HTMLParser):
    """Collects the elements, attributes and texts of a page; open elements must be closed in order."""

    void = frozenset({"meta", "img"})
    inline = frozenset({"a", "bdi", "code", "path", "span", "strong", "svg"})

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.open, self.comments = [], [], [], [], []
        self.feed(data.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        assert "p" not in self.open or tag in self.inline  # a browser would close the paragraph
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    def handle_comment(self, data):
        self.comments.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def values(self, wanted):
        return [value for _, name, value in self.attributes if name == wanted]


def page_of(statement):
    return Page(render(statement, manifest_sha256=DIGEST))


@pytest.fixture
def statement():
    return copy.deepcopy(EXAMPLE)


def poisoned(text):
    """The example with `text` in every place that takes free text."""
    statement = copy.deepcopy(EXAMPLE)
    short = text[:1000]
    predicate = statement["predicate"]
    for activity in predicate["activities"]:
        activity.update(step=short, note=text, error=short, gap=text, cell=text[:200], seeds=[short], status="error")
        for edge in activity["informedBy"]:
            edge["name"] = short
    for entity in predicate["entities"]:
        if entity["disclosure"] != "hidden":
            entity.update(name=short, title=short, license=short, purpose=text, consent=text, contact=text, note=text)
            entity.update(origin=short, remark=text, mediaType=short, contentId=short, warnings=[text])
            entity["schema"] = [[text, text]]
    predicate["agents"][0]["name"] = short
    predicate["agents"][1].update(name=short, version=short)
    predicate["statements"] = {"license": short, "contact": text, "note": text, "purpose": text}
    predicate["notebook"].update({key: [text[:200]] for key in ("unrun", "edited", "outOfOrder", "failed")})
    environment = predicate["environment"]
    environment["python"] = {"version": short, "implementation": short}
    environment["os"] = {"system": short, "release": short, "machine": short}
    environment["cpu"]["model"] = short
    environment["git"]["commit"] = short
    environment["packages"] = [{"name": short, "version": short}]
    return statement


def test_the_page_names_the_notebook_its_artifacts_and_its_author(statement):
    page = page_of(statement)
    key = statement["predicate"]["agents"][0]["key"]
    for text in ("penguins.ipynb", "Penguins, cleaned", "CC0-1.0", "333 \u00d7 8", f"Signed by the key {key}"):
        assert text in page.text
    assert "which claims to be Ada Example" in page.text
    assert DIGEST in page.text


def test_published_files_are_linked_relatively_and_cited_ones_only_named(statement):
    page = page_of(statement)
    paths = {unquote(value).removeprefix("./") for value in page.values("href") if not value.startswith("#")}
    assert paths == {subject["name"] for subject in statement["subject"]} | {
        "requirements.txt",
        "manifest.json",
        "manifest.dsse.json",
    }
    cited = next(e for e in statement["predicate"]["entities"] if e["disclosure"] == "cited")
    assert cited["digest"]["sha256"] in page.text


def test_every_anchor_leads_somewhere_and_ids_are_unique(statement):
    page = page_of(statement)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in page.values("href") if value.startswith("#")} <= set(ids)


def test_what_is_hidden_shows_a_commitment_and_no_more(statement):
    page = page_of(statement)
    hidden = next(e for e in statement["predicate"]["entities"] if e["disclosure"] == "hidden")
    assert "Hidden: 1 artifact" in page.text
    assert hidden["commitment"] in page.text
    assert "observers\u00a0" not in page.text


def test_steps_stand_in_order_with_what_failed_and_what_was_not_seen(statement):
    page = page_of(statement)
    steps = [activity["step"] for activity in statement["predicate"]["activities"]]
    section = page.text[page.text.index("Steps: 11 cell runs") :]
    places = [section.index(step) for step in steps]
    assert places == sorted(places)
    assert "✗ stopped: KeyError" in section
    assert "! not seen: a subprocess ran" in section


def test_warnings_and_missing_licences_are_shown(statement):
    page = page_of(statement)
    assert "unsafe to load from strangers" in page.text
    assert "no licence stated" in page.text


def test_what_is_not_stated_is_said(statement):
    text = page_of(statement).text
    for said in (
        "14 cell runs of this session left out",
        "1 input counted only",
        "1 cell run not seen in full",
        "1 flow assumed",
        "1 cell of the notebook never ran",
        "1 cell of the notebook changed after the run",
    ):
        assert said in text


def test_the_page_says_how_to_check_and_what_a_check_does_not_prove(statement):
    text = page_of(statement).text
    assert "Check the reference you opened" in text
    assert "swarmprov verify REFERENCE" in text
    assert "This key vouches" in text
    assert "made it first" in text
    assert "captured by the publisher's recorder" in text


def test_the_page_cannot_know_what_comes_after_it(statement):
    previous = {"manifest": "aa" * 32, "content": "bb" * 32, "author": statement["predicate"]["agents"][0]["key"]}
    statement["predicate"]["previous"] = previous
    page = page_of(statement)
    assert "aa" * 32 in page.text
    assert "bb" * 32 not in page.text
    assert not re.search(r"\b(0x[0-9a-f]{40}|anchored|wallet|receipt|chain|seal)\b", page.text, re.IGNORECASE)


def test_the_page_shows_what_the_work_builds_on(statement):
    """Each parent by its manifest, content reference and author, with what was opened from it; unknown signers too."""
    key = statement["predicate"]["agents"][0]["key"]
    cited = next(e for e in statement["predicate"]["entities"] if e["disclosure"] == "cited" and "generatedBy" not in e)
    cited["parent"] = {"manifest": "aa" * 32, "subject": "data/<i>raw</i>.csv", "anySigner": True}
    statement["predicate"]["parents"] = [{"manifest": "aa" * 32, "content": "bb" * 32, "author": key}]
    page = page_of(statement)
    assert page.text.count("aa" * 32) == 2  # at the input, and among the facts on the work as a whole
    assert "bb" * 32 in page.text
    assert "opened from data/<i>raw</i>.csv of the publication with manifest" in page.text
    assert "from it: " in page.text
    assert "a signer whom the author did not know" in page.text
    del cited["parent"]["anySigner"]
    assert "did not know" not in page_of(statement).text


def test_nothing_runs_and_nothing_loads_from_elsewhere(statement):
    page = page_of(statement)
    assert not {"script", "link", "iframe", "object", "embed", "form", "base", "use", "image"} & set(page.tags)
    assert page.tags.count("style") == 1
    (source,) = page.values("src")
    assert source.startswith("data:image/svg+xml;base64,")
    assert page.comments == []
    policy = next(value for value in page.values("content") if "default-src" in value)
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert ("meta", "name", "referrer") in page.attributes
    assert "no-referrer" in page.values("content")
    assert ("html", "lang", "en") in page.attributes
    assert b"://" not in render(statement, manifest_sha256=DIGEST).replace(b"https://doi.org/", b"").replace(
        b"https://example.org/ada", b""
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_strangers_text_makes_no_element_attribute_or_address(text):
    statement = poisoned(text)
    check_schema(statement)
    page, clean = page_of(statement), page_of(poisoned("harmless"))
    assert set(page.tags) <= set(clean.tags) | {"details", "summary"}
    names = {(tag, name) for tag, name, _ in page.attributes}
    assert names <= {(tag, name) for tag, name, _ in clean.attributes} | {("bdi", "title"), ("bdi", "class")}
    assert set(page.values("href")) == set(clean.values("href"))
    assert set(page.values("id")) == set(clean.values("id"))
    styles = {value for tag, name, value in page.attributes if name == "class"}
    assert styles <= {value for tag, name, value in clean.attributes if name == "class"} | {"prose"}


@pytest.mark.parametrize("text", HOSTILE[:9], ids=range(9))
def test_a_strangers_text_is_shown_as_it_is(text):
    shown = " ".join(re.sub("[\u202a-\u202e\u2066-\u2069]", "", text.replace("\r\n", "\n")).split())
    assert shown in page_of(poisoned(text)).text


def test_the_picture_holds_no_element_of_a_stranger():
    (source,) = page_of(poisoned(HOSTILE[1])).values("src")
    svg = base64.b64decode(source.split(",", 1)[1]).decode()
    assert "<img" not in svg
    assert "<script" not in svg
    assert not re.search(r"(href|src|on\w+)\s*=", re.sub(r"<(title|desc|text)[^>]*>.*?</\1>", "", svg, flags=re.DOTALL))


def test_a_path_that_looks_like_an_address_is_a_path():
    assert 'href="./javascript%3Aalert%281%29"' in link("javascript:alert(1)")
    assert 'href="./%2F%2Fevil' not in link("//evil.example/x")
    assert link("//evil.example/x").startswith('<a href=".//')
    assert 'href="./a%3Fb%23c%20d%22"' in link('a?b#c d"')


def test_long_text_is_cut_and_kept_whole_as_title_or_folded():
    assert say("word " * 50) == f'<bdi title="{"word " * 50}">{("word " * 24).rstrip()}…</bdi>'
    folded = prose("y" * 10_000)
    assert folded.startswith("<details>")
    assert "y" * 10_000 in folded
    assert len(plain("z" * 10_000)) == 121


@settings(max_examples=150)
@given(st.text(max_size=300))
def test_any_text_comes_back_as_the_same_text(text):
    parsed = Page(f"<p>{say(text, limit=500)}</p>".encode("utf-8", "replace"))
    assert set(parsed.tags) == {"p", "bdi"}
    assert parsed.attributes == []


def test_no_name_reads_as_another_by_marks_of_direction(statement):
    statement["predicate"]["notebook"]["subject"] = "a\u202ebc.ipynb"
    data = render(statement, manifest_sha256=DIGEST).decode()
    assert "<title>abc.ipynb · provenance</title>" in data
    assert "<h1><bdi>abc.ipynb</bdi></h1>" in data


def test_equal_manifests_give_equal_bytes(statement):
    assert render(statement, manifest_sha256=DIGEST) == render(EXAMPLE, manifest_sha256=DIGEST)


def test_rendering_leaves_the_manifest_as_it_was(statement):
    render(statement, manifest_sha256=DIGEST)
    assert statement == EXAMPLE


def test_a_manifest_without_runs_or_artifacts_has_a_page(statement):
    statement["predicate"].update(activities=[], entities=[])
    page = page_of(statement)
    assert "penguins.ipynb" in page.text
    assert {value[1:] for value in page.values("href") if value.startswith("#")} <= set(page.values("id"))


def long_study(runs, every):
    """A manifest of many cell runs, of which each `every`th makes a table of eight columns."""
    statement = copy.deepcopy(EXAMPLE)
    predicate = statement["predicate"]
    run = predicate["activities"][3]
    made = next(e for e in predicate["entities"] if e["name"] == "clean")
    notebook = next(s for s in statement["subject"] if s["name"] == "penguins.ipynb")
    activities, entities, subjects = [], [], [notebook]
    for number in range(1, runs + 1):
        used = [{"entity": entity["id"], "confidence": "exact"} for entity in entities[-2:]]
        flow = {"name": "df", "kind": "var", "confidence": "exact"}
        before = [{**flow, "activity": f"run-{n}"} for n in range(1, number)[-2:]]
        said = {"id": f"run-{number}", "sequence": number, "step": f"Step {number}", "cell": f"cell-{number}"}
        source = {**run["source"], "subject": "penguins.ipynb"}
        activities.append({**run, **said, "used": used, "informedBy": before, "source": source})
        if number % every == 0:
            path = f"data/table-{number}.parquet"
            said = {"id": f"artifact-{number}", "name": f"table_{number}", "title": f"Table {number}", "subject": path}
            entities.append({**made, **said, "generatedBy": f"run-{number}"})
            subjects.append({"name": path, "digest": {"sha256": f"{number:064x}"}})
    predicate.update(activities=activities, entities=entities)
    statement["subject"] = subjects
    return statement


def test_the_page_of_three_hundred_cell_runs_stays_under_a_megabyte():
    statement = long_study(300, every=2)
    check_schema(statement)
    assert len(render(statement, manifest_sha256=DIGEST)) < 1_000_000
