"""Lies that an author tells with the right keys: everything is signed and sealed, and a rule still fails."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from forging import Book, saved_whole
from lying import Lies, is_found_out

from swarmprov_nb.carrying import load
from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.manifest.envelope import pae

LIES = Lies()
fails_at = LIES.fails_at


@pytest.mark.parametrize(("lie", "check"), LIES)
def test_an_author_is_found_out(lie, check, book):
    """The lie is signed and sealed by its author, and fails at its check alone or first, with exit code 1."""
    is_found_out(lie, check, book)


def test_the_same_path_without_a_lie_verifies(book):
    """What the harness signs and seals anew is valid, so a lie fails for itself and not for its making."""
    book.author_states()
    report = book.report()
    assert (report.failed, report.exit_code, report.level) == ((), 0, "signed")


# -- the envelope


def _enveloped(book, kind, stated=None):
    """Sign the manifest as another type of payload, and say so or keep it quiet."""
    signature = base64.b64encode(book.key.sign(pae(kind, book.files["manifest.json"]))).decode()
    document = json.loads(book.files["manifest.dsse.json"])
    document["signatures"][0]["sig"], document["payloadType"] = signature, stated or kind
    book.files["manifest.dsse.json"] = canonical(document)
    book.author_seals()


def test_the_same_envelope_without_a_lie_verifies(book):
    _enveloped(book, "application/vnd.in-toto+json")
    assert book.report().exit_code == 0


@fails_at("envelope")
def a_manifest_that_was_signed_as_another_type(book):
    _enveloped(book, "application/json")


@fails_at("envelope")
def a_manifest_that_was_signed_as_a_seal(book):
    """The key signs both with one key: DSSE keeps them apart by their types alone."""
    _enveloped(book, "application/vnd.swarmprov.seal+json", "application/vnd.in-toto+json")


@fails_at("envelope")
def an_envelope_around_other_bytes_that_say_the_same(book):
    """The payload is the manifest with spaces, signed as it is: what readers of envelopes take is another document."""
    spaced = json.dumps(book.statement, sort_keys=True, indent=1).encode()
    document = json.loads(book.files["manifest.dsse.json"])
    document["payload"] = base64.b64encode(spaced).decode()
    by_key = book.key.sign(pae("application/vnd.in-toto+json", spaced))
    document["signatures"][0]["sig"] = base64.b64encode(by_key).decode()
    book.files["manifest.dsse.json"] = canonical(document)
    book.author_seals()


# -- order and generation


@fails_at("order")
def order_reversed(book):
    statement = book.statement
    statement["predicate"]["activities"].reverse()
    book.author_states(statement)


@fails_at("order")
def a_run_that_was_informed_by_a_later_one(book):
    statement = book.statement
    first, *_, last = statement["predicate"]["activities"]
    for run in statement["predicate"]["activities"]:
        run["informedBy"], run["used"] = [], []
    first["informedBy"] = [{"activity": last["id"], "name": "x", "kind": "var", "confidence": "exact"}]
    book.author_states(statement)


@fails_at("order")
def a_run_that_used_what_was_made_later(book):
    statement = book.statement
    made = next(e for e in statement["predicate"]["entities"] if e.get("generatedBy") == "run-4")
    for run in statement["predicate"]["activities"]:
        run["informedBy"], run["used"] = [], []
    statement["predicate"]["activities"][0]["used"] = [{"entity": made["id"], "confidence": "exact"}]
    book.author_states(statement)


@fails_at("order")
def two_runs_with_one_sequence_number(book):
    statement = book.statement
    runs = statement["predicate"]["activities"]
    runs[1]["sequence"] = runs[0]["sequence"]
    book.author_states(statement)


@fails_at("order")
def a_run_under_another_number(book):
    statement = book.statement
    statement["predicate"]["activities"][-1]["sequence"] = 77
    book.author_states(statement)


@fails_at("acyclic")
def a_cycle(book):
    """The data came from the model that was fitted on it."""
    statement = book.statement
    runs = {run["id"]: run for run in statement["predicate"]["activities"]}
    model = next(e for e in statement["predicate"]["entities"] if e.get("name") == "model")
    runs["run-2"]["used"].append({"entity": model["id"], "confidence": "exact"})
    book.author_states(statement)


@fails_at("acyclic")
def a_run_that_informed_itself(book):
    statement = book.statement
    run = statement["predicate"]["activities"][0]
    run["informedBy"].append({"activity": run["id"], "name": "x", "kind": "var", "confidence": "exact"})
    book.author_states(statement)


@fails_at("generation")
def two_generations(book):
    """One output of one run is stated twice, with other bytes."""
    statement = book.statement
    entities = statement["predicate"]["entities"]
    clean = next(e for e in entities if e.get("name") == "clean")
    entities.append({**clean, "id": "artifact-50", "disclosure": "cited", "digest": {"sha256": "5e" * 32}})
    del entities[-1]["subject"]
    book.author_states(statement)


# -- ends


@fails_at("ends")
def a_dangling_edge(book):
    statement = book.statement
    edge = {"activity": "run-99", "name": "x", "kind": "var", "confidence": "exact"}
    statement["predicate"]["activities"][-1]["informedBy"].append(edge)
    book.author_states(statement)


@fails_at("ends")
def an_artifact_of_a_run_that_is_not_there(book):
    statement = book.statement
    next(e for e in statement["predicate"]["entities"] if "generatedBy" in e)["generatedBy"] = "run-99"
    book.author_states(statement)


@fails_at("ends")
def a_use_of_an_artifact_that_is_not_there(book):
    statement = book.statement
    statement["predicate"]["activities"][-1]["used"].append({"entity": "artifact-99", "confidence": "exact"})
    book.author_states(statement)


@fails_at("ends")
def a_missing_subject(book):
    """The artifact stays, and its file is no longer among what is published."""
    statement, path = book.statement, book.subject_of("clean")
    statement["subject"] = [subject for subject in statement["subject"] if subject["name"] != path]
    del book.files[path]
    book.author_states(statement)


@fails_at("ends")
def an_artifact_stated_twice(book):
    statement = book.statement
    statement["predicate"]["entities"].append(statement["predicate"]["entities"][0])
    book.author_states(statement)


@fails_at("ends")
def an_export_in_the_place_of_a_subject(book):
    statement = book.statement
    path = book.subject_of("clean")
    statement["predicate"]["exports"].append(
        {"path": path, "exporter": "other", "version": "1", "mediaType": "text/html"}
    )
    book.author_states(statement)


@fails_at("ends")
def a_twin_that_is_not_there(book):
    statement = book.statement
    next(e for e in statement["predicate"]["entities"] if "name" in e)["alternateOf"] = ["artifact-99"]
    book.author_states(statement)


@fails_at("ends")
def a_twin_that_holds_something_else(book):
    """The page would say "same content as" of two files that are nothing alike."""
    statement = book.statement
    one, other = [e for e in statement["predicate"]["entities"] if e["disclosure"] == "published"][:2]
    one["alternateOf"] = [other["id"]]
    book.author_states(statement)


@fails_at("ends")
def a_hidden_twin(book):
    """Nobody can look whether what is hidden is the same."""
    statement = book.statement
    entities = statement["predicate"]["entities"]
    next(e for e in entities if "name" in e)["alternateOf"] = ["artifact-77"]
    entities.append({"id": "artifact-77", "disclosure": "hidden", "commitment": "ab" * 32})
    book.author_states(statement)


@fails_at("ends")
def a_twin_by_a_content_id_that_only_one_states(book):
    statement = book.statement
    cited = next(e for e in statement["predicate"]["entities"] if e["disclosure"] == "cited" and "contentId" not in e)
    twin = {**cited, "id": "artifact-77", "version": 77, "contentId": "table-v1:sha256:" + "ab" * 32}
    statement["predicate"]["entities"].append({**twin, "alternateOf": [cited["id"]]})
    book.author_states(statement)


def test_twins_of_one_sha256_are_taken(book):
    statement = book.statement
    cited = next(e for e in statement["predicate"]["entities"] if e["disclosure"] == "cited" and "contentId" not in e)
    twin = {**cited, "id": "artifact-77", "version": 77}
    statement["predicate"]["entities"].append({**twin, "alternateOf": [cited["id"]]})
    book.author_states(statement)
    assert book.report().exit_code == 0


# -- files and what is said of them


@fails_at("subjects")
def a_file_that_no_artifact_speaks_of(book):
    statement = book.statement
    book.files["data/more.csv"] = b"a,b\n"
    statement["subject"].append({"name": "data/more.csv", "digest": {}})
    book.author_states(statement)


@fails_at("subjects")
def one_file_for_two_artifacts(book):
    statement = book.statement
    entities = statement["predicate"]["entities"]
    model = next(e for e in entities if e.get("name") == "model")
    other = book.subject_of("model")
    model["subject"], model["size"] = book.subject_of("clean"), len(book.files[book.subject_of("clean")])
    statement["subject"] = [subject for subject in statement["subject"] if subject["name"] != other]
    del book.files[other]
    book.author_states(statement)


@fails_at("digests")
def another_size_than_the_file_has(book):
    statement = book.statement
    next(e for e in statement["predicate"]["entities"] if "subject" in e)["size"] += 1
    book.author_states(statement)


@fails_at("digests")
def another_swarm_reference(book):
    statement = book.statement
    book.state(by=book.key)
    signed = json.loads(book.files["manifest.json"])
    signed["subject"][0]["digest"]["swarm"] = "ab" * 32
    book.files["manifest.json"] = canonical(signed)
    book.wrap(by=book.key)
    book.author_seals()
    assert statement["subject"][0]["digest"]["swarm"] != "ab" * 32


@fails_at("exports")
def an_edited_page(book):
    book.author_states()
    book.files["index.html"] = book.files["index.html"].replace(b"</body>", b"<p>Peer reviewed</p></body>")
    book.author_seals()


@fails_at("exports")
def requirements_that_the_run_did_not_have(book):
    book.author_states()
    book.files["requirements.txt"] += b"evil-package==6.6.6\n"
    book.author_seals()


# -- what browsers open as the page of a publication


def _exported_as(book, path, **record):
    """Let the manifest declare another export in the place of one, and render it as its exporter would."""
    from swarmprov_nb.exports import EXPORTERS

    statement = book.statement
    predicate = statement["predicate"]
    predicate["environment"]["packages"].append({"name": "<script>alert(1)</script>", "version": "1"})
    predicate["exports"] = [each for each in predicate["exports"] if each["path"] != path]
    predicate["exports"].append({"path": path, "version": "1", "mediaType": "text/html; charset=utf-8", **record})
    book.author_states(statement)
    digest = hashlib.sha256(book.files["manifest.json"]).hexdigest()
    book.files[path] = EXPORTERS[record["exporter"]].render(statement, manifest_sha256=digest)
    book.author_seals()


@fails_at("exports")
def a_list_of_packages_as_the_page(book):
    """Rendered from the manifest, and equal; opened as a page, the name of a package is a program."""
    _exported_as(book, "index.html", exporter="requirements")
    assert b"<script>" in book.files["index.html"]


@fails_at("exports")
def a_crate_as_the_page(book):
    _exported_as(book, "index.html", exporter="rocrate")


@fails_at("exports")
def a_list_of_packages_as_another_type(book):
    _exported_as(book, "requirements.txt", exporter="requirements")


@fails_at("exports")
def a_second_page_elsewhere(book):
    _exported_as(book, "files/page.html", exporter="page", version="2")


def _own_page(book):
    """Put a page of the author's own where the rendered one belongs, and let the manifest say nothing of the other."""
    statement = book.statement
    exports = statement["predicate"]["exports"]
    statement["predicate"]["exports"] = [each for each in exports if each["path"] != "index.html"]
    book.files["index.html"] = b"<script>alert('Peer reviewed')</script>"
    statement["subject"].append({"name": "index.html", "digest": {}})
    statement["subject"].sort(key=lambda subject: subject["name"].encode())
    return statement


@fails_at("subjects")
def an_artifact_as_the_page(book):
    statement = _own_page(book)
    entity = next(e for e in statement["predicate"]["entities"] if e["disclosure"] == "published")
    statement["subject"] = [subject for subject in statement["subject"] if subject["name"] != entity["subject"]]
    del book.files[entity["subject"]]
    entity |= {"subject": "index.html", "size": len(book.files["index.html"])}
    book.author_states(statement)


@fails_at("subjects")
def an_attachment_as_the_page(book):
    statement = _own_page(book)
    statement["predicate"]["notebook"]["attachments"] = ["index.html"]
    book.author_states(statement)


@fails_at("subjects")
def the_notebook_as_the_page(book):
    """JSON that holds a script is a page to whoever opens it as one."""
    statement = _own_page(book)
    before = statement["predicate"]["notebook"]["subject"]
    book.files["index.html"] = book.files.pop(before)
    statement["subject"] = [subject for subject in statement["subject"] if subject["name"] != before]
    statement["predicate"]["notebook"]["subject"] = "index.html"
    for run in statement["predicate"]["activities"]:
        run["source"]["subject"] = "index.html"
    book.author_states(statement)


@pytest.mark.parametrize("path", ["manifest.json", "manifest.dsse.json"])
def test_what_is_signed_is_no_rendering(book, path):
    """A manifest that calls itself or its signature an export would have them reported as somebody's rendering."""

    def lie(forged):
        statement = forged.statement
        record = {"path": path, "exporter": "other", "version": "1", "mediaType": "application/json"}
        statement["predicate"]["exports"].append(record)
        forged.author_states(statement)

    is_found_out(lie, "ends", book)


def _by_uses(statement, entities):
    statement["predicate"]["activities"][-1]["used"] = [{"entity": entities[0]["id"], "confidence": "exact"}] * 4_100


def _by_twins(statement, entities):
    entities[0]["alternateOf"] = [entities[0]["id"]] * 4_100


def _by_flows(statement, _):
    first, *_, last = statement["predicate"]["activities"]
    first["step"] = '"' * 1000
    flow = {"activity": first["id"], "name": "x", "kind": "var", "confidence": "exact"}
    last["informedBy"] = [{**flow, "name": str(number)} for number in range(7_900)]


@pytest.mark.parametrize("repeated", [_by_uses, _by_twins, _by_flows], ids=["uses", "twins", "flows"])
def test_a_long_name_without_end_is_not_rendered(book, repeated):
    """A few hundred kilobytes that say one name thousands of times would be a page of fifty megabytes."""

    def lie(forged):
        statement = forged.statement
        inputs = [e for e in statement["predicate"]["entities"] if "generatedBy" not in e and "name" in e]
        entities = [*inputs, *(e for e in statement["predicate"]["entities"] if "generatedBy" in e and "name" in e)]
        entities[0] |= {"title": '"' * 1000, "name": '"' * 1000}
        repeated(statement, entities)
        forged.author_states(statement)

    is_found_out(lie, "exports", book)
    assert len(book.files["manifest.json"]) < 1 << 20


# -- sources


@fails_at("sources")
def a_notebook_of_more_cells_than_is_stated(book):
    """The page counts the cells that are stated; one more stands in the notebook, and is in no list."""
    path = book.statement["predicate"]["notebook"]["subject"]
    notebook = json.loads(book.files[path])
    notebook["cells"].append({"cell_type": "raw", "id": "more", "metadata": {}, "source": ""})
    book.files[path] = (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    book.author_states()


@fails_at("sources")
def an_edited_source(book):
    """The notebook shows other code than ran."""
    _edit(book, lambda cells: cells[-1].update(source="print('honest')"))


@fails_at("sources")
def a_source_in_a_data_file(book):
    """The code that ran is hidden in a file that nobody reads as code."""
    statement = book.statement
    run = statement["predicate"]["activities"][0]
    run["source"] = {"sha256": hashlib.sha256(book.files[book.subject_of("clean")]).hexdigest(),
                     "subject": book.subject_of("clean")}  # fmt: skip
    book.author_states(statement)


@fails_at("sources")
def a_source_only_in_markdown(book):
    def change(cells):
        cells[-1]["cell_type"] = "markdown"
        del cells[-1]["execution_count"], cells[-1]["outputs"]

    _edit(book, change)


@fails_at("sources")
def a_notebook_that_says_a_source_twice(book):
    """Readers that take the first of two keys show other code than was checked."""
    path = book.statement["predicate"]["notebook"]["subject"]
    text = book.files[path].decode()
    book.files[path] = text.replace('   "source": ', '   "source": "harmless",\n   "source": ', 1).encode()
    book.author_states()


@fails_at("sources")
def a_notebook_with_hidden_metadata(book):
    _edit(book, lambda cells: cells[0].update(metadata={"jupyter": {"source_hidden": True}}))


@fails_at("sources")
def a_notebook_that_is_none(book):
    book.files[book.statement["predicate"]["notebook"]["subject"]] = b"PK\x03\x04"
    book.author_states()


@fails_at("sources")
def a_notebook_whose_format_is_a_fraction(book):
    """4.0 is 4 to Python and not to every reader: the same notebook would have two spellings."""
    path = book.statement["predicate"]["notebook"]["subject"]
    book.files[path] = book.files[path].replace(b'"nbformat": 4,', b'"nbformat": 4.0,')
    book.author_states()


@fails_at("sources")
def a_notebook_nested_without_end(book):
    book.files[book.statement["predicate"]["notebook"]["subject"]] = b'{"cells":' + b"[" * 200_000
    book.author_states()


def _edit(book, change):
    path = book.statement["predicate"]["notebook"]["subject"]
    notebook = json.loads(book.files[path])
    change(notebook["cells"])
    book.files[path] = (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    book.author_states()


# -- what it builds on: `parents` is the rule, `upstream` what the parent itself says, where it is at hand

FAMOUS = "fa" * 32


def _opened(statement, *, manifest=FAMOUS, subject="data/raw.csv"):
    """Let the input be one that was opened from a publication; its parent still has to be stated."""
    cited = [e for e in statement["predicate"]["entities"] if e["disclosure"] == "cited"]
    entity = next(e for e in cited if "generatedBy" not in e)
    entity["parent"] = {"manifest": manifest, "subject": subject}
    return entity


def _parent(book, **changes):
    return {"manifest": FAMOUS, "content": "cc" * 32, "author": book.key.did, **changes}


def _builds_on_itself(book, **changes):
    """State the honest publication, which is in the store, as the parent of a new one that opened its summary."""
    statement = book.statement
    manifest = hashlib.sha256(book.files["manifest.json"]).hexdigest()
    entity = _opened(statement, manifest=manifest, subject=book.subject_of("summary.csv"))
    entity["digest"] = {"sha256": hashlib.sha256(book.files[entity["parent"]["subject"]]).hexdigest()}
    statement["predicate"]["parents"] = [_parent(book, manifest=manifest, content=book.content.hex(), **changes)]
    return statement


def test_a_parent_that_is_what_is_stated_passes(book):
    """What the lies below change is valid without them."""
    book.author_states(_builds_on_itself(book))
    report = book.report()
    assert (report.failed, report.exit_code) == ((), 0)
    assert next(check for check in report.checks if check.name == "upstream").outcome == "pass"


@fails_at("parents")
def a_parent_from_which_nothing_came(book):
    """A famous publication is named, and nothing of it was used."""
    statement = book.statement
    statement["predicate"]["parents"] = [_parent(book)]
    book.author_states(statement)


@fails_at("parents")
def an_input_whose_parent_is_kept_quiet(book):
    statement = book.statement
    _opened(statement)
    book.author_states(statement)


@fails_at("parents")
def an_input_of_another_parent(book):
    statement = book.statement
    _opened(statement, manifest="ab" * 32)
    statement["predicate"]["parents"] = [_parent(book)]
    book.author_states(statement)


@fails_at("parents")
def one_parent_stated_twice(book):
    """The same manifest by two authors: one of them takes the credit."""
    statement = book.statement
    _opened(statement)
    statement["predicate"]["parents"] = [_parent(book), _parent(book, content="dd" * 32)]
    book.author_states(statement)


@fails_at("parents")
def parents_in_another_order(book):
    statement = book.statement
    entities = statement["predicate"]["entities"]
    other = {"id": "artifact-77", "parent": {"manifest": "ab" * 32, "subject": "x"}}
    entities.append({**_opened(statement), **other})
    statement["predicate"]["parents"] = [_parent(book), _parent(book, manifest="ab" * 32)]
    book.author_states(statement)


@fails_at("parents")
def a_parent_by_a_key_that_cannot_sign(book):
    """The author of the parent is a text that looks like a key."""
    statement = book.statement
    _opened(statement)
    statement["predicate"]["parents"] = [_parent(book, author="did:key:z6Mk" + "1" * 44)]
    book.author_states(statement)


@fails_at("parents")
def an_input_that_was_opened_and_made(book):
    statement = book.statement
    _opened(statement)["generatedBy"] = "run-1"
    statement["predicate"]["activities"][0]["used"] = []
    statement["predicate"]["parents"] = [_parent(book)]
    book.author_states(statement)


@fails_at("manifest")
def a_parent_with_a_malformed_author(book):
    statement = book.statement
    _opened(statement)
    statement["predicate"]["parents"] = [_parent(book, author="Alice")]
    book.author_states(statement)


@fails_at("manifest")
def a_parent_with_its_publication_reference(book):
    """It could hold a key, and changes with each seal."""
    statement = book.statement
    _opened(statement)
    statement["predicate"]["parents"] = [_parent(book, reference="ee" * 64)]
    book.author_states(statement)


@fails_at("manifest")
def a_published_artifact_with_a_parent(book):
    """Somebody else's file is published as one's own, with their name on it."""
    statement = book.statement
    entity = next(e for e in statement["predicate"]["entities"] if e["disclosure"] == "published")
    entity["parent"] = {"manifest": FAMOUS, "subject": "data/raw.csv"}
    statement["predicate"]["parents"] = [_parent(book)]
    book.author_states(statement)


@fails_at("manifest")
def a_signer_who_was_known_by_a_false(book):
    """The word on unknown signers is said or not said: a second way to say no would be a second manifest."""
    statement = book.statement
    _opened(statement)["parent"]["anySigner"] = False
    statement["predicate"]["parents"] = [_parent(book)]
    book.author_states(statement)


@fails_at("manifest")
def a_file_of_a_parent_under_a_forbidden_path(book):
    """No publication may hold it, so nobody can ever look whether the input came from there."""
    statement = book.statement
    _opened(statement, subject="data/\u202evsc.war")
    statement["predicate"]["parents"] = [_parent(book)]
    book.author_states(statement)


@fails_at("manifest")
def more_parents_than_an_anchor_carries(book):
    statement = book.statement
    statement["predicate"]["parents"] = [_parent(book, manifest=f"{number:064x}") for number in range(256)]
    book.author_states(statement)


@fails_at("upstream")
def other_bytes_than_the_parent_holds(book):
    """Doctored data are passed off as a file of somebody's publication."""
    statement = _builds_on_itself(book)
    next(e for e in statement["predicate"]["entities"] if "parent" in e)["digest"] = {"sha256": "5e" * 32}
    book.author_states(statement)


def test_a_bad_copy_of_the_parent_does_not_hide_the_good_one(book, tmp_path):
    """Whoever doctors data cannot have them overlooked by sending a broken copy of the parent along."""
    copy = Book(dict(book.files), book.key, book.wallet, book.home)
    for path in copy.seals:
        del copy.files[path]
    for number in range(8):  # whichever stands first among what is kept
        copy.files["data/more.csv"] = str(number).encode()
        load(saved_whole(copy, tmp_path / f"{number}.swarm"), home=book.home)
    other_bytes_than_the_parent_holds(book)
    assert [check.name for check in book.report().failed] == ["upstream"]


@fails_at("upstream")
def a_file_that_the_parent_does_not_hold(book):
    statement = _builds_on_itself(book)
    next(e for e in statement["predicate"]["entities"] if "parent" in e)["parent"]["subject"] = "data/more.csv"
    book.author_states(statement)


@fails_at("upstream")
def a_parent_under_another_author(book):
    """Somebody else's publication is said to be by a friend."""
    book.author_states(_builds_on_itself(book, author="did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"))


@fails_at("upstream")
def a_parent_with_another_content(book):
    statement = _builds_on_itself(book)
    statement["predicate"]["parents"][0]["content"] = "cc" * 32
    book.author_states(statement)
