"""What a process keeps of the index inside MongoDB: which articles are removed, and what it keeps of those looked into lately."""

from __future__ import annotations

import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pymongo.client_session import ClientSession
from pymongo.database import Database

from fingerprints.fingerprint import TEMPLATE_ARTICLES, TEMPLATE_SHARE
from fingerprints.postings import U32, Kept
from fingerprints.stores.mongo_index_state import State
from fingerprints.stores.mongo_schema import Bson

CACHED_BYTES = 64 << 20
"""Some 30,000 articles: common runs lead to the same ones again and again."""
_SEQ = 0xFFFFFFFF


class Dead:
    """Removed seqs by the change that removed them, read once each. An article that was removed never comes back under its seq,
    so knowing of some whose postings are gone changes no answer; knowing of a removal too early would, or not knowing of one
    that was purged later than the moment of the question."""

    def __init__(self, db: Database[Bson]) -> None:
        self._rows = db["index_removed"]
        self._lock = threading.Lock()
        self._epoch = self._merges = self._upto = 0  # the moment that this is of
        self._pairs = np.empty((0, 2), np.uint32)  # (seq of the change, seq removed)
        self.seqs = np.empty(0, np.uint32)
        """Those known, sorted."""

    def upto(self, state: State, session: ClientSession) -> U32:
        """Sorted: the seqs removed by changes up to `state.seq`, all of them that have postings at the moment of `state`."""
        with self._lock:
            if (state.epoch, state.merges) < (self._epoch, self._merges):  # what was purged since had postings then
                return np.unique(self._read(state, 0, session)[:, 1])
            if state.epoch > self._epoch:
                self._epoch, self._upto = state.epoch, 0
                self._set(self._pairs[:0])
            if state.seq < self._upto:  # a moment that is past already
                return np.unique(self._pairs[self._pairs[:, 0] <= state.seq, 1])
            if state.seq > self._upto:
                new = self._read(state, self._upto, session)
                if len(new):
                    self._set(np.concatenate([self._pairs, new]))
            self._merges, self._upto = state.merges, state.seq
            return self.seqs

    def anew(self, state: State, session: ClientSession) -> tuple[U32, list[int]]:
        """Read from the database whatever is known: sorted the removed seqs that have postings; of the others, whose postings
        a merge left out, the changes that removed them, to be purged."""
        pairs = self._read(state, 0, session)
        live = _live(pairs, state)
        with self._lock:
            if (state.epoch, state.merges) >= (self._epoch, self._merges) and state.seq >= self._upto:
                self._epoch, self._merges, self._upto = state.epoch, state.merges, state.seq
                self._set(pairs[live])
        return np.unique(pairs[live, 1]), pairs[~live, 0].tolist()

    def _set(self, pairs: U32) -> None:
        self._pairs, self.seqs = pairs, np.unique(pairs[:, 1])

    def _read(self, state: State, after: int, session: ClientSession) -> U32:
        between = {"$gt": state.epoch << 32 | after, "$lte": state.epoch << 32 | state.seq}
        rows = self._rows.find({"_id": between}, session=session, batch_size=100_000)
        return np.array([(row["_id"] & _SEQ, row["seq"]) for row in rows], np.uint32).reshape(-1, 2)

    def purge(self, epoch: int, changes: list[int]) -> None:
        """Delete what they removed: no posting of it is left."""
        if changes:
            self._rows.delete_many({"_id": {"$in": [epoch << 32 | seq for seq in changes]}})


def _live(pairs: U32, state: State) -> NDArray[np.bool_]:
    """Of which removals the postings are there. It follows from the parts, so that a process that dies between a merge and the
    purge leaves nothing that counts."""
    parts = np.array([(part.first, part.last, part.clean) for part in state.parts], np.int64).reshape(-1, 3)
    within = np.searchsorted(parts[:, 0], pairs[:, 1], "right") - 1
    known = within >= 0
    held = parts[within[known]]
    known[known] = (pairs[known, 1] <= held[:, 1]) & (pairs[known, 0] > held[:, 2])
    return known


class Articles:
    """What the index keeps of articles, by seq. Thread-safe, bounded."""

    def __init__(self, db: Database[Bson]) -> None:
        self._rows, self._outlets = db["index_articles"], db["index_outlets"]
        self._lock = threading.Lock()
        self._held: OrderedDict[int, Kept] = OrderedDict()
        self._bytes = 0

    def of(self, epoch: int, seqs: U32, session: ClientSession) -> dict[int, Kept]:
        """Those of the articles that are there."""
        wanted = [epoch << 32 | seq for seq in seqs.tolist()]
        found: dict[int, Kept] = {}
        with self._lock:
            for id in wanted:
                if (one := self._held.get(id)) is not None:
                    self._held.move_to_end(id)
                    found[id & _SEQ] = one
        missing = [id for id in wanted if id & _SEQ not in found]
        if missing:
            new = {}
            for row in self._rows.find({"_id": {"$in": missing}}, session=session, batch_size=100_000).to_list():
                words, signature = np.frombuffer(row["words"], np.uint32), np.frombuffer(row["signature"], np.uint32)
                found[row["_id"] & _SEQ] = new[row["_id"]] = Kept(words, signature, row["outlet"])
            self._keep(new)
        return found

    def _keep(self, new: dict[int, Kept]) -> None:
        with self._lock:
            for id, one in new.items():
                if id not in self._held:
                    self._held[id] = one
                    self._bytes += one.words.nbytes + one.signature.nbytes
            while self._bytes > CACHED_BYTES:
                _, gone = self._held.popitem(last=False)
                self._bytes -= gone.words.nbytes + gone.signature.nbytes

    def of_outlets(self, epoch: int, kept: Iterable[Kept], session: ClientSession) -> dict[int, int]:
        """How many articles each outlet of `kept` has beyond those there; of outlets whose share can matter, and no more than
        settle it."""
        here = Counter(one.outlet for one in kept if one.outlet)
        ids = [epoch << 32 | outlet for outlet, count in here.items() if count >= TEMPLATE_ARTICLES]
        if not ids:
            return {}
        rows = self._outlets.find({"_id": {"$in": ids}}, session=session)
        all_of = {row["_id"] & _SEQ: row["articles"] for row in rows}
        enough = {outlet: math.ceil((here[outlet] + 1) / TEMPLATE_SHARE) for outlet in all_of}
        return {outlet: max(min(count, enough[outlet]) - here[outlet], 0) for outlet, count in all_of.items()}
