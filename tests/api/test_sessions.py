"""Signing in to the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from api import keys, sessions
from api.keys import create_key
from api.sessions import COOKIE, SESSIONS, SIGN_INS, create_sign_in
from fingerprints.dates import format_time
from tests.api.conftest import ADMIN, Running, prose


def signed_in(server: Running) -> tuple[httpx.Client, str]:
    """A browser with a session, and the CSRF token of its page."""
    browser = server.client()
    assert browser.post("/session", json={"token": create_sign_in(server.store)}).status_code == 204
    page = browser.get("/").text
    return browser, page.partition('name="csrf" content="')[2].partition('"')[0]


def test_a_link_works_once(server: Running) -> None:
    token = create_sign_in(server.store)
    first = server.client().post("/session", json={"token": token})
    cookie = first.headers["set-cookie"].lower()
    assert first.status_code == 204
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in cookie.split(";")}
    second = server.client().post("/session", json={"token": token})
    assert (second.status_code, "set-cookie" in second.headers) == (401, False)


def test_a_session_does_the_work_of_the_page_and_ends(server: Running) -> None:
    browser, csrf = signed_in(server)
    made = browser.post("/v1/checks", json={"text": prose(1)}, headers={"x-sidik-csrf": csrf})
    assert made.status_code == 201
    assert browser.get(made.headers["location"] + "/report.html").status_code == 200
    assert browser.delete("/session").status_code == 403
    stolen = browser.cookies[COOKIE]
    assert browser.delete("/session", headers={"x-sidik-csrf": csrf}).status_code == 204
    assert server.client(Cookie=f"{COOKIE}={stolen}").get("/v1/checks").status_code == 401


@pytest.mark.parametrize("csrf", [None, "", "wrong"])
def test_another_site_cannot_use_a_session(server: Running, csrf: str | None) -> None:
    browser, _ = signed_in(server)
    headers = {} if csrf is None else {"x-sidik-csrf": csrf}
    for method, path in (("POST", "/v1/checks"), ("PUT", "/v1/articles/x"), ("DELETE", "/v1/articles/x"), ("POST", "/v1/keys")):
        assert browser.request(method, path, json={"text": prose(1)}, headers=headers).status_code == 403
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert server.client().post("/session", json={"token": create_sign_in(server.store)}, headers=cross).status_code == 403


def test_a_key_signs_in_with_its_own_scopes(server: Running) -> None:
    browser = server.client()
    assert browser.post("/session", json={"key": create_key(server.store, "x", ["checks"])["key"]}).status_code == 204
    assert browser.get("/v1/checks").status_code == 200
    assert browser.get("/v1/keys").status_code == 403


def test_a_session_ends_with_the_key_that_opened_it(server: Running, http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = format_time(keys.now() + timedelta(hours=1))
    revoked, expired, other = (create_key(server.store, "x", ["checks"], expires_at) for expires_at in (None, soon, None))
    browsers = []
    for key in (revoked, expired, other):
        browsers.append(server.client())
        assert browsers[-1].post("/session", json={"key": key["key"]}).status_code == 204
        assert browsers[-1].get("/v1/checks").status_code == 200
    assert http.delete(f"/v1/keys/{revoked['id']}").status_code == 204
    assert [browser.get("/v1/checks").status_code for browser in browsers] == [401, 200, 200]
    assert 'id="sign-in"' in browsers[0].get("/").text
    real = keys.now
    monkeypatch.setattr(keys, "now", lambda: real() + timedelta(hours=2))
    assert [browser.get("/v1/checks").status_code for browser in browsers] == [401, 401, 200]


def test_sessions_of_links_and_of_the_administrator_need_no_kept_key(server: Running) -> None:
    by_link, _ = signed_in(server)
    by_key = server.client()
    assert by_key.post("/session", json={"key": ADMIN}).status_code == 204
    assert [browser.get("/v1/keys").status_code for browser in (by_link, by_key)] == [200, 200]


@pytest.mark.parametrize("given", [{}, {"token": "x"}, {"key": "x"}, {"token": None, "key": None}])
def test_nothing_else_signs_in(server: Running, given: dict[str, str]) -> None:
    assert server.client().post("/session", json=given).status_code == 401


def test_links_and_sessions_grow_old(start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch) -> None:
    server = start()
    real = sessions.now
    token = create_sign_in(server.store)
    browser, _ = signed_in(server)
    assert browser.get("/v1/checks").status_code == 200
    monkeypatch.setattr(sessions, "now", lambda: real() + timedelta(hours=13))
    assert browser.get("/v1/checks").status_code == 401
    assert 'id="sign-in"' in browser.get("/").text
    assert server.client().post("/session", json={"token": token}).status_code == 401


def test_only_hashes_are_kept(server: Running) -> None:
    token = create_sign_in(server.store)
    browser, _ = signed_in(server)
    kept = str([server.store.records.find(kind) for kind in (SIGN_INS, SESSIONS)])
    assert token not in kept
    assert browser.cookies[COOKIE] not in kept
