"""Where compiled code is cached: never under a name that other sources had, and not forever."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fingerprints.kernels import KEPT_SECONDS, cache_folder, late

NOW = 1_800_000_000.0


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    files = [tmp_path / "a.py", tmp_path / "b.py"]
    for file in files:
        file.write_text("x = 1\n")
    return files


def test_same_sources_same_folder_other_sources_another(tmp_path: Path, sources: list[Path]) -> None:
    base = tmp_path / "cache"
    first = cache_folder(sources, [base], NOW)
    assert first.parent == base
    assert cache_folder(reversed(sources), [base], NOW) == first
    sources[1].write_text("x = 2\n")
    assert cache_folder(sources, [base], NOW) != first


def test_a_new_folder_drops_those_long_unused(tmp_path: Path, sources: list[Path]) -> None:
    base = tmp_path / "cache"
    stale, recent, foreign = base / "kernels-0", base / "kernels-1", base / "other"
    for folder, age in ((stale, KEPT_SECONDS + 1), (recent, KEPT_SECONDS - 1), (foreign, 10 * KEPT_SECONDS)):
        folder.mkdir(parents=True)
        (folder / "code").write_text("")
        os.utime(folder, (NOW - age, NOW - age))
    current = cache_folder(sources, [base], NOW)
    assert {folder.name for folder in base.iterdir()} == {current.name, "kernels-1", "other"}


def test_what_cannot_be_written_is_passed_over(tmp_path: Path, sources: list[Path]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert cache_folder(sources, [blocked, tmp_path / "next"], NOW).parent == tmp_path / "next"
    private = cache_folder(sources, [blocked], NOW)
    assert private.is_dir()
    assert private.stat().st_mode & 0o777 == 0o700
    private.rmdir()


def test_a_given_cache_folder_carries_the_digest(tmp_path: Path) -> None:
    code = "import numba, fingerprints.kernels, detector.kernels; print(numba.config.CACHE_DIR)"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    used = Path(done.stdout.strip())
    assert used.parent == tmp_path
    assert used.name.startswith("kernels-")


def test_where_nothing_can_be_kept_a_warning_says_so_and_nothing_is_left(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    code = "import numba, fingerprints.kernels; print(numba.config.CACHE_DIR)"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(blocked)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert f"none of {blocked} can be written" in done.stderr
    assert "NUMBA_CACHE_DIR" in done.stderr
    assert not Path(done.stdout.strip()).exists()


def test_what_is_loaded_late_is_loaded_once_whoever_calls_first() -> None:
    @late("int64(int64)")
    def twice(n: int) -> int:
        return n + n

    with ThreadPoolExecutor(8) as pool:
        calls = list(pool.map(twice, range(32)))
    assert calls == [2 * n for n in range(32)]
    with pytest.raises(TypeError):
        twice("a")


def test_a_check_loads_nothing_that_only_writers_need() -> None:
    code = """
from numba.core.dispatcher import Dispatcher

loaded = []
compile = Dispatcher.compile
Dispatcher.compile = lambda self, sig: loaded.append(self.py_func.__name__) or compile(self, sig)
from detector import Article, Detector

with Detector.open("memory://") as detector:
    detector.check("Warga memperbaiki jembatan gantung itu bersama-sama sejak pagi.")
    assert not {"measure", "merge", "duplicates"} & set(loaded)
    detector.load()
    assert {"measure", "merge", "duplicates", "build", "band_hashes"} <= set(loaded)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_linear_algebra_is_loaded_by_those_who_use_it() -> None:
    code = """
import sys, fingerprints.kernels
from numba.np import arraymath, linalg
assert "scipy.linalg" not in sys.modules
assert arraymath.ensure_blas is linalg.ensure_blas
linalg.ensure_blas()
assert "scipy.linalg.cython_blas" in sys.modules
import datasketch
"""
    subprocess.run([sys.executable, "-c", code], check=True)
