"""Cases: matches that people follow up, with status, notes, history, deadlines, and what is related to them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.audit import read_audit
from api.cases import Change, case_id, change_case, change_cases, list_cases, online_changed, open_case
from api.checks import save_check
from api.cli import run
from api.events import DELIVERIES
from api.keys import Caller
from api.scanning.revisits import REVISITS
from api.webhooks import create_webhook
from detector import Detector
from fingerprints.article import Article
from fingerprints.errors import InputError
from fingerprints.stores import open_store
from fingerprints.stores.contract import Store
from tests.api.conftest import Running, prose

BY = Caller("k1", "hukum", frozenset({"cases"}))


def put(http: httpx.Client, id: str) -> None:
    http.put(f"/v1/articles/{id}", json={"text": prose(id), "title": f"Judul {id}"})


def check(http: httpx.Client, *articles: str, url: str | None = None) -> str:
    answer = http.post("/v1/checks", json={"text": "\n".join(map(prose, articles)), **({"url": url} if url else {})})
    return str(answer.json()["id"])


def opened(http: httpx.Client, check_id: str, article_id: str, **more: Any) -> dict[str, Any]:
    answer = http.post("/v1/cases", json={"check_id": check_id, "article_id": article_id, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture
def newsroom(start: Callable[..., Running]) -> Running:
    server = start()
    for id in ("a1", "a2"):
        put(server.admin, id)
    return server


def test_a_case_goes_from_found_to_closed_and_keeps_who_did_what(newsroom: Running) -> None:
    http = newsroom.admin
    kept = check(http, "a1", url="https://www.salin.example/berita/1")
    legal = newsroom.client("cases")
    answer = legal.post("/v1/cases", json={"check_id": kept, "article_id": "a1", "note": "Disalin utuh."})
    case = answer.json()
    assert answer.headers["location"] == f"/v1/cases/{case['id']}"
    named = {name: case[name] for name in ("status", "domain", "article_id", "check_id", "online", "verdict")}
    assert named == {
        "status": "found",
        "domain": "salin.example",
        "article_id": "a1",
        "check_id": kept,
        "online": "unknown",
        "verdict": "copy",
    }
    path = f"/v1/cases/{case['id']}"
    legal.patch(path, json={"status": "reviewing"})
    legal.patch(path, json={"status": "notified", "note": "Surat dikirim."})
    legal.patch(path, json={"note": "Belum ada jawaban."})
    done = legal.patch(path, json={"status": "resolved"}).json()
    steps = [(entry["by"], entry["from"], entry["to"], entry["note"]) for entry in done["history"]]
    assert steps == [
        ("test", None, "found", "Disalin utuh."),
        ("test", "found", "reviewing", None),
        ("test", "reviewing", "notified", "Surat dikirim."),
        ("test", "notified", "notified", "Belum ada jawaban."),
        ("test", "notified", "resolved", None),
    ]
    assert sorted(entry["at"] for entry in done["history"]) == [entry["at"] for entry in done["history"]]
    whole = legal.get(path).json()
    assert {name: value for name, value in whole.items() if name != "related"} == done
    assert [e["action"] for e in read_audit(newsroom.store)][-5:] == ["case.opened"] + ["case.changed"] * 4


def test_a_match_has_one_case_and_the_second_try_is_told_which(newsroom: Running) -> None:
    http = newsroom.admin
    kept = check(http, "a1", "a2")
    case = opened(http, kept, "a1")
    again = http.post("/v1/cases", json={"check_id": kept, "article_id": "a1"})
    assert (again.status_code, again.headers["location"]) == (409, f"/v1/cases/{case['id']}")
    assert case["id"] in again.json()["detail"]
    assert opened(http, kept, "a2")["id"] != case["id"]


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ({"check_id": "none"}, "check_id"),
        ({"article_id": "a2"}, "article_id"),
        ({"article_id": {"$ne": None}}, "article_id"),
        ({"check_id": ""}, "check_id"),
        ({"note": " "}, "note"),
        ({"note": "x" * 10_001}, "note"),
        ({"due_at": "besok"}, "due_at"),
        ({"status": "resolved"}, "status"),
    ],
)
def test_bad_cases_are_refused_with_the_place(newsroom: Running, given: dict[str, Any], location: str) -> None:
    http = newsroom.admin
    kept = check(http, "a1")
    answer = http.post("/v1/cases", json={"check_id": kept, "article_id": "a1", **given})
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, location)
    assert http.get("/v1/cases").json()["items"] == []


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ({}, "status"),
        ({"status": "closed"}, "status"),
        ({"status": None}, "status"),
        ({"status": ["found"]}, "status"),
        ({"note": ""}, "note"),
        ({"due_at": "2026-13-01"}, "due_at"),
        ({"online": "gone"}, "online"),
    ],
)
def test_bad_changes_change_nothing(newsroom: Running, given: dict[str, Any], location: str) -> None:
    http = newsroom.admin
    case = opened(http, check(http, "a1"), "a1")
    answer = http.patch(f"/v1/cases/{case['id']}", json=given)
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, location)
    assert http.get(f"/v1/cases/{case['id']}").json()["history"] == case["history"]
    assert http.patch("/v1/cases/none", json={"status": "found"}).status_code == 404
    assert http.get("/v1/cases/none").status_code == 404


def test_cases_are_filtered_and_paged_newest_first(newsroom: Running) -> None:
    http = newsroom.admin
    cases = [opened(http, check(http, "a1", url=f"https://{n}.salin.example/x"), "a1") for n in ("satu", "dua", "tiga")]
    other = opened(http, check(http, "a2", url="https://lain.example/y"), "a2", due_at="2026-01-31")
    http.patch(f"/v1/cases/{cases[0]['id']}", json={"status": "dismissed"})

    def ids(query: str) -> list[str]:
        return [case["id"] for case in http.get(f"/v1/cases?{query}").json()["items"]]

    newest = [case["id"] for case in [*cases, other]][::-1]
    assert ids("") == newest
    assert ids("domain=salin.example") == newest[1:]
    assert ids("domain=DUA.salin.example") == [cases[1]["id"]]
    assert ids("article_id=a2") == [other["id"]]
    assert ids("status=dismissed") == [cases[0]["id"]]
    assert ids("status=found&domain=salin.example") == newest[1:3]
    assert ids(f"check_id={other['check_id']}") == [other["id"]]
    assert ids("online=gone") == []
    assert ids("due_before=2026-02-01") == [other["id"]]
    assert ids("due_before=2026-01-30") == []
    first = http.get("/v1/cases?limit=3&online=unknown").json()
    rest = http.get("/v1/cases", params={"limit": 3, "online": "unknown", "cursor": first["next_cursor"]}).json()
    assert [case["id"] for case in first["items"] + rest["items"]] == newest
    assert rest["next_cursor"] is None
    for query in ("status=offen", "online=maybe", "due_before=x", "cursor=x", "limit=201"):
        assert http.get(f"/v1/cases?{query}").status_code == 422


def test_a_deadline_is_set_taken_away_and_no_longer_due_once_the_case_is_closed(newsroom: Running) -> None:
    http = newsroom.admin
    path = f"/v1/cases/{opened(http, check(http, 'a1'), 'a1', due_at='2026-03-01')['id']}"

    def due() -> int:
        return len(http.get("/v1/cases?due_before=2027-01-01").json()["items"])

    assert due() == 1
    assert http.patch(path, json={"due_at": None}).json()["due_at"] is None
    assert due() == 0
    assert http.patch(path, json={"due_at": "2026-04-01T08:00:00+07:00"}).json()["due_at"] == "2026-04-01T01:00:00Z"
    assert http.patch(path, json={"status": "dismissed"}).json()["due_at"] == "2026-04-01T01:00:00Z"
    assert due() == 0
    assert http.patch(path, json={"status": "reviewing"}).status_code == 200
    assert due() == 1


def test_what_is_related_is_of_the_same_article_or_domain(newsroom: Running) -> None:
    http = newsroom.admin
    here = check(http, "a1", url="https://salin.example/1")
    case = opened(http, here, "a1")
    same_article = check(http, "a1", url="https://lain.example/1")
    same_domain = check(http, "a2", url="https://www.salin.example/2")
    check(http, "a2", url="https://asing.example/3")
    second = opened(http, same_domain, "a2")
    related = http.get(f"/v1/cases/{case['id']}").json()["related"]
    assert {found["id"] for found in related["checks"]} == {same_article, same_domain}
    assert [found["id"] for found in related["cases"]] == [second["id"]]


def test_every_change_is_told_once(newsroom: Running) -> None:
    http = newsroom.admin
    create_webhook(newsroom.store, "https://penerima.example/", ["case.updated"])
    path = f"/v1/cases/{opened(http, check(http, 'a1'), 'a1')['id']}"
    for _ in range(2):
        http.patch(path, json={"status": "reviewing"})
    told = [json.loads(row.doc["body"]) for row in newsroom.store.records.find(DELIVERIES, order="at")]
    assert [event["data"]["status"] for event in told] == ["found", "reviewing"]
    assert told[1]["data"]["history"][1]["to"] == "reviewing"


def test_cases_need_their_scope(newsroom: Running) -> None:
    assert newsroom.client("checks", "articles", "scans", "admin").get("/v1/cases").status_code == 403


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """With a check of a copy of a1, under the id c1."""
    url = f"sqlite:///{tmp_path}/a.db"
    with Detector.open(url) as detector:
        detector.add(Article(id="a1", text=prose("a1")))
        report = detector.check(prose("a1"), url="https://salin.example/1").to_dict()
        for id in ("c1", "c2", "c3"):
            save_check(detector.store, {**report, "id": id})
    return open_store(url)


def test_the_last_visit_says_whether_a_copy_is_online(store: Store) -> None:
    create_webhook(store, "https://penerima.example/", ["case.updated"])
    case = open_case(store, "c1", "a1", BY)
    seen = {"at": "2026-03-01T00:00:00Z", "status": "online", "detail": "found", "attribution": "absent", "score": 1.0}
    place = {"lease": None, "check_id": "c1", "attribution": "absent", "visited_at": "2026-03-01T00:00:00Z", "due_at": None}
    gone = {**place, "url": "https://salin.example/1", "status": "gone", "history": [seen, {**seen, "status": "gone"}]}
    store.records.insert(REVISITS, "p1", gone)
    assert [found["online"] for found in list_cases(store, online="gone").items] == ["gone"]
    online_changed(store, "c1")
    online_changed(store, "c1")
    store.records.insert(REVISITS, "p2", {**gone, "url": "https://salin.example/2", "status": "online"})
    online_changed(store, "c1")
    told = [json.loads(row.doc["body"])["data"] for row in store.records.find(DELIVERIES, order="at")]
    assert [(event["id"], event["online"]) for event in told] == [(case["id"], state) for state in ("unknown", "gone", "online")]
    assert list_cases(store, online="gone").items == []


def test_several_are_changed_at_once(store: Store) -> None:
    ids = [open_case(store, check, "a1", BY)["id"] for check in ("c1", "c2", "c3")]
    changed = change_cases(store, [*ids[:2], ids[0], "none"], BY, Change("dismissed", "Siaran pers."))
    assert [case["id"] for case in changed] == ids[:2]
    assert [len(case["history"]) for case in changed] == [2, 2]
    with pytest.raises(InputError, match="status"):
        change_cases(store, ids, BY, Change("closed"))  # type: ignore[arg-type]


def test_changes_at_the_same_moment_are_all_kept(store: Store) -> None:
    id = open_case(store, "c1", "a1", BY)["id"]
    threads = [threading.Thread(target=change_case, args=(store, id, BY, Change(note=f"catatan {n}"))) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (case,) = list_cases(store).items
    assert {entry["note"] for entry in case["history"]} == {None, *(f"catatan {n}" for n in range(16))}


def test_the_command_line_opens_lists_shows_and_sets(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDIK_STORE", f"sqlite:///{tmp_path}/a.db")

    def sidik(*arguments: str) -> tuple[int, str]:
        return run(["cases", *arguments]), capsys.readouterr().out

    status, id = sidik("open", "c1", "a1", "--note", "Dari terminal")
    assert (status, id.strip()) == (0, case_id("c1", "a1"))
    assert sidik("open", "c1", "a1")[0] == 2
    assert sidik("set", id.strip(), "--status", "notified", "--due-at", "2026-05-01")[0] == 0
    assert "notified" in sidik("list", "--domain", "salin.example", "--status", "notified")[1]
    assert sidik("list", "--article", "a9")[1] == ""
    shown = sidik("show", id.strip())[1]
    assert "found -> notified" in shown
    assert "due         2026-05-01" in shown
    assert json.loads(sidik("set", id.strip(), "--due-at", "none") and sidik("show", id.strip(), "--json")[1])["due_at"] is None
    assert sidik("set", id.strip(), "--status", "x")[0] == 2
    assert sidik("show", "none")[0] == 2
    assert [e["action"] for e in read_audit(store)] == ["case.opened", "case.changed", "case.changed"]
