"""The audit log on every store: one chain, whoever appends; what was changed in it is found."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.audit import AUDIT, BEGINNING, AuditLog, Entry, append, list_audit, read_audit, verify
from api.keys import Caller
from fingerprints.errors import InputError, RecordConflict
from fingerprints.stores import open_store
from fingerprints.stores.contract import Kind, Record, Store

NOTE = Kind("note")
WHO = Caller("k1", "redaksi", frozenset())
START = datetime(2026, 3, 1, 1, 2, 3, 450000, tzinfo=UTC)


def clock() -> Callable[[], datetime]:
    ticks = iter(range(10**6))
    return lambda: START + timedelta(seconds=next(ticks))


def fill(store: Store, count: int) -> None:
    append(store, *(Entry(WHO, "check.made", f"c{n}", {"kept": True}, f"r{n}") for n in range(count)), clock=clock())


def rewrite(store: Store, n: int, **changed: Any) -> None:
    (found,) = store.records.find(AUDIT, limit=1, after=(None, f"{n - 1:015d}"))
    store.records.replace(AUDIT, found.id, {**found.doc, **changed}, found.rev)


def test_entries_say_who_did_what_when_and_hold_the_hash_of_the_one_before(store: Store) -> None:
    fill(store, 3)
    first, second, third = read_audit(store)
    assert {name: value for name, value in first.items() if name != "sha256"} == {
        "n": 1,
        "at": "2026-03-01T01:02:03.450000Z",
        "who": {"id": "k1", "name": "redaksi"},
        "action": "check.made",
        "subject": "c0",
        "details": {"kept": True},
        "request_id": "r0",
        "previous": BEGINNING,
    }
    assert [second["previous"], third["previous"]] == [first["sha256"], second["sha256"]]
    assert verify(read_audit(store)).head == (3, third["sha256"])


def test_appends_of_several_processes_make_one_chain(new_url: Callable[[str], str], backend: str) -> None:
    url = new_url(backend)
    stores = [open_store(url)] * 3 if backend == "memory" else [open_store(url) for _ in range(3)]
    logs = [AuditLog(store) for store in stores]

    def write(log: AuditLog, name: str) -> None:
        for n in range(20):
            log.append(Entry(WHO, "check.made", f"{name}-{n}")).result()

    threads = [threading.Thread(target=write, args=(log, f"{at}{way}")) for at, log in enumerate(logs) for way in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for log in logs:
        log.close()
    entries = list(read_audit(stores[0]))
    assert verify(entries).broken is None
    assert sorted(e["subject"] for e in entries) == sorted(f"{at}{way}-{n}" for at in range(3) for way in "ab" for n in range(20))
    for store in stores:
        store.close()


def test_records_are_inserted_with_the_entry_about_them_or_neither(store: Store) -> None:
    log = AuditLog(store)
    log.insert([(NOTE, "n1", {"x": 1}), (NOTE, "n2", {})], Entry(WHO, "note.made", "n1")).result()
    assert store.records.get(NOTE, "n1") == Record("n1", 1, {"x": 1})
    append(store, Entry(WHO, "note.read", "n1"))  # another process: the log's own idea of the head is old now
    for docs, error in (
        ([(NOTE, "n3", {}), (NOTE, "n1", {})], RecordConflict),
        ([(NOTE, "n3", {}), (NOTE, "n3", {})], RecordConflict),
        ([(NOTE, "n3", {"x": {1}})], InputError),
    ):
        with pytest.raises(error):
            log.insert(docs, Entry(WHO, "note.made", "n3")).result()
    log.append(Entry(WHO, "note.read", "n2")).result()
    log.close()
    assert store.records.count(NOTE) == 2
    entries = list(read_audit(store))
    assert [entry["action"] for entry in entries] == ["note.made", "note.read", "note.read"]
    assert verify(entries).broken is None


def test_what_one_request_cannot_insert_keeps_nothing_of_others_waiting(store: Store) -> None:
    log = AuditLog(store)
    log.insert([(NOTE, "taken", {})], Entry(WHO, "note.made", "taken")).result()

    def write(n: int) -> bool:
        id = "taken" if n % 5 == 0 else f"n{n}"
        return log.insert([(NOTE, id, {})], Entry(WHO, "note.made", id)).exception() is None

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(write, range(40)))
    log.close()
    assert made == [n % 5 != 0 for n in range(40)]
    entries = list(read_audit(store))
    assert sorted(entry["subject"] for entry in entries) == sorted(record.id for record in store.records.find(NOTE, limit=100))
    assert verify(entries).broken is None


@pytest.mark.parametrize(
    ("changed", "broken", "reason"),
    [
        ({"subject": "c9"}, 2, "entry 2 is not what its hash was made of"),
        ({"time": 5}, 2, "entry 2 is not what its hash was made of"),
        ({"sha256": None}, 2, "entry 2 is not what its hash was made of"),
        ({"previous": BEGINNING}, 2, "entry 2 is not what its hash was made of"),
    ],
)
def test_the_first_entry_that_was_changed_is_named(store: Store, changed: dict[str, Any], broken: int, reason: str) -> None:
    fill(store, 4)
    rewrite(store, 2, **changed)
    found = verify(read_audit(store))
    assert (found.broken, found.reason, found.head[0]) == (broken, reason, 1)


def test_an_entry_changed_with_its_hash_breaks_the_next(new_store: Callable[..., Store]) -> None:
    store, forged = new_store(), new_store("memory")
    fill(store, 3)
    fill(forged, 1)
    append(forged, Entry(WHO, "check.deleted", "c1"), clock=clock())
    (other,) = forged.records.find(AUDIT, descending=True, limit=1)
    rewrite(store, 2, **other.doc)
    found = verify(read_audit(store))
    assert (found.broken, found.reason) == (3, "entry 3 was not written after entry 2 as it is now")


def test_an_entry_taken_out_is_named_and_a_cut_off_end_by_a_noted_head(store: Store) -> None:
    fill(store, 4)
    head = verify(read_audit(store)).head
    store.records.delete(AUDIT, f"{4:015d}")
    assert verify(read_audit(store)).broken is None
    assert verify(read_audit(store), head).reason == "entry 4 is missing: the log once had 4"
    append(store, Entry(WHO, "check.made", "another"), clock=clock())
    assert verify(read_audit(store), head).reason == "entry 4 has another hash than the one noted"
    store.records.delete(AUDIT, f"{2:015d}")
    assert (verify(read_audit(store)).broken, verify(read_audit(store)).reason) == (2, "entry 2 is missing")


def test_lists_go_from_the_newest_and_are_filtered(store: Store) -> None:
    fill(store, 5)
    append(store, Entry(Caller("k2", "hukum", frozenset()), "check.deleted", "c1"), clock=clock())
    page = list_audit(store, limit=4)
    rest = list_audit(store, limit=4, cursor=page.next_cursor)
    assert [entry["n"] for entry in page.items + rest.items] == [6, 5, 4, 3, 2, 1]
    assert rest.next_cursor is None
    assert [entry["n"] for entry in list_audit(store, {"subject": "c1"}).items] == [6, 2]
    assert [entry["n"] for entry in list_audit(store, {"who": "k2", "action": "check.deleted"}).items] == [6]


def test_an_export_carries_the_log_and_its_chain_holds_in_the_restored_store(new_store: Callable[..., Store]) -> None:
    store = new_store()
    fill(store, 3)
    for other in ("memory", "sqlite", "mongo"):
        restored = new_store(other)
        restored.restore(store.export())
        assert list(read_audit(restored)) == list(read_audit(store))
        append(restored, Entry(WHO, "store.restored"))
        assert verify(read_audit(restored)).head[0] == 4
