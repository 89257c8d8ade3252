"""What a node says: its title, the line below it, and its full text."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from swarmprov_nb.lineage.graph import TIMES
from swarmprov_nb.lineage.vocabulary import Artifact, CellRun
from swarmprov_nb.view.labels import clean

_FORMATS: Final = {
    "bin": "bytes",
    "gz": "gzip",
    "ipynb": "notebook",
    "joblib": "joblib",
    "npy": "NumPy",
    "parquet": "Parquet",
    "pickle": "pickle",
    "pkl": "pickle",
    "skops": "skops",
    "txt": "text",
}
_LONGEST_SUFFIX: Final = 5
_MINUTE, _HOUR = 60, 3600


def run_title(run: CellRun) -> str:
    r"""Return the step's name, else the first line of its source.

    >>> from swarmprov_nb.testing import LineageBuilder
    >>> run_title(LineageBuilder().run("", source="\n\ndf = read()\ndf.head()"))
    'df = read()'
    """
    if title := clean(run.step):
        return title
    return next((line for text in run.source[:4000].splitlines() if (line := clean(text))), "empty cell")


def run_subtitle(run: CellRun) -> tuple[str, ...]:
    """Return the count and how the run ended, or its note, or how long it took."""
    count = "" if run.execution_count is None else f"[{run.execution_count}] "
    if run.status == "error":
        return (f"{count}stopped: {clean(run.error or 'error').split(':')[0]}",)
    if run.status == "interrupted":
        return (f"{count}interrupted",)
    if run.gap:
        return (f"{count}not seen: {clean(run.gap)}",)
    return (f"{count}{clean(run.note) if run.note else duration(run.ended - run.started)}",)


def run_label(run: CellRun) -> str:
    """Return the full text of a cell run."""
    parts = [run_title(run), *run_subtitle(run), run.note, run.error]
    if run.gap:
        parts.append(f"not seen: {run.gap}")
    return ", ".join(dict.fromkeys(clean(part) for part in parts if part))


def artifact_subtitle(artifact: Artifact) -> tuple[str, ...]:
    """Return shape or size, format, licence and version: most telling first, so that the last may be dropped.

    >>> from swarmprov_nb.testing import example_lineage
    >>> artifact_subtitle(example_lineage().artifacts[2])
    ('1.2 kB', 'CSV')
    """
    size = byte_size(artifact.stored.size) if artifact.stored else ""
    extent = f" {TIMES} ".join(f"{number:,}" for number in artifact.shape) if artifact.shape else size
    suffix = artifact.stored.suffix if artifact.stored else PurePosixPath(artifact.path or "").suffix
    version = f"v{artifact.version}" if artifact.version > 1 else ""
    parts = (extent, format_name(suffix), clean(artifact.declaration.license or ""), version)
    return tuple(part for part in parts if part) or (clean(artifact.summary) or artifact.kind,)


def artifact_label(artifact: Artifact) -> str:
    """Return the full text of an artifact."""
    opened = f"opened from a publication by {artifact.parent.author}" if artifact.parent else None
    known = (artifact.summary, artifact.path, artifact.origin, opened, artifact.note)
    parts = dict.fromkeys((artifact.kind, *artifact_subtitle(artifact), *known))
    about = ", ".join(clean(part) for part in parts if part)
    return f"{clean(artifact.title)}: {about}"


def format_name(suffix: str) -> str:
    """Return what people call a file format.

    >>> format_name(".parquet"), format_name(".png"), format_name("")
    ('Parquet', 'PNG', '')
    """
    plain = clean(suffix).lstrip(".").lower()
    return _FORMATS.get(plain) or (plain.upper() if len(plain) <= _LONGEST_SUFFIX else "")


def duration(seconds: float) -> str:
    """Return a time as people say it.

    >>> duration(0.034), duration(12.4), duration(125), duration(4000)
    ('0.03 s', '12 s', '2 min 5 s', '1 h 6 min')
    """
    if seconds < 10:  # noqa: PLR2004 - below ten seconds hundredths tell something
        return f"{max(seconds, 0):.2f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def byte_size(size: int) -> str:
    """Return a size in decimal units.

    >>> byte_size(999), byte_size(1_200), byte_size(412_000), byte_size(3_400_000_000)
    ('999 B', '1.2 kB', '412 kB', '3.4 GB')
    """
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":  # noqa: PLR2004 - decimal units
            break
        amount /= 1000
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "B" else f"{amount:.0f} {unit}"  # noqa: PLR2004


def plural(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> plural(1, "cell run"), plural(29, "earlier run")
    ('1 cell run', '29 earlier runs')
    """
    return f"{count} {noun}" if count == 1 else f"{count:,} {noun}s"
