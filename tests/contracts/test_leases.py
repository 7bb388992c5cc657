"""Leases on every store: one owner at a time, a dead owner's row comes back, what others write meanwhile stays."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from api.leases import LeaseLost, claim, claim_row, drop, due, is_held, release, renew
from fingerprints.stores.contract import Kind, Store

WORK = Kind("test_work", ("due_at",))
S = 1_000_000


def add(store: Store, id: str, due_at: int | None) -> None:
    store.records.insert(WORK, id, {"due_at": due_at, "note": "new"})


def test_the_row_that_is_due_longest_comes_first_and_none_before_its_time(store: Store) -> None:
    for id, due_at in (("later", 9 * S), ("second", 3 * S), ("first", 2 * S), ("never", None)):
        add(store, id, due_at)
    taken = [claim(store, WORK, "a", 5 * S, 60) for _ in range(3)]
    assert [lease.id if lease else None for lease in taken] == ["first", "second", None]
    assert taken[0] is not None
    assert (taken[0].was_due, taken[0].until, taken[0].doc["note"]) == (2 * S, 65 * S, "new")


def test_a_row_is_due_at_the_very_moment_it_names(store: Store) -> None:
    add(store, "row", 5 * S)
    assert claim(store, WORK, "a", 5 * S - 1, 60) is None
    assert claim(store, WORK, "a", 5 * S, 60) is not None


def test_a_held_row_is_nobody_elses_until_the_lease_runs_out(store: Store) -> None:
    add(store, "row", 0)
    lease = claim(store, WORK, "a", 1 * S, 10)
    assert lease is not None
    assert claim(store, WORK, "b", 10 * S, 10) is None
    assert claim_row(store, WORK, "row", "b", 10 * S, 10) is None
    stolen = claim(store, WORK, "b", 11 * S, 10)
    assert stolen is not None
    assert stolen.was_due == 0
    for ended in (lambda: renew(store, lease, 12 * S, 10), lambda: release(store, lease, 0), lambda: drop(store, lease)):
        with pytest.raises(LeaseLost):
            ended()
    release(store, stolen, 50 * S, {"note": "done"})
    record = store.records.get(WORK, "row")
    assert record is not None
    assert (record.doc["note"], record.doc["due_at"], record.doc["lease"]) == ("done", 50 * S, None)


def test_the_same_owner_has_no_hold_over_its_own_later_claim(store: Store) -> None:
    add(store, "row", 0)
    first = claim(store, WORK, "a", 1 * S, 1)
    assert first is not None
    assert claim(store, WORK, "a", 3 * S, 60) is not None
    with pytest.raises(LeaseLost):
        release(store, first, None)


def test_a_renewed_lease_lasts_and_carries_what_was_written(store: Store) -> None:
    add(store, "row", 0)
    lease = claim(store, WORK, "a", 1 * S, 10)
    assert lease is not None
    lease = renew(store, lease, 9 * S, 10, {"note": "half"})
    assert (lease.until, lease.doc["note"], due(lease.doc)) == (19 * S, "half", 0)
    assert claim(store, WORK, "b", 18 * S, 10) is None
    assert is_held(lease.doc, 18 * S)
    assert not is_held(lease.doc, 19 * S)


def test_what_another_writes_into_a_held_row_stays(store: Store) -> None:
    add(store, "row", 0)
    lease = claim(store, WORK, "a", 1 * S, 10)
    record = store.records.get(WORK, "row")
    assert lease is not None
    assert record is not None
    store.records.replace(WORK, "row", {**record.doc, "name": "edited"}, record.rev)
    assert release(store, lease, None, {"note": "done"})["name"] == "edited"


def test_a_row_is_dropped_once(store: Store) -> None:
    add(store, "row", 0)
    lease = claim(store, WORK, "a", 1 * S, 10)
    assert lease is not None
    drop(store, lease)
    assert store.records.get(WORK, "row") is None
    with pytest.raises(LeaseLost):
        drop(store, lease)


def test_a_certain_row_is_claimed_before_it_is_due(store: Store) -> None:
    add(store, "row", 900 * S)
    lease = claim_row(store, WORK, "row", "a", 1 * S, 10)
    assert lease is not None
    assert due(lease.doc) == 900 * S
    assert claim_row(store, WORK, "none", "a", 1 * S, 10) is None


def test_owners_that_reach_at_once_share_the_rows(store: Store, new_url: Callable[[str], str]) -> None:
    for number in range(30):
        add(store, f"row{number:02}", number)
    taken: list[str] = []

    def work(owner: str) -> None:
        while (lease := claim(store, WORK, owner, 100 * S, 60)) is not None:
            taken.append(lease.id)

    threads = [threading.Thread(target=work, args=(owner,)) for owner in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    missed = [f"row{number:02}" for number in range(30) if f"row{number:02}" not in taken]
    assert len(taken) == len(set(taken)), "a row was taken twice"
    assert missed == []
