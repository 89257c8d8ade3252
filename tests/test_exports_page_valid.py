"""The readable page is valid HTML: by a strict parser, by the content model, and (long) by a stranger's validator."""

from __future__ import annotations

import copy
import shutil
import subprocess
from itertools import pairwise

import html5lib
import pytest
from test_exports_page import DIGEST, EXAMPLE, HOSTILE, long_study, poisoned

from swarmprov_nb.exports import OLDER
from swarmprov_nb.exports.page import render

VALIDATOR = "html-validate@10.17.0"
PHRASING = {"a", "bdi", "code", "span", "strong", "svg"}
CHILDREN = {  # what the standard allows in each of the elements that the page has, as far as the page needs it
    "head": {"meta", "title", "style"},
    **dict.fromkeys(("h1", "h2", "h3", "p", "span", "bdi", "code", "strong", "a", "summary", "dt", "th"), PHRASING),
    "ul": {"li"},
    "ol": {"li"},
    "dl": {"div"},
    "table": {"thead", "tbody"},
    "thead": {"tr"},
    "tbody": {"tr"},
    "tr": {"th", "td"},
    "svg": {"path"},
}


def empty():
    """The example without runs or artifacts."""
    statement = copy.deepcopy(EXAMPLE)
    statement["predicate"].update(activities=[], entities=[])
    return statement


def parents():
    """The example with an input from another publication, and one that it follows."""
    statement = copy.deepcopy(EXAMPLE)
    other = {"manifest": "aa" * 32, "content": "bb" * 32, "author": statement["predicate"]["agents"][0]["key"]}
    cited = next(e for e in statement["predicate"]["entities"] if e["disclosure"] == "cited" and "generatedBy" not in e)
    cited["parent"] = {"manifest": "aa" * 32, "subject": "data/raw.csv", "anySigner": True}
    statement["predicate"].update(parents=[other], previous=other)
    return statement


STUDIES = {
    "example": EXAMPLE,
    "empty": empty(),
    "parents": parents(),
    "long": long_study(60, every=2),
    **{f"hostile-{place}": poisoned(text) for place, text in enumerate(HOSTILE[:5])},
}


def parsed(data):
    """The page as a tree; whatever a browser would have to mend is an error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(data, transport_encoding="utf-8")


def tag_of(element):
    return element.tag.rpartition("}")[2]


def misplaced(tree):
    """What the content model does not allow: children, headings out of order, what lacks its text or its twin."""
    elements = list(tree.iter())
    for parent in elements:
        allowed = CHILDREN.get(tag_of(parent))
        wrong = [tag_of(child) for child in parent if allowed and tag_of(child) not in allowed]
        yield from (f"{tag} in {tag_of(parent)}" for tag in wrong)
    yield from ("a in a" for link in tree.iter("a") for _ in link.findall(".//a"))
    yield from ("details without summary" for each in tree.iter("details") if tag_of(each[0]) != "summary")
    yield from ("image without text" for each in tree.iter("img") if not each.get("alt"))
    named = [each for each in elements if tag_of(each) in {"title", "h1", "h2", "h3", "th", "a", "summary"}]
    yield from (f"empty {each.tag}" for each in named if not "".join(each.itertext()).strip())
    ids = [each.get("id") for each in elements if each.get("id")]
    yield from (f"id {each} twice" for each in set(ids) if ids.count(each) > 1)
    levels = [int(each.tag[1]) for each in elements if each.tag in {"h1", "h2", "h3", "h4"}]
    if levels[0] != 1 or levels.count(1) != 1 or any(b > a + 1 for a, b in pairwise(levels)):
        yield f"headings {levels}"


@pytest.mark.parametrize("study", STUDIES)
def test_the_page_is_valid_html(study):
    """The strict parser finds nothing to mend, and each element stands where the content model allows it."""
    assert list(misplaced(parsed(render(STUDIES[study], manifest_sha256=DIGEST)))) == []


def test_the_checks_find_what_is_wrong():
    """A block in a paragraph, a twin id, a list of no items and an empty heading are each found."""
    with pytest.raises(html5lib.html5parser.ParseError):
        parsed(b"<!DOCTYPE html><title>x</title><p><div></div></p>")
    wrong = b"<!DOCTYPE html><title>x</title><h1>x</h1><h3></h3><ul id=a><p id=a>x</p></ul><img src=x>"
    assert {*misplaced(parsed(wrong))} == {"p in ul", "id a twice", "empty h3", "image without text", "headings [1, 3]"}


@pytest.mark.long
def test_a_strangers_validator_accepts_every_page(tmp_path):
    """html-validate, with its recommended rules, finds nothing in any page, and does find what is wrong in another."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", tmp_path, VALIDATOR]
    if subprocess.run(command, capture_output=True, check=False, timeout=240).returncode:
        pytest.skip(f"npm cannot fetch {VALIDATOR}")
    pages = tmp_path / "pages"
    pages.mkdir()
    for name, study in STUDIES.items():
        (pages / f"{name}.html").write_bytes(render(study, manifest_sha256=DIGEST))
    (pages / "first.html").write_bytes(OLDER[0].render(EXAMPLE, manifest_sha256=DIGEST))
    (tmp_path / "wrong.html").write_text("<!DOCTYPE html><html lang=en><p><div></div></p></html>")

    def validated(*files):
        validator = tmp_path / "node_modules/.bin/html-validate"
        ran = subprocess.run([validator, *files], capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout

    assert validated(*sorted(pages.glob("*.html"))) == (0, "")
    assert validated(tmp_path / "wrong.html")[0] == 1
