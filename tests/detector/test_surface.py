"""The public surface: these names, nothing loaded before it is used."""

from __future__ import annotations

import subprocess
import sys

import detector


def test_names() -> None:
    assert dir(detector) == sorted(detector.__all__) == detector.__all__
    assert all(getattr(detector, name).__name__ == name for name in detector.__all__)


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, detector; print(sorted({'numpy', 'numba', 'sqlite3', 'pymongo', 'datasketch'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_check_needs_no_datasketch() -> None:
    code = "import sys; from detector import compare; compare('satu dua', 'tiga'); print('datasketch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
