"""The contract of every store: articles, versions, changes. Run against each kind."""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fingerprints.article import Article
from fingerprints.errors import InputError, StoreError
from fingerprints.stores import open_store
from fingerprints.stores.contract import Change, Kind, Put, Store, Stored

NOW, LATER = "2024-07-09T08:00:00Z", "2024-07-10T09:30:00Z"
FULL = Article(
    id="berita-1",
    text="Warga Desa Rantau Baru bergotong royong memperbaiki jembatan.\nAcara itu dihadiri camat. 🙂 \u202e",
    url="https://kabar.contoh.id/berita-1?x=1",
    title="Jembatan Rantau Baru Diperbaiki",
    published_at="2024-07-09",
    author="Sari Wulandari",
    rights="shared",
)


def article(id: str, text: str = "Pasar pagi kembali ramai.", **fields: Any) -> Article:
    return Article(id=id, text=text, **fields)


def test_put_and_get_give_back_every_field(store: Store) -> None:
    assert store.put_many([FULL], NOW) == [Put("berita-1", 1, "created", 1, None)]
    expected = Stored(FULL, 1, 1, FULL.sha256, NOW)
    assert store.get("berita-1") == expected
    assert store.get("berita-1", 1) == expected
    assert store.versions("berita-1") == [expected]
    assert store.by_seq([1]) == {1: expected}
    assert store.articles() == [expected]
    assert store.count() == 1


def test_an_empty_store_has_nothing(store: Store) -> None:
    assert (store.last_seq(), store.count(), store.changes(0), store.articles()) == (0, 0, [], [])
    assert store.get("a") is None
    assert store.versions("a") == []
    assert store.delete("a", NOW) is None
    assert store.put_many([], NOW) == []
    assert store.by_seq([]) == {}
    assert store.current([]) == {}
    assert store.last_seq() == 0


def test_a_changed_article_gets_a_version_and_the_old_one_stays(store: Store) -> None:
    store.put_many([article("a", "satu"), article("b")], NOW)
    assert store.put_many([article("a", "dua")], LATER) == [Put("a", 2, "updated", 3, 1)]
    current, first = store.get("a"), store.get("a", 1)
    assert current is not None
    assert first is not None
    assert (current.article.text, current.version, current.stored_at) == ("dua", 2, LATER)
    assert (first.article.text, first.seq, first.stored_at) == ("satu", 1, NOW)
    assert [stored.version for stored in store.versions("a")] == [1, 2]
    assert set(store.by_seq([1, 2, 3, 99])) == {1, 2, 3}
    assert store.current(["a", "b", "c"]) == {"a": 3, "b": 2}
    assert store.get("a", 3) is None
    assert store.get("a", 0) is None
    assert store.count() == 2


@pytest.mark.parametrize(
    "field",
    [{"title": "Lain"}, {"url": None, "outlet": "contoh.id"}, {"published_at": None}, {"author": "Budi"}, {"rights": "own"}],
)
def test_any_field_that_differs_makes_a_version(store: Store, field: dict[str, Any]) -> None:
    store.put_many([FULL], NOW)
    assert store.put_many([replace(FULL, **field)], NOW)[0].change == "updated"


def test_an_equal_article_changes_nothing(store: Store) -> None:
    store.put_many([FULL], NOW)
    assert store.put_many([FULL, article("b")], LATER) == [
        Put("berita-1", 1, "unchanged", 1, None),
        Put("b", 1, "created", 2, None),
    ]
    assert store.put_many([FULL], LATER) == [Put("berita-1", 1, "unchanged", 1, None)]
    assert store.last_seq() == 2
    stored = store.get("berita-1")
    assert stored is not None
    assert stored.stored_at == NOW


def test_going_back_to_an_earlier_text_is_a_new_version(store: Store) -> None:
    for text in ("satu", "dua", "satu"):
        store.put_many([article("a", text)], NOW)
    assert [(s.version, s.article.text) for s in store.versions("a")] == [(1, "satu"), (2, "dua"), (3, "satu")]


def test_a_deleted_article_is_gone_with_all_versions_and_its_versions_are_not_given_again(store: Store) -> None:
    store.put_many([article("a", "satu"), article("b")], NOW)
    store.put_many([article("a", "dua")], NOW)
    assert store.delete("a", LATER) == Change(4, "delete", "a", 3)
    assert store.delete("a", LATER) is None
    assert (store.get("a"), store.get("a", 1), store.versions("a"), store.by_seq([1, 3])) == (None, None, [], {})
    assert [s.article.id for s in store.articles()] == ["b"]
    assert (store.count(), store.current(["a"]), store.last_seq()) == (1, {}, 4)
    assert store.put_many([article("a", "dua")], LATER) == [Put("a", 3, "created", 5, None)]
    assert [s.version for s in store.versions("a")] == [3]
    assert store.get("a", 1) is None
    assert store.get("a", 2) is None
    assert store.count() == 2


def test_changes_tell_everything_in_order(store: Store) -> None:
    store.put_many([article("a", "satu"), article("b")], NOW)
    store.put_many([article("a", "dua")], NOW)
    store.delete("a", NOW)
    store.put_many([article("a", "tiga")], NOW)
    expected = [
        Change(1, "put", "a", None),
        Change(2, "put", "b", None),
        Change(3, "put", "a", 1),
        Change(4, "delete", "a", 3),
        Change(5, "put", "a", None),
    ]
    for after in range(6):
        assert store.changes(after) == expected[after:]
    assert store.changes(1, limit=2) == expected[1:3]
    assert store.changes(99) == []


def test_articles_are_listed_by_id_in_pages(store: Store) -> None:
    ids = ["B", "a", "a-1", "a1", "b", "é", "💡", "ﬀ"]  # by code point
    store.put_many([article(id, outlet="x.id" if id < "b" else "y.id") for id in reversed(ids)], NOW)
    store.put_many([article("zz-gone")], NOW)
    store.delete("zz-gone", NOW)
    ids.sort()
    assert [s.article.id for s in store.articles()] == ids
    assert [s.article.id for s in store.articles(limit=3)] == ids[:3]
    assert [s.article.id for s in store.articles(after="a1", limit=2)] == ids[4:6]
    assert [s.article.id for s in store.articles(after="a", outlet="x.id")] == ["a-1", "a1"]
    assert store.articles(outlet="z.id") == []


def test_a_doubled_id_is_refused_and_nothing_is_stored(store: Store) -> None:
    with pytest.raises(InputError, match="'a' is given twice"):
        store.put_many([article("b"), article("a"), article("a", "lain")], NOW)
    assert (store.last_seq(), store.count()) == (0, 0)


def test_a_failure_in_a_batch_leaves_nothing_of_it(store: Store) -> None:
    store.put_many([article("a")], NOW)
    incompressible = base64.b64encode(random.Random(1).randbytes(15_500_000)).decode()
    with pytest.raises(InputError, match="text: is too large"):
        store.put_many([article("b"), article("c", incompressible)], NOW)
    assert (store.last_seq(), store.count(), store.get("b")) == (1, 1, None)


def test_ids_that_cannot_exist_find_nothing_of_others(store: Store) -> None:
    store.put_many([article("a")], NOW)
    for id in ("a\0b", "a\0", "", "A", "a ", "$ne", "%"):
        assert store.get(id) is None
        assert store.delete(id, NOW) is None
        assert store.current([id]) == {}
    assert store.count() == 1


def test_an_id_that_is_no_text_is_refused_or_unknown(store: Store) -> None:
    store.put_many([article("a")], NOW)
    for ask in (store.get, store.versions, lambda key: store.current([key]), lambda key: store.delete(key, NOW)):
        with suppress(InputError):
            assert not ask("\ud800")
    assert store.last_seq() == 1


def test_long_and_odd_texts_come_back_exactly(store: Store) -> None:
    texts = ["x", "\r\n tepi \t", "é" * 50_000, "e\u0301\u200b\ufeff\x01" * 10, "\U0001f600" * 9_999]
    store.put_many([article(str(i), "a" + text) for i, text in enumerate(texts)], NOW)
    assert [s.article.text[1:] for s in store.articles()] == texts
    assert all(s.sha256 == s.article.sha256 for s in store.articles())


def test_writers_at_once_share_one_sequence_and_followers_miss_nothing(store: Store) -> None:
    writers, rounds = 4, 8
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        while True:
            last = done.is_set()
            changes = store.changes(seen[-1] if seen else 0)
            seen.extend(change.seq for change in changes)
            assert not changes or changes[-1].seq <= store.last_seq()
            if last and not changes:
                return

    def write(writer: int) -> list[int]:
        puts = [store.put_many([article(f"{writer}-{n}"), article(f"umum-{n}", f"{writer}")], NOW) for n in range(rounds)]
        return [put.seq for pair in puts for put in pair if put.change != "unchanged"]

    with ThreadPoolExecutor(writers + 1) as pool:
        follower = pool.submit(follow)
        try:
            seqs = sorted(seq for given in pool.map(write, range(writers)) for seq in given)
        finally:
            done.set()
        follower.result(timeout=60)
    assert seqs == seen == list(range(1, len(seqs) + 1))
    assert store.count() == writers * rounds + rounds


def test_another_client_sees_what_was_acknowledged(new_url: Callable[[str], str], backend: str) -> None:
    if backend == "memory":  # a memory store is its own and nobody else's
        first, second = open_store("memory://"), open_store("memory://")
        first.put_many([article("a")], NOW)
        assert second.last_seq() == 0
        assert first.uuid != second.uuid
        return
    url = new_url(backend)
    first, second = open_store(url), open_store(url)
    try:
        assert first.uuid == second.uuid
        assert second.last_seq() == 0
        first.put_many([article("a")], NOW)
        assert second.last_seq() == 1
        assert second.get("a") == first.get("a")
        second.delete("a", NOW)
        assert (first.last_seq(), first.get("a")) == (2, None)
    finally:
        first.close()
        second.close()
    third = open_store(url)
    assert (third.uuid, third.last_seq()) == (first.uuid, 2)
    third.close()


def test_a_store_that_was_used_verifies(store: Store) -> None:
    kind = Kind("verified", ("at", "names"))
    store.put_many([article("a"), article("b"), article("c", outlet="a.example")], NOW)
    store.put_many([article("a", "lagi"), article("c")], NOW)
    store.delete("b", NOW)
    store.put_many([article("b", "kembali")], NOW)
    store.delete("c", NOW)
    for n in range(3):
        store.records.insert(kind, str(n), {"at": n, "names": ["x", "y", "x"], "more": None})
    store.records.replace(kind, "1", {"at": 5}, 1)
    store.records.delete(kind, "2")
    assert store.verify() == []
    copy = open_store("memory://")
    copy.restore(store.export())
    assert copy.verify() == []


def test_check_usable_and_close(store: Store, backend: str) -> None:
    store.check_usable()
    store.close()
    store.close()
    if backend != "memory":
        with pytest.raises(StoreError, match="is closed"):
            store.last_seq()
        with pytest.raises(StoreError, match="is closed"):
            store.put_many([article("a")], NOW)


_ids = st.sampled_from(["a", "b", "c"])
_steps = st.one_of(
    st.tuples(st.just("put"), st.dictionaries(_ids, st.sampled_from(["satu", "dua", "tiga"]), max_size=3)),
    st.tuples(st.just("delete"), _ids),
)


@settings(max_examples=12)
@given(steps=st.lists(_steps, max_size=25))
def test_any_history_reads_the_same(new_store: Callable[..., Store], backend: str, steps: list[Any]) -> None:
    """Against a model that keeps the whole history in lists."""
    store = new_store()
    history: list[Change] = []
    alive: dict[str, list[Stored]] = {}
    last: dict[str, int] = {}
    for step, what in steps:
        if step == "delete":
            change = Change(len(history) + 1, "delete", what, alive[what][-1].seq) if what in alive else None
            assert store.delete(what, NOW) == change
            if change:
                history.append(change)
                del alive[what]
            continue
        puts = store.put_many([article(id, text) for id, text in what.items()], NOW)
        for put, (id, text) in zip(puts, what.items(), strict=True):
            old = alive[id][-1] if id in alive else None
            if old and old.article.text == text:
                assert put == Put(id, old.version, "unchanged", old.seq, None)
                continue
            last[id] = last.get(id, 0) + 1
            history.append(Change(len(history) + 1, "put", id, old.seq if old else None))
            assert put == Put(id, last[id], "updated" if old else "created", len(history), old.seq if old else None)
            new = article(id, text)
            alive.setdefault(id, []).append(Stored(new, last[id], len(history), new.sha256, NOW))
    assert store.changes(0) == history
    assert store.last_seq() == len(history)
    assert store.count() == len(alive)
    assert store.articles() == [alive[id][-1] for id in sorted(alive)]
    assert {id: store.versions(id) for id in "abc"} == {id: alive.get(id, []) for id in "abc"}
    assert store.by_seq(range(len(history) + 2)) == {s.seq: s for versions in alive.values() for s in versions}
