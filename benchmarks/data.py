"""The large sets: a folder as it was laid down, its archives unpacked beside the project, once."""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

CACHE = Path(__file__).parent.parent / ".cache" / "data"
FOLDER = Path(os.environ.get("SIDIK_DATA", "../shared/data"))
"""Where the sets are, if the command line names no other place."""


def unpacked(folder: Path) -> Path:
    """`folder` itself where it holds no archives, else one that holds what is in them. Ends the program, saying so, where there
    is no data."""
    archives = sorted([*folder.glob("*.tar.xz"), *folder.glob("*.jsonl.xz")]) if folder.is_dir() else []
    if not archives:
        if not any((folder / name).exists() for name in ("articles-dev.jsonl", "pan13_text_alignment", "clough_stevenson")):
            raise SystemExit(f"no data in {folder}: SIDIK_DATA or --data names the folder that holds the large sets")
        return folder
    state = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in archives]
    target = CACHE / hashlib.sha256(repr(state).encode()).hexdigest()[:16]
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="unpacking-", dir=CACHE))
        for path in archives:
            if path.name.endswith(".tar.xz"):
                with tarfile.open(path) as archive:
                    archive.extractall(fresh, filter="data")
            else:
                with lzma.open(path) as source, (fresh / path.name.removesuffix(".xz")).open("wb") as copy:
                    shutil.copyfileobj(source, copy)
        try:
            fresh.replace(target)
        except OSError:  # another process was quicker
            if not target.exists():
                raise
            shutil.rmtree(fresh)
    return target
