"""Tables: content ids over logical types, Parquet with equal bytes, and the stated fallback."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import io
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.artifacts.tables import Tables, column_digests

TABLES = Tables()
GOLDENS = json.loads((Path(__file__).parent / "goldens" / "table_content_ids.json").read_text())

# one frame for every logical type and every kind of label and index; ids equal on pandas 2.3 and 3.1
FRAMES = {
    "num": lambda: pd.DataFrame({"a": [1, 2, 3], "b": [0.5, np.nan, 2], "c": [True, False, True]}),
    "int32": lambda: pd.DataFrame(
        {"a": np.array([1, 2, 3], "i4"), "f": np.array([1, 2, 3], "f4"), "u": np.array([1, 2, 3], "u1")}
    ),
    "str": lambda: pd.DataFrame({"s": ["Adélie", None, "Gentoo"], "t": ["a", "b", "c"]}),
    "string": lambda: pd.DataFrame({"s": pd.array(["x", None, "y"], dtype="string")}),
    "allnull": lambda: pd.DataFrame({"s": [None, None]}),
    "empty": lambda: pd.DataFrame({"a": [], "b": pd.Series([], dtype=str)}),
    "time": lambda: pd.DataFrame(
        {"t": pd.to_datetime(["2020-01-01", "2021-02-03 04:05:06.789", None], format="mixed")}
    ),
    "tz": lambda: pd.DataFrame(
        {
            "t": pd.to_datetime(["2020-01-01", "2021-02-03"]).tz_localize("Europe/Ljubljana"),
            "u": pd.to_datetime(["2020-01-01", "2021-02-03"]).tz_localize("UTC"),
        }
    ),
    "off": lambda: pd.DataFrame({"t": pd.to_datetime(["2020-01-01T00:00:00+01:00"])}),
    "dur": lambda: pd.DataFrame({"t": pd.to_timedelta(["1D", "2h"])}),
    "cat": lambda: pd.DataFrame({"c": pd.Categorical(["a", "b", None, "a"])}),
    "catord": lambda: pd.DataFrame(
        {"c": pd.Categorical(["a", "b", None, "a"], categories=["b", "a", "z"], ordered=True)}
    ),
    "catint": lambda: pd.DataFrame({"c": pd.Categorical([3, 1, 3])}),
    "cut": lambda: pd.DataFrame({"c": pd.cut([1, 5, 9], [0, 4, 10])}),
    "nullable": lambda: pd.DataFrame(
        {
            "i": pd.array([1, None], dtype="Int64"),
            "b": pd.array([True, None], dtype="boolean"),
            "f": pd.array([1.5, None], dtype="Float64"),
        }
    ),
    "date": lambda: pd.DataFrame({"d": [dt.date(2020, 1, 1), None]}),
    "decimal": lambda: pd.DataFrame({"d": [decimal.Decimal("1.10"), decimal.Decimal("2.25"), None]}),
    "bytes": lambda: pd.DataFrame({"d": [b"a", None]}),
    "boolobj": lambda: pd.DataFrame({"d": [True, None]}),
    "lists": lambda: pd.DataFrame({"d": [[1, 2], [3]]}),
    "index": lambda: pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
    "named": lambda: pd.DataFrame({"a": [1, 2]}, index=pd.Index([5, 6], name="k")),
    "multi": lambda: pd.DataFrame(
        {"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["p", "q"])
    ),
    "dtindex": lambda: pd.DataFrame({"a": [1, 2, 3]}, index=pd.date_range("2020", periods=3)),
    "cols": lambda: pd.DataFrame([[1, 2], [3, 4]]),
    "mcols": lambda: pd.DataFrame([[1, 2], [3, 4]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])),
    "mixed": lambda: pd.DataFrame({"m": [1, "a", None, 2.5]}),
    "dup": lambda: pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]),
    "period": lambda: pd.DataFrame({"p": pd.period_range("2020-01", periods=2, freq="M")}),
    "complex": lambda: pd.DataFrame({"z": [1 + 2j, np.nan]}),
    "sparse": lambda: pd.DataFrame({"z": pd.arrays.SparseArray([0, 0, 1])}),
    "series": lambda: pd.Series([1, 2], name="s"),
    "arrow": lambda: pd.DataFrame(
        {
            "s": pd.array(["a", None], dtype="string[pyarrow]"),
            "i": pd.Series([1, None], dtype="int64[pyarrow]"),
            "b": pd.Series([True, None], dtype="bool[pyarrow]"),
            "t": pd.Series(pd.to_datetime(["2020-01-01", None])).astype("timestamp[ns][pyarrow]"),
        }
    ),
    "float16": lambda: pd.DataFrame({"z": np.array([1, 2], "f2")}),
}
REFUSED = {"cut", "mixed", "dup", "complex", "sparse"}


def written(value):
    stream = io.BytesIO()
    encoded = TABLES.encode(value, stream)
    return stream.getvalue(), encoded


def same(left, right):
    return TABLES.content_id(left) == TABLES.content_id(right)


@pytest.mark.parametrize("name", FRAMES)
def test_content_id_is_the_golden_one(name):
    """A content id never changes: pandas 2.3 and 3.1 gave these same ones."""
    assert TABLES.content_id(FRAMES[name]()) == f"table-v1:sha256:{GOLDENS[name]}"


@pytest.mark.parametrize("name", FRAMES)
def test_a_copy_has_the_same_id_and_the_same_bytes(name):
    """What copies nothing but memory changes neither content id nor file."""
    frame = FRAMES[name]()

    assert same(frame, frame.copy())
    assert written(frame) == written(frame.copy())


@pytest.mark.parametrize("name", sorted(set(FRAMES) - REFUSED - {"catint"}))
def test_a_parquet_round_trip_keeps_the_id(name):
    """What Parquet gives back holds what was written."""
    pytest.importorskip("pyarrow")
    frame = FRAMES[name]()
    data, encoded = written(frame)

    assert (encoded.suffix, encoded.warnings) == (".parquet", ())
    assert same(frame, pd.read_parquet(io.BytesIO(data)))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_parquet_refuses_is_stored_as_lines_that_say_so(name):
    """A table that Parquet refuses becomes typed JSON lines, with the reason stated."""
    frame = FRAMES[name]()
    data, encoded = written(frame)
    head, *rows = [json.loads(line) for line in data.splitlines()]

    assert (encoded.suffix, encoded.media_type) == (".jsonl", "application/x-ndjson")
    assert "Parquet" in encoded.warnings[0]
    assert "JSON lines" in encoded.warnings[0]
    assert head["rows"] == len(rows) == len(frame)
    assert [logical for _, logical in head["columns"]] == [t for _, t in TABLES.describe(frame).schema]


def test_lost_categories_are_stated():
    """Parquet keeps categories of texts only, and the warning names the others."""
    pytest.importorskip("pyarrow")

    assert written(FRAMES["catint"]())[1].warnings == ("the categories of column c are stored as plain values",)


def test_a_warning_quotes_no_value():
    """The reason for a fallback may be published, so it holds no cell of the table."""
    frame = pd.DataFrame({"m": [1, "hunter2", None]})

    assert "hunter2" not in " ".join(written(frame)[1].warnings)


def test_without_pyarrow_lines_are_stored_and_ids_stay(monkeypatch):
    """pyarrow is needed for Parquet only."""
    frame = FRAMES["num"]()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    data, encoded = written(frame)

    assert encoded.suffix == ".jsonl"
    assert "swarmprov-nb[tables]" in encoded.warnings[0]
    assert data.decode().splitlines()[1:] == ["[0,1,0.5,true]", "[1,2,null,false]", "[2,3,2.0,true]"]
    assert TABLES.content_id(frame).endswith(GOLDENS["num"])


def test_parquet_metadata_names_no_version_and_no_attrs():
    """Who wrote a frame, and what hangs on it, is no part of the file's own metadata."""
    parquet = pytest.importorskip("pyarrow.parquet")
    frame = FRAMES["num"]()
    frame.attrs["note"] = "mine"
    metadata = parquet.read_schema(io.BytesIO(written(frame)[0])).metadata

    assert set(json.loads(metadata[b"pandas"])) == {"column_indexes", "columns", "index_columns", "pandas_version"}


# -- what is the same content


def test_texts_are_one_logical_type():
    """pandas 2 objects, pandas 3 str and nullable strings with equal texts are equal content."""
    texts = ["a", None, "ž"]
    frames = [pd.DataFrame({"s": pd.Series(texts, dtype=kind)}) for kind in (object, "string", "string[python]", "str")]

    assert len({TABLES.content_id(frame) for frame in frames[:3]}) == 1
    assert TABLES.describe(frames[3]).schema == (("s", "string"),)


def test_missing_is_missing():
    """None, NaN and NA in a column of texts, and NaN and NA among floats, are one thing."""
    pairs = [
        (pd.Series(["a", None], dtype=object), pd.Series(["a", np.nan], dtype=object)),
        (pd.Series(["a", pd.NA], dtype=object), pd.Series(["a", np.nan], dtype=object)),
        (pd.Series([1.0, np.nan]), pd.Series([1.0, None], dtype="Float64")),
    ]

    assert all(same(left, right) for left, right in pairs)


def test_nan_has_no_payload():
    """Two NaN with different bits are the same missing value."""
    quiet, payload = (np.array([bits], "u8").view("f8") for bits in (0x7FF8 << 48, (0x7FF8 << 48) + 12345))

    assert same(pd.DataFrame({"a": quiet}), pd.DataFrame({"a": payload}))


def test_memory_layout_is_no_content():
    """C order, Fortran order and strided columns hold the same."""
    values = np.arange(20.0).reshape(5, 4)
    frames = [pd.DataFrame(values), pd.DataFrame(np.asfortranarray(values)), pd.DataFrame(np.tile(values, 2)[:, :4])]

    assert len({TABLES.content_id(frame) for frame in frames}) == 1


def test_resolution_of_time_is_no_content():
    """Seconds and nanoseconds that name the same instants are equal."""
    times = pd.Series(pd.to_datetime(["1969-12-31 23:59:59", None, "2262-01-01 00:00:00"]))

    assert len({TABLES.content_id(times.astype(f"datetime64[{unit}]")) for unit in ("s", "ms", "us", "ns")}) == 1


def test_zones_are_named_alike():
    """zoneinfo and datetime name UTC and fixed offsets alike."""
    instants = pd.to_datetime(["2020-01-01", "2020-06-01"])
    utc = [pd.Series(instants.tz_localize(zone)) for zone in ("UTC", dt.UTC)]
    hour = dt.timezone(dt.timedelta(hours=1))

    assert same(*utc)
    assert TABLES.describe(pd.Series(instants.tz_localize(hour), name="t")).schema == (("t", "timestamp[+01:00]"),)


def test_a_series_is_a_table_with_one_column():
    """A series and its frame are equal content."""
    series = pd.Series([1.5, 2.5], name="mass")

    assert same(series, series.to_frame())


def test_ids_do_not_depend_on_the_process():
    """Another process with another hash seed gives the same ids."""
    code = (
        "import pandas as pd; from swarmprov_nb.artifacts.tables import Tables;"
        "print(Tables().content_id(pd.DataFrame({'m': [1, 'a', None, 2.5]})))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip

    assert run.stdout.strip().endswith(GOLDENS["mixed"])


# -- what is different content

BASE = pd.DataFrame(
    {"a": [1, 2, 3], "f": [0.5, 1.5, 2.5], "s": ["x", "y", "z"], "t": pd.to_datetime(["2020", "2021", "2022"])}
)
CHANGES = {
    "a float": lambda frame: frame.assign(f=[0.5, 1.5, np.nextafter(2.5, 3)]),
    "a value made missing": lambda frame: frame.assign(f=[0.5, 1.5, np.nan]),
    "zero for missing": lambda frame: frame.assign(f=[0.0, 1.5, 2.5]),
    "a renamed column": lambda frame: frame.rename(columns={"a": "b"}),
    "a label of another type": lambda frame: frame.rename(columns={"a": 1}),
    "another integer type": lambda frame: frame.astype({"a": "int32"}),
    "floats for integers": lambda frame: frame.astype({"a": "float64"}),
    "another index": lambda frame: frame.set_axis([0, 1, 3]),
    "a named index": lambda frame: frame.rename_axis("k"),
    "a later time": lambda frame: frame.assign(t=frame["t"] + pd.Timedelta("1us")),
    "a time zone": lambda frame: frame.assign(t=frame["t"].dt.tz_localize("UTC")),
    "another order of columns": lambda frame: frame[["f", "a", "s", "t"]],
    "another order of rows": lambda frame: frame.iloc[::-1],
    "a row less": lambda frame: frame.iloc[:2],
    "texts cut elsewhere": lambda frame: frame.assign(s=["xy", "", "z"]),
    "categories": lambda frame: frame.astype({"s": "category"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_changes_the_id(change):
    """A change of any value, type, name or order is another content."""
    assert not same(BASE, CHANGES[change](BASE))


def test_a_change_far_down_is_seen():
    """No sampling: one float among a million counts."""
    values = np.zeros(1_000_000)
    before = TABLES.content_id(pd.DataFrame({"a": values}))
    values[777_777] = 1e-300

    assert TABLES.content_id(pd.DataFrame({"a": values})) != before


def test_column_digests_name_what_changed():
    """Digests by column give the difference of two tables for nothing."""
    changed = column_digests(CHANGES["a float"](BASE))

    assert [new.label for new, old in zip(changed, column_digests(BASE), strict=True) if new != old] == ["f"]
    assert [(column.label, column.index) for column in changed][:2] == [("None", True), ("a", False)]


def framed(tag, *parts):
    data = b"".join(len(part).to_bytes(8, "little") + part for part in (tag.encode(), *parts))
    return hashlib.sha256(data).digest()


def test_the_docstring_is_enough_to_compute_an_id():
    """A second implementation, written from the documentation alone, gives the same content id."""
    frame = pd.DataFrame({"n": [1, None, 3], "s": ["é", None, ""]}).astype({"n": "Int64"})
    sha = hashlib.sha256

    def column(logical, valid, *buffers):
        ends = [sha(bytes([valid])).digest(), *(sha(buffer).digest() for buffer in buffers)]
        return framed("column", logical.encode(), (3).to_bytes(8, "little"), b"", *ends)

    index = column("int64", 0b111, struct.pack("<3q", 0, 1, 2))
    numbers = column("int64", 0b101, struct.pack("<3q", 1, 0, 3))
    texts = column("string", 0b101, struct.pack("<3q", 2, 0, 0), "é".encode())
    leaves = [
        framed("index", framed("none"), b"int64", index),
        framed("field", framed("str", b"n"), b"int64", numbers),
        framed("field", framed("str", b"s"), b"string", texts),
    ]

    expected = framed("table", (3).to_bytes(8, "little"), *leaves).hex()
    assert TABLES.content_id(frame) == f"table-v1:sha256:{expected}"


def test_description_is_for_people():
    """Rows, columns and logical types, in words."""
    described = TABLES.describe(BASE)

    assert (described.kind, described.shape, described.summary) == ("dataset", (3, 4), "3 rows × 4 columns")
    assert described.schema == (("a", "int64"), ("f", "float64"), ("s", "string"), ("t", "timestamp"))


COLUMNS = st.sampled_from(
    [
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=True),
        st.booleans(),
        st.text(st.characters(exclude_categories=["Cs"])),
        st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)),  # noqa: DTZ001
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.data(), st.integers(1, 30), st.integers(1, 4))
def test_any_table_comes_back_from_parquet_with_its_id(data, rows, width):
    """Whatever a table of plain types holds, writing and reading keeps its content id."""
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {f"c{place}": data.draw(st.lists(data.draw(COLUMNS), min_size=rows, max_size=rows)) for place in range(width)}
    )
    stored, encoded = written(frame)

    assert encoded.suffix == ".parquet"
    assert same(frame, pd.read_parquet(io.BytesIO(stored)))
