"""Documents made to hurt their readers: of megabytes, of depth, of numbers without end; and values no schema allows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from forging import saved_whole
from lying import Lies, is_found_out

from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST
from swarmprov_nb.widgets.verify import VerifyWidget

TEXTS = {
    "nothing": b"",
    "a space": b" ",
    "null": b"null",
    "an array": b"[]",
    "a number": b"1",
    "a text": b'"manifest"',
    "an empty object": b"{}",
    "ten megabytes of small arrays": b"[" + b"[]," * 3_500_000 + b"[]]",
    "ten megabytes of small objects": b"[" + b'{"":0},' * 1_500_000 + b"0]",
    "ten megabytes of nothing but commas": b"[" + b"," * 10_000_000 + b"]",
    "a hundred thousand brackets": b"[" * 100_000,
    "a text that nobody closes": b'"' + b'\\"' * 100_000,
    "a text that ends in an escape": b'"abc\\',
    "ten megabytes of one text": b'"' + b"a" * 10_000_000 + b'"',
    "an integer of ten thousand digits": b"1" * 10_000,
    "an exponent without end": b'{"a":1e999999}',
    "not a number": b"NaN",
    "infinity": b"-Infinity",
    "a zero with a sign": b'{"a":-0}',
    "a fraction": b'{"a":0.5}',
    "an integer over 2^53": b'{"a":9007199254740992}',
    "half a character": b'{"a":"\\ud800"}',
    "bytes that are no text": b'{"a":"\xff"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "sixteen bits a character": "{}".encode("utf-16"),
    "a byte of nothing": b"{}\0",
    "a comment": b"{}//",
    "a comma too many": b'{"a":1,}',
    "keys in another order": b'{"b":1,"a":1}',
    "a key twice": b'{"a":1,"a":1}',
    "a key twice by an escape": b'{"a":1,"\\u0061":1}',
    "an escape that is not needed": b'{"a":"\\u0061"}',
    "an escaped slash": b'{"a":"\\/"}',
    "a capital in an escape": b'{"a":"\\u001F"}',
    "a tab in a text": b'{"a":"\t"}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_hostile_text_as_the_manifest_is_refused(book, text):
    """It fails at `manifest`, and what rests on the manifest is not checked."""
    is_found_out(lambda forged: forged.files.update({MANIFEST: text}), "manifest", book)


ENVELOPES = (
    "nothing", "null", "an array", "ten megabytes of small objects", "half a character", "a text that nobody closes",
    "a key twice", "a hundred thousand brackets",
)  # fmt: skip


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_hostile_text_as_the_envelope_is_refused(book, name):
    """It fails at `envelope`: the manifest itself may be the author's."""
    is_found_out(lambda forged: forged.files.update({ENVELOPE: TEXTS[name]}), "envelope", book)


AS_NOTEBOOKS = (
    "nothing", "null", "an array", "ten megabytes of small arrays", "not a number", "a text that nobody closes",
    "a hundred thousand brackets", "half a character", "ten megabytes of nothing but commas",
    "an integer of ten thousand digits",
)  # fmt: skip


@pytest.mark.parametrize("name", AS_NOTEBOOKS)
def test_a_hostile_text_as_the_notebook_is_refused(book, name):
    """It fails at `sources`, though its author signed it."""

    def lie(forged):
        forged.files[forged.statement["predicate"]["notebook"]["subject"]] = TEXTS[name]
        forged.author_states()

    is_found_out(lie, "sources", book)


# -- notebooks with more than was shown

NOTEBOOKS: dict[str, Callable[[dict], object]] = {
    "metadata that claims a publication": lambda n: n["metadata"].update(swarmprov={"reference": "ab" * 32}),
    "metadata of widgets": lambda n: n["metadata"].update(widgets={"state": {}}),
    "a signature of the server's": lambda n: n["metadata"].update(signature="sha256:00"),
    "a kernel's path": lambda n: n["metadata"].update(kernelspec={"name": "python3", "argv": ["/bin/sh"]}),
    "a kernel that is a list": lambda n: n["metadata"].update(kernelspec={"name": ["python3"]}),
    "a language's mode": lambda n: n["metadata"].update(language_info={"name": "python", "codemirror_mode": "x"}),
    "another format": lambda n: n.update(nbformat=3),
    "another minor format": lambda n: n.update(nbformat_minor=4),
    "a format that is a text": lambda n: n.update(nbformat="4"),
    "a field beside the cells": lambda n: n.update(worksheets=[]),
    "a cell of an unknown type": lambda n: n["cells"].append(
        {"cell_type": "heading", "id": "x", "metadata": {}, "source": ""}),
    "a cell whose source is lines": lambda n: n["cells"][0].update(source=["# A", "study"]),
    "a cell without an id": lambda n: n["cells"][0].pop("id"),
    "a cell whose id is a number": lambda n: n["cells"][0].update(id=1),
    "a cell with attachments": lambda n: n["cells"][0].update(attachments={"a.png": {"image/png": "AA=="}}),
    "a cell with a tag": lambda n: n["cells"][0].update(metadata={"tags": ["hide-input"]}),
    "a count of executions": lambda n: n["cells"][1].update(execution_count=7),
    "an output with metadata": lambda n: n["cells"][1].update(
        outputs=[{"data": {"text/plain": "1"}, "metadata": {"isolated": True}, "output_type": "display_data"}]),
    "an output that is not a number": lambda n: n["cells"][1].update(
        outputs=[{"data": {"application/json": float("nan")}, "metadata": {}, "output_type": "display_data"}]),
    "an output without end": lambda n: n["cells"][1].update(
        outputs=[{"name": float("-inf"), "output_type": "stream", "text": ""}]),
    "an output of a widget": lambda n: n["cells"][1].update(
        outputs=[{"data": {"application/vnd.jupyter.widget-view+json": {}}, "metadata": {},
                  "output_type": "display_data"}]),
    "an output that counts": lambda n: n["cells"][1].update(
        outputs=[{"data": {}, "execution_count": 3, "metadata": {}, "output_type": "execute_result"}]),
    "an output that is passing": lambda n: n["cells"][1].update(
        outputs=[{"data": {}, "metadata": {}, "output_type": "display_data", "transient": {"display_id": "1"}}]),
    "outputs that are an object": lambda n: n["cells"][1].update(outputs={}),
    "outputs that are a text": lambda n: n["cells"][1].update(outputs=""),
    "an output that is a text": lambda n: n["cells"][1].update(outputs=["<script>"]),
    "cells that are an object": lambda n: n.update(cells={"0": n["cells"][0]}),
    "cells of nothing": lambda n: n.update(cells=[None]),
}  # fmt: skip


@pytest.mark.parametrize("change", NOTEBOOKS.values(), ids=NOTEBOOKS.keys())
def test_a_notebook_that_says_more_than_its_normal_form_is_refused(book, change):
    """What the normal form leaves out is not smuggled in by its author either."""

    def lie(forged):
        path = forged.statement["predicate"]["notebook"]["subject"]
        notebook = json.loads(forged.files[path])
        change(notebook)
        text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        forged.files[path] = text.encode()
        forged.author_states()

    is_found_out(lie, "sources", book)


# -- manifests that their author signed, and that no schema allows


def _named(statement):
    return any(subject["name"] == "study.ipynb" for subject in statement["subject"]) or not statement["subject"]


def _entity(statement, disclosure):
    return next(e for e in statement["predicate"]["entities"] if e["disclosure"] == disclosure)


VALUES = Lies()


@pytest.mark.parametrize(("change", "check"), VALUES)
def test_a_value_that_no_manifest_may_state(book, change, check):
    """Signed and sealed by its author, it fails at the schema or at the rule."""

    def lie(forged):
        statement = forged.statement
        change(statement)
        forged.files = {path: data for path, data in forged.files.items() if path != "study.ipynb" or _named(statement)}
        forged.author_states(statement)

    is_found_out(lie, check, book)


@VALUES.fails_at("manifest")
def another_predicate_type(statement):
    statement["predicateType"] = "https://slsa.dev/provenance/v1"


@VALUES.fails_at("manifest")
def a_third_agent(statement):
    statement["predicate"]["agents"].append({"id": "reviewer", "type": "prov:Agent", "key": "did:key:z6Mk" + "2" * 44})


@VALUES.fails_at("manifest")
def two_authors(statement):
    statement["predicate"]["agents"][1] = statement["predicate"]["agents"][0]


@VALUES.fails_at("manifest")
def no_subject(statement):
    statement["subject"] = []


@VALUES.fails_at("manifest")
def a_hidden_artifact_with_its_name(statement):
    _entity(statement, "cited").update(disclosure="hidden", commitment="ab" * 32)


@VALUES.fails_at("manifest")
def a_published_artifact_with_a_digest_of_its_own(statement):
    _entity(statement, "published")["digest"] = {"sha256": "ab" * 32}


@VALUES.fails_at("manifest")
def a_cited_artifact_with_a_file(statement):
    _entity(statement, "cited")["subject"] = "data/raw.csv"


@VALUES.fails_at("manifest")
def a_disclosure_of_another_name(statement):
    _entity(statement, "cited")["disclosure"] = "secret"


@VALUES.fails_at("manifest")
def a_size_below_nothing(statement):
    _entity(statement, "cited")["size"] = -1


@VALUES.fails_at("manifest")
def a_size_that_is_a_text(statement):
    _entity(statement, "cited")["size"] = "1"


@VALUES.fails_at("manifest")
def a_version_of_zero(statement):
    _entity(statement, "cited")["version"] = 0


@VALUES.fails_at("manifest")
def a_shape_without_end(statement):
    _entity(statement, "cited")["shape"] = [1] * 65


@VALUES.fails_at("manifest")
def a_name_of_a_thousand_and_one(statement):
    _entity(statement, "cited")["name"] = "x" * 1001


@VALUES.fails_at("manifest")
def a_digest_in_capitals(statement):
    _entity(statement, "cited")["digest"] = {"sha256": "AB" * 32}


@VALUES.fails_at("manifest")
def a_digest_with_a_line_end(statement):
    _entity(statement, "cited")["digest"] = {"sha256": "ab" * 32 + "\n"}


@VALUES.fails_at("manifest")
def a_digest_of_another_kind(statement):
    _entity(statement, "cited")["digest"] = {"md5": "ab" * 16}


@VALUES.fails_at("manifest")
def a_run_that_counts_from_zero(statement):
    statement["predicate"]["activities"][0].update(id="run-0", sequence=0)


@VALUES.fails_at("manifest")
def a_run_with_a_leading_zero(statement):
    statement["predicate"]["activities"][0]["id"] = "run-01"


@VALUES.fails_at("manifest")
def a_status_that_nobody_knows(statement):
    statement["predicate"]["activities"][0]["status"] = "verified"


@VALUES.fails_at("manifest")
def a_confidence_that_nobody_knows(statement):
    statement["predicate"]["activities"][-1]["used"][0]["confidence"] = "certain"


@VALUES.fails_at("manifest")
def a_time_in_another_zone(statement):
    statement["predicate"]["activities"][0]["startedAt"] = "2026-11-03T12:00:00.000+01:00"


@VALUES.fails_at("manifest")
def a_time_of_a_leap_second(statement):
    statement["predicate"]["activities"][0]["endedAt"] = "2016-12-31T23:59:60.000Z"


@VALUES.fails_at("manifest")
def a_session_in_capitals(statement):
    statement["predicate"]["session"]["id"] = statement["predicate"]["session"]["id"].upper()


@VALUES.fails_at("manifest")
def a_null_for_what_is_missing(statement):
    statement["predicate"]["activities"][0]["note"] = None


@VALUES.fails_at("manifest")
def no_environment(statement):
    del statement["predicate"]["environment"]


@VALUES.fails_at("manifest")
def a_previous_without_an_author(statement):
    statement["predicate"]["previous"] = {"manifest": "ab" * 32, "content": "cd" * 32}


@VALUES.fails_at("manifest")
def a_number_of_cells_below_nothing(statement):
    statement["predicate"]["notebook"]["cells"] = -1


@VALUES.fails_at("manifest")
def a_true_where_a_number_belongs(statement):
    statement["predicate"]["omitted"]["activities"] = True


@VALUES.fails_at("subjects")
def subjects_in_another_order(statement):
    statement["subject"].reverse()


@VALUES.fails_at("ends")
def a_notebook_that_is_not_there(statement):
    statement["predicate"]["notebook"]["subject"] = "other.ipynb"


@VALUES.fails_at("ends")
def an_attachment_that_is_not_there(statement):
    statement["predicate"]["notebook"]["attachments"] = ["files/picture.png"]


@VALUES.fails_at("ends")
def a_source_that_is_not_there(statement):
    digest = statement["predicate"]["activities"][0]["source"]["sha256"]
    statement["predicate"]["activities"][0]["source"]["subject"] = f"sources/{digest}.py"


@VALUES.fails_at("ends")
def two_runs_of_one_name(statement):
    activities = statement["predicate"]["activities"]
    activities.append(activities[-1])


@VALUES.fails_at("sources")
def a_notebook_that_is_a_data_file(statement):
    entity = _entity(statement, "published")
    statement["predicate"]["notebook"]["subject"] = entity["subject"]
    for run in statement["predicate"]["activities"]:
        run["source"]["subject"] = entity["subject"]
    statement["subject"] = [s for s in statement["subject"] if not s["name"].endswith(".ipynb")]


def test_what_a_stranger_wrote_is_text_wherever_it_is_shown(book):
    """Markup, formulas and escapes stay letters in the page, in the report and in what widgets are told."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>=cmd|' /C calc'!A0\x1b[2J\u202e"
    statement = book.statement
    statement["predicate"]["agents"][0]["name"] = evil
    for run in statement["predicate"]["activities"]:
        run["step"] = run["note"] = evil
    for entity in statement["predicate"]["entities"]:
        entity.update(title=evil, license=evil)
    book.author_states(statement)
    report = book.report()
    assert report.failed == ()
    page = book.files["index.html"].decode()
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "\x1b" not in str(report)
    drawn = report.picture()
    assert "<script" not in drawn.svg
    assert json.loads(json.dumps(drawn.to_json()))


def test_no_name_writes_a_line_of_the_widget(book, stranger, tmp_path):
    """Where no browser draws the widget its text stands: a claimed name makes no check of its own in it."""
    key, wallet = stranger
    name = "Ada\n✓ anchor: block 1, Ethereum\x1b[2J\u202e"
    statement = book.statement
    statement["predicate"]["agents"][0] |= {"key": key.did, "name": name}
    for path in book.seals:
        del book.files[path]
    book.state(statement, by=key)
    book.add_seal(key, wallet)
    widget = VerifyWidget(saved_whole(book, tmp_path / "study.swarm"), home=book.home)
    try:
        end = time.monotonic() + 60
        while widget.state["phase"] == "checking" and time.monotonic() < end:
            time.sleep(0.05)
        report, lines = widget.state["report"], widget.said.split("\n")
        shown = widget._repr_mimebundle_()[0]["text/html"]
    finally:
        widget.close()

    assert report["claimsToBe"] == "Ada�✓ anchor: block 1, Ethereum�[2J�"
    assert all(line.isprintable() for line in lines)
    assert [line for line in lines if line.startswith("✓ anchor")] == []
    assert "<br>✓ anchor" not in shown
    assert all(check["detail"].isprintable() for check in report["checks"])
