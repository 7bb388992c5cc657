"""Keys and scopes: what each caller may do."""

from __future__ import annotations

import httpx
import pytest
from fastapi.routing import APIRoute

from api.app import create_app
from api.deps import NeedsScope
from api.keys import KEYS, SCOPES, create_key
from api.settings import Settings
from tests.api.conftest import ADMIN, Running, prose


def v1_routes() -> list[tuple[str, str, str]]:
    """(method, path, scope) of every route below /v1, from the application itself."""
    found = []
    for route in create_app(Settings.load(store="memory://")).routes:
        if isinstance(route, APIRoute) and route.path.startswith("/v1"):
            (scope,) = {d.dependency.scope for d in route.dependencies if isinstance(d.dependency, NeedsScope)}
            found += [(method, route.path_format.replace("{id}", "x"), scope) for method in sorted(route.methods)]
    return found


def test_there_are_routes_to_walk() -> None:
    assert len(v1_routes()) >= 15
    assert {scope for *_, scope in v1_routes()} <= set(SCOPES)


@pytest.mark.parametrize(("method", "path", "scope"), v1_routes())
def test_every_route_demands_a_key_with_its_scope(server: Running, method: str, path: str, scope: str) -> None:
    before = server.store.last_seq()
    without = server.client().request(method, path)
    asked = 'Basic realm="Sidik"' if path.endswith(".atom") else "Bearer"  # feed readers know nothing else
    assert (without.status_code, without.headers["www-authenticate"]) == (401, asked)
    wrong = server.client(Authorization="Bearer sidik_0123456789abcdef_wrong").request(method, path)
    assert (wrong.status_code, "invalid_token" in wrong.headers["www-authenticate"]) == (401, True)
    others = server.client(*(other for other in SCOPES if other != scope)).request(method, path)
    assert (others.status_code, scope in others.json()["detail"]) == (403, True)
    assert server.client(scope).request(method, path).status_code not in (401, 403)
    for answer in (without, wrong, others):
        assert answer.headers["content-type"] == "application/problem+json"
    assert server.store.last_seq() == before


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "bearer x", ADMIN, f"Bearer {ADMIN}x", "Bearer sidik__", "Bearer \xe9"]
)
def test_other_credentials_are_refused(server: Running, header: str) -> None:
    assert server.client().get("/v1/checks", headers={"Authorization": header.encode("latin-1")}).status_code == 401


def test_a_key_is_shown_once_and_kept_as_a_hash(server: Running, http: httpx.Client) -> None:
    made = http.post("/v1/keys", json={"name": "redaksi", "scopes": ["checks"]})
    assert made.status_code == 201
    key = made.json()["key"]
    listed = next(item for item in http.get("/v1/keys?limit=200").json()["items"] if item["id"] == made.json()["id"])
    assert "key" not in listed
    assert "sha256" not in listed
    assert key.startswith(listed["prefix"])
    secret = key.removeprefix(listed["prefix"])
    assert secret not in str(server.store.records.get(KEYS, made.json()["id"]))
    assert server.client(Authorization=f"Bearer {key}").get("/v1/checks").status_code == 200


def test_a_revoked_key_is_refused_at_once(server: Running, http: httpx.Client) -> None:
    made = create_key(server.store, "x", ["checks"])
    client = server.client(Authorization=f"Bearer {made['key']}")
    assert client.get("/v1/checks").status_code == 200
    assert http.delete(f"/v1/keys/{made['id']}").status_code == 204
    assert client.get("/v1/checks").status_code == 401
    assert http.delete(f"/v1/keys/{made['id']}").status_code == 404


@pytest.mark.parametrize(("expires_at", "status"), [("2020-01-01", 401), ("2020-01-01T00:00:00Z", 401), ("2999-01-01", 200)])
def test_a_key_ends_when_it_expires(server: Running, expires_at: str, status: int) -> None:
    key = create_key(server.store, "x", ["checks"], expires_at)["key"]
    assert server.client(Authorization=f"Bearer {key}").get("/v1/checks").status_code == status


def test_a_rate_is_kept_to_the_request_and_said(server: Running) -> None:
    client = server.client(Authorization=f"Bearer {create_key(server.store, 'x', ['checks'], rate_per_minute=3)['key']}")
    answers = [client.get("/v1/checks") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0", "r=0"]
    assert answers[0].headers["ratelimit-policy"] == '"key";q=3;w=60'
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60
    assert answers[3].headers["content-type"] == "application/problem+json"
    assert "ratelimit" not in server.client("checks").get("/v1/checks").headers


def test_keys_are_listed_page_by_page(server: Running, http: httpx.Client) -> None:
    made = [create_key(server.store, f"n{i}", ["scans"])["id"] for i in range(5)]
    seen, cursor = [], None
    while True:
        page = http.get("/v1/keys", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen[-5:] == made
    assert len(seen) == len(set(seen))


def test_without_an_admin_key_in_the_settings_none_is_accepted(start) -> None:
    running = start(admin_key=None)
    for key in ("None", "-", ADMIN):
        assert running.client().get("/v1/checks", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    assert running.client("checks").post("/v1/checks", json={"text": prose(1)}).status_code == 201
