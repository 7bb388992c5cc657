"""Cursors: where a list goes on, opaque to callers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from fingerprints.errors import InputError
from fingerprints.stores.contract import Scalar

DEFAULT_LIMIT, MAX_LIMIT = 50, 200

Position = tuple[Scalar, str]
"""Value of the field a list is ordered by (None when by id alone), and the id, of the last item given."""


@dataclass(frozen=True, slots=True)
class PageOf:
    """Some items of a list, and the cursor of those that follow (None at the end)."""

    items: list[dict[str, Any]]
    next_cursor: str | None

    def to_dict(self) -> dict[str, Any]:
        return {"items": self.items, "next_cursor": self.next_cursor}


def encode_cursor(position: Position) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, order: type[int] | None = None) -> Position | None:
    """The position a cursor stands for; `order` is the type of the field the list is ordered by. Raises `InputError`."""
    if cursor is None:
        return None
    try:
        raw = cursor.encode("ascii")
        value, id = orjson.loads(base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error):
        raise InputError("cursor", "is not a cursor of this list") from None
    if not isinstance(id, str) or "\0" in id or not (value is None if order is None else type(value) is order):
        raise InputError("cursor", "is not a cursor of this list")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InputError("cursor", "is not a cursor of this list")
    position: Position = (value, id)
    return position


T = TypeVar("T")


def cut(found: Sequence[T], limit: int) -> tuple[Sequence[T], bool]:
    """The first `limit` of `found`, which was asked for one more, and whether there are more."""
    return found[:limit], len(found) > limit
