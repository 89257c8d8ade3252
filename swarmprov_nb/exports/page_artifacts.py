"""The page's artifacts: what is published, what is cited, what is hidden, and the other files beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from swarmprov_nb.exports.html import (
    NOTHING,
    Html,
    code,
    element,
    facts,
    fold,
    join,
    link,
    plain,
    prose,
    say,
    table,
    words,
)
from swarmprov_nb.exports.page_names import HIDDEN, Names, icon, kind_of, title_of
from swarmprov_nb.lineage.graph import TIMES
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST
from swarmprov_nb.view.captions import byte_size, plural

_DECLARED: Final = (("purpose", "purpose"), ("consent", "consent"), ("contact", "contact"), ("note", "note"))


def artifacts(statement: Mapping[str, Any], names: Names) -> Html:
    """Return the sections of published, cited and hidden artifacts, and of the other files."""
    by = _by_disclosure(statement)
    digests = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    return join(
        _section(
            "published",
            f"Published: {plural(len(by['published']), 'artifact')}",
            "Their bytes are part of this publication.",
            [_item(entity, digests[entity["subject"]], names) for entity in by["published"]],
        ),
        _section(
            "cited",
            f"Cited: {plural(len(by['cited']), 'artifact')}",
            "Named here by their fingerprint. Their bytes are not part of this publication: "
            "whoever has them can compare.",
            [_item(entity, entity["digest"]["sha256"], names) for entity in by["cited"]],
        ),
        _hidden(by[HIDDEN], names),
        _other_files(statement),
    )


def counts(statement: Mapping[str, Any]) -> dict[str, int]:
    """Return how many artifacts are published, cited and hidden."""
    return {disclosure: len(entities) for disclosure, entities in _by_disclosure(statement).items()}


def _by_disclosure(statement: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"published": [], "cited": [], HIDDEN: []}
    for entity in statement["predicate"]["entities"]:
        found[entity["disclosure"]].append(entity)
    return found


def _section(anchor: str, heading: str, about: str, items: list[Html]) -> Html:
    if not items:
        return NOTHING
    said = element("p", words(about), class_="about")
    return element("section", element("h2", words(heading)), said, element("div", *items, class_="card"), id=anchor)


def _item(entity: Mapping[str, Any], sha256: str, names: Names) -> Html:
    title = element("h3", icon(kind_of(entity)), say(title_of(entity)), *_badges(entity))
    size = element("span", words(byte_size(entity["size"])), class_="size", title=f"{entity['size']:,} bytes")
    return element(
        "article",
        element("header", title, size),
        element("p", join(*_about(entity, names), by=" · "), class_="quiet"),
        *(element("p", say(warning, limit=600), class_="warning") for warning in entity.get("warnings", ())),
        *([element("div", prose(entity["remark"]), class_="remark")] if "remark" in entity else []),
        facts((word, prose(entity[key])) for key, word in _DECLARED if key in entity),
        element("div", _schema(entity), _digests(entity, sha256, names), class_="folds"),
        id=entity["id"],
    )


def _badges(entity: Mapping[str, Any]) -> Iterator[Html]:
    yield element("span", words(entity["kind"]), class_=f"badge {entity['kind']}")
    if entity["version"] > 1:
        yield element("span", words(f"version {entity['version']}"), class_="badge")
    licence = entity.get("license")
    shown = say(licence, limit=40) if licence else words("no licence stated")
    yield element("span", shown, class_="badge" if licence else "badge missing")
    if (personal := entity.get("personalData", "none")) != "none":
        yield element("span", words(f"personal data: {personal}"), class_="badge caution")


def _about(entity: Mapping[str, Any], names: Names) -> Iterator[Html]:
    if "subject" in entity:
        yield link(entity["subject"])
    if title_of(entity) != entity["name"]:
        yield element("code", say(entity["name"]))
    yield say(entity["mediaType"], limit=80)
    if entity.get("shape"):
        yield words(f" {TIMES} ".join(f"{length:,}" for length in entity["shape"]))
    yield _source(entity, names)
    if "origin" in entity:
        yield join(words("said to come from "), say(entity["origin"], limit=200))


def _source(entity: Mapping[str, Any], names: Names) -> Html:
    """Say who made it: a run, somebody whose publication it was opened from, or nobody here."""
    if "parent" in entity:
        parent = entity["parent"]
        file = element("code", say(parent["subject"], limit=200))
        return join(words("opened from "), file, words(" of the publication with manifest "), code(parent["manifest"]))
    made = entity.get("generatedBy")
    return join(words("made by "), names.step(made)) if made else words("an input: no recorded cell run made it")


def _schema(entity: Mapping[str, Any]) -> Html:
    columns = entity.get("schema")
    if not columns:
        return NOTHING
    rows = ((say(name), element("code", say(logical))) for name, logical in columns)
    return fold(words(plural(len(columns), "column")), table(("column", "type"), rows))


def _digests(entity: Mapping[str, Any], sha256: str, names: Names) -> Html:
    same = join(*(names.chip(other) for other in entity.get("alternateOf", ())), by=" ")
    known = [
        ("sha256", code(sha256)),
        ("content id", element("code", say(entity["contentId"], limit=200)) if "contentId" in entity else NOTHING),
        ("size", words(f"{entity['size']:,} bytes")),
        ("same content as", same),
    ]
    return fold(words("fingerprint"), facts(known))


def _hidden(entities: list[dict[str, Any]], names: Names) -> Html:
    if not entities:
        return NOTHING
    about = (
        "They take part in the lineage; their names, kinds, sizes and contents are not stated. Each stands as a "
        "commitment that only its publisher can open."
    )
    makers = [join(words("one made by "), names.step(e["generatedBy"])) for e in entities if "generatedBy" in e]
    inputs = len(entities) - len(makers)
    listed = [*makers, *([words(f"{plural(inputs, 'input')}")] if inputs else [])]
    rows = ((code(entity["id"]), code(entity["commitment"])) for entity in entities)
    body = element(
        "article",
        element("p", icon(HIDDEN), join(*listed, by=" · "), class_="quiet"),
        element("div", fold(words("commitments"), table(("artifact", "commitment"), rows)), class_="folds"),
    )
    return _section(HIDDEN, f"Hidden: {plural(len(entities), 'artifact')}", about, [body])


def _other_files(statement: Mapping[str, Any]) -> Html:
    predicate = statement["predicate"]
    owned = {entity.get("subject") for entity in predicate["entities"]}
    notebook = predicate["notebook"]["subject"]
    attached = set(predicate["notebook"].get("attachments", ()))
    rows = []
    for subject in statement["subject"]:
        name = subject["name"]
        if name not in owned:
            said = "the notebook, as written: without execution counts, times and widget state"
            if name != notebook:
                said = "carried inside a Markdown cell" if name in attached else "source of a cell run, since edited"
            rows.append((link(name), words(said), code(subject["digest"]["sha256"])))
    made = words("made from the manifest")
    rows += [(link(export["path"]), made, NOTHING) for export in predicate["exports"] if export["path"] != "index.html"]
    rows.append((link(MANIFEST), words("what is signed: everything that this page says"), NOTHING))
    rows.append((link(ENVELOPE), words("the author's signature over it"), NOTHING))
    heading = element("h2", words("Other files"))
    return element("section", heading, table(("file", "what it is", "sha256"), rows), id="files")


def environment(statement: Mapping[str, Any], *, remarks: str) -> Html:
    """Return what the session ran on; `remarks` heads what is said of some packages."""
    said = statement["predicate"]["environment"]
    python, system, git = said["python"], said["os"], said.get("git")
    state = " with changes that are not committed" if git and git["dirty"] else ""
    known = [
        ("Python", plain(f"{python['version']} ({python['implementation']})")),
        ("system", plain(f"{system['system']} {system['release']}, {system['machine']}")),
        ("processor", plain(f"{said['cpu'].get('model', 'unnamed')}, {plural(said['cpu']['count'], 'core')}")),
        ("git commit", join(element("code", say(git["commit"])), words(state)) if git else NOTHING),
    ]
    rows = (
        (say(p["name"]), say(p["version"]), words("installed from a folder" if p.get("editable") else ""))
        for p in said["packages"]
    )
    packages = fold(words(plural(len(said["packages"]), "package")), table(("package", "version", remarks), rows))
    body = element("article", facts(known), element("div", packages, class_="folds"))
    heading = element("h2", words("Environment"))
    return element("section", heading, element("div", body, class_="card"), id="environment")
