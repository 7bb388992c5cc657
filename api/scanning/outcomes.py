"""What becomes of a page that was read: an article of ours, a check and its finding; and that it is written down as done.

What is done with a page is written down before the next one is asked for, in an order in which a crash at any point loses
nothing: whoever takes the scan over goes on behind the last page that was finished.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.captures import keep_capture, warc_of
from api.checks import announce_again, save_check
from api.clock import microseconds
from api.leases import SECOND
from api.scanning.fetching import Fetched
from api.scanning.findings import claim_finding, finding_id
from api.scanning.published import Published
from api.scanning.readers.site import validators
from api.scanning.revisits import plan_revisit
from api.scanning.seen import Seen, digest_of
from api.scanning.tally import Tally
from api.scanning.tools import Tools
from api.scanning.urls import page_key, site_of
from detector import Article, CheckRequest
from fingerprints.dates import format_time
from fingerprints.errors import InputError, RecordConflict
from fingerprints.stores.contract import Doc

HALF_DAY = 43_200 * SECOND


@dataclass(slots=True)
class Place:
    """A page of this scan. `said`: what its listing says of it; `stamp`: its last change by that, `part`: the listing, `number`:
    in a WordPress API. `known`: what was written down of it last. `aliases`: further addresses. `digest`: of its text as it is
    now, `listed`: of that which stands in the listing. `again`: it is asked for again, not listed: what is found as before is
    not counted."""

    url: str
    said: Mapping[str, str | None] = field(default_factory=dict)
    stamp: str | None = None
    part: str | None = None
    number: int | None = None
    known: Doc | None = None
    answer: Fetched | None = None
    aliases: tuple[str, ...] = ()
    digest: str | None = None
    listed: str | None = None
    again: bool = False

    @property
    def change(self) -> str:
        """What a scan counts when its text is not that which was known."""
        return "new" if self.known is None else "changed"


@dataclass(slots=True)
class Read:
    """A page as it was had: its text, the answers it came from, and what it says of itself."""

    url: str
    text: str
    title: str | None
    published_at: str | None
    links: tuple[str, ...] | None
    answers: list[Fetched]

    def request(self) -> CheckRequest:
        """To check it."""
        return CheckRequest(text=self.text, title=self.title, url=self.url, links=self.links, page_published_at=self.published_at)


class Outcomes:
    """Keeps what one scan of one source finds."""

    def __init__(self, tools: Tools, scan_id: str, source_id: str, seen: Seen, published: Published, tally: Tally) -> None:
        self._tools, self._scan_id, self._source_id = tools, scan_id, source_id
        self._seen, self._published, self._tally = seen, published, tally
        self._store = tools.detector.store

    def keep_article(self, article: Article, place: Place, *, whole: bool) -> None:
        """Into the index; an article that is there already with the same words is not new. `whole`: its text stands in the
        listing. Raises `InputError`."""
        refused: list[str] = []
        counts = self._tools.detector.add_many([article], on_rejected=lambda _, error: refused.append(str(error)))
        if refused:
            raise InputError("article", refused[0])
        counted = ("new",) if counts.created else ("changed",) if counts.updated else () if place.again else ("unchanged",)
        self._tally.add(counted)
        self._published.keep(
            article.id,
            place.url,
            said=place.said,
            published_at=article.published_at,
            part=place.part,
            number=place.number,
            whole=whole,
        )
        self.mark(place, counted, listed=place.digest)

    def check(self, read: Read, place: Place) -> None:
        """Check a text, and keep the report; the same copy at another address is a further place of the finding."""
        detector, store = self._tools.detector, self._store
        seq = detector.index.seq
        report = detector.run(read.request()).to_dict()
        report["id"] = check_id = hashlib.sha256(f"{self._scan_id} {page_key(place.url)}".encode()).hexdigest()[:24]
        counted = [place.change]
        if report["flagged"]:
            at = report["created_at"]
            kept = claim_finding(store, finding_id(site_of(read.url), digest_of(read.text)), check_id, read.url, at)
            if kept == check_id:
                counted += ["checked", "flagged"]
                if read.answers:
                    keep_capture(store, check_id, warc_of(read.answers, self._tools.clock(), self._tools.software))
                self._save(report)
            else:
                counted.append("places")
                check_id = kept
            plan_revisit(store, read.url, check_id, digest_of(read.text), report, self._tools.clock())
        else:
            counted.append("checked")
            self._save(report)
        self._tally.add(counted)
        place.answer = read.answers[0] if read.answers else None
        self.mark(place, counted, check_id=check_id, seq=seq, listed=place.listed or place.digest)

    def skip(self, place: Place) -> None:
        """The page holds nothing to keep. What is known of one that was only asked for again stays."""
        if place.again:
            return
        place.digest = None
        self.mark(place, ("skipped",))

    def same(self, place: Place, known: Doc) -> None:
        """The page is as it was when it was `known`, or as its twin is."""
        counted = () if place.again else ("unchanged",)
        self._tally.add(counted)
        self.mark(place, (), known={**known, "withdrawn_at": None})

    def leave(self, place: Place, known: Doc) -> None:
        """The page is listed as it is known, and not asked for. One that was read long ago is written down, so that it is not
        forgotten as long as it is listed."""
        self._tally.add(("unchanged",))
        if known["at"] < microseconds(self._tools.clock()) - self._tools.keep_days * HALF_DAY:
            place.stamp, place.digest = known["stamp"], known["digest"]
            self.mark(place, (), known=known)

    def withdraw(self, place: Place, id: str) -> None:
        """The page of our article with this id is gone from the site; the archive keeps it."""
        at = self._tools.clock()
        if self._published.withdraw(id, place.url):
            self._tally.add(("withdrawn",))
        place.digest = None
        self.mark(place, ("withdrawn",), known={**(place.known or {}), "withdrawn_at": format_time(at)})

    def mark(
        self, place: Place, counted: tuple[str, ...] | list[str], *, known: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        """Write down that the page is done; from here on it is not asked for again in this scan. `known`: what stays of what was
        written down of it before."""
        doc: dict[str, Any] = {
            "check_id": None,
            "seq": 0,
            "listed": None,
            "validators": {},
            "withdrawn_at": None,
            "source_id": self._source_id,
            **(known or {}),
            "url": place.url,
            "at": microseconds(self._tools.clock()),
            "scan_id": self._scan_id,
            "stamp": place.stamp,
            "digest": place.digest,
            "counted": list(counted),
            **more,
        }
        if place.answer is not None:
            doc["validators"] = validators(place.answer)
        self._seen.put(place.url, doc)
        twins = [each for each in place.aliases if page_key(each) != page_key(place.url)]
        for twin in dict.fromkeys(twins):
            self._seen.put(twin, {**doc, "alias": True})

    def _save(self, report: dict[str, Any]) -> None:
        try:
            save_check(self._store, report, self._source_id, self._scan_id)
        except RecordConflict:  # kept before a crash, which may have come before anyone was told
            announce_again(self._store, report["id"])
