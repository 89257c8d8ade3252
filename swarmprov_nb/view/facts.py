"""What is known of one thing beside its label: for those who ask about a single shape of a picture."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath, PureWindowsPath

from swarmprov_nb.lineage.vocabulary import Artifact, CellRun
from swarmprov_nb.view.captions import byte_size, duration, format_name
from swarmprov_nb.view.labels import clean


def facts_of(item: Artifact | CellRun) -> dict[str, str]:
    """Return the stated facts by name, as text; what is unknown is left out.

    Of a cell run: ran (UTC, RFC 3339), took, error, gap, note. Of an artifact: size, format, licence, version, file,
    origin, opened, signer, about, note, sha256. Contacts are not among them, and of a file outside the notebook's
    folder only its name.

    >>> from swarmprov_nb.testing import example_lineage
    >>> facts_of(example_lineage().artifacts[0])
    {'format': 'CSV', 'licence': 'CC0-1.0', 'file': 'data/penguins_raw.csv'}
    """
    found = _of_artifact(item) if isinstance(item, Artifact) else _of_run(item)
    return {name: text for name, value in found.items() if (text := clean(value or ""))}


def _of_run(run: CellRun) -> dict[str, str | None]:
    took = duration(run.ended - run.started)
    return {"ran": _moment(run.started), "took": took, "error": run.error, "gap": run.gap, "note": run.note}


def _of_artifact(artifact: Artifact) -> dict[str, str | None]:
    stored, parent = artifact.stored, artifact.parent
    suffix = stored.suffix if stored else PurePosixPath(artifact.path or "").suffix
    return {
        "size": byte_size(stored.size) if stored else "",
        "format": format_name(suffix),
        "licence": artifact.declaration.license,
        "version": str(artifact.version) if artifact.version > 1 else "",
        "file": _inside(artifact.path or ""),
        "origin": artifact.origin,
        "opened": f"manifest {parent.manifest}" if parent else "",
        "signer": parent.author if parent else "",
        "about": artifact.summary,
        "note": artifact.note,
        "sha256": stored.sha256 if stored else "",
    }


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):  # a foreign record may hold any number
        return ""


def _inside(path: str) -> str:
    windows = PureWindowsPath(path)
    return windows.name if windows.drive or windows.root else path
