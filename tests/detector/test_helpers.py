"""Other processes that share work in bulk: the same answers, whatever happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from detector import CheckRequest, Detector, InputError, Report, helpers
from detector.detector import run_all
from tests.detector.test_detector import article, ids, text, told

PATIENCE = 600
"""Seconds within which what must happen has happened, on the slowest machine."""


def process_of(_: Detector) -> int:
    return os.getpid()


def refuse(_: Detector, location: str) -> None:
    raise InputError(location, "is refused")


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def called(detector: Detector, number: int = 2) -> list[int]:
    """Process ids of its helpers, all ready."""
    detector.call_helpers(run_all)
    assert detector._helpers is not None
    wait_until(lambda: len(detector._helpers.pids()) == number)
    return detector._helpers.pids()


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


BOTH = pytest.mark.parametrize("detector", ["sqlite", "index in mongo"], indirect=True)


@pytest.fixture
def detector(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Detector]:
    monkeypatch.setattr(helpers, "MANY", 3)
    numbers = count()
    known: dict[str, Any] = {"clock": lambda: datetime(2026, 1, 1, tzinfo=UTC), "new_id": lambda: f"{next(numbers):05}"}
    url = f"sqlite:///{tmp_path / 'a.db'}"
    if getattr(request, "param", "sqlite") == "index in mongo":
        url, known["index"] = request.getfixturevalue("new_database")(), "mongo"
    with Detector.open(url, processes=2, **known) as opened:
        opened.add_many(article(str(n)) for n in range(20))
        yield opened


def requests(number: int) -> list[CheckRequest]:
    """Copies of articles, whole and in part, and texts of nobody."""
    texts = (text(n % 20) if n % 3 == 0 else text(n % 20, 5) if n % 3 == 1 else text(f"lain {n}") for n in range(number))
    return [CheckRequest(text=made, ref=str(n), exclude_articles=("3",)) for n, made in enumerate(texts)]


@BOTH
def test_reports_are_the_same_and_in_the_order_of_the_requests(detector: Detector) -> None:
    asked = requests(90)
    alone = [told(detector.run(request)) for request in asked]
    assert detector.share(process_of) == os.getpid()
    pids = called(detector)
    assert detector.share(process_of) in pids
    first = int(detector.stamp().id) + 1
    found = list(detector.check_many(iter(asked)))
    assert [told(report) for report in found] == alone
    assert [int(report.id) for report in found] == list(range(first, first + 90))
    assert {report.created_at for report in found} == {"2026-01-01T00:00:00Z"}
    assert sorted(detector._helpers.pids()) == sorted(pids)


@BOTH
def test_what_is_acknowledged_is_found_and_the_policy_is_that_of_whoever_asks(detector: Detector) -> None:
    called(detector)
    detector.add(article("baru"))
    detector.delete("7")
    one = detector.stamp()
    asked = [(CheckRequest(text=text("baru")), one), (CheckRequest(text=text(7)), one)]

    def there(under: Detector) -> list[Report]:
        reports, process = under.share(run_all, asked), under.share(process_of)
        assert process != os.getpid()
        return list(reports)

    assert [ids(report) for report in there(detector)] == [["baru"], []]
    strict = detector.under(type(detector.policy)(name="ketat", copy_score=0.9), 4)
    assert [(report.engine.policy, report.engine.policy_version) for report in there(strict)] == [("ketat", 4)] * 2


def test_one_that_is_killed_loses_nothing_and_is_replaced(detector: Detector) -> None:
    asked = requests(120)
    alone = [told(detector.run(request)) for request in asked]
    pids = called(detector)
    left, found = list(pids), []
    for report in detector.check_many(asked):
        found.append(told(report))
        if len(found) in (10, 60):
            os.kill(left.pop(), signal.SIGKILL)
    assert found == alone
    assert not set(called(detector)) & set(pids)


def test_an_error_is_met_where_it_belongs(detector: Detector) -> None:
    called(detector)
    with pytest.raises(InputError, match="x: is refused"):
        detector.share(refuse, "x")

    def source() -> Iterator[CheckRequest]:
        yield from requests(40)
        raise InputError("line 41", "is bad")

    found = []
    with pytest.raises(InputError, match="line 41"):
        found.extend(report.ref for report in detector.check_many(source()))
    assert found == [str(n) for n in range(len(found))]
    taking = detector.check_many(requests(200))
    assert next(taking).ref == "0"
    taking.close()


def test_closing_ends_them(detector: Detector) -> None:
    pids = called(detector)
    detector.close()
    assert all(gone(pid) for pid in pids)


def test_little_work_starts_none_and_a_store_in_memory_has_none(tmp_path: Path) -> None:
    with Detector.open(f"sqlite:///{tmp_path / 'a.db'}", processes=2) as few, Detector.open("memory://", processes=2) as alone:
        assert len(list(few.check_many(requests(50)))) == 50
        assert few._helpers._all == []
        alone.call_helpers(run_all)
        assert alone._helpers is None
        assert [report.ref for report in alone.check_many(requests(5))] == ["0", "1", "2", "3", "4"]


def test_one_that_cannot_start_is_said_and_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(helpers, "MANY", 3)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Detector.open(f"sqlite:///{tmp_path / 'a.db'}", processes=2) as detector:
        assert [report.ref for report in detector.check_many(requests(60))] == [str(n) for n in range(60)]
        wait_until(lambda: not detector._helpers._all)
        assert "a helper could not start" in caplog.text
        detector.call_helpers(run_all)
        assert detector._helpers._all == []


def test_they_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom detector import Detector\nfrom detector.detector import run_all\n"
        "detector = Detector.open(sys.argv[1], processes=2)\ndetector.call_helpers(run_all)\n"
        "while len(detector._helpers.pids()) < 2: time.sleep(.02)\n"
        "print(*detector._helpers.pids(), flush=True)\ntime.sleep(600)\n"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", program, f"sqlite:///{tmp_path / 'a.db'}"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert started.stdout
    pids = [int(pid) for pid in started.stdout.readline().split()]
    assert len(pids) == 2
    assert not any(gone(pid) for pid in pids)
    started.kill()
    started.communicate()
    wait_until(lambda: all(gone(pid) for pid in pids))
