"""Reworded passages: sentences that say the same, clustered, settled and judged; and digests of a whole article."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detector.chains import Box, merged
from detector.kernels import evidence
from detector.kernels.clusters import cluster, hulls
from detector.kernels.sentences import compact, contained, digest, sentence_pairs, settle, shared
from detector.policy import BELONGS_ARTICLE, BELONGS_SUBMISSION, DIGEST, DIGEST_SCAN, PassagePolicy, log_odds
from detector.seeds import Ints, Plane

_BELONGS_A, _BELONGS_B, _SCAN, _DIGEST = (np.array(m) for m in (BELONGS_SUBMISSION, BELONGS_ARTICLE, DIGEST_SCAN, DIGEST))
_EVIDENCE = np.loadtxt(Path(__file__).with_name("evidence.txt"), ndmin=2)


class Alike(NamedTuple):
    """`pairs`: int32[m, 2], sentences (submission, article) that may say the same. `best`: float64[s], the highest cosine of each
    sentence of the submission with one of the article."""

    pairs: NDArray[np.int32]
    best: NDArray[np.float64]


def boxes(plane: Plane, alike: Alike, exact: list[Box], policy: PassagePolicy) -> list[Box]:
    """Boxes that carry the same text, best first: sentences that say it in other words, and chains of equal runs, which
    stand for the sentences where they hold nearly all that both sides share."""
    found = []
    for box, chains in drafts(plane, alike, exact, policy):
        if exact_enough(plane, box, policy):
            found += [(likelihood(plane, c, policy), c) for c in merged(chains, policy.merge_gap, policy.merge_filled)]
            continue
        box = around(plane, box, chains, policy)
        odds = likelihood(plane, box, policy)
        if odds > log_odds(policy.evidence) or holds(box, chains):
            found.append((odds, box))
    found += [(likelihood(plane, c, policy), c) for c in exact if not any(c.meets(box) for _, box in found)]
    return [box for _, box in sorted(found, key=lambda f: (-f[0], f[1]))]


def alike(plane: Plane, policy: PassagePolicy) -> Alike:
    """Sentences that may say the same."""
    return Alike(*sentence_pairs(plane.a, plane.a_starts, plane.b, plane.b_starts, plane.weight, policy.cosine, policy.dice))


def drafts(plane: Plane, alike: Alike, exact: list[Box], policy: PassagePolicy) -> list[tuple[Box, list[Box]]]:
    """Stretches whose sentences say the same, not yet judged, each with the chains it meets; `equal` counts their words."""
    pairs = alike.pairs
    squares = np.stack([pairs[:, 0], pairs[:, 0] + 1, pairs[:, 1], pairs[:, 1] + 1], axis=1)
    out = []
    for box in _fragments(plane, squares, policy.sentence_gap, policy) if len(pairs) else ():
        chains = [c for c in exact if c.meets(box)]
        out.append((box._replace(equal=sum(c.equal for c in chains)), chains))
    return out


def exact_enough(plane: Plane, box: Box, policy: PassagePolicy) -> bool:
    """Whether chains hold nearly all that both sides of a draft share."""
    return box.equal > 0 and box.equal >= policy.exact_share * _shared(plane, box)


def around(plane: Plane, box: Box, chains: list[Box], policy: PassagePolicy) -> Box:
    """A draft with its chains, without what beside them is foreign."""
    equal = box.equal
    for c in chains:
        box = box.hull(c)
    return _trim(plane, box, chains, policy)._replace(equal=equal)


def holds(box: Box, chains: list[Box]) -> bool:
    """Whether a chain, which needs no more evidence, lies inside."""
    return any(c.start >= box.start and c.end <= box.end for c in chains)


def _fragments(plane: Plane, squares: NDArray[np.int32], gap: int, policy: PassagePolicy) -> list[Box]:
    """Clusters of `squares` (boxes of sentences) as boxes of words; one that says too little as a whole is split at a
    smaller gap."""
    labels = cluster(squares, gap - 1)
    out = []
    for c, hull in enumerate(hulls(squares, labels)):
        if likelihood(plane, _words(plane, hull), policy) > log_odds(policy.fragment):
            near = settle(
                plane.a,
                plane.a_starts,
                plane.b,
                plane.b_starts,
                hull,
                plane.weight,
                policy.near,
                _BELONGS_A,
                _BELONGS_B,
            )
            out.append(_words(plane, near))
        elif gap > 1:
            out += _fragments(plane, squares[labels == c], gap - 1, policy)
    return out


def digests(plane: Plane, best: NDArray[np.float64], placed: list[Box], policy: PassagePolicy) -> list[Box]:
    """`placed`, and stretches of the submission that sum up a much longer article, in place of the boxes they meet.

    `best`: see `Alike`. What one stretch of the article of about the same length accounts for is no digest but a passage like
    others.
    """
    busy = np.zeros(len(best), np.bool_)
    for _ in range(policy.digests):
        first, last, likeness = digest(plane.a, plane.a_starts, plane.b, plane.weight, plane.plain, busy, best, plane.rare, _SCAN)
        if last == first:
            break
        busy[first:last] = True
        size = plane.a_starts[last] - plane.a_starts[first]
        if size > policy.digest_most or len(plane.b) < policy.digest_ratio * size:
            continue
        box = _digest_box(plane, first, last, policy)
        compact = _compact(plane, box, policy)
        odds = float(np.dot(_DIGEST, [*likeness, compact, np.log(len(plane.b_starts)), 1.0]))
        if odds < log_odds(policy.digest):
            break
        if compact > policy.digest_compact:
            continue
        inside = [other for other in placed if other.start < box.end and box.start < other.end]
        if len(inside) <= policy.digest_parts and _explained(plane, box.start, box.end, inside) > policy.digest_explained:
            continue
        if any(other.equal >= policy.digest_verbatim and other.dense >= policy.trim_dense for other in inside):
            continue
        for other in inside:
            box = box.hull(other)
        placed = [other for other in placed if other.end <= box.start or box.end <= other.start] + [box]
    return placed


def _explained(plane: Plane, start: int, end: int, boxes: list[Box]) -> float:
    """Of the weight of the submission's words start to end that the article has, the share that `boxes` account for."""
    found, _ = contained(plane.a, start, end, plane.b, 0, len(plane.b), plane.weight)
    local = 0.0
    for box in boxes:
        low, high = max(start, box.start), min(end, box.end)
        local += contained(plane.a, low, high, plane.b, box.article_start, box.article_end, plane.weight)[0]
    return local / found if found else 1.0


def _compact(plane: Plane, box: Box, policy: PassagePolicy) -> float:
    """Of the weight of the box's submission words that the article has, the most that one stretch of it accounts for,
    `digest_window` times as long as they are."""
    size = int(policy.digest_window * (box.end - box.start))
    return float(compact(plane.a, box.start, box.end, plane.b, plane.b_starts, plane.weight, size))


def _digest_box(plane: Plane, first: int, last: int, policy: PassagePolicy) -> Box:
    """The stretch, and the article from the first to the last sentence that it has words of."""
    starts = plane.a_starts[first : last + 1]
    words = plane.a[starts[0] : starts[-1]]
    _, best = sentence_pairs(plane.b, plane.b_starts, words, starts - starts[0], plane.weight, 1.0, 1.0)
    used = np.flatnonzero(best >= policy.digest_cosine)
    low, high = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, len(best))
    return Box(int(starts[0]), int(starts[-1]), int(plane.b_starts[low]), int(plane.b_starts[high]), 0)


def _words(plane: Plane, h: NDArray[np.int32]) -> Box:
    return Box(int(plane.a_starts[h[0]]), int(plane.a_starts[h[1]]), int(plane.b_starts[h[2]]), int(plane.b_starts[h[3]]), 0)


def likelihood(plane: Plane, box: Box, policy: PassagePolicy) -> float:
    """Log odds that a box carries the same text."""
    return float(evidence.likelihood(*_texts(plane, box, policy), _EVIDENCE))


def told(plane: Plane, box: Box, policy: PassagePolicy) -> NDArray[np.float64]:
    """What of a box tells whether it carries the same text: `kernels.evidence.traits`."""
    return np.asarray(evidence.traits(*_texts(plane, box, policy)))


def _texts(plane: Plane, box: Box, policy: PassagePolicy) -> tuple[Any, ...]:
    p = plane
    return p.a_stem, p.b_stem, p.a, p.b, *box[:4], p.weight, p.plain, p.rare, policy.repeats, policy.pair_window


def _shared(plane: Plane, box: Box) -> int:
    """Words of the submission side that stand on the article side."""
    i0, i1, j0, j1, _ = box
    return int(shared(plane.a, i0, i1, plane.b, j0, j1, len(plane.weight)))


def _trim(plane: Plane, box: Box, chains: list[Box], policy: PassagePolicy) -> Box:
    """`box` cut back to its long chains on each end where what lies beyond shares too little with the other side."""
    if not any(c.equal >= policy.trim_words and c.dense >= policy.trim_dense for c in chains):
        return box
    first, last = min(chains, key=lambda c: c.start), max(chains, key=lambda c: c.end)
    low, high = min(chains, key=lambda c: c.article_start), max(chains, key=lambda c: c.article_end)
    i0, i1, j0, j1, equal = box
    if _foreign(
        plane.a, i0, first.start, _without(plane.b, j0, j1, first.article_start, first.article_end), plane.weight, policy
    ):
        i0 = first.start
    if _foreign(plane.a, last.end, i1, _without(plane.b, j0, j1, last.article_start, last.article_end), plane.weight, policy):
        i1 = last.end
    if _foreign(plane.b, j0, low.article_start, _without(plane.a, i0, i1, low.start, low.end), plane.weight, policy):
        j0 = low.article_start
    if _foreign(plane.b, high.article_end, j1, _without(plane.a, i0, i1, high.start, high.end), plane.weight, policy):
        j1 = high.article_end
    return Box(i0, i1, j0, j1, equal)


def _without(y: Ints, start: int, end: int, cut_start: int, cut_end: int) -> Ints:
    """y[start:end] without y[cut_start:cut_end]."""
    return np.concatenate([y[start : max(start, cut_start)], y[min(end, cut_end) : end]])


def _foreign(x: Ints, start: int, end: int, y: Ints, weight: NDArray[np.float64], policy: PassagePolicy) -> bool:
    """Whether less than `trim_share` of the weight of x[start:end] stands in y."""
    found, total = contained(x, start, end, y, 0, len(y), weight)
    return bool(found < policy.trim_share * total)
