"""Bulk checks: lines in, reports out, in order, as they are ready."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from api.bodies import Line, Spool, split_lines, stream_body
from api.checking import request_of, run_request
from api.checks import save_checks
from api.deps import State, caller_of
from api.jsontext import decode_object
from api.keys import Caller
from api.pool import Deadline
from api.problems import Problem, as_problem
from detector import CheckRequest
from fingerprints.errors import InputError, RecordConflict

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

    def add(self, answers: Sequence[_Answer]) -> None:
        reports = [answer.report for answer in answers if answer.report is not None]
        self.checked += len(reports)
        self.flagged += sum(report["flagged"] for report in reports)
        self.rejected += len(answers) - len(reports)


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
                    jobs.append(asyncio.create_task(_answer_group(here, group, by, counts)))
                    while len(jobs) > here.settings.threads or (jobs and jobs[0].done()):
                        yield await jobs.popleft()
                while jobs and spool.idle:  # a client may wait for these answers before it sends more
                    yield await jobs.popleft()
        while jobs:
            yield await jobs.popleft()
    except Problem as problem:  # the status is sent already: what remains is to say why the answers end
        while jobs:
            yield await jobs.popleft()
        yield _line({"ref": None, "error": problem.detail})
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


@dataclass
class _Answer:
    """What a line is answered with: a report, or why there is none."""

    line: Line
    ref: str | None = None
    request: CheckRequest | None = None
    report: dict[str, Any] | None = None
    error: str = ""

    def fail(self, here: State, error: Exception) -> None:
        problem = as_problem(error)
        if problem.status == 500:
            here.metrics.errors.inc()
            log.error("a line of a bulk check failed", line=self.line.number, exc_info=error)
        self.report, self.error = None, problem.detail

    def encode(self) -> bytes:
        ref = self.ref and self.ref[:1000]
        return _line({"ref": ref, "error": self.error, "line": self.line.number} if self.report is None else self.report)


async def _answer_group(here: State, lines: Sequence[Line], by: Caller | None, counts: Counts) -> bytes:
    made, piece = await here.pool.run_when_free(_check_group, here, lines, by)
    counts.add(made)
    return piece


def _check_group(here: State, lines: Sequence[Line], by: Caller | None) -> tuple[list[_Answer], bytes]:
    """`by`: whose checks these are; None keeps none of them."""
    answers = [_check_line(here, line) for line in lines]
    if by is not None:
        _keep(here, [answer for answer in answers if answer.report is not None], by)
    return answers, b"".join(answer.encode() for answer in answers)


def _check_line(here: State, line: Line) -> _Answer:
    answer = _Answer(line)
    try:
        if line.raw is None:
            raise InputError("line", f"is longer than {here.settings.max_body_bytes} bytes")
        values = decode_object(line.raw, "line")
        answer.ref = values["ref"] if isinstance(values.get("ref"), str) else None
        answer.request = request_of(here, values, Deadline(here.settings.time_budget_seconds))
        answer.report = run_request(here, answer.request)
    except Exception as error:  # one line must not end the answers to all others
        answer.fail(here, error)
    return answer


def _keep(here: State, answers: Sequence[_Answer], by: Caller) -> None:
    """Keep the reports of a group in one transaction; where one of them cannot be kept, each for itself."""
    try:
        kept = [(answer.report, answer.request) for answer in answers if answer.report is not None]
        save_checks(here.store, [report for report, _ in kept], by=by, requests=[request for _, request in kept])
    except Exception as error:
        if len(answers) > 1 and isinstance(error, InputError | RecordConflict):
            for answer in answers:
                _keep(here, [answer], by)
        else:
            for answer in answers:
                answer.fail(here, error)


def _line(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
