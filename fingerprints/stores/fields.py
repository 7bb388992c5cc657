"""What a record can be found by: the values of its declared fields, conditions on them, and one order over all scalars.

The order is that of MongoDB: null, numbers, strings (by code point), false, true. A missing field counts as null; an empty list
has no value. A range holds only values of the type of its bounds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fingerprints.article import check_text
from fingerprints.errors import InputError
from fingerprints.stores.contract import Between, Doc, Kind, Scalar

Where = Mapping[str, Scalar | Between]
Fields = dict[str, Any]
"""Declared field -> scalar or list of scalars."""

_NAME = re.compile(r"[a-z][a-z_]*")
_INT64 = 2**63


def check_kind(kind: Kind) -> None:
    for name in (kind.name, *kind.fields):
        if not _NAME.fullmatch(name):
            raise InputError("kind", f"{name!r} is not a name ([a-z][a-z_]*)")


def check_record_id(id: object) -> None:
    check_text("id", id)
    if not id:
        raise InputError("id", "is empty")


def fields_of(kind: Kind, doc: Doc) -> Fields:
    """The declared fields of a document. Raises `InputError` where one holds something else than scalars."""
    fields = {name: doc.get(name) for name in kind.fields}
    for name, value in fields.items():
        for item in value if isinstance(value, list | tuple) else (value,):
            check_scalar(name, item)
    return fields


def check_scalar(location: str, value: object) -> None:
    if isinstance(value, str):
        check_text(location, value)
    elif isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise InputError(location, "must be a whole number below 2**63")
    elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise InputError(location, "must be a finite number")
    elif value is not None and not isinstance(value, int | float):
        raise InputError(location, f"must be a string, number, true, false or null, not {type(value).__name__}")


def check_query(kind: Kind, where: Where, order: str | None, after: tuple[Scalar, str] | None, limit: int) -> None:
    """Raise `InputError` for a field that the kind does not declare, a value that is no scalar, a mixed or empty range."""
    check_kind(kind)
    for name in (*where, *((order,) if order is not None else ())):
        if name not in kind.fields:
            raise InputError(name, f"is no declared field of {kind.name!r}")
    for name, condition in where.items():
        bounds = (condition.low, condition.high) if isinstance(condition, Between) else (condition,)
        for bound in bounds:
            check_scalar(name, bound)
        given = [bound for bound in bounds if bound is not None]
        if isinstance(condition, Between) and (not given or len({rank(bound) for bound in given}) > 1):
            raise InputError(name, "a range needs a bound, and bounds of one type")
    if after is not None:
        check_scalar("after", after[0])
        check_record_id(after[1])
    if limit < 1:
        raise InputError("limit", f"must be at least 1, is {limit}")


def values(value: Any) -> list[Scalar]:
    return list(value) if isinstance(value, list | tuple) else [value]


def rank(value: Scalar) -> int:
    """Where the type of a scalar stands in the order."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return 3
    return 2 if isinstance(value, str) else 1


def sort_key(value: Scalar) -> tuple[int, Any]:
    """A key under which Python orders scalars as the stores do."""
    return rank(value), 0 if value is None else value


def matches(fields: Fields, where: Where) -> bool:
    """Whether every condition holds."""
    return all(any(_holds(value, condition) for value in values(fields.get(name))) for name, condition in where.items())


def _holds(value: Scalar, condition: Scalar | Between) -> bool:
    if not isinstance(condition, Between):
        return sort_key(value) == sort_key(condition)
    low, high = condition.low, condition.high
    if rank(value) != rank(low if low is not None else high):
        return False
    key = sort_key(value)
    return (low is None or key >= sort_key(low)) and (high is None or key < sort_key(high))


def beyond(position: tuple[Scalar, str], after: tuple[Scalar, str] | None, descending: bool) -> bool:
    """Whether a (value, id) lies after another in the order asked for."""
    if after is None:
        return True
    here, there = (sort_key(position[0]), position[1]), (sort_key(after[0]), after[1])
    return here < there if descending else here > there
