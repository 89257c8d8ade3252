"""Notebooks without a secret, full of what looks like one: digests, identifiers, pictures, long numbers, examples."""

from __future__ import annotations

import json
import re

from swarmprov_nb.testing.secret_corpus.clean_outputs import OUTPUTS, TABLES
from swarmprov_nb.testing.secret_corpus.clean_texts import CODE, PROSE
from swarmprov_nb.testing.secret_corpus.draw import BASE62, CAPITALS, URL_SAFE, Draw
from swarmprov_nb.testing.secret_corpus.placing import NOTEBOOK, Cell, Files, code, markdown, notebook

_ALPHABETS = {
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "base62": BASE62,
    "bits": "01",
    "capitals": CAPITALS,
    "digits": "123456789",
    "genes": "ACGT",
    "lower": "0123456789bcdefghjkmnpqrstuvwxyz",
    "protein": "ACDEFGHIKLMNPQRSTVWY",
    "url_safe": URL_SAFE,
}
_DOCUMENTED = "AKIA" + "IOSFODNN7EXAMPLE"  # the key in AWS's manuals


def clean_files(draw: Draw) -> Files:
    """Return a notebook of a dozen cells and three files, without a secret."""
    cells: list[Cell] = [markdown(draw, f"# {draw.word().title()}\n\n{filled(draw, draw.pick(*PROSE))}")]
    outputs = [draw.pick(*OUTPUTS)(draw) for _ in range(6)]
    for template in draw.some(CODE, 9):
        shown = [outputs.pop()] if outputs and draw.number(0, 1) else []
        cells.append(code(draw, filled(draw, template), *shown))
    cells += [markdown(draw, filled(draw, template)) for template in draw.some(PROSE, 3)]
    draw.random.shuffle(cells)
    parameters = {"seed": draw.number(1, 10**9), "run_id": draw.uuid()}
    return {
        NOTEBOOK: notebook(cells, {"papermill": {"parameters": parameters}}),
        "table.csv": draw.pick(*TABLES)(draw).encode(),
        "summary.json": _summary(draw).encode(),
        "notes.txt": "\n\n".join(filled(draw, template) for template in draw.some(PROSE, 3)).encode(),
    }


def filled(draw: Draw, template: str) -> str:
    """Return a template with something drawn at each place that is named between << and >>.

    >>> filled(Draw(1), "commit <<hex 4>>").startswith("commit ")
    True
    """

    def drawn(match: re.Match[str]) -> str:
        kind, length = match[1], int(match[2] or 0)
        if kind in _ALPHABETS:
            return draw.of(_ALPHABETS[kind], length)
        if kind == "documented":
            return _DOCUMENTED
        method = getattr(draw, "digest" if kind in ("md5", "sha1", "sha256", "sha512") else kind)
        return str(method(kind) if method == draw.digest else method(length) if length else method())

    return re.sub(r"<<(\w+)(?: (\d+))?>>", drawn, template)


def _summary(draw: Draw) -> str:
    files = [{"path": f"data/{draw.word()}.csv", "sha256": draw.digest(), "bytes": draw.number(1, 10**9)}] * 4
    run = {"id": draw.uuid(), "seed": draw.number(0, 2**63), "token_count": draw.number(1, 10**6), "auth": "none"}
    model = {"md5": draw.digest("md5"), "etag": f"{draw.digest('md5')}-7", "sha512": draw.digest("sha512")}
    return json.dumps({"run": run, "files": files, "model": model, "password_policy": "required"}, indent=2)
