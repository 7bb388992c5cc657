"""Findings: a copy on one site is one finding, at however many addresses it stands."""

from __future__ import annotations

import hashlib
from typing import Any

from api.checks import CHECKS
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Kind, Store

FINDINGS = Kind("finding", ("check_id",))
"""By site and words of the copy: the check that found it, and the `places` (`url`, `found_at`) where it stands."""
MAX_PLACES = 1000


def finding_id(site: str, digest: str) -> str:
    """What a copy with these words on this site is kept under."""
    return hashlib.sha256(f"{site} {digest}".encode()).hexdigest()[:32]


def claim_finding(store: Store, id: str, check_id: str, url: str, at: str) -> str:
    """Put `url` down as a place of the finding. The id of the check that it belongs to: `check_id` where it is new, or where
    its check was deleted since."""
    place = {"url": url, "found_at": at}
    while True:
        record = store.records.get(FINDINGS, id)
        try:
            if record is None:
                store.records.insert(FINDINGS, id, {"check_id": check_id, "places": [place]})
                return check_id
            doc = record.doc
            known = doc["check_id"]
            if known != check_id and store.records.get(CHECKS, known) is None:
                store.records.replace(FINDINGS, id, {"check_id": check_id, "places": [place]}, record.rev)
                return check_id
            if len(doc["places"]) < MAX_PLACES and all(each["url"] != url for each in doc["places"]):
                store.records.replace(FINDINGS, id, {**doc, "places": [*doc["places"], place]}, record.rev)
        except RecordConflict:
            continue
        return str(known)


def places_of(store: Store, check_id: str) -> list[dict[str, Any]]:
    """Where the copy that a check found stands: `url`, `found_at`, the first place first. Empty for a check that no scan made."""
    return [place for record in store.records.find(FINDINGS, {"check_id": check_id}) for place in record.doc["places"]]
