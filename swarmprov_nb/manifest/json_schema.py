"""The keywords of JSON Schema 2020-12 that our schema uses; a whole validator takes a second only to be imported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

_TYPE_NAMES: Final = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}
Place = tuple[str | int, ...]
Departure = tuple[Place, str]


def departures(value: Any, schema: dict[str, Any], place: Place = ()) -> Iterator[Departure]:
    """Yield where a parsed JSON value departs from a schema, and in which way.

    >>> list(departures({"a": "x"}, {"properties": {"a": {"type": "integer"}}}))
    [(('a',), "'x' is not of type 'integer'")]

    An integer has no decimal point: 1.0 is none, unlike in JSON Schema, because canonical JSON writes it as 1. KeyError
    for a keyword that is not known here. Source: json-schema.org, Validation 2020-12.
    """
    for keyword, wanted in schema.items():
        yield from KEYWORDS[keyword](value, wanted, schema, place)


def _type(value: Any, wanted: str, _schema: Any, place: Place) -> Iterator[Departure]:
    if _TYPE_NAMES[type(value)] != wanted:
        yield place, f"{_shown(value)} is not of type {wanted!r}"


def _const(value: Any, wanted: Any, _schema: Any, place: Place) -> Iterator[Departure]:
    if type(value) is not type(wanted) or value != wanted:
        yield place, f"{wanted!r} was expected"


def _enum(value: Any, wanted: list[str], _schema: Any, place: Place) -> Iterator[Departure]:
    if value not in wanted:
        yield place, f"{_shown(value)} is not one of {wanted!r}"


def _one_of(value: Any, wanted: list[Any], _schema: Any, place: Place) -> Iterator[Departure]:
    found = [next(departures(value, schema, place), None) for schema in wanted]
    if found.count(None) > 1:
        yield place, f"{_shown(value)} is more than one of what is allowed"
    elif None not in found:
        yield max((each for each in found if each), key=lambda each: len(each[0]))  # the kind that it is most like


def _properties(value: Any, wanted: dict[str, Any], _schema: Any, place: Place) -> Iterator[Departure]:
    if isinstance(value, dict):
        for name, schema in wanted.items():
            if name in value:
                yield from departures(value[name], schema, (*place, name))


def _required(value: Any, wanted: list[str], _schema: Any, place: Place) -> Iterator[Departure]:
    if isinstance(value, dict):
        yield from ((place, f"{name!r} is a required property") for name in wanted if name not in value)


def _additional(value: Any, wanted: bool, schema: Any, place: Place) -> Iterator[Departure]:  # noqa: FBT001
    if isinstance(value, dict) and not wanted:
        unknown = (name for name in value if name not in schema.get("properties", ()))
        yield from ((place, f"{_shown(name)} is no property of it") for name in unknown)


def _prefix_items(value: Any, wanted: list[Any], _schema: Any, place: Place) -> Iterator[Departure]:
    if isinstance(value, list):
        for index, (item, schema) in enumerate(zip(value, wanted, strict=False)):
            yield from departures(item, schema, (*place, index))


def _items(value: Any, wanted: Any, schema: Any, place: Place) -> Iterator[Departure]:
    if not isinstance(value, list):
        return
    first = len(schema.get("prefixItems", ()))
    for index, item in enumerate(value[first:], first):
        if wanted is False:
            yield place, f"it has more than {first} items"
            return
        yield from departures(item, wanted, (*place, index))


def _pattern(value: Any, wanted: str, _schema: Any, place: Place) -> Iterator[Departure]:
    if isinstance(value, str) and not re.search(wanted, value):
        yield place, f"{_shown(value)} does not match {wanted!r}"


def _bound(kind: type, measure: Callable[[Any], int], *, least: bool, what: str) -> Callable[..., Iterator[Departure]]:
    def check(value: Any, wanted: int, _schema: Any, place: Place) -> Iterator[Departure]:
        if type(value) is kind and (measure(value) < wanted if least else measure(value) > wanted):
            yield place, f"{_shown(value)} is {what} than {wanted}"

    return check


def _no_check(*_: Any) -> Iterator[Departure]:
    return iter(())


def _shown(value: Any) -> str:
    """Return a value as a message shows it: short, whatever it is."""
    if isinstance(value, dict | list):
        return f"an {_TYPE_NAMES[type(value)]}"
    return repr(value[:100] if isinstance(value, str) else value)


KEYWORDS: Final[dict[str, Callable[..., Iterator[Departure]]]] = {
    "$id": _no_check,
    "$schema": _no_check,
    "title": _no_check,
    "type": _type,
    "const": _const,
    "enum": _enum,
    "oneOf": _one_of,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "prefixItems": _prefix_items,
    "items": _items,
    "minItems": _bound(list, len, least=True, what="shorter"),
    "maxItems": _bound(list, len, least=False, what="longer"),
    "pattern": _pattern,
    "minLength": _bound(str, len, least=True, what="shorter"),
    "maxLength": _bound(str, len, least=False, what="longer"),
    "minimum": _bound(int, int, least=True, what="less"),
    "maximum": _bound(int, int, least=False, what="more"),
}
