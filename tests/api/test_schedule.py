"""When sources are read again: as often as they publish, later where they fail; and what waits is seen."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.cli import run
from api.scanning.scans import SCANS
from api.scanning.schedule import LATEST, SOONEST, adapted
from api.scanning.service import Scanning
from api.scanning.sources import FIRST_INTERVAL, SOURCES, get_source
from tests.api.conftest import prose
from tests.api.scan_desk import Desk, feed, page

HTML = {"Content-Type": "text/html"}


def intervals(every: float, scans: int, minutes: float = FIRST_INTERVAL) -> list[float]:
    """Of a site that publishes a page every so many minutes, the intervals after each of so many scans."""
    found, at, last = [], 0.0, 0.0
    for _ in range(scans):
        at += minutes
        new = int(at / every) - int(last / every)
        last, minutes = at, adapted(minutes, new, minutes)
        found.append(minutes)
    return found


def test_the_interval_comes_to_half_the_time_between_two_pages() -> None:
    for every in (30, 60, 240, 1000):
        settled = intervals(every, 60)[20:]
        assert every / 5 < sum(settled) / len(settled) < every, every
    assert intervals(1, 20)[-1] == SOONEST
    assert intervals(1e9, 20)[-1] == LATEST


def test_the_first_scan_tells_nothing_and_one_burst_does_not_make_it_jump() -> None:
    assert adapted(FIRST_INTERVAL, 500, None) == FIRST_INTERVAL
    assert adapted(600, 100, 600) > 300


@given(st.floats(SOONEST, LATEST), st.integers(0, 10_000), st.floats(0, 1e7))
def test_the_interval_stays_in_its_bounds(minutes: float, new: int, since: float) -> None:
    assert SOONEST <= adapted(minutes, new, since) <= LATEST


def shown(desk: Desk, id: str) -> dict[str, Any]:
    found = get_source(desk.store, id, desk.now())
    assert found is not None
    return found


def due_in(desk: Desk, id: str) -> float:
    """Minutes until a source is read again."""
    record = desk.store.records.get(SOURCES, id)
    assert record is not None
    return (record.doc["due_at"] / 1e6 - desk.now().timestamp()) / 60


def read_due(desk: Desk) -> None:
    """Read what is due, as a server does."""
    while desk.scanning.step() or desk.scanning.running:
        desk.scanning.wait(0.1)


def test_a_source_that_publishes_is_read_more_often_and_a_silent_one_less(desk: Desk, web: Any, answer: Any) -> None:
    paths: list[str] = []
    web.pages["/feed"] = lambda asked: answer(feed(web.url, *paths))
    web.pages["/robots.txt"] = answer(b"")
    source = desk.add(f"{web.url}/feed")
    read_due(desk)
    assert shown(desk, source)["every_minutes"] == FIRST_INTERVAL
    fresh = itertools.count()
    every = []
    for new in (20, 20, 20, 0, 0, 0):
        for _ in range(new):
            paths.append(f"/kabar-{next(fresh)}")
            web.pages[paths[-1]] = answer(page(prose(paths[-1], 12)), headers=HTML)
        desk.later += timedelta(minutes=every[-1] if every else FIRST_INTERVAL, seconds=5)
        read_due(desk)
        every.append(shown(desk, source)["every_minutes"])
        assert abs(due_in(desk, source) - every[-1]) < 5, "five minutes for a slow machine"
    assert every[0] > every[1] > every[2] >= SOONEST
    assert every[2] < every[3] < every[4] < every[5]


def test_a_source_that_nobody_reads_is_overdue_and_is_seen(
    start: Any, web: Any, answer: Any, tmp_path: Any, monkeypatch: Any, capsys: Any
) -> None:
    store = f"sqlite:///{tmp_path}/a.db"
    web.pages["/feed"] = answer(feed(web.url))
    desk = Desk(store)
    source = desk.add(f"{web.url}/feed", name="Lupa", interval_minutes=15)
    read_due(desk)
    desk.later = timedelta(minutes=29)
    assert shown(desk, source)["overdue"] is False, "it may be late by its interval"
    desk.later = timedelta(minutes=31)
    assert shown(desk, source)["overdue"] is True
    record = desk.store.records.get(SOURCES, source)
    assert record is not None
    late = {**record.doc, "due_at": record.doc["due_at"] - 3600 * 1_000_000}
    desk.store.records.replace(SOURCES, source, late, record.rev)
    desk.close()
    server = start(store=store, scans=False)
    assert server.client("scans").get(f"/v1/sources/{source}").json()["overdue"] is True
    monkeypatch.setenv("SIDIK_STORE", store)
    assert run(["sources", "list"]) == 0
    assert "overdue since" in capsys.readouterr().out


def test_a_source_that_fails_is_read_later_and_later_and_is_found_anew_where_it_moved(desk: Desk, web: Any, answer: Any) -> None:
    def front(path: str) -> Any:
        link = f'<link rel="alternate" type="application/rss+xml" href="{path}">'
        return answer(f"<html><head>{link}</head><body>x</body></html>".encode(), headers=HTML)

    web.pages["/"] = front("/feed")
    web.pages["/feed"] = answer(feed(web.url, "/satu"))
    web.pages["/satu"] = answer(page(prose("satu", 20)), headers=HTML)
    source = desk.add(web.url, interval_minutes=30)
    read_due(desk)
    web.pages["/feed"] = answer(status=404)
    waits = []
    for failures in (1, 2, 3):
        desk.later += timedelta(minutes=waits[-1] if waits else 30, seconds=5)
        read_due(desk)
        now = shown(desk, source)
        assert (now["failing"], now["last_error"]) == (failures, f"{web.url}/feed: the server answered 404")
        waits.append(round(due_in(desk, source) / 30) * 30)
    assert waits == [30, 60, 120]
    web.pages["/"] = front("/feed-baru")
    web.pages["/feed-baru"] = answer(feed(web.url, "/satu", "/dua"))
    web.pages["/dua"] = answer(page(prose("dua", 20)), headers=HTML)
    desk.later += timedelta(minutes=waits[-1], seconds=5)
    read_due(desk)
    now = shown(desk, source)
    assert (now["failing"], now["last_error"], now["last_scan"]["new"]) == (0, None, 1)
    assert now["reads"] == {"kind": "feed", "url": f"{web.url}/feed-baru"}


def test_a_scan_whose_end_is_being_written_is_not_the_last_one(desk: Desk, web: Any, answer: Any) -> None:
    """Between the entry in its source and that in the scan itself, others look."""
    web.pages["/feed"] = answer(feed(web.url))
    source = desk.add(f"{web.url}/feed")
    first = desk.scan(source)
    second = desk.scan(source)
    record = desk.store.records.get(SOURCES, source)
    assert record is not None
    assert record.doc["scan_before_id"] == first["id"]
    scan = desk.store.records.get(SCANS, second["id"])
    assert scan is not None
    desk.store.records.replace(SCANS, second["id"], {**scan.doc, "status": "running"}, scan.rev)
    assert shown(desk, source)["last_scan"]["id"] == first["id"]


def test_scans_wait_while_checks_of_people_are_behind(web: Any, answer: Any) -> None:
    """Before each page the scan looks; it goes on when there is room, or after a while all the same."""
    desk = Desk()
    looks: list[int] = []
    at_page: list[int] = []
    desk.scanning.close()
    desk.scanning = Scanning(desk.detector, desk.settings, clock=desk.now, busy=lambda: len(looks.append(1) or looks) <= 5)
    web.pages["/feed"] = answer(feed(web.url, "/satu"))
    web.pages["/satu"] = lambda asked: (at_page.append(len(looks)), answer(page(prose("satu", 20)), headers=HTML))[1]
    assert desk.counts(desk.add(f"{web.url}/feed"), "checked") == [1]
    assert at_page == [6]
    desk.close()
