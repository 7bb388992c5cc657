"""Forms of pages: read within limits, fields and files in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.bodies import demand_type, read_body
from fingerprints.errors import InputError

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
MAX_FIELDS, MAX_FILES = 1000, 1


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was chosen. `name`: as the browser gives it, never a path of ours."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """Values by name, in the order given."""

    fields: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """The first value, "" when there is none."""
        return next(iter(self.fields.get(name, ())), "")

    def all(self, name: str) -> list[str]:
        """All values of a name: a box ticked several times."""
        return list(self.fields.get(name, ()))

    def text(self, name: str) -> str:
        """The value of a text area as it was typed: a browser sends its line ends as CR LF."""
        return self.one(name).replace("\r\n", "\n")

    def number(self, name: str) -> int | float | str | None:
        """The number typed; what was typed where it is none, None where nothing was."""
        return as_number(self.one(name).strip())

    def file(self, name: str) -> Upload | None:
        """The file chosen, if any."""
        return self.files.get(name)


def as_number(typed: str) -> int | float | str | None:
    """The number that was typed, a whole one as such; what was typed where it is none, None where nothing was."""
    if typed.isascii() and typed.isdigit() and len(typed) < 10:
        return int(typed)
    try:
        return float(typed) if typed else None
    except ValueError:
        return typed


async def read_form(request: Request, limit: int, seconds: float) -> Form:
    """The form in a request of at most `limit` bytes. Raises `TooLarge`, `InputError`, `Problem` 408, 415."""
    demand_type(request, (URLENCODED, MULTIPART))
    raw = await read_body(request, limit, seconds)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == MULTIPART:
        return await _multipart(request, raw)
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:  # bytes that are not ASCII, escapes that are not UTF-8, too many fields
        raise InputError("body", "is not a form") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return Form(fields)


async def _multipart(request: Request, raw: bytes) -> Form:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield raw
        yield b""

    fields: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    try:
        parser = MultiPartParser(
            request.headers, stream(), max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=len(raw) + 1
        )
        given = await parser.parse()
    except MultiPartException as error:
        raise InputError("body", f"is not a form: {error.message}") from None
    for name, value in given.multi_items():
        if not isinstance(value, UploadFile):
            fields.setdefault(name, []).append(value)
        elif value.filename:
            files[name] = Upload(value.filename, await value.read())
    await given.close()
    return Form(fields, files)
