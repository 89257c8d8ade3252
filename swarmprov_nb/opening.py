"""Open: take data or a model out of somebody's publication, verified, and record whose work one goes on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.capture.audit import unheard
from swarmprov_nb.errors import UsageError, VerificationFailed
from swarmprov_nb.home import Home
from swarmprov_nb.outcome import one_line
from swarmprov_nb.verifying import Accepted, examine, located
from swarmprov_nb.view.captions import byte_size, plural

if TYPE_CHECKING:
    from swarmprov_nb.lineage import Artifact
    from swarmprov_nb.report import Report

_SCHEME: Final = "bzz://"
_FEW: Final = 6
_LABEL: Final = 60


def open(  # noqa: A001 - the verb's name
    target: str | Path, path: str | None = None, *, any_signer: bool = False, signer: str | None = None,
    store: str | Path | None = None, chains: Sequence[str] = (), as_path: bool = False, trusted: Sequence[str] = (),
    home: Home | None = None,
) -> Any:  # fmt: skip
    """Open a file of a publication that verifies: a table, an array or a model; else the path of a read-only copy.

    >>> import swarmprov
    >>> clean = swarmprov.open("4c9c…f295", "data/clean.parquet")  # doctest: +SKIP
    >>> clean = swarmprov.open("bzz://4c9c…f295/data/clean.parquet")  # doctest: +SKIP

    Without `path` it returns what the publication holds, to choose from. `target` is a reference or a saved file. An
    author who is not on your list is taken only with ``any_signer=True``, which the manifest of what you make then
    says, or as `signer` (a label or a ``did:key``). Parquet, CSV and TSV give a ``pandas.DataFrame``, ``.npy`` an
    array, ``.skops`` a model that may create types known to be harmless, and those in `trusted`; a pickle is never
    loaded. ``as_path=True`` gives the copy whatever the file holds. In a recorded notebook the file is an input of the
    cell run, and its publication a parent of what is published from there. The publication is kept in the own store.

    Raises VerificationFailed where the publication does not verify, was revoked, or its signer is unknown; UsageError
    where it holds no such file; ArtifactError where the file cannot be read without running a program.
    """
    home = home or Home.of_user()
    with unheard():
        reference, path = _divided(str(target), path)
        accepted = Accepted(signer=signer, any_signer=any_signer, chains=tuple(chains))
        publication = Publication.verified(reference, accepted=accepted, store=store, home=home)
        if path is None:
            return publication
        return publication.open(path, as_path=as_path, trusted=trusted)


class Publication:
    """A verified publication, and the files that it holds: `open` one of them.

    ::

        found = swarmprov.open("4c9c…f295")
        clean = found.open("data/clean.parquet")
    """

    def __init__(self, storage: Any, root: bytes, report: Report, *, any_signer: bool, home: Home) -> None:
        assert report.statement is not None  # a report without failures has one
        self.report = report
        self._storage = storage
        self._root = root
        self._statement = report.statement
        self._any_signer = any_signer
        self._home = home

    @classmethod
    def verified(cls, reference: str, *, accepted: Accepted, store: str | Path | None, home: Home) -> Publication:
        """Verify what a reference or a saved file names; raises as `swarmprov.open` does."""
        storage, root = located(reference, store=store, home=home)
        report = examine(storage, root, accepted=accepted, home=home)
        if report.failed:
            why = "; ".join(f"{check.name}: {check.detail}" for check in report.failed[:2])
            raise VerificationFailed(f"Nothing was opened: it does not verify. {one_line(why)}.", report.advice)
        unknown = report.label is None and accepted.signer is None
        if unknown and not accepted.any_signer:
            claimed = f", who claims to be {one_line(report.claims)[:_LABEL]}" if report.claims else ""
            raise VerificationFailed(
                f"Nothing was opened. It is valid, but you do not know its signer {report.author}{claimed}.",
                f"If you know whose key it is: swarmprov trust {report.author} --as NAME — or take it from anybody:"
                " any_signer=True, which your manifest will say.",
            )
        return cls(storage, root, report, any_signer=unknown, home=home)

    @property
    def reference(self) -> str:
        """The publication's reference, in hex."""
        return self._root.hex()

    @property
    def files(self) -> Mapping[str, str]:
        """What it holds: each file's path, with what it is."""
        return {subject["name"]: self._about(subject["name"]) for subject in self._statement["subject"]}

    def open(self, path: str, *, as_path: bool = False, trusted: Sequence[str] = ()) -> Any:
        """Open one of its files; see `swarmprov.open`."""
        from swarmprov_nb.artifacts.loading import is_loadable, load_value

        with unheard():
            digest = self._digest(path)
            self._keep()
            if is_loadable(path) and not as_path:
                value = load_value(self._bytes(path), path, trusted=trusted)
                described = self._described(path, digest, value)
            else:
                value = self._copy(path, digest)
                described = self._described(path, digest, None)
            recorded = _note(described)
            print(f"{one_line(path)}: {self.signed}{recorded}")  # noqa: T201 - whose it is, said in the cell's output
        return value

    @property
    def signed(self) -> str:
        """Who signed, by the own list, and what that proves, in one line."""
        if self.report.label is not None:
            return f"signed by {self.report.label}, level {self.report.level}"
        claimed = f", claims to be {one_line(self.report.claims)[:_LABEL]}" if self.report.claims else ""
        return f"signed by {self.report.author} (unknown signer{claimed}), level {self.report.level}"

    def __repr__(self) -> str:
        width = max(map(len, self.files))
        lines = [f"  {one_line(path):<{width}}  {about}" for path, about in self.files.items()]
        return "\n".join([f"{self._title} {self.signed}: {plural(len(lines), 'file')}", *lines])

    def _repr_html_(self) -> str:
        from swarmprov_nb.exports.html import element, facts, join, say, table, words

        head = facts([("publication", say(self._title)), ("signed", words(self.signed.removeprefix("signed ")))])
        rows = ((element("code", say(path)), words(about)) for path, about in self.files.items())
        return join(head, table(("file", "what it is"), rows))

    # -- inside

    @property
    def _title(self) -> str:
        return one_line(self._statement["predicate"]["notebook"]["subject"])[:_LABEL]

    def _entity(self, path: str) -> Mapping[str, Any]:
        entities = self._statement["predicate"]["entities"]
        return next((entity for entity in entities if entity.get("subject") == path), {})

    def _about(self, path: str) -> str:
        entity = self._entity(path)
        if not entity:
            notebook = self._statement["predicate"]["notebook"]["subject"]
            return "the notebook" if path == notebook else "a source, or an image of the text"
        title = f"{one_line(entity['title'])[:_LABEL]}, " if "title" in entity else ""
        return f"{title}{entity['kind']}, {byte_size(entity['size'])}"

    def _digest(self, path: str) -> str:
        digests = {subject["name"]: subject["digest"]["sha256"] for subject in self._statement["subject"]}
        if path in digests:
            return str(digests[path])
        near = get_close_matches(path, digests, n=3) or list(digests)[:_FEW]
        raise UsageError(
            f"The publication holds no file {one_line(path)[:200]!r}.", f"It holds: {one_line(', '.join(near))}."
        )

    def _address(self, path: str) -> bytes:
        from swarmprov_nb.publication import listing

        return listing(self._storage, self._root)[path]

    def _bytes(self, path: str) -> bytes:
        from swarmprov_nb.swarm import read_file

        return b"".join(read_file(self._storage, self._address(path)))

    def _copy(self, path: str, digest: str) -> Path:
        from swarmprov_nb.opened_files import read_only_copy

        return read_only_copy(self._storage, self._address(path), root=self._root, path=path, sha256=digest,
                              home=self._home)  # fmt: skip

    def _keep(self) -> None:
        """Keep the publication in the own store: what one builds on must not go away with a stick or a server."""
        from swarmprov_nb.storing import user_store
        from swarmprov_nb.swarm.copying import copy

        store = user_store(self._home)
        if not store.status(self._root).retrievable:
            copy(self._storage, self._root, store)
        store.pin(self._root, keep=True)

    def _described(self, path: str, digest: str, value: Any) -> Artifact:
        """Describe the file as it was seen here; words about it (title, licence) are its publisher's."""
        from swarmprov_nb.artifacts import Description, family_of
        from swarmprov_nb.artifacts.files import kind_of, media_type
        from swarmprov_nb.lineage import Artifact, Declaration, Stored
        from swarmprov_nb.swarm import file_size

        entity, address = self._entity(path), self._address(path)
        type_, size = entity.get("mediaType") or media_type(Path(path)), file_size(self._storage, address)
        seen = Description(kind_of(Path(path)), None, None, f"{type_.partition(';')[0]}, {byte_size(size)}")
        content = None
        if value is not None and (family := family_of(value, declared=True)) is not None:
            seen, content = family.describe(value), family.content_id(value)
        parent = self._parent(path)
        return Artifact(
            id=f"opened/{parent.manifest}/{'any-signer/' if parent.any_signer else ''}{path}@1",
            run=None,
            name=path,
            version=1,
            kind=seen.kind,
            shape=seen.shape,
            schema=seen.schema,
            summary=seen.summary,
            named=True,
            declaration=Declaration(title=entity.get("title"), license=entity.get("license"),
                                    personal_data=entity.get("personalData")),
            stored=Stored(
                sha256=digest,
                size=size,
                # what its publisher states is stated again only where the content is found to be that
                content_id=content if content and content == entity.get("contentId") else f"file:sha256:{digest}",
                media_type=type_,
                suffix=PurePosixPath(path).suffix,
                reference=address.hex(),
            ),
            parent=parent,
        )  # fmt: skip

    def _parent(self, path: str) -> Any:
        from swarmprov_nb.lineage import Parent

        report = self.report
        assert report.author is not None
        assert report.manifest_sha256 is not None
        assert report.content is not None
        return Parent(
            manifest=report.manifest_sha256,
            content=report.content,
            author=report.author,
            subject=path,
            any_signer=self._any_signer,
            wallet=next(iter(report.wallets), None),
            reference=self.reference,
        )


def _divided(target: str, path: str | None) -> tuple[str, str | None]:
    """Return reference and path of what was asked for: ``bzz://REF/path`` names both."""
    if not target.lower().startswith(_SCHEME):
        return target, path
    reference, _, named = target[len(_SCHEME) :].partition("/")
    if named and path is not None:
        raise UsageError(f"Both {_SCHEME}REF/{named} and {path!r} name a file.", "Name the file once.")
    return reference, named or path


def _note(artifact: Artifact) -> str:
    """Tell the recorder of this kernel, if there is one, and return what there is to say about that."""
    from swarmprov_nb.recording import recording

    recorder = recording()
    if recorder is None:
        return ""
    return "" if recorder.note_opened(artifact) else " (not recorded: no cell run is under way)"
