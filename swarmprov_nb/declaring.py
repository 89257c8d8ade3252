"""Declare: what a person states about the artifacts of a notebook, from Python."""

from __future__ import annotations

from typing import TypeVar

from swarmprov_nb.declarations import Declared, checked
from swarmprov_nb.lineage import Declaration

Value = TypeVar("Value")


def dataset(
    value: Value,
    *,
    title: str | None = None,
    license: str | None = None,  # noqa: A002 - the field's standard name
    purpose: str | None = None,
    consent: str | None = None,
    contact: str | None = None,
    personal_data: str | None = None,
) -> Value:
    """Declare a dataset and return it, so that it can stand in an assignment.

    >>> import swarmprov
    >>> clean = swarmprov.dataset([1, 2], title="Cleaned penguins", license="CC0-1.0")  # doctest: +SKIP

    `value` is an object, the name of a variable or the path of a file. Its bytes are stored when the cell run ends.
    `license` is an SPDX expression; `personal_data` one of none, pseudonymous, personal, special: what is declared
    personal is hidden when published. Raises UsageError where nothing records, or a licence is none.
    """
    return _declare(value, "dataset", title=title, license=license, purpose=purpose, consent=consent,
                    contact=contact, personal_data=personal_data)  # fmt: skip


def model(
    value: Value,
    *,
    title: str | None = None,
    license: str | None = None,  # noqa: A002 - the field's standard name
    purpose: str | None = None,
    contact: str | None = None,
) -> Value:
    """Declare a model and return it; as `dataset`.

    >>> import swarmprov
    >>> forest = swarmprov.model(object(), title="Species from bill and flipper")  # doctest: +SKIP
    """
    return _declare(value, "model", title=title, license=license, purpose=purpose, contact=contact)


def declare(
    value: Value,
    *,
    title: str | None = None,
    license: str | None = None,  # noqa: A002 - the field's standard name
    purpose: str | None = None,
    consent: str | None = None,
    contact: str | None = None,
    personal_data: str | None = None,
    note: str | None = None,
) -> Value:
    """Declare an artifact of any kind (a figure, a file) and return it; as `dataset`.

    >>> import swarmprov
    >>> swarmprov.declare("results/accuracy.csv", license="CC-BY-4.0")  # doctest: +SKIP
    """
    return _declare(value, None, title=title, license=license, purpose=purpose, consent=consent, contact=contact,
                    personal_data=personal_data, note=note)  # fmt: skip


def _declare(value: Value, kind: str | None, **words: str | None) -> Value:
    from swarmprov_nb.recording import active_recorder

    declaration = checked(Declaration(**words))
    name = value if isinstance(value, str) else None
    active_recorder().declare(Declared(declaration, kind, name, None if name else value))
    return value
