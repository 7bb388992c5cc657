"""robots.txt (RFC 9309): what a site lets us read, and how fast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from api.scanning.fetching import PRODUCT, Fetched, FetchFailed

MAX_BYTES = 512 * 1024
"""Bytes of a robots.txt that count (RFC 9309 wants at least 500 KiB)."""
KEPT, KEPT_UNREACHABLE = 24 * 3600, 600
"""Seconds that one is believed; an answer that says nothing is asked for again sooner."""


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one origin. `text`: of its robots.txt, "" where there is none, None where it could not be had: then
    nothing may be read."""

    text: str | None

    def allows(self, url: str) -> bool:
        """Whether `url` may be fetched."""
        return self.text is not None and (not self.text or bool(_parsed(self.text).can_fetch(url, PRODUCT)))

    @property
    def crawl_delay(self) -> float:
        """Seconds between two requests, 0 where nothing is said."""
        delay = _parsed(self.text).crawl_delay(PRODUCT) if self.text else None
        return max(0.0, float(delay)) if delay is not None else 0.0

    @property
    def sitemaps(self) -> list[str]:
        """The sitemaps it names."""
        return list(_parsed(self.text).sitemaps) if self.text else []


def read_robots(origin: str, get: Callable[[str], Fetched]) -> Robots:
    """Ask for the robots.txt of an origin: a 4xx means that everything is allowed, a 5xx or no answer that nothing is. Raises
    `FetchRefused` for an origin that may not be asked at all."""
    try:
        answer = get(f"{origin}/robots.txt")
    except FetchFailed:
        return Robots(None)
    if answer.status == 200:
        return Robots(answer.body[:MAX_BYTES].decode("utf-8-sig", "replace").replace("\0", ""))
    return Robots("" if 400 <= answer.status < 500 and answer.status != 429 else None)


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    from protego import Protego

    return Protego.parse(text)
