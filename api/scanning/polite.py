"""Polite fetching: `Fetcher.get` for sites that did not ask us. robots.txt, one request at a time for an origin, at its pace,
retries with backoff and jitter, and a site that fails is left alone. Each hop of a redirect is a request with manners of its own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from api.clock import now
from api.scanning.fetching import Fetched, Fetcher, FetchFailed, FetchRefused
from api.scanning.hosts import Host, Hosts
from api.scanning.robots import Robots
from api.scanning.urls import clean_url, origin_of

RETRIES = 2
"""Further attempts after a failure that may pass by itself."""
BACKOFF = 1.0
"""Seconds before the first of them; doubled for each further one, with jitter of half as much either way."""
MAX_REDIRECTS = 5
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_PAUSING = (429, 503)
"""Whose Retry-After counts."""


class RobotsRefused(FetchRefused):
    """robots.txt does not allow it, or could not be had (`unread`)."""

    def __init__(self, url: str, unread: bool = False) -> None:
        self.unread = unread
        if unread:
            super().__init__(url, "the robots.txt of the site cannot be had, so nothing there may be read")
        else:
            super().__init__(url, "robots.txt does not allow it")


class PoliteFetcher:
    """Thread-safe. `requests` counts what was sent. `random_share`: numbers from 0 to 1, for the jitter."""

    def __init__(self, fetcher: Fetcher, hosts: Hosts, random_share: Callable[[], float] = random.random) -> None:
        self._fetcher, self._hosts, self._random = fetcher, hosts, random_share
        self.requests = 0

    def get(self, url: str, headers: Mapping[str, str] | None = None, *, max_bytes: int | None = None) -> Fetched:
        """See `Fetcher.get`. Raises `RobotsRefused`, `SiteClosed` and `Stopped` besides."""
        target, been = url, {clean_url(url)}
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._persistent(target, headers if target == url else None, max_bytes)
            if (location := answer.leads_to) is None:
                return answer
            target = urljoin(answer.url, location)
            if clean_url(target) in been:
                raise FetchFailed(url, "redirects in a circle", "redirects")
            been.add(clean_url(target))
        raise FetchFailed(url, f"redirects more than {MAX_REDIRECTS} times", "redirects")

    def robots(self, url: str) -> Robots:
        """The rules of the site that `url` lies on. Raises `SiteClosed`, `Stopped`."""
        with self._hosts.turn(origin_of(url), url, self._plain) as host:
            return host.robots or Robots(None)

    def _plain(self, url: str) -> Fetched:
        self.requests += 1
        return self._fetcher.get(url)

    def _persistent(self, url: str, headers: Mapping[str, str] | None, max_bytes: int | None) -> Fetched:
        for attempt in range(RETRIES + 1):
            last = attempt == RETRIES
            try:
                answer = self._once(url, headers, max_bytes)
            except FetchFailed as error:
                if last or error.kind != "connection":
                    raise
            else:
                if last or answer.status not in _PASSING:
                    return answer
            self._hosts.wait(BACKOFF * 2.0**attempt * (0.5 + self._random()))
        raise AssertionError("the last attempt returns or raises")

    def _once(self, url: str, headers: Mapping[str, str] | None, max_bytes: int | None) -> Fetched:
        def fetch() -> Fetched:
            self.requests += 1
            return self._fetcher.get(url, headers, max_bytes=max_bytes, follow=False)

        if clean_url(url) is None:
            return self._fetcher.get(url, headers)  # refuses it, and says why
        with self._hosts.turn(origin_of(url), url, self._plain) as host:
            if host.robots is None or not host.robots.allows(url):
                raise RobotsRefused(url, unread=host.robots is None or host.robots.text is None)
            return self._timed(host, fetch)

    def _timed(self, host: Host, fetch: Callable[[], Fetched]) -> Fetched:
        began = time.monotonic()
        try:
            answer = fetch()
        except FetchFailed as error:
            if error.kind in ("timeout", "connection", "protocol"):
                self._hosts.failed(host)
            else:
                self._hosts.answered(host, 200, time.monotonic() - began, None)
            raise
        pause = retry_after(answer, now()) if answer.status in _PAUSING else None
        self._hosts.answered(host, answer.status, time.monotonic() - began, pause)
        return answer


def retry_after(answer: Fetched, at: datetime) -> float | None:
    """Seconds that the answer asks us to wait; None where it does not."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - at).total_seconds())
