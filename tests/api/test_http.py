"""What every answer has in common: problems, headers, health, the description of the API."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.api.conftest import Answer, Running, SmallWeb, prose


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no/such", 404),
        ("GET", "/v1/no-such", 404),
        ("PATCH", "/v1/articles/x", 405),
        ("POST", "/healthz", 405),
        ("GET", "/v1/checks/bulk", 404),
    ],
)
def test_errors_of_the_framework_are_problems(http: httpx.Client, method: str, path: str, status: int) -> None:
    answer = http.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    if status == 405:
        assert answer.headers["allow"].split(", ") == {"/healthz": ["GET", "HEAD"]}.get(path, ["DELETE", "GET", "HEAD", "PUT"])


def test_a_fault_of_ours_is_a_problem_without_details(start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch) -> None:
    running = start()
    monkeypatch.setattr(running.store, "get", lambda *_: 1 / 0)  # a fault that no input can cause
    answer = running.admin.get("/v1/articles/x")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "ZeroDivision" not in answer.text


def test_answers_carry_security_headers_and_a_request_id(http: httpx.Client) -> None:
    for path in ("/", "/docs", "/healthz", "/v1/checks", "/no/such", "/static/sidik.js"):
        answer = http.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])
    assert http.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert http.get("/healthz", headers={"X-Request-Id": 'a"\tb'}).headers["x-request-id"] != 'a"\tb'


def test_health_readiness_and_metrics(http: httpx.Client) -> None:
    http.post("/v1/checks", json={"text": prose(1)})
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json() == {"status": "ready"}
    metrics = http.get("/metrics").text
    assert 'sidik_checks_total{verdict="original"}' in metrics
    assert 'sidik_requests_total{method="POST",route="/v1/checks",status="201"}' in metrics
    assert "sidik_index_behind 0.0" in metrics


def test_not_ready_when_the_store_is_closed(start: Callable[..., Running], tmp_path) -> None:
    running = start(store=f"sqlite:///{tmp_path}/a.db")
    running.store.close()
    answer = running.client().get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert running.client().get("/healthz").status_code == 200


def test_head_is_get_without_a_body(http: httpx.Client) -> None:
    head, get = http.head("/v1/checks"), http.get("/v1/checks")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(get.content)))


def test_the_description_names_every_route_its_problems_and_its_key(http: httpx.Client) -> None:
    described = http.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if not path.startswith("/v1"):
                continue
            assert operation["security"] == [{"key": []}], (method, path)
            assert {"401", "403", "422", "429", "500", "503"} <= operation["responses"].keys()
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"]
    used = set(re.findall(r'"#/components/schemas/(\w+)"', http.get("/openapi.json").text))
    assert used <= described["components"]["schemas"].keys()


def test_pages_load_nothing_from_elsewhere(http: httpx.Client) -> None:
    for path in (
        "/",
        "/?lang=en",
        "/docs",
        "/static/sidik.css",
        "/static/sidik.js",
        "/static/reading.js",
        "/static/check-form.js",
    ):
        answer = http.get(path)
        assert answer.status_code == 200
        assert not re.search(r"""(src|href|url|from|import)\s*[=(]?\s*["'(]?\s*(https?:)?//""", answer.text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", answer.text), path


def test_more_work_than_can_wait_is_refused_at_once(start: Callable[..., Running], web: SmallWeb) -> None:
    asked, go_on = threading.Semaphore(0), threading.Event()

    def slow(_: object) -> Answer:
        asked.release()
        go_on.wait(60)
        return Answer(b"<html><body><article><p>%b</p></article></body></html>" % prose("lambat").encode())

    web.pages["/lambat"] = slow
    http = start(threads=1, queue=1, fetch_allow=("127.0.0.1",)).client("checks")
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(http.post, "/v1/checks", json={"url": f"{web.url}/lambat"}, timeout=120) for _ in range(2)]
        assert asked.acquire(timeout=60)
        while "sidik_jobs 2.0" not in http.get("/metrics").text:
            time.sleep(0.01)
        answer = http.post("/v1/checks", json={"text": prose(1)})
        go_on.set()
        assert {each.result(120).status_code for each in held} <= {201, 422}
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert http.post("/v1/checks", json={"text": prose(1)}).status_code == 201


def test_a_check_beyond_its_time_budget_says_so_and_is_not_kept(start: Callable[..., Running]) -> None:
    http = start(time_budget_seconds=0.0001).admin
    answer = http.post("/v1/checks", json={"text": prose("slow", 2000)})
    assert (answer.status_code, "time budget" in answer.json()["detail"]) == (503, True)
    assert int(answer.headers["retry-after"]) >= 1
    assert http.get("/v1/checks").json()["items"] == []


def test_a_body_that_does_not_come_is_given_up(start: Callable[..., Running]) -> None:
    running = start(body_idle_seconds=0.2)
    host, _, port = running.url.removeprefix("http://").partition(":")
    for path, length in (("/v1/checks", 1000), ("/v1/articles/bulk", 1000)):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            key = running.client("checks", "articles").headers["authorization"]
            connection.sendall(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Length: {length}\r\n\r\n{{".encode()
            )
            assert connection.recv(4096).startswith(b"HTTP/1.1 408")


def test_a_client_that_hangs_up_leaves_the_server_well(start: Callable[..., Running]) -> None:
    running = start()
    host, _, port = running.url.removeprefix("http://").partition(":")
    key = running.client("checks", "articles").headers["authorization"]
    for path in ("/v1/checks", "/v1/articles/bulk", "/v1/checks/bulk"):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Length: 999\r\n\r\n{{".encode()
            )
    while "sidik_requests_running 1.0" not in (metrics := running.client().get("/metrics").text):
        time.sleep(0.01)
    assert "sidik_errors_total 0.0" in metrics
