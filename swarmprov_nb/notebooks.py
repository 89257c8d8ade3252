"""Reading ``.ipynb`` files (nbformat 4, https://nbformat.readthedocs.io): cells, headings, and where a project ends."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from swarmprov_nb.bounded_json import loads
from swarmprov_nb.errors import UsageError

CELL_TYPES = ("code", "markdown", "raw")
_FORMAT = 4


@dataclass(frozen=True)
class Cell:
    """One cell as the file holds it; `index` counts all cells, `code_index` the non-empty code cells, from 0."""

    index: int
    code_index: int | None
    id: str | None
    type: str
    source: str
    outputs: tuple[dict[str, Any], ...]
    attachments: dict[str, dict[str, Any]]
    execution_count: int | None = None

    @property
    def source_sha256(self) -> str:
        """The sha256 of the source's UTF-8 bytes, in hex."""
        return hashlib.sha256(self.source.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Notebook:
    """A notebook file, read once.

    Raises UsageError where the file is missing, no notebook, or of a format before 4.
    """

    path: Path
    cells: tuple[Cell, ...]
    metadata: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Notebook:
        """Read a notebook from a file."""
        try:
            document = loads(path.read_bytes(), values=None)
            if not isinstance(document, dict) or document.get("nbformat") != _FORMAT:
                raise ValueError("it is not of notebook format 4")  # noqa: TRY301 - one place words the refusal
            return cls(path, _cells(document["cells"]), dict(document.get("metadata", {})))
        except FileNotFoundError:
            raise UsageError(f"There is no notebook {path}.", "Check the name, or save the notebook first.") from None
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}.", "Check the name and its rights.") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{path} cannot be read as a notebook: {error}.", "Open and save it in Jupyter, then try again."
            ) from None

    @property
    def code(self) -> tuple[Cell, ...]:
        """The non-empty code cells, in order."""
        return tuple(cell for cell in self.cells if cell.code_index is not None)

    def heading_above(self, cell: Cell) -> str | None:
        """Return the Markdown heading above a cell, where no other code stands between the two."""
        for above in reversed(self.cells[: cell.index]):
            if above.code_index is not None:
                return None
            if above.type == "markdown" and (heading := _last_heading(above.source)):
                return heading
        return None


def heading_above(path: Path, cell_id: str | None, source: str) -> str | None:
    """Return the heading above the cell with this id, else with this source, in a saved notebook; None if unknown."""
    try:
        notebook = _read_cached(path, path.stat().st_mtime_ns)
    except (OSError, UsageError):
        return None
    by_id = (cell for cell in notebook.code if cell_id is not None and cell.id == cell_id)
    by_source = (cell for cell in notebook.code if cell.source == source)
    cell = next(by_id, None) or next(by_source, None)
    return notebook.heading_above(cell) if cell else None


def project_folder(folder: Path) -> Path:
    """Return the folder of the project that `folder` is in: the nearest with .git or pyproject.toml, else itself."""
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists() or (candidate / "pyproject.toml").is_file():
            return candidate
    return folder


@lru_cache(maxsize=4)
def _read_cached(path: Path, _modified: int) -> Notebook:
    return Notebook.read(path)


def _cells(raw: list[dict[str, Any]]) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    code_index = 0
    for index, cell in enumerate(raw):
        source = _text(cell["source"])
        if cell["cell_type"] not in CELL_TYPES:
            raise ValueError(f"cell {index + 1} is of no known type")
        counts = cell["cell_type"] == "code" and source.strip() != ""
        cells.append(
            Cell(
                index=index,
                code_index=code_index if counts else None,
                id=name if isinstance(name := cell.get("id"), str) else None,
                type=cell["cell_type"],
                source=source,
                outputs=tuple(cell.get("outputs", ())),
                attachments=dict(cell.get("attachments", {})),
                execution_count=number if isinstance(number := cell.get("execution_count"), int) else None,
            )
        )
        code_index += counts
    return tuple(cells)


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _last_heading(markdown: str) -> str | None:
    fenced, heading = False, None
    for line in markdown.splitlines():
        fenced ^= line.lstrip().startswith("```")
        if not fenced and line.startswith("#") and line.lstrip("#").startswith(" "):
            heading = line.lstrip("#").strip().rstrip("#").strip()
    return heading or None
