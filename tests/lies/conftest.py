from __future__ import annotations

from types import MappingProxyType

import pytest
from agreeing import agreeing, second
from eth_keys.datatypes import PrivateKey
from forging import STRANGER, STRANGER_WALLET, Book, taken_apart
from studies import make_study

from swarmprov_nb.home import Home
from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.publishing import publish
from swarmprov_nb.storing import user_store


@pytest.fixture(scope="session")
def _original(tmp_path_factory):
    """One real publication: a notebook with a big file, a cited input and a hidden dataset, anchored."""
    folder = tmp_path_factory.mktemp("lies")
    study = make_study(Home(folder / "home"), folder / "work")
    published = publish(study.notebook, yes=True, home=study.home, say=lambda _: None)
    known = second(user_store(study.home), bytes.fromhex(published.reference))
    assert known is not None
    return MappingProxyType({"book": taken_apart(published.reference, study.home), "known": known})


@pytest.fixture
def book(_original, monkeypatch) -> Book:
    """The publication, taken apart and as yet honest; whatever becomes of it, two verifiers say the same."""
    monkeypatch.setattr(Book, "report", agreeing(Book.report, [_original["known"]]))
    return _fresh(_original["book"])


def _fresh(book: Book) -> Book:
    return Book(dict(book.files), book.key, book.wallet, book.home)


@pytest.fixture
def stranger() -> tuple[AuthorKey, PrivateKey]:
    """Another author's key and wallet."""
    return STRANGER, STRANGER_WALLET
