"""One check, from the body of a request to the bytes of its answer. Synchronous: runs in the pool."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import orjson

from api.audit import Entry
from api.checks import CHECKS, Report, announce, announce_again, doc_of
from api.clock import new_id
from api.deps import State
from api.idempotency import Claim, claim, release, settle
from api.jsontext import decode_object
from api.keys import Caller
from api.pool import Deadline
from api.submissions import request_in
from detector import CheckRequest
from fingerprints.stores.contract import Record

Answer = tuple[str, bytes]
"""Id of the check, and its report as JSON."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a check, and in which request. `again`: id of the check that is made once more."""

    caller: Caller
    request_id: str | None
    again: str | None = None

    def made(self, id: str) -> Entry:
        """What the audit log says of the check with this id."""
        return Entry(self.caller, "check.made", id, {"again": self.again} if self.again else {}, self.request_id)


def check_one(here: State, by: Asker, raw: bytes, deadline: Deadline) -> tuple[Answer, Future[None]]:
    """Check the submission in `raw`; the future is done when the report is kept. Raises `InputError`, `ValidationError`,
    `FetchError`, `Problem` 503."""
    report, kept = check_and_keep(here, by, request_of(here, decode_object(raw), deadline), deadline)
    return (report["id"], orjson.dumps(report)), kept


def check_with_key(here: State, by: Asker, key: str, raw: bytes, deadline: Deadline) -> tuple[Answer, Future[None]]:
    """As `check_one`, once for each `Idempotency-Key`: sent again, the first answer comes back."""
    claimed = claim(here.store, by.caller, key, raw, new_id(), here.settings.time_budget_seconds)
    if not isinstance(claimed, Claim):
        announce_again(here.store, claimed["id"])
        return (claimed["id"], orjson.dumps(claimed)), here.audit.append(by.made(claimed["id"]))
    try:
        request = request_of(here, decode_object(raw), deadline)
        report, kept = check_and_keep(here, by, request, deadline, id=claimed.check_id)
        kept.result()
    except BaseException:
        release(here.store, claimed)
        raise
    settle(here.store, claimed)
    return (report["id"], orjson.dumps(report)), kept


def check_and_keep(
    here: State, by: Asker, request: CheckRequest, deadline: Deadline, id: str | None = None
) -> tuple[Report, Future[None]]:
    """The report on a submission. Once the future is done it is kept (under `id`, if given) and entered in the audit log."""
    report = run_request(here, request)
    if id is not None:
        report["id"] = id
    deadline.check()
    doc = doc_of(report, None, None, by.caller, request)
    kept = here.audit.insert([(CHECKS, report["id"], doc)], by.made(report["id"]))
    if report["flagged"]:
        kept.result()
        announce(here.store, Record(report["id"], 1, doc), report)
    return report, kept


def request_of(here: State, values: dict[str, Any], deadline: Deadline) -> CheckRequest:
    """The submission in a request as it came in, its page fetched if only a URL is given."""
    return request_in(values, here.settings.max_text_bytes, here.fetcher.get, deadline)


def run_request(here: State, request: CheckRequest) -> Report:
    """The report on a submission; keeps nothing."""
    report = here.detector.run(request).to_dict()
    here.metrics.checked(report["verdict"], report["stats"]["elapsed_ms"] / 1000)
    return report
