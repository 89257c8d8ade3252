"""Widgets' JavaScript: one module out of several small files, and what those files may do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from swarmprov_nb.errors import UsageError
from swarmprov_nb.widgets.module import FOLDER, joined, stylesheet

SCRIPTS = sorted(FOLDER.glob("*.js"))
FETCHED = re.compile(r"\b(?:fetch|XMLHttpRequest|WebSocket|importScripts|eval)\b|new Function|@import|url\(")
AS_HTML = re.compile(r"HTML\s*\+?=(?!=)|insertAdjacentHTML|document\.write|setHTML|srcdoc|\bon[a-z]+=")


def written(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder


def value_of(page, module: str) -> object:
    """Return what the default export of a module gives."""
    address = "URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))"
    return page.evaluate(f"async text => (await import({address})).default.value()", module)


def test_parts_are_joined_each_once_with_names_of_their_own(page, tmp_path):
    """What two parts call the same stays apart; a part that two import runs once; `as` renames."""
    folder = written(
        tmp_path,
        base="let count = 0;\nexport function next() {\n  count += 1;\n  return count;\n}\n",
        left="import { next } from './base.js';\nconst name = 'left';\nexport const left = () => name + next();\n",
        right="import {\n  next as following\n} from './base.js';\nconst name = 'right';\n"
        "export function right() {\n  return name + following();\n}\n",
        main="// a remark\nimport { left } from './left.js';\nimport { right } from './right.js';\n"
        "/** More. */\nconst value = () => left() + right();\nexport default { value };\n",
    )
    module = joined("main.js", folder)

    assert value_of(page, module) == "left1right2"
    assert "remark" not in module
    assert "import" not in module


def test_a_text_over_several_lines_is_kept_as_it_is(page, tmp_path):
    """A module whose texts run over lines keeps its indentation."""
    folder = written(tmp_path, main="const value = () => `a\n  b`;\nexport default { value };\n")

    assert value_of(page, joined("main.js", folder)) == "a\n  b"


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"main": "import * as all from './base.js';\n", "base": ""}, "import * as all"),
        ({"main": "import { a } from 'lodash';\n"}, "lodash"),
        ({"main": "import './base.js';\n", "base": ""}, "import './base.js'"),
        ({"main": "const a = 1;\nexport { a };\n"}, "export { a }"),
        ({"main": "import { a } from './b.js';\n", "b": "import { c } from './main.js';\n"}, "main.js, b.js, main.js"),
        ({"main": "import { a } from './b.js';\nexport function a() {}\n", "b": "export const a = 1;\n"}, "declares a"),
        ({"main": "import { a } from './b.js';\nconst a = 1;\n", "b": "export const a = 1;\n"}, "declares a"),
        ({"main": "import { z } from './b.js';\n", "b": "export const a = 1;\n"}, "b.js exports no z"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(tmp_path, texts, words):
    """Other imports and exports, circles, names that stand twice or nowhere: the error says which."""
    with pytest.raises(UsageError, match=re.escape(words)):
        joined("main.js", written(tmp_path, **texts))


@pytest.mark.parametrize("name", ["publish.js", "verify.js"])
def test_the_widgets_are_modules_that_browsers_take(page, name):
    """Each whole is one module with a `render`, which imports nothing."""
    module = joined(name)
    address = "URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))"
    kinds = page.evaluate(f"async text => {{ const m = await import({address});"
                          " return [typeof m.render, m.default.render === m.render]; }", module)  # fmt: skip

    assert kinds == ["function", True]
    assert not re.search(r"^import\b", module, re.MULTILINE)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_small_fetch_nothing_and_set_no_html(path):
    """A hand-written file stays small; it loads nothing, and texts are set as texts."""
    text = path.read_text(encoding="utf-8")

    assert len(text.encode()) < 30_000
    assert FETCHED.findall(text) == []
    assert AS_HTML.findall(text) == []


def test_what_each_widget_carries_is_small():
    """Every widget in a notebook carries its whole module and style."""
    assert len(joined("publish.js").encode()) < 50_000
    assert len(joined("verify.js").encode()) < 100_000
    assert len(stylesheet("elements.css", "publish.css", "publish_where.css").encode()) < 20_000


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.css")), ids=lambda path: path.name)
def test_styles_have_a_fallback_for_every_variable_of_jupyter(path):
    """VS Code and plain pages know no --jp-* variable."""
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"var\(--jp-[\w-]+\)", text) == []
    assert FETCHED.findall(text) == []
