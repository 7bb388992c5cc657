"""The files of the embedded index: damage is named, crashes leave a whole index, processes share a folder."""

from __future__ import annotations

import json
import os
import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fingerprints import index_folder, manifest, segments, upkeep
from fingerprints.errors import IndexDamaged, IndexUnusable
from fingerprints.index import Entry
from fingerprints.segment import outlet_hash
from fingerprints.segments import SegmentIndex
from tests.contracts.index_contract import as_lists, fp, text


def opened(folder: Path, **how: object) -> SegmentIndex:
    return SegmentIndex.open(folder, **{"store_uuid": "toko", "scheme": "skema", "writer": "auto"} | how)  # type: ignore[arg-type]  # a dict of mixed values


def add(index: SegmentIndex, first: int, n: int) -> None:
    index.apply([Entry(first + i, fp(text(first + i, 60)), outlet=f"outlet{i % 3}") for i in range(n)])


def holds(index: SegmentIndex, seq: int) -> bool:
    return index.candidates(fp(text(seq, 60)), limit=0).seq.tolist() == [seq]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of seqs 1 to 30 in two segments; 3 and 20 removed by changes 31 and 32."""
    monkeypatch.setattr(upkeep, "FANOUT", 4)  # two small segments stay two
    path = tmp_path / "index"
    index = opened(path)
    add(index, 1, 15)
    index.flush()
    add(index, 16, 15)
    index.flush()
    index.apply([Entry(31, None, removes=3), Entry(32, None, removes=20)])
    index.close()
    return path


def the(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def test_what_was_flushed_is_there_after_reopening(folder: Path) -> None:
    index = opened(folder)
    assert (index.seq, len(index)) == (32, 28)
    assert [seq for seq in range(1, 33) if holds(index, seq)] == [s for s in range(1, 31) if s not in (3, 20)]
    assert index.words(7).tolist() == fp(text(7, 60)).words.tolist()
    assert index.verify() == []
    for gone in (3, 20, 31, 77):
        with pytest.raises(KeyError):
            index.words(gone)
    index.close()


@pytest.mark.parametrize("pattern", ["*.segment", "*.removed", "manifest.json"])
def test_flipped_bits_are_found_anywhere(folder: Path, pattern: str) -> None:
    whole, path = the(folder, pattern).read_bytes(), the(folder, pattern)
    pick = random.Random(pattern)
    for at in [0, 7, len(whole) - 1, *(pick.randrange(len(whole)) for _ in range(60))]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << pick.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(IndexUnusable, match=path.name):
            opened(folder).close()
    path.write_bytes(whole)
    opened(folder).close()


@pytest.mark.parametrize("pattern", ["*.segment", "*.removed", "manifest.json"])
@pytest.mark.parametrize("left", [0, 0.3, 0.99])
def test_truncated_files_are_named(folder: Path, pattern: str, left: float) -> None:
    path = the(folder, pattern)
    os.truncate(path, int(path.stat().st_size * left))
    with pytest.raises(IndexDamaged, match=path.name):
        opened(folder)


@pytest.mark.parametrize("pattern", ["*.segment", "*.removed", "manifest.json"])
def test_missing_files_are_named(folder: Path, pattern: str) -> None:
    path = the(folder, pattern)
    path.unlink()
    with pytest.raises(IndexDamaged, match=path.name):
        opened(folder)


def test_another_store_scheme_or_newer_format_is_refused(folder: Path) -> None:
    with pytest.raises(IndexUnusable, match="belongs to store toko, not to warung"):
        opened(folder, store_uuid="warung")
    with pytest.raises(IndexUnusable, match="made with scheme 'skema'"):
        opened(folder, scheme="lain")
    doc = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(doc | {"format": manifest.FORMAT + 1}))
    with pytest.raises(IndexDamaged, match="newer version"):
        opened(folder)


def test_a_fresh_start_takes_any_folder_and_the_next_epoch(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")
    index = opened(folder, fresh=True)
    assert (index.seq, len(index), index.stats()["epoch"]) == (0, 0, 2)
    assert {p.name for p in folder.iterdir()} == {"manifest.json", "lock"}
    add(index, 1, 5)
    index.close()
    again = opened(folder)
    assert len(again) == 5
    again.close()


def test_damage_beyond_what_opening_checks_is_found_soon_after(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = the(folder, "*.segment")
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    monkeypatch.setattr(segments, "CHECK_AT_OPEN", 0)
    index = opened(folder)
    assert index._thread is not None
    index._thread.join(10)  # it ends when it has found damage
    with pytest.raises(IndexDamaged, match=path.name):
        index.candidates(fp(text(1, 60)))
    assert path.name in index.verify()[0]
    index.close()


def test_what_is_too_big_for_opening_does_not_keep_small_files_unchecked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted(folder.glob("*.segment"), key=lambda path: path.stat().st_size)
    monkeypatch.setattr(segments, "CHECK_AT_OPEN", files[0].stat().st_size)
    assert files[0].stat().st_size < files[1].stat().st_size
    whole = bytearray(files[0].read_bytes())
    whole[-1] ^= 1
    files[0].write_bytes(whole)
    with pytest.raises(IndexDamaged, match=files[0].name):
        opened(folder)


def test_verify_reads_the_files_again(folder: Path) -> None:
    index = opened(folder)
    path = the(folder, "*.removed")
    path.write_bytes(path.read_bytes()[::-1])
    assert [line for line in index.verify() if path.name in line]
    index.close()


def crashing(folder: Path, step: int, work: Callable[[SegmentIndex], None]) -> bool:
    """Do `work` in a child process that dies at the n-th barrier; whether it got there."""
    child = os.fork()
    if not child:
        steps = iter(range(step, -1, -1))
        try:
            work(opened(folder, barrier=lambda _: None if next(steps) else os._exit(9)))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_crash_at_any_step_leaves_a_whole_index(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FANOUT", 3)

    def work(index: SegmentIndex) -> None:
        add(index, 33, 8)
        index.apply([Entry(41, None, removes=5), Entry(42, None, removes=35)])
        index.flush()
        add(index, 43, 4)
        index.close()

    outcomes = set()
    for step in range(200):
        copy = tmp_path / f"copy{step}"
        shutil.copytree(folder, copy)
        crashed = crashing(copy, step, work)
        index = opened(copy)
        assert index.verify() == []
        assert index.seq in (32, 42, 46)
        outcomes.add(index.seq)
        changes = [(s, fp(text(s, 60)), None) for s in range(33, 41)] + [(41, None, 5), (42, None, 35)]
        changes += [(s, fp(text(s, 60)), None) for s in range(43, 47)]
        index.apply([Entry(*change) for change in changes])
        assert [s for s in range(1, 47) if holds(index, s)] == [
            s for s in range(1, 47) if s not in (3, 5, 20, 31, 32, 35, 41, 42)
        ]
        index.close()
        if not crashed:
            break
    assert outcomes == {32, 42, 46}
    assert step > 15


def test_leftovers_of_a_crash_are_swept_and_foreign_files_stay(folder: Path) -> None:
    (folder / "e1-99.segment").write_bytes(b"half")
    (folder / "e1-98.segment.tmp").write_bytes(b"half")
    (folder / "catatan.txt").write_text("milik orang")
    opened(folder).close()
    assert not (folder / "e1-99.segment").exists()
    assert not (folder / "e1-98.segment.tmp").exists()
    assert (folder / "catatan.txt").exists()


def test_one_process_writes_and_the_others_read_along(folder: Path) -> None:
    writer, reader = opened(folder), opened(folder)
    assert (writer.writes, reader.writes) == (True, False)
    with pytest.raises(IndexUnusable, match="another process writes"):
        opened(folder, writer=True)
    with pytest.raises(IndexUnusable, match="another process writes"):
        opened(folder, fresh=True)
    for index in (writer, reader):
        add(index, 33, 10)
        index.apply([Entry(43, None, removes=35), Entry(44, None, removes=1)])
    add(writer, 45, 3)
    reader.flush()
    writer.flush()
    reader.refresh()
    assert reader.stats()["in_memory"] == 0
    assert reader.seq == 47
    assert [holds(reader, s) for s in (1, 33, 35, 47)] == [False, True, False, True]
    add(reader, 48, 2)
    add(writer, 48, 1)
    writer.flush()
    reader.refresh()
    assert (reader.seq, len(reader), holds(reader, 48), holds(reader, 49)) == (49, 41, True, True)
    reader.close()
    writer.close()


def test_a_reader_keeps_removals_the_manifest_does_not_know(folder: Path) -> None:
    writer, reader = opened(folder), opened(folder)
    add(writer, 33, 2)
    add(reader, 33, 2)
    reader.apply([Entry(35, None, removes=33), Entry(36, None, removes=2)])
    writer.flush()
    reader.refresh()
    assert (reader.seq, holds(reader, 33), holds(reader, 2), holds(reader, 34)) == (36, False, False, True)
    reader.close()
    writer.close()


def test_a_reader_takes_over_when_the_writer_is_gone(folder: Path) -> None:
    writer, reader, observer = opened(folder), opened(folder), opened(folder, writer=False)
    add(writer, 33, 2)
    add(reader, 33, 4)
    writer.close()
    observer.refresh()
    reader.refresh()
    assert (reader.writes, observer.writes, reader.seq, observer.seq) == (True, False, 36, 34)
    reader.close()
    again = opened(folder)
    assert (again.seq, len(again)) == (36, 32)
    again.close()
    observer.close()


def test_a_reader_follows_a_fresh_start(folder: Path) -> None:
    writer, reader = opened(folder), opened(folder)
    add(reader, 33, 2)
    writer.close()
    again = SegmentIndex.open(folder, store_uuid="toko", scheme="skema", fresh=True)
    add(again, 1, 2)
    again.flush()
    reader.refresh()
    assert (reader.seq, len(reader)) == (2, 2)
    assert not reader.writes
    reader.close()
    again.close()


def test_segments_merge_while_queries_and_changes_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FLUSH", 16)
    monkeypatch.setattr(upkeep, "AT_ONCE", 8)
    index, plain = opened(tmp_path / "index"), SegmentIndex.open(None, store_uuid="", scheme="")
    stop, wrong = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            if not holds(index, 1):
                wrong.append(index.seq)

    add(index, 1, 1)
    thread = threading.Thread(target=ask)
    thread.start()
    held, seq, pick = {1}, 1, random.Random(4)
    for _ in range(150):
        seq += 1
        gone = pick.choice(sorted(held - {1}) or [None]) if pick.random() < 0.4 else None
        index.apply([Entry(seq, fp(text(seq, 60)), gone)])
        held = (held - {gone}) | {seq}
    stop.set()
    thread.join()
    index.close()
    assert wrong == []
    again = opened(tmp_path / "index")
    plain.apply([Entry(s, fp(text(s, 60))) for s in sorted(held)])
    assert len(again) == len(held)
    assert again.verify() == []
    assert again.stats()["segments"] < 12
    for query in (text(3, 60), text(150, 60), " ".join(text(s, 60) for s in range(0, 150, 7))):
        assert as_lists(again.candidates(fp(query))) == as_lists(plain.candidates(fp(query)))
    again.close()


def test_a_disk_that_refuses_is_reported_and_loses_nothing(folder: Path) -> None:
    full = False

    def refuse(step: str) -> None:
        if full and step.startswith("write"):
            raise OSError(28, "No space left on device")

    index = opened(folder, barrier=refuse)
    add(index, 33, 3)
    full = True
    with pytest.raises(IndexUnusable, match="No space left on device"):
        index.flush()
    assert holds(index, 34)
    assert index.stats()["trouble"]
    full = False
    index.close()
    again = opened(folder)
    assert again.seq == 35
    again.close()


def test_outlets_survive_merging(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FANOUT", 2)
    index = opened(folder)
    before = [segment.docs for segment, _ in index._snapshot.parts]
    index._maintain()
    (segment, dead), *rest = index._snapshot.parts
    assert (before, segment.docs, dead, rest) == ([15, 15], 28, None, [])
    expected = [outlet_hash(f"outlet{(seq - 1) % 15 % 3}") for seq in segment.seqs.tolist()]
    assert segment.outlets.tolist() == expected
    index.close()


def test_a_closed_index_says_so(folder: Path) -> None:
    index = opened(folder)
    index.close()
    index.close()
    with pytest.raises(IndexUnusable, match="closed"):
        index.candidates(fp("kata"))


def test_a_folder_that_changes_faster_than_it_is_read_is_not_mistaken_for_damage(folder: Path) -> None:
    """The writer replaces files between a reader's look at the manifest and at them."""
    writer, turns = opened(folder), iter(range(3))
    real = index_folder.open_file

    def overtaken(path: Path, size: int) -> object:
        for turn in turns:
            add(writer, 33 + turn, 1)
            writer.flush()
            raise IndexDamaged(f"{path.name}: is missing")
        return real(path, size)

    files = index_folder.IndexFolder(folder, "toko", "skema", lambda _: None)
    index_folder.open_file = overtaken  # type: ignore[assignment]  # the moment between two reads cannot be had otherwise
    try:
        found = files.read()
    finally:
        index_folder.open_file = real
    assert found is not None
    assert found[0].seq == 35
    writer.close()
