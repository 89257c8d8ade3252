"""Random changes of a publication, made where a forger could make them, and put together again without its keys."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from random import Random
from typing import Any

from forging import STRANGER, STRANGER_WALLET, Book

from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST
from swarmprov_nb.swarm import Chunk

_TOO_ODD = (ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError)  # for the forger's own tools
_ODD = (None, True, False, 0, -1, 1, 2**53 - 1, 2**53, "", "\0", "../x", "é", "e\u0301", "0x", "f" * 64, [], {}, [[]])


def mutate(book: Book, random: Random) -> str:
    """Change one to three things in a book; returns what was done, for the message of a test that fails."""
    done = [random.choice(_CHANGES)(book, random) for _ in range(random.choice((1, 1, 1, 2, 3)))]
    return "; ".join([*done, random.choice(_ENDINGS)(book, random)])


# -- what is changed


def _json(book: Book, random: Random) -> str:
    """Change a value somewhere in the manifest, the envelope, a seal or the notebook."""
    path = random.choice([MANIFEST, MANIFEST, MANIFEST, ENVELOPE, *book.seals, *_notebooks(book)])
    if path not in book.files:
        return "nothing"
    try:
        document = json.loads(book.files[path])
    except ValueError:
        return "nothing"
    what = _changed(document, random)
    with suppress(ValueError):
        indented = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        book.files[path] = indented.encode("utf-8", "replace") if path in _notebooks(book) else canonical(document)
    return f"{what} in {path}"


def _notebooks(book: Book) -> list[str]:
    return [path for path in book.files if path.endswith(".ipynb")]


def _changed(document: Any, random: Random) -> str:
    """Change one member of a random container: removed, doubled, exchanged, replaced, edited, or one more."""
    places = [place for place in _containers(document) if place]
    if not places:
        return "nothing"
    place = random.choice(places)
    keys = list(place) if isinstance(place, dict) else list(range(len(place)))
    key, other = random.choice(keys), random.choice(keys)
    act = random.choice(("remove", "exchange", "replace", "edit", "edit", "graft", "add"))
    if act == "remove":
        del place[key]
    elif act == "exchange":
        place[key], place[other] = place[other], place[key]
    elif act == "replace":
        place[key] = copy.deepcopy(random.choice(_ODD))
    elif act == "edit":
        place[key] = _edited(place[key], random)
    elif act == "graft":
        place[key] = copy.deepcopy(random.choice(places))
    elif isinstance(place, dict):
        place[random.choice(("extra", "name", "subject", "digest", "key"))] = copy.deepcopy(place[other])
    else:
        place.insert(random.randrange(len(place) + 1), copy.deepcopy(place[other]))
    return f"{act} {key!r}"


def _containers(value: Any) -> list[Any]:
    found, waiting = [], [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list):
            found.append(each)
            waiting += each.values() if isinstance(each, dict) else each
    return found


def _edited(value: Any, random: Random) -> Any:
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + random.choice((-1, 1, 1 << 20))
    if isinstance(value, str) and value:
        at = random.randrange(len(value))
        return value[:at] + random.choice(("0", "f", "A", " ", "\n", "\u202e", "")) + value[at + 1 :]
    return copy.deepcopy(random.choice(_ODD))


def _bytes(book: Book, random: Random) -> str:
    """Flip, cut or lengthen the bytes of a file."""
    path = random.choice(list(book.files))
    data = bytearray(book.files[path])
    act = random.choice(("flip", "cut", "lengthen"))
    if act == "flip" and data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif act == "cut":
        del data[random.randrange(len(data) + 1) :]
    else:
        data += random.randbytes(random.randrange(1, 100))
    book.files[path] = bytes(data)
    return f"{act} {path}"


def _listing(book: Book, random: Random) -> str:
    """Remove, rename, double or exchange files."""
    one, other = random.choice(list(book.files)), random.choice(list(book.files))
    act = random.choice(("remove", "rename", "double", "exchange"))
    name = random.choice(("data/x.csv", "../x", "/x", one.upper(), f"{one}/x", "seals/x.json", ".x", "a" * 300))
    if act == "remove":
        del book.files[one]
    elif act == "exchange":
        book.files[one], book.files[other] = book.files[other], book.files[one]
    else:
        book.files[name] = book.files.pop(one) if act == "rename" else book.files[one]
    return f"{act} {one}"


def _types(book: Book, random: Random) -> str:
    """Change what the listing says beside paths."""
    path = random.choice(list(book.files))
    act = random.choice(("type", "metadata", "index", "error", "order"))
    if act == "type":
        book.types[path] = random.choice(("text/html", "", "image/svg+xml"))
    elif act == "metadata":
        book.metadata[path] = {random.choice(("Filename", "X")): "x"}
    elif act == "index":
        book.index = random.choice((None, path))
    elif act == "error":
        book.error = path
    else:
        book.backwards = not book.backwards
    return f"{act} {path}"


def _chunks(book: Book, random: Random) -> str:
    """Lose a chunk, or store another under its address, or list the tree from one that claims more."""
    act = random.choice(("lose", "replace", "claim"))
    number = random.random()

    def late(bound: Book) -> None:
        addresses = sorted(bound.storage.addresses())
        address = addresses[int(number * len(addresses))]
        if act == "lose":
            bound.storage.forget(address)
            return
        (chunk,) = bound.storage.read([address if act == "replace" else bound.root])
        payload = bytearray(chunk.payload or b"\0")
        payload[int(number * len(payload))] ^= 1
        if act == "replace":
            bound.storage.replace(Chunk(address, chunk.span, bytes(payload)))
        else:
            other = Chunk.of(chunk.span if number < 0.5 else chunk.span << 7, bytes(payload))
            bound.storage.replace(other)
            bound.root = other.address

    book.after.append(late)
    return f"{act} a chunk"


_CHANGES = (_json, _json, _json, _json, _bytes, _listing, _types, _chunks)


# -- how it is put together again, without the author's keys


def _as_it_is(book: Book, random: Random) -> str:
    del book, random
    return "as it is"


def _stated(book: Book, random: Random) -> str:
    """All digests right, the exports rendered anew; the author's signature stays where it was."""
    del random
    with suppress(*_TOO_ODD):
        book.state()
    return "stated"


def _signed_by_a_stranger(book: Book, random: Random) -> str:
    """A stranger signs, in their own name or in the author's, and seals instead of the author or beside."""
    own, instead = random.random() < 0.5, random.random() < 0.5
    with suppress(*_TOO_ODD):
        statement = book.statement
        if own:
            statement["predicate"]["agents"][0]["key"] = STRANGER.did
        book.state(statement, by=STRANGER)
        if instead:
            book.files = {path: data for path, data in book.files.items() if not path.startswith("seals/")}
        book.add_seal(STRANGER, STRANGER_WALLET)
    return f"signed by a stranger (own name: {own}, instead: {instead})"


_ENDINGS = (_as_it_is, _stated, _stated, _signed_by_a_stranger)
