"""The scans of one process: claims what is due, reads it in threads of its own, and lets go of everything when it stops."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from api.background import Background
from api.cases import online_changed
from api.clock import microseconds, new_id, now
from api.events import Facts, emit
from api.leases import Lease, LeaseLost, claim, claim_row, release, renew
from api.scanning.addresses import AllowList
from api.scanning.backcheck import Backcheck
from api.scanning.fetching import Fetcher, FetchError, user_agent
from api.scanning.hosts import Hosts, SiteClosed, Stopped
from api.scanning.polite import PoliteFetcher
from api.scanning.revisits import REVISITS, visit
from api.scanning.scanner import SourceScan
from api.scanning.scans import SCANS, shown_scan
from api.scanning.schedule import queue_due, settle_source
from api.scanning.sources import SOURCES
from api.scanning.tools import Tools
from api.scanning.urls import clean_url
from api.settings import Settings
from detector import Detector
from fingerprints.dates import format_time
from fingerprints.errors import InputError, StoreError
from fingerprints.stores.contract import Doc, Record

SCAN_LEASE, BEAT = 20.0, 5.0
"""Seconds that a scan is held, and between two renewals. What a killed scanner held waits so long; shorter would not outlive a
change of the primary of a replica set (some 12 s) beside one renewal."""
LOOK = 1.0
"""Seconds between two looks for what is due."""
OnStep = Callable[[SourceScan], None]
logger = logging.getLogger(__name__)


class Scanning:
    """Thread-safe; close it. `current`: gives the detector under the policy in force, `detector` itself by default. `busy`:
    whether people's requests keep the process busy, so that scans wait a little. `clock` is for tests; `settings`:
    `scan_threads`, `scan_delay_seconds`, `contact`, `fetch_allow`, `max_text_bytes`."""

    def __init__(
        self,
        detector: Detector,
        settings: Settings,
        *,
        current: Callable[[], Detector] | None = None,
        busy: Callable[[], bool] = lambda: False,
        clock: Callable[[], datetime] = now,
        on_step: OnStep = lambda _: None,
    ) -> None:
        self.store = detector.store
        self.owner = new_id()
        self.stop = threading.Event()
        self._clock, self._on_step = clock, on_step
        self._threads = settings.scan_threads
        allow, delay = AllowList(settings.fetch_allow), settings.scan_delay_seconds
        self._fetcher = Fetcher(settings.fetch_allow, user_agent=user_agent(settings.contact))
        self.hosts = Hosts(self.store, self.owner, lambda origin: 0.0 if _is_ours(allow, origin) else delay, clock, self.stop)
        polite = PoliteFetcher(self._fetcher, self.hosts)
        software = user_agent(settings.contact)
        self.tools = Tools(
            current or (lambda: detector),
            polite,
            self.hosts,
            settings.max_text_bytes,
            settings.scan_keep_days,
            software,
            clock,
            self.stop,
            busy,
        )
        self._back = Backcheck(self.tools, self.owner)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="sidik-scan")
        self._running: dict[Future[None], str | None] = {}
        self._ended: deque[str] = deque(maxlen=1000)
        self._beat = Background(
            "scan-turns", self._renew_turns, BEAT, logger=logger, failing="turns at sites cannot be kept", again="they can again"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def step(self, _: object = None) -> bool:
        """Queue every source that is due, and start scans as far as there are threads. True when something was started."""
        while queue_due(self.store, self.owner, self._clock(), new_id()) is not None:
            continue
        started = False
        while self.running < self._threads and not self.stop.is_set():
            lease = claim(self.store, SCANS, self.owner, microseconds(self._clock()), SCAN_LEASE)
            if lease is None:
                break
            self._running[self._pool.submit(self.run, lease)] = lease.id
            started = True
        while self.running < self._threads and not self.stop.is_set():
            lease = claim(self.store, REVISITS, self.owner, microseconds(self._clock()), SCAN_LEASE)
            if lease is None:
                break
            self._running[self._pool.submit(self._visit, lease)] = None
            started = True
        if not started and not self.running:
            self.hosts.release()
        return started

    def look_back(self, _: object = None) -> bool:
        """Hold new articles against pages that were read before them; True while there is more of it."""
        try:
            return self._back.step()
        except Stopped:
            return False

    @property
    def is_behind(self) -> bool:
        """Whether new articles are yet to be held against pages by another process, or by whoever outlives it."""
        return self._back.is_behind

    @property
    def running(self) -> int:
        """Scans under way in this process."""
        self._collect()
        return len(self._running)

    def _collect(self) -> None:
        for job in [job for job in self._running if job.done()]:
            if (id := self._running.pop(job)) is not None:
                self._ended.append(id)
            if (error := job.exception()) is not None:
                logger.warning("a scan or visit was broken off: %s: %s", type(error).__name__, error)

    @property
    def has_ended(self) -> bool:
        """Whether `ended` has something to tell."""
        return bool(self._ended)

    def ended(self) -> list[str]:
        """Ids of the scans that this process has ended since it was last asked."""
        self._collect()
        found = list(self._ended)
        self._ended.clear()
        return found

    def wait(self, seconds: float | None = None) -> None:
        """Until a scan under way ends, or the time has passed."""
        wait(list(self._running), seconds, return_when="FIRST_COMPLETED")

    def run_scan(self, id: str) -> Doc | None:
        """Run one scan here and now; its document at the end, None when someone else has it."""
        lease = claim_row(self.store, SCANS, id, self.owner, microseconds(self._clock()), SCAN_LEASE)
        if lease is None:
            return None
        self.run(lease)
        record = self.store.records.get(SCANS, id)
        return None if record is None else record.doc

    def run(self, lease: Lease) -> None:
        """Run a claimed scan to its end, or until the process stops: then it is left for the next."""
        source = self.store.records.get(SOURCES, lease.doc["source_id"])
        if source is None:
            self._finish(lease, None, "the source was deleted")
            return
        scan = SourceScan(self.tools, lease, source, on_step=self._on_step)
        started = {"status": "running", "started_at": lease.doc["started_at"] or format_time(self._clock())}
        try:
            lease = renew(self.store, lease, microseconds(self._clock()), SCAN_LEASE, started)
        except LeaseLost:
            return
        beat = Background("scan-beat", lambda _: self._keep(scan), BEAT, logger=logger, failing="a scan", again="it goes on")
        try:
            self._read(lease, scan)
        finally:
            beat.close()

    def close(self) -> None:
        """Stop what runs after the page it is at, and let go of it. Idempotent."""
        self.stop.set()
        self._pool.shutdown(wait=True)
        self._back.close()
        self._beat.close()
        self.hosts.release()
        self._fetcher.close()

    def _visit(self, lease: Lease) -> None:
        """Visit a page again; it is ours however long its site lets us wait."""

        def keep(_: object) -> None:
            with suppress(LeaseLost):
                renew(self.store, lease, microseconds(self._clock()), SCAN_LEASE)

        beat = Background("visit-beat", keep, BEAT, logger=logger, failing="a visit cannot be kept", again="it can again")
        try:
            if visit(self.tools, lease):
                online_changed(self.store, lease.doc["check_id"])
        except LeaseLost:
            return
        except Stopped:
            with suppress(LeaseLost):
                release(self.store, lease, lease.was_due)
        finally:
            beat.close()

    def _read(self, lease: Lease, scan: SourceScan) -> None:
        try:
            scan.run()
        except Stopped:
            if not scan.lost.is_set():
                self._let_go(lease, scan)
        except SiteClosed as error:
            self._finish(lease, scan, error.reason)
        except FetchError as error:
            self._finish(lease, scan, error.reason, error.url)
        except InputError as error:
            named = clean_url(error.location) is not None
            self._finish(lease, scan, error.detail if named else str(error), error.location if named else None)
        except StoreError:
            raise  # the lease runs out, and the scan goes on when the store is back
        except Exception as error:
            logger.exception("a scan of %s failed", scan.source.doc["url"])
            self._finish(lease, scan, f"an error in the program: {type(error).__name__}")
        else:
            self._finish(lease, scan, None)

    def _finish(self, lease: Lease, scan: SourceScan | None, failed: str | None, where: str | None = None) -> None:
        """`failed`: why the scan did; `where`: the URL that it speaks of, that of the source where None."""
        at = self._clock()
        changes: dict[str, Any] = {} if scan is None else scan.progress()
        if failed is not None:
            url = "" if scan is None else scan.source.doc["url"]
            changes["errors"] = [{"url": where or url, "detail": failed}, *changes.get("errors", [])]
            failed = f"{where}: {failed}" if where not in (None, url) else failed
            changes["error_count"] = changes.get("error_count", 0) + 1
        changes |= {"status": "done" if failed is None else "failed", "finished_at": format_time(at)}
        result = {"failed": failed, "new": changes.get("new", 0), "reads": scan.reads if scan else None}
        settle_source(self.store, lease.doc["source_id"], lease.id, result, at)
        try:
            doc = release(self.store, lease, None, changes)
        except LeaseLost:
            return
        record = Record(lease.id, 0, doc)
        emit(self.store, "scan.finished", shown_scan(record), key=lease.id, facts=Facts(source_id=doc["source_id"]))

    def _let_go(self, lease: Lease, scan: SourceScan) -> None:
        try:
            release(self.store, lease, microseconds(self._clock()), {**scan.progress(), "status": "queued"})
        except LeaseLost:
            return

    def _keep(self, scan: SourceScan) -> None:
        """Renew the lease of a running scan, and show how far it is."""
        try:
            scan.scan = renew(self.store, scan.scan, microseconds(self._clock()), SCAN_LEASE, scan.progress())
        except LeaseLost:
            scan.lost.set()
        if self.store.records.get(SOURCES, scan.source.id) is None:
            scan.lost.set()

    def _renew_turns(self, _: object) -> None:
        self.hosts.renew()


class Schedule:
    """Reads what is due in the background of a server, until closed, with its `scanning`."""

    def __init__(self, scanning: Scanning) -> None:
        def step(_: object) -> None:
            scanning.step()

        self._scanning = scanning
        self._reading = Background(
            "scans", step, LOOK, logger=logger, failing="scans cannot be started", again="scans are started again"
        )
        self._looking_back = Background(
            "back-checks", scanning.look_back, LOOK, logger=logger, failing="back-checks fail", again="back-checks go on"
        )

    def wake(self) -> None:
        """There may be something to read: do not wait for the next look."""
        self._reading.wake()

    def close(self) -> None:
        """Stop, after the pages that are being read. Idempotent."""
        self._scanning.stop.set()
        self._reading.close()
        self._looking_back.close()


def _is_ours(allow: AllowList, origin: str) -> bool:
    """Whether an origin is listed in `SIDIK_FETCH_ALLOW`: the operator's own is read at the pace that its robots.txt allows."""
    parts = urlsplit(origin)
    return allow.lists(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
