"""`Idempotency-Key` on `POST /v1/checks`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx

from api.idempotency import REQUESTS
from tests.api.conftest import Running, prose, run_server


def post(http: httpx.Client, key: str, text: str) -> httpx.Response:
    return http.post("/v1/checks", json={"text": text}, headers={"Idempotency-Key": key})


def test_the_same_request_is_done_once(http: httpx.Client) -> None:
    first, second = post(http, "k1", prose(1)), post(http, "k1", prose(1))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["location"] == first.headers["location"]
    assert len([item for item in http.get("/v1/checks").json()["items"] if item["id"] == first.json()["id"]]) == 1


def test_the_key_with_another_body_is_refused(http: httpx.Client) -> None:
    post(http, "k2", prose(1))
    assert post(http, "k2", prose(2)).status_code == 422


def test_two_callers_may_use_the_same_key(server: Running) -> None:
    first, second = (post(server.client("checks"), "k3", prose(3)) for _ in range(2))
    assert first.json()["id"] != second.json()["id"]


def test_a_failed_request_may_be_sent_again(http: httpx.Client) -> None:
    assert post(http, "k4", "").status_code == 422
    assert post(http, "k4", prose(4)).status_code == 201


def test_the_answer_is_gone_with_its_check(http: httpx.Client) -> None:
    http.delete(post(http, "k5", prose(5)).headers["location"])
    assert post(http, "k5", prose(5)).status_code == 410


def test_a_key_must_be_printable(http: httpx.Client) -> None:
    assert post(http, "x" * 256, prose(6)).status_code == 422


def test_of_many_at_once_one_is_done(server: Running, http: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(http, "k7", prose(7)), range(16)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1


def test_a_request_in_flight_is_a_conflict_and_one_left_behind_by_a_crash_is_taken_over() -> None:
    with run_server() as server:
        http = server.admin
        done = post(http, "k9", prose(9)).json()["id"]
        (record,) = server.store.records.find(REQUESTS)
        http.delete(f"/v1/checks/{done}")
        left = server.store.records.replace(REQUESTS, record.id, {**record.doc, "done": False}, record.rev)
        conflict = post(http, "k9", prose(9))
        assert (conflict.status_code, int(conflict.headers["retry-after"]) >= 1) == (409, True)

        old = {**left.doc, "at": left.doc["at"] - 3600 * 1_000_000}
        server.store.records.replace(REQUESTS, record.id, old, left.rev)
        again = post(http, "k9", prose(9))
        assert (again.status_code, again.json()["id"]) == (201, done)


def test_a_request_left_behind_before_the_clock_was_set_back_is_taken_over() -> None:
    with run_server() as server:
        http = server.admin
        done = post(http, "k11", prose(11)).json()["id"]
        (record,) = server.store.records.find(REQUESTS)
        http.delete(f"/v1/checks/{done}")
        to_come = {**record.doc, "done": False, "at": record.doc["at"] + 3600 * 1_000_000}
        server.store.records.replace(REQUESTS, record.id, to_come, record.rev)
        again = post(http, "k11", prose(11))
        assert (again.status_code, again.json()["id"]) == (201, done)


def test_a_check_kept_before_the_crash_is_the_answer() -> None:
    with run_server() as server:
        http = server.admin
        first = post(http, "k10", prose(10)).json()
        (record,) = server.store.records.find(REQUESTS)
        server.store.records.replace(REQUESTS, record.id, {**record.doc, "done": False}, record.rev)
        assert post(http, "k10", prose(10)).json() == first


def test_a_key_is_forgotten_after_a_day() -> None:
    with run_server() as server:
        http = server.admin
        first = post(http, "k11", prose(11)).json()
        (record,) = server.store.records.find(REQUESTS)
        day_old = {**record.doc, "at": record.doc["at"] - 24 * 3600 * 1_000_000}
        server.store.records.replace(REQUESTS, record.id, day_old, record.rev)
        later = post(http, "k11", prose("another text"))
        assert (later.status_code, later.json()["id"] != first["id"]) == (201, True)
