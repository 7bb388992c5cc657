"""MongoIndex: the index inside MongoDB, for an archive that outgrows the memory of one machine.

Any process on the store may write it, and all see the same. A query fetches the postings of its hashes and the words of the
articles that they lead to, as of one moment, and asks them with the compiled code of the embedded index (see `postings`).
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pymongo
from numpy.typing import NDArray
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from fingerprints.errors import IndexUnusable, StoreError
from fingerprints.fingerprint import COMMON_ARTICLES, RUN_WORDS, TEMPLATE_ARTICLES, TEMPLATE_SHARE, Fingerprint
from fingerprints.index import Candidates, CommonRun, Entry, TemplateRun
from fingerprints.kernels.candidates import candidates
from fingerprints.kernels.closeness import closeness
from fingerprints.postings import ALIKE, U32, outlets_segment, postings_of, small_segment, that_count
from fingerprints.segment import EMPTY, Document, Documents, address, addresses, bands_of, build, net, outlet_hash
from fingerprints.segments import COPIES
from fingerprints.stores.mongo_index_cache import Articles, Dead
from fingerprints.stores.mongo_index_merge import FAMILIES, merge, plan
from fingerprints.stores.mongo_index_postings import Reader, Writer, bits_for
from fingerprints.stores.mongo_index_state import Ledger, Part, State
from fingerprints.stores.mongo_index_verify import faults
from fingerprints.stores.mongo_index_whole import Whole
from fingerprints.stores.mongo_orphans import Patience
from fingerprints.stores.mongo_schema import Bson, explained

log = logging.getLogger(__name__)

BATCH = 1000
"""Changes of one transaction."""
CROWD = 40
"""Segments from which `apply` itself merges: the background has fallen behind."""


@dataclass(frozen=True, slots=True)
class _Changes:
    """Entries after a seq: what comes in, (seq of the change, seq that it removes), the last seq."""

    documents: list[Document]
    removed: list[tuple[int, int]]
    seq: int

    @classmethod
    def after(cls, seq: int, entries: Sequence[Entry], upto: int | None) -> _Changes:
        """Raises ValueError when their order is broken."""
        seq, removed, documents = net(entries, seq)
        return cls(documents, removed, max(seq, upto or 0))


class MongoIndex:
    """A `FingerprintIndex` inside the database of a `MongoStore`."""

    def __init__(self, db: Database[Bson], where: str, store_uuid: str, scheme: str, fresh: bool = False) -> None:
        """Open it, made when new; `fresh` begins anew. `where`: the store's URL without credentials. Raises `IndexUnusable`
        (another store's, another scheme), `IndexDamaged` (from a newer version), `StoreError`."""
        self._db, self._where, self._scheme = db, where, scheme
        self._ledger = Ledger(db, store_uuid, scheme)
        self._dead, self._articles, self._whole = Dead(db), Articles(db), Whole(db, self._ledger)
        self._token = str(uuid.uuid4())
        self._applying, self._merging, self._starting = threading.Lock(), threading.Lock(), threading.Lock()
        self._wake, self._closed = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.trouble: str | None = None
        """Why the last merging in the background failed, None when it did not. Answers are right all the same."""
        with explained(where):
            self._ledger.open(fresh)

    @property
    def seq(self) -> int:
        return self._state().seq

    @property
    def writes(self) -> bool:
        """Every process writes."""
        return True

    def __len__(self) -> int:
        return self._state().articles

    def refresh(self) -> None:
        """Nothing to take over: every answer is of the index as it is."""

    def _state(self) -> State:
        if self._closed.is_set():
            raise IndexUnusable("the index is closed")
        with explained(self._where):
            return self._ledger.read()

    @contextmanager
    def _moment(self) -> Iterator[tuple[ClientSession, State, U32]]:
        """The index as of one moment: a session that reads it, its state, its removed seqs (sorted)."""
        if self._closed.is_set():
            raise IndexUnusable("the index is closed")
        with explained(self._where), self._db.client.start_session(snapshot=True) as session:
            state = self._ledger.read(session)
            yield session, state, self._dead.upto(state, session)

    def apply(self, entries: Sequence[Entry], upto: int | None = None, after: int | None = None) -> None:
        """See `FingerprintIndex.apply`. What another process applied meanwhile is skipped."""
        with self._applying:
            for at in range(0, len(entries), BATCH):
                self._apply(entries[at : at + BATCH], None, after)
            if upto is not None:
                self._apply([], upto, after)
        parts = self._state().parts
        if len(parts) > CROWD:
            self.maintain()
        elif plan(parts, self._dead.seqs):
            self._call_thread()

    def _apply(self, entries: Sequence[Entry], upto: int | None, after: int | None) -> None:
        patience = Patience(self._db.client)

        def turn(session: ClientSession) -> None:
            patience.over_again()
            state, number = self._ledger.turn(session)
            changes = _Changes.after(state.seq, entries, upto)
            if changes.seq > state.seq and (after is None or state.seq >= after):
                self._write(session, state, number, changes)

        state = self._state()
        if _Changes.after(state.seq, entries, upto).seq > state.seq:  # else another process was first
            client = self._db.client
            with explained(self._where), pymongo.timeout(client.options.timeout), client.start_session() as session:
                session.with_transaction(turn, read_concern=ReadConcern("snapshot"))

    def _write(self, session: ClientSession, state: State, number: int, changes: _Changes) -> None:
        """Let the changes count, in a transaction."""
        epoch, articles = state.epoch << 32, self._db["index_articles"]
        ids = [epoch | seq for _, seq in changes.removed if seq <= state.seq]
        rows = articles.find({"_id": {"$in": ids}}, {"outlet": 1}, session=session)
        held = {row["_id"] & 0xFFFFFFFF: row["outlet"] for row in rows}
        gone = {seq: at for at, seq in changes.removed if seq in held}
        if gone:
            self._db["index_removed"].insert_many([{"_id": epoch | at, "seq": seq} for seq, at in gone.items()], session=session)
            articles.delete_many({"_id": {"$in": [epoch | seq for seq in gone]}}, session=session)
        part, new = None, [_article(epoch, document) for document in changes.documents]
        outlets = Counter(row["outlet"] for row in new)
        outlets.subtract(held[seq] for seq in gone)
        counted = [
            UpdateOne({"_id": epoch | outlet}, {"$inc": {"articles": n}}, upsert=True) for outlet, n in outlets.items() if n
        ]
        if counted:
            self._db["index_outlets"].bulk_write(counted, session=session)
        if new:
            articles.insert_many(new, session=session)
            part = self._write_segment(session, number, changes.documents)
        self._ledger.commit(session, changes.seq, state.articles + len(changes.documents) - len(gone), part)

    def _write_segment(self, session: ClientSession, number: int, documents: Sequence[Document]) -> Part:
        segment, writer = build(Documents.of(documents)), Writer(self._db, number, session)
        bits, counts = [], []
        for family in FAMILIES:
            postings = postings_of(segment, family)
            counts.append(len(postings))
            bits.append(bits_for(len(postings)))
            writer.add(family, bits[-1], postings)
        writer.flush()
        return Part(number, documents[0].seq, documents[-1].seq, len(documents), tuple(bits), tuple(counts))

    def candidates(self, fingerprint: Fingerprint, limit: int = 40, exclude: frozenset[int] = frozenset()) -> Candidates:
        """Articles that may share text with `fingerprint`; at most `limit` beside the verbatim ones."""
        f = fingerprint
        with self._moment() as (session, state, dead):
            ordered, free = Reader(self._db, session, state, dead, self._whole.of).of_query(f)
            ordered, free, needed = that_count(ordered, free, f)
            kept = self._articles.of(state.epoch, needed, session)
            others = self._articles.of_outlets(state.epoch, kept.values(), session)
        if self._whole.lacks(state):
            self._call_thread()
        segments = [small_segment(ordered, free, kept), outlets_segment(others)]
        seq, weight, verbatim, runs, stretches, omitted = candidates(
            addresses([(segment, None) for segment in segments if segment]),
            f.words,
            f.ordered,
            f.ordered_at,
            f.free,
            f.free_at,
            limit,
            np.array(sorted(exclude), np.uint32),
            RUN_WORDS,
            COMMON_ARTICLES,
            COPIES,
            TEMPLATE_ARTICLES,
            TEMPLATE_SHARE,
        )
        common = tuple(CommonRun(*run) for run in runs.tolist())
        templates = tuple(TemplateRun(*run) for run in stretches.tolist())
        return Candidates(seq, weight, verbatim, common, templates, omitted)

    def closeness(
        self, words: U32, counts: NDArray[np.bool_], seqs: NDArray[np.int64], run: int = 0
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """See `FingerprintIndex.closeness`."""
        with self._moment() as (session, state, _):
            kept = self._articles.of(state.epoch, seqs.astype(np.uint32), session)
        there = [kept[seq].words if seq in kept else words[:0] for seq in seqs.tolist()]
        articles = np.array([(address(one), len(one)) for one in there], np.int64).reshape(-1, 2)
        close, shares = closeness(articles, words, counts.view(np.uint8), run)
        return close, shares

    def duplicates(
        self, fingerprint: Fingerprint, threshold: float = 0.5, exclude: frozenset[int] = frozenset(), limit: int = 200
    ) -> list[tuple[int, float]]:
        """(seq, estimated Jaccard) of whole-article near duplicates at or above `threshold`, best first, then by seq, at most
        `limit`; of more than `ALIKE` articles that share a band, the oldest are compared."""
        signature = fingerprint.signature
        if (signature == EMPTY).all():
            return []
        with self._moment() as (session, state, dead):
            seqs = Reader(self._db, session, state, dead, self._whole.of).of_bands(bands_of(signature[None])[0])[:ALIKE]
            ids = [state.epoch << 32 | seq for seq in seqs.tolist()]
            rows = self._db["index_articles"].find({"_id": {"$in": ids}}, {"signature": 1}, session=session)
            found = [(row["_id"] & 0xFFFFFFFF, _jaccard(signature, row["signature"])) for row in rows]
        best = sorted((-value, seq) for seq, value in found if value >= threshold and seq not in exclude)
        return [(seq, -value) for value, seq in best][:limit]

    def flush(self) -> None:
        """Everything is in the database already; merges what is due, and fetches what is held whole."""
        self.maintain()
        with explained(self._where):
            self._whole.load(self._closed)

    def maintain(self) -> None:
        """Merge what is due, sweep what is left over; unless another process does."""
        with self._merging, explained(self._where):
            if not self._ledger.claim_merging(self._token):
                return
            try:
                while not self._closed.is_set() and self._merge_one():
                    pass
                self._ledger.sweep()
            finally:
                self._ledger.end_merging(self._token)

    def _merge_one(self) -> bool:
        with self._moment() as (session, state, _):
            dead, purged = self._dead.anew(state, session)
            old = plan(state.parts, dead)
        self._dead.purge(state.epoch, purged)
        if not old:
            return False
        if merge(self._db, self._ledger, state, old, dead, self._token):
            self._ledger.sweep()
        return True

    def _call_thread(self) -> None:
        with self._starting:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._work, name="index upkeep", daemon=True)
                self._thread.start()
        self._wake.set()

    def _work(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._closed.is_set():
                return
            try:
                with explained(self._where):
                    self._whole.load(self._closed)
                    self.maintain()
                    self._whole.load(self._closed)
                self.trouble = None
            except (StoreError, IndexUnusable) as error:
                if not self._closed.is_set():
                    self.trouble = f"the index cannot be merged: {error}"
                    log.warning("%s", self.trouble)

    def verify(self) -> list[str]:
        """Check every document and invariant; a list of what is wrong, in words, empty when sound."""
        try:
            with self._moment() as (session, state, _):
                return faults(self._db, session, state, self._dead.anew(state, session)[0])
        except IndexUnusable as error:
            return [str(error)]

    def stats(self) -> dict[str, object]:
        """Sizes: articles, segments, bytes by part in use on the server's disk, seq, scheme."""
        with self._moment() as (session, state, _):
            (dead, _), parts = self._dead.anew(state, session), {}
            for name in ("postings", "overflow", "articles", "removed", "outlets"):
                size = self._db.command("collStats", f"index_{name}")
                parts[name] = int(size["storageSize"] - size["freeStorageSize"] + size["totalIndexSize"])
        return {
            "articles": state.articles,
            "removed": len(dead),
            "seq": state.seq,
            "segments": len(state.parts),
            "in_memory": 0,
            "bytes": parts,
            "scheme": self._scheme,
            "epoch": state.epoch,
            "durable_seq": state.seq,
            "writer": True,
            "trouble": self.trouble,
        }

    def close(self) -> None:
        """Stop merging; whoever comes next goes on with it. Idempotent. The store's connection stays open."""
        self._closed.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()


def _article(epoch: int, document: Document) -> Bson:
    """What is kept of an article beside its postings."""
    f = document.fingerprint
    kept = {"words": f.words.tobytes(), "signature": f.signature.tobytes(), "outlet": outlet_hash(document.outlet)}
    return {"_id": epoch | document.seq, **kept}


def _jaccard(a: NDArray[np.uint32], b: bytes) -> float:
    return int(np.count_nonzero(a == np.frombuffer(b, np.uint32))) / len(a)
