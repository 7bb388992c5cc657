"""The compiled loops (numba), nothing else. Signatures are eager, code is cached on disk, the GIL is released.

numba checks a cached function against its own file only, while these loops call each other across files; so the cache folder
carries a digest of them all, and no edit or upgrade ever runs old code.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

import numba

INNER = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Options of functions that only compiled code calls: they compile in half the time without their wrappers."""
inner = numba.njit(error_model="numpy", **INNER)
"""For those without a signature: what calls them holds their code, so that nothing of them is cached or loaded."""


def typed(*signatures: str) -> Callable[[Any], Any]:
    """As `inner`, for these types and no others, to which arguments are converted. Compiled when something that calls it is, so
    that a process whose kernels come from the cache never loads it (there are some eighty, at 5 ms each)."""

    def decorate(function: Any) -> Any:
        dispatcher = numba.njit(nogil=True, **INNER)(function)
        template = dispatcher.get_call_template

        def get_call_template(args: Any, kws: Any) -> Any:
            if not dispatcher.overloads:
                for signature in signatures:
                    dispatcher.compile(signature)
                dispatcher.disable_compile()
            return template(args, kws)

        dispatcher.get_call_template = get_call_template
        return dispatcher

    return decorate


_late: list[Callable[[], None]] = []
_loading = threading.Lock()


def late(signature: str) -> Callable[[Any], Any]:
    """As `numba.njit` with a signature, for what only writers of an index call: compiled or loaded when first called, or by
    `load`. (A command that checks a text needs none of these, at 8 ms each.) No kernel can call it."""

    def decorate(function: Any) -> Any:
        dispatcher = numba.njit(nogil=True, cache=True)(function)

        def ready() -> None:
            with _loading:
                if not dispatcher.overloads:
                    dispatcher.compile(signature)
                    dispatcher.disable_compile()

        @wraps(function)
        def call(*args: Any) -> Any:
            if not dispatcher.overloads:
                ready()
            return dispatcher(*args)

        _late.append(ready)
        return call

    return decorate


def load() -> None:
    """Load every kernel that would be loaded at its first call: for a server, whose first request must not wait for it."""
    for ready in _late:
        ready()


PACKAGES = Path(__file__).parents[2]
KEPT_SECONDS = 24 * 3600
"""Folders of other versions that were used so lately are left alone: another process may run that version."""


def cache_folder(sources: Iterable[Path], bases: Iterable[Path], now: float) -> Path:
    """A folder named by the digest of `sources` under the first of `bases` that can be written, marked as used `now` (seconds
    since 1970); where none can, a private one that goes with this process, with a warning. A new folder drops the ones that were
    not used in the last day."""
    found = sorted(sources)
    content = b"\0".join(path.read_bytes() for path in found)
    name = "kernels-" + hashlib.sha256(f"{numba.__version__}\0".encode() + content).hexdigest()[:16]
    for base in bases:
        folder = base / name
        try:
            new = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK):
                continue
            os.utime(folder, (now, now))
            if new:
                _prune(base, folder, now)
        except OSError:
            continue
        return folder
    folder = Path(tempfile.mkdtemp(prefix="sidik-kernels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    logging.getLogger(__name__).warning(
        "compiled code cannot be kept, so that every start takes some 20 seconds: none of %s can be written. Set NUMBA_CACHE_DIR "
        "to a folder that can.",
        ", ".join(map(str, bases)),
    )
    return folder


def _prune(base: Path, current: Path, now: float) -> None:
    for other in base.glob("kernels-*"):
        if other != current and other.stat().st_mtime < now - KEPT_SECONDS:
            shutil.rmtree(other, ignore_errors=True)


def use_cache() -> None:
    """Let numba cache under the digest of every kernel of the project, `fingerprints` and `detector` alike: in
    ``NUMBA_CACHE_DIR`` where set, else in the user's cache folder. Call it before any is compiled; once is enough."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "sidik")
    bases = [Path(given)] if given else [home, PACKAGES / "fingerprints" / "kernels" / "__pycache__"]
    sources = (path for package in ("fingerprints", "detector") for path in (PACKAGES / package / "kernels").glob("*.py"))
    numba.config.CACHE_DIR = str(cache_folder(sources, bases, time.time()))


def _spare_scipy() -> None:
    """numba asks scipy's linear algebra for a BLAS before it compiles or loads anything, half a second for what no kernel here
    needs. Let scipy's presence be its answer; every use of linear algebra elsewhere still asks in full."""

    def present() -> None:
        import scipy  # type: ignore[import-untyped]  # ships no types  # noqa: F401

    from numba.np import linalg

    asked = getattr(linalg, "ensure_blas", None)
    if asked is None or "numba.np.arraymath" in sys.modules:
        return
    linalg.ensure_blas = present
    try:
        from numba.np import arraymath
    finally:
        linalg.ensure_blas = asked
    arraymath.ensure_blas = asked


use_cache()
_spare_scipy()
