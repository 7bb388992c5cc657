"""Back-checks: a copy may be read before its original enters the index. New articles are held against the pages of the last days.

The pages' fingerprints are kept in an index in memory, made from the store when it is first needed. One process at a time does
this work, by a lease; the number of the last change that was dealt with stands in the store.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace
from typing import Any

from api.captures import keep_capture, warc_of
from api.checks import CHECKS, announce_again, has_text, save_check
from api.clock import microseconds
from api.events import COPYING
from api.leases import SECOND, Lease, LeaseLost, claim_row, is_held, release, renew
from api.scanning.fetching import Fetched, FetchError
from api.scanning.findings import claim_finding, finding_id
from api.scanning.readers.items import Rejected
from api.scanning.readers.pages import ACCEPT_PAGE
from api.scanning.revisits import plan_revisit
from api.scanning.scans import SCANS
from api.scanning.seen import PAGES, digest_of, forget_unseen
from api.scanning.tools import Tools, read_answer
from api.scanning.urls import site_of
from detector import Article, CheckRequest
from fingerprints.errors import RecordConflict
from fingerprints.fingerprint import SCHEME, fingerprint
from fingerprints.index import Entry
from fingerprints.segments import SegmentIndex
from fingerprints.stores.contract import Between, Doc, Kind, Record, Store
from fingerprints.tokens import tokenize

STATE, ROW = Kind("backcheck", ("due_at",)), "articles"
"""One row: `seq`, the last change dealt with; `done_at`, as of when it was held against the pages."""
DAYS = 30
"""Pages read longer ago are not looked at again."""
OVERLAP = 300 * SECOND
"""Microseconds by which pages written by other machines may come late."""
LEASE = 20.0
"""Seconds, as scans are held: what a killed process had waits so long."""
BATCH = 200
PRUNED = 20
"""Old scans that are forgotten in one go."""
PAGES_PRUNED = 200
"""Old pages that are looked at in one go."""
HOUR = 3600 * SECOND
"""Between two passes over the old pages."""


class Backcheck:
    """The back-checks of one process; used from one thread."""

    def __init__(self, tools: Tools, owner: str) -> None:
        self._tools, self._owner = tools, owner
        self._store = tools.detector.store
        self._lease: Lease | None = None
        self._pruned: tuple[int, str] | None = None
        self._prune_at = 0
        self._forget()
        self._begin()

    def step(self) -> bool:
        """Deal with the next changes of the archive; False when there are none, or when another process does it."""
        if not self._hold():
            return False
        assert self._lease is not None
        self._prune()
        seq = self._lease.doc["seq"]
        changes = self._store.changes(seq, BATCH) if self._store.last_seq() > seq else []
        if not changes:
            return False
        self._tools.detector.follow()
        self._catch_up(self._lease.doc)
        stored = self._store.by_seq([change.seq for change in changes if change.kind == "put"])
        for change in changes:
            if change.seq in stored and stored[change.seq].article.rights == "own":
                self._look(stored[change.seq].article)
            if self._tools.stop.is_set() or not self._hold(change.seq):
                return False
        return self._write(changes[-1].seq)

    @property
    def is_behind(self) -> bool:
        """Whether there is something to do that another process holds, or held when it was killed."""
        row = self._store.records.get(STATE, ROW)
        if row is None or self._lease is not None or not is_held(row.doc, microseconds(self._tools.clock())):
            return False
        return bool(row.doc["seq"] < self._store.last_seq())

    def close(self) -> None:
        """Let another process do it."""
        if self._lease is not None:
            with suppress(LeaseLost):
                release(self._store, self._lease, None)
            self._lease = None

    def _begin(self) -> None:
        """Articles that are there before the first page is read need no second look."""
        if self._store.records.get(STATE, ROW) is None:
            doc = {"seq": self._store.last_seq(), "done_at": 0, "due_at": None, "lease": None}
            try:
                self._store.records.insert(STATE, ROW, doc)
            except RecordConflict:
                return

    def _hold(self, done: int | None = None) -> bool:
        """Whether the work is ours; kept for longer where its time runs short. `done`: the change that was dealt with."""
        at = microseconds(self._tools.clock())
        if self._lease is None:
            self._lease = claim_row(self._store, STATE, ROW, self._owner, at, LEASE) if done is None else None
        elif self._lease.until - at < LEASE / 2 * SECOND:
            return self._write(done)
        return self._lease is not None

    def _write(self, done: int | None) -> bool:
        """Keep the work, and write down how far it is; False when another process has taken it over."""
        assert self._lease is not None
        at = microseconds(self._tools.clock())
        changes = {} if done is None else {"seq": done, "done_at": self._caught_up_at}
        try:
            self._lease = renew(self._store, self._lease, at, LEASE, changes)
        except LeaseLost:
            self._lease = None
        return self._lease is not None

    def _prune(self) -> None:
        """Forget old scans, and pages that were not met since."""
        at = microseconds(self._tools.clock())
        before = at - self._tools.keep_days * 86_400 * SECOND
        prune(self._store, before)
        if self._prune_at <= at:
            self._pruned = forget_unseen(self._store, before, self._pruned, PAGES_PRUNED)
            if self._pruned is None:
                self._prune_at = at + HOUR

    def _forget(self) -> None:
        self._index = SegmentIndex.open(None, store_uuid="pages", scheme=SCHEME)
        self._pages: dict[int, str] = {}
        self._known: dict[str, tuple[int, str]] = {}
        self._read_to = 0
        self._since = 0
        self._caught_up_at = 0

    def _catch_up(self, state: Doc) -> None:
        """Take in the pages that were read since, those first that were checked before the last changes were seen."""
        self._caught_up_at = now = microseconds(self._tools.clock())
        oldest = now - DAYS * 86_400 * SECOND
        if self._since and oldest - self._since > 86_400 * SECOND:
            self._forget()  # a day's pages have become too old
        self._since = self._since or oldest
        after: tuple[int, str] | None = None
        low = max(oldest, self._read_to - OVERLAP)
        while found := self._store.records.find(PAGES, {"at": Between(low, None)}, order="at", limit=500, after=after):
            for record in found:
                self._take(record, state)
                if self._lease is not None:
                    self._hold()
            after = (found[-1].doc["at"], found[-1].id)
            self._read_to = max(self._read_to, found[-1].doc["at"])

    def _take(self, page: Record, state: Doc) -> None:
        doc = page.doc
        known = self._known.get(page.id)
        if doc["check_id"] is None or doc.get("alias") or (known is not None and known[1] == doc["check_id"]):
            return
        check = self._store.records.get(CHECKS, doc["check_id"])
        if check is None or not has_text(check.doc["report"]):
            return
        number = self._index.seq + 1
        text = check.doc["report"]["submission"]["text"]
        entry = Entry(number, fingerprint(tokenize(text)), known[0] if known else None)
        self._index.apply([entry], number)
        self._pages[number], self._known[page.id] = page.id, (number, doc["check_id"])
        if doc["seq"] < state["seq"] and doc["at"] >= state["done_at"] - OVERLAP:
            self._check_again(page.id, None)

    def _look(self, article: Article) -> None:
        """Hold one article against the pages."""
        if not self._pages:
            return
        found = self._index.candidates(fingerprint(tokenize(article.text)))
        likely = found.verbatim | (found.weight >= self._tools.detector.policy.candidate_weight)
        for number in found.seq[likely].tolist():
            self._check_again(self._pages[number], article.id)

    def _check_again(self, page_id: str, article_id: str | None) -> None:
        """Check a page's text anew; what is found now and was not is kept, with the page's source and scan."""
        page = self._store.records.get(PAGES, page_id)
        check = self._store.records.get(CHECKS, page.doc["check_id"]) if page is not None and page.doc["check_id"] else None
        if page is None or check is None or not has_text(check.doc["report"]):
            return
        if check.doc["flagged"] and article_id in check.doc["article_ids"]:
            return
        told = check.doc["report"]["submission"]
        request = CheckRequest(text=told["text"], title=told["title"], url=told["url"], page_published_at=told["published_at"])
        if not self._is_new(self._tools.detector.run(request).to_dict(), check):
            return
        answers, links = self._fetched(told["url"], told["text"])
        report = self._tools.detector.run(replace(request, links=links)).to_dict()
        if self._is_new(report, check):
            self._keep(page, check, report, answers)

    def _is_new(self, report: dict[str, Any], check: Record) -> bool:
        """Whether a report tells of a copy that the kept check does not."""
        ids = {match["article"]["id"] for match in report["matches"] if match["verdict"] in COPYING}
        return bool(report["flagged"]) and not (check.doc["flagged"] and ids <= set(check.doc["article_ids"]))

    def _fetched(self, url: str, text: str) -> tuple[list[Fetched], tuple[str, ...] | None]:
        """The page as it is now, for the evidence, and what it links to; nothing of one that has another text by now."""
        try:
            answer = self._tools.fetcher.get(url, ACCEPT_PAGE)
            read = read_answer(self._tools, answer) if answer.status == 200 else None
        except FetchError:
            return [], None
        if read is None or isinstance(read, Rejected) or digest_of(read[0].text) != digest_of(text):
            return [], None
        return read[1], read[0].page.links

    def _keep(self, page: Record, check: Record, report: dict[str, Any], answers: list[Fetched]) -> None:
        store, url, text = self._store, report["submission"]["url"], report["submission"]["text"]
        newest = ",".join(sorted(match["article"]["id"] for match in report["matches"]))
        report["id"] = id = hashlib.sha256(f"back {check.id} {newest}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
        if not check.doc["flagged"]:
            id = claim_finding(store, finding_id(site_of(url), digest_of(text)), id, url, report["created_at"])
        if id == report["id"]:
            if answers:
                keep_capture(store, id, warc_of(answers, self._tools.clock(), self._tools.software))
            try:
                save_check(store, report, check.doc["source_id"], check.doc["scan_id"])
            except RecordConflict:
                announce_again(store, id)
        plan_revisit(store, url, id, digest_of(text), report, self._tools.clock())
        changed = {**page.doc, "check_id": id, "seq": self._tools.detector.index.seq}
        try:
            store.records.replace(PAGES, page.id, changed, page.rev)
        except RecordConflict:
            return  # it was read anew meanwhile, and checked against the new article


def prune(store: Store, before: int) -> None:
    """Forget scans asked for before that moment, and their checks that found nothing; what was flagged stays."""
    for scan in store.records.find(SCANS, {"at": Between(None, before)}, order="at", limit=PRUNED):
        while found := store.records.find(CHECKS, {"scan_id": scan.id, "flagged": False}, limit=200):
            for check in found:
                store.records.delete(CHECKS, check.id)
        store.records.delete(SCANS, scan.id)
