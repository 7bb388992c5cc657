import lzma
import shutil
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from benchmarks import data


def test_archives_are_unpacked_once_and_a_plain_folder_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
    packed = tmp_path / "packed"
    packed.mkdir()
    (tmp_path / "clough_stevenson").mkdir()
    (tmp_path / "clough_stevenson" / "a.txt").write_text("isi")
    with tarfile.open(packed / "gold.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "clough_stevenson", "clough_stevenson")
    with lzma.open(packed / "articles-dev.jsonl.xz", "wb") as lines:
        lines.write(b"{}\n")
    found = data.unpacked(packed)
    assert (found / "clough_stevenson" / "a.txt").read_text() == "isi"
    assert (found / "articles-dev.jsonl").read_bytes() == b"{}\n"
    assert data.unpacked(packed) == found
    assert data.unpacked(found) == found


def test_two_that_unpack_at_once_get_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
    (tmp_path / "packed").mkdir()
    with lzma.open(tmp_path / "packed" / "articles-dev.jsonl.xz", "wb") as lines:
        lines.write(b"{}\n")
    both, unpack = threading.Barrier(2), shutil.copyfileobj

    def wait_for_the_other(*files: Any) -> None:
        both.wait(60)  # neither has what the other is making
        unpack(*files)

    monkeypatch.setattr(shutil, "copyfileobj", wait_for_the_other)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(data.unpacked, [tmp_path / "packed"] * 2)
    assert one == other
    assert (one / "articles-dev.jsonl").read_bytes() == b"{}\n"
    assert list(data.CACHE.iterdir()) == [one]


def test_without_data_the_program_says_so(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no data in"):
        data.unpacked(tmp_path / "none")
