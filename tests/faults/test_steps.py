"""A process killed at every single step: around each commit, statement of a transaction, merge, fsync, rename and deletion of
a file. Steps are injected from here, in the child process; the product knows nothing of them."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.collection import Collection
from pymongo.synchronous.client_session import ClientSession

from api.checks import CHECKS
from detector import Article, Detector
from fingerprints import index_folder, upkeep
from fingerprints.stores import open_store
from tests.api.conftest import prose
from tests.faults.conftest import THOROUGH
from tests.faults.processes import PATIENCE

NOW = "2024-07-09T08:00:00Z"
SURE = {
    "sqlite": {"BEGIN", "INSERT", "UPDATE", "DELETE", "COMMIT", "PRAGMA", "merged", "fsync", "replace", "unlink"},
    "mongodb": {"commit_transaction", "insert_many", "insert_one", "find_one_and_update", "update_one", "delete_many"},
}
"""Steps that must be among those a process was killed at."""


class Steps:
    """Kills this process before or after its n-th step; tells the parent, through a pipe, which step that is."""

    def __init__(self, at: int, pipe: int) -> None:
        self._left, self._pipe = at, pipe

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            self._step(name)
            result = call(*args, **kwargs)
            self._step(name)
            return result

        return stepped

    def _step(self, name: str) -> None:
        self._left -= 1
        if self._left < 0:
            os.write(self._pipe, f"died {name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """From now on, in this process."""
        steps, real = self, sqlite3.connect

        class Stepping(sqlite3.Connection):
            def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
                word = sql.split()[0]
                if word in SURE["sqlite"]:
                    return steps.around(word, super().execute)(sql, *args)
                return super().execute(sql, *args)

            def executemany(self, sql: str, *args: Any) -> sqlite3.Cursor:
                return steps.around(sql.split()[0], super().executemany)(sql, *args)

        sqlite3.connect = lambda *args, **kwargs: real(*args, factory=Stepping, **kwargs)  # type: ignore[assignment,misc]
        for module, name in ((os, "replace"), (os, "fsync"), (os, "unlink"), (index_folder, "merged")):
            setattr(module, name, self.around(name, getattr(module, name)))
        for cls, names in ((ClientSession, ("commit_transaction",)), (Collection, SURE["mongodb"] - {"commit_transaction"})):
            for name in names:
                self._wrap(cls, name)

    def _wrap(self, cls: type, name: str) -> None:
        call = getattr(cls, name)
        setattr(cls, name, lambda obj, *args, **kwargs: self.around(name, call)(obj, *args, **kwargs))


def work(url: str, say: Callable[[str], None]) -> None:
    """Articles come, change and go, a check is kept, the index is written and merged; each is said when it is done."""
    upkeep.FANOUT = 2
    with Detector.open(url) as detector:
        for batch in range(3):
            detector.add_many([Article(id=f"{batch}-{i}", text=prose((batch, i), 4)) for i in range(3)])
            say(f"batch {batch}")
            detector.index.flush()
        detector.add(Article(id="0-0", text=prose("replaced", 4)))
        say("replaced")
        detector.delete("0-1")
        say("deleted")
        detector.store.records.insert_many(CHECKS, [(f"c{i}", {"at": i, "verdict": "copy"}) for i in range(2)])
        say("kept")
        detector.index.flush()


def killed(url: str, at: int) -> tuple[list[str], str | None]:
    """Do the work in a child that dies at a step: what it had said, and the step (None: it came to its end)."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            signal.alarm(PATIENCE)  # a fork may meet a lock that a thread of the parent holds: an end to that, too
            Steps(at, writing).install()
            work(url, lambda words: os.write(writing, f"{words}\n".encode()) and None)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read().splitlines()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return [line for line in said if not line.startswith("died ")], said[-1].removeprefix("died ") if status else None


def look(url: str, said: list[str]) -> None:
    """What was said is so, what was not is so or not, but never half."""
    with Detector.open(url) as detector:
        store = detector.store
        held = {stored.article.id: stored.article.text for stored in store.articles()}
        for batch in range(3):
            there = [id for id in held if id.startswith(f"{batch}-")] + (["0-1"] if not batch and "0-1" not in held else [])
            assert len(there) == 3 or (f"batch {batch}" not in said and not [id for id in there if id != "0-1"])
        replaced = held.get("0-0") == prose("replaced", 4)
        assert replaced or "replaced" not in said
        assert "0-1" not in held or "deleted" not in said
        assert store.records.count(CHECKS) in ((2,) if "kept" in said else (0, 2))
        assert [change.seq for change in store.changes(0)] == list(range(1, store.last_seq() + 1))
        assert store.count() == len(held)
        assert len(detector.index) == len(held)
        for id, text in held.items():
            assert [match.article.id for match in detector.check(text).matches] == [id]
        assert detector.verify_index() == []
        for _ in store.export():
            pass
        assert detector.add(Article(id="later", text=prose("later", 4))).change == "created"


def test_a_process_may_die_at_any_step(request: pytest.FixtureRequest, backend: str, tmp_path: Path, pick: random.Random) -> None:
    """`make faults` tries every step, `make test` one in sixteen."""
    deaths: Counter[str] = Counter()
    stride = 1 if THOROUGH else 16
    for at in range(pick.randrange(stride), 2000, stride):
        url = f"sqlite:///{tmp_path}/{at}.db" if backend == "sqlite" else request.getfixturevalue("new_database")()
        open_store(url).close()  # the first steps are those of work, not of making the schema
        said, step = killed(url, at)
        look(url, said)
        if step is None:
            break
        deaths[step] += 1
    assert deaths
    assert set(deaths) >= SURE[backend] or not THOROUGH
    print(f"\n{backend}: killed at {deaths.total()} steps, nothing acknowledged lost: {dict(deaths)}")


@pytest.fixture(params=["sqlite", "mongodb"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
