"""Snapshots of objects and files: digests, size, limits, and what happens when a file moves under the reader."""

from __future__ import annotations

import hashlib
import io
import os

import numpy as np
import pandas as pd
import pytest

from swarmprov_nb.artifacts import Description, Encoded, family_of, register_family, registry, snapshot, snapshot_file
from swarmprov_nb.artifacts.files import media_type, size_text
from swarmprov_nb.errors import ArtifactError, ArtifactTooLarge

LIMIT = 1_000_000


def test_a_snapshot_is_what_was_there(tmp_path):
    """The file holds what sha256 and size say, and reads back as the object."""
    frame = pd.DataFrame({"a": [1, 2, 3]})
    taken = snapshot(frame, folder=tmp_path, limit=LIMIT, name="clean")
    data = taken.path.read_bytes()
    frame["a"] = 0

    assert (taken.sha256, taken.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert taken.description.summary == "3 rows × 1 column"
    assert taken.content_id.startswith("table-v1:sha256:")
    assert list(pd.read_parquet(io.BytesIO(data))["a"]) == [1, 2, 3]


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"a": np.random.default_rng(0).normal(size=50_000)}),
        np.zeros(100_000),
        pd.DataFrame({"m": [1, "a"] * 50_000}),
    ],
)
def test_over_the_limit_names_size_and_setting(tmp_path, value):
    """An artifact over the limit is refused with its size and the setting's name, and leaves no file."""
    with pytest.raises(ArtifactTooLarge, match=r"big takes .*\d+ bytes; .* 150,000") as refused:
        snapshot(value, folder=tmp_path, limit=150_000, name="big")

    assert "max_artifact_bytes" in refused.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_far_over_the_limit_is_not_written_to_the_end(tmp_path):
    """An object of many times the limit stops early and says that it is over."""
    with pytest.raises(ArtifactTooLarge, match="over 8,000 bytes"):
        snapshot(
            pd.DataFrame({"a": np.random.default_rng(0).normal(size=100_000)}), folder=tmp_path, limit=1000, name="a"
        )


def test_what_no_family_takes_is_refused_with_a_way_out(tmp_path):
    """An object of an unknown kind names its type and what to do."""
    with pytest.raises(ArtifactError, match="x is a object") as refused:
        snapshot(object(), folder=tmp_path, limit=LIMIT, name="x")

    assert "register" in refused.value.next_step


class Refusing:
    name = "refusing"

    def matches(self, value):
        return isinstance(value, set)

    def describe(self, value):
        return Description("dataset", None, None, f"{len(value)} members")

    def content_id(self, value):
        return "set-v1:sha256:00"

    def encode(self, value, stream):
        stream.write(b"half")
        if None in value:
            raise RuntimeError("no None here")
        return Encoded("text/plain", ".txt", ())


@pytest.fixture
def refusing(monkeypatch):
    monkeypatch.setattr(registry, "_registered", [])
    register_family(Refusing())


def test_a_family_of_another_library_is_used(tmp_path, refusing):
    """A registered family comes before ours, and ten lines are enough."""
    taken = snapshot({1, 2}, folder=tmp_path, limit=LIMIT, name="members")

    assert family_of({1}).name == "refusing"
    assert (taken.description.summary, taken.size) == ("2 members", 4)


def test_what_fails_half_way_leaves_no_file(tmp_path, refusing):
    """A failing family becomes an ArtifactError with its reason, and the half-written file is gone."""
    with pytest.raises(ArtifactError, match="members cannot be written down: no None here"):
        snapshot({None}, folder=tmp_path, limit=LIMIT, name="members")

    assert list(tmp_path.iterdir()) == []


def test_the_newest_family_comes_first(monkeypatch):
    """Of two that take an object, the one registered last is asked first; the same name replaces."""
    monkeypatch.setattr(registry, "_registered", [])
    first, second, third = Refusing(), Refusing(), Refusing()
    second.name = "second"
    for family in (first, second, third):
        register_family(family)

    assert registry._registered == [third, second]
    assert family_of({1}) is third


def test_a_broken_entry_point_is_said_and_left_out(monkeypatch):
    """A family that another package fails to load is a warning, not a stopped cell."""

    class Point:
        name = "theirs"

        def load(self):
            raise ImportError("gone")

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    registry._installed.cache_clear()
    try:
        with pytest.warns(UserWarning, match="theirs could not be loaded: gone"):
            assert family_of("text") is None
    finally:
        registry._installed.cache_clear()


# -- files


def test_a_file_is_taken_as_it_is(tmp_path):
    """A file's snapshot points at the file itself, and hashes its bytes."""
    path = tmp_path / "clean.csv"
    path.write_bytes(b"a,b\n1,2\n" * 100_000)
    taken = snapshot_file(path, limit=LIMIT)

    assert taken.path == path
    assert taken.content_id == f"file:sha256:{taken.sha256}"
    assert taken.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (taken.size, taken.encoded) == (800_000, Encoded("text/csv", ".csv", ()))
    assert taken.description == Description("file", None, None, "text/csv, 800.0 kB")


def test_a_file_over_the_limit_is_refused(tmp_path):
    """A large file is refused before it is read, with its size."""
    path = tmp_path / "big.bin"
    path.write_bytes(bytes(2000))

    with pytest.raises(ArtifactTooLarge, match=r"big\.bin takes 2,000 bytes"):
        snapshot_file(path, limit=1000)


@pytest.mark.parametrize("change", ["append", "replace", "delete"])
def test_a_file_that_changes_meanwhile_is_refused(tmp_path, monkeypatch, change):
    """What is written, replaced or deleted while it is read is no snapshot."""
    path = tmp_path / "data.txt"
    path.write_bytes(b"before")
    hashed = hashlib.file_digest

    def interrupted(file, name):
        digest = hashed(file, name)
        if change == "append":
            with path.open("ab") as writer:
                writer.write(b" and after")
        elif change == "replace":
            (tmp_path / "new").write_bytes(b"after!")
            (tmp_path / "new").replace(path)
        else:
            path.unlink()
        return digest

    monkeypatch.setattr(hashlib, "file_digest", interrupted)

    with pytest.raises(ArtifactError, match=r"data\.txt (was changed|cannot be read)"):
        snapshot_file(path, limit=LIMIT)


def test_folders_pipes_and_missing_files_are_refused(tmp_path):
    """Only plain files are taken, and a pipe without a writer blocks nothing."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, tmp_path / "missing"):
        with pytest.raises(ArtifactError):
            snapshot_file(path, limit=LIMIT)


def test_sizes_read_well():
    """Sizes are said in the largest unit that keeps them over one."""
    sizes = [0, 999, 1000, 999_999, 1_000_000, 12_300_000_000, 5 * 10**15]
    said = ["0 bytes", "999 bytes", "1.0 kB", "1,000.0 kB", "1.0 MB", "12.3 GB", "5,000.0 TB"]

    assert [size_text(size) for size in sizes] == said


def test_media_types_come_from_our_own_table(tmp_path):
    """An unknown suffix is bytes, whatever the host's table says."""
    assert [media_type(tmp_path / name) for name in ("a.unknown", "b.PNG", "c")] == [
        "application/octet-stream", "image/png", "application/octet-stream",
    ]  # fmt: skip
