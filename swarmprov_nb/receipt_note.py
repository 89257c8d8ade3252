"""The note of a publication in a notebook's own metadata: reference, digest and anchor, and nothing secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swarmprov_nb.errors import UsageError

if TYPE_CHECKING:
    from swarmprov_nb.receipts import Receipt


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Write the note into the notebook's file, which otherwise stays as it was; UsageError where that cannot be."""
    text = path.read_text("utf-8")
    document = json.loads(text)
    document.setdefault("metadata", {})["swarmprov"] = note(receipt)
    indent = 1 if "\n" in text.strip() else None
    written = json.dumps(document, indent=indent, ensure_ascii=False) + ("\n" if text.endswith("\n") else "")
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_text(written, "utf-8")
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror}.", "The receipt is kept in your home.") from error


def note(receipt: Receipt) -> dict[str, Any]:
    """Return what the note says: it claims a publication, and proves none."""
    return {
        "reference": receipt.reference,
        "manifest": receipt.manifest,
        "anchor": dict(receipt.anchor) if receipt.anchor else None,
    }
