"""Follow: the index applies the store's changes in order, so that what the store acknowledged is found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from fingerprints.article import Article
from fingerprints.errors import IndexUnusable
from fingerprints.fingerprint import Fingerprint, fingerprint_many
from fingerprints.index import Batch, Entry, FingerprintIndex
from fingerprints.stores.contract import Change, Store

BATCH = 1000
"""Changes read at once: some 3 MB of text."""
COMPILED = 250
"""Articles fingerprinted in one compiled pass."""


class Witness:
    """Remembers the last change that this process gave to its index, to tell when the store has another in its place: an older
    copy was put there, and has gone on since."""

    def __init__(self) -> None:
        self._last: Change | None = None

    def after(self, store: Store, seq: int) -> Sequence[Change]:
        """The changes after `seq`. Raises `IndexUnusable` when the one at `seq` is not what it was."""
        last = self._last
        if last is None or last.seq != seq:
            return store.changes(seq, BATCH)
        found = store.changes(seq - 1, BATCH + 1)
        if not found or found[0] != last:
            raise IndexUnusable(f"change {seq} of the store is another than the index has seen: an older copy took its place")
        return found[1:]

    def note(self, change: Change) -> None:
        self._last = change

    def forget(self) -> None:
        self._last = None


def catch_up(
    store: Store,
    index: FingerprintIndex,
    lock: threading.Lock,
    known: Mapping[int, Article] | None = None,
    on_progress: Callable[[int], None] | None = None,
    witness: Witness | None = None,
) -> int:
    """Apply to `index` what `store` has committed and it has not seen; returns how many changes. Cheap when there are none.

    `known`: articles by the sequence under which they were just stored, which need not be read back. Raises
    `IndexUnusable` when the index is ahead of its store, or its `witness` finds another change in the place of the last (an older
    copy was put in its place), `StoreError`.
    """
    seen = index.seq
    last = store.last_seq()
    if last == seen:
        return 0
    if last < seen:
        raise IndexUnusable(f"the index has seen change {seen}, its store ends at {last}")
    applied, witness = 0, witness or Witness()
    with lock:
        while changes := witness.after(store, seen := index.seq):
            index.apply(_entries(store, changes, known or {}), changes[-1].seq, seen)
            witness.note(changes[-1])
            applied += len(changes)
            if on_progress:
                on_progress(applied)
    return applied


def _entries(store: Store, changes: Sequence[Change], known: Mapping[int, Article]) -> Sequence[Entry]:
    """The entries of these changes; of a version that was deleted since (or of a deletion) only what it removes."""
    puts = [change.seq for change in changes if change.kind == "put"]
    articles = {seq: known[seq] for seq in puts if seq in known}
    articles |= {seq: stored.article for seq, stored in store.by_seq([seq for seq in puts if seq not in articles]).items()}
    if len(articles) == len(changes):  # a bulk import: all come in
        held = [articles[change.seq] for change in changes]
        prints = fingerprint_many([article.text for article in held])
        return Batch([c.seq for c in changes], prints, [c.removes for c in changes], [article.outlet for article in held])
    fingerprints: dict[int, Fingerprint] = {}
    for at in range(0, len(articles), COMPILED):
        part = dict(islice(articles.items(), at, at + COMPILED))
        fingerprints |= zip(part, fingerprint_many([article.text for article in part.values()]), strict=True)
    return [
        Entry(change.seq, fingerprints.get(change.seq), change.removes, articles[change.seq].outlet)
        if change.seq in articles
        else Entry(change.seq, None, change.removes)
        for change in changes
    ]
