"""What is special to the index inside MongoDB: many processes, killed ones, common hashes in chunks, whose index it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymongo.errors import OperationFailure

from detector import Article, Detector, InputError
from fingerprints.errors import IndexDamaged, IndexUnusable
from fingerprints.index import Candidates, Entry
from fingerprints.kernels import memory as m
from fingerprints.postings import postings_of
from fingerprints.segment import Document, Documents, build
from fingerprints.segments import SegmentIndex
from fingerprints.stores import mongo_index_cache, mongo_index_merge, mongo_index_postings, mongo_index_state, mongo_index_whole
from fingerprints.stores.mongo import MongoStore
from fingerprints.stores.mongo_index import MongoIndex
from tests.contracts.index_contract import fp, text

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def store(url: str) -> Iterator[MongoStore]:
    opened = MongoStore(url)
    yield opened
    opened.close()


@pytest.fixture
def new_index(store: MongoStore) -> Iterator[Callable[..., MongoIndex]]:
    opened: list[MongoIndex] = []

    def new(fresh: bool = False, uuid: str | None = None, scheme: str = "x") -> MongoIndex:
        opened.append(MongoIndex(store.database, store.url, uuid or store.uuid, scheme, fresh))
        return opened[-1]

    yield new
    for index in opened:
        index.close()


@pytest.fixture
def alone() -> Iterator[None]:
    """Nothing is merged but when the test says so: it looks at what is in between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MongoIndex, "_call_thread", lambda _: None)
        yield


def told(found: Candidates) -> tuple[Any, ...]:
    return found.seq.tolist(), np.round(found.weight, 3).tolist(), found.verbatim.tolist(), found.common, found.templates


def test_every_posting_of_a_segment_comes_out_of_it() -> None:
    for count in (1, 2, 3, 40):
        prints = [fp(text(seed, 80, 200)) for seed in range(count)]
        segment = build(Documents.of([Document(10 + n, f, None) for n, f in enumerate(prints)]))
        free = {(h, 10 + n) for n, f in enumerate(prints) for h in f.free.tolist()}
        rows = postings_of(segment, m.FREE).rows
        assert [tuple(row) for row in rows.tolist()] == sorted(free)
        ordered = postings_of(segment, m.ORDERED)
        assert {(h, s, low >> 16) for h, s, low in ordered.rows.tolist()} == {
            (h, 10 + n, at) for n, f in enumerate(prints) for h, at in zip(f.ordered.tolist(), f.ordered_at.tolist(), strict=True)
        }


def test_common_hashes_go_to_chunks_and_answers_stay_the_same(
    new_index: Callable[..., MongoIndex], store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo_index_postings, "HEAVY", 20)
    monkeypatch.setattr(mongo_index_postings, "CHUNK", 16)
    run, stock = text(77, 30), text(78, 9)
    entries = [
        Entry(n + 1, fp(f"{text(n, 25)} {run if n % 2 else stock} {text(900 + n, 20)} {stock}"), outlet="a.id")
        for n in range(260)
    ]
    index, plain = new_index(), SegmentIndex.open(None, store_uuid="s", scheme="x")
    for start in range(0, 260, 65):
        index.apply(entries[start : start + 65])
    gone = [Entry(300 + n, None, removes=n) for n in range(1, 40, 2)]
    for one in (index, plain):
        one.apply(entries)
        one.apply(gone)
    assert store.database["index_overflow"].count_documents({}) > 20
    queries = [fp(f"{text(9000, 20)} {run} {text(9001, 9)} {stock}"), fp(stock), fp(f"{run} {text(7, 25)}")]
    for _ in range(2):
        assert index.verify() == []
        assert [told(index.candidates(q)) for q in queries] == [told(plain.candidates(q)) for q in queries]
        assert [index.duplicates(q) for q in queries] == [plain.duplicates(q) for q in queries]
        index.flush()
    assert index.stats()["segments"] == 1


@pytest.mark.usefixtures("alone")
def test_what_a_killed_writer_left_counts_for_nothing_and_is_swept(
    new_index: Callable[..., MongoIndex], store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, query = new_index(), fp(text(1, 80))
    for n in range(4):
        index.apply([Entry(n + 1, fp(text(n, 80)))])
    index.flush()
    before = told(index.candidates(query))

    class Killed(BaseException):
        pass

    def die(*_: object) -> bool:
        raise Killed

    for n in range(4, 7):
        index.apply([Entry(n + 1, fp(text(n, 80)))])
    monkeypatch.setattr(mongo_index_state.Ledger, "commit", die)
    with pytest.raises(Killed):
        index.apply([Entry(8, fp(text(1, 80)))])
    monkeypatch.undo()
    assert (index.seq, len(index)) == (7, 7)
    index.apply([Entry(8, fp(text(20, 80)))])
    monkeypatch.setattr(mongo_index_state.Ledger, "replace", die)
    monkeypatch.setattr(mongo_index_state.Ledger, "end_merging", lambda *_: None)
    with pytest.raises(Killed):
        index.flush()
    monkeypatch.undo()
    other = new_index()
    assert told(other.candidates(query)) == before
    assert other.verify() == []
    monkeypatch.setattr(mongo_index_state, "STALE_SECONDS", -1)
    store.database["index_meta"].update_one({"_id": "index"}, {"$set": {"merging": None}})
    other.flush()
    held = {row["_id"] >> 34 for row in store.database["index_postings"].find({}, {"_id": 1})}
    assert held == {part["n"] for part in store.database["index_meta"].find_one()["segments"]}
    assert told(other.candidates(query)) == before
    assert other.verify() == []


def test_writers_on_several_clients_apply_each_change_once(store: MongoStore, new_index: Callable[..., MongoIndex]) -> None:
    entries = [Entry(n + 1, fp(text(n, 60)), removes=n - 4 if n % 9 == 8 else None) for n in range(60)]
    indexes = [new_index() for _ in range(3)]

    def write(index: MongoIndex) -> None:
        for n in range(0, 60, 3):
            index.apply(entries[: n + 3])

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, indexes))
    plain = SegmentIndex.open(None, store_uuid="s", scheme="x")
    plain.apply(entries)
    for index in indexes:
        assert (index.seq, len(index)) == (60, len(plain))
        for n in (3, 4, 40, 59):
            assert told(index.candidates(fp(text(n, 60)))) == told(plain.candidates(fp(text(n, 60))))
    assert indexes[0].verify() == []


@pytest.mark.usefixtures("alone")
def test_a_merge_killed_before_it_purged_removals_leaves_none_that_count(
    new_index: Callable[..., MongoIndex], store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = new_index()
    index.apply([Entry(n + 1, fp(text(n, 80))) for n in range(12)])
    index.apply([Entry(20 + n, None, removes=n) for n in range(1, 7)])

    class Killed(BaseException):
        pass

    def die(self: mongo_index_cache.Dead, epoch: int, changes: list[int]) -> None:
        if changes:
            raise Killed

    monkeypatch.setattr(mongo_index_cache.Dead, "purge", die)
    with pytest.raises(Killed):
        index.flush()
    monkeypatch.undo()
    removed = store.database["index_removed"]
    assert removed.count_documents({}) == 6
    for one in (index, new_index()):
        assert one.verify() == []
        assert (len(one), one.stats()["articles"], one.stats()["removed"]) == (6, 6, 0)
        assert one.candidates(fp(text(3, 80))).seq.tolist() == []
        assert one.candidates(fp(text(9, 80))).seq.tolist() == [10]
    index.apply([Entry(30, None, removes=8)])
    assert (index.verify(), index.stats()["removed"]) == ([], 1)
    index.flush()
    assert (index.verify(), removed.count_documents({})) == ([], 1)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("seen", [True, False])
def test_a_question_asked_before_a_merge_and_answered_after_it_sees_no_removed_article(
    new_index: Callable[..., MongoIndex], store: MongoStore, seen: bool
) -> None:
    """Another process merges and purges, another thread asks, while this one stands still between two statements."""
    index, other = new_index(), new_index()
    other.apply([Entry(n + 1, fp(text(n, 80))) for n in range(12)])
    other.apply([Entry(20 + n, None, removes=n) for n in range(1, 7)])
    if seen:
        index.candidates(fp(text(9, 80)))
    with store.database.client.start_session(snapshot=True) as session:
        before = index._ledger.read(session)
        other.flush()
        assert store.database["index_removed"].count_documents({}) == 0
        other.apply([Entry(30, None, removes=7)])
        assert index.candidates(fp(text(6, 80))).seq.tolist() == []
        assert index._dead.upto(before, session).tolist() == [1, 2, 3, 4, 5, 6]
    with store.database.client.start_session(snapshot=True) as session:
        between = index._ledger.read(session)
        other.apply([Entry(31, None, removes=8)])
        assert index.candidates(fp(text(7, 80))).seq.tolist() == []
        assert {7} <= set(index._dead.upto(between, session).tolist()) <= set(range(1, 8))


def test_a_process_that_starts_disturbs_no_question(new_index: Callable[..., MongoIndex], store: MongoStore, url: str) -> None:
    index = new_index()
    index.apply([Entry(1, fp(text(1, 80)))])
    with index._moment() as (session, _, _):
        new_index()
        MongoStore(url).close()
        assert store.database["index_articles"].count_documents({}, session=session) == 1
        for name in ("index_postings", "index_articles", "versions", "meta"):
            list(store.database[name].find({}, session=session))


def test_a_transaction_left_open_by_a_killed_process_keeps_nobody_waiting(
    new_index: Callable[..., MongoIndex], store: MongoStore
) -> None:
    """MongoDB would keep it, and its lock on the index, for a minute: longer than a write may take."""
    index, killed = new_index(), store.database.client.start_session()
    killed.start_transaction()
    index._ledger.turn(killed)
    index.apply([Entry(1, fp(text(1, 80)))])
    assert index.candidates(fp(text(1, 80))).seq.tolist() == [1]
    with pytest.raises(OperationFailure):
        killed.commit_transaction()
    killed.end_session()


@pytest.mark.usefixtures("alone")
def test_small_segments_are_held_whole_and_let_go_when_they_were_merged(
    new_index: Callable[..., MongoIndex], store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, other, plain = new_index(), new_index(), SegmentIndex.open(None, store_uuid="s", scheme="x")
    entries = [Entry(n + 1, fp(text(n, 80, 400))) for n in range(8)] + [Entry(9, None, removes=3)]
    for entry in entries:
        index.apply([entry])
    plain.apply(entries)
    queries = [fp(f"{text(n, 40, 400)} {text(n + 1, 50, 400)}") for n in range(8)]
    right = [told(plain.candidates(query)) for query in queries]
    assert [told(index.candidates(query)) for query in queries] == right, "asked of the server"
    index._whole.load(index._closed)
    assert not index._whole.lacks(index._state())
    store.database["index_postings"].update_many({}, {"$set": {"p": b""}})
    assert [told(index.candidates(query)) for query in queries] == right, "of what is held"
    other = new_index(fresh=True)
    assert index.candidates(queries[0]).seq.tolist() == []
    other.apply(entries)
    assert [told(index.candidates(query)) for query in queries] == right
    for n in range(9, 16):
        other.apply([Entry(n + 1, fp(text(n, 80, 400)))])
    index._whole.load(index._closed)
    other.flush()  # merges what is held here
    index._whole.load(index._closed)
    assert {n for _, n in index._whole._held} == {part.n for part in index._state().parts}
    monkeypatch.setattr(mongo_index_whole, "BYTES", 0)
    index._whole.load(index._closed)
    assert index._whole._held == {}
    assert [told(index.candidates(query))[0][:1] for query in queries] == [answer[0][:1] for answer in right]


@pytest.mark.usefixtures("alone")
def test_a_segment_that_is_swept_while_it_is_read_is_not_held(
    new_index: Callable[..., MongoIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, other = new_index(), new_index()
    for n in range(4):
        index.apply([Entry(n + 1, fp(text(n, 80)))])
    read = index._whole._read

    def late(part: Any) -> Any:
        other.flush()
        return read(part)

    monkeypatch.setattr(index._whole, "_read", late)
    index._whole.load(index._closed)
    assert index._whole._held == {}
    assert index.candidates(fp(text(2, 80))).seq.tolist() == [3]


def test_an_index_whose_document_was_deleted_is_made_anew_beside_its_leftovers(
    new_index: Callable[..., MongoIndex], store: MongoStore
) -> None:
    index = new_index()
    index.apply([Entry(1, fp(text(1, 80))), Entry(2, fp(text(2, 80)))])
    index.flush()
    assert index.candidates(fp(text(1, 80))).seq.tolist() == [1]
    store.database["index_meta"].delete_one({})
    other = new_index()
    other.apply([Entry(1, fp(text(3, 80))), Entry(2, fp(text(4, 80)))])
    for one in (index, other):
        assert one.candidates(fp(text(1, 80))).seq.tolist() == []
        assert one.candidates(fp(text(4, 80))).seq.tolist() == [2]
        assert one.verify() == []


def test_changes_of_before_it_was_begun_anew_are_not_applied(new_index: Callable[..., MongoIndex]) -> None:
    index = new_index()
    index.apply([Entry(1, fp(text(1, 60))), Entry(2, fp(text(2, 60)))])
    other = new_index(fresh=True)
    index.apply([Entry(3, fp(text(3, 60)))], 3, 2)
    assert (index.seq, other.seq, len(index)) == (0, 0, 0)
    assert index.candidates(fp(text(1, 60))).seq.tolist() == []
    other.apply([Entry(1, fp(text(1, 60)))], 1, 0)
    assert index.candidates(fp(text(1, 60))).seq.tolist() == [1]
    assert index.verify() == []


def test_whose_index_it_is_is_checked(new_index: Callable[..., MongoIndex], store: MongoStore) -> None:
    new_index().apply([Entry(1, fp(text(1, 60)))])
    with pytest.raises(IndexUnusable, match="belongs to store"):
        new_index(uuid="another")
    with pytest.raises(IndexUnusable, match="scheme 'x', this version uses 'y'"):
        new_index(scheme="y")
    index, meta = new_index(), store.database["index_meta"]
    meta.update_one({}, {"$set": {"format": 99}})
    with pytest.raises(IndexDamaged, match="newer version"):
        index.candidates(fp(text(1, 60)))
    meta.delete_one({})
    with pytest.raises(IndexDamaged, match="is gone"):
        index.candidates(fp(text(1, 60)))
    with pytest.raises(OperationFailure) as caught:
        store.database["index_postings"].insert_one({"_id": 5, "p": "no bytes"})
    assert caught.value.code == 121
    index.close()
    with pytest.raises(IndexUnusable, match="closed"):
        index.candidates(fp(text(1, 60)))


def test_verify_names_what_is_missing_or_altered(new_index: Callable[..., MongoIndex], store: MongoStore) -> None:
    index, postings = new_index(), store.database["index_postings"]
    index.apply([Entry(n + 1, fp(text(n, 90))) for n in range(8)])
    whole = list(postings.find())
    row = max(whole, key=lambda one: len(one["p"]))
    postings.update_one({"_id": row["_id"]}, {"$set": {"p": row["p"][::-1]}})
    assert any("not in order" in fault for fault in index.verify())
    postings.delete_one({"_id": row["_id"]})
    assert any("postings instead of" in fault for fault in index.verify())
    postings.insert_one(row)
    assert index.verify() == []
    store.database["index_articles"].delete_one({})
    assert index.verify() == ["it has the words of 7 articles instead of 8"]


def test_only_a_store_in_mongodb_can_hold_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="only when the store is MongoDB"):
        Detector.open(f"sqlite:///{tmp_path / 'a.db'}", index="mongo")
    assert list(tmp_path.iterdir()) == []
    run = "import sys; from api.cli import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", run, "check", "-", "--store", "memory://"]
    told = subprocess.run(
        command, input=b"Teks.", capture_output=True, cwd=ROOT, env={"SIDIK_INDEX": "mongo", "PATH": "/usr/bin"}, check=False
    )
    assert told.returncode == 2
    assert b"only when the store is MongoDB" in told.stderr


def test_an_index_that_does_not_fit_or_is_damaged_is_rebuilt_loudly(new_database: Callable[[], str]) -> None:
    url, article = new_database(), Article(id="a", text=text(1, 60), outlet="a.id")
    with Detector.open(url, index="mongo") as detector:
        detector.add(article)
        database = detector.store.database  # type: ignore[attr-defined]
        database["index_meta"].update_one({}, {"$set": {"scheme": "older"}})
        assert [match.article.id for match in detector.check(article.text).matches] == ["a"]
        assert "scheme 'older'" in detector.notices[0]
        database["index_meta"].update_one({}, {"$set": {"seq": 7}})  # as after a restore of an older store
        assert [match.article.id for match in detector.check(article.text).matches] == ["a"]
        assert "seen change 7, its store ends at 1" in detector.notices[1]
        assert detector.rebuild_index() == 1
        assert detector.verify_index() == []
    with Detector.open(url, index="mongo") as detector:
        assert detector.notices == ()


def test_merging_keeps_to_its_bounds(new_index: Callable[..., MongoIndex], monkeypatch: pytest.MonkeyPatch) -> None:
    """However many stretches a merge takes, the answers are the same."""
    index, plain = new_index(), SegmentIndex.open(None, store_uuid="s", scheme="x")
    entries = [Entry(n + 1, fp(text(n, 70, 500))) for n in range(40)]
    monkeypatch.setattr(mongo_index_merge, "AIM", 50)
    for entry in entries:
        index.apply([entry])
        plain.apply([replace(entry)])
    index.flush()
    assert index.verify() == []
    assert int(str(index.stats()["segments"])) < 8
    for n in range(0, 40, 9):
        query = fp(f"{text(n, 70, 500)} {text(n + 1, 70, 500)}")
        assert told(index.candidates(query)) == told(plain.candidates(query))
