"""What becomes of old checks, on every store: texts go, cases are waited for, nothing is looked at twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from api.audit import read_audit
from api.captures import CAPTURES, capture_of, keep_capture
from api.cases import Change, change_case, open_case
from api.checks import CHECKS, delete_check, get_check, request_again, save_check
from api.keys import Caller
from api.retention import BATCH, HELD, ROW, STATE, Done, Rule, apply_rule
from detector import Article, CheckRequest, Detector
from fingerprints.dates import format_time
from fingerprints.stores import open_store
from fingerprints.stores.codec import encode_doc
from fingerprints.stores.contract import Kind, Record, Store

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
BY = Caller("k1", "hukum", frozenset())
SECRET = "Kepala Desa Sungai Rimbang menolak tanda tangan di atas berkas yang belum dibacanya sendiri malam itu juga."
SHARED = "Jembatan gantung di Dusun Karang Seberang ditutup lagi setelah tiga papan lantainya hanyut terbawa banjir Senin pagi."


@cache
def made_of(text: str) -> tuple[dict[str, Any], CheckRequest]:
    with Detector.open("memory://") as detector:
        detector.add(Article(id="kita", text=f"{SHARED} Warga memutar lewat hilir."))
        request = CheckRequest(text=text, title="Judul", url="https://lain.example/a")
        return detector.run(request).to_dict(), request


def old_check(store: Store, id: str, days: float, text: str = f"{SECRET}\n{SHARED}") -> dict[str, Any]:
    """A check made that many days ago, kept with a capture."""
    made, request = made_of(text)
    report = {**made, "id": id, "created_at": format_time(NOW - timedelta(days=days))}
    keep_capture(store, id, SECRET.encode())
    save_check(store, report, request=request)
    return report


def step(store: Store, rule: Rule, later: timedelta = timedelta(0)) -> Done:
    done = apply_rule(store, rule, BY, "me", NOW + later, at_once=True)
    assert done is not None
    return done


def test_an_old_check_loses_its_text_and_keeps_the_rest(store: Store) -> None:
    before, young = old_check(store, "old", 31), old_check(store, "young", 29)
    assert before["matches"][0]["passages"][0]["submission"]["text"]
    assert step(store, Rule("fingerprint", 30)) == Done(reduced=1)
    after = get_check(store, "old")
    assert after is not None
    assert after["submission"] == {**before["submission"], "text": "", "text_kept": False}
    for kept, was in zip(after["matches"][0]["passages"], before["matches"][0]["passages"], strict=True):
        assert kept == {**was, "submission": {**was["submission"], "text": ""}}
    assert (capture_of(store, "old"), request_again(store, "old")) == (None, None)
    assert (get_check(store, "young"), capture_of(store, "young")) == (young, SECRET.encode())
    entry = list(read_audit(store))[-1]
    assert (entry["action"], entry["who"]["name"]) == ("retention.applied", "hukum")
    assert entry["details"] == {"retention": "fingerprint", "days": 30, "reduced": 1, "dropped": 0}
    assert step(store, Rule("fingerprint", 30)) == Done()
    assert list(read_audit(store))[-1] == entry, "nothing done, nothing written down"


def test_an_old_check_is_deleted_with_its_capture(store: Store) -> None:
    old_check(store, "old", 31)
    old_check(store, "young", 29)
    assert step(store, Rule("drop", 30)) == Done(dropped=1)
    assert (get_check(store, "old"), capture_of(store, "old")) == (None, None)
    assert get_check(store, "young") is not None
    assert delete_check(store, "young")
    assert capture_of(store, "young") is None


@pytest.mark.parametrize(("rule", "left"), [(Rule("fingerprint", 30), Done(reduced=1)), (Rule("drop", 30), Done(dropped=1))])
def test_a_check_waits_until_every_case_of_it_is_closed(store: Store, rule: Rule, left: Done) -> None:
    whole = old_check(store, "old", 31)
    case = open_case(store, "old", "kita", BY)
    assert step(store, rule) == Done(waiting=1)
    assert step(store, rule) == Done(waiting=1)
    assert get_check(store, "old") == whole
    change_case(store, case["id"], BY, Change("resolved"))
    assert step(store, Rule(rule.name, 40)) == Done(waiting=1), "it is not old enough any more"
    assert step(store, rule) == left
    assert store.records.count(HELD) == 0
    assert step(store, rule) == Done()


def test_what_waits_and_is_deleted_by_hand_waits_no_more(store: Store) -> None:
    old_check(store, "old", 31)
    open_case(store, "old", "kita", BY)
    assert step(store, Rule("drop", 30)) == Done(waiting=1)
    delete_check(store, "old")
    assert step(store, Rule("drop", 30)) == Done()
    assert store.records.count(HELD) == 0


def test_another_rule_begins_anew(store: Store) -> None:
    old_check(store, "old", 31)
    assert step(store, Rule("fingerprint", 30)) == Done(reduced=1)
    assert step(store, Rule("drop", 30)) == Done(dropped=1)


def test_many_are_done_in_batches_and_none_is_read_twice(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    report = old_check(store, "first", 50, text=SECRET)
    others = [{**report, "id": f"c{n:03}"} for n in range(BATCH + 20)]
    random.Random(1).shuffle(others)
    for other in others:
        save_check(store, other)
    rule = Rule("fingerprint", 30)
    assert step(store, rule) == Done(reduced=BATCH, more=True)
    assert step(store, rule) == Done(reduced=21)
    read: list[str] = []
    whole = type(store.records).get

    def noted(self: Any, kind: Kind, id: str) -> Record | None:
        read.append(kind.name)
        return whole(self, kind, id)

    monkeypatch.setattr(type(store.records), "get", noted)
    assert step(store, rule) == Done()
    assert "check" not in read
    monkeypatch.undo()
    old_check(store, "new", 29.9)
    assert step(store, rule, later=timedelta(days=1)) == Done(reduced=1)


def test_of_several_processes_one_looks_each_minute(store: Store) -> None:
    rule = Rule("fingerprint", 30)
    old_check(store, "old", 31)
    assert apply_rule(store, rule, BY, "a", NOW) == Done(reduced=1)
    assert apply_rule(store, rule, BY, "b", NOW + timedelta(seconds=59)) is None
    assert apply_rule(store, rule, BY, "b", NOW + timedelta(seconds=60)) == Done()


def test_a_clock_set_back_leaves_no_check_out(store: Store) -> None:
    rule = Rule("fingerprint", 30)
    old_check(store, "ahead", -400)
    assert step(store, rule, later=timedelta(days=431)) == Done(reduced=1)
    assert step(store, rule) == Done()
    old_check(store, "after", 0)
    assert step(store, rule, later=timedelta(days=31)) == Done(reduced=1)
    state = store.records.get(STATE, ROW)
    assert state is not None
    assert state.doc["after"][1] == "after"


@pytest.mark.parametrize("name", ["fingerprint", "drop"])
def test_no_trace_is_left_in_the_files_of_sqlite(tmp_path: Path, name: Any) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.db")

    def bodies() -> bytes:
        kept = (store.records.get(CHECKS, "old"), store.records.get(CAPTURES, "old"))
        return b"".join(encode_doc(record.doc) for record in kept if record is not None)

    def traces(of: bytes, rest: bytes) -> list[bytes]:
        """Pieces of what was kept, packed or not, that the files (the log too) hold and that are not in what is kept now."""
        files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        pieces = [of[at : at + 16] for at in range(0, len(of) - 16, 16)]
        return [piece for piece in pieces if piece in files and piece not in rest]

    try:
        old_check(store, "old", 31)
        before = bodies()
        assert len(traces(before, b"")) > 20
        assert step(store, Rule(name, 30)) in (Done(reduced=1), Done(dropped=1))
        assert traces(before, bodies()) == []
        assert traces(SECRET.encode(), b"") == []
    finally:
        store.close()


def test_a_replacement_may_erase(store: Store, new_store: Callable[..., Store]) -> None:
    kept = store.records.insert(CHECKS, "x", {"at": 1, "text": SECRET})
    changed = store.records.replace(CHECKS, "x", {"at": 2, "text": ""}, kept.rev, erase=True)
    assert (changed.rev, changed.doc) == (2, {"at": 2, "text": ""})
    assert store.records.get(CHECKS, "x") == changed
    assert [record.id for record in store.records.find(CHECKS, {"at": 2})] == ["x"]
    assert SECRET not in str(list(store.export()))
