"""Alerts: a flagged check is told to webhooks and recipients of e-mail, each finding once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.events import Facts, Finding, emit
from api.recipients import queue_mail
from fingerprints.stores.contract import Store


def emit_flagged(store: Store, check: Mapping[str, Any], finding: Finding) -> None:
    """Tell of a flagged check (its short form). What is to be told is durable when this returns."""
    facts = Facts(check["source_id"], check["verdict"], check["score"])
    emit(store, "check.flagged", {"check_id": check["id"], **check}, key=check["id"], facts=facts, finding=finding)
    queue_mail(store, check, finding, facts)
