"""The checks of a verification, one function each: from the bytes in a storage to named results.

No network, no Jupyter, nothing believed but hashes and signatures. Where an early check fails, those that rest on it
are *not checked*; the first reason is what a person needs.
"""

from __future__ import annotations

import hashlib
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.manifest.author_key import from_did
from swarmprov_nb.manifest.canonical import MAX_BYTES, parse
from swarmprov_nb.manifest.envelope import check as check_envelope
from swarmprov_nb.manifest.normal_form import cells_of, is_normal
from swarmprov_nb.manifest.rules import RULES
from swarmprov_nb.manifest.schema import check_schema
from swarmprov_nb.manifest.seal import SealedStatement
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST, PREDICATE_TYPE
from swarmprov_nb.outcome import FAIL, NOT_CHECKED, PASS, Check
from swarmprov_nb.publication import SEALS, collection, is_safe_path, listing, without_seals
from swarmprov_nb.view.labels import clean

AUTHOR: Final = "author"
_SEAL_BYTES: Final = 16_384
_MOST_SEALS: Final = 100  # each costs a recovery of a wallet's key
_HEX_SHOWN: Final = 12
_PATH_SHOWN: Final = 80
_FEW: Final = 6
_FREE_BYTES: Final = 1 << 31  # what a publication may declare whatever it holds, and
_REPEATS: Final = 64  # how often on average each byte that it holds may be read, beyond that
_BATCH: Final = 4096


@dataclass
class Evidence:
    """What has been established so far about one publication."""

    storage: Any
    root: bytes
    files: dict[str, bytes] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    chunks: int = 0
    manifest: bytes = b""
    statement: dict[str, Any] | None = None
    content: bytes = b""
    seals: list[SealedStatement] = field(default_factory=list)

    @property
    def manifest_sha256(self) -> str:
        """The manifest's sha256 in hex: what an anchor is about."""
        return hashlib.sha256(self.manifest).hexdigest()

    @property
    def author(self) -> bytes | None:
        """The manifest's author key, raw; None while the manifest is not established."""
        return from_did(self.statement["predicate"]["agents"][0]["key"]) if self.statement else None

    def data(self, path: str, *, limit: int = MAX_BYTES) -> bytes:
        """Return a file's verified bytes."""
        from swarmprov_nb.swarm import read_file

        return b"".join(read_file(self.storage, self.files[path], limit=limit))


def run_checks(evidence: Evidence, *, only: Collection[str] | None = None) -> Iterator[Check]:
    """Yield every check that needs no network, or `only` some, in order; `evidence` holds what they established.

    Raises NotAPublication, and ChunkNotFound for the root, where there is nothing to check; StorageError where the
    storage itself cannot be read.
    """
    evidence.files = listing(evidence.storage, evidence.root)
    stopped = False
    for name, check in CHECKS.items():
        if only is not None and name not in only:
            continue
        if stopped or (evidence.statement is None and name in _NEED_MANIFEST):
            yield Check(name, NOT_CHECKED, "rests on a check that failed")
            continue
        result = _outcome(name, check, evidence)
        stopped = result.outcome == FAIL and name in _STOPPING
        yield result


def chunks(evidence: Evidence) -> str:
    """Every chunk is re-hashed, of the collection and of each file."""
    from swarmprov_nb.swarm import collection_addresses

    addresses = list(dict.fromkeys(collection_addresses(evidence.storage, evidence.root)))
    _require_bounded(evidence, addresses)
    evidence.chunks = len(addresses)
    del addresses
    read: dict[bytes, tuple[str, int]] = {}
    for path, address in evidence.files.items():
        if address not in read:
            read[address] = _digest(evidence, address)
        evidence.sha256[path], evidence.sizes[path] = read[address]
    return f"{evidence.chunks} re-hashed, all equal to their addresses"


def _digest(evidence: Evidence, address: bytes) -> tuple[str, int]:
    """Return a file's sha256 and its length, from its every chunk."""
    from swarmprov_nb.swarm import read_file

    digest, size = hashlib.sha256(), 0
    for piece in read_file(evidence.storage, address):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def _require_bounded(evidence: Evidence, addresses: Sequence[bytes]) -> None:
    from swarmprov_nb.swarm import file_size
    from swarmprov_nb.swarm.bmt import CHUNK_SIZE

    declared = sum(file_size(evidence.storage, address) for address in evidence.files.values())
    if not repeats_without_end(declared, 0):
        return
    batches = (addresses[at : at + _BATCH] for at in range(0, len(addresses), _BATCH))
    held = sum(sum(evidence.storage.has(batch)) for batch in batches)
    if repeats_without_end(declared, held):
        _fail(f"the files claim {declared} bytes, and there are {held * CHUNK_SIZE}: a few chunks repeat without end")


def repeats_without_end(declared: int, chunks: int) -> bool:
    """Tell whether files of so many bytes are refused with so few chunks: ten could be read for a year.

    >>> repeats_without_end(2**31, 1), repeats_without_end(2**40, 2**20)
    (False, True)
    """
    from swarmprov_nb.swarm.bmt import CHUNK_SIZE

    return declared > max(_FREE_BYTES, chunks * CHUNK_SIZE * _REPEATS)


def collection_is_exact(evidence: Evidence) -> str:
    """The reference is what these files alone give: no odd type, index document, metadata or node is slipped in."""
    unsafe = [path for path in evidence.files if not is_safe_path(path)]
    if unsafe:
        _fail(f"{unsafe[0]!r} is no path that a publication may hold")
    folded = sorted({unicodedata.normalize("NFC", path.casefold()) for path in evidence.files})
    if len(folded) < len(evidence.files):
        _fail("two paths differ only in case")
    both = next((path for path in folded if _has_below(folded, path + "/")), None)
    if both is not None:
        _fail(f"{both!r} is a file and a folder")
    built = collection(evidence.files)
    if built != evidence.root:
        _fail("the files do not give the reference", expected=evidence.root.hex(), actual=built.hex())
    evidence.content = collection(without_seals(evidence.files))
    return f"{len(evidence.files)} files give exactly this reference"


def _has_below(paths: Sequence[str], folder: str) -> bool:
    """Tell whether one of the sorted paths lies in a folder."""
    at = bisect_left(paths, folder)
    return at < len(paths) and paths[at].startswith(folder)


def manifest(evidence: Evidence) -> str:
    """The manifest is canonical and follows its schema."""
    evidence.manifest = evidence.data(MANIFEST)
    statement = parse(evidence.manifest, what=MANIFEST)
    check_schema(statement)
    for entity in statement["predicate"]["entities"]:  # the one path that no file of this publication answers for
        if "parent" in entity and not is_safe_path(entity["parent"]["subject"]):
            _fail(f"{entity['id']} came from {entity['parent']['subject']!r}, no path that a publication may hold")
    from_did(statement["predicate"]["agents"][0]["key"])
    evidence.statement = statement
    return f"valid against {PREDICATE_TYPE}"


def files_are_listed(evidence: Evidence) -> str:
    """Nothing is there that the manifest does not name, and nothing it names is missing."""
    assert evidence.statement is not None
    predicate = evidence.statement["predicate"]
    named = {MANIFEST, ENVELOPE, *(subject["name"] for subject in evidence.statement["subject"])}
    named |= {export["path"] for export in predicate["exports"]}
    there = {path for path in evidence.files if not path.startswith(SEALS)}
    if there - named:
        _fail(f"{min(there - named)} is not named in the manifest")
    if named - there:
        _fail(f"{min(named - there)} is missing")
    return f"{len(named)} named, none missing, none besides"


def subjects(evidence: Evidence) -> str:
    """Each subject has the digests and the size that the manifest states."""
    assert evidence.statement is not None
    for subject in evidence.statement["subject"]:
        name, digest = subject["name"], subject["digest"]
        if name not in evidence.sha256:
            _fail(f"{name} is missing")
        if evidence.sha256[name] != digest["sha256"]:
            _fail(f"{name} is another file", expected=digest["sha256"], actual=evidence.sha256[name])
        if digest.get("swarm", evidence.files[name].hex()) != evidence.files[name].hex():
            _fail(f"{name} has another reference", expected=digest["swarm"], actual=evidence.files[name].hex())
    for entity in evidence.statement["predicate"]["entities"]:
        size = evidence.sizes.get(entity.get("subject", ""))
        if size is not None and entity["size"] != size:
            _fail(f"{entity['subject']} has another size", expected=str(entity["size"]), actual=str(size))
    return f"{len(evidence.statement['subject'])} files have the digests stated"


def envelope(evidence: Evidence) -> str:
    """The manifest is signed by the one key it names, and the envelope says nothing else."""
    author = evidence.author
    assert author is not None
    if ENVELOPE not in evidence.files:
        _fail(f"{ENVELOPE} is missing")
    check_envelope(evidence.data(ENVELOPE), evidence.manifest, author)
    return "the author's key signed this manifest"


def seals(evidence: Evidence) -> str:
    """Each seal holds for this manifest and content, and at least one is the author's."""
    paths = [path for path in evidence.files if path.startswith(SEALS)]
    if len(paths) > _MOST_SEALS:
        _fail(f"{len(paths)} seals are more than a publication may hold ({_MOST_SEALS})")
    digest = hashlib.sha256(evidence.manifest).digest()
    for path in paths:
        sealed = SealedStatement.from_bytes(evidence.data(path, limit=_SEAL_BYTES), path=path)
        sealed.check()
        seal = sealed.seal
        if seal.manifest != digest:
            _fail(f"{path} seals another manifest", expected=digest.hex(), actual=seal.manifest.hex())
        if seal.content != evidence.content:
            _fail(f"{path} seals another content", expected=evidence.content.hex(), actual=seal.content.hex())
        if seal.predicate_type != PREDICATE_TYPE:
            _fail(f"{path} seals another type of statement")
        if seal.role == AUTHOR and seal.signer_key != evidence.author:
            _fail(f"{path} claims to be the author's, but names another key")
        evidence.seals.append(sealed)
    if not any(sealed.seal.role == AUTHOR for sealed in evidence.seals):
        _fail("there is no seal by the author")
    # whole: an address with the same first and last digits as a known one is found in minutes
    wallets = ", ".join(f"{sealed.seal.role} 0x{sealed.seal.wallet.hex()}" for sealed in evidence.seals)
    return f"{wallets}: wallet and key vouch for each other"


def exports(evidence: Evidence) -> str:
    """What was rendered from the manifest is what this version renders from it."""
    from swarmprov_nb.exports import regenerate

    assert evidence.statement is not None
    digest = hashlib.sha256(evidence.manifest).hexdigest()
    foreign = []
    for record in evidence.statement["predicate"]["exports"]:
        rendered = regenerate(record, evidence.statement, digest)
        if rendered is None:
            foreign.append(record["path"])
        elif hashlib.sha256(rendered).hexdigest() != evidence.sha256.get(record["path"]):
            _fail(f"{record['path']} is not what the manifest gives")
    if foreign:
        shown = [clean(path, limit=_PATH_SHOWN) for path in foreign[:_FEW]]
        more = f" and {len(foreign) - _FEW} more" if len(foreign) > _FEW else ""
        raise _Unchecked(f"{', '.join(shown)}{more}: the publisher's rendering, by a version that is not at hand")
    return "rendered again from the manifest, and equal"


def sources(evidence: Evidence) -> str:
    """Each cell run's source stands in the notebook, or among the old sources."""
    assert evidence.statement is not None
    predicate = evidence.statement["predicate"]
    notebook = predicate["notebook"]["subject"]
    try:
        data = evidence.data(notebook)
        cells = cells_of(data) if is_normal(data) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        cells = None
    if cells is None:
        _fail(f"{notebook} is no notebook in normal form")
    count = predicate["notebook"]["cells"]
    if len(cells) != count:
        _fail(f"{notebook} has another number of cells", expected=str(count), actual=str(len(cells)))
    texts = (source for _, kind, source in cells if kind == "code")
    in_notebook = {hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts}
    for run in predicate["activities"]:
        digest, where = run["source"]["sha256"], run["source"]["subject"]
        old = where == f"sources/{digest}.py" and evidence.sha256.get(where) == digest
        there = digest in in_notebook if where == notebook else old
        if not there:
            _fail(f"the source of {run['id']} ({run['step'][:60]}) is not in {where}")
    return f"{len(predicate['activities'])} cell runs have their source in it"


def _rule(name: str) -> Callable[[Evidence], str]:
    def check(evidence: Evidence) -> str:
        assert evidence.statement is not None
        broken = next(RULES[name](evidence.statement), None)
        if broken is not None:
            _fail(broken)
        return _HOLDS[name]

    return check


_HOLDS: Final = {
    "ends": "every edge leads to something that is there",
    "subjects": "every file has one entity that speaks of it",
    "order": "every run uses only what came before it",
    "acyclic": "nothing derives from itself",
    "generation": "every artifact version is made once",
    "parents": "what it builds on is stated, and used",
}

CHECKS: Final[Mapping[str, Callable[[Evidence], str]]] = {
    "chunks": chunks,
    "collection": collection_is_exact,
    "manifest": manifest,
    "envelope": envelope,
    "files": files_are_listed,
    "digests": subjects,
    "seals": seals,
    **{name: _rule(name) for name in RULES},
    "sources": sources,
    "exports": exports,
}
_STOPPING: Final = frozenset({"chunks"})
_MALFORMED: Final = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip
_NEED_MANIFEST: Final = frozenset(CHECKS) - {"chunks", "collection", "manifest"}


class _Failed(Exception):
    def __init__(self, detail: str, expected: str | None, actual: str | None) -> None:
        super().__init__(detail)
        self.check = (detail, expected, actual)


class _Unchecked(Exception):
    pass


def _fail(detail: str, *, expected: str | None = None, actual: str | None = None) -> NoReturn:
    raise _Failed(detail, *(text and _short(text) for text in (expected, actual)))


def _short(text: str) -> str:
    return text if len(text) <= 2 * _HEX_SHOWN else f"{text[:_HEX_SHOWN]}…{text[-4:]}"


def _outcome(name: str, check: Callable[[Evidence], str], evidence: Evidence) -> Check:
    """Run one check; whatever a hostile publication makes it raise is a failure with words."""
    try:
        return Check(name, PASS, check(evidence))
    except _Failed as failed:
        return Check(name, FAIL, *failed.check)
    except _Unchecked as why:
        return Check(name, NOT_CHECKED, str(why))
    except SwarmprovError as error:
        return Check(name, FAIL, error.what.rstrip("."))
    except _MALFORMED as error:
        return Check(name, FAIL, f"malformed in a way that no publisher writes ({type(error).__name__})")
