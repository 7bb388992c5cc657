"""Pages without a browser: who may see what, forms, roles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import httpx
import pytest
from fastapi.routing import APIRoute

from api.app import create_app
from api.keys import SCOPES, create_key
from api.roles import ROLES, Role, find_role, role_of
from api.sessions import create_sign_in
from api.settings import Settings
from fingerprints.errors import InputError
from tests.api.conftest import ADMIN, Running, prose

OPEN = {"/", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics", "/static/{name}", "/session"}


def page_routes() -> list[tuple[str, str]]:
    """(method, path) of every page that needs a session."""
    found = []
    for route in create_app(Settings.load(store="memory://")).routes:
        if isinstance(route, APIRoute) and not route.path.startswith("/v1") and route.path not in OPEN:
            path = route.path_format.replace("{id}", "x").replace("{number}", "1")
            found += [(method, path) for method in sorted(route.methods)]
    return found


def csrf_of(browser: httpx.Client) -> str:
    return browser.get("/").text.partition('name="csrf" content="')[2].partition('"')[0]


def browser_of(server: Running, scopes: Sequence[str] | None = None, role: Role = "admin") -> tuple[httpx.Client, str]:
    """A signed-in browser and its CSRF token; by a key with `scopes`, else by a link for `role`."""
    browser = server.client()
    given = (
        {"token": create_sign_in(server.store, role)} if scopes is None else {"key": create_key(server.store, "x", scopes)["key"]}
    )
    assert browser.post("/session", json=given).status_code == 204
    return browser, csrf_of(browser)


def submit(browser: httpx.Client, csrf: str, path: str = "/checks", **fields: str) -> httpx.Response:
    return browser.post(path, data={"csrf": csrf, **fields})


def test_there_are_pages_to_walk() -> None:
    assert {("GET", "/checks"), ("POST", "/checks"), ("GET", "/checks/x")} <= set(page_routes())


@pytest.mark.parametrize(("method", "path"), page_routes())
def test_pages_are_closed_without_a_session(server: Running, method: str, path: str) -> None:
    before = server.store.last_seq()
    answer = server.client().request(method, path)
    assert answer.status_code == 303
    if method == "GET":
        assert answer.headers["location"].startswith("/?next=%2F")
    else:
        assert answer.headers["location"] == "/", "what was sent is not sent again, and what takes it may be no page"
    assert server.client(Authorization=f"Bearer {ADMIN}").request(method, path).status_code == 303, "pages take sessions alone"
    assert server.store.last_seq() == before


@pytest.mark.parametrize("path", [path for method, path in page_routes() if method == "POST"])
@pytest.mark.parametrize("csrf", ["", "wrong", "é"])
def test_a_form_of_another_site_does_nothing(server: Running, path: str, csrf: str) -> None:
    browser, _ = browser_of(server)
    answer = submit(browser, csrf, path, text=prose("csrf"))
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert browser.post(path, data={"text": "x"}, headers={"x-sidik-csrf": csrf.encode()}).status_code == 403


def test_a_scope_opens_its_pages_and_reading_changes_nothing(server: Running) -> None:
    none, _ = browser_of(server, ["scans"])
    assert (none.get("/checks").status_code, "Riwayat" in none.get("/checks").text) == (403, False)
    reading, csrf = browser_of(server, ["checks:read"])
    assert reading.get("/checks").status_code == 200
    assert 'id="check"' not in reading.get("/").text
    assert submit(reading, csrf, text=prose("r")).status_code == 403
    editor, csrf = browser_of(server, role="editor")
    assert submit(editor, csrf, text=prose("r")).status_code == 303


@pytest.mark.parametrize(
    ("role", "statuses"),
    [("editor", (200, 403, 200, 403, 403)), ("legal", (200, 403, 200, 200, 403)), ("admin", (200, 204, 200, 200, 200))],
)
def test_roles_open_what_they_say(server: Running, role: Role, statuses: tuple[int, ...]) -> None:
    server.admin.put("/v1/articles/role", json={"text": prose("role")}).raise_for_status()
    browser, csrf = browser_of(server, role=role)
    headers = {"x-sidik-csrf": csrf}
    got = (
        browser.get("/v1/articles/role").status_code,
        browser.delete("/v1/articles/role", headers=headers).status_code,
        browser.get("/v1/checks").status_code,
        200 if "cases" in ROLES[role] else 403,
        browser.get("/v1/keys").status_code,
    )
    assert got == statuses
    assert role_of(frozenset(ROLES[role])) == role


def test_a_role_that_is_none_is_named() -> None:
    with pytest.raises(InputError, match="editor, legal, admin, not 'boss'"):
        find_role("boss")
    assert role_of(frozenset(SCOPES[:1])) is None


def test_a_check_belongs_to_who_made_it(server: Running, http: httpx.Client) -> None:
    sari, wati = server.client(), server.client()
    for browser, name in ((sari, "Sari"), (wati, "Wati")):
        browser.post("/session", json={"token": create_sign_in(server.store, "editor", name)})
        assert submit(browser, csrf_of(browser), text=prose(name), title=f"Naskah {name}").status_code == 303
    assert ("Naskah Sari" in sari.get("/checks").text, "Naskah Wati" in sari.get("/checks").text) == (True, False)
    assert {"Naskah Sari", "Naskah Wati"} <= {row["submission"]["title"] for row in http.get("/v1/checks").json()["items"]}
    everyone = sari.get("/checks?who=all").text
    assert "Naskah Wati" in everyone
    assert http.get("/v1/checks?limit=1").json()["items"][0]["by"] == {"id": "link:Wati", "name": "Wati"}


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"text": " \n"}, 422, "Tempel teks, pilih berkas"),
        ({"text": "a\0b"}, 422, "tidak boleh ada (NUL)"),
        ({"text": "<!doctype html><html><body></body></html>"}, 422, "tidak ditemukan artikel"),
        ({"url": "http://127.0.0.1:1/"}, 422, "Halaman tidak dapat diambil"),
        ({"url": "ftp://x"}, 422, "Halaman tidak dapat diambil"),
    ],
)
def test_a_mistake_is_said_and_what_was_typed_stays(server: Running, fields: dict[str, str], status: int, said: str) -> None:
    browser, csrf = browser_of(server)
    answer = submit(browser, csrf, title="Judul <b>saya</b>", **fields)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert "Judul &lt;b&gt;saya&lt;/b&gt;" in answer.text


def test_a_file_that_is_none_of_ours_is_said(server: Running) -> None:
    browser, csrf = browser_of(server)
    answer = browser.post("/checks", data={"csrf": csrf}, files={"file": ("a.png", b"\x89PNG\r\n\0")})
    assert (answer.status_code, "Berkas ini bukan .txt" in answer.text) == (422, True)


def test_line_ends_of_a_text_area_are_as_typed(server: Running, http: httpx.Client) -> None:
    browser, csrf = browser_of(server)
    made = submit(browser, csrf, text="Satu baris.\r\nDua baris.\r\n")
    report = http.get("/v1" + made.headers["location"]).json()
    assert report["submission"]["text"] == "Satu baris.\nDua baris.\n"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/json"}, b"{}", 415),
        ({"content-type": "multipart/form-data"}, b"x", 422),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--y", 422),
        ({"content-type": "application/x-www-form-urlencoded"}, b"text=%ff", 422),
        ({"content-type": "application/x-www-form-urlencoded"}, b"a=1&" * 2000, 422),
        ({"content-type": "application/x-www-form-urlencoded"}, "é".encode(), 422),
    ],
)
def test_what_is_no_form_is_refused(server: Running, headers: dict[str, str], body: bytes, status: int) -> None:
    browser, csrf = browser_of(server)
    answer = browser.post("/checks", content=body, headers={**headers, "x-sidik-csrf": csrf})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")


def test_a_form_over_the_limit_is_refused(start: Callable[..., Running]) -> None:
    browser, csrf = browser_of(start(max_body_bytes=4000))
    assert submit(browser, csrf, text="x" * 200_000).status_code == 413


@pytest.mark.parametrize("path", ["/checks/none", "/checks/none/articles/1", "/checks/%F0%9F%98%80"])
def test_what_is_not_there_is_a_page_too(server: Running, path: str) -> None:
    browser, _ = browser_of(server)
    answer = browser.get(path)
    assert (answer.status_code, "Tidak ditemukan." in answer.text) == (404, True)


def test_a_bad_cursor_is_said(server: Running) -> None:
    browser, _ = browser_of(server)
    assert browser.get("/checks?cursor=%F0%9F%98%80").status_code == 422


def test_a_check_again_asks_the_same(server: Running, http: httpx.Client) -> None:
    """What was left out stays left out, and links of its page still count as links."""
    http.put("/v1/articles/a1", json={"text": prose("again"), "url": "https://kabar.example/1"}).raise_for_status()
    http.put("/v1/articles/a2", json={"text": prose("again")}).raise_for_status()
    page = f"<html><body><article><p>{prose('again')}</p><a href='https://kabar.example/x'>Sumber</a></article></body></html>"
    given = {"html": page, "title": "T", "url": "https://salin.example/1", "exclude_articles": ["a2"]}
    first = http.post("/v1/checks", json=given).json()
    browser, csrf = browser_of(server)
    second = http.get("/v1" + submit(browser, csrf, f"/checks/{first['id']}/again").headers["location"]).json()
    assert first["matches"][0]["attribution"] == "linked"
    for report in (first, second):
        for name in ("id", "created_at", "stats"):
            del report[name]
    assert second == first


def test_keys_can_be_made_for_a_role(server: Running) -> None:
    key = create_key(server.store, "redaksi", find_role("editor")[1])
    assert key["scopes"] == ["checks", "articles:read"]
    client = server.client(Authorization=f"Bearer {key['key']}")
    assert client.get("/v1/articles").status_code == 200
    assert client.put("/v1/articles/x", json={"text": "Isi."}).status_code == 403
