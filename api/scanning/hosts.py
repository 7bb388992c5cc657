"""Hosts: whose turn it is to ask a site, how fast, and whether it is left alone for a while.

One request at a time goes to an origin, whichever thread, process or machine asks: a turn is a lease on the origin's row in
the store. What is known of a site (robots.txt, its pace, failures in a row) stands in that row, so that every scanner knows it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from api.clock import microseconds
from api.leases import SECOND, Lease, LeaseLost, claim_row, release, renew
from api.scanning.fetching import Fetched, FetchFailed
from api.scanning.robots import KEPT, KEPT_UNREACHABLE, Robots, read_robots
from fingerprints.dates import format_time
from fingerprints.errors import RecordConflict
from fingerprints.stores.contract import Kind, Store

HOSTS = Kind("host", ("due_at",))
LEASE = 20.0
"""Seconds that a turn at an origin is held without being renewed."""
PATIENCE = 600.0
"""Seconds to wait while another scanner reads the same site."""
MAX_DELAY = 60.0
"""Seconds: the slowest pace that a site's answers (not its robots.txt) can bring us to."""
FAILURES = 5
"""In a row, after which a site is left alone."""
PAUSE, MAX_PAUSE = 600.0, 6 * 3600.0
"""Seconds that it is left alone at first; doubled while it goes on failing."""
MAX_ASKED = 24 * 3600.0
"""Seconds: the longest pause that a site can ask for; a Retry-After of years is a slip."""


class Stopped(Exception):
    """The work is to end now: the server stops, or someone else has taken over."""


class SiteClosed(FetchFailed):
    """The site failed several times in a row, or asked for a long pause: it is left alone until a later time."""

    def __init__(self, url: str, until: datetime) -> None:
        super().__init__(
            url, f"the site fails, or asked for a pause, and is left alone until {format_time(until)[:19]}Z", "closed"
        )


@dataclass(slots=True)
class Host:
    """One origin, while it is read. Times in microseconds. `delay`: seconds between requests as its answers suggest, `floor`:
    as robots.txt or our own manners demand."""

    origin: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    lease: Lease | None = None
    robots: Robots | None = None
    robots_until: int = 0
    delay: float = 0.0
    floor: float = 0.0
    next_at: int = 0
    failures: int = 0
    pauses: int = 0
    closed_until: int = 0

    def known(self) -> dict[str, object]:
        """What the row keeps."""
        return {
            "robots": self.robots.text if self.robots else None,
            "robots_until": self.robots_until,
            "delay": self.delay,
            "next_at": self.next_at,
            "failures": self.failures,
            "pauses": self.pauses,
            "closed_until": self.closed_until,
        }

    def recall(self, lease: Lease) -> None:
        """Take over what the row says."""
        doc, self.lease = lease.doc, lease
        self.robots = Robots(doc["robots"]) if doc["robots_until"] else None
        self.robots_until, self.delay, self.next_at = doc["robots_until"], doc["delay"], doc["next_at"]
        self.failures, self.pauses, self.closed_until = doc["failures"], doc["pauses"], doc["closed_until"]


class Hosts:
    """The origins that one process reads. Thread-safe. `owner`: unique to the process. `manners`: seconds that an origin is
    given between two requests at least. `stop`: ends every wait with `Stopped`."""

    def __init__(
        self, store: Store, owner: str, manners: Callable[[str], float], clock: Callable[[], datetime], stop: threading.Event
    ) -> None:
        self._store, self._owner, self._manners = store, owner, manners
        self._clock, self._stop = clock, stop
        self._hosts: dict[str, Host] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, origin: str, url: str, get: Callable[[str], Fetched]) -> Iterator[Host]:
        """The right to send one request to `origin` now, after whatever wait is due. `get`: fetches its robots.txt. Raises
        `SiteClosed`, `FetchFailed` where another scanner keeps the site too long, `Stopped`."""
        with self._lock:
            host = self._hosts.setdefault(origin, Host(origin))
        with host.lock:
            self._hold(host, url)
            self._refuse_closed(host, url)
            if self._at() >= host.robots_until:
                self._read_robots(host, get)
            self._wait_until(host.next_at)
            yield host
            if host.lease is not None and host.lease.until - self._at() < LEASE / 2 * SECOND:
                self._renew(host)

    def answered(self, host: Host, status: int, seconds: float, pause: float | None) -> None:
        """An answer came after `seconds`; `pause`: what its Retry-After asks for. Sets the pace of what follows."""
        pause = min(pause or 0.0, MAX_ASKED)
        if status in (429, 503):
            host.delay = min(MAX_DELAY, max(2 * host.delay, 1.0))
        else:
            host.delay = min(MAX_DELAY, max(seconds, 0.9 * host.delay))
        if status == 429 or status >= 500:
            self.failed(host, max(pause, host.delay))
            return
        host.failures = host.pauses = 0
        self._next(host, max(pause, host.delay))

    def failed(self, host: Host, pause: float = 0.0) -> None:
        """No good answer came: after several in a row, or where a long pause is asked for, the site is left alone."""
        host.failures += 1
        if host.failures >= FAILURES or pause > MAX_PAUSE / 60:
            host.closed_until = self._at() + int(max(pause, min(PAUSE * 2**host.pauses, MAX_PAUSE)) * SECOND)
            host.pauses, host.failures = host.pauses + 1, FAILURES - 1  # at the next failure it is left alone again
            self._renew(host)
        self._next(host, max(pause, host.delay))

    def wait(self, seconds: float) -> None:
        """Raises `Stopped`."""
        if self._stop.wait(max(0.0, seconds)):
            raise Stopped

    def renew(self) -> None:
        """Keep the turns at origins that are being read: called now and then while a request may take long."""
        with self._lock:
            busy = [host for host in self._hosts.values() if host.lock.locked() and host.lease is not None]
        for host in busy:
            self._renew(host)

    def release(self) -> None:
        """Let go of the origins that no thread of this process is reading, for other scanners."""
        with self._lock:
            idle = [host for host in self._hosts.values() if host.lease is not None]
        for host in idle:
            if host.lock.acquire(blocking=False):
                try:
                    if host.lease is not None:
                        release(self._store, host.lease, None, host.known())
                except LeaseLost:
                    pass
                finally:
                    host.lease = None
                    host.lock.release()

    def _at(self) -> int:
        return microseconds(self._clock())

    def _hold(self, host: Host, url: str) -> None:
        if host.lease is not None and host.lease.until > self._at() + LEASE / 4 * SECOND:
            return
        host.lease, began = None, self._at()
        while (lease := claim_row(self._store, HOSTS, host.origin, self._owner, self._at(), LEASE)) is None:
            if self._store.records.get(HOSTS, host.origin) is None:
                self._insert(host.origin)
            elif self._at() - began > PATIENCE * SECOND:
                raise FetchFailed(url, "another scanner is reading this site", "closed")
            else:
                self.wait(0.25)
        host.recall(lease)
        host.floor = self._floor(host)

    def _insert(self, origin: str) -> None:
        try:
            self._store.records.insert(HOSTS, origin, {**Host(origin).known(), "due_at": None, "lease": None})
        except RecordConflict:
            return

    def _renew(self, host: Host) -> None:
        lease = host.lease
        if lease is not None:
            try:
                host.lease = renew(self._store, lease, self._at(), max(LEASE, 2 * host.floor), host.known())
            except LeaseLost:
                host.lease = None

    def _refuse_closed(self, host: Host, url: str) -> None:
        if host.closed_until > self._at():
            until = self._clock().fromtimestamp(host.closed_until / SECOND, self._clock().tzinfo)
            raise SiteClosed(url, until)

    def _read_robots(self, host: Host, get: Callable[[str], Fetched]) -> None:
        self._wait_until(host.next_at)
        host.robots = read_robots(host.origin, get)
        unreachable = host.robots.text is None
        host.robots_until = self._at() + (KEPT_UNREACHABLE if unreachable else KEPT) * SECOND
        host.floor = self._floor(host)
        if unreachable:
            host.failures += 1
        self._next(host, host.delay)
        self._renew(host)

    def _floor(self, host: Host) -> float:
        return max(self._manners(host.origin), host.robots.crawl_delay if host.robots else 0.0)

    def _next(self, host: Host, delay: float) -> None:
        host.next_at = self._at() + int(max(delay, host.floor) * SECOND)

    def _wait_until(self, moment: int) -> None:
        self.wait((moment - self._at()) / SECOND)
