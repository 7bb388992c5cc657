"""Saved HTML pages: one article a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from api.scanning.readers.ids import id_from_url, safe_id
from api.scanning.readers.items import Item, Notes, Rejected
from api.scanning.readers.pages import article_of_page

SUFFIXES = (".html", ".htm", ".xhtml")
MAX_PAGE = 10_000_000
"""Bytes."""


class Folder:
    """Reads the pages below `root` (or one page), in the order of their paths, a folder's own
    before those of its folders; symbolic links to folders are not followed.

    The id comes from the page's canonical URL; without one it is the path below `root`, made safe.
    """

    unit: Literal["bytes", "items"] = "items"
    state: dict[str, Any] | None = None

    def __init__(self, root: Path, notes: Notes, *, max_bytes: int) -> None:
        self.label = str(root)
        self.total: int | None = sum(1 for _ in _pages(root))
        self.done = 0
        self._root = root
        self._notes = notes
        self._max_bytes = max_bytes

    def items(self) -> Iterator[Item]:
        for path in _pages(self._root):
            self.done += 1
            yield self._item(path)

    def _item(self, path: Path) -> Item:
        try:
            if path.stat().st_size > MAX_PAGE:
                return Rejected(str(path), f"is larger than {MAX_PAGE:,} bytes")
            data = path.read_bytes()
        except OSError as error:
            return Rejected(str(path), f"cannot be read: {error.strerror}")
        inside = path.name if path == self._root else path.relative_to(self._root).as_posix()
        name = inside.encode("utf-8", "replace").decode()  # a file name may hold bytes that are no text
        return article_of_page(
            data, str(path), self._notes, id_for=lambda url: id_from_url(url) if url else safe_id(name), max_bytes=self._max_bytes
        )


def _pages(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, folders, files in os.walk(root):
        folders.sort()
        yield from (Path(folder, name) for name in _html(files))


def _html(files: Sequence[str]) -> list[str]:
    return sorted(name for name in files if name.lower().endswith(SUFFIXES))
