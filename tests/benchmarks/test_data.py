import lzma
import tarfile
from pathlib import Path

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


def test_without_data_the_program_says_so(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no data in"):
        data.unpacked(tmp_path / "none")
