"""Request bodies, read within limits: nothing is parsed before its size is known to be bearable."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.jsontext import decode_object
from api.problems import Problem, TooLarge, overloaded
from api.settings import Settings

JSON_TYPES = ("application/json", "text/json")
NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json")
SPOOL_MEMORY = 1_000_000
LINES_MEMORY = 2_000_000
"""Bytes of lines that are read and not yet worked on, about."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an NDJSON body, counted from 1. `raw` is None when it is longer than the limit."""

    number: int
    raw: bytes | None


class Room:
    """`size` bytes of memory for the bodies of all requests of a worker."""

    def __init__(self, size: int) -> None:
        self._size, self._used = size, 0

    def take(self, size: int) -> None:
        """Raises `Problem` 503 when so much is not there; one body alone always finds room."""
        if self._used and self._used + size > self._size:
            raise overloaded()
        self._used += size

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self._used -= size


class Share:
    """What one request has of the room."""

    def __init__(self, room: Room) -> None:
        self._room, self._size = room, 0

    def take(self, size: int) -> None:
        """See `Room.take`."""
        self._room.take(size)
        self._size += size

    def end(self) -> None:
        """Give all of it back. Idempotent."""
        self._room.give(self._size)
        self._size = 0


def take_room_for_lines(request: Request, limit: int) -> None:
    """Room for a body that is read line by line: the longest line, and what waits to be worked on. Raises `Problem` 503."""
    request.state.share.take(limit + LINES_MEMORY)


def demand_type(request: Request, allowed: tuple[str, ...]) -> None:
    """415 unless the body is declared as one of `allowed` (or not at all), and sent as it is."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared and declared not in allowed and not (allowed is JSON_TYPES and declared.endswith("+json")):
        raise Problem(415, f"The body must be {allowed[0]}, not {declared[:100]}.")
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Problem(415, "Compressed bodies are not accepted.", headers={"Accept-Encoding": "identity"})


async def read_body(request: Request, limit: int, seconds: float) -> bytes:
    """The whole body of at most `limit` bytes, all of it within `seconds`. Raises `TooLarge`, `Problem` 408, 503."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                request.state.share.take(len(chunk))
                chunks.append(chunk)
    except TimeoutError:
        raise Problem(408, f"The body did not arrive within {seconds:g} seconds.") from None
    return b"".join(chunks)


async def read_object(request: Request, settings: Settings) -> dict[str, Any]:
    """The JSON object in a request, within the limits that are set. Raises `InputError`, `TooLarge`, `Problem` 408, 415, 503."""
    demand_type(request, JSON_TYPES)
    return decode_object(await read_body(request, settings.max_body_bytes, settings.body_idle_seconds))


async def stream_body(request: Request, idle: float) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises `Problem` 408 when nothing comes for `idle` seconds, `ClientDisconnect`."""
    stream = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(idle):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Problem(408, f"Nothing arrived for {idle:g} seconds.") from None
        if chunk:
            yield chunk


async def split_lines(chunks: AsyncIterator[bytes], limit: int) -> AsyncIterator[list[Line]]:
    """The lines of a stream, as many at a time as are there; blank ones are counted and left out. Memory stays below `limit`
    and a chunk: of a line that is longer only the number is kept."""
    rest, number, skipping = bytearray(), 0, False
    async for chunk in chunks:
        *complete, tail = chunk.split(b"\n")
        lines = []
        for piece in complete:
            number += 1
            if skipping or len(rest) + len(piece) > limit:
                lines.append(Line(number, None))
            elif raw := (bytes(rest) + piece).strip(b" \t\r"):
                lines.append(Line(number, raw))
            rest, skipping = bytearray(), False
        if skipping or len(rest) + len(tail) > limit:
            rest, skipping = bytearray(), True
        else:
            rest += tail
        if lines:
            yield lines
    if skipping:
        yield [Line(number + 1, None)]
    elif raw := bytes(rest).strip(b" \t\r"):
        yield [Line(number + 1, raw)]


class Spool:
    """A stream put down by one side and taken up by the other at its own pace.

    A client may send all its lines before it reads the first answer: were the input not taken in meanwhile, each side would
    wait for the other. What is not taken up yet is kept in memory up to 1 MB, beyond that in an unnamed temporary file.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(SPOOL_MEMORY)  # noqa: SIM115 - closed in `close`
        self._written = self._taken = 0
        self._ended = False
        self._error: BaseException | None = None
        self._news = asyncio.Event()

    async def fill(self, chunks: AsyncIterator[bytes]) -> None:
        """Put down all of `chunks`; an error among them is raised again on the other side, after what came before it."""
        try:
            async for chunk in chunks:
                self._file.seek(self._written)
                self._file.write(chunk)
                self._written += len(chunk)
                self._news.set()
        except (Problem, ClientDisconnect, OSError) as error:
            self._error = error
        finally:
            self._ended = True
            self._news.set()

    async def chunks(self, size: int = 65_536) -> AsyncIterator[bytes]:
        """Take up what was put down, until its end."""
        while True:
            if self._taken < self._written:
                self._file.seek(self._taken)
                chunk = self._file.read(size)
                self._taken += len(chunk)
                if self._taken == self._written:
                    self._file.seek(0)
                    self._file.truncate()
                    self._written = self._taken = 0
                yield chunk
            elif self._ended:
                if self._error is not None:
                    raise self._error
                return
            else:
                self._news.clear()
                await self._news.wait()

    @property
    def idle(self) -> bool:
        """True while everything put down so far is taken up, and more may come."""
        return self._taken == self._written and not self._ended

    def close(self) -> None:
        self._file.close()


def _too_large(limit: int) -> TooLarge:
    return TooLarge("body", f"is larger than {limit} bytes")
