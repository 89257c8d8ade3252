"""The note of a publication in a notebook's own metadata: reference, digest and anchor, and nothing secret."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swarmprov_nb.errors import UsageError

if TYPE_CHECKING:
    from swarmprov_nb.receipts import Receipt


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Write the note into the notebook's file, which otherwise stays as it was; UsageError where that cannot be."""
    text = path.read_bytes().decode()
    document = json.loads(text)
    write = _writer_of(text, document)
    document.setdefault("metadata", {})["swarmprov"] = note(receipt)
    # a name that nobody foresees: a link of that name, in a folder from a stranger, would lead the writing elsewhere
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(write(document).encode())
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise UsageError(f"{path} cannot be written: {error.strerror}.", "The receipt is kept in your home.") from error


def _writer_of(text: str, document: Any) -> Callable[[Any], str]:
    """Return what writes JSON the way in which this file is written: its indent, escapes and line ends."""
    end = text[len(text.rstrip()) :]
    newline = "\r\n" if "\r\n" in text else "\n"
    for indent, escaped, tight in product((1, 2, 4, "\t", None), (False, True), (False, True)):
        separators = (",", ":") if tight else None
        options = {"indent": indent, "ensure_ascii": escaped, "separators": separators}

        def write(value: Any, options: dict[str, Any] = options) -> str:
            return json.dumps(value, **options).replace("\n", newline) + end

        if write(document) == text:
            return write
    return lambda value: json.dumps(value, indent=1) + "\n"  # a style of its own: as Jupyter will write it


def note(receipt: Receipt) -> dict[str, Any]:
    """Return what the note says: it claims a publication, and proves none."""
    return {
        "reference": receipt.reference,
        "manifest": receipt.manifest,
        "anchor": dict(receipt.anchor) if receipt.anchor else None,
    }
