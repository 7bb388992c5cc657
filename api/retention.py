"""Retention: what becomes of kept checks when they are old. Checks that an open case speaks of wait until it is closed.

One process at a time does this work, by a lease. How far it came stands in the store, as the position (`at`, id) of the last
check it has dealt with, so that each look reads only what has become old since; those that wait are rows of their own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api.audit import Entry, append
from api.background import Background
from api.cases import CASES, CLOSED
from api.checks import CHECKS, delete_check, forget_text
from api.clock import microseconds, new_id, now
from api.keys import Caller
from api.leases import SECOND, Lease, LeaseLost, claim, claim_row, release
from api.settings import Settings
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Between, Kind, Record, Store

STATE, ROW = Kind("retention", ("due_at",)), "checks"
"""One row: `rule`, which was followed last; `after`, the position of the last check dealt with."""
HELD = Kind("retention_held")
"""By the id of a check that is old enough and waits for its cases."""
DAY, MINUTE = 86_400 * SECOND, 60 * SECOND
BATCH = 100
LEASE = 120.0
LOOK = 60.0
"""Seconds between two looks of one process; of several, one looks each minute."""
ITSELF = Caller("retention", "retention", frozenset())
"""Who it was, in the audit log, when nobody asked."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    """`fingerprint`: checks older than `days` lose the submission's text and their capture; `drop`: they are deleted."""

    name: Literal["fingerprint", "drop"]
    days: int


@dataclass(frozen=True, slots=True)
class Done:
    """Checks whose text was taken, that were deleted, and that wait for a case. `more`: others are old enough, too."""

    reduced: int = 0
    dropped: int = 0
    waiting: int = 0
    more: bool = False


def rule_of(settings: Settings) -> Rule | None:
    """The rule that the settings name; None where everything is kept."""
    if settings.retention == "keep" or settings.retention_days is None:
        return None
    return Rule(settings.retention, settings.retention_days)


def retaining(store: Store, settings: Settings) -> Background | None:
    """Follows the rule every minute until closed; None where everything is kept."""
    rule, owner = rule_of(settings), new_id()
    if rule is None:
        return None

    def step(_: threading.Event) -> bool:
        done = apply_rule(store, rule, ITSELF, owner, now())
        return done is not None and done.more

    failing, again = "the retention rule cannot be followed", "the retention rule is followed again"
    return Background("retention", step, LOOK, logger=logger, failing=failing, again=again)


def apply_rule(store: Store, rule: Rule, by: Caller, owner: str, moment: datetime, *, at_once: bool = False) -> Done | None:
    """Deal with the next checks that are old enough at `moment`, at most `BATCH` of them, or, when there are no more, with those
    that waited. None when another process does it, or did it within the last minute (`at_once`: that does not matter)."""
    at = microseconds(moment)
    with suppress(RecordConflict):
        if store.records.get(STATE, ROW) is None:
            store.records.insert(STATE, ROW, {"due_at": at, "lease": None, "rule": rule.name, "after": None})
    lease = claim_row(store, STATE, ROW, owner, at, LEASE) if at_once else claim(store, STATE, owner, at, LEASE)
    if lease is None:
        return None
    before = at - rule.days * DAY
    position = _position(rule, lease, before)
    found = store.records.find(CHECKS, {"at": Between(None, before)}, order="at", limit=BATCH, after=position)
    more = len(found) == BATCH
    done = _deal_with(store, rule, found, more=more) if found else Done()
    if not more:
        done = _those_held(store, rule, before, done)
    if done.reduced or done.dropped:
        details = {"retention": rule.name, "days": rule.days, "reduced": done.reduced, "dropped": done.dropped}
        append(store, Entry(by, "retention.applied", None, details), clock=lambda: moment)
    after = (found[-1].doc["at"], found[-1].id) if found else position
    with suppress(LeaseLost):
        release(store, lease, at if more else at + MINUTE, {"rule": rule.name, "after": after and list(after)})
    return done


def _position(rule: Rule, lease: Lease, before: int) -> tuple[int, str] | None:
    """After which to go on; None for the first check, under another rule than the last time. Where the clock was set back, or
    the days are more than they were, what is not old any more will be looked at once more."""
    after = lease.doc["after"] if lease.doc["rule"] == rule.name else None
    return None if after is None else min((after[0], after[1]), (before - 1, "~"))


def _deal_with(store: Store, rule: Rule, found: list[Record], *, more: bool) -> Done:
    changed, waiting = 0, 0
    for check in found:
        if _has_open_case(store, check.id):
            waiting += 1
            with suppress(RecordConflict):  # it waits already, from another rule
                store.records.insert(HELD, check.id, {})
        else:
            changed += _do(rule)(store, check.id)
    return _counted(rule, changed, waiting, more)


def _those_held(store: Store, rule: Rule, before: int, done: Done) -> Done:
    """Deal with those that wait no more; `waiting`: all that are left."""
    changed, waiting = 0, 0
    after = None
    while held := store.records.find(HELD, limit=200, after=after):
        for row in held:
            check = store.records.get(CHECKS, row.id)
            if check is not None and (check.doc["at"] >= before or _has_open_case(store, row.id)):
                waiting += 1
                continue
            changed += check is not None and _do(rule)(store, row.id)
            store.records.delete(HELD, row.id)
        after = (None, held[-1].id)
    now_done = _counted(rule, changed, waiting, more=False)
    return Done(done.reduced + now_done.reduced, done.dropped + now_done.dropped, waiting)


def _do(rule: Rule) -> Callable[[Store, str], bool]:
    return delete_check if rule.name == "drop" else forget_text


def _counted(rule: Rule, changed: int, waiting: int, more: bool) -> Done:
    return Done(0, changed, waiting, more) if rule.name == "drop" else Done(changed, 0, waiting, more)


def _has_open_case(store: Store, check_id: str) -> bool:
    return any(case.doc["status"] not in CLOSED for case in store.records.find(CASES, {"check_id": check_id}, limit=200))
