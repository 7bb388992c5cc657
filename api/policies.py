"""The policy in force: what `sidik.toml` fixes, over the last version saved in the store, over the defaults."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from api.checks import CHECKS, request_again
from api.clock import now
from api.paging import DEFAULT_LIMIT, PageOf, cut, decode_cursor, encode_cursor
from api.settings import Settings
from detector import CheckRequest, Detector, Policy
from fingerprints.dates import format_time
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Doc, Kind, Store

POLICIES = Kind("policy", ("number",))
"""Versions, from 1; none is ever changed or deleted. `rules`: a `[policy]` table, only what differs from the defaults."""
PREVIEWED = 200
"""Checks that a preview looks at, the last."""
Rules = dict[str, Any]


@dataclass(frozen=True, slots=True)
class InForce:
    """`version`: of the rules saved in the store, None where none were. `rules`: those saved. `fixed`: those of `sidik.toml` and
    the environment, which win."""

    policy: Policy
    version: int | None
    rules: Rules
    fixed: Rules


def in_force(settings: Settings, store: Store) -> InForce:
    """The policy that checks follow now. Raises `InputError` when what is saved and what is fixed do not go together."""
    last = store.records.find(POLICIES, order="number", descending=True, limit=1)
    rules: Rules = last[0].doc["rules"] if last else {}
    return InForce(_policy(rules, settings), last[0].doc["number"] if last else None, rules, settings.policy)


def save_policy(settings: Settings, store: Store, rules: Rules, *, base: int | None, by: str, note: str | None) -> InForce:
    """Keep `rules` as the next version. `base`: the version they were made from. Raises `InputError` for rules that cannot be,
    `RecordConflict` when another version was saved since `base`."""
    policy = _policy(rules, settings)
    number = (base or 0) + 1
    last = store.records.find(POLICIES, order="number", descending=True, limit=1)
    if (last[0].doc["number"] if last else None) != base:
        raise RecordConflict(f"policy: version {last[0].doc['number'] if last else 'none'} is in force, not {base or 'none'}")
    doc = {"number": number, "at": format_time(now()), "by": by, "note": note, "digest": policy.digest, "rules": rules}
    store.records.insert(POLICIES, _id(number), doc)
    return InForce(policy, number, rules, settings.policy)


def get_version(store: Store, number: int) -> Doc | None:
    """`{number, at, by, note, digest, rules}`."""
    record = store.records.get(POLICIES, _id(number))
    return None if record is None else record.doc


def list_versions(store: Store, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> PageOf:
    """Versions, newest first."""
    after = decode_cursor(cursor, int)
    found, more = cut(store.records.find(POLICIES, order="number", descending=True, limit=limit + 1, after=after), limit)
    return PageOf([record.doc for record in found], encode_cursor((found[-1].doc["number"], found[-1].id)) if more else None)


def preview(settings: Settings, detector: Detector, rules: Rules, most: int = PREVIEWED) -> dict[str, Any]:
    """What `rules` would make of the last kept checks, judged anew under both policies against today's index:
    `{checked, skipped, flagged: {before, after}, verdicts: {before, after}, changed: [{check_id, title, url, before, after}]}`.
    `skipped`: checks whose text is not kept. Raises `InputError`."""
    proposed = detector.under(_policy(rules, settings))
    changed, skipped = [], 0
    flags, verdicts = Counter[str](), {"before": Counter[str](), "after": Counter[str]()}
    records = detector.store.records.find(CHECKS, order="at", descending=True, limit=most)
    for record in records:
        submission = record.doc["report"]["submission"]
        request = request_again(detector.store, record.id)
        if request is None:
            skipped += 1
            continue
        sides = {"before": _brief(detector, request), "after": _brief(proposed, request)}
        for side, brief in sides.items():
            flags[side] += brief["flagged"]
            verdicts[side][brief["verdict"]] += 1
        if sides["before"] != sides["after"]:
            changed.append({"check_id": record.id, "title": submission["title"], "url": submission["url"], **sides})
    return {
        "checked": len(records) - skipped,
        "skipped": skipped,
        "flagged": {side: flags[side] for side in verdicts},
        "verdicts": {side: dict(count.most_common()) for side, count in verdicts.items()},
        "changed": changed,
    }


class CurrentDetector:
    """The detector under the policy in force, for one worker; `refresh` looks whether another version was saved."""

    def __init__(self, detector: Detector, settings: Settings) -> None:
        self._base, self._settings, self._lock = detector, settings, threading.Lock()
        self._now = self._made(in_force(settings, detector.store))

    @property
    def detector(self) -> Detector:
        """Under the policy of the last `refresh`."""
        return self._now[1]

    def refresh(self) -> None:
        """Follow the policy that is in force now."""
        with self._lock:
            found = in_force(self._settings, self._base.store)
            if found.version != self._now[0]:
                self._now = self._made(found)

    def _made(self, found: InForce) -> tuple[int | None, Detector]:
        return found.version, self._base.under(found.policy, found.version)


def shown(found: InForce) -> dict[str, Any]:
    """As JSON: `{version, digest, policy, rules, fixed}`; `policy`: every rule with its value."""
    return {
        "version": found.version,
        "digest": found.policy.digest,
        "policy": asdict(found.policy),
        "rules": found.rules,
        "fixed": sorted(found.fixed),
    }


def _policy(rules: Mapping[str, Any], settings: Settings) -> Policy:
    return Policy.from_toml({**rules, **settings.policy})


def _id(number: int) -> str:
    return f"{number:012}"


def _brief(detector: Detector, request: CheckRequest) -> dict[str, Any]:
    report = detector.run(request)
    return {"verdict": report.verdict, "flagged": report.flagged, "score": report.score}
