"""The manifest: the shape of each of its values, and the rules beyond them (section 3)."""

import json
import re
from datetime import datetime

from .signing import key_of, require
from .swarm import PAGE, is_path

moment = datetime.fromisoformat
SHAPES = {
    "Path": is_path,
    "Time": lambda value: fits(value, "^.{23}Z") and moment(value[:-1]).isoformat("T", "milliseconds") == value[:-1],
    "Count": lambda value: type(value) is int and value >= 0,
    "Positive": lambda value: type(value) is int and value > 0,
    "Output": lambda value: isinstance(value, dict) and is_output(value),
}
for name, text in re.findall(r"^([A-Z]\w*) = (.*(?:\n  .*)*)", PAGE, re.MULTILINE):
    words = [each for word in text.split() for each in SHAPES.get(word, [word])]
    SHAPES[name] = words if ":" in text and text[0] != "^" else text

def fits(value, shape):
    """Whether a value has a shape, written as on the page."""
    shape = SHAPES.get(shape, shape)
    if callable(shape):
        return shape(value)
    if isinstance(shape, list):
        fields = {name: each for word in shape for names, _, each in [word.partition(":")] for name in names.split(",")}
        known, needed = {name.rstrip("?") for name in fields}, {name for name in fields if name[-1] != "?"}
        named = isinstance(value, dict) and needed <= {*value} <= known
        return named and all(fits(value[name], fields.get(name) or fields[name + "?"]) for name in value)
    if shape[0] == "^":
        return isinstance(value, str) and re.fullmatch(shape, value, re.DOTALL) is not None
    if shape[0] == "[":
        each, _, bounds = shape[1:].rpartition("]")
        least, most = map(int, (bounds or f"0..{2**20}").split(".."))
        return isinstance(value, list) and least <= len(value) <= most and all(fits(one, each) for one in value)
    if "|" in shape:
        return any(fits(value, each) for each in shape.split("|"))
    return json.dumps(value) == shape if re.fullmatch("null|true|false|{}|[0-9]+", shape) else value == shape

def is_output(output):
    """Whether a cell's output says nothing of its run, and shows no widget."""
    data, result = output.get("data", {}), output.get("output_type") == "execute_result"
    emptied = ("metadata" in output, output.get("metadata", {})) == ("data" in output, {}) and "transient" not in output
    counted = ("execution_count" in output, output.get("execution_count")) == (result, None)
    return emptied and counted and isinstance(data, dict) and not any("widget" in kind for kind in data)

def require_statement(manifest):
    """Refuse a manifest of another shape, or that breaks a rule."""
    require(fits(manifest, "Manifest"), "manifest: a value of another shape")
    names, predicate = [each["name"] for each in manifest["subject"]], manifest["predicate"]
    activities, entities, notebook = predicate["activities"], predicate["entities"], predicate["notebook"]
    require([agent["id"] for agent in predicate["agents"]] == ["author", "recorder"], "manifest: other agents")
    runs = {run["id"]: run["sequence"] for run in activities}
    makers = {each["id"]: runs[each["generatedBy"]] if "generatedBy" in each else 0 for each in entities}
    files = ["manifest.json", "manifest.dsse.json"] + names + [export["path"] for export in predicate["exports"]]
    once = len(runs) == len(activities) and len(makers) == len(entities) and len(set(files)) == len(files)
    published = [each["subject"] for each in entities if "subject" in each]
    meant = {notebook["subject"], *notebook.get("attachments", ())} | {run["source"]["subject"] for run in activities}
    require(names == sorted(meant | {*published}, key=str.encode), "subjects: not those that are spoken of, in order")
    require("index.html" not in names and len(set(published)) == len(published), "subjects: the page, or one as two")
    sha256 = {None: None} | {each["name"]: each["digest"]["sha256"] for each in manifest["subject"]}
    of = {e["id"]: e.get("contentId", e.get("digest", {}).get("sha256", sha256[e.get("subject")])) for e in entities}
    twins = all(of[each["id"]] == of[other] for each in entities for other in each.get("alternateOf", ()))
    require(once and twins, "ends: an id or a file stands twice, or two artifacts are no twins")
    for run in activities:  # what is used came before, so nothing comes back to itself
        used = [makers[use["entity"]] for use in run["used"]]
        before = max([0, *used, *(runs[flow["activity"]] for flow in run["informedBy"])])
        require(run["id"] == f"run-{run['sequence']}" and before < run["sequence"], "order: used what came later")
    require([*runs.values()] == sorted(runs.values()), "order: not by sequence")
    made = [(e["generatedBy"], e["name"], e["version"]) for e in entities if {"name", "generatedBy"} <= e.keys()]
    require(len(set(made)) == len(made), "generation: one version made twice")
    require_parents(predicate)

def require_parents(predicate):
    stated, opened = predicate["parents"], [each for each in predicate["entities"] if "parent" in each]
    manifests = sorted({each["parent"]["manifest"] for each in opened})
    require([parent["manifest"] for parent in stated] == manifests, "parents: not those that were opened, in order")
    require(not any("generatedBy" in each for each in opened), "parents: opened, and generated too")
    require(all(key_of(parent["author"]) for parent in stated), "parents: an author")
