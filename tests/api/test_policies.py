"""`/v1/policy` and `sidik policy`: versions, preview, and who wins."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli import run
from tests.api.conftest import Running, prose

PARTNER = {"licences": [{"domain": "mitra.example", "max_words": 400, "requires": "nothing"}]}


@pytest.fixture
def sidik(start: Callable[..., Running]) -> Running:
    running = start(policy={"name": "Uji"})
    running.admin.put("/v1/articles/satu", json={"text": prose("satu"), "url": "https://kita.example/satu"}).raise_for_status()
    return running


def check(http: httpx.Client, **given: Any) -> dict[str, Any]:
    answer = http.post("/v1/checks", json={"text": prose("satu"), **given})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_saved_policy_is_followed_and_named_by_its_version(sidik: Running) -> None:
    http = sidik.admin
    before = http.get("/v1/policy").json()
    assert (before["version"], before["rules"], before["fixed"]) == (None, {}, ["name"])
    assert before["policy"]["copy_score"] == 0.6
    page = {"url": "https://www.mitra.example/a"}
    assert check(http, **page)["flagged"]

    saved = http.put("/v1/policy", json={"rules": PARTNER, "version": None, "note": "Mitra baru"})
    assert saved.status_code == 200, saved.text
    assert saved.json()["version"] == 1
    report = check(http, **page)
    assert (report["flagged"], report["verdict"]) == (False, "copy")
    assert report["engine"]["policy"] == {"name": "Uji", "digest": saved.json()["digest"], "version": 1}
    assert check(http, url="https://lain.example/a")["flagged"]

    versions = http.get("/v1/policy/versions").json()["items"]
    assert [(v["number"], v["note"], v["rules"]) for v in versions] == [(1, "Mitra baru", PARTNER)]
    entry = http.get("/v1/audit", params={"action": "policy.changed"}).json()["items"][0]
    assert entry["subject"] == "1"


def test_a_preview_tells_what_would_change_and_saves_nothing(sidik: Running) -> None:
    http = sidik.admin
    partner, other = check(http, url="https://mitra.example/1"), check(http, url="https://lain.example/1")
    check(http, text=prose("bersih"))
    seen = http.post("/v1/policy/preview", json={"rules": PARTNER}).json()
    assert (seen["checked"], seen["skipped"], seen["flagged"]) == (3, 0, {"before": 2, "after": 1})
    (change,) = seen["changed"]
    assert change["check_id"] == partner["id"]
    assert (change["before"]["flagged"], change["after"]["flagged"]) == (True, False)
    stricter = http.post("/v1/policy/preview", json={"rules": {"copy_score": 1.0, "partial_score": 1.0}}).json()
    assert other["id"] not in [c["check_id"] for c in stricter["changed"]]
    assert http.get("/v1/policy").json()["version"] is None
    assert http.get(f"/v1/checks/{partner['id']}").json() == partner


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ({"rules": {"copy_skore": 1}}, "policy.copy_skore"),
        ({"rules": {"copy_score": 2}}, "policy.copy_score"),
        ({"rules": {"copy_score": 0.1}}, "policy.partial_score"),
        ({"rules": {"licences": [{"domain": "mitra.example", "requires": "kopi"}]}}, "policy.licences[1].requires"),
        ({"rules": []}, "rules"),
        ({"rules": {}, "versi": 1}, "versi"),
        ({}, "rules"),
    ],
)
def test_rules_that_cannot_be_are_refused_with_their_place(sidik: Running, body: dict[str, Any], location: str) -> None:
    for method, path in (("PUT", "/v1/policy"), ("POST", "/v1/policy/preview")):
        given = body if method == "PUT" or "versi" not in body else {**body}
        answer = sidik.admin.request(method, path, json=given)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["location"] == location
    assert sidik.admin.get("/v1/policy").json()["version"] is None


def test_of_two_who_save_at_once_one_is_told(sidik: Running) -> None:
    barrier, answers = threading.Barrier(4), []

    def save(number: int) -> None:
        http = sidik.admin
        barrier.wait()
        answers.append(http.put("/v1/policy", json={"rules": {"partial_words": 30 + number}, "version": None}).status_code)

    threads = [threading.Thread(target=save, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409, 409, 409]
    assert sidik.admin.put("/v1/policy", json={"rules": {}, "version": 7}).status_code == 409
    assert sidik.admin.put("/v1/policy", json={"rules": {}, "version": 1}).json()["version"] == 2


def test_what_the_file_says_wins(start: Callable[..., Running]) -> None:
    http = start(policy={"copy_score": 0.9}).admin
    found = http.put("/v1/policy", json={"rules": {"copy_score": 0.5, "partial_words": 12}, "version": None}).json()
    assert (found["policy"]["copy_score"], found["policy"]["partial_words"]) == (0.9, 12)


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command printed, without the lines that the server beside it logs."""
    return json.loads("\n".join(line for line in capsys.readouterr().out.split("\n") if "[info " not in line))


def test_another_process_follows_and_the_command_line_does_the_same(
    start: Callable[..., Running], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    http = start(store=store).admin
    http.put("/v1/articles/satu", json={"text": prose("satu")}).raise_for_status()
    file = tmp_path / "p.toml"
    file.write_text('[policy]\nname = "Baru"\n[[policy.licences]]\ndomain = "mitra.example"\n')
    check(http, url="https://mitra.example/1")
    assert run(["policy", "preview", str(file), "--store", store]) == 0
    assert printed(capsys)["flagged"] == {"before": 1, "after": 0}
    assert run(["policy", "set", str(file), "--note", "uji", "--store", store]) == 0
    assert "policy version 1 is in force (Baru" in capsys.readouterr().out
    deadline = time.monotonic() + 120
    while check(http, url="https://mitra.example/1")["flagged"]:
        assert time.monotonic() < deadline, "the server does not follow the policy"
    assert run(["policy", "show", "--store", store]) == 0
    assert printed(capsys)["policy"]["name"] == "Baru"
    assert run(["policy", "history", "--store", store]) == 0
    assert printed(capsys)["note"] == "uji"
    (tmp_path / "naskah.txt").write_text(prose("satu"))
    assert run(["check", str(tmp_path / "naskah.txt"), "--json", "--store", store]) == 1
    assert printed(capsys)["engine"]["policy"]["version"] == 1
    file.write_text("[policy]\nx = 1\n")
    assert run(["policy", "set", str(file), "--store", store]) == 2
    file.write_text("x = 1\n")
    assert run(["policy", "preview", str(file), "--store", store]) == 2
