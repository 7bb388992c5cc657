"""Whether the index inside MongoDB is what its state says."""

from __future__ import annotations

import numpy as np
from pymongo.client_session import ClientSession
from pymongo.database import Database

from fingerprints.kernels.packing import SIGNED
from fingerprints.postings import U32, width
from fingerprints.segment import PARTS
from fingerprints.stores.mongo_index_state import Part, State
from fingerprints.stores.mongo_schema import Bson


def faults(db: Database[Bson], session: ClientSession, state: State, dead: U32) -> list[str]:
    """What is wrong, in words. Reads everything."""
    wrong = []
    last, held = 0, 0
    for part in state.parts:
        if part.first <= last or part.last < part.first or part.last > state.seq:
            wrong.append(f"segment {part.n}: its articles are not in order")
        last, held = part.last, held + part.docs
        wrong += [f"segment {part.n}: {fault}" for fault in _segment(db, session, part)]
    if held - len(dead) != state.articles:
        wrong.append(f"its segments hold {held - len(dead)} articles, it should hold {state.articles}")
    return wrong + _articles(db, session, state, dead)


def _segment(db: Database[Bson], session: ClientSession, part: Part) -> list[str]:
    counts, misplaced = [0, 0, 0], set()
    between = {"$gte": part.n << 34, "$lt": (part.n + 1) << 34}
    chunks: dict[tuple[int, int], int] = {}
    for row in db["index_postings"].find({"_id": between}, session=session):
        family, bucket = row["_id"] >> 32 & 3, row["_id"] & 0xFFFFFFFF
        good = family < len(PARTS) and _sound(part, family, row["p"], bucket)
        if good:
            counts[family] += len(row["p"]) // (4 * width(family))
            chunks |= {(family, hash): count for hash, count in row.get("m", ())}
        else:
            misplaced.add(PARTS[family] if family < len(PARTS) else "unknown")
    for row in db["index_overflow"].find({"_id": {"$gte": {"s": part.n}, "$lt": {"s": part.n + 1}}}, session=session):
        family, hash = row["_id"]["f"], row["_id"]["h"]
        chunks[family, hash] = chunks.get((family, hash), 0) - 1
        if _sound(part, family, row["p"], hash >> (32 - part.bits[family])):
            counts[family] += len(row["p"]) // (4 * width(family))
        else:
            misplaced.add(PARTS[family])
    wrong = [f"its {name} postings are not in order" for name in sorted(misplaced)]
    if any(chunks.values()):
        wrong.append("postings of its common hashes are missing")
    for name, count, told in zip(PARTS, counts, part.counts, strict=True):
        if count != told and name not in misplaced:
            wrong.append(f"it has {count} {name} postings instead of {told}")
    return wrong


def _sound(part: Part, family: int, blob: bytes, bucket: int) -> bool:
    if len(blob) % (4 * width(family)):
        return False
    rows = np.frombuffer(blob, np.uint32).reshape(-1, width(family))
    keys = rows[:, 0].astype(np.uint64) << np.uint64(32) | rows[:, 1]
    inside = (rows[:, 0].astype(np.int64) >> (32 - part.bits[family]) == bucket).all()
    known = (rows[:, 1] >= part.first).all() and (rows[:, 1] <= part.last).all()
    return bool(inside and known and (keys[1:] >= keys[:-1]).all())


def _articles(db: Database[Bson], session: ClientSession, state: State, dead: U32) -> list[str]:
    """Whether each article that is held has its words and signature."""
    between = {"$gt": state.epoch << 32, "$lte": state.epoch << 32 | state.seq}
    gone, count, wrong = set(dead.tolist()), 0, 0
    for row in db["index_articles"].find({"_id": between}, session=session):
        if row["_id"] & 0xFFFFFFFF not in gone:
            count += 1
            wrong += len(row["words"]) % 4 != 0 or len(row["signature"]) != 4 * SIGNED
    faults = [f"the words or signatures of {wrong} articles are damaged"] if wrong else []
    if count != state.articles:
        faults.append(f"it has the words of {count} articles instead of {state.articles}")
    return faults
