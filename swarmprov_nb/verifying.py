"""Verify: from one reference to a report, trusting no server and nothing that the publication says about itself."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.anchor_check import check_anchor
from swarmprov_nb.checking import AUTHOR, Evidence, run_checks
from swarmprov_nb.errors import InvalidReference, StorageError, UsageError, VerificationFailed
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.author_key import to_did
from swarmprov_nb.notebook_check import check_notebook, claimed_reference
from swarmprov_nb.outcome import FAIL, NOT_CHECKED, Check
from swarmprov_nb.report import LEVELS, Report
from swarmprov_nb.signer_check import check_previous, check_signer
from swarmprov_nb.signers import signers
from swarmprov_nb.upstream import check_upstream, line_of

SIGNED: Final = "signed"
_HOST_AND_PORT: Final = re.compile(r"[\w.-]+:\d{1,5}/?")
ANCHORED: Final = "anchored"


@dataclass(frozen=True)
class Accepted:
    """What a person requires: a level, and whose signature: a listed signer, one signer, or any."""

    level: str = SIGNED
    signer: str | None = None
    any_signer: bool = False
    chains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.level not in LEVELS[1:]:
            raise UsageError(f"There is no level {self.level!r} to require.", "Give --require signed or anchored.")


def verify(
    target: str | Path, *, signer: str | None = None, any_signer: bool = False, require: str = SIGNED,
    reference: str | None = None, store: str | Path | None = None, chains: Sequence[str] = (), home: Home | None = None,
) -> Report:  # fmt: skip
    """Verify a publication and return the report; it raises only where there is nothing to verify.

    >>> import swarmprov
    >>> swarmprov.verify("4c9c…f295").require("signed")  # doctest: +SKIP

    `target` is a reference, a saved file, or an own notebook (whose newest publication is meant). `signer` is a label
    or a ``did:key``. Raises InvalidReference, UsageError, NotAPublication, ChunkNotFound where the root is not there.
    """
    home = home or Home.of_user()
    accepted = Accepted(require, signer, any_signer, tuple(chains))
    path = Path(target)
    if path.suffix == ".ipynb":
        return _verify_notebook(path, accepted, store=store, home=home)
    storage, root = located(str(target), store=store, home=home)
    if reference is not None:
        _demand(reference, root)
    return examine(storage, root, accepted=accepted, home=home)


def verify_with(options: argparse.Namespace) -> Report:
    """Verify as the options of a command or magic say."""
    return verify(options.target, signer=options.signer, any_signer=options.any_signer, require=options.require,
                  reference=options.reference, store=options.store, chains=options.chain or ())  # fmt: skip


def located(target: str, *, store: str | Path | None, home: Home) -> tuple[Any, bytes]:
    """Return the storage that a target is read from and its 32-byte root: a saved file's own, else the store's."""
    from swarmprov_nb.swarm import Reference, SavedFile

    try:
        reference = Reference.parse(target)  # first: no file that is named like a reference stands in its place
    except InvalidReference:
        if not Path(target).is_file():
            if Path(target).suffix or "/" in target.removeprefix("bzz://").rstrip("/"):
                raise UsageError(f"There is no file {target}.", "Check the name, or give a reference.") from None
            raise
        saved = SavedFile(Path(target))
        return saved, saved.root
    if reference.secret:
        raise UsageError(
            "That is an encrypted reference: it holds a key, and this version reads none.",
            "Keep it secret, and verify the publication's own 64 characters.",
        )
    return open_store(store, home=home), reference.address


def open_store(store: str | Path | None, *, home: Home) -> Any:
    """Open the store to read from: the one named, else ``SWARMPROV_STORE``, else the user's own."""
    from swarmprov_nb.swarm import PackStore, is_remote, open_remote

    named = store or os.environ.get("SWARMPROV_STORE")
    if named and is_remote(str(named)):
        return open_remote(str(named))
    folder = Path(named).expanduser() if named else home.store
    if named and not folder.is_dir() and _HOST_AND_PORT.fullmatch(str(named)):
        raise UsageError(f"{str(named)[:80]} names a node without its scheme.", f"Write it as http://{str(named)[:80]}")
    if not folder.is_dir():
        raise StorageError(
            f"There is no store in {folder}.",
            "Load a saved file by: swarmprov load FILE — or name a store by --store FOLDER.",
        )
    return PackStore.open(folder, create=False)


def examine(storage: Any, root: bytes, *, accepted: Accepted, home: Home) -> Report:
    """Run every check on a publication in a storage, and weigh the results."""
    evidence = Evidence(storage, root)
    checks = list(run_checks(evidence))
    valid = all(check.outcome != FAIL for check in checks)
    if not valid:
        rest = [Check(name, NOT_CHECKED, "rests on a check that failed") for name in ("signer", "previous", "anchor")]
        return _report(evidence, [*checks, *rest], level=LEVELS[0], accepted=accepted, home=home)
    signer = check_signer(evidence, home, demanded=accepted.signer, any_signer=accepted.any_signer)
    anchor, networks, public = check_anchor(evidence, home, chains=accepted.chains)
    line = line_of(evidence, home=home, chains=accepted.chains)
    above = [check_upstream(line)] if line else []
    checks += [signer, check_previous(evidence, home), *above, anchor]
    failed = any(check.outcome == FAIL for check in (*above, anchor))
    level = LEVELS[0] if failed else (ANCHORED if public else SIGNED)
    report = _report(evidence, checks, level=level, accepted=accepted, home=home, networks=networks)
    return replace(report, upstream=line)


def _report(
    evidence: Evidence, checks: list[Check], *, level: str, accepted: Accepted, home: Home, networks: Sequence[str] = ()
) -> Report:
    author = to_did(evidence.author) if evidence.author else None
    known = signers(home).get(author or "")
    agents = evidence.statement["predicate"]["agents"] if evidence.statement else [{}]
    return Report(
        reference=evidence.root.hex(),
        checks=tuple(checks),
        level=level,
        exit_code=_exit_code(checks, level, accepted, listed=known is not None),
        author=author,
        label=known.label if known else None,
        claims=agents[0].get("name"),
        manifest_sha256=evidence.manifest_sha256 if evidence.manifest else None,
        content=evidence.content.hex() or None,
        wallets=tuple("0x" + sealed.seal.wallet.hex() for sealed in evidence.seals if sealed.seal.role == AUTHOR),
        networks=tuple(networks),
        statement=evidence.statement,
    )


def _exit_code(checks: Sequence[Check], level: str, accepted: Accepted, *, listed: bool) -> int:
    """0 ok; 1 failed; 3 valid, but the signer is unknown or something required could not be checked."""
    if any(check.outcome == FAIL for check in checks):
        return 1
    if LEVELS.index(level) < LEVELS.index(accepted.level):
        return 3
    return 0 if listed or accepted.any_signer or accepted.signer else 3


def _verify_notebook(path: Path, accepted: Accepted, *, store: str | Path | None, home: Home) -> Report:
    """Verify the newest publication of a notebook, and compare the file with what was published."""
    reference = claimed_reference(path, home)
    storage, root = located(reference, store=store, home=home)
    report = examine(storage, root, accepted=accepted, home=home)
    check = check_notebook(path, storage, root, report)
    exit_code = 1 if check.outcome == FAIL else report.exit_code
    return replace(report, checks=(*report.checks, check), exit_code=exit_code)


def _demand(reference: str, root: bytes) -> None:
    from swarmprov_nb.swarm import Reference

    if Reference.parse(reference).address != root:
        raise VerificationFailed(
            f"The file holds the publication {root.hex()}, not {reference}.",
            "Ask whoever gave you the file for the right one.",
        )
