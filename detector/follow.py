"""Follow: the index applies the store's changes in order, so that what the store acknowledged is found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from fingerprints.article import Article
from fingerprints.errors import IndexError_
from fingerprints.fingerprint import fingerprint
from fingerprints.index import Entry, FingerprintIndex
from fingerprints.stores.contract import Store
from fingerprints.tokens import tokenize

BATCH = 1000
"""Changes read at once: some 3 MB of text."""


def catch_up(
    store: Store,
    index: FingerprintIndex,
    lock: threading.Lock,
    known: Mapping[int, Article] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> int:
    """Apply to `index` what `store` has committed and it has not seen; returns how many changes. Cheap when there are none.

    `known`: articles by the sequence under which they were just stored, which need not be read back. Raises
    `IndexError_` when the index is ahead of its store (an older copy was put in its place), `StoreError`.
    """
    seen = index.seq
    last = store.last_seq()
    if last == seen:
        return 0
    if last < seen:
        raise IndexError_(f"the index has seen change {seen}, its store ends at {last}")
    applied = 0
    with lock:
        while changes := store.changes(index.seq, BATCH):
            puts = {change.seq for change in changes if change.kind == "put"}
            articles = {seq: article for seq, article in (known or {}).items() if seq in puts}
            articles |= {seq: stored.article for seq, stored in store.by_seq(sorted(puts - articles.keys())).items()}
            index.apply([_entry(change.seq, change.removes, articles.get(change.seq)) for change in changes], changes[-1].seq)
            applied += len(changes)
            if on_progress:
                on_progress(applied)
    return applied


def _entry(seq: int, removes: int | None, article: Article | None) -> Entry:
    """The entry of one change; of a version that was deleted since (or of a deletion) only what it removes."""
    if article is None:
        return Entry(seq, None, removes)
    return Entry(seq, fingerprint(tokenize(article.text)), removes, article.outlet)
