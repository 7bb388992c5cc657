"""What a search of an archive may take for copying: `python -m benchmarks.searching [--fit] [--data DIR] [--half tune|report]`.

Without `--fit`: articles of the half are checked against all others; printed is how many are flagged, by verdict and by whether
the best match is of another outlet, and `--show N` of the rewordings across outlets, to be read. Then how many passages of
reworded copies and of real pairs pass the bar of a search.

With `--fit` (needs scikit-learn) writes `detector/searched.txt`, the trees of `Evidence.searched_odds`, from the half "tune".
True: passages below `sure_similarity` in reworded copies (made news, PAN 2013, real pairs read as copies). False: such passages
between articles of two outlets that share no run of `UNREAD_RUN` words, unread, and of pairs read as independent. What is shared
more never counts against a passage (monotone constraints), so that the trees carry over.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import Half, half_of, news, pan
from benchmarks.data import FOLDER, unpacked
from benchmarks.negatives import archive, passages
from benchmarks.same_event import family, load
from benchmarks.verdicts import answers, copied_words, real
from detector import Detector, Match, evidence
from detector.align import align
from detector.evidence import Evidence
from detector.kernels.runs import covering_runs
from detector.policy import Policy
from detector.reading import Reading
from detector.verdict import FLAGGED

TREES = Path(evidence.__file__).with_name("searched.txt")
RISING = (1, 1, 1, 1, -1, 0, 0, 1, 1)
"""How each of `Evidence.features` may move the odds."""
UNREAD_RUN = 14
"""Equal words in a row from which two articles of different outlets may have one text as their source."""
GROUPS = {"made": 1000.0, "pan": 700.0, "same event": 150.0, "once flagged": 50.0, "answer": 150.0, "unread": 2000.0}
"""Weight of all examples of a group together."""
COPIED = ("copied", "shared_release", "cut", "light", "heavy")
CLEAN = ("independent", "different", "quotes_only", "non")
PLAIN = ("verbatim", "furniture", "headline", "joined", "list", "hidden")
"""Kinds of made copies that are not reworded."""


@dataclass(frozen=True, slots=True)
class Example:
    """A passage below `sure_similarity`: what it belongs to, whether it was taken, its `Evidence.features` and log odds."""

    kind: str
    taken: bool
    features: NDArray[np.float64]
    odds: float


def doubtful(submission: Reading, article: Reading, policy: Policy) -> Iterator[tuple[int, int, NDArray[np.float64], float]]:
    """(start, end, features, odds in a search) of the passages that need evidence."""
    if not len(submission) or not len(article):
        return
    found = align(submission.tokens, article.tokens, policy.passages)
    found = [passage for passage in found if passage.similarity < policy.sure_similarity]
    weighed = Evidence(submission, article, policy) if found else None
    for passage in found:
        assert weighed
        yield passage.start, passage.end, weighed.features(passage), weighed.searched_odds(passage)


def taken(data: Path, half: Half, sample: int, policy: Policy) -> Iterator[Example]:
    """Passages of texts of which is known what they took."""
    lexicon = data / "wordnet-bahasa" / "wnbahasa_wn-data-ind.tab"
    made = (item for item in news(data / "articles-dev.jsonl", lexicon, half, sample) if item.kind not in PLAIN)
    for group, items in (("made", made), ("pan", pan(data / "pan13_text_alignment" / "train_corpus", half, sample))):
        for item in items:
            submission, article = Reading(item.submission.replace("\0", " ")), Reading(item.article.replace("\0", " "))
            copied = copied_words(submission, item)
            for start, end, features, odds in doubtful(submission, article, policy):
                if copied[start:end].mean() > 0.5:
                    yield Example(f"{group}: {item.kind}", True, features, odds)
    for pair in (*real(data, half), *answers(data, half)):
        if pair.kind.endswith(COPIED + CLEAN):
            for _, _, features, odds in doubtful(Reading(pair.submission), Reading(pair.article), policy):
                yield Example(pair.kind, pair.kind.endswith(COPIED), features, odds)


def unread(detector: Detector, checked: Sequence[Mapping[str, Any]], policy: Policy) -> Iterator[Example]:
    """Passages that a search comes upon between articles of two outlets that share no long run."""
    for article in checked:
        submission = Reading(article["text"])
        own = detector._archive.seqs_of([article["id"]])
        found = detector._archive.candidates(submission.fingerprint, policy.candidates, own)
        likely = detector._worth_reading(submission, found).tolist()
        for stored, reading in detector._archive.readings(likely).values():
            if family(stored.article.outlet) == family(article["outlet"]):
                continue
            if not len(covering_runs(submission.tokens.hash, reading.tokens.hash, UNREAD_RUN)):
                for _, _, features, odds in doubtful(submission, reading, policy):
                    yield Example("unread", False, features, odds)


def fit(examples: Sequence[Example]) -> None:
    """Fit the trees and write them."""
    from benchmarks.fitting import grow

    groups = [example.kind.split(":")[0] for example in examples]
    size = Counter(groups)
    weights = [GROUPS[group] / size[group] for group in groups]
    head = (
        "Trees that weigh the evidence of a passage found in a search (kernels.evidence.vote), written by benchmarks/searching.py"
    )
    rows, true = [example.features for example in examples], [example.taken for example in examples]
    grow(TREES, head, RISING, rows, true, weights, rate=0.08)
    print(f"{len(examples)} examples, {sum(example.taken for example in examples)} of them taken; written to {TREES.name}")


def passing(examples: Sequence[Example], policy: Policy) -> None:
    """Print the share of passages of each kind that passes bars around that of the policy."""
    bars = sorted({0.1, 0.3, 0.5, 0.7, 0.8, 0.9, policy.searched})
    print(f"\n{'passages below sure_similarity':34}{'n':>6}" + "".join(f"{bar:>7g}" for bar in bars))
    for kind in sorted({example.kind for example in examples}):
        odds = np.array([example.odds for example in examples if example.kind == kind])
        print(f"{kind:34}{len(odds):>6}" + "".join(f"{np.mean(odds > np.log(bar / (1 - bar))):>7.2f}" for bar in bars))


def searched(detector: Detector, checked: Sequence[Mapping[str, Any]], outlets: Mapping[str, str], show: int) -> None:
    """Print what checking articles against all others flags."""
    verdicts: Counter[tuple[str, str]] = Counter()
    read: list[tuple[str, Match]] = []
    for article in checked:
        report = detector.check(article["text"], article["title"], exclude_articles=[article["id"]])
        if report.verdict in FLAGGED:
            best = report.matches[0]
            same = family(outlets[best.article.id]) == family(article["outlet"])
            verdicts[report.verdict, "same outlet" if same else "other outlet"] += 1
            if report.verdict == "rewrite" and not same:
                read.append((article["id"], best))
    print(f"{len(checked)} articles checked against all others")
    for (verdict, where), count in sorted(verdicts.items()):
        print(f"{verdict:14}{where:14}{count:>5}{count / len(checked):>8.2%}")
    for id, match in random.Random(1).sample(read, min(show, len(read))):
        print(f"--- {id} {match.article.id}\n{passages(match)}")


def main() -> None:
    """Fit, or print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--checked", type=int, default=3000, help="articles checked against all others")
    parser.add_argument("--sample", type=int, default=200, help="made copies, and pairs of PAN 2013, of a kind")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    data, policy = unpacked(options.data), Policy()
    half: Half = "tune" if options.fit else options.half
    articles = load(data / "articles-dev.jsonl")
    chosen = [article for article in articles if half_of(article["id"]) == half]
    chosen = random.Random(11).sample(chosen, min(options.checked, len(chosen)))
    with archive(articles) as detector:
        if not options.fit:
            searched(detector, chosen, {article["id"]: article["outlet"] for article in articles}, options.show)
        examples = [*taken(data, half, options.sample, policy), *unread(detector, chosen, policy)]
    if options.fit:
        fit(examples)
    else:
        passing(examples, policy)


if __name__ == "__main__":
    main()
