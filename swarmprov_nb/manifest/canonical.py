"""Canonical JSON: the one sequence of bytes for a value, and the only reading of it.

Bytes follow RFC 8785 (JCS) with three restrictions that keep every language's reader in agreement: no floats,
no integer beyond 2^53 - 1, and on reading no duplicate key, no depth over 64 and no other spelling of the same value.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

from swarmprov_nb.bounded_json import MAX_DEPTH, loads
from swarmprov_nb.errors import VerificationFailed

MAX_INTEGER: Final = 2**53 - 1
MAX_BYTES: Final = 64 << 20


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value without floats.

    >>> canonical({"b": 1, "a": ["x"]})
    b'{"a":["x"],"b":1}'

    Raises ValueError for floats, integers over 2^53 - 1, keys that are no strings, and lone surrogates.
    """
    import rfc8785

    _check(value, 0)
    return rfc8785.dumps(value)


def parse(data: bytes, *, what: str) -> Any:
    """Return the value of canonical bytes; `what` names the document in the error.

    >>> parse(b'{"a":1}', what="manifest.json")
    {'a': 1}
    >>> parse(b'{"a":1,"a":1}', what="manifest.json")
    Traceback (most recent call last):
    swarmprov_nb.errors.VerificationFailed: manifest.json is not canonical: the key 'a' stands twice.
    Ask its publisher for the original.

    Raises VerificationFailed for everything that `canonical` would not have written.
    """
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"it is over {MAX_BYTES >> 20} MiB")  # noqa: TRY301 - one place words the refusal
        value = loads(data, object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float)
        if canonical(value) != data:
            raise ValueError("other bytes would say the same")  # noqa: TRY301
    except (ValueError, RecursionError, OverflowError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise VerificationFailed(f"{what} is not canonical: {reason}.", "Ask its publisher for the original.") from None
    return value


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ValueError(f"{value} is beyond 2^53 - 1")
    elif isinstance(value, dict):
        for item in value.values():
            _check(item, depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check(item, depth + 1)
    else:
        raise ValueError(f"{type(value).__name__} {value!r} has no canonical form")  # noqa: TRY004 - bad data, not bad code


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the key {key!r} stands twice")
        result[key] = value
    return result


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text} is no integer")
