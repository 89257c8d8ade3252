"""Places in a notebook and its files where a secret ends up: a cell, an output, metadata, a file that is published."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from typing import Any, Final

from swarmprov_nb.testing.secret_corpus.draw import Draw, Planted

Files = dict[str, bytes]
Cell = dict[str, Any]
NOTEBOOK: Final = "study.ipynb"


def notebook(cells: list[Cell], metadata: dict[str, Any] | None = None) -> bytes:
    """Return a notebook file (nbformat 4.5) as Jupyter writes it."""
    python = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    whole = {"cells": cells, "metadata": {**python, **(metadata or {})}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()


def code(draw: Draw, source: str, *outputs: Cell, metadata: dict[str, Any] | None = None) -> Cell:
    """Return a code cell."""
    lines = source.splitlines(keepends=True)
    cell = {"cell_type": "code", "id": draw.hex(4), "metadata": metadata or {}, "source": lines}
    return {**cell, "execution_count": draw.number(1, 99), "outputs": list(outputs)}


def markdown(draw: Draw, source: str) -> Cell:
    """Return a Markdown cell."""
    lines = source.splitlines(keepends=True)
    return {"cell_type": "markdown", "id": draw.hex(4), "metadata": {}, "source": lines}


def printed(text: str) -> Cell:
    """Return what a cell printed."""
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def shown(data: dict[str, str]) -> Cell:
    """Return what a cell displayed, by media type."""
    lines = {kind: text.splitlines(keepends=True) for kind, text in data.items()}
    return {"output_type": "display_data", "data": lines, "metadata": {}}


def in_code(draw: Draw, planted: Planted) -> Files:
    """In the source of a cell: as it is, as a file that a cell writes, or fenced in Markdown."""
    if planted.file is None:
        cell = draw.pick(code(draw, planted.text), code(draw, f"import pandas as pd\n\n{planted.text}\ndf.head()"))
    else:
        fenced = markdown(draw, f"Put this into `{planted.file}`:\n\n```\n{planted.text}\n```")
        cell = draw.pick(code(draw, f"%%writefile {planted.file}\n{planted.text}"), fenced)
    return {NOTEBOOK: notebook([cell])}


def in_output(draw: Draw, planted: Planted) -> Files:
    """In an output: printed, shown as Python shows a text, shown as HTML, or in a coloured traceback."""
    say = code(draw, f"print(open({planted.file or 'setup.py'!r}).read())", printed(planted.text))
    represent = code(draw, "settings", shown({"text/plain": repr(planted.text)}))
    page = shown({"text/html": f"<pre>{html.escape(planted.text)}</pre>", "text/plain": "<HTML object>"})
    trace = ["\x1b[31mKeyError\x1b[39m  Traceback (most recent call last)", coloured(planted.text), "KeyError: 'id'"]
    failed = code(draw, "main()", {"output_type": "error", "ename": "KeyError", "evalue": "'id'", "traceback": trace})
    others = [say, represent, code(draw, "HTML(text)", page)]
    return {NOTEBOOK: notebook([draw.pick(*others, failed if planted.file is None else say)])}


def in_metadata(draw: Draw, planted: Planted) -> Files:
    """In the metadata of a notebook or of a cell, where parameters and notes of tools stay."""
    parameters = {"papermill": {"parameters": {"year": 2026, "setup": planted.text}, "version": "2.6.0"}}
    noted = code(draw, "df.describe()", metadata={"tags": ["todo"], "notes": planted.text})
    return {NOTEBOOK: draw.pick(notebook([code(draw, "df")], parameters), notebook([noted]))}


def in_file(draw: Draw, planted: Planted) -> Files:
    """In a file that is published: a text, a column of a table, or a text in JSON."""
    table = io.StringIO()
    rows = [("id", "note", "value"), (1, "first", 0.25), (2, planted.text, 0.5), (3, "last", 0.75)]
    csv.writer(table).writerows(rows)
    lines = [json.dumps({"id": n, "note": text}) for n, (_, text, _) in enumerate(rows[1:])]
    files = {
        "notes.txt": planted.text,
        "table.csv": table.getvalue(),
        "settings.json": json.dumps({"name": "study", "setup": planted.text, "year": 2026}, indent=2),
        "rows.jsonl": "\n".join(lines),
    }
    name = draw.pick(*files)
    return {NOTEBOOK: notebook([code(draw, f"open({name!r}).read()")]), name: files[name].encode()}


PLACES: Final[dict[str, Callable[[Draw, Planted], Files]]] = {
    "code": in_code,
    "output": in_output,
    "metadata": in_metadata,
    "artifact": in_file,
}


def coloured(text: str) -> str:
    """Return a line of source as IPython colours it in a traceback, by ANSI sequences around its parts."""
    colour = {'"': "38;5;124", "'": "38;5;124", "=": "38;5;241", ".": "38;5;241", "(": "1", ")": "1"}

    def paint(match: re.Match[str]) -> str:
        return f"\x1b[{colour[match[0][0]]}m{match[0]}\x1b[39m"

    body = re.sub(r"\"[^\"\n]*\"|'[^'\n]*'|[=.()]", paint, text)
    return f"\x1b[32m----> 1\x1b[39m {body}"
