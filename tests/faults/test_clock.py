"""A clock that jumps, by a day or ten years, to and fro: articles, checks, keys, sessions and repeated requests go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from api import audit, clock, idempotency, keys, sessions
from tests.api.conftest import ADMIN, prose, run_server

JUMPS = [timedelta(days=-1), timedelta(days=3653), timedelta(days=-3653), timedelta(hours=1)]


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Set the clock of everything that reads it."""
    real = clock.now

    def to(by: timedelta) -> None:
        def moved() -> datetime:
            return real() + by

        for module in (clock, idempotency, keys, sessions, audit):
            if hasattr(module, "now"):
                monkeypatch.setattr(module, "now", moved)

    return to


def test_nothing_breaks_when_the_clock_jumps(jump: Callable[[timedelta], None]) -> None:
    with run_server() as server:
        admin = server.admin
        made = admin.post("/v1/keys", json={"name": "k", "scopes": ["articles", "checks"], "rate_per_minute": 50}).json()
        http = server.client(Authorization=f"Bearer {made['key']}")
        for number, by in enumerate(JUMPS):
            for offset in (timedelta(0), by):
                jump(offset)
                id = f"a{number}-{offset.days < 0}-{offset.days > 0}-{offset.seconds}"
                assert http.put(f"/v1/articles/{id}", json={"text": prose(id)}).status_code == 201
                found: dict[str, Any] = http.post("/v1/checks", json={"text": prose(id)}, headers={"Idempotency-Key": id}).json()
                assert found["matches"][0]["article"]["id"] == id
                again = http.post("/v1/checks", json={"text": prose(id)}, headers={"Idempotency-Key": id})
                assert again.json()["id"] == found["id"]
                assert http.get(f"/v1/checks/{found['id']}").json() == found
                token = sessions.create_session(server.store, keys.find_caller(server.store, ADMIN, ADMIN))
                assert sessions.find_session(server.store, token) is not None
                if offset > timedelta(0):
                    jump(timedelta(0))  # set right again: nobody is signed out, nothing is forgotten
                    assert sessions.find_session(server.store, token) is not None
                    repeated = http.post("/v1/checks", json={"text": prose(id)}, headers={"Idempotency-Key": id})
                    assert repeated.json()["id"] == found["id"]
