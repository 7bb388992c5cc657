"""Bulk checks: lines in, reports out, in order, as they are ready."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass

import structlog
from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from api.bodies import Line, Spool, split_lines, stream_body
from api.checks import keep_docs
from api.deps import State, caller_of
from api.keys import Caller
from api.line_checks import Limits, LineAnswer, answer_lines, encode_line
from api.problems import Problem
from detector.helpers import MANY
from fingerprints.errors import InputError, RecordConflict
from fingerprints.stores.contract import Store

log = structlog.get_logger("sidik.bulk")
GROUP_LINES, GROUP_BYTES = 16, 200_000
"""Lines checked in one go, their reports kept in one transaction: enough that a thread and a commit cost little a line, few
enough that answers stream."""


class LineStream(Response):
    """An answer sent piece by piece while the request is still being read. (Starlette's own listens for the client hanging
    up with the same `receive`, and would swallow the rest of the body.)"""

    def __init__(self, pieces: AsyncGenerator[bytes]) -> None:
        super().__init__(media_type="application/x-ndjson")
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._pieces) as pieces:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@dataclass
class Counts:
    """What became of the lines of one request so far."""

    checked: int = 0
    flagged: int = 0
    rejected: int = 0

    def add(self, answers: Sequence[LineAnswer]) -> None:
        made = [answer for answer in answers if answer.made is not None]
        self.checked += len(made)
        self.flagged += sum(answer.flagged for answer in made)
        self.rejected += len(answers) - len(made)


async def check_lines(
    request: Request, here: State, *, keep: bool, done: Callable[[Counts], Awaitable[None]]
) -> AsyncGenerator[bytes]:
    """The answers to the lines of a request's body, one line each. `done` is told at the end, however it comes."""
    counts = Counts()
    spool, by = Spool(), caller_of(request) if keep else None
    filling = asyncio.create_task(spool.fill(stream_body(request, here.settings.body_idle_seconds)))
    jobs: deque[asyncio.Task[bytes]] = deque()
    try:
        with suppress(ClientDisconnect):
            async for lines in split_lines(spool.chunks(), here.settings.max_body_bytes):
                if filling.done() and await request.is_disconnected():
                    return
                for group in _groups(lines):
                    many = group[-1].number > MANY
                    jobs.append(asyncio.create_task(_answer_group(here, group, by, many, counts)))
                    while len(jobs) > here.settings.threads or (jobs and jobs[0].done()):
                        yield await jobs.popleft()
                while jobs and spool.idle:  # a client may wait for these answers before it sends more
                    yield await jobs.popleft()
        while jobs:
            yield await jobs.popleft()
    except Problem as problem:  # the status is sent already: what remains is to say why the answers end
        while jobs:
            yield await jobs.popleft()
        yield encode_line({"ref": None, "error": problem.detail})
    finally:
        filling.cancel()
        for job in jobs:
            job.cancel()
        await asyncio.gather(filling, *jobs, return_exceptions=True)
        spool.close()
        await done(counts)


def _groups(lines: Sequence[Line]) -> list[list[Line]]:
    groups: list[list[Line]] = []
    size = GROUP_BYTES
    for line in lines:
        if size >= GROUP_BYTES or len(groups[-1]) >= GROUP_LINES:
            groups.append([])
            size = 0
        groups[-1].append(line)
        size += len(line.raw or b"")
    return groups


async def _answer_group(here: State, lines: Sequence[Line], by: Caller | None, many: bool, counts: Counts) -> bytes:
    made, piece = await here.pool.run_when_free(_check_group, here, lines, by, many)
    counts.add(made)
    return piece


def _check_group(here: State, lines: Sequence[Line], by: Caller | None, many: bool) -> tuple[list[LineAnswer], bytes]:
    """`by`: whose checks these are; None keeps none of them. `many`: there is enough to do for several processes."""
    detector = here.detector
    if many:
        detector.call_helpers(answer_lines)
    stamped = [(line, detector.stamp()) for line in lines]
    answers = detector.share(answer_lines, stamped, Limits.of(here.settings), by is not None, by)
    for answer in answers:
        if answer.made is not None:
            here.metrics.checked(answer.verdict, answer.seconds)
    if by is not None:
        _keep(here.store, [answer for answer in answers if answer.doc is not None])
    for answer in answers:
        if answer.trouble:
            here.metrics.errors.inc()
            log.error("a line of a bulk check failed", line=answer.line, exception=answer.trouble)
    return answers, b"".join(answer.encode() for answer in answers)


def _keep(store: Store, answers: Sequence[LineAnswer]) -> None:
    """Keep the reports of a group in one transaction; where one of them cannot be kept, each for itself."""
    try:
        keep_docs(store, [(answer.id, answer.doc) for answer in answers if answer.doc is not None])
    except Exception as error:
        if len(answers) > 1 and isinstance(error, InputError | RecordConflict):
            for answer in answers:
                _keep(store, [answer])
        else:
            for answer in answers:
                answer.fail(error)
