"""Scanner: reads one source for one scan: each new or changed page is extracted, checked, and kept with its report."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from api.leases import Lease
from api.scanning.fetching import Fetched, FetchError, FetchFailed
from api.scanning.hosts import SiteClosed, Stopped
from api.scanning.opening import ScanSite, open_source
from api.scanning.outcomes import Outcomes, Place, Read
from api.scanning.published import Published
from api.scanning.readers.ids import id_from_url
from api.scanning.readers.items import Item, Listing, Notes, Pointed, Rejected, Taken
from api.scanning.readers.memory import Memory
from api.scanning.readers.pages import ACCEPT_PAGE, NoArticle, ReadPage, article_of
from api.scanning.seen import PAGES, Seen, digest_of
from api.scanning.tally import Tally
from api.scanning.tools import Tools, read_answer
from api.scanning.urls import clean_url, is_front_page, origin_of
from api.scanning.withdrawals import Withdrawals
from detector import Article
from fingerprints.errors import InputError
from fingerprints.stores.contract import Doc, Record

T = TypeVar("T")
GONE = (404, 410)
BUSY_SECONDS = 2.0
"""A page waits so long at most while requests of people keep the server busy."""


class SourceScan:
    """One scan of one source. `tally` and the rest may be looked at from another thread while it runs."""

    def __init__(self, tools: Tools, scan: Lease, source: Record, *, on_step: Callable[[SourceScan], None] = lambda _: None):
        self.tools, self.scan, self.source = tools, scan, source
        self.tally = Tally()
        self.reader: Listing | None = None
        self.reads: dict[str, str] | None = None
        self.lost = threading.Event()
        self._requests_before = tools.fetcher.requests
        self._on_step = on_step
        self._is_own = source.doc["role"] == "own"
        self._store = tools.detector.store
        self._seen = Seen(self._store, source.doc["role"])
        self._published = Published(self._store, source.id, tools.clock)
        self._outcomes = Outcomes(tools, scan.id, source.id, self._seen, self._published, self.tally)
        self._site = ScanSite(tools.fetcher, Memory(self._store, f"source {source.id} "), Notes(), tools.max_bytes)

    def run(self) -> None:
        """Read everything. Raises `InputError` or `FetchError` where the source cannot be read, `Stopped`, `StoreError`."""
        if self.scan.doc["started_at"] is not None:
            self._recall()
        self.reader, self.reads = open_source(self.source.doc, self._site, self.tools.fetcher.robots, self._is_known)
        for item in self.reader.items():
            self._look()
            self._guard(item.url if isinstance(item, Pointed) else item.place, self._item, item)
            self._on_step(self)
        if self._is_own:
            for record in Withdrawals(self._published, self.reader, self.tally).to_ask():
                self._look()
                self._guard(record.doc["url"], self._ask_again, record)
        if self.reader.state is not None:
            self._site.memory.save_state(self.reader.label, self.reader.state)

    def progress(self) -> dict[str, Any]:
        """What the scan's row keeps while it runs."""
        reader = self.reader
        return {
            **self.tally.counts,
            "total": reader.total if reader else None,
            "done": reader.done if reader else 0,
            "errors": list(self.tally.errors),
            "error_count": self.tally.error_count,
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
                if not record.doc.get("alias"):
                    self.tally.add(record.doc["counted"])
            after = (None, found[-1].id)

    def _is_known(self, url: str) -> bool:
        """Whether the page was read by an earlier scan."""
        known = self._seen.get(url)
        return known is not None and known["scan_id"] != self.scan.id

    def _guard(self, url: str, work: Callable[[T], None], what: T) -> None:
        """Do what is to be done with one page; what goes wrong is named, and the rest goes on."""
        try:
            work(what)
        except FetchError as error:
            if isinstance(error, SiteClosed) and self._is_listed_by(error.url):
                self._site.failures.append(url)
                raise
            if _is_passing(error):
                self._site.failures.append(url)
            self.tally.error(url, error.reason)
        except InputError as error:
            self.tally.error(url, str(error))

    def _is_listed_by(self, url: str) -> bool:
        """Whether a page stands where the source itself does: then the rest of it cannot be read either. A feed may point to many
        sites; that one of them is left alone costs no other."""
        assert self.reader is not None
        listings = [each for each in (self.reader.label, self.source.doc["url"]) if clean_url(each)]
        return origin_of(url) in map(origin_of, listings)

    def _item(self, item: Item) -> None:
        if isinstance(item, Rejected):
            self.tally.error(item.place, item.reason)
        elif isinstance(item, Taken):
            self._whole(item)
        else:
            self._pointed(item)

    def _pointed(self, item: Pointed) -> None:
        url = clean_url(item.url)
        if url is None:
            self.tally.error(item.url, "is no http or https URL")
            return
        if not self.tally.comes(url):
            return
        known = self._seen.get(url)
        place = Place(url, item.said, item.stamp, self._part(item), known=known)
        if known is not None:
            if known["scan_id"] == self.scan.id:
                return  # done before this scan was interrupted
            if self._is_own:
                self._published.listed(id_from_url(url), place.part)
            if not (item.again or known["withdrawn_at"]) and (item.stamp is None or item.stamp == known["stamp"]):
                self._outcomes.leave(place, known)
                return
        self._ask(place, item.answer)

    def _part(self, item: Pointed | Taken) -> str | None:
        """The listing an item stands in; None where that lists only what changed."""
        assert self.reader is not None
        return (item.part or self.reader.label) if item.number is None else None

    def _ask(self, place: Place, answer: Fetched | None = None) -> None:
        """Fetch a page, and do with it what its answer asks for."""
        url, known = place.url, place.known
        conditions = known["validators"] if known and not known["withdrawn_at"] else {}
        try:
            place.answer = answer or self.tools.fetcher.get(url, {**ACCEPT_PAGE, **conditions})
        except FetchFailed as error:
            if not _is_passing(error):
                self._outcomes.skip(place)
            raise
        status = place.answer.status
        if status == 304 and known is not None:
            place.digest, place.answer = known["digest"], None
            self._outcomes.same(place, known)
        elif self._is_own and self._is_gone(url, place.answer) and self._store.get(id_from_url(url)) is not None:
            self._outcomes.withdraw(place, id_from_url(url))
        elif status >= 500 or status == 429:
            self._site.failures.append(url)
            self.tally.error(url, f"the server answered {status}")
        elif status != 200:
            self.tally.error(url, f"the server answered {status}")
            self._outcomes.skip(place)
        else:
            self._answered(place, place.answer)

    def _is_gone(self, url: str, answer: Fetched) -> bool:
        """Whether an answer says that the page is no more: so it does where it leads to the front page instead."""
        return answer.status in GONE or (answer.status == 200 and is_front_page(answer.url) and not is_front_page(url))

    def _answered(self, place: Place, answer: Fetched) -> None:
        read = self._read(answer)
        if isinstance(read, Rejected):
            self.tally.add(("skipped",))
            if not isinstance(read, NoArticle):
                self.tally.error(place.url, read.reason)
            self._outcomes.skip(place)
            return
        page, answers = read
        own = clean_url(page.url or answer.url) or place.url
        place.digest = digest_of(page.text)
        place.aliases = (answer.url, own)
        same = place.known if place.known is not None and place.known["digest"] == place.digest else None
        if place.known is None and own != place.url:
            same = self._twin(own, place.digest)
        if same is not None:
            self._outcomes.same(place, same)
            return
        self.tally.pass_over(*place.aliases)
        if self._is_own:
            article = article_of(page, place.url, id_from_url(place.url), place.said)
            if isinstance(article, Rejected):
                raise InputError("page", article.reason)
            self._outcomes.keep_article(article.article, place, whole=False)
            return
        title, published = page.page.title or place.said.get("title"), place.said.get("published_at") or page.page.published_at
        self._outcomes.check(Read(own, page.text, title, published, page.page.links, answers), place)

    def _twin(self, url: str, digest: str) -> Doc | None:
        """What is known of the canonical address, where it was read with the same text."""
        known = self._seen.get(url)
        return known if known is not None and known["digest"] == digest else None

    def _read(self, answer: Fetched) -> tuple[ReadPage, list[Fetched]] | Rejected:
        """The article of a page, and the answers it came from; further pages of it do not come again."""
        read = read_answer(self.tools, answer, on_error=self.tally.error)
        if not isinstance(read, Rejected):
            self.tally.pass_over(*(further.url for further in read[1][1:]))
        return read

    def _whole(self, item: Taken) -> None:
        """An article that stands in the listing with its whole text."""
        article = item.article
        url = clean_url(article.url) if article.url else None
        place = Place(url or f"{self.source.doc['url']}#{article.id}", part=self._part(item), number=item.number)
        if not self.tally.comes(place.url):
            return
        place.known, place.digest = self._seen.get(place.url), digest_of(article.text)
        if place.known is not None and place.known["scan_id"] == self.scan.id:
            return
        if self._is_own and place.known is not None:
            self._published.listed(article.id, place.part)
        if place.known is not None and place.known["listed"] == place.digest and not place.known["withdrawn_at"]:
            self._outcomes.leave(place, place.known)
            return
        if self._is_own:
            self._outcomes.keep_article(article, place, whole=True)
            return
        self._check_whole(article, url, place)

    def _check_whole(self, article: Article, url: str | None, place: Place) -> None:
        """Check the text of a listing, and, where it is a copy, the page behind it instead."""
        read = Read(url or self.source.doc["url"], article.text, article.title, article.published_at, None, [])
        place.listed = place.digest
        if url is not None and self.tools.detector.run(read.request()).flagged:
            read = self._page_behind(read, url)
        place.digest = digest_of(read.text)
        self._outcomes.check(read, place)

    def _page_behind(self, read: Read, url: str) -> Read:
        """The page of a text that a listing holds: what it links to, and the capture for the evidence. The text of the listing
        stays where the page cannot be had."""
        try:
            answer = self.tools.fetcher.get(url, ACCEPT_PAGE)
        except SiteClosed:
            raise
        except FetchError as error:
            self.tally.error(url, error.reason)
            return read
        found = self._read(answer) if answer.status == 200 else None
        if found is None or isinstance(found, Rejected):
            return read
        page, answers = found
        own = clean_url(page.url or answer.url) or url
        whole = Read(own, page.text, page.page.title or read.title, read.published_at, page.page.links, answers)
        return whole if self.tools.detector.run(whole.request()).flagged else read

    def _ask_again(self, record: Record) -> None:
        """Ask for the page of an article of ours once more: is it there, and as it was? Of one whose text came with the listing
        only the first counts: the listing tells of changes."""
        id, doc = record.id, record.doc
        if self._store.get(id) is None:
            self._published.forget(id)  # deleted from the archive, and not to come back by itself
            return
        known = self._seen.get(doc["url"])
        if known is None or known["scan_id"] != self.scan.id:
            stamp = known["stamp"] if known else None
            place = Place(doc["url"], doc["said"], stamp, doc["part"], doc["number"], known=known, again=True)
            try:
                self._ask_whether_there(id, place) if doc["whole"] else self._ask(place)
            except (FetchError, InputError):
                self._published.asked(id)
                raise
        self._published.asked(id)

    def _ask_whether_there(self, id: str, place: Place) -> None:
        answer = self.tools.fetcher.get(place.url, ACCEPT_PAGE)
        if self._is_gone(place.url, answer):
            self._outcomes.withdraw(place, id)
        elif answer.status == 200:
            self._published.returned(id)


def _is_passing(error: FetchError) -> bool:
    """Whether what went wrong may have passed by the next time."""
    return isinstance(error, FetchFailed) and error.kind in ("timeout", "connection", "closed")
