"""What is written down, by whom, through HTTP and the command line; and who may read it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.audit import AUDIT, read_audit, verify
from api.cli import run
from api.sessions import create_sign_in
from fingerprints.stores import open_store
from tests.api.conftest import Running, prose


def actions(server: Running) -> list[tuple[str, str | None]]:
    return [(entry["action"], entry["subject"]) for entry in read_audit(server.store)]


def ndjson(*values: Any) -> dict[str, Any]:
    return {"content": "\n".join(map(json.dumps, values)), "headers": {"Content-Type": "application/x-ndjson"}}


def test_every_change_check_and_export_is_written_down_before_it_is_answered(start: Callable[..., Running]) -> None:
    server = start()
    http = server.admin
    http.put("/v1/articles/a1", json={"text": prose(1)})
    http.post("/v1/articles/bulk", **ndjson({"id": "a2", "text": prose(2)}, {"id": "a3", "text": ""}))
    check = http.post("/v1/checks", json={"text": prose(1)}).json()["id"]
    http.post("/v1/checks/bulk?store=false", **ndjson({"text": prose(1)}, {"text": prose(9)}, {"text": ""}))
    http.get(f"/v1/checks/{check}")
    http.get(f"/v1/checks/{check}/report.html?lang=en")
    http.get(f"/v1/checks/{check}/evidence.zip")
    http.delete(f"/v1/checks/{check}")
    http.delete("/v1/articles/a1")
    key = http.post("/v1/keys", json={"name": "pemindai", "scopes": ["checks"]}).json()["id"]
    http.delete(f"/v1/keys/{key}")
    assert actions(server) == [
        ("article.put", "a1"),
        ("articles.imported", None),
        ("check.made", check),
        ("checks.made", None),
        ("check.read", check),
        ("report.read", check),
        ("evidence.exported", check),
        ("check.deleted", check),
        ("article.deleted", "a1"),
        ("key.made", key),
        ("key.revoked", key),
    ]
    entries = list(read_audit(server.store))
    assert {entry["who"]["id"] for entry in entries} == {"admin"}
    assert entries[1]["details"] == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    assert entries[3]["details"] == {"kept": False, "checked": 2, "flagged": 1, "rejected": 1}
    assert entries[5]["details"] == {"format": "html", "lang": "en"}
    assert verify(entries).broken is None


def test_what_failed_is_not_written_down(start: Callable[..., Running]) -> None:
    server = start()
    http = server.admin
    assert http.delete("/v1/checks/none").status_code == 404
    assert http.post("/v1/checks", json={"text": ""}).status_code == 422
    assert server.client("articles").post("/v1/checks", json={"text": "x"}).status_code == 403
    assert actions(server) == []


def test_entries_name_the_key_and_the_request_and_hold_neither_texts_nor_secrets(start: Callable[..., Running]) -> None:
    server = start()
    answer = server.client("articles").put("/v1/articles/a1", json={"text": prose(1)}, headers={"X-Request-Id": "permintaan-7"})
    (entry,) = read_audit(server.store)
    assert (entry["request_id"], entry["who"]["name"]) == (answer.headers["x-request-id"], "test")
    made = server.admin.post("/v1/keys", json={"name": "rahasia", "scopes": ["admin"]}).json()
    written = json.dumps(list(read_audit(server.store)))
    assert entry["who"]["id"] in {record["id"] for record in server.admin.get("/v1/keys").json()["items"]}
    assert made["key"] not in written
    assert prose(1).split()[0] not in written


def test_signing_in_and_out_is_written_down(start: Callable[..., Running]) -> None:
    server = start()
    page = server.client()
    page.post("/session", json={"token": create_sign_in(server.store)})
    csrf = re.search(r'name="csrf" content="(\w+)"', page.get("/").text)
    assert csrf
    assert page.request("DELETE", "/session", headers={"X-Sidik-CSRF": csrf[1]}).status_code == 204
    assert [(e["action"], e["who"]["id"]) for e in read_audit(server.store)] == [
        ("session.opened", "link"),
        ("session.ended", "link"),
    ]


def test_the_log_is_read_with_the_scope_admin_newest_first(start: Callable[..., Running]) -> None:
    server = start()
    for n in range(3):
        server.admin.put(f"/v1/articles/a{n}", json={"text": prose(n)})
    assert server.client("articles", "checks", "scans", "cases").get("/v1/audit").status_code == 403
    page = server.admin.get("/v1/audit?limit=2").json()
    assert [entry["subject"] for entry in page["items"]] == ["a2", "a1"]
    rest = server.admin.get("/v1/audit", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert ([entry["n"] for entry in rest["items"]], rest["next_cursor"]) == ([1], None)
    assert [e["n"] for e in server.admin.get("/v1/audit?subject=a1&action=article.put").json()["items"]] == [2]
    assert server.admin.get("/v1/audit?until=2020-01-01").json()["items"] == []
    assert len(server.admin.get("/v1/audit?since=2020-01-01T00:00:00Z&who=admin").json()["items"]) == 3


@pytest.mark.parametrize("query", ["since=kemarin", "cursor=%7B%7D", "limit=0", "action=%00", "siapa=x"])
def test_bad_filters_are_named(http: httpx.Client, query: str) -> None:
    answer = http.get(f"/v1/audit?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == query.partition("=")[0]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    monkeypatch.chdir(tmp_path)

    def sidik(*arguments: str) -> tuple[int, str]:
        status = run(list(arguments))
        return status, capsys.readouterr().out

    return sidik


def test_commands_are_written_down_and_the_log_is_listed_verified_and_exported(
    shell: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "a1", "text": prose(1)}))
    (tmp_path / "s.txt").write_text(prose(1))
    shell("import", "a.jsonl")
    shell("check", "s.txt")
    shell("keys", "create", "dok", "--scope", "checks")
    shell("export", "semua.jsonl.gz")
    listed = json.loads(shell("audit", "list", "--json")[1])
    assert [e["action"] for e in listed] == ["articles.imported", "check.made", "key.made", "store.exported"]
    assert {e["who"]["id"] for e in listed} == {"cli"}
    assert "check.made" in shell("audit", "list", "--action", "check.made")[1]
    assert len(shell("audit", "list", "--limit", "1")[1].splitlines()) == 1
    status, said = shell("audit", "verify")
    head = said.split()[-1]
    assert (status, head.partition(":")[0]) == (0, "4")
    assert shell("audit", "export", "log.jsonl.xz")[0] == 0
    assert shell("audit", "verify", "log.jsonl.xz", "--noted", head)[0] == 0
    shell("restore", "semua.jsonl.gz", "--store", "sqlite:///lain.db")
    assert shell("audit", "verify", "--noted", head, "--store", "sqlite:///lain.db")[0] == 0
    store = open_store("sqlite:///sidik.db")
    store.records.delete(AUDIT, f"{2:015d}")
    store.close()
    assert shell("audit", "verify") == (1, "NOT SOUND from entry 2 on: entry 2 is missing\n")
    assert shell("audit", "verify", "--noted", "vier")[0] == 2
