"""One module out of several: a widget carries its JavaScript as one text, hand-written as several small files.

Every file that is imported becomes a function of its own in the text, so that names of one never meet those of another.
Comments and indentation are left out, for each widget in a notebook carries the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from swarmprov_nb.errors import UsageError

FOLDER: Final = Path(__file__).parent
_IMPORT: Final = re.compile(r"^import \{([^}]*)\} from ['\"]\./([\w.-]+\.js)['\"];$", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?:default )?((?:async )?(?:function\*?|const|let|class) (\w+))", re.MULTILINE)
_TOP: Final = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
_DEFAULT: Final = re.compile(r"^export default \{[^}]*\};$", re.MULTILINE)
_STRANGE: Final = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_BLOCK: Final = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_LINE: Final = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)


@cache
def joined(name: str, folder: Path = FOLDER) -> str:
    """Return the module `name` with all that it imports, as one ES module.

    >>> "export" in joined("publish.js"), "import" in joined("publish.js")
    (True, False)

    Understood are ``import { a, b as c } from './part.js';``, ``export`` before a declaration, and
    ``export default { … };``. Anything else of the kind, a circle of imports, or a name that stands twice in one module
    raises UsageError, which names it.
    """
    parts = dict(_parts(name, folder, ()))
    for part, text in parts.items():
        _require_exported(part, text, parts)
    main = parts.pop(name)
    whole = [*(_scoped(part, text) for part, text in parts.items()), _linked(main)]
    return "".join(map(_brief, whole))


def stylesheet(*names: str) -> str:
    """Return stylesheets, one after another, as one text.

    >>> stylesheet("elements.css", "publish.css").count("@container") > 1
    True
    """
    return "".join(_brief(_read(name, FOLDER)) for name in names)


def _parts(name: str, folder: Path, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield all modules that `name` needs, each after what it needs itself."""
    if name in above:
        raise UsageError(f"These modules import each other: {', '.join([*above, name])}.", "Move what both need out.")
    text = _read(name, folder)
    for part in dict.fromkeys(part for _, part in _IMPORT.findall(text)):
        yield from _parts(part, folder, (*above, name))
    _require_plain(name, text)
    yield name, text


def _read(name: str, folder: Path) -> str:
    return (folder / name).read_text(encoding="utf-8")


def _brief(text: str) -> str:
    if any(line.count("`") % 2 for line in text.splitlines()):
        return text  # a text over several lines may not lose its indentation
    text = _LINE.sub("", _BLOCK.sub("", text))
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


def _require_plain(name: str, text: str) -> None:
    rest = _DEFAULT.sub("", _EXPORT.sub("", _IMPORT.sub("", text)))
    if found := _STRANGE.search(rest):
        raise UsageError(f"{name} says {found[0]!r}, which is not understood here.", "Import and export by name.")
    names = [*_declared(text), *(_local(word) for words, _ in _IMPORT.findall(text) for word in _words(words))]
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise UsageError(f"{name} declares {', '.join(twice)} twice.", "Rename one of them, or import it `as` another.")


def _require_exported(name: str, text: str, parts: dict[str, str]) -> None:
    for words, part in _IMPORT.findall(text):
        wanted = {word.split(" as ")[0].strip() for word in _words(words)}
        if missing := sorted(wanted - set(_exported(parts[part]))):
            raise UsageError(f"{part} exports no {', '.join(missing)}, which {name} imports.", "Correct the import.")


def _exported(text: str) -> list[str]:
    return [found[1] for found in _EXPORT.findall(text)]


def _declared(text: str) -> list[str]:
    return _TOP.findall(text)


def _words(names: str) -> list[str]:
    return [word.strip() for word in names.split(",") if word.strip()]


def _local(word: str) -> str:
    return word.rsplit(" as ", maxsplit=1)[-1].strip()


def _scoped(name: str, text: str) -> str:
    """Return a module as a function that was called: its names are its own, what it exports is the result."""
    exported = ", ".join(_exported(text))
    body = _EXPORT.sub(r"\1", _DEFAULT.sub("", _linked(text)))
    return f"const {_variable(name)} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"


def _linked(text: str) -> str:
    """Return a module's text with its imports taken from the variables of the modules before it."""
    return _IMPORT.sub(lambda found: f"const {{ {_renamed(found[1])} }} = {_variable(found[2])};", text)


def _renamed(names: str) -> str:
    return ", ".join(": ".join(part.strip() for part in word.split(" as ")) for word in _words(names))


def _variable(name: str) -> str:
    return re.sub(r"\W", "_", f"module_{name.removesuffix('.js')}")
