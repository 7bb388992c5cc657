"""Files that are damaged, gone or from elsewhere, a disk that is full: named, mended or refused, never a wrong answer."""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.checks import CHECKS
from detector import Article, Detector
from fingerprints import manifest, upkeep
from fingerprints.errors import SidikError, StoreError
from fingerprints.stores.codec import encode_article
from tests.api.conftest import prose
from tests.faults.conftest import THOROUGH
from tests.faults.processes import PATIENCE, Server

ARTICLES = {f"a{i}": prose(i, 6) for i in range(12)}
OUTLETS = ("satu.example", "dua.example")
TRIES = 200 if THOROUGH else 12
"""Bits flipped in each file."""


def answers(detector: Detector) -> dict[str, list[str]]:
    """What is found by each text, and the text it is found in."""
    found = {}
    for id, text in ARTICLES.items():
        found[id] = [
            f"{match.article.id} {passage.article.text}" for match in detector.check(text).matches for passage in match.passages
        ]
    return found


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a store with an index of three segments and removed articles."""
    monkeypatch.setattr(upkeep, "FANOUT", 9)
    folder = tmp_path / "whole"
    folder.mkdir()
    with Detector.open(f"sqlite:///{folder}/sidik.db") as detector:
        for part in range(3):
            detector.add_many([Article(id=id, text=text) for id, text in list(ARTICLES.items())[part::3]])
            detector.add(Article(id=f"gone{part}", text=prose(f"gone{part}", 6)))
            detector.index.flush()
        for part in range(3):
            detector.delete(f"gone{part}")
        detector.index.flush()
    return folder


def copy(whole: Path, number: object) -> Path:
    return Path(shutil.copytree(whole, whole.with_name(f"copy{number}")))


def test_any_damage_to_the_index_is_named_and_mended(whole: Path, pick: random.Random) -> None:
    with Detector.open(f"sqlite:///{whole}/sidik.db") as detector:
        right = answers(detector)
    names = sorted(path.name for path in (whole / "sidik.db.index").iterdir() if path.name != "lock")
    tried = 0
    for name in names:
        size = (whole / "sidik.db.index" / name).stat().st_size
        for way in ["gone", "empty", "cut", "newer", *range(TRIES)]:
            folder = copy(whole, "")
            path = folder / "sidik.db.index" / name
            if way == "gone":
                path.unlink()
            elif way in ("empty", "cut"):
                os.truncate(path, 0 if way == "empty" else pick.randrange(1, size))
            elif way == "newer":
                path.write_bytes(path.read_bytes().replace(b'"format": %d' % manifest.FORMAT, b'"format": 99'))
            else:
                data = bytearray(path.read_bytes())
                data[pick.randrange(size)] ^= 1 << pick.randrange(8)
                path.write_bytes(data)
            with Detector.open(f"sqlite:///{folder}/sidik.db") as detector:
                assert way == "newer" or any(name in notice for notice in detector.notices), (name, way, detector.notices)
                assert answers(detector) == right
                assert detector.verify_index() == []
            shutil.rmtree(folder)
            tried += 1
    folder = copy(whole, "")
    shutil.rmtree(folder / "sidik.db.index")
    with Detector.open(f"sqlite:///{folder}/sidik.db") as detector:
        assert answers(detector) == right
    print(f"\nindex: {tried + 1} kinds of damage tried, all named and mended")


def test_damage_to_a_stored_text_is_named(whole: Path, pick: random.Random) -> None:
    refused = 0
    for _ in range(TRIES * 3):
        folder = copy(whole, "")
        data = bytearray((folder / "sidik.db").read_bytes())
        body = pick.choice([encode_article(Article(id=id, text=text)) for id, text in ARTICLES.items()])
        at = data.index(body) + pick.randrange(len(body))
        data[at] ^= 1 << pick.randrange(8)
        (folder / "sidik.db").write_bytes(data)
        try:
            with Detector.open(f"sqlite:///{folder}/sidik.db") as detector:
                answers(detector)
        except StoreError as error:
            refused += "damaged" in str(error)
        shutil.rmtree(folder)
    assert refused == TRIES * 3
    print(f"\nstore: {refused} bits flipped in texts, all named")


def told(detector: Detector) -> list[object]:
    """All that a store answers: articles, their versions, what changed, what is found by whose text, records. But not when a
    version was stored, and how often a record was changed: these stand in the file once and without a checksum."""
    store = detector.store
    ids = [*ARTICLES, "gone0"]
    listed = [
        store.articles(limit=100),
        *(store.articles(limit=100, outlet=outlet) for outlet in OUTLETS),
        *map(store.versions, ids),
    ]
    asked: list[dict[str, Any]] = [{"where": {"verdict": "copy"}}, {"where": {"verdict": "clean"}}, {"order": "at"}]
    return [
        answers(detector),
        [[(stored.article, stored.version, stored.seq) for stored in page] for page in listed],
        store.changes(0),
        (store.count(), store.last_seq()),
        [[(record.id, record.doc) for record in store.records.find(CHECKS, **way)] for way in asked],
    ]


def test_a_bit_flipped_anywhere_in_the_store_is_named_or_changes_no_answer(tmp_path: Path, pick: random.Random) -> None:
    """Pages, their headers, free ones, tables, indexes: not only bodies. What SQLite does not notice, `verify` does."""
    whole = tmp_path / "whole"
    whole.mkdir()
    url = f"sqlite:///{whole}/sidik.db"
    with Detector.open(url) as detector:
        detector.add_many(
            Article(id=id, text=text, outlet=f"{'satu' if i % 2 else 'dua'}.example")
            for i, (id, text) in enumerate(ARTICLES.items())
        )
        detector.add(Article(id="a3", text=prose("baru", 6), outlet=OUTLETS[0]))
        detector.add(Article(id="gone0", text=prose("gone0", 90)))
        detector.delete("gone0")
        detector.store.records.insert_many(
            CHECKS, [(f"c{i}", {"at": i, "verdict": "copy" if i % 3 else "clean"}) for i in range(9)]
        )
        right = told(detector)
        assert detector.store.verify() == []
    content = (whole / "sidik.db").read_bytes()
    used = [at for at in range(len(content)) if content[at]]
    outcomes: Counter[str] = Counter()
    for number in range(TRIES * 5):
        folder = copy(whole, "")
        data = bytearray(content)
        at = pick.choice(used) if number % 4 else pick.randrange(len(data))
        data[at] ^= 1 << pick.randrange(8)
        (folder / "sidik.db").write_bytes(data)
        try:
            with Detector.open(f"sqlite:///{folder}/sidik.db") as detector:
                same = told(detector) == right
                faults = detector.store.verify()
                outcomes["nothing changes" if same else "verify names it"] += 1
                assert same or faults, f"byte {at} of page {at // 8192 + 1}: other answers, and nothing is wrong"
        except SidikError:
            outcomes["refused, by name"] += 1
        shutil.rmtree(folder)
    print(f"\nstore: {outcomes.total()} bits flipped anywhere: {dict(outcomes)}")


def _can_mount() -> bool:
    """Whether this process may make a small disk of its own."""
    folder = Path("/tmp") / f"sidik-disk-{os.getpid()}"
    folder.mkdir()
    try:
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True, check=False)
        if not made.returncode:
            subprocess.run(["umount", folder], check=True)
        return not made.returncode
    except OSError:
        return False
    finally:
        folder.rmdir()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(server: Server) -> list[str]:
    """Put articles until there is no room for more; those that were taken."""
    taken = []
    with server.client() as http:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            id = f"f{len(taken)}"
            answer = http.put(f"/v1/articles/{id}", json={"text": prose(id, 1000)})
            if answer.status_code == 503:
                assert answer.headers["Retry-After"]
                return taken
            assert answer.status_code == 201, answer.text
            taken.append(id)
    raise AssertionError("it never gets full")


def recovers(server: Server, taken: list[str], store: str, folder: Path) -> None:
    """Everything taken is there, and more is taken, without a restart and after one."""
    with server.client() as http:
        assert http.put("/v1/articles/after", json={"text": prose("after")}).status_code == 201
    server.kill()
    server = Server(store, folder)
    try:
        with server.client() as http:
            for id in [*taken, "after"]:
                assert http.get(f"/v1/articles/{id}").status_code == 200
            found = http.post("/v1/checks", json={"text": prose("after")}).json()
            assert found["matches"][0]["article"]["id"] == "after"
    finally:
        server.kill()


def test_a_file_that_may_not_grow_is_said_and_recovered_from(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/sidik.db"
    server = Server(store, tmp_path)
    try:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4_000_000, resource.RLIM_INFINITY))
        taken = fill(server)
        with server.client() as http:
            assert http.get(f"/v1/articles/{taken[-1]}").status_code == 200
            assert http.get("/healthz").status_code == 200
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        recovers(server, taken, store, tmp_path)
    finally:
        server.kill()


if _can_mount():  # elsewhere the limit above stands for it

    def test_a_full_disk_is_said_and_recovered_from(small_disk: Path, tmp_path: Path) -> None:
        (small_disk / "filler").write_bytes(bytes(8_000_000))
        store = f"sqlite:///{small_disk}/sidik.db"
        server = Server(store, tmp_path)
        try:
            taken = fill(server)
            with server.client() as http:
                assert http.get(f"/v1/articles/{taken[-1]}").status_code == 200
            (small_disk / "filler").unlink()
            recovers(server, taken, store, tmp_path)
        finally:
            server.kill()
