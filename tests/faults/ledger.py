"""What a server has acknowledged, and what became of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from fingerprints.stores import open_store
from fingerprints.stores.contract import Store

Text = str | None
"""The text of an article; None: it is deleted, or was never there."""


@dataclass
class Ledger:
    """Thread-safe as long as no two threads write to one id."""

    articles: dict[str, Text] = field(default_factory=dict)
    """What was acknowledged last."""
    checks: dict[str, dict[str, object]] = field(default_factory=dict)
    """Reports of kept checks by id."""
    acknowledged: int = 0
    """Articles and checks, each as often as it was written."""
    _open: dict[str, set[Text]] = field(default_factory=dict)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def sent(self, articles: dict[str, Text]) -> None:
        """From now on each may be there or not."""
        with self._news:
            for id, text in articles.items():
                self._open.setdefault(id, set()).add(text)

    def answered(self, articles: dict[str, Text]) -> None:
        """From now on each must be there."""
        with self._news:
            self.articles |= articles
            for id in articles:
                self._open.pop(id, None)
            self.acknowledged += len(articles)
            self._news.notify_all()

    def kept(self, report: dict[str, object]) -> None:
        with self._news:
            self.checks[str(report["id"])] = report
            self.acknowledged += 1
            self._news.notify_all()

    def wait(self, more: int, patience: float) -> None:
        """Until so many more are acknowledged."""
        with self._news:
            goal = self.acknowledged + more
            assert self._news.wait_for(lambda: self.acknowledged >= goal, patience), "nothing is acknowledged any more"

    def settle(self, url: str) -> list[str]:
        """Compare with the store, and take over what became of what was never answered. What is lost or half, in words."""
        store = open_store(url)
        try:
            found = _articles(store)
            wrong = _half(store, len(found))
        finally:
            store.close()
        for id in self.articles.keys() | self._open.keys() | found.keys():
            allowed = self._open.get(id, set()) | {self.articles.get(id)}
            if found.get(id) not in allowed:
                wrong.append(f"{id}: is {found.get(id)!r}, acknowledged was {self.articles.get(id)!r}")
        self.articles |= {id: found.get(id) for id in self._open}
        self._open.clear()
        return wrong


def _articles(store: Store) -> dict[str, Text]:
    found: dict[str, Text] = {}
    while page := store.articles(after=max(found, default=None), limit=1000):
        found |= {stored.article.id: stored.article.text for stored in page}
    return found


def _half(store: Store, articles: int) -> list[str]:
    """Everything is read; numbers must fit."""
    wrong = []
    last, seqs = store.last_seq(), []
    while page := store.changes(seqs[-1] if seqs else 0):
        seqs += [change.seq for change in page]
    if seqs != list(range(1, last + 1)):
        wrong.append(f"{last} changes were counted, and {len(seqs)} are there")
    if store.count() != articles:
        wrong.append(f"{store.count()} articles were counted, and {articles} are there")
    for _ in store.export():
        pass
    return wrong
