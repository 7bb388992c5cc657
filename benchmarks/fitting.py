"""Fits the trees that weigh the evidence of a passage: `python -m benchmarks.fitting [--data DIR]`.

Writes `detector/evidence.txt`; needs scikit-learn. Examples are the drafts that `detector.sentences` makes (boxes of both texts
without a chain that settles it) in the half "tune" of PAN 2013, in made news of seed 7, in real pairs about one event that
copied nothing, and in articles against all of their words in random order: true ones overlap a case, false ones do not.
Evidence that is shared more never counts against a passage (monotone constraints), so that the trees carry over to other texts.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.corpora import news, pan
from benchmarks.data import FOLDER, unpacked
from benchmarks.newsset import Item, shuffled
from benchmarks.same_event import load
from benchmarks.verdicts import real
from detector import sentences
from detector.chains import Box, chains
from detector.policy import PassagePolicy
from detector.seeds import Plane
from fingerprints.tokens import tokenize

TREES = Path(sentences.__file__).with_name("evidence.txt")
RISING = (1, 1, 0, 1, 1, 1, 1, 1, -1, 0, 1, 0, 0, 1, -1, -1)
"""How each of `kernels.evidence.traits` may move the odds."""
NEGATIVE = ("independent", "different")
OVERLAP = 0.3
"""Share of both sides of a draft inside a case from which it is a true one; below, it is neither."""
NEWS_WEIGHT = 2.0
"""Weight of an example from the news, of which there are fewer."""


def items(data: Path, sample: int, mixed: int) -> Iterator[Item]:
    """Everything that the examples come from; the news after PAN."""
    for item in pan(data / "pan13_text_alignment" / "train_corpus", "tune", None):
        yield Item(item.kind, item.submission.replace("\0", " "), item.article.replace("\0", " "), item.cases)
    yield from news(data / "articles-dev.jsonl", data / "wordnet-bahasa" / "wnbahasa_wn-data-ind.tab", "tune", sample)
    rng = random.Random(5)
    texts = [article["text"] for article in load(data / "articles-dev.jsonl") if len(article["text"]) >= 600]
    for text in rng.sample(texts, mixed):
        yield Item("mixed", shuffled(text, len(text), rng), text, ())
    for pair in real(data, "tune"):
        if pair.kind.split(": ")[-1] in NEGATIVE:
            yield Item("real", pair.submission, pair.article, ())


def examples(item: Item, policy: PassagePolicy) -> Iterator[tuple[float, NDArray[np.float64]]]:
    """(share inside a case, -1 where it meets none; traits) of each draft of a pair that evidence has to decide on."""
    a, b = tokenize(item.submission), tokenize(item.article)
    if not len(a) or not len(b):
        return
    plane, exact = Plane.of(a, b, policy), chains(a.hash, b.hash, policy)
    cases = []
    for case in item.cases:
        start, end = np.searchsorted(a.start, (case.start, case.end)).tolist()
        article_start, article_end = np.searchsorted(b.start, (case.source_start, case.source_end)).tolist()
        cases.append(Box(start, end, article_start, article_end, 0))
    for draft, met in sentences.drafts(plane, sentences.alike(plane, policy), exact, policy):
        if sentences.exact_enough(plane, draft, policy):
            continue
        box = sentences.around(plane, draft, met, policy)
        if not sentences.holds(box, met):
            yield _inside(box, cases), sentences.told(plane, box, policy)


def _inside(box: Box, cases: Sequence[Box]) -> float:
    shares = [
        min(
            (min(box.end, c.end) - max(box.start, c.start)) / (box.end - box.start),
            (min(box.article_end, c.article_end) - max(box.article_start, c.article_start))
            / (box.article_end - box.article_start),
        )
        for c in cases
        if c.meets(box)
    ]
    return max(shares, default=-1.0)


def flat(nodes: Any, base: float) -> NDArray[np.float64]:
    """A tree as `kernels.evidence.vote` reads it: a leaf above the lowest level stands in all places below it."""
    out = np.zeros(22)

    def place(at: int, node: int) -> None:
        n = nodes[node]
        if at >= 7:
            out[7 + at] = n["value"] + base
            return
        out[at], out[7 + at] = (0, 0.0) if n["is_leaf"] else (n["feature_idx"], n["num_threshold"])
        for branch, side in ((2 * at + 1, "left"), (2 * at + 2, "right")):
            place(branch, node if n["is_leaf"] else int(n[side]))

    place(0, 0)
    return out


def grow(path: Path, head: str, rising: Sequence[int], rows: Any, true: Any, weights: Any, rate: float) -> None:
    """Fit 80 trees of depth 3 and write them under the line `head`. `rising`: how each column of `rows` may move the odds;
    `rate`: of learning."""
    model = HistGradientBoostingClassifier(
        max_iter=80,
        max_depth=3,
        learning_rate=rate,
        min_samples_leaf=20,
        l2_regularization=5,
        monotonic_cst=rising,
        early_stopping=False,
        random_state=0,
    ).fit(rows, true, weights)
    base = float(np.ravel(model._baseline_prediction)[0])
    trees = np.array([flat(tree[0].nodes, 0 if i else base) for i, tree in enumerate(model._predictors)])
    np.savetxt(path, trees, ["%d"] * 7 + ["%.4g"] * 15, header=head)


def main() -> None:
    """Gather, fit, write."""
    parser = argparse.ArgumentParser(description="Fit the trees that weigh the evidence of a passage")
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--sample", type=int, default=60, help="made news a kind")
    parser.add_argument("--mixed", type=int, default=150, help="articles against their words in random order")
    options = parser.parse_args()
    options.data = unpacked(options.data)
    policy = PassagePolicy(fragment=0.005)
    rows = [
        (share, item.kind[0] == "0", traits)
        for item in items(options.data, options.sample, options.mixed)
        for share, traits in examples(item, policy)
        if share < 0 or (share > OVERLAP and not item.kind.startswith("05"))
    ]
    share, pan_row, traits = (np.array(column) for column in zip(*rows, strict=True))
    head = "Trees that weigh the evidence of a passage (kernels.evidence.vote), written by benchmarks/fitting.py"
    grow(TREES, head, RISING, traits, share > 0, np.where(pan_row, 1.0, NEWS_WEIGHT), rate=0.1)
    print(f"{len(rows)} examples, {int((share > 0).sum())} of them true; written to {TREES.name}")


if __name__ == "__main__":
    main()
