"""Scanner: reads one source for one scan: each new or changed page is extracted, checked, and kept with its report.

What is done with a page is written down before the next one is asked for, in an order in which a crash at any point loses
nothing: whoever takes the scan over goes on behind the last page that was finished.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api.captures import keep_capture, warc_of
from api.checks import announce_again, save_check
from api.clock import microseconds
from api.leases import Lease
from api.scanning.fetching import Fetched, FetchError, FetchFailed
from api.scanning.findings import claim_finding, finding_id
from api.scanning.hosts import SiteClosed, Stopped
from api.scanning.opening import ScanSite, open_source
from api.scanning.readers.ids import id_from_url
from api.scanning.readers.items import Item, Notes, Pointed, Reader, Rejected, Taken
from api.scanning.readers.memory import Memory
from api.scanning.readers.pages import ACCEPT_PAGE, NoArticle, ReadPage, article_of
from api.scanning.readers.site import validators
from api.scanning.revisits import plan_revisit
from api.scanning.scans import COUNTS, MAX_ERRORS
from api.scanning.seen import PAGES, Seen, digest_of
from api.scanning.tools import Tools, read_answer
from api.scanning.urls import clean_url, page_key, site_of
from detector import Article, CheckRequest
from fingerprints.dates import format_time
from fingerprints.errors import InputError, RecordConflict
from fingerprints.stores.contract import Doc, Record

GONE = (404, 410)
BUSY_SECONDS = 2.0
"""A page waits so long at most while requests of people keep the server busy."""


@dataclass(slots=True)
class Read:
    """A page as it was had: its text, the answers it came from, and what it says of itself."""

    url: str
    text: str
    title: str | None
    published_at: str | None
    links: tuple[str, ...] | None
    answers: list[Fetched]


class SourceScan:
    """One scan of one source. `counts` and the rest may be looked at from another thread while it runs."""

    def __init__(self, tools: Tools, scan: Lease, source: Record, *, on_step: Callable[[SourceScan], None] = lambda _: None):
        self.tools, self.scan, self.source = tools, scan, source
        self.counts = dict.fromkeys(COUNTS, 0)
        self.errors: list[dict[str, str]] = []
        self.error_count = 0
        self.reader: Reader | None = None
        self.reads: dict[str, str] | None = None
        self.lost = threading.Event()
        self._requests_before = tools.fetcher.requests
        self._on_step = on_step
        self._role = source.doc["role"]
        self._store = tools.detector.store
        self._seen = Seen(self._store, self._role)
        self._notes = Notes()
        self._keys: set[str] = set()
        self._site = ScanSite(tools.fetcher, Memory(self._store, f"source {source.id} "), self._notes, tools.max_bytes)

    def run(self) -> None:
        """Read everything. Raises `InputError` or `FetchError` where the source cannot be read, `Stopped`, `StoreError`."""
        if self.scan.doc["started_at"] is not None:
            self._recall()
        self.reader, self.reads = open_source(self.source.doc, self._site, self.tools.fetcher.robots)
        for item in self.reader.items():
            self._look()
            self._item(item)
            self._on_step(self)
        if self._role == "own":
            self._find_withdrawn()
        if self.reader.state is not None:
            self._site.memory.save_state(self.reader.label, self.reader.state)

    def progress(self) -> dict[str, Any]:
        """What the scan's row keeps while it runs."""
        reader = self.reader
        return {
            **self.counts,
            "total": reader.total if reader else None,
            "done": reader.done if reader else 0,
            "errors": list(self.errors),
            "error_count": self.error_count,
            "requests": self.tools.fetcher.requests - self._requests_before,
        }

    def _look(self) -> None:
        """Between two pages: is the scan still ours, and is there room for a check?"""
        for _ in range(int(BUSY_SECONDS / 0.1)):
            if self.lost.is_set() or self.tools.stop.is_set():
                raise Stopped
            if not self.tools.busy():
                return
            self.tools.hosts.wait(0.1)

    def _recall(self) -> None:
        """Count what was done before whoever had this scan stopped."""
        after = None
        while found := self._store.records.find(PAGES, {"scan_id": self.scan.id}, limit=500, after=after):
            for record in found:
                for name in record.doc["counted"] if not record.doc.get("alias") else ():
                    self.counts[name] += 1
            after = (None, found[-1].id)

    def _item(self, item: Item) -> None:
        url = item.url if isinstance(item, Pointed) else item.place
        try:
            if isinstance(item, Pointed):
                self._pointed(item)
            elif isinstance(item, Taken):
                self._whole(item.article)
            else:
                self._error(url, item.reason)
        except SiteClosed as error:
            self._site.failures.append(url)
            raise error
        except FetchError as error:
            passing = isinstance(error, FetchFailed) and error.kind in ("timeout", "connection", "closed")
            if passing:
                self._site.failures.append(url)
            self._error(url, error.reason)
            if not passing and isinstance(error, FetchFailed) and isinstance(item, Pointed):
                self._mark(item.url, item.stamp, None, ("skipped",))
        except InputError as error:
            self._error(url, str(error))

    def _error(self, url: str, detail: str) -> None:
        self.error_count += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append({"url": url[:2000], "detail": detail[:500]})

    def _first_time(self, url: str) -> bool:
        """Whether the page comes for the first time in this scan."""
        key = page_key(url)
        if key in self._keys:
            return False
        self._keys.add(key)
        self.counts["seen"] += 1
        return True

    def _pointed(self, item: Pointed) -> None:
        url = clean_url(item.url)
        if url is None:
            self._error(item.url, "is no http or https URL")
            return
        if not self._first_time(url):
            return
        known = self._seen.get(url)
        if known is not None:
            if known["scan_id"] == self.scan.id:
                return  # done before this scan was interrupted
            if not item.again and (item.stamp is None or item.stamp == known["stamp"]):
                self.counts["unchanged"] += 1
                return
        answer = item.answer or self.tools.fetcher.get(url, {**ACCEPT_PAGE, **(known["validators"] if known else {})})
        if answer.status == 304 and known is not None:
            self.counts["unchanged"] += 1
            self._mark(url, item.stamp, known["digest"], (), known=known)
        elif answer.status in GONE:
            self._gone(url, item, known, answer)
        elif answer.status >= 500 or answer.status == 429:
            self._site.failures.append(url)
            self._error(url, f"the server answered {answer.status}")
        elif answer.status != 200:
            self._error(url, f"the server answered {answer.status}")
            self._mark(url, item.stamp, None, ("skipped",))
        else:
            self._answered(url, item, known, answer)

    def _gone(self, url: str, item: Pointed, known: Doc | None, answer: Fetched) -> None:
        if self._role == "own" and known is not None and known["digest"] is not None:
            self.counts["withdrawn"] += 1
            self._mark(url, item.stamp, None, ("withdrawn",), known={**known, "withdrawn_at": format_time(self.tools.clock())})
            return
        self._error(url, f"the server answered {answer.status}")
        self._mark(url, item.stamp, None, ("skipped",))

    def _answered(self, url: str, item: Pointed, known: Doc | None, answer: Fetched) -> None:
        read = self._read(answer)
        if isinstance(read, Rejected):
            self.counts["skipped"] += 1
            if not isinstance(read, NoArticle):
                self._error(url, read.reason)
            self._mark(url, item.stamp, None, ("skipped",), answer=answer)
            return
        page, answers = read
        own = clean_url(page.url or answer.url) or url
        digest = digest_of(page.text)
        aliases = (answer.url, own)
        if known is not None and known["digest"] == digest:
            self.counts["unchanged"] += 1
            self._mark(url, item.stamp, digest, (), *aliases, known=known, answer=answer)
            return
        if known is None and own != url and (twin := self._twin(own, digest)) is not None:
            self.counts["unchanged"] += 1
            self._mark(url, item.stamp, digest, (), *aliases, known=twin, answer=answer)
            return
        self._keys.update(page_key(each) for each in aliases)
        change = "new" if known is None else "changed"
        if self._role == "own":
            article = article_of(page, url, id_from_url(url), item.said)
            if isinstance(article, Rejected):
                raise InputError("page", article.reason)
            self._keep_own(article.article, url, item.stamp, digest, change, *aliases, answer=answer)
            return
        title, published = page.page.title or item.said.get("title"), item.said.get("published_at") or page.page.published_at
        self._check(Read(own, page.text, title, published, page.page.links, answers), url, item.stamp, digest, change, *aliases)

    def _twin(self, url: str, digest: str) -> Doc | None:
        """What is known of the canonical address, where it was read with the same text."""
        known = self._seen.get(url)
        return known if known is not None and known["digest"] == digest else None

    def _read(self, answer: Fetched) -> tuple[ReadPage, list[Fetched]] | Rejected:
        """The article of a page, and the answers it came from; further pages of it do not come again."""
        read = read_answer(self.tools, answer, on_error=self._error)
        if not isinstance(read, Rejected):
            self._keys.update(page_key(further.url) for further in read[1][1:])
        return read

    def _whole(self, article: Article) -> None:
        """An article that stands in the listing with its whole text."""
        url = clean_url(article.url) if article.url else None
        place = url or f"{self.source.doc['url']}#{article.id}"
        if not self._first_time(place):
            return
        known, digest = self._seen.get(place), digest_of(article.text)
        if known is not None and known["scan_id"] == self.scan.id:
            return
        if known is not None and known["listed"] == digest:
            self.counts["unchanged"] += 1
            return
        change = "new" if known is None else "changed"
        if self._role == "own":
            self._keep_own(article, place, None, digest, change)
            return
        read = Read(url or self.source.doc["url"], article.text, article.title, article.published_at, None, [])
        if url is not None and self.tools.detector.run(_request(read)).flagged:
            read = self._page_behind(read, url)
        self._check(read, place, None, digest_of(read.text), change, listed=digest)

    def _page_behind(self, read: Read, url: str) -> Read:
        """The page of a text that a listing holds: what it links to, and the capture for the evidence. The text of the listing
        stays where the page cannot be had."""
        try:
            answer = self.tools.fetcher.get(url, ACCEPT_PAGE)
        except SiteClosed:
            raise
        except FetchError as error:
            self._error(url, error.reason)
            return read
        found = self._read(answer) if answer.status == 200 else None
        if found is None or isinstance(found, Rejected):
            return read
        page, answers = found
        own = clean_url(page.url or answer.url) or url
        whole = Read(own, page.text, page.page.title or read.title, read.published_at, page.page.links, answers)
        return whole if self.tools.detector.run(_request(whole)).flagged else read

    def _keep_own(
        self,
        article: Article,
        url: str,
        stamp: str | None,
        digest: str,
        change: str,
        *aliases: str,
        answer: Fetched | None = None,
    ) -> None:
        """Into the index; an article that is there already with the same words is not new."""
        refused: list[str] = []
        counts = self.tools.detector.add_many([article], on_rejected=lambda _, error: refused.append(str(error)))
        if refused:
            raise InputError("article", refused[0])
        counted = ("new",) if counts.created else ("changed",) if counts.updated else ("unchanged",)
        self.counts[counted[0]] += 1
        self._mark(url, stamp, digest, counted, *aliases, answer=answer, listed=digest)

    def _check(
        self, read: Read, url: str, stamp: str | None, digest: str, change: str, *aliases: str, listed: str | None = None
    ) -> None:
        detector, store = self.tools.detector, self._store
        seq = detector.index.seq
        report = detector.run(_request(read)).to_dict()
        report["id"] = check_id = hashlib.sha256(f"{self.scan.id} {page_key(url)}".encode()).hexdigest()[:24]
        counted = [change]
        if report["flagged"]:
            at = report["created_at"]
            kept = claim_finding(store, finding_id(site_of(read.url), digest_of(read.text)), check_id, read.url, at)
            if kept == check_id:
                counted += ["checked", "flagged"]
                if read.answers:
                    keep_capture(store, check_id, warc_of(read.answers, self.tools.clock(), self.tools.software))
                self._save(report)
            else:
                counted.append("places")
                check_id = kept
            plan_revisit(store, read.url, check_id, digest_of(read.text), report, self.tools.clock())
        else:
            counted.append("checked")
            self._save(report)
        for name in counted:
            self.counts[name] += 1
        answer = read.answers[0] if read.answers else None
        self._mark(
            url, stamp, digest, tuple(counted), *aliases, answer=answer, check_id=check_id, seq=seq, listed=listed or digest
        )

    def _save(self, report: dict[str, Any]) -> None:
        try:
            save_check(self._store, report, self.source.id, self.scan.id)
        except RecordConflict:  # kept before a crash, which may have come before anyone was told
            announce_again(self._store, report["id"])

    def _mark(
        self,
        url: str,
        stamp: str | None,
        digest: str | None,
        counted: tuple[str, ...],
        *aliases: str,
        known: Mapping[str, Any] | None = None,
        answer: Fetched | None = None,
        **more: Any,
    ) -> None:
        """Write down that the page is done; from here on it is not asked for again in this scan."""
        doc: dict[str, Any] = {
            "check_id": None,
            "seq": 0,
            "listed": None,
            "validators": {},
            "withdrawn_at": None,
            "source_id": self.source.id,
            **(known or {}),
            "url": url,
            "at": microseconds(self.tools.clock()),
            "scan_id": self.scan.id,
            "stamp": stamp,
            "digest": digest,
            "counted": list(counted),
            **more,
        }
        if answer is not None:
            doc["validators"] = validators(answer)
        self._seen.put(url, doc)
        twins = [each for each in aliases if page_key(each) != page_key(url)]
        for twin in dict.fromkeys(twins):
            self._seen.put(twin, {**doc, "alias": True})

    def _find_withdrawn(self) -> None:
        """Own pages that the sitemap no longer lists are asked for once: what is gone is noted. The archive keeps them."""
        from api.scanning.readers.sitemap import Sitemap

        if not isinstance(self.reader, Sitemap) or self._site.failures or self._notes.skipped["sitemap not changed"]:
            return
        after = None
        while found := self._store.records.find(PAGES, {"source_id": self.source.id}, limit=200, after=after):
            for record in found:
                doc, url = record.doc, record.doc["url"]
                if doc.get("alias") or doc["withdrawn_at"] or doc["digest"] is None or page_key(url) in self._keys:
                    continue
                self._look()
                self._item(Pointed(url, {}, doc["stamp"], again=True))
            after = (None, found[-1].id)


def _request(read: Read) -> CheckRequest:
    return CheckRequest(text=read.text, title=read.title, url=read.url, links=read.links, page_published_at=read.published_at)
