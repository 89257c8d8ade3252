"""Publish: show what would leave, ask for consent, then sign, store and anchor it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from swarmprov_nb.config import Settings
from swarmprov_nb.home import Home
from swarmprov_nb.lineage import Artifact, Lineage
from swarmprov_nb.notebooks import Notebook
from swarmprov_nb.options import parsed, publish_options
from swarmprov_nb.planning import Choices, Plan, plan
from swarmprov_nb.previewing import preview
from swarmprov_nb.progress import Progress, Told
from swarmprov_nb.publish_steps import Published, carry_out
from swarmprov_nb.publisher import NO_CHAIN, Publisher
from swarmprov_nb.scanning import FINDINGS_KEY
from swarmprov_nb.secret_values import SecretBytes
from swarmprov_nb.showing import lineage

if TYPE_CHECKING:
    from swarmprov_nb.passwords import Page
    from swarmprov_nb.recording import Recorder
    from swarmprov_nb.scanning import Memory

__all__ = ["NO_CHAIN", "Published", "Publisher", "carry_out", "choices_of", "plan_of", "publish", "publish_if",
           "publisher_of"]  # fmt: skip

NOT_PUBLISHED = "Nothing was published. Publish it by adding --yes (from Python: yes=True)."


def publish(
    notebook: str | Path, *, yes: bool = False, choices: Choices | None = None, chain: str | None = None,
    store: str | None = None, batch: str | None = None, wallet: str | None = None, again: bool = False,
    home: Home | None = None, say: Callable[[str], None] = print,
) -> Published | None:  # fmt: skip
    """Publish what a notebook made: preview, and with ``yes=True`` sign and store it.

    >>> import swarmprov
    >>> swarmprov.publish("study.ipynb", yes=True)  # doctest: +SKIP

    `store` is a Bee node's URL or ``gateway:URL``, `chain` a network's name or URL, ``local`` or ``none``; what is
    not named comes from the user's settings, else it is this machine's. Returns None after a preview. Raises
    PublishRefused where findings, missing sources or a cap stop it, UsageError for a wrong name, StorageError and
    ChainError where bytes or anchor cannot be written: call again to go on from there.
    """
    home = home or Home.of_user()
    path = Path(notebook).absolute()
    publisher = Publisher.of(home, chain=chain, store=store, batch=batch, wallet=wallet)
    result = publish_if(lambda _: yes, Notebook.read(path), lineage(path, home=home), publisher, choices=choices,
                        again=again, say=say)  # fmt: skip
    if result is None:
        say(NOT_PUBLISHED)
    return result


def publish_if(
    consent: Callable[[Plan], bool], notebook: Notebook, recorded: Lineage, publisher: Publisher, *,
    choices: Choices | None = None, again: bool = False, say: Callable[[str], None], progress: Progress | None = None,
) -> Published | None:  # fmt: skip
    """Plan, say what would leave, and publish where `consent`, asked about the plan, is given; None where not."""
    planned = plan_of(notebook, recorded, publisher, choices=choices or Choices())
    say(preview(planned, publisher))
    if not consent(planned):
        return None
    return carry_out(planned, publisher, again=again, progress=progress or Told(say))


def plan_of(
    notebook: Notebook, recorded: Lineage, publisher: Publisher, *, choices: Choices, memory: Memory | None = None
) -> Plan:
    """Plan a publish with the user's settings, and the user's own keys among the secrets to look for.

    With a `memory` kept between two plans, only what changed since is looked through for secrets again.
    """
    settings = Settings.of(publisher.home, notebook.path.parent)
    publisher.home.secret(FINDINGS_KEY)  # made first: it is one of the keys to look for, now and later
    keys = tuple(_key_in(path) for path in publisher.home.keys.iterdir() if path.is_file())
    return plan(notebook, recorded, keeper=publisher.keeper, settings=settings, choices=choices, known_keys=keys,
                memory=memory)  # fmt: skip


def _key_in(path: Path) -> SecretBytes:
    """Return the key that a key file holds, raw or in hex."""
    data = SecretBytes(path.read_bytes())
    try:
        return SecretBytes(bytes.fromhex(data.decode("ascii").strip()))
    except ValueError:
        return data


def publish_recorded(recorder: Recorder, line: str, *, page: Page | None = None) -> None:
    """Publish what this kernel recorded: what ``%publish`` does; declared and leaf artifacts still current are stored.

    `page` asks for a keystore's password where somebody sits at a front end.

    A kernel that has made nothing yet publishes what an earlier one recorded.
    """
    options = parsed(publish_options("publish"), line)
    path = recorder.document()
    for artifact in unstored(recorder):
        recorder.store_current(artifact)
    publisher = publisher_of(options, recorder.home, page=page)
    result = publish_if(lambda _: options.yes, Notebook.read(path), recorded_by(recorder, path), publisher,
                        choices=choices_of(options), again=options.again, say=print)  # fmt: skip
    print(_without_home(str(result), recorder.home) if result else NOT_PUBLISHED)  # noqa: T201 - the magic's answer
    for note in result.advice if result else ():
        print(f"  note: {note}")  # noqa: T201


def _without_home(text: str, home: Home) -> str:
    """Return a text for an output, which may be shared, with our home written as a shell would find it."""
    user = Path.home()
    known = f"~/{home.root.relative_to(user)}" if home.root.is_relative_to(user) else "$SWARMPROV_HOME"
    return text.replace(str(home.root), known)


def unstored(recorder: Recorder) -> list[Artifact]:
    """Return what would be published if its bytes were stored: declared ones, and models and figures nobody used."""
    recorder.catch_up()
    found = recorder.record.lineage(recorder.session.id)
    used = {use.artifact for use in found.uses}
    waiting = [artifact for artifact in found.artifacts if artifact.stored is None and artifact.run is not None]
    return [a for a in waiting if a.declared or (a.kind in ("model", "figure") and a.id not in used)]


def recorded_by(recorder: Recorder, path: Path) -> Lineage:
    """Return what this kernel recorded, or, where it has made nothing yet, what an earlier one did.

    Raises RecordError where runs of it could not be written down yet: nothing is published without them.
    """
    recorder.catch_up()
    own = recorder.record.lineage(recorder.session.id)
    return own if own.artifacts else lineage(path, home=recorder.home)


def publisher_of(options: argparse.Namespace, home: Home, *, page: Page | None = None) -> Publisher:
    """Return the publisher that the options of a command or magic name."""
    return Publisher.of(
        home, chain=options.chain, store=getattr(options, "store", None), batch=getattr(options, "batch", None),
        wallet=options.wallet, password_file=options.password_file, page=page,
    )  # fmt: skip


def choices_of(options: argparse.Namespace) -> Choices:
    """Return what the options of a publish say about what leaves."""
    return Choices(outputs=options.outputs, old_sources=options.old_sources, all_runs=options.all_runs,
                   hide=tuple(options.hide), cite=tuple(options.cite), accept=tuple(options.accept),
                   license=options.license, purpose=options.purpose, contact=options.contact)  # fmt: skip
