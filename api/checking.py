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

Answer = tuple[str, bytes]
"""Id of the check, and its report as JSON."""


def check_one(here: State, raw: bytes, deadline: Deadline) -> Answer:
    """Check the submission in `raw` and keep the report. Raises `InputError`, `ValidationError`, `FetchError`, `Problem` 503."""
    report = make_report(here, decode_object(raw), deadline)
    deadline.check()
    save_check(here.store, report)
    return report["id"], orjson.dumps(report)


def check_with_key(here: State, caller: Caller, key: str, raw: bytes, deadline: Deadline) -> Answer:
    """As `check_one`, once for each `Idempotency-Key`: sent again, the first answer comes back."""
    claimed = claim(here.store, caller, key, raw, new_id(), here.settings.time_budget_seconds)
    if not isinstance(claimed, Claim):
        announce_again(here.store, claimed["id"])
        return claimed["id"], orjson.dumps(claimed)
    try:
        report = {**make_report(here, decode_object(raw), deadline), "id": claimed.check_id}
        deadline.check()
        save_check(here.store, report)
    except BaseException:
        release(here.store, claimed)
        raise
    settle(here.store, claimed)
    return report["id"], orjson.dumps(report)


def make_report(here: State, values: dict[str, Any], deadline: Deadline) -> Report:
    """The report on a submission as it came in; keeps nothing."""
    given = CheckIn.model_validate(values)
    deadline.check()
    request = submission_of(given, here.settings.max_text_bytes, here.fetcher.get, deadline)
    report = here.detector.run(request).to_dict()
    here.metrics.checks.labels(report["verdict"]).inc()
    here.metrics.check_seconds.observe(report["stats"]["elapsed_ms"] / 1000)
    return report
