"""Export and restore, between every two kinds of store."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import api
from fingerprints.article import Article
from fingerprints.errors import StoreError
from fingerprints.stores import open_store
from fingerprints.stores.contract import Kind, Put, Store

NOW = "2024-07-09T08:00:00Z"
CHECK, KEY = Kind("check", ("flagged", "articles")), Kind("key")


def fill(store: Store) -> None:
    """Versions, a deletion, an id that came back, records of several revisions."""
    store.put_many(
        [Article(id=f"a{i}", text=f"Berita nomor {i}.", url="https://contoh.id/x", rights="shared") for i in range(5)], NOW
    )
    for text in ("Koreksi pertama.", "Koreksi kedua. 🙂"):
        store.put_many([Article(id="a1", text=text, published_at="2024-07-09")], NOW)
    for id in ("a2", "a3"):
        store.delete(id, NOW)
    store.put_many([Article(id="a3", text="Kembali lagi.")], NOW)
    store.put_many([Article(id="a4", text="x" * 40_000)], NOW)
    store.delete("a0", NOW)
    for i in range(3):
        store.records.insert(CHECK, f"c{i}", {"flagged": i == 1, "articles": ["a1", f"a{i}"], "teks": "é"})
    store.records.replace(CHECK, "c2", {"flagged": True, "articles": []}, 1)
    store.records.insert(KEY, "k", {"hash": "…"})


def as_lines(store: Store) -> list[Any]:
    return [orjson.loads(orjson.dumps(doc)) for doc in store.export()]


@pytest.mark.parametrize("target", ["memory", "sqlite", "mongo"])
def test_everything_moves_from_any_store_to_any_other(store: Store, new_store: Callable[..., Store], target: str) -> None:
    fill(store)
    lines = as_lines(store)
    other = new_store(target)
    counts = other.restore(iter(lines))
    assert counts == {"article": 6, "tombstone": 2, "kind": 2, "record": 4} == lines[-1]["counts"]
    assert as_lines(other)[1:] == lines[1:]
    assert other.uuid != store.uuid
    for ask in (Store.count, Store.last_seq, Store.articles):
        assert ask(other) == ask(store)
    assert [other.versions(f"a{i}") for i in range(5)] == [store.versions(f"a{i}") for i in range(5)]
    assert [r.id for r in other.records.find(CHECK, {"articles": "a1"}, order="flagged")] == ["c0", "c1"]
    assert other.put_many([Article(id="a2", text="Baru.")], NOW) == [Put("a2", 2, "created", store.last_seq() + 1, None)]


def test_a_follower_of_the_copy_ends_where_the_original_stands(store: Store, new_store: Callable[..., Store]) -> None:
    fill(store)
    other = new_store()
    other.restore(store.export())
    held: dict[int, str] = {}
    for change in other.changes(0):
        if change.kind == "put":
            held[change.seq] = change.id
        if change.removes is not None:
            del held[change.removes]
    assert {id: seq for seq, id in held.items()} == store.current([f"a{i}" for i in range(5)])
    assert other.changes(0)[-1].seq == store.last_seq()


def test_an_export_is_of_one_moment(store: Store) -> None:
    fill(store)
    whole = as_lines(store)
    docs = store.export()
    started = [next(docs), next(docs)]
    store.put_many([Article(id="baru", text="Datang di tengah ekspor.")], NOW)
    store.delete("a1", NOW)
    store.records.delete(CHECK, "c0")
    assert [orjson.loads(orjson.dumps(doc)) for doc in itertools.chain(started, docs)] == whole


def test_a_store_that_is_not_empty_is_not_restored_into(store: Store, new_store: Callable[..., Store]) -> None:
    fill(store)
    lines = as_lines(store)
    with pytest.raises(StoreError, match="empty"):
        store.restore(iter(lines))
    assert as_lines(store) == lines
    other = new_store()
    other.records.insert(KEY, "k", {})
    with pytest.raises(StoreError, match="empty"):
        other.restore(iter(lines))
    assert other.records.count(KEY) == 1
    other.put_many([Article(id="a", text="Masih bisa ditulis.")], NOW)


def _without(kind: str) -> Callable[[list[Any]], list[Any]]:
    return lambda lines: [line for line in lines if line["type"] != kind]


def _changed(what: str, /, **fields: Any) -> Callable[[list[Any]], list[Any]]:
    def change(lines: list[Any]) -> list[Any]:
        at = max(i for i, line in enumerate(lines) if line["type"] == what)
        return [*lines[:at], {**lines[at], **fields}, *lines[at + 1 :]]

    return change


DAMAGE: dict[str, Callable[[list[Any]], list[Any]]] = {
    "empty": lambda lines: [],
    "cut off": lambda lines: lines[:-1],
    "a line lost": lambda lines: lines[:3] + lines[4:],
    "a line twice": lambda lines: lines[:3] + lines[2:],
    "something after the end": lambda lines: [*lines, lines[1]],
    "no header": _without("header"),
    "two headers": lambda lines: lines[:1] + lines,
    "not an export": _changed("header", format="x"),
    "newer": _changed("header", version=2),
    "unknown type": _changed("record", type="rekord"),
    "no object": lambda lines: [*lines[:2], [], *lines[2:]],
    "another text": _changed("article", article={"text": "palsu"}),
    "no text": _changed("article", article={}),
    "wrong replaces": _changed("article", replaces=1),
    "wrong id": _changed("article", id="a/b"),
    "seq twice": _changed("tombstone", seq=7),
    "tombstone of the living": _changed("tombstone", id="a4"),
    "rev 0": _changed("record", rev=0),
    "rev true": _changed("record", rev=True),
    "a record twice": lambda lines: _twice(lines),
    "no such kind": _without("kind"),
    "bad field": _changed("record", kind="check", doc={"flagged": {}}),
}


def _twice(lines: list[Any]) -> list[Any]:
    counts = {**lines[-1]["counts"], "record": lines[-1]["counts"]["record"] + 1}
    return [*lines[:-1], lines[-2], {"type": "end", "counts": counts}]


@pytest.fixture(scope="module")
def good_lines() -> list[Any]:
    store = open_store("memory://")
    fill(store)
    return as_lines(store)


def test_a_damaged_export_is_refused_and_the_store_stays_empty(store: Store, good_lines: list[Any]) -> None:
    for name, damage in DAMAGE.items():
        try:
            store.restore(iter(damage(good_lines)))
        except StoreError:
            left = (store.count(), store.last_seq(), store.changes(0), store.articles(), store.records.count(CHECK))
            assert left == (0, 0, [], [], 0), name
        else:
            pytest.fail(f"restored although: {name}")
    assert store.restore(iter(good_lines))["record"] == 4
    assert as_lines(store)[1:] == good_lines[1:]


def test_a_reader_that_fails_leaves_the_store_empty(store: Store, good_lines: list[Any]) -> None:
    def failing() -> Iterator[Any]:
        yield from good_lines[:-1]
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        store.restore(failing())
    assert (store.count(), store.last_seq(), store.records.count(KEY)) == (0, 0, 0)
    store.put_many([Article(id="a", text="Masih bisa ditulis.")], NOW)


def every_kind() -> list[Kind]:
    """Every kind of record that the ways in declare."""
    found = {}
    for module in pkgutil.walk_packages(api.__path__, "api."):
        if not module.name.startswith("api.cli"):
            declared = vars(importlib.import_module(module.name)).values()
            found |= {kind.name: kind for kind in declared if isinstance(kind, Kind)}
    assert len(found) > 5
    return list(found.values())


_characters = st.characters(codec="utf-8", exclude_characters="\0")
_values = st.one_of(st.none(), st.booleans(), st.integers(-(2**31), 2**31), st.text(_characters, max_size=20))
_texts = st.text(_characters, min_size=1, max_size=60)


@settings(max_examples=2)
@given(data=st.data())
def test_any_archive_with_records_of_every_kind_comes_back_from_mongo_as_it_was(
    new_url: Callable[[str], str], data: st.DataObject
) -> None:
    origin, between, back = (open_store(new_url(backend)) for backend in ("sqlite", "mongo", "sqlite"))
    for _ in range(data.draw(st.integers(1, 4))):
        texts = data.draw(st.dictionaries(st.sampled_from("abcdef"), _texts.filter(str.strip), max_size=4))
        origin.put_many([Article(id=id, text=text) for id, text in texts.items()], NOW)
        for id in data.draw(st.sets(st.sampled_from("abcdef"), max_size=2)):
            origin.delete(id, NOW)
    for kind in every_kind():
        for n in range(2):
            doc = {name: data.draw(_values) for name in kind.fields} | {"lain": {"isi": [data.draw(_texts), 1.5, None]}}
            origin.records.insert(kind, str(n), doc)
        origin.records.replace(kind, "1", dict.fromkeys(kind.fields), 1)
    lines = as_lines(origin)
    between.restore(iter(lines))
    assert as_lines(between)[1:] == lines[1:]
    back.restore(between.export())
    assert as_lines(back)[1:] == lines[1:]
    assert back.changes(0)[-1:] == between.changes(0)[-1:]
    for store in (origin, between, back):
        store.close()


@pytest.mark.parametrize("target", ["sqlite", "mongo"])
def test_moving_an_archive_takes_no_more_memory_than_a_batch(new_url: Callable[[str], str], target: str) -> None:
    origin, other = open_store(new_url("mongo" if target == "sqlite" else "sqlite")), open_store(new_url(target))
    for start in range(0, 720, 40):
        origin.put_many([Article(id=f"{start + n}", text=f"{start + n} " + "kata " * 25_000) for n in range(40)], NOW)
    tracemalloc.start()
    try:
        assert other.restore(origin.export())["article"] == 720  # 90 MB of text
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()
        origin.close()
        other.close()
