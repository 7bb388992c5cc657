"""Lines of a bulk check answered by a detector, in this process or in a helper: nothing here needs the server's state."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from api.bodies import Line
from api.checks import doc_of
from api.jsontext import decode_object
from api.keys import Caller
from api.pool import Deadline
from api.problems import as_problem
from api.scanning.fetching import Fetcher
from api.settings import Settings
from api.submissions import request_in
from detector import Detector
from detector.request import Stamp
from fingerprints.errors import InputError
from fingerprints.stores.contract import Doc


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings allow of a line."""

    line_bytes: int
    text_bytes: int
    seconds: float
    fetch_allow: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(settings.max_body_bytes, settings.max_text_bytes, settings.time_budget_seconds, settings.fetch_allow)


@dataclass(slots=True)
class LineAnswer:
    """What a line is answered with: a report (`made`), or why there is none. `doc`: of the record that keeps it. `trouble`: what
    the log should say of an error that was not foreseen."""

    line: int
    ref: str | None = None
    id: str = ""
    verdict: str = ""
    flagged: bool = False
    seconds: float = 0.0
    doc: Doc | None = None
    made: bytes | None = None
    error: str = ""
    trouble: str = ""

    def fail(self, error: Exception) -> None:
        """There is no report, or it cannot be kept."""
        problem = as_problem(error)
        self.made, self.doc, self.error = None, None, problem.detail
        self.trouble = "".join(traceback.format_exception(error)) if problem.status == 500 else ""

    def encode(self) -> bytes:
        """The line that answers."""
        if self.made is not None:
            return self.made
        return encode_line({"ref": self.ref and self.ref[:1000], "error": self.error, "line": self.line})


def answer_lines(
    detector: Detector, lines: Sequence[tuple[Line, Stamp]], limits: Limits, keep: bool, by: Caller | None
) -> list[LineAnswer]:
    """The answers to these lines, each report under its stamp. Keeps none; `keep`: give what a record of `by` needs."""
    return [_answer(detector, line, stamp, limits, keep, by) for line, stamp in lines]


def encode_line(value: dict[str, Any]) -> bytes:
    """JSON on one line."""
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def _answer(detector: Detector, line: Line, stamp: Stamp, limits: Limits, keep: bool, by: Caller | None) -> LineAnswer:
    answer = LineAnswer(line.number)
    try:
        if line.raw is None:
            raise InputError("line", f"is longer than {limits.line_bytes} bytes")
        deadline = Deadline(limits.seconds)
        values = decode_object(line.raw, "line")
        answer.ref = values["ref"] if isinstance(values.get("ref"), str) else None
        request = request_in(values, limits.text_bytes, _fetcher(limits.fetch_allow).get, deadline)
        report = detector.run(request, stamp).to_dict()
        answer.id, answer.verdict, answer.flagged = report["id"], report["verdict"], report["flagged"]
        answer.seconds = report["stats"]["elapsed_ms"] / 1000
        answer.doc = doc_of(report, None, None, by, request) if keep else None
        answer.made = encode_line(report)
    except Exception as error:  # one line must not end the answers to all others
        answer.fail(error)
    return answer


@cache
def _fetcher(allow: tuple[str, ...]) -> Fetcher:
    return Fetcher(allow)
