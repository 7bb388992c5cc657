"""What a scan counts and names while it runs; it may be looked at from another thread."""

from __future__ import annotations

from collections.abc import Iterable

from api.scanning.scans import COUNTS, MAX_ERRORS
from api.scanning.urls import page_key, without_login


class Tally:
    """`counts`: by the names in `COUNTS`; `errors`: the first of `error_count`; the pages that came in this scan."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTS, 0)
        self.errors: list[dict[str, str]] = []
        self.error_count = 0
        self._keys: set[str] = set()

    def add(self, names: Iterable[str]) -> None:
        """Count one page under each of the names."""
        for name in names:
            self.counts[name] += 1

    def error(self, url: str, detail: str) -> None:
        """Name what went wrong with a page."""
        self.error_count += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append({"url": without_login(url)[:2000], "detail": detail[:500]})

    def comes(self, url: str) -> bool:
        """A page is listed: whether it comes for the first time in this scan; then it is counted as seen."""
        if self.came(url):
            return False
        self.pass_over(url)
        self.counts["seen"] += 1
        return True

    def came(self, url: str) -> bool:
        """Whether the page, or a twin of it, came before in this scan."""
        return page_key(url) in self._keys

    def pass_over(self, *urls: str) -> None:
        """These are pages that came already, should they be listed too."""
        self._keys.update(page_key(url) for url in urls)
