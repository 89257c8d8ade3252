"""Files made to hurt whoever gets, opens or looks at them, signed and sealed by their author: they stay bytes."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import zipfile
from html.parser import HTMLParser

import pytest
from forging import dropped, saved_whole

import swarmprov
from swarmprov_nb.artifacts.loading import load_value
from swarmprov_nb.carrying import get, load, save
from swarmprov_nb.errors import ArtifactError, SwarmprovError
from swarmprov_nb.home import Home
from swarmprov_nb.verifying import verify

MARKUP = "<img src=x onerror=hit()><script>hit()</script>\"'>=cmd|' !A0"
FORMULAS = '=cmd|\' /C calc\'!A0,"=HYPERLINK(""http://x.example"",""a"")"\n+1+1,-2+3\n@SUM(1+1),\t=1\n'


class Runs:
    """Unpickled, it makes a folder."""

    def __reduce__(self):
        return (os.mkdir, ("unpickled",))


def zipped(name, data):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def objects():
    """An array that holds the object, as NumPy would write it."""
    head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    return b"\x93NUMPY\x01\x00\x76\x00" + head.ljust(0x75) + b"\n" + pickle.dumps([Runs()])


PROGRAM = pickle.dumps(Runs())
PICKLES = {
    "models/old.pkl": PROGRAM,
    "models/old.pickle": PROGRAM,
    "models/old.joblib": PROGRAM,
    "models/net.pt": zipped("archive/data.pkl", PROGRAM),
    "models/old.skops": PROGRAM,
    "models/inside.skops": zipped("schema.json", PROGRAM),
    "data/objects.npy": objects(),
    "data/objects.npz": zipped("objects.npy", objects()),
    "data/table.parquet": PROGRAM,
    "data/table.csv": PROGRAM,
}
PAGES = {
    "files/page.html": f"<!doctype html>{MARKUP}".encode(),
    "files/picture.svg": f"<svg xmlns='http://www.w3.org/2000/svg' onload='hit()'>{MARKUP}</svg>".encode(),
    "files/<img src=x onerror=hit()>.csv": FORMULAS.encode(),
    "files/=cmd|' !A0.csv": FORMULAS.encode(),
    "files/@SUM(1+1).tsv": FORMULAS.replace(",", "\t").encode(),
}  # fmt: skip


@pytest.fixture
def hostile(book):
    """The book with these files among its artifacts, titled and named in markup, and all of it signed."""
    statement = book.statement
    entities = statement["predicate"]["entities"]
    run = statement["predicate"]["activities"][-1]
    for path, data in {**PICKLES, **PAGES}.items():
        book.files[path] = data
        statement["subject"].append({"name": path, "digest": {"sha256": "", "swarm": ""}})
        entities.append({
            "declared": False, "disclosure": "published", "generatedBy": run["id"], "kind": "file", "license": MARKUP,
            "id": f"artifact-{len(entities) + 1}", "mediaType": "text/html", "name": f"{MARKUP} {path}",
            "size": len(data), "subject": path, "title": MARKUP, "version": 1,
        })  # fmt: skip
    statement["subject"].sort(key=lambda subject: subject["name"].encode())
    statement["predicate"]["agents"][0]["name"] = MARKUP
    run["step"] = run["note"] = MARKUP
    book.author_states(statement)
    return book


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A home elsewhere, in a folder where whatever runs would leave its mark."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    yield Home(tmp_path / "reader")
    assert list((tmp_path / "here").iterdir()) == []


def test_a_pickle_is_loaded_by_nothing_of_ours(hostile, reader, tmp_path):
    """verify, load, save, get, the widget's report and the picture take a publication of pickles for bytes."""
    assert hostile.report().failed == ()
    file = saved_whole(hostile, tmp_path / "evil.swarm")
    report = verify(file, any_signer=True, home=reader)
    assert report.failed == ()
    report.picture().to_json()
    assert dropped(file, reader)["report"]["exitCode"] == 3
    reference = load(file, home=reader)
    save(reference, tmp_path / "again.swarm", home=reader)
    folder = get(reference, tmp_path / "out", home=reader)
    assert {path: (folder / path).read_bytes() for path in PICKLES} == PICKLES
    assert not any(path.stat().st_mode & 0o111 for path in folder.rglob("*") if path.is_file())


READ = (".csv", ".npy", ".parquet", ".skops")


def test_a_pickle_is_opened_as_a_path_or_refused_in_words(hostile, reader, tmp_path):
    """Whatever it is called, and where it hides in what may be read: an array, a model, a table."""
    pytest.importorskip("skops", reason="skops is not installed: pip install 'swarmprov-nb[ml]'")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'swarmprov-nb[tables]'")
    file = saved_whole(hostile, tmp_path / "evil.swarm")
    found = swarmprov.open(file, any_signer=True, home=reader)
    for path, data in PICKLES.items():
        if path.endswith(READ):
            with pytest.raises(ArtifactError, match=r"cannot be read as what it is called|only a pickle can hold"):
                found.open(path)
        else:
            assert found.open(path).read_bytes() == data
        assert found.open(path, as_path=True).read_bytes() == data


class Elements(HTMLParser):
    """What a browser would make of a page: names of elements, and attributes."""

    def __init__(self, page):
        super().__init__()
        self.names, self.attributes = set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes += attrs


PICTURE = "data:image/svg+xml;base64,"


def is_harmless(page):
    """No element, attribute or address that does something; a picture inside is looked into."""
    found = Elements(page)
    assert not found.names & {"script", "iframe", "object", "embed", "foreignobject", "base", "form"}
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    links = [value or "" for name, value in found.attributes if name in {"href", "src", "srcset", "xlink:href"}]
    pictures = [link.removeprefix(PICTURE) for link in links if link.startswith(PICTURE)]
    assert not [link[:80] for link in links if not link.startswith((PICTURE, "./", "#"))]
    return all(is_harmless(base64.b64decode(picture).decode()) for picture in pictures)


def test_markup_is_text_wherever_a_publication_is_shown(hostile, reader, tmp_path):
    """The page, the picture, its page, the report, the list of files: no element, attribute or address comes of it."""
    file = saved_whole(hostile, tmp_path / "evil.swarm")
    report = verify(file, any_signer=True, home=reader)
    found = swarmprov.open(file, any_signer=True, home=reader)
    picture = report.picture()

    assert is_harmless(hostile.files["index.html"].decode())
    assert is_harmless(picture.svg)
    assert is_harmless(found._repr_html_())
    assert set(report._repr_mimebundle_()) == {"text/plain"}
    assert "=cmd" in repr(found)  # it is shown, as text
    assert {"nodes", "edges"} <= set(dropped(file, reader)["lineage"])  # JSON, which widgets set as text


def test_html_and_pictures_are_served_as_bytes(hostile):
    """Only our own page may be opened as a page from a gateway: another type in the listing is refused."""
    hostile.types["files/page.html"] = "text/html; charset=utf-8"
    assert [check.name for check in hostile.report().failed][:1] == ["collection"]


def test_a_table_of_formulas_is_read_as_its_texts(hostile, reader, tmp_path):
    """Nothing computes a cell, and nothing of ours writes one: the bytes are the author's."""
    file = saved_whole(hostile, tmp_path / "evil.swarm")
    found = swarmprov.open(file, any_signer=True, home=reader)
    table = found.open("files/=cmd|' !A0.csv")
    assert table.columns[0] == "=cmd|' /C calc'!A0"
    assert [str(value) for value in table.iloc[:, 0]] == ["+1+1", "@SUM(1+1)"]
    folder = get(file, tmp_path / "out", home=reader)
    assert (folder / "files" / "=cmd|' !A0.csv").read_bytes() == FORMULAS.encode()


ESCAPES = "x\x1b[2J\n✓ signer         signed by you\u202e"


@pytest.mark.parametrize("field", ["__class__", "__loader__"])
def test_what_a_model_says_of_itself_stays_on_its_line(field):
    """A type named in escapes and line breaks is told in a sentence of ours, and adds none."""
    pytest.importorskip("skops", reason="skops is not installed: pip install 'swarmprov-nb[ml]'")
    keys = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "__id__": 3, "content": []}
    inside = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "__id__": 2, "content": {},
              "key_types": keys}  # fmt: skip
    schema = {"__class__": "A", "__module__": "evil", "__loader__": "ObjectNode", "__id__": 1, "protocol": 2,
              "content": inside, field: ESCAPES}  # fmt: skip
    with pytest.raises(ArtifactError) as refused:
        load_value(zipped("schema.json", json.dumps(schema)), "models/evil.skops")
    assert refused.value.what.isprintable()
    assert refused.value.next_step.isprintable()


# -- links


def planted(folder, elsewhere):
    """Fill a folder with links that lead elsewhere, under the names of what would be written there."""
    for name in ("data", "files", "models", "seals", "index.html", "manifest.json", "study.ipynb"):
        (folder / name).symlink_to(elsewhere / name)


def test_get_follows_no_link_that_was_planted_in_the_folder(hostile, reader, tmp_path):
    """A folder that holds links is not empty, and is left as it is."""
    elsewhere, goal = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    goal.mkdir()
    planted(goal, elsewhere)
    file = saved_whole(hostile, tmp_path / "evil.swarm")
    with pytest.raises(SwarmprovError, match="there already"):
        get(file, goal, home=reader)
    assert list(elsewhere.iterdir()) == []
    assert all(path.is_symlink() for path in goal.iterdir())


def test_get_follows_no_link_that_is_planted_while_it_verifies(hostile, reader, tmp_path, monkeypatch):
    """Between the look and the writing the empty folder fills with links: nothing is written through them."""
    from swarmprov_nb import carrying

    elsewhere, goal = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    goal.mkdir()
    examine = carrying.examine

    def meanwhile(*words, **named):
        planted(goal, elsewhere)
        return examine(*words, **named)

    monkeypatch.setattr(carrying, "examine", meanwhile)
    file = saved_whole(hostile, tmp_path / "evil.swarm")
    with pytest.raises(SwarmprovError, match="cannot be written"):
        get(file, goal, home=reader)
    assert list(elsewhere.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


def test_get_fills_no_folder_through_a_link(hostile, reader, tmp_path):
    """A link to an empty folder is not the folder that was named."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "out").symlink_to(elsewhere)
    file = saved_whole(hostile, tmp_path / "evil.swarm")
    with pytest.raises(SwarmprovError, match="cannot be written"):
        get(file, tmp_path / "out", home=reader)
    assert list(elsewhere.iterdir()) == []


def test_save_writes_over_a_link_and_not_through_it(hostile, reader, tmp_path):
    """Where it may overwrite, it puts a file in the link's place, and the link's target stays."""
    (tmp_path / "diary.txt").write_text("mine")
    (tmp_path / "copy.swarm").symlink_to(tmp_path / "diary.txt")
    reference = load(saved_whole(hostile, tmp_path / "evil.swarm"), home=reader)
    save(reference, tmp_path / "copy.swarm", overwrite=True, home=reader)
    assert (tmp_path / "diary.txt").read_text() == "mine"
    assert not (tmp_path / "copy.swarm").is_symlink()


def test_a_copy_to_read_is_not_written_through_a_link(hostile, reader, tmp_path):
    """A link in the place of an opened file is replaced, and its target stays."""
    (tmp_path / "diary.txt").write_text("mine")
    found = swarmprov.open(saved_whole(hostile, tmp_path / "evil.swarm"), any_signer=True, home=reader)
    copy = found.open("models/old.pkl")
    copy.unlink()
    copy.symlink_to(tmp_path / "diary.txt")
    assert found.open("models/old.pkl").read_bytes() == PROGRAM
    assert (tmp_path / "diary.txt").read_text() == "mine"
