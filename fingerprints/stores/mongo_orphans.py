"""Transactions that a killed process left open: MongoDB keeps them, and their locks, for a minute; nobody may wait for that."""

from __future__ import annotations

import logging
import time

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from fingerprints.stores.mongo_schema import APP_NAME, Bson

SECONDS = 2.0
"""A transaction of ours that does nothing for so long is taken for orphaned: a living one pauses for milliseconds between two
commands. Ending it loses nothing in any case, for whoever runs it begins it again."""
log = logging.getLogger(__name__)


class Patience:
    """How long one writer has been kept from its turn. `over_again` is called at each attempt."""

    def __init__(self, client: MongoClient[Bson]) -> None:
        self._client, self._next = client, time.monotonic() + SECONDS

    def over_again(self) -> None:
        """End orphans, when it has taken suspiciously long."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SECONDS
            end_orphans(self._client)


def end_orphans(client: MongoClient[Bson]) -> int:
    """End the orphaned transactions of Sidik on this server, as far as this user may; how many there were."""
    look: list[Bson] = [
        {"$currentOp": {"allUsers": False, "idleSessions": True, "idleConnections": False}},
        {
            "$match": {
                "type": "idleSession",
                "appName": APP_NAME,
                "transaction.timeInactiveMicros": {"$gte": int(SECONDS * 1_000_000)},
            }
        },
        {"$project": {"lsid.id": 1}},
    ]
    admin = client.get_database("admin", read_concern=ReadConcern("local"))  # of the majority there is no such list
    try:
        sessions = [{"id": found["lsid"]["id"]} for found in admin.aggregate(look)]
        if sessions:
            admin.command("killSessions", sessions)
            log.warning("ended %d transactions that a process left open when it was killed", len(sessions))
    except PyMongoError as error:  # then they end by themselves, after a minute
        log.warning("transactions left open cannot be looked for: %s", type(error).__name__)
        return 0
    return len(sessions)
