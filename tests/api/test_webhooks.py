"""Webhooks, told to a real receiver on loopback that checks signatures with the reference library."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from api.deliveries import DELAYS, LEASE, Deliverer, list_deliveries, replay
from api.events import ALERTED, DELIVERIES, Facts, Finding, emit
from api.scanning.fetching import Fetcher
from api.webhooks import create_webhook, disable_webhook, rotate_secret
from fingerprints.stores import open_store
from fingerprints.stores.contract import Store
from tests.api.conftest import Running, prose

LOOPBACK = ("127.0.0.1",)


class Receiver:
    """`received`: (headers, body) of each request; `answers`: the statuses to give, 204 when there are none left."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.headers: dict[str, str] = {}
        self.hold = threading.Event()
        self.hold.set()
        self._came = threading.Semaphore(0)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((dict(self.headers.items()), body))
                receiver._came.release()
                receiver.hold.wait(30)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/sidik"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def wait(self, count: int = 1) -> None:
        for _ in range(count):
            assert self._came.acquire(timeout=30), "nothing came"

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    served = Receiver()
    yield served
    served.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/a.db")
    yield opened
    opened.close()


class Hands:
    """A deliverer whose clock is moved by hand, from the present on."""

    def __init__(self, store: Store) -> None:
        self.moment = datetime.now(UTC)
        self._fetcher = Fetcher(LOOPBACK, timeout=5)
        self._deliverer = Deliverer(store, self._fetcher.post, lambda: self.moment, random.Random(1))

    def deliver(self, later: float = 0) -> None:
        self.moment = max(self.moment, datetime.now(UTC)) + timedelta(seconds=later)
        while self._deliverer.step():
            continue

    def close(self) -> None:
        self._deliverer.close()
        self._fetcher.close()


@pytest.fixture
def hands(store: Store) -> Iterator[Hands]:
    made = Hands(store)
    yield made
    made.close()


def verified(receiver: Receiver, secret: str, number: int = -1) -> Any:
    headers, body = receiver.received[number]
    return Webhook(secret).verify(body, headers)


def send(store: Store, key: str = "s1") -> None:
    emit(store, "scan.finished", {"id": key}, key=key)


def deliveries(store: Store, webhook: str) -> list[dict[str, Any]]:
    page = list_deliveries(store, webhook)
    assert page is not None
    return page.items


def test_a_flagged_check_is_told_at_once_and_signed(start: Callable[..., Running], receiver: Receiver) -> None:
    server = start(fetch_allow="127.0.0.1")
    http = server.admin
    hook = http.post("/v1/webhooks", json={"url": receiver.url, "events": ["check.flagged"]}).json()
    http.put("/v1/articles/a1", json={"text": prose(1), "title": "Judul"})
    http.post("/v1/checks", json={"text": prose(2)})
    check = http.post("/v1/checks", json={"text": prose(1), "url": "https://salin.example/x"}).json()
    receiver.wait()
    told = verified(receiver, hook["secret"])
    assert set(told) == {"type", "timestamp", "data"}
    assert (told["type"], told["data"]["id"], told["data"]["verdict"]) == ("check.flagged", check["id"], "copy")
    assert told["data"]["best_match"]["article"]["title"] == "Judul"
    assert datetime.fromisoformat(told["timestamp"]) <= datetime.now(UTC)
    assert prose(1) not in receiver.received[0][1].decode()
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(receiver.received[0][1], receiver.received[0][0])
    deadline = time.monotonic() + 120
    while (sent := http.get(f"/v1/webhooks/{hook['id']}/deliveries").json()["items"])[0]["status"] == "pending":
        assert time.monotonic() < deadline
    assert [(one["status"], one["attempts"][0]["status"]) for one in sent] == [("delivered", 204)]
    assert sent[0]["id"] == receiver.received[0][0]["webhook-id"]


def test_checks_in_bulk_are_told_too_and_none_that_is_not_kept(start: Callable[..., Running], receiver: Receiver) -> None:
    server = start(fetch_allow="127.0.0.1")
    http = server.admin
    http.post("/v1/webhooks", json={"url": receiver.url, "events": ["check.flagged"]})
    http.put("/v1/articles/a1", json={"text": prose(1)})
    lines = "\n".join(json.dumps({"text": prose(1), "url": f"https://salin.example/{n}"}) for n in range(3))
    headers = {"Content-Type": "application/x-ndjson"}
    http.post("/v1/checks/bulk?store=false", content=lines, headers=headers)
    assert server.store.records.count(DELIVERIES) == 0
    http.post("/v1/checks/bulk", content=lines, headers=headers)
    receiver.wait(3)
    assert {json.loads(body)["data"]["submission"]["url"][-1] for _, body in receiver.received} == {"0", "1", "2"}


def test_a_finding_is_told_once_however_often_it_is_found(start: Callable[..., Running], receiver: Receiver) -> None:
    server = start(fetch_allow="127.0.0.1")
    http = server.admin
    http.post("/v1/webhooks", json={"url": receiver.url, "events": ["check.flagged"]})
    http.put("/v1/articles/a1", json={"text": prose(1)})
    for _ in range(3):
        http.post("/v1/checks", json={"text": prose(1), "url": "https://salin.example/x"})
        http.post("/v1/checks", json={"text": prose(1)})
    assert server.store.records.count(DELIVERIES) == 2
    http.put("/v1/articles/a2", json={"text": prose(2)})
    http.post("/v1/checks", json={"text": prose(1) + prose(2), "url": "https://salin.example/x#komentar"})
    assert server.store.records.count(DELIVERIES) == 3, "another article at the same place is another finding"
    assert server.store.records.count(ALERTED) == 3


def test_a_request_sent_again_under_its_key_tells_what_a_crash_left_untold(start: Callable[..., Running]) -> None:
    server = start()
    http = server.admin
    http.put("/v1/articles/a1", json={"text": prose(1)})
    headers = {"Idempotency-Key": "k"}
    http.post("/v1/checks", json={"text": prose(1)}, headers=headers)
    create_webhook(server.store, "https://penerima.example/", ["check.flagged"])
    for _ in range(2):
        http.post("/v1/checks", json={"text": prose(1)}, headers=headers)
    assert server.store.records.count(DELIVERIES) == 1


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({}, True),
        ({"source_ids": ["s1"]}, True),
        ({"source_ids": ["s2"]}, False),
        ({"verdicts": ["copy", "rewrite"]}, True),
        ({"verdicts": ["rewrite"]}, False),
        ({"min_score": 0.7}, True),
        ({"min_score": 0.71}, False),
    ],
)
def test_rules_say_what_is_told(store: Store, rules: dict[str, Any], told: bool) -> None:
    create_webhook(store, "https://penerima.example/", ["check.flagged"], rules=rules)
    facts, finding = Facts("s1", "copy", 0.7), Finding("https://salin.example/x", ["a1"])
    assert emit(store, "check.flagged", {}, key="c1", facts=facts, finding=finding) == told
    assert emit(store, "case.updated", {}, key="k1") == 0


def test_an_event_emitted_again_is_one(store: Store) -> None:
    create_webhook(store, "https://penerima.example/", ["scan.finished"])
    assert [emit(store, "scan.finished", {}, key="s1"), emit(store, "scan.finished", {}, key="s1")] == [1, 0]


def test_after_an_error_it_is_tried_again_with_the_same_id_and_body(store: Store, receiver: Receiver, hands: Hands) -> None:
    hook = create_webhook(store, receiver.url, ["scan.finished"])
    receiver.answers = [500]
    send(store)
    hands.deliver()
    assert [(d["status"], d["attempts"][0]["detail"]) for d in deliveries(store, hook["id"])] == [("pending", "answered 500")]
    hands.deliver(later=3)
    assert len(receiver.received) == 1
    hands.deliver(later=3)
    (first, body), (second, again) = receiver.received
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert verified(receiver, hook["secret"])["data"] == {"id": "s1"}
    assert deliveries(store, hook["id"])[0]["status"] == "delivered"


def test_after_a_day_of_errors_it_is_dead_and_can_be_replayed(store: Store, receiver: Receiver, hands: Hands) -> None:
    hook = create_webhook(store, receiver.url, ["scan.finished"])
    receiver.answers = [503] * (len(DELAYS) + 1)
    send(store)
    began = hands.moment
    hands.deliver()
    for delay in DELAYS:
        hands.deliver(later=delay * 1.11)
    assert timedelta(hours=23) < hands.moment - began < timedelta(hours=28)
    hands.deliver(later=86_400)
    assert len(receiver.received) == len(DELAYS) + 1
    page = list_deliveries(store, hook["id"], "dead")
    assert page is not None
    assert [(d["reason"], d["next_attempt_at"]) for d in page.items] == [("answered 503", None)]
    assert replay(store, "another", page.items[0]["id"]) is None
    assert replay(store, hook["id"], page.items[0]["id"])
    hands.deliver()
    assert deliveries(store, hook["id"])[0]["status"] == "delivered"
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1


def test_a_receiver_may_ask_for_time_and_one_that_is_gone_is_left_alone(store: Store, receiver: Receiver, hands: Hands) -> None:
    hook = create_webhook(store, receiver.url, ["scan.finished"])
    receiver.answers, receiver.headers = [429, 410], {"Retry-After": "3600"}
    send(store)
    hands.deliver()
    hands.deliver(later=3000)
    assert len(receiver.received) == 1
    hands.deliver(later=700)
    send(store, "s2")
    hands.deliver(later=86_400)
    assert len(receiver.received) == 2
    assert [(d["status"], d["reason"]) for d in deliveries(store, hook["id"])] == [("dead", "answered 410")]
    rotate_secret(store, hook["id"])
    send(store, "s3")
    hands.deliver()
    assert len(receiver.received) == 3


def test_a_redirect_is_not_followed(store: Store, receiver: Receiver, hands: Hands) -> None:
    hook = create_webhook(store, receiver.url, ["scan.finished"])
    receiver.answers, receiver.headers = [302], {"Location": receiver.url + "/lain"}
    send(store)
    hands.deliver()
    assert len(receiver.received) == 1
    assert deliveries(store, hook["id"])[0]["attempts"][0]["detail"] == "answered 302"


def test_while_a_receiver_is_away_one_delivery_asks_for_all(store: Store, receiver: Receiver, hands: Hands) -> None:
    away = Receiver()
    away.close()
    hook, other = (create_webhook(store, url, ["scan.finished"]) for url in (away.url, receiver.url))
    send(store)
    hands.deliver()
    for n in range(30):
        send(store, f"t{n}")
    hands.deliver()
    tries = [len(d["attempts"]) for d in list_deliveries(store, hook["id"], limit=100).items]  # type: ignore[union-attr]
    assert sum(tries) == 1
    assert all(d["status"] == "delivered" for d in list_deliveries(store, other["id"], limit=100).items)  # type: ignore[union-attr]


def test_both_secrets_sign_for_a_day_after_a_rotation(store: Store, receiver: Receiver, hands: Hands) -> None:
    hook = create_webhook(store, receiver.url, ["scan.finished"])
    turned = rotate_secret(store, hook["id"])
    assert turned
    send(store)
    hands.deliver()
    for secret in (hook["secret"], turned["secret"]):
        assert verified(receiver, secret)["type"] == "scan.finished"
    send(store, "s2")
    hands.deliver(later=86_500)
    assert len(receiver.received[-1][0]["webhook-signature"].split()) == 1


KILLED = """
import sys
from api.deliveries import Deliverer
from api.scanning.fetching import Fetcher
from fingerprints.stores import open_store
Deliverer(open_store(sys.argv[1]), Fetcher(("127.0.0.1",), timeout=60).post).step()
"""


def test_what_a_killed_worker_had_begun_another_delivers(store: Store, receiver: Receiver, hands: Hands, tmp_path: Path) -> None:
    hook = create_webhook(store, receiver.url, ["scan.finished"])
    send(store)
    receiver.hold.clear()
    worker = subprocess.Popen([sys.executable, "-c", KILLED, f"sqlite:///{tmp_path}/a.db"])
    receiver.wait()
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    receiver.hold.set()
    hands.deliver()
    assert len(receiver.received) == 1, "the lease still holds"
    hands.deliver(later=LEASE + 1)
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert verified(receiver, hook["secret"])["data"] == {"id": "s1"}
    assert deliveries(store, hook["id"])[0]["status"] == "delivered"


def test_a_webhook_shows_its_secret_once_and_can_be_deleted(start: Callable[..., Running], receiver: Receiver) -> None:
    server = start(fetch_allow="127.0.0.1")
    http = server.admin
    given = "whsec_" + "QUJD" * 8
    made = http.post("/v1/webhooks", json={"url": receiver.url, "events": ["case.updated"] * 2, "secret": given, "min_score": 1})
    assert (made.status_code, made.json()["secret"], made.json()["events"]) == (201, given, ["case.updated"])
    id = made.json()["id"]
    listed = http.get("/v1/webhooks")
    assert [hook["id"] for hook in listed.json()["items"]] == [id]
    assert given not in listed.text
    turned = http.post(f"/v1/webhooks/{id}/rotate").json()["secret"]
    assert turned != given
    assert turned not in http.get("/v1/webhooks").text + http.get("/v1/audit").text
    assert http.delete(f"/v1/webhooks/{id}").status_code == 204
    for method, path in (("DELETE", ""), ("POST", "/rotate"), ("GET", "/deliveries"), ("POST", "/deliveries/x/replay")):
        assert http.request(method, f"/v1/webhooks/{id}{path}").status_code == 404
    assert server.client("articles", "checks", "scans", "cases").get("/v1/webhooks").status_code == 403


def test_a_webhook_is_changed_without_being_made_anew(start: Callable[..., Running], receiver: Receiver) -> None:
    server = start(fetch_allow="127.0.0.1")
    http = server.admin
    given = {"url": f"{receiver.url}/lama", "events": ["case.updated"], "min_score": 0.9, "verdicts": ["copy"]}
    made = http.post("/v1/webhooks", json=given).json()
    path, secret = f"/v1/webhooks/{made['id']}", made.pop("secret")
    disable_webhook(server.store, made["id"], 0, "gone")
    changed = http.patch(path, json={"url": receiver.url, "events": ["check.flagged"], "min_score": None})
    assert changed.json() == {**made, "url": receiver.url, "events": ["check.flagged"], "min_score": None}
    assert (changed.json()["verdicts"], changed.json()["disabled"]) == (["copy"], None)
    assert http.get(path).json() == changed.json()
    assert http.patch(path, json={}).json() == changed.json()
    http.put("/v1/articles/a1", json={"text": prose(1)})
    http.post("/v1/checks", json={"text": prose(1)})
    receiver.wait()
    assert verified(receiver, secret)["type"] == "check.flagged"
    for bad, location in (({"url": "http://10.0.0.1/"}, "url"), ({"url": None}, "url"), ({"secret": secret}, "secret")):
        refused = http.patch(path, json=bad)
        assert (refused.status_code, refused.json()["errors"][0]["location"]) == (422, location)
    assert http.get(path).json() == changed.json()
    assert [http.patch("/v1/webhooks/x", json={}).status_code, http.get("/v1/webhooks/x").status_code] == [404, 404]


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ({"url": "ftp://x.example/"}, "url"),
        ({"url": "http://127.0.0.1/"}, "url"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, "url"),
        ({"url": "http://169.254.169.254/latest"}, "url"),
        ({"url": "https://a:b@93.184.216.34/"}, "url"),
        ({"url": {"$ne": None}}, "url"),
        ({"events": []}, "events"),
        ({"events": ["check.made"]}, "events.0"),
        ({"secret": "rahasia"}, "secret"),
        ({"secret": "whsec_QUJD"}, "secret"),
        ({"min_score": 1.5}, "min_score"),
        ({"verdicts": ["original"]}, "verdicts.0"),
        ({"nama": "x"}, "nama"),
    ],
)
def test_bad_webhooks_are_refused_with_the_place(http: httpx.Client, given: dict[str, Any], location: str) -> None:
    answer = http.post("/v1/webhooks", json={"url": "https://93.184.216.34/", "events": ["check.flagged"], **given})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == location
    assert http.get("/v1/webhooks").json()["items"] == []
