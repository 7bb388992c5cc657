"""The compiled loops (numba), nothing else. Signatures are eager, code is cached on disk, the GIL is released.

numba checks a cached function against its own file only, while these loops call each other across files; so the cache folder
carries a digest of them all, and no edit or upgrade ever runs old code. ``NUMBA_CACHE_DIR``, where set, is left in charge.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numba


def _cache_folder() -> Path:
    """A folder of the user's that can be written, or a private temporary one."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    try:
        folder = Path(base, "sidik", f"kernels-{digest}")
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="sidik-kernels-"))


if not numba.config.CACHE_DIR:
    numba.config.CACHE_DIR = str(_cache_folder())
