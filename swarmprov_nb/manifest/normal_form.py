"""The notebook that is published: its file in normal form, which says what was written and not how it was run.

Cells keep id, type and source. Execution counts, times, widget state, receipts and every metadata key outside a short
list go. Outputs stay only where asked for; attachments leave the cells and become artifacts of their own.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from swarmprov_nb.bounded_json import loads
from swarmprov_nb.errors import UsageError
from swarmprov_nb.notebooks import CELL_TYPES, Cell, Notebook

_METADATA: Final = {"kernelspec": ("display_name", "language", "name"), "language_info": ("name",)}
_IMAGE: Final = "image/png"
_MOST_VALUES: Final = 1 << 20


@dataclass(frozen=True)
class Attachment:
    """A file that a Markdown cell carried inside itself; `number` counts them in the notebook, from 1."""

    number: int
    cell: str
    name: str
    media_type: str
    data: bytes


def cell_id(cell: Cell) -> str:
    """Return the cell's id, or one made from its place where an older notebook has none."""
    return cell.id or f"cell-{cell.index}"


def normal_form(notebook: Notebook, *, images_of: Collection[str] = (), outputs: bool = False) -> bytes:
    """Return the notebook's bytes in normal form (nbformat 4.5, sorted keys, one space of indent).

    `images_of` names the cells (by `cell_id`) whose PNG outputs stay: those that show a published figure.
    `outputs` keeps every output instead. Raises UsageError where one holds what is no JSON.
    """

    def kept(cell: Cell) -> list[dict[str, Any]]:
        found = [_output(output) for output in cell.outputs]
        if outputs:
            return found
        return [_image(output) for output in found if cell_id(cell) in images_of and _IMAGE in output.get("data", {})]

    document = {
        "cells": [_cell(cell, kept) for cell in notebook.cells],
        "metadata": _kept_metadata(notebook.metadata),
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    try:
        return _written(document)
    except ValueError:
        what = "An output of the notebook holds NaN or Infinity, which is no JSON."
        raise UsageError(what, "Publish it without --outputs, or clear that output and save the notebook.") from None


def is_normal(data: bytes) -> bool:
    """Tell whether bytes are a notebook in normal form, which has one spelling.

    ValueError, KeyError, TypeError or AttributeError for what is no notebook.

    >>> is_normal(b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    False
    """
    document = loads(data, values=_MOST_VALUES, parse_constant=_no_json)
    return (
        _written(document) == data
        and set(document) == {"cells", "metadata", "nbformat", "nbformat_minor"}
        and json.dumps([document["nbformat"], document["nbformat_minor"]]) == "[4, 5]"  # 4.0 is another spelling
        and document["metadata"] == _kept_metadata(document["metadata"])
        and isinstance(document["cells"], list)
        and all(_is_normal_cell(cell) for cell in document["cells"])
    )


def attachments(notebook: Notebook) -> list[Attachment]:
    """Return the files that Markdown cells carry inside themselves, in order."""
    found: list[Attachment] = []
    for cell in notebook.cells:
        for name, bundle in sorted(cell.attachments.items()):
            for media_type, text in sorted(bundle.items()):
                try:
                    data = base64.b64decode("".join(text), validate=False)
                except (binascii.Error, ValueError, TypeError):
                    continue
                found.append(Attachment(len(found) + 1, cell_id(cell), name, media_type, data))
    return found


def differing_cells(ours: bytes, theirs: bytes) -> list[str]:
    """Name the cells that differ between two normal forms, in the order of the first, then added ones.

    A cell differs in its type or source; ids that stand twice are compared together.
    """
    mine, other = _by_id(ours), _by_id(theirs)
    changed = [key for key in mine if mine[key] != other.get(key)] + [key for key in other if key not in mine]
    return changed or ([] if cells_of(ours) == cells_of(theirs) else ["the order of the cells"])


def cells_of(normal: bytes) -> list[tuple[str, str, str]]:
    """Return id, type and source of a normal form's cells; ValueError or KeyError where it is none."""
    cells = loads(normal, values=_MOST_VALUES)["cells"]
    return [(cell["id"], cell["cell_type"], _joined(cell["source"])) for cell in cells]


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")  # though Python reads and writes it


def _written(document: Any) -> bytes:
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "replace")


def _is_normal_cell(cell: dict[str, Any]) -> bool:
    """Tell whether a cell says no more than `_cell` writes."""
    code = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
    texts = isinstance(cell["source"], str) and isinstance(cell["id"], str) and cell["cell_type"] in CELL_TYPES
    plain = texts and cell["metadata"] == {} and cell.get("execution_count") is None
    outputs = cell.get("outputs", [])
    shown = isinstance(outputs, list) and all(output == _output(output) for output in outputs)
    return plain and shown and set(cell) == {"cell_type", "id", "metadata", "source"} | code


def _kept_metadata(metadata: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Keep the names of the kernel and of its language, and nothing else."""
    return {
        section: {key: metadata[section][key] for key in keys if isinstance(metadata[section].get(key), str)}
        for section, keys in _METADATA.items()
        if isinstance(metadata.get(section), dict)
    }


def _by_id(normal: bytes) -> dict[str, list[tuple[str, str]]]:
    cells: dict[str, list[tuple[str, str]]] = {}
    for name, kind, source in cells_of(normal):
        cells.setdefault(name, []).append((kind, source))
    return cells


def _cell(cell: Cell, kept: Callable[[Cell], list[dict[str, Any]]]) -> dict[str, Any]:
    common = {"cell_type": cell.type, "id": cell_id(cell), "metadata": {}, "source": cell.source}
    if cell.type != "code":
        return common
    return {**common, "execution_count": None, "outputs": kept(cell)}


def _output(output: dict[str, Any]) -> dict[str, Any]:
    """Drop what an output says of its run; widget views need a kernel and go."""
    kept = {key: value for key, value in output.items() if key not in ("execution_count", "metadata", "transient")}
    if "data" in kept:
        kept["data"] = {kind: data for kind, data in kept["data"].items() if "widget" not in kind}
        kept["metadata"] = {}
    if kept.get("output_type") == "execute_result":
        kept["execution_count"] = None
    return kept


def _image(output: dict[str, Any]) -> dict[str, Any]:
    return {"data": {_IMAGE: output["data"][_IMAGE]}, "metadata": {}, "output_type": "display_data"}


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
