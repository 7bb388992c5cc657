"""Detector: articles in, reports out."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TypeVar, TypeVarTuple, Unpack

import numpy as np
from numpy.typing import NDArray

from detector.archive import Archive
from detector.explain import explain
from detector.matching import Assessment, Pair, assess, shared_passages
from detector.policy import DUPLICATE_JACCARD, Policy
from detector.reading import Reading
from detector.report import CommonRunSpan, Engine, Report
from detector.request import CheckRequest, Stamp, describe
from detector.results import Added, Counts
from detector.verdict import FLAGGED, Circumstances
from fingerprints.article import Article
from fingerprints.dates import format_time
from fingerprints.errors import InputError
from fingerprints.fingerprint import RUN_WORDS, SCHEME
from fingerprints.index import Candidates, FingerprintIndex
from fingerprints.kernels import load as load_kernels
from fingerprints.stores import DEFAULT_URL, IndexPlace
from fingerprints.stores.contract import Put, Store

if TYPE_CHECKING:
    from detector.helpers import Helpers

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class Detector:
    """A store, its index and a policy. Thread-safe. Use as a context manager, or `close` it."""

    def __init__(
        self,
        archive: Archive,
        policy: Policy,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        policy_version: int | None = None,
        helpers: Helpers | None = None,
    ) -> None:
        """See `open` and `under`."""
        self._archive = archive
        self._policy = policy
        self._clock = clock
        self._new_id = new_id
        self._policy_version = policy_version
        self._helpers = helpers
        self._engine = Engine(_version(), SCHEME, RUN_WORDS, policy.name, policy.digest, policy_version)

    @classmethod
    def open(
        cls,
        url: str = DEFAULT_URL,
        *,
        policy: Policy | None = None,
        index: IndexPlace = "embedded",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        processes: int | None = None,
    ) -> Self:
        """Open a store (`sqlite:///PATH`, `mongodb://...`, `memory://`), made when new, and its index.

        `index`: "mongo" keeps the index inside a MongoDB store. An index that does not fit the store is rebuilt, with a warning
        and a notice. `processes`: that work in bulk is spread over, started beside this one when there is much to do (None: one
        for each core, 4 at most; 0: none), where they can share the index: beside an SQLite file, or inside MongoDB.
        Raises `InputError` (bad URL, no MongoDB for "mongo"), `StoreError`.
        """
        archive, helpers = Archive.open(url, index), None
        if processes != 0 and (index == "mongo" or url.startswith("sqlite:")):
            from detector.helpers import make_helpers  # loads what starts processes

            helpers = make_helpers(url, index, processes)
        return cls(archive, policy or Policy(), clock, new_id, helpers=helpers)

    def under(self, policy: Policy, version: int | None = None) -> Self:
        """A detector of the same archive under another policy; `version`: its number, for the report. Closing either closes
        both."""
        return type(self)(self._archive, policy, self._clock, self._new_id, version, self._helpers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def store(self) -> Store:
        """The store."""
        return self._archive.store

    @property
    def index(self) -> FingerprintIndex:
        """The index."""
        return self._archive.index

    @property
    def policy(self) -> Policy:
        """The policy every report of this detector follows."""
        return self._policy

    @property
    def notices(self) -> tuple[str, ...]:
        """What happened to the index that an administrator should know, such as a rebuild and why."""
        return tuple(self._archive.notices)

    def add(self, article: Article) -> Added:
        """Store an article and index it; findable when this returns, by every process on the store."""
        (put,) = self.store.put_many([article], self._now())
        self._archive.follow({put.seq: article})
        reading = Reading(article.text, article.title)
        return Added(put.id, put.version, put.change, len(reading), self._duplicates(reading, put.seq))

    def duplicates(self, id: str) -> tuple[tuple[str, float], ...]:
        """(id, estimated Jaccard from .5 up) of the articles that the current version of this one nearly is, the best first; none
        when there is no such article."""
        stored = self.store.get(id)
        return () if stored is None else self._duplicates(Reading(stored.article.text, stored.article.title), stored.seq)

    def add_many(
        self,
        articles: Iterable[Article],
        *,
        batch: int = 512,
        on_progress: Callable[[Counts], None] | None = None,
        on_rejected: Callable[[Article, InputError], None] | None = None,
    ) -> Counts:
        """Store and index articles, any number, `batch` a transaction. Of an id that comes twice the later replaces the earlier.

        What `on_progress` has counted is durable and findable. An article that the store refuses is counted, and named to
        `on_rejected`.
        """
        counts = Counts()
        for group in _batches(articles, batch):
            puts: list[Put] = []
            try:
                puts = self.store.put_many(group, self._now())
            except InputError:
                puts = self._put_singly(group, on_rejected)
            by_id = {article.id: article for article in group}
            self._archive.follow({put.seq: by_id[put.id] for put in puts})
            counts = counts.after(len(group), puts)
            if on_progress:
                on_progress(counts)
        return counts

    def delete(self, id: str) -> bool:
        """Delete an article with all its versions, for good; False when there was none."""
        change = self.store.delete(id, self._now())
        self._archive.follow()
        return change is not None

    def check(
        self,
        text: str,
        title: str | None = None,
        url: str | None = None,
        published_at: str | None = None,
        *,
        ref: str | None = None,
        exclude_articles: Sequence[str] = (),
        links: Sequence[str] | None = None,
        page_published_at: str | None = None,
    ) -> Report:
        """Check one text against the archive. Stores nothing.

        `published_at`: as the caller knows it; it can excuse. `page_published_at`: read from the page, a claim. `links`: the
        URLs the submission's page links to, None for bare text. `ref`: the caller's own name for it, given back.
        Raises `InputError`, `StoreError`.
        """
        return self.run(
            CheckRequest(
                text=text,
                title=title,
                url=url,
                published_at=published_at,
                ref=ref,
                exclude_articles=exclude_articles,
                links=links,
                page_published_at=page_published_at,
            )
        )

    def check_many(self, requests: Iterable[CheckRequest]) -> Iterator[Report]:
        """A report for each request, in order, as they are done; the same as `run` gives. Beyond the first few hundred, requests
        are read some hundred ahead, and other processes work on them if `open` was not told otherwise."""
        if self._helpers is None:
            yield from map(self.run, requests)
            return
        from detector.helpers import MANY, spread

        requests = iter(requests)
        yield from map(self.run, islice(requests, MANY))
        stamped, more = ((request, self.stamp()) for request in requests), partial(self.call_helpers, run_all)
        for group, reports in spread(stamped, lambda group: self.share(run_all, group), self._helpers.most, more):
            if isinstance(reports, Exception):  # met again where it belongs, after the reports before it
                reports = (self.run(*each) for each in group)
            yield from reports

    def call_helpers(self, work: Callable[..., Any]) -> None:
        """There is much `work` to do: have other processes started, if any may be, so that `share` finds them."""
        if self._helpers is not None:
            self._helpers.call(work)

    def share(self, work: Callable[[Detector, Unpack[Arguments]], T], *arguments: *Arguments) -> T:
        """What `work(detector, ...)` returns: made by a detector in another process if one was called and has nothing to do,
        else by this one, in this thread. `work`: a function of a module; what it takes and returns can be pickled."""
        if self._helpers is not None:
            done = self._helpers.do(self._policy, self._policy_version, work, arguments)
            if done is not None:
                found: T = done[0]
                return found
        return work(self, *arguments)

    def stamp(self) -> Stamp:
        """A new id, and the time, for a report that another process makes."""
        return Stamp(self._new_id(), self._now())

    def run(self, request: CheckRequest, stamp: Stamp | None = None) -> Report:
        """Check one text; see `check`. `stamp`: what the report is to bear, if it is not to be made here."""
        started = time.perf_counter()
        self._archive.follow()
        submission = Reading(request.text, request.title)
        exclude = self._archive.seqs_of(request.exclude_articles)
        found = self._archive.candidates(submission.fingerprint, self._policy.candidates, exclude)
        submission = submission.furnished(found.templates)
        pairs = self._pairs(submission, found)
        date = request.published_at or request.page_published_at
        assessment = assess(
            submission,
            pairs,
            self._policy,
            common=found.common,
            links=request.links,
            circumstances=Circumstances(request.url, request.published_at),
            date=date,
        )
        return self._report(request, submission, found, assessment, started, stamp or self.stamp())

    @staticmethod
    def load() -> None:
        """Load all compiled code now: for a server. Else some of it is loaded, or compiled, when an article first comes in."""
        load_kernels()

    def follow(self) -> int:
        """Catch the index up with what the store has committed; how many changes were applied. Done before every check."""
        return self._archive.follow()

    def rebuild_index(self, on_progress: Callable[[int], None] | None = None) -> int:
        """Make the index anew from the store; `on_progress` gets the number of changes done. Returns their number."""
        return self._archive.rebuild(on_progress)

    def verify_index(self) -> list[str]:
        """What is wrong with the index, in words; empty when sound."""
        return self._archive.verify()

    def stats(self) -> dict[str, Any]:
        """`{articles, store, policy, index: {...}}`."""
        return {
            "articles": self.store.count(),
            "store": self.store.url,
            "policy": {"name": self._policy.name, "digest": self._policy.digest},
            "index": self.index.stats(),
        }

    def close(self) -> None:
        """Write what is only in memory, end the helpers, and release files and connections. Idempotent."""
        if self._helpers is not None:
            self._helpers.close()
        self._archive.close()

    def _duplicates(self, reading: Reading, seq: int) -> tuple[tuple[str, float], ...]:
        """Near duplicates of an article's version, itself apart."""
        near = self._archive.duplicates(reading.fingerprint, DUPLICATE_JACCARD, frozenset((seq,)))
        stored = self.store.by_seq([seq for seq, _ in near])
        return tuple((stored[seq].article.id, round(jaccard, 4)) for seq, jaccard in near if seq in stored)

    def _now(self) -> str:
        return format_time(self._clock())

    def _pairs(self, submission: Reading, found: Candidates) -> list[Pair]:
        """The candidates with which at least one passage is shared; a candidate is never a match."""
        pairs = []
        seqs = self._worth_reading(submission, found)
        for stored, reading in self._archive.readings(seqs.tolist()).values():
            passages = shared_passages(submission, reading, self._policy, searched=True)
            if passages:
                reading = reading.furnished(self._archive.templates(stored.article, reading))
                pairs.append(Pair(stored.article, stored.version, stored.sha256, reading, passages))
        return pairs

    def _worth_reading(self, submission: Reading, found: Candidates) -> NDArray[np.int64]:
        """The candidates that may share a passage: those with a run of `RUN_WORDS` words, and of the likeliest others those that
        hold enough of the submission's words close together."""
        policy, worth = self._policy, found.verbatim.copy()
        likely = max(policy.surest, int(np.count_nonzero(found.weight >= policy.candidate_weight)))  # the heaviest come first
        if found.common:  # representatives of common runs are among the candidates, whatever they weigh
            likely = len(worth)
        doubtful = np.flatnonzero(~worth[:likely])
        if len(doubtful):
            close, shares = self._archive.closeness(submission, found.seq[doubtful], RUN_WORDS if found.common else 0)
            strong = (close >= policy.candidate_many) | (close * found.weight[doubtful] >= policy.candidate_evidence)
            worth[doubtful] = shares | (close >= policy.candidate_words) & strong
        return found.seq[worth]

    def _report(
        self,
        request: CheckRequest,
        submission: Reading,
        found: Candidates,
        assessment: Assessment,
        started: float,
        stamp: Stamp,
    ) -> Report:
        described = describe(request, submission)
        starts, ends = submission.tokens.start, submission.tokens.end
        common = tuple(CommonRunSpan(int(starts[run.start]), int(ends[run.end - 1]), run.articles) for run in found.common)
        common_words = sum(run.end - run.start for run in found.common)
        omitted = found.omitted + assessment.found - len(assessment.matches)
        together = assessment.together
        return Report(
            id=stamp.id,
            created_at=stamp.created_at,
            ref=request.ref,
            verdict=together.verdict,
            flagged=together.verdict in FLAGGED and assessment.unexcused.verdict in FLAGGED,
            score=together.score,
            copied=together.copied,
            counting_words=together.words,
            reasons=explain(assessment, described, common, common_words, omitted, self._policy),
            submission=described,
            matches=assessment.matches,
            common=common,
            elapsed_ms=round((time.perf_counter() - started) * 1000, 3),
            candidates=len(found.seq),
            articles=len(self.index),
            omitted=omitted,
            engine=self._engine,
            language=self._policy.language,
        )

    def _put_singly(self, group: Sequence[Article], on_rejected: Callable[[Article, InputError], None] | None) -> list[Put]:
        puts = []
        for article in group:
            try:
                puts += self.store.put_many([article], self._now())
            except InputError as error:
                if on_rejected:
                    on_rejected(article, error)
        return puts


def run_all(detector: Detector, requests: Sequence[tuple[CheckRequest, Stamp]]) -> Iterable[Report]:
    """A report for each request; for `Detector.share`."""
    return [detector.run(request, stamp) for request, stamp in requests]


def _batches(articles: Iterable[Article], size: int) -> Iterator[list[Article]]:
    """Groups of at most `size` articles, none with an id twice."""
    group: dict[str, Article] = {}
    for article in articles:
        if len(group) >= size or article.id in group:
            yield list(group.values())
            group = {}
        group[article.id] = article
    if group:
        yield list(group.values())


@cache
def _version() -> str:
    from importlib.metadata import version  # 20 ms, needed once

    return version("sidik")
