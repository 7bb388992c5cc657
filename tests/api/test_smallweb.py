"""A small web of every theme and manner, scanned by a process that is killed: all copies found, none invented, nobody annoyed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.smallweb import measure


@pytest.mark.parametrize(("backend", "scanners"), [("sqlite", 1), ("mongo", 2)])
def test_all_copies_are_found_once_through_kill_9(backend: str, scanners: int, request: Any, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db" if backend == "sqlite" else request.getfixturevalue("new_database")()
    found = measure(url, sites=15, pages=8, kills=1, scanners=scanners, seed=3)
    assert found["copies planted"] >= 3
    assert found["found with late originals"] == found["copies planted"], found["missed"]
    assert found["false alarms"] == []
    assert found["violations"] == {}
    assert found["requests wasted"] <= 4 * found["scanners killed"], "only what was under way when a scanner was killed"
    assert found["scans failed"] == 2, "the site whose robots.txt cannot be had, in both rounds"
