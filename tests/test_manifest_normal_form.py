"""The notebook's normal form says what was written, and nothing of how it was run."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.manifest.normal_form import attachments, cells_of, differing_cells, is_normal, normal_form
from swarmprov_nb.notebooks import Notebook

PNG = base64.b64encode(b"\x89PNG").decode()
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def _notebook(path, cells, metadata=None, **more):
    document = {"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5, **more}
    path.write_text(json.dumps(document))
    return Notebook.read(path)


def _code(source="1 + 1", **fields):
    return {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    } | fields


def _display(**data):
    return {
        "output_type": "display_data",
        "data": {kind.replace("_", "/"): text for kind, text in data.items()},
        "metadata": {},
    }


@pytest.fixture
def file(tmp_path):
    return tmp_path / "n.ipynb"


def test_how_it_was_run_is_left_out(file):
    """Counts, times, tags, widget state, receipts and outputs make no difference."""
    plain = normal_form(_notebook(file, [_code()]))
    loud = _notebook(
        file,
        [_code(execution_count=7, metadata={"execution": {"iopub.status.busy": "2026"}, "tags": ["x"]},
               outputs=[{"output_type": "stream", "name": "stdout", "text": "/home/ada"}])],
        {"widgets": {"state": 1}, "swarmprov": {"reference": "ab" * 32}, "authors": [{"name": "Ada"}]},
        nbformat_minor=4,
    )  # fmt: skip
    assert normal_form(loud) == plain
    assert is_normal(plain)


def test_the_kernels_language_stays_and_its_machine_does_not(file):
    """Of the metadata only the kernel's names and the language's."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3", "path": "/home/ada/.venv"}
    made = json.loads(
        normal_form(_notebook(file, [], {"kernelspec": kernel, "language_info": {"name": "python", "version": "3"}}))
    )
    assert made["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_sources_of_lines_and_of_one_text_are_equal(file):
    """A source is one string, however the file split it."""
    split = normal_form(_notebook(file, [_code(["a = 1\n", "b = 2"])]))
    assert split == normal_form(_notebook(file, [_code("a = 1\nb = 2")]))
    assert [source for _, _, source in cells_of(split)] == ["a = 1\nb = 2"]


def test_only_images_of_published_figures_stay(file):
    """Of a figure's cell the PNG; with outputs=True everything but what a kernel needs."""
    outputs = [
        _display(image_png=PNG, text_plain="<Figure>"),
        {"output_type": "stream", "name": "stdout", "text": "secret"},
        {"output_type": "execute_result", "execution_count": 3, "metadata": {"x": 1},
         "data": {"text/plain": "2", "application/vnd.jupyter.widget-view+json": {"model_id": "1"}}},
    ]  # fmt: skip
    notebook = _notebook(file, [_code(outputs=outputs)])
    assert json.loads(normal_form(notebook))["cells"][0]["outputs"] == []
    (image,) = json.loads(normal_form(notebook, images_of={"a"}))["cells"][0]["outputs"]
    assert image == {"data": {"image/png": PNG}, "metadata": {}, "output_type": "display_data"}
    everything = normal_form(notebook, outputs=True)
    kept = json.loads(everything)["cells"][0]["outputs"]
    assert [output["output_type"] for output in kept] == ["display_data", "stream", "execute_result"]
    assert (kept[2]["data"], kept[2]["execution_count"], kept[2]["metadata"]) == ({"text/plain": "2"}, None, {})
    assert is_normal(everything)


def test_attachments_leave_the_cells(file):
    """They become files of their own, and what is no base64 is left out."""
    cell = {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "![p](attachment:p.png)",
            "attachments": {"p.png": {"image/png": PNG}, "broken": {"image/png": 5}}}  # fmt: skip
    notebook = _notebook(file, [cell])
    (found,) = attachments(notebook)
    assert (found.cell, found.name, found.media_type, found.data) == ("m", "p.png", "image/png", b"\x89PNG")
    assert b"attachments" not in normal_form(notebook)


def test_cells_without_ids_are_called_by_their_place(file):
    """Older notebooks have none."""
    cell = _code()
    del cell["id"]
    assert json.loads(normal_form(_notebook(file, [cell, cell])))["cells"][1]["id"] == "cell-1"


@pytest.mark.parametrize("name", [7, None, ["a"], {}])
def test_an_id_that_is_no_text_is_none(file, name):
    """Such a cell is called by its place too, and the form is one that verifies."""
    assert is_normal(normal_form(_notebook(file, [_code(id=name)])))


@given(st.lists(st.tuples(st.sampled_from(["code", "markdown", "raw"]), texts), max_size=6))
def test_normal_form_is_a_fixed_point(tmp_path_factory, cells):
    """The normal form of a normal form is itself, and the verifier takes it."""
    file = tmp_path_factory.mktemp("n") / "n.ipynb"
    made = normal_form(
        _notebook(
            file,
            [{"cell_type": kind, "id": str(n), "metadata": {}, "source": text} for n, (kind, text) in enumerate(cells)],
        )
    )
    file.write_bytes(made)
    assert normal_form(Notebook.read(file)) == made
    assert is_normal(made)
    assert [(kind, source) for _, kind, source in cells_of(made)] == cells


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t + "\n",
        lambda t: t.replace("\n ", "\n  ", 1),
        lambda t: t.replace('"nbformat": 4', '"nbformat": 4, "nbformat": 4'),
        lambda t: t.replace('   "source": ', '   "source": "other",\n   "source": '),
        lambda t: t.replace('"metadata": {},\n   "outputs"', '"metadata": {"x": 1},\n   "outputs"'),
        lambda t: t.replace("é", "\\u00e9"),
        lambda t: t.replace("null", "3"),
        lambda t: t.replace('"nbformat": 4', '"nbformat": 4.0'),
        lambda t: json.dumps({**json.loads(t), "cells": {}}, indent=1, sort_keys=True) + "\n",
        lambda t: json.dumps(json.loads(t)),
    ],
)
def test_another_spelling_is_not_normal(file, change):
    """Spaces, doubled keys, escapes, metadata and counts are seen."""
    text = normal_form(_notebook(file, [_code("é")])).decode()
    assert change(text) != text
    assert not is_normal(change(text).encode())


def test_what_is_no_notebook_raises_what_the_verifier_expects():
    """ValueError, KeyError or TypeError, and no crash on a deep text."""
    for data in (b"", b"PK\x03", b"[]", b"{}", b'{"cells": 5}', b"[" * 200_000, b'{"a":' * 200_000):
        with pytest.raises((ValueError, KeyError, TypeError)):
            cells_of(data)


def test_cells_that_differ_are_named_in_order(file):
    """Changed ones in the order of the first notebook, then added ones; a new order has a name of its own."""
    cells = [_code("a", id="a"), _code("b", id="b"), _code("c", id="c")]
    ours = normal_form(_notebook(file, cells))

    def differing(*changed):
        return differing_cells(ours, normal_form(_notebook(file, list(changed))))

    assert differing(*cells) == []
    assert differing(cells[0], _code("x", id="b"), _code("y", id="z")) == ["b", "c", "z"]
    assert differing(cells[1], cells[0], cells[2]) == ["the order of the cells"]
    twins = [_code("x", id="twin"), _code("y", id="b"), _code("z", id="twin")]
    ours = normal_form(_notebook(file, twins))
    assert differing(*twins) == []
    assert differing(twins[0], twins[2], twins[1]) == ["the order of the cells"]
    ours = normal_form(_notebook(file, cells))
    assert differing(*cells, _code("evil", id="c")) == ["c"]
    assert differing(*cells, _code("c", id="c")) == ["c"]
    assert differing({"cell_type": "markdown", "id": "a", "metadata": {}, "source": "a"}, *cells[1:]) == ["a"]
