"""The corpus of lies: each a function named after its lie, marked with the check that must find it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from forging import Book

Lie = Callable[[Book], Any]


class Lies(list[Any]):
    """The lies of one file, as parameters of its test.

    >>> lies = Lies()
    >>> @lies.fails_at("files")
    ... def an_added_file(book):
    ...     book.files["data/more.csv"] = b""
    >>> [lie.id for lie in lies]
    ['an_added_file']
    """

    def fails_at(self, check: str) -> Callable[[Lie], Lie]:
        """Mark a lie with the check that must find it first."""

        def mark(lie: Lie) -> Lie:
            self.append(pytest.param(lie, check, id=lie.__name__))
            return lie

        return mark


def is_found_out(lie: Lie, check: str, book: Book) -> None:
    """Tell a lie: its check fails first, with exit code 1 and no level, whoever's signature is accepted."""
    lie(book)
    report = book.report()
    assert [each.name for each in report.failed][:1] == [check], [str(each) for each in report.checks]
    assert (report.exit_code, report.level, report.ok) == (1, "none", False)
    assert all(str(each).isprintable() for each in report.checks)
