"""The contract of every store's records. Run against each kind."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fingerprints.errors import InputError, RecordConflict
from fingerprints.stores import open_store
from fingerprints.stores.contract import Between, Kind, Record, Store

CHECK = Kind("check", ("created_at", "flagged", "score", "articles"))
OTHER = Kind("other", ("n",))
DOC: dict[str, Any] = {
    "created_at": "2024-07-09T08:00:00Z",
    "flagged": True,
    "score": 0.97,
    "articles": ["a1", "a2"],
    "matches": [{"text": "jembatan 🙂", "spans": [1, 2, None]}],
}


def test_what_was_inserted_comes_back(store: Store) -> None:
    assert store.records.insert(CHECK, "c1", DOC) == Record("c1", 1, DOC)
    assert store.records.get(CHECK, "c1") == Record("c1", 1, DOC)
    assert store.records.get(CHECK, "c2") is None
    assert store.records.get(Kind("other"), "c1") is None


def test_a_second_insert_is_a_conflict(store: Store) -> None:
    store.records.insert(CHECK, "c1", DOC)
    with pytest.raises(RecordConflict, match="check 'c1' exists already"):
        store.records.insert(CHECK, "c1", {})
    assert store.records.get(CHECK, "c1") == Record("c1", 1, DOC)
    assert store.records.count(CHECK) == 1


def test_many_are_inserted_in_order_and_found(store: Store) -> None:
    pairs = [(f"c{n}", {**DOC, "score": n}) for n in (3, 1, 2)]
    assert store.records.insert_many(CHECK, pairs) == [Record(id, 1, doc) for id, doc in pairs]
    assert store.records.insert_many(CHECK, []) == []
    assert [record.id for record in store.records.find(CHECK, {"articles": "a1"}, order="score")] == ["c1", "c2", "c3"]
    assert store.records.replace(CHECK, "c3", {}, 1) == Record("c3", 2, {})


@pytest.mark.parametrize(
    ("last", "error", "said"),
    [
        (("old", DOC), RecordConflict, "check 'old' exists already"),
        (("c1", DOC), RecordConflict, "check 'c1' exists already"),
        (("c9", {"score": 2**63}), InputError, "score"),
        (("c9", {"x": {1}}), InputError, "doc"),
        (("", DOC), InputError, "id"),
    ],
)
def test_many_are_inserted_all_or_none(store: Store, last: tuple[str, Any], error: type[Exception], said: str) -> None:
    store.records.insert(CHECK, "old", {"flagged": False})
    with pytest.raises(error, match=said):
        store.records.insert_many(CHECK, [("c1", DOC), ("c2", DOC), last])
    assert store.records.find(CHECK) == [Record("old", 1, {"flagged": False})]
    assert store.records.count(CHECK, {"flagged": True}) == 0
    assert len(store.records.insert_many(CHECK, [("c1", DOC), ("c2", DOC)])) == 2


def test_several_kinds_are_inserted_together_all_or_none(store: Store) -> None:
    both = [(CHECK, "c1", DOC), (OTHER, "c1", {"n": 1}), (CHECK, "c2", DOC)]
    assert store.records.insert_all(both) == [Record("c1", 1, DOC), Record("c1", 1, {"n": 1}), Record("c2", 1, DOC)]
    assert store.records.insert_all([]) == []
    for last, said in (((OTHER, "c1", {}), "other 'c1' exists already"), ((CHECK, "c3", {}), "check 'c3' exists already")):
        with pytest.raises(RecordConflict, match=said):
            store.records.insert_all([(CHECK, "c3", DOC), (OTHER, "c3", {}), last])
    assert (store.records.count(CHECK), store.records.count(OTHER)) == (2, 1)


def test_of_many_inserters_of_the_same_ids_one_wins(store: Store) -> None:
    def insert(worker: int) -> bool:
        try:
            store.records.insert_many(CHECK, [(f"c{n}", {"score": worker}) for n in range(5)])
        except RecordConflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(insert, range(4))) == 1
    assert len({record.doc["score"] for record in store.records.find(CHECK)}) == 1


def test_replace_compares_the_rev(store: Store) -> None:
    store.records.insert(CHECK, "c1", DOC)
    assert store.records.replace(CHECK, "c1", {**DOC, "flagged": False}, 1).rev == 2
    with pytest.raises(RecordConflict, match="was changed by someone else"):
        store.records.replace(CHECK, "c1", DOC, 1)
    with pytest.raises(RecordConflict, match="is gone"):
        store.records.replace(CHECK, "c9", DOC, 1)
    assert store.records.find(CHECK, {"flagged": True}) == []
    assert [r.rev for r in store.records.find(CHECK, {"flagged": False})] == [2]


def test_deleted_is_gone_from_every_answer(store: Store) -> None:
    store.records.insert(CHECK, "c1", DOC)
    assert store.records.delete(CHECK, "c1") is True
    assert store.records.delete(CHECK, "c1") is False
    assert store.records.find(CHECK, {"articles": "a1"}) == []
    assert store.records.count(CHECK) == 0
    assert store.records.insert(CHECK, "c1", DOC).rev == 1


def test_one_of_many_replacers_wins(store: Store) -> None:
    store.records.insert(CHECK, "lease", {"score": 0})

    def take(worker: int) -> bool:
        try:
            store.records.replace(CHECK, "lease", {"score": worker}, 1)
        except RecordConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_pages_in_both_directions_give_every_record_once(store: Store) -> None:
    for i in range(23):
        store.records.insert(CHECK, f"c{i:02}", {"score": i % 4 if i % 5 else None, "flagged": i % 3 == 0})
    for descending in (False, True):
        for order in (None, "score"):
            whole = store.records.find(CHECK, {"flagged": False}, order=order, descending=descending, limit=100)
            assert len(whole) == 15
            paged: list[Record] = []
            while page := store.records.find(
                CHECK,
                {"flagged": False},
                order=order,
                descending=descending,
                limit=4,
                after=(paged[-1].doc["score"] if order else None, paged[-1].id) if paged else None,
            ):
                paged += page
            assert paged == whole


def test_a_field_declared_later_finds_what_is_there_already(new_url: Callable[[str], str], backend: str) -> None:
    url = new_url(backend)
    store = open_store(url)
    before, after = Kind("source", ("url",)), Kind("source", ("url", "role"))
    for i in range(3):
        store.records.insert(before, str(i), {"url": f"u{i}", "role": "own" if i == 1 else "watch"})
    if backend != "memory":
        store.close()
        store = open_store(url)
    assert [r.id for r in store.records.find(after, {"role": "watch"}, order="role")] == ["0", "2"]
    store.records.replace(before, "0", {"url": "u0", "role": "own"}, 1)  # someone still on the earlier declaration
    assert [r.id for r in store.records.find(after, {"role": "own"})] == ["0", "1"]
    store.close()


def test_a_report_with_200_matches_fits(store: Store) -> None:
    passage = "Bupati menyampaikan terima kasih kepada seluruh warga yang telah membantu pembangunan jembatan itu. "
    matches = [{"n": n, "passages": [{"text": passage * 20, "article": passage * 20} for _ in range(25)]} for n in range(200)]
    store.records.insert(CHECK, "big", {"matches": matches})
    found = store.records.get(CHECK, "big")
    assert found is not None
    assert found.doc["matches"] == matches


@pytest.mark.parametrize(
    ("doc", "where"),
    [
        ({"x": {1, 2}}, "doc"),
        ({1: "x"}, "doc"),
        ([1], "doc"),
        ({"score": {"$ne": 1}}, "score"),
        ({"articles": [["a"]]}, "articles"),
        ({"score": 2**63}, "score"),
        ({"created_at": "a\0b"}, "created_at"),
    ],
)
def test_what_cannot_be_stored_is_refused(store: Store, doc: Any, where: str) -> None:
    with pytest.raises(InputError) as caught:
        store.records.insert(CHECK, "c1", doc)
    assert caught.value.location == where
    assert store.records.get(CHECK, "c1") is None
    assert store.records.count(CHECK) == 0


@pytest.mark.parametrize("id", ["", "a\0b", "\ud800"])
def test_ids_that_cannot_be_are_refused(store: Store, id: str) -> None:
    with pytest.raises(InputError, match="id"):
        store.records.insert(CHECK, id, {})


@pytest.mark.parametrize(
    ("where", "options"),
    [
        ({"unknown": 1}, {}),
        ({}, {"order": "unknown"}),
        ({"score": {"$ne": 1}}, {}),
        ({"score": Between()}, {}),
        ({"score": Between(1, "x")}, {}),
        ({"score": ["a"]}, {}),
        ({}, {"after": (None, "")}),
        ({}, {"limit": 0}),
    ],
)
def test_a_question_that_means_nothing_is_refused(store: Store, where: Any, options: Any) -> None:
    with pytest.raises(InputError):
        store.records.find(CHECK, where, **options)


def test_a_name_that_is_none_is_refused(store: Store) -> None:
    for name in ("", "a.b", "A", "system.x", "a$"):
        with pytest.raises(InputError):
            store.records.get(Kind(name), "x")


_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([0.5, -1.0, 2**53 + 1]),
    st.sampled_from(["", "a", "b", "é", "💡"]),
)
_docs = st.fixed_dictionaries(
    {}, optional={"s": _scalars, "t": _scalars, "l": st.one_of(_scalars, st.lists(_scalars, max_size=3))}
)
_between = st.tuples(_scalars, _scalars)
ITEM = Kind("item", ("s", "t", "l"))


def _rank(value: Any) -> tuple[int, Any]:
    for rank, kind in enumerate((type(None), (int, float), str, bool)):
        if isinstance(value, kind) and (rank != 1 or not isinstance(value, bool)):
            return rank, 0 if value is None else value
    raise AssertionError(value)


def _meets(doc: dict[str, Any], name: str, condition: Any) -> bool:
    value = doc.get(name)
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(condition, Between):
            if _rank(one) == _rank(condition):
                return True
            continue
        bounds = [_rank(bound) for bound in (condition.low, condition.high) if bound is not None]
        above = condition.low is None or _rank(one) >= bounds[0]
        below = condition.high is None or _rank(one) < bounds[-1]
        if _rank(one)[0] == bounds[0][0] and above and below:
            return True
    return False


@st.composite
def _questions(draw: Any) -> dict[str, Any]:
    where: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from("stl"), max_size=2, unique=True)):
        low, high = draw(_between)
        ranged = draw(st.booleans()) and (low, high) != (None, None) and (None in (low, high) or _rank(low)[0] == _rank(high)[0])
        where[name] = Between(low, high) if ranged else low
    order = draw(st.sampled_from([None, "s", "t"]))
    after = draw(st.one_of(st.none(), st.tuples(_scalars, st.sampled_from(["0", "3", "9"]))))
    return {
        "where": where,
        "order": order,
        "descending": draw(st.booleans()),
        "limit": draw(st.sampled_from([1, 3, 50])),
        "after": after if order or after is None else (None, after[1]),
    }


@pytest.mark.parametrize("few", [2000, 2])
@settings(max_examples=12)
@given(
    docs=st.lists(_docs, min_size=1, max_size=10),
    again=st.lists(_docs, max_size=3),
    questions=st.lists(_questions(), max_size=25),
)
def test_find_and_count_agree_with_looking_at_everything(
    new_store: Callable[..., Store], few: int, docs: list[Any], again: list[Any], questions: list[Any]
) -> None:
    """Against filtering and sorting the documents themselves. `few`: with SQLite, from how many on it walks the order's index."""
    from fingerprints.stores import sqlite_query

    store = new_store()
    for i, doc in enumerate(docs):
        store.records.insert(ITEM, str(i), doc)
    now = dict(enumerate(docs))
    for i, doc in enumerate(again[: len(docs)]):
        store.records.replace(ITEM, str(i), doc, 1)
        now[i] = doc
    usual, sqlite_query.FEW = sqlite_query.FEW, few
    try:
        for question in questions:
            order, after, descending = question["order"], question["after"], question["descending"]
            met = [(i, doc) for i, doc in now.items() if all(_meets(doc, n, c) for n, c in question["where"].items())]
            placed = sorted(((_rank(doc.get(order)) if order else 0, str(i)) for i, doc in met), reverse=descending)
            if after is not None:
                start = (_rank(after[0]) if order else 0, after[1])
                placed = [p for p in placed if (p < start if descending else p > start)]
            found = store.records.find(ITEM, **question)
            assert [record.id for record in found] == [id for _, id in placed][: question["limit"]]
            assert all(record.doc == now[int(record.id)] for record in found)
            assert store.records.count(ITEM, question["where"]) == len(met)
    finally:
        sqlite_query.FEW = usual
