"""A corpus for scanners of secrets: made-up secrets where people leave them, and notebooks in which there is none.

All of it is drawn from a seed, so that a figure about a scanner can be checked by whoever has the seed. No secret opens
anything: each is drawn at random in its issuer's published format, with a valid checksum where the format has one.

    from swarmprov_nb.testing.secret_corpus import clean_notebooks, secrets

    missed = [case for case in secrets(seed=7) if not my_scanner(case.files)]
    alarms = [files for files in clean_notebooks(seed=7) if my_scanner(files)]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from swarmprov_nb.testing.secret_corpus import private_keys, services, wallets, written
from swarmprov_nb.testing.secret_corpus.clean import clean_files
from swarmprov_nb.testing.secret_corpus.draw import Draw, Planted
from swarmprov_nb.testing.secret_corpus.placing import PLACES, Files

__all__ = ["FORMATS", "Case", "clean_notebooks", "secrets"]

_MADE: Final[tuple[Callable[[Draw], Planted], ...]] = (
    *(services.aws, services.google_key, services.google_service_account, services.azure_storage),
    *(services.azure_signature, services.azure_client_secret, services.github, services.gitlab, services.slack),
    *(services.chat_bot, services.stripe, services.mail_and_phone, services.language_model, services.huggingface),
    *(services.package_index, services.hosting, services.watching, services.research, services.jwt),
    *(private_keys.pem_pkcs8, private_keys.pem_traditional, private_keys.openssh, private_keys.openpgp),
    *(private_keys.tool_key, wallets.ethereum_key, wallets.seed_phrase, wallets.bitcoin_key),
    *(wallets.encrypted_reference, written.database_url, written.connection_string, written.address_with_password),
    *(written.netrc, written.pgpass, written.named_key, written.bearer, written.basic, written.password),
    *(written.container_secret, written.server_token, written.cluster_config),
)
FORMATS: Final = {made.__name__: made for made in _MADE}


@dataclass(frozen=True)
class Case:
    """A secret of a format at a place (code, output, metadata, artifact), in the files that would be published."""

    format: str
    place: str
    secret: str
    files: Files


def secrets(seed: int, count: int = 500) -> Iterator[Case]:
    """Yield secrets, every format in turn, each at a place drawn at random.

    >>> [(case.format, case.place, list(case.files)) for case in secrets(seed=7, count=2)]
    [('aws', 'artifact', ['study.ipynb', 'notes.txt']), ('google_key', 'artifact', ['study.ipynb', 'rows.jsonl'])]
    """
    names = list(FORMATS)
    for number in range(count):
        draw = Draw(f"secret {seed} {number}")
        name, place = names[number % len(names)], draw.pick(*PLACES)
        planted = FORMATS[name](draw)
        yield Case(name, place, planted.secret, PLACES[place](draw, planted))


def clean_notebooks(seed: int, count: int = 100) -> Iterator[Files]:
    """Yield notebooks with their files that hold digests, identifiers, pictures and examples, and no secret.

    >>> [list(files) for files in clean_notebooks(seed=7, count=1)]
    [['study.ipynb', 'table.csv', 'summary.json', 'notes.txt']]
    """
    for number in range(count):
        yield clean_files(Draw(f"clean {seed} {number}"))
