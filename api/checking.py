"""One check, from the body of a request to the bytes of its answer. Synchronous: runs in the pool."""

from __future__ import annotations

from typing import Any

import orjson

from api.checks import Report, announce_again, save_check
from api.clock import new_id
from api.deps import State
from api.idempotency import Claim, claim, release, settle
from api.jsontext import decode_object
from api.keys import Caller
from api.pool import Deadline
from api.schemas import CheckIn
from api.submissions import submission_of
from detector import CheckRequest

Answer = tuple[str, bytes]
"""Id of the check, and its report as JSON."""


def check_one(here: State, caller: Caller, raw: bytes, deadline: Deadline) -> Answer:
    """Check the submission in `raw` and keep the report. Raises `InputError`, `ValidationError`, `FetchError`, `Problem` 503."""
    report = check_and_keep(here, caller, request_of(here, decode_object(raw), deadline), deadline)
    return report["id"], orjson.dumps(report)


def check_with_key(here: State, caller: Caller, key: str, raw: bytes, deadline: Deadline) -> Answer:
    """As `check_one`, once for each `Idempotency-Key`: sent again, the first answer comes back."""
    claimed = claim(here.store, caller, key, raw, new_id(), here.settings.time_budget_seconds)
    if not isinstance(claimed, Claim):
        announce_again(here.store, claimed["id"])
        return claimed["id"], orjson.dumps(claimed)
    try:
        request = request_of(here, decode_object(raw), deadline)
        report = check_and_keep(here, caller, request, deadline, id=claimed.check_id)
    except BaseException:
        release(here.store, claimed)
        raise
    settle(here.store, claimed)
    return report["id"], orjson.dumps(report)


def check_and_keep(here: State, caller: Caller, request: CheckRequest, deadline: Deadline, id: str | None = None) -> Report:
    """The report on a submission, kept (under `id`, if given) as what `caller` asked for."""
    report = run_request(here, request)
    if id is not None:
        report["id"] = id
    deadline.check()
    save_check(here.store, report, by=caller, request=request)
    return report


def request_of(here: State, values: dict[str, Any], deadline: Deadline) -> CheckRequest:
    """The submission in a request as it came in, its page fetched if only a URL is given."""
    given = CheckIn.model_validate(values)
    deadline.check()
    return submission_of(given, here.settings.max_text_bytes, here.fetcher.get, deadline)


def run_request(here: State, request: CheckRequest) -> Report:
    """The report on a submission; keeps nothing."""
    report = here.detector.run(request).to_dict()
    here.metrics.checks.labels(report["verdict"]).inc()
    here.metrics.check_seconds.observe(report["stats"]["elapsed_ms"] / 1000)
    return report
