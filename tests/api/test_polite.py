"""Manners against real servers on loopback: robots.txt, pace, retries, pauses, redirects; and one turn at a time for a site."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from api.clock import now
from api.scanning import polite
from api.scanning.fetching import Fetcher, FetchFailed, FetchRefused, user_agent
from api.scanning.hosts import FAILURES, HOSTS, Hosts, SiteClosed, Stopped
from api.scanning.polite import PoliteFetcher, RobotsRefused
from api.scanning.urls import clean_url, origin_of, page_key, site_of
from fingerprints.stores import open_store
from fingerprints.stores.contract import Store


class Reader:
    """A polite fetcher on a store, with a clock that can be put forward."""

    def __init__(self, store: Store, owner: str = "a", delay: float = 0.0) -> None:
        self.later, self.stop = timedelta(), threading.Event()
        self.fetcher = Fetcher(("127.0.0.1",), user_agent=user_agent("redaksi@kabarteluk.example"))
        self.hosts = Hosts(store, owner, lambda origin: delay, self.now, self.stop)
        self.get = PoliteFetcher(self.fetcher, self.hosts, lambda: 0.5).get

    def now(self) -> datetime:
        return now() + self.later


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Reader]]:
    monkeypatch.setattr(polite, "BACKOFF", 0.01)
    store, made = open_store("memory://"), []

    def make(*arguments: Any, **named: Any) -> Reader:
        made.append(Reader(store, *arguments, **named))
        return made[-1]

    yield make
    for each in made:
        each.fetcher.close()
    store.close()


def paths(web: Any) -> list[str]:
    return [asked.path for asked in web.asked]


def test_robots_txt_is_asked_once_and_obeyed(reader: Any, web: Any, answer: Any) -> None:
    web.pages["/robots.txt"] = answer(b"User-agent: Sidik\nDisallow: /rahasia\n\nUser-agent: *\nDisallow: /")
    web.pages["/a"] = web.pages["/rahasia"] = answer(b"x")
    mine = reader()
    assert mine.get(f"{web.url}/a").status == 200
    with pytest.raises(RobotsRefused):
        mine.get(f"{web.url}/rahasia")
    assert mine.get(f"{web.url}/a").status == 200
    assert paths(web) == ["/robots.txt", "/a", "/a"]
    assert {asked.headers["User-Agent"] for asked in web.asked} == {
        "Sidik/0.1 (copy detection for newsrooms; redaksi@kabarteluk.example)"
    }
    mine.later = timedelta(hours=25)
    mine.get(f"{web.url}/a")
    assert paths(web)[3:] == ["/robots.txt", "/a"]


def test_without_a_robots_txt_all_may_be_read_and_where_it_fails_nothing(reader: Any, web: Any, answer: Any) -> None:
    web.pages["/a"] = answer(b"x")
    mine = reader()
    assert mine.get(f"{web.url}/a").status == 200
    web.pages["/robots.txt"] = answer(status=503)
    mine.later = timedelta(hours=25)
    with pytest.raises(RobotsRefused):
        mine.get(f"{web.url}/a")


def test_a_crawl_delay_lies_between_two_requests(reader: Any, web: Any, answer: Any) -> None:
    moments: list[float] = []
    web.pages["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 0.3")
    web.pages["/a"] = lambda asked: (moments.append(time.monotonic()), answer(b"x"))[1]
    mine = reader()
    for _ in range(3):
        mine.get(f"{web.url}/a")
    assert min(b - a for a, b in pairwise(moments)) > 0.29


def test_one_request_at_a_time_whoever_asks(reader: Any, web: Any, answer: Any) -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def served(asked: Any) -> Any:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02)
        with lock:
            under_way -= 1
        return answer(b"x")

    web.pages["/a"] = served
    first, second = reader("a"), reader("b")

    def ask(mine: Reader) -> None:
        for _ in range(4):
            mine.get(f"{web.url}/a")
        mine.hosts.release()

    threads = [threading.Thread(target=ask, args=(mine,)) for mine in (first, first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, paths(web).count("/a")) == (1, 12)


def test_what_passes_by_itself_is_tried_again_and_the_rest_is_not(reader: Any, web: Any, answer: Any) -> None:
    answers = iter([answer(status=503), answer(status=503), answer(b"x")])
    web.pages["/a"] = lambda asked: next(answers)
    web.pages["/b"] = answer(status=404)
    mine = reader()
    assert mine.get(f"{web.url}/b").status == 404
    assert paths(web).count("/b") == 1
    assert mine.get(f"{web.url}/a").status == 200
    assert paths(web).count("/a") == 3


def test_retry_after_is_waited_for(reader: Any, web: Any, answer: Any) -> None:
    moments: list[float] = []

    def served(asked: Any) -> Any:
        moments.append(time.monotonic())
        return answer(status=429, headers={"Retry-After": "1"}) if len(moments) == 1 else answer(b"x")

    web.pages["/a"] = served
    assert reader().get(f"{web.url}/a").status == 200
    assert moments[1] - moments[0] > 0.99


def test_a_site_that_asks_for_a_long_pause_gets_it(reader: Any, web: Any, answer: Any) -> None:
    web.pages["/a"] = answer(status=429, headers={"Retry-After": "7200"})
    mine, other = reader("a"), reader("b")
    with pytest.raises(SiteClosed):
        mine.get(f"{web.url}/a")
    mine.hosts.release()
    asked = len(web.asked)
    with pytest.raises(SiteClosed, match="left alone until"):
        other.get(f"{web.url}/a")
    assert len(web.asked) == asked, "every scanner on the store knows"
    web.pages["/a"] = answer(b"x")
    other.later = timedelta(hours=2, seconds=2)
    assert other.get(f"{web.url}/a").status == 200


def test_a_site_that_fails_is_left_alone(reader: Any, web: Any, answer: Any) -> None:
    web.pages["/robots.txt"] = answer(b"")
    web.pages["/a"] = lambda asked: answer(iter([]), headers={"Content-Length": "10"})
    mine = reader()
    for _ in range(FAILURES):
        with pytest.raises(FetchFailed, match="not valid HTTP"):
            mine.get(f"{web.url}/a")
    for pause in (0, 9):
        mine.later = timedelta(minutes=pause)
        with pytest.raises(SiteClosed):
            mine.get(f"{web.url}/a")
    assert paths(web).count("/a") == FAILURES
    mine.later = timedelta(minutes=11)
    with pytest.raises(FetchFailed, match="not valid HTTP"):
        mine.get(f"{web.url}/a")
    mine.later = timedelta(minutes=22)
    with pytest.raises(SiteClosed):
        mine.get(f"{web.url}/a")


def test_redirects_are_followed_with_manners_and_not_in_circles(reader: Any, web: Any, other_web: Any, answer: Any) -> None:
    web.pages["/a"] = answer(status=301, headers={"Location": f"{other_web.url}/b"})
    other_web.pages["/robots.txt"] = answer(b"User-agent: *\nDisallow: /b")
    other_web.pages["/b"] = answer(b"x")
    web.pages["/c"] = answer(status=302, headers={"Location": "/d"})
    web.pages["/d"] = answer(status=302, headers={"Location": "/c"})
    mine = reader()
    with pytest.raises(RobotsRefused):
        mine.get(f"{web.url}/a")
    with pytest.raises(FetchFailed, match="circle"):
        mine.get(f"{web.url}/c")
    web.pages["/e"] = answer(status=302, headers={"Location": "http://10.0.0.1/"})
    with pytest.raises(FetchRefused, match="no public address"):
        mine.get(f"{web.url}/e")


def test_a_wait_ends_when_the_work_is_to_stop(reader: Any, web: Any, answer: Any) -> None:
    def served(asked: Any) -> Any:
        threading.Timer(0.1, mine.stop.set).start()
        return answer(b"User-agent: *\nCrawl-delay: 600")

    web.pages["/robots.txt"] = served
    mine = reader()
    with pytest.raises(Stopped):
        mine.get(f"{web.url}/a")
    assert paths(web) == ["/robots.txt"]


def test_what_is_known_of_a_site_outlives_the_process(reader: Any, web: Any, answer: Any) -> None:
    web.pages["/a"] = answer(b"x")
    first, second = reader("a"), reader("b")
    first.get(f"{web.url}/a")
    first.hosts.release()
    second.get(f"{web.url}/a")
    assert paths(web) == ["/robots.txt", "/a", "/a"]
    record = second.hosts._store.records.get(HOSTS, origin_of(web.url))
    assert record is not None
    assert record.doc["lease"]["owner"] == "b"


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://situs.example/a?utm_source=x&id=3&fbclid=y#bagian", "https://situs.example/a?id=3"),
        ("https://situs-example.cdn.ampproject.org/c/s/situs.example/a/amp", "https://situs.example/a/amp"),
        ("https://situs.example", "https://situs.example/"),
        ("javascript:alert(1)", None),
        ("https://situs.example/" + "x" * 3000, None),
    ],
)
def test_addresses_are_cleaned(url: str, clean: str | None) -> None:
    assert clean_url(url) == clean


def test_twins_of_a_page_are_one() -> None:
    twins = ["https://www.situs.example/a/b/", "http://m.situs.example/a/b?utm_medium=x", "https://situs.example/a/b/amp/"]
    assert len({page_key(url) for url in twins}) == 1
    assert page_key("https://situs.example/a/b?id=1") != page_key("https://situs.example/a/b?id=2")
    assert site_of("http://127.0.0.1:8001/a") != site_of("http://127.0.0.1:8002/a")
    assert site_of("https://m.situs.example/a") == site_of("https://www.situs.example/b") == "situs.example"
