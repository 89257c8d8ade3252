"""Files as they are: kinds and media types by suffix from our own tables, never the host's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

OTHER = "application/octet-stream"
_STEP = 1000

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".bib": "application/x-bibtex",
        ".csv": "text/csv",
        ".feather": "application/vnd.apache.arrow.file",
        ".geojson": "application/geo+json",
        ".gif": "image/gif",
        ".gz": "application/gzip",
        ".h5": "application/x-hdf5",
        ".html": "text/html",
        ".ipynb": "application/x-ipynb+json",
        ".jpeg": "image/jpeg",
        ".jpg": "image/jpeg",
        ".json": "application/json",
        ".jsonl": "application/jsonl",
        ".md": "text/markdown",
        ".nc": "application/x-netcdf",
        ".npy": "application/x-npy",
        ".npz": "application/x-npz",
        ".parquet": "application/vnd.apache.parquet",
        ".pdf": "application/pdf",
        ".png": "image/png",
        ".py": "text/x-python",
        ".skops": "application/zip",
        ".sqlite": "application/vnd.sqlite3",
        ".svg": "image/svg+xml",
        ".tex": "application/x-tex",
        ".tif": "image/tiff",
        ".tiff": "image/tiff",
        ".toml": "application/toml",
        ".tsv": "text/tab-separated-values",
        ".txt": "text/plain",
        ".webp": "image/webp",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xml": "application/xml",
        ".yaml": "application/yaml",
        ".yml": "application/yaml",
        ".zip": "application/zip",
    }
)
_KINDS: Mapping[str, set[str]] = {
    "figure": {".png", ".svg", ".jpg", ".jpeg", ".pdf"},
    "dataset": {".csv", ".tsv", ".parquet", ".feather", ".arrow", ".xlsx", ".npy", ".npz", ".jsonl"},
    "model": {".skops", ".pkl", ".joblib", ".onnx", ".safetensors"},
}


def kind_of(path: Path) -> str:
    """Return the kind of artifact that a file is, by its suffix.

    >>> kind_of(Path("a.csv")), kind_of(Path("a.txt"))
    ('dataset', 'file')
    """
    return next((kind for kind, suffixes in _KINDS.items() if path.suffix.lower() in suffixes), "file")


def media_type(path: Path) -> str:
    """Return the media type that a file's suffix stands for.

    >>> media_type(Path("penguins.CSV"))
    'text/csv'
    """
    return MEDIA_TYPES.get(path.suffix.lower(), OTHER)


def size_text(size: int) -> str:
    """Return a size in bytes for people.

    >>> size_text(999), size_text(12_345), size_text(5_000_000)
    ('999 bytes', '12.3 kB', '5.0 MB')
    """
    if size < _STEP:
        return f"{size:,} bytes"
    power = min(len(f"{size:d}") - 1, 12) // 3
    return f"{size / _STEP**power:,.1f} {' kMGT'[power]}B"
