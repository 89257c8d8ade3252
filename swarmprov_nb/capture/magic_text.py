"""What IPython magics and shell lines say about names: code inside them, ``{x}`` and ``$x`` inside shell text."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

INERT: Final = frozenset({
    "alias", "autoreload", "cd", "conda", "config", "html", "javascript", "js", "latex", "load_ext", "lsmagic", "magic",
    "mamba", "markdown", "matplotlib", "notebook", "pinfo", "pinfo2", "pip", "precision", "psource", "publish",
    "rehashx", "reload_ext", "reset_selective", "run", "svg", "unload_ext", "uv", "verify", "who", "who_ls", "whos",
    "writefile", "xmode",
})  # fmt: skip
CODE: Final = frozenset({"capture", "lprun", "memit", "mprun", "prun", "time", "timeit"})
SHELL: Final = frozenset({"!", "bash", "cmd", "perl", "python", "python3", "ruby", "script", "sh", "sx", "system"})
_CALLS: Final = frozenset({"run_line_magic", "run_cell_magic", "system", "getoutput"})
_OPTIONS: Final = re.compile(r"^\s*(?:-\w+\s*(?:\d+\s+)?)+")
_BRACES: Final = re.compile(r"\{([^{}]+)\}")
_DOLLAR: Final = re.compile(r"\$\{?([A-Za-z_]\w*)")
_WORD: Final = re.compile(r"(?<![\w.'\"%-])[A-Za-z_]\w*")


@dataclass(frozen=True)
class Magic:
    """One magic of a transformed cell: its name, its line and, for a cell magic, its body."""

    name: str
    line: str
    body: str = ""

    @property
    def inert(self) -> bool:
        """Whether the magic neither reads nor binds a variable by itself."""
        return self.name in INERT or self.name == "_provenance_step"

    @property
    def shell(self) -> bool:
        """Whether the text goes to another program."""
        return self.name in SHELL

    def code(self) -> str | None:
        """Return the Python text that the magic runs, None where it runs none.

        >>> Magic("timeit", "-n 10 f(x)").code()
        'f(x)'
        >>> Magic("capture", "out", "y = x").code()
        'y = x'
        """
        if self.name == "provenance":
            return self.body
        if self.name == "run":
            return _script(self.line)
        if self.name not in CODE:
            return None
        line = "" if self.name == "capture" else _OPTIONS.sub("", self.line)
        return "\n".join(part for part in (line, self.body) if part)

    def stores(self) -> set[str]:
        """Return the names that the magic itself binds.

        >>> Magic("capture", "--no-stderr out").stores()
        {'out'}
        """
        return {word for word in self.line.split() if word.isidentifier()} if self.name == "capture" else set()

    def reads(self) -> set[str]:
        """Return the names that shell text expands, or that the text of a magic unknown to us might mean.

        >>> sorted(Magic("!", "wc -l {path} $other").reads())
        ['other', 'path']
        """
        if self.inert or self.code() is not None:
            return set()
        text = f"{self.line}\n" if self.shell else f"{self.line}\n{self.body}"
        words = set(_DOLLAR.findall(text))
        for inner in _BRACES.findall(text):
            words |= set(_WORD.findall(inner))
        return words if self.shell else words | set(_WORD.findall(text))


def _script(line: str) -> str | None:
    """Return the text of a script that runs in the notebook's own namespace: ``%run -i clean.py``."""
    words = line.split()
    scripts = [word for word in words if word.endswith((".py", ".ipy"))]
    if "-i" not in words or not scripts:
        return None
    try:
        return Path(scripts[0]).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def magic_of(call: ast.Call) -> Magic | None:
    """Return the magic that ``get_ipython().run_…_magic('name', 'line')`` stands for, None for any other call."""
    function = call.func
    if not (isinstance(function, ast.Attribute) and function.attr in _CALLS and _is_shell(function.value)):
        return None
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    if len(texts) != len(call.args) or not texts or not all(isinstance(text, str) for text in texts):
        return None
    words = [str(text) for text in texts]
    return Magic("!", words[0]) if function.attr in {"system", "getoutput"} else Magic(*[*words, ""][:3])


def _is_shell(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"
