"""A check whose text is kept no more: every way to read it copes; settings; the command; the server's own look."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import retention
from api.checks import CHECKS, forget_text
from api.cli import run
from api.clock import microseconds, now
from api.settings import Settings
from detector.render import verify_bundle
from fingerprints.errors import InputError
from fingerprints.stores import open_store
from fingerprints.stores.contract import Record, Store
from tests.api.conftest import Running, prose
from tests.api.test_pages import browser_of, submit

SAID = {"id": "tidak disimpan lagi", "en": "no longer kept"}


@pytest.fixture(scope="module")
def reduced(server: Running, http: httpx.Client) -> dict[str, Any]:
    """The report of a check as it was before its text was taken away."""
    http.put("/v1/articles/satu", json={"text": prose("satu"), "title": "Satu"}).raise_for_status()
    text = f"{prose('rahasia')}\n{prose('satu')}"
    report = http.post("/v1/checks", json={"text": text, "url": "https://lain.example/1"}).json()
    assert forget_text(server.store, report["id"])
    assert not forget_text(server.store, report["id"])
    return dict(report)


def secret(data: str) -> bool:
    return any(sentence in data for sentence in prose("rahasia").split("\n"))


def test_the_report_says_so(http: httpx.Client, reduced: dict[str, Any]) -> None:
    kept = http.get(f"/v1/checks/{reduced['id']}").json()
    assert kept["submission"] == {**reduced["submission"], "text": "", "text_kept": False}
    assert {p["submission"]["text"] for m in kept["matches"] for p in m["passages"]} == {""}
    assert {name: kept[name] for name in kept if name not in ("submission", "matches")} == {
        name: reduced[name] for name in reduced if name not in ("submission", "matches")
    }
    assert http.get("/v1/checks").json()["items"][0]["submission"]["sha256"] == reduced["submission"]["sha256"]
    assert http.get("/v1/articles/satu/copies").status_code == 200


@pytest.mark.parametrize("lang", ["id", "en"])
def test_reports_letters_and_pages_say_so(server: Running, http: httpx.Client, reduced: dict[str, Any], lang: str) -> None:
    base = f"/v1/checks/{reduced['id']}"
    for path in (f"{base}/report.html?lang={lang}", f"{base}/letter.txt?article_id=satu&lang={lang}"):
        answer = http.get(path)
        assert (answer.status_code, SAID[lang] in answer.text, secret(answer.text)) == (200, True, False), path
    assert http.get(f"{base}/report.pdf?lang={lang}").content.startswith(b"%PDF")
    assert http.get(f"{base}/letter.docx?article_id=satu&lang={lang}").status_code == 200
    browser, csrf = browser_of(server)
    browser.get(f"/?lang={lang}")
    page = browser.get(f"/checks/{reduced['id']}")
    assert (page.status_code, SAID[lang] in page.text, reduced["submission"]["sha256"] in page.text) == (200, True, True)
    assert (secret(page.text), f"/checks/{reduced['id']}/again" in page.text) == (False, False)
    history = browser.get("/checks?who=all")
    assert (history.status_code, SAID[lang] in history.text) == (200, True)
    assert submit(browser, csrf, f"/checks/{reduced['id']}/again").status_code == 410
    assert submit(browser, csrf, "/checks/nobody/again").status_code == 404


def test_the_bundle_is_sound_without_the_text(http: httpx.Client, reduced: dict[str, Any]) -> None:
    data = http.get(f"/v1/checks/{reduced['id']}/evidence.zip").content
    assert verify_bundle(data).sound
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        assert "submission.txt" not in bundle.namelist()
        assert json.loads(bundle.read("report.json"))["submission"]["text_kept"] is False
        assert not any(secret(bundle.read(name).decode("utf-8", "replace")) for name in bundle.namelist())


def test_a_preview_of_rules_skips_it(http: httpx.Client, reduced: dict[str, Any]) -> None:
    seen = http.post("/v1/policy/preview", json={"rules": {}}).json()
    assert seen["skipped"] == 1


@pytest.mark.parametrize(
    ("given", "setting", "said"),
    [
        ({"retention": "drop"}, "retention_days", "is missing"),
        ({"retention_days": 30}, "retention_days", "retention is keep"),
        ({"retention": "drop", "retention_days": 0}, "retention_days", "greater than or equal to 1"),
        ({"retention": "burn", "retention_days": 1}, "retention", "'keep', 'fingerprint' or 'drop'"),
    ],
)
def test_settings_that_cannot_be_are_refused(given: dict[str, Any], setting: str, said: str) -> None:
    with pytest.raises(InputError, match=f"setting {setting}: .*{said}"):
        Settings.load(**given)


def aged(store: Store, id: str, days: int) -> None:
    record = store.records.get(CHECKS, id)
    assert record is not None
    at = microseconds(now() - timedelta(days=days))
    store.records.replace(CHECKS, id, {**record.doc, "at": at}, record.rev)


def test_the_command_prints_counts(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    text = tmp_path / "naskah.txt"
    text.write_text(prose("naskah"))
    assert run(["check", str(text), "--store", url, "--json"]) == 0
    id = json.loads(capsys.readouterr().out)["id"]
    store = open_store(url)
    aged(store, id, 8)
    store.close()
    assert run(["retention", "--store", url]) == 0
    assert capsys.readouterr().out == "retention is keep: checks stay as they are\n"
    monkeypatch.setenv("SIDIK_RETENTION", "fingerprint")
    assert run(["retention", "--store", url]) == 2
    assert "setting retention_days: is missing" in capsys.readouterr().err
    monkeypatch.setenv("SIDIK_RETENTION_DAYS", "7")
    assert run(["retention", "--store", url, "--json"]) == 0
    counts = {"reduced": 1, "dropped": 0, "waiting": 0}
    assert json.loads(capsys.readouterr().out) == {"retention": "fingerprint", "days": 7, **counts}
    assert run(["report", id, "--store", url, "--lang", "en"]) == 0
    assert SAID["en"] in capsys.readouterr().out
    monkeypatch.setenv("SIDIK_RETENTION", "drop")
    assert run(["retention", "--store", url]) == 0
    assert capsys.readouterr().out == "retention drop after 7 days: 1 checks deleted, 0 wait for an open case\n"
    assert run(["report", id, "--store", url]) == 2


def looked_at(store: Store) -> Record | None:
    """The row of the work, between two looks."""
    row = store.records.get(retention.STATE, retention.ROW)
    return row if row is not None and row.doc["lease"] is None and row.doc["due_at"] > microseconds(now()) else None


def until(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 120
    while not (found := ask()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def test_a_server_follows_the_rule_by_itself(start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "LOOK", 0.01)
    running = start(retention="drop", retention_days=1)
    records = running.store.records
    id = running.admin.post("/v1/checks", json={"text": prose("lama")}).json()["id"]
    aged(running.store, id, 2)
    row = until(lambda: looked_at(running.store))
    if records.get(CHECKS, id) is not None:  # it looked before the check was old, and would look again in a minute
        records.replace(retention.STATE, retention.ROW, {**row.doc, "due_at": 0}, row.rev)
    until(lambda: records.get(CHECKS, id) is None)
    assert running.admin.get(f"/v1/checks/{id}").status_code == 404
    entry = running.admin.get("/v1/audit?action=retention.applied").json()["items"]
    assert [item["details"]["dropped"] for item in entry] in ([1], [])


def test_a_case_outlives_its_check(start: Callable[..., Running]) -> None:
    running = start()
    http, (browser, _) = running.admin, browser_of(running)
    http.put("/v1/articles/satu", json={"text": prose("satu")}).raise_for_status()
    id = http.post("/v1/checks", json={"text": prose("satu"), "url": "https://lain.example/1"}).json()["id"]
    case = http.post("/v1/cases", json={"check_id": id, "article_id": "satu"}).json()["id"]
    assert forget_text(running.store, id)
    dossiers = [f"/v1/dossiers/lain.example/dossier.{kind}" for kind in ("html", "pdf", "zip")]
    for path in (f"/v1/cases/{case}", "/v1/cases", "/v1/findings", "/v1/findings.csv", *dossiers):
        assert http.get(path).status_code == 200, path
    for path in (f"/cases/{case}", "/cases", "/findings", f"/checks/{id}"):
        assert browser.get(path).status_code == 200, path
    assert http.delete(f"/v1/checks/{id}").status_code == 204
    assert http.get(f"/v1/cases/{case}").json()["check_id"] == id
    assert browser.get(f"/cases/{case}").status_code == 200
