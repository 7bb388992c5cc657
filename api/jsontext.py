"""JSON from outside -> dict, and where it is broken, why and where."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import orjson

from api.problems import NotJson
from fingerprints.article import check_text
from fingerprints.errors import InputError


def decode_object(raw: bytes, location: str = "body") -> dict[str, Any]:
    """The JSON object in `raw`. Raises `NotJson` (broken UTF-8, syntax, nesting too deep) or `InputError` (no object, a doubled
    name, NUL or a lone surrogate in a name or string)."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value = _strictly(raw, location)
        _check_strings(value, location)
    if not isinstance(value, dict):
        raise InputError(location, f"must be a JSON object, not {_kind(value)}")
    if b"\\u" in raw or any(raw.count(b'"%s"' % name.encode()) > 1 for name in value):
        _strictly(raw, location)  # orjson keeps the last of doubled names without a word
    return value


def _strictly(raw: bytes, location: str) -> Any:
    """The slow way, which says what is wrong: Python's own parser, told to refuse what JSON does not allow."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson(location, f"is not valid UTF-8 (byte {error.start})") from None
    try:
        return json.loads(
            text, object_pairs_hook=lambda pairs: _no_doubles(pairs, location), parse_constant=lambda c: _no_constant(c)
        )
    except RecursionError:
        raise NotJson(location, "is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise NotJson(location, f"is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except ValueError as error:
        raise NotJson(location, f"is not valid JSON: {error}") from None


def _no_doubles(pairs: list[tuple[str, Any]], location: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise InputError(next(name for name in names if names.count(name) > 1), "is given twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _check_strings(value: Any, location: str) -> None:
    """Look for what Python's parser lets through and orjson does not."""
    if isinstance(value, str):
        check_text(location, value)
    elif isinstance(value, dict):
        for name, item in value.items():
            check_text("name of a field", name)
            _check_strings(item, name)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            _check_strings(item, f"{location}.{at}")


def _kind(value: object) -> str:
    names = {list: "a list", str: "a string", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(value), "null")
