"""Plain texts: what is read without escapes, and where it stands in the original."""

from __future__ import annotations

import csv
import html
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.manifest.finding_plain import plain
from swarmprov_nb.manifest.findings import scan

SECRET = "s3same-0pen-" + "sesame"
LINE = f'password = "{SECRET}"'


def in_table(text):
    table = io.StringIO()
    csv.writer(table).writerow([1, text])
    return table.getvalue()


WRITTEN = {
    "a string": repr(LINE),
    "JSON": json.dumps({"note": LINE}),
    "JSON in JSON": json.dumps({"note": json.dumps({"deeper": LINE})}),
    "HTML": html.escape(LINE),
    "a table": in_table(LINE),
    "a terminal": f'\x1b[32m1\x1b[39m password \x1b[38;5;241m=\x1b[39m \x1b[38;5;124m"{SECRET}"\x1b[39m',
    "a terminal in JSON": json.dumps(f'password\x1b[39m = \x1b[31m"{SECRET}"'),
    "lines in a string": json.dumps(f"first\n{LINE}\nlast"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_secret_is_found_however_it_is_escaped(name):
    """The same line is found in strings, JSON, HTML, tables and coloured outputs, and masked in the original."""
    (found,) = scan([("note", f"line one\n{WRITTEN[name]}\n")])

    assert (found.rule, found.confidence, found.line) == ("written-secret", "high", 2)
    assert found.excerpt.endswith(f"{SECRET[:3]}…")
    assert SECRET[:4] not in found.excerpt


ESCAPES = (r"\"", r"\\n", '""', "&quot;", "\x1b[1m", r"\u0022")


@given(st.text(max_size=200), st.sampled_from(ESCAPES), st.text(max_size=200))
def test_places_lead_back_to_the_original(before, escape, after):
    """Every letter of the plain text stands in the original where it is said to, or an escape for it does."""
    text = f"{before}{escape}{after}"
    read = plain(text)
    places = [read.original(place) for place in range(len(read.text))]

    assert places == sorted(places)
    assert all(0 <= place < len(text) for place in places)
    assert all(
        text[place] == letter or text[place] in '\\&"' or letter in "\"'\n\r\t/&<>"
        for place, letter in zip(places, read.text, strict=True)
    )


def test_a_text_without_escapes_is_itself():
    """Where nothing is escaped nothing is copied."""
    text = "nothing to see"

    assert plain(text).text is text


@pytest.mark.parametrize("piece", ["\\", "&", '""', "\x1b["])
def test_a_million_marks_of_escapes_are_read_once(piece):
    """A text of nothing but what begins an escape costs no more than its length."""
    assert scan([("note", piece * 1_000_000)]) == ()


def test_metadata_and_data_of_outputs_are_read(tmp_path):
    """Secrets in the metadata of a notebook, a cell and an output, and in JSON that an output shows, are found."""
    data = {"application/json": {"b": LINE}}
    output = {"output_type": "display_data", "metadata": {"a": LINE}, "data": data}
    cell = {"cell_type": "code", "source": "x", "metadata": {"c": LINE}, "outputs": [output]}
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": {"d": LINE}, "nbformat": 4, "nbformat_minor": 5}))
    from swarmprov_nb.manifest.findings import texts_of_file

    places = {each.place for each in scan(texts_of_file(path))}

    assert places == {"n.ipynb, metadata", "n.ipynb, metadata of cell 1", "n.ipynb, output of cell 1"}
