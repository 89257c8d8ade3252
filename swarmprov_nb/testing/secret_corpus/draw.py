"""Drawing at random from a seed: the letters, bytes and names that made-up secrets and notebooks consist of."""

from __future__ import annotations

import base64
import hashlib
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, TypeVar

T = TypeVar("T")

LETTERS: Final = string.ascii_letters
BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
URL_SAFE: Final = BASE62 + "_-"
CAPITALS: Final = string.ascii_uppercase + string.digits
_SYMBOLS: Final = "!#$%&*+-_.^~"
_WORDS: Final = """
    amber basin cedar delta ember fjord glacier harbor island juniper kelp lagoon meadow nectar orchid prairie quartz
    river summit tundra umbra valley willow zephyr
"""
_PEOPLE: Final = "ana bruno chiara dmitri elena farid greta hugo ines jonas"


@dataclass(frozen=True)
class Planted:
    """A secret, and a text in which it stands as people write it; `file` names what is no Python but a file's text."""

    secret: str
    text: str
    file: str | None = None


class Draw:
    """A seeded source of everything random in the corpus: equal seeds draw equal things.

    >>> Draw(1).hex(4) == Draw(1).hex(4) != Draw(2).hex(4)
    True
    """

    def __init__(self, seed: int | str) -> None:
        self.random = Random(seed)  # noqa: S311 - nothing that it draws guards anything

    def bytes(self, length: int) -> bytes:
        """Return random bytes."""
        return self.random.randbytes(length)

    def of(self, alphabet: str, length: int) -> str:
        """Return a word of `length` letters of an alphabet."""
        return "".join(self.random.choices(alphabet, k=length))

    def hex(self, length: int) -> str:
        """Return `length` bytes as lower-case hex."""
        return self.bytes(length).hex()

    def base64(self, length: int) -> str:
        """Return `length` bytes as base64 (RFC 4648 §4)."""
        return base64.b64encode(self.bytes(length)).decode()

    def number(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included."""
        return self.random.randint(low, high)

    def pick(self, *options: T) -> T:
        """Return one of the options."""
        return self.random.choice(options)

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """Return `count` different ones of the options, in a random order."""
        return self.random.sample(options, count)

    def uuid(self) -> str:
        """Return a version 4 UUID (RFC 9562)."""
        text = self.hex(16)
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{self.pick(*'89ab')}{text[17:20]}-{text[20:]}"

    def digest(self, name: str = "sha256") -> str:
        """Return the digest of something, in hex."""
        return hashlib.new(name, self.bytes(20)).hexdigest()

    def picture(self) -> str:
        """Return what looks like a small PNG, as base64."""
        return base64.b64encode(b"\x89PNG\r\n\x1a\n" + zlib.compress(self.bytes(900))).decode()

    def word(self) -> str:
        """Return an ordinary word."""
        return self.pick(*_WORDS.split())

    def person(self) -> str:
        """Return a first name in lower case."""
        return self.pick(*_PEOPLE.split())

    def host(self) -> str:
        """Return the name of a host inside an institute."""
        return f"{self.word()}.{self.pick('lab', 'data', 'db', 'hpc')}.{self.pick('internal', 'institute.net', 'org')}"

    def password(self) -> str:
        """Return a password as a manager makes it, or as people do."""
        made = self.of(BASE62, self.number(11, 17)) + self.pick(*_SYMBOLS) + self.of(BASE62, 3)
        thought = f"{self.word()}{self.pick('-', '_', '.', '')}{self.word().title()}{self.number(10, 9999)}"
        return self.pick(made, thought, thought + self.pick("!", "#", "$"))


def assigned(draw: Draw, name: str, secret: str) -> Planted:
    """Give a name a secret, as it is done in programs, settings and shells."""
    lower, upper = name.lower(), name.upper()
    dashed = lower.replace("_", "-")
    written = {
        None: (
            f'{lower} = "{secret}"',
            f"{upper} = '{secret}'",
            f'os.environ["{upper}"] = "{secret}"',
            f'client = connect(timeout=30, {lower}="{secret}")',
            f'config = {{"url": "https://api.example.org", "{lower}": "{secret}"}}',
            f"%env {upper}={secret}",
            f'{lower}: str = "{secret}"  # of the project',
            f"!curl -H '{dashed}: {secret}' https://api.example.org/v1/items",
            f'settings["{lower}"] = "{secret}"',
        ),
        ".env": (f"DEBUG=0\n{upper}={secret}\nPORT=8080", f'{upper}="{secret}"'),
        "setup.sh": (f"#!/bin/sh\nset -e\nexport {upper}={secret}\npython train.py",),
        "config.yaml": (f"service:\n  url: https://api.example.org\n  {lower}: {secret}\n  retries: 3",),
        "config.json": (f'{{\n  "retries": 3,\n  "{lower}": "{secret}"\n}}',),
        "config.toml": (f'[service]\n{lower} = "{secret}"\n',),
    }
    file = draw.pick(None, None, None, *written)
    return Planted(secret, draw.pick(*written[file]), file)
