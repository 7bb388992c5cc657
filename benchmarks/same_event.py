"""Pairs of articles about one event, printed side by side to be read and labelled: `python -m benchmarks.same_event`.

Candidates are found by cosine of tf-idf over content words and names, names counting twice, published within a few days of each
other; nothing is left out for sharing text, so that independent reports, agency copies and real copies stand in one list.
Labels live in `benchmarks/labels/same_event.json`, by article id, without text.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from fingerprints.loose_dates import read_date

DATA = Path("../shared/data/articles-dev.jsonl.xz")
LABELS = Path(__file__).parent / "labels" / "same_event.json"
WORD = re.compile(r"[^\W_]+")
BINS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.01)
"""Edges of the ranges of similarity that a sample is spread over."""
TERMS = 60
"""Heaviest terms of an article that speak for it."""
COMMON = 0.03
"""Share of the articles above which a word is no content word."""
PER_ARTICLE = 2
"""Pairs of one sample that an article may stand in, so that no single event fills it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two articles by their place in the list, and the cosine of their terms, 0 to 1."""

    first: int
    second: int
    cosine: float


def load(data: Path) -> list[dict[str, Any]]:
    """The articles of a JSONL file, plain or `.xz`."""
    opener = lzma.open if data.suffix == ".xz" else open
    with opener(data, "rt", encoding="utf-8", newline="") as lines:
        return [json.loads(line) for line in lines]


def family(outlet: str | None) -> str:
    """The outlet of a newsroom's subdomains and spellings: `news.detik.com`, `www.detik.com` and `detik` are one."""
    names = (outlet or "").lower().split(".")
    return names[-2] if len(names) > 1 else names[0]


def day_of(article: dict[str, Any]) -> date | None:
    """The day an article says it was published, None where it cannot be told."""
    found, _ = read_date((article["published_at"] or "").replace("+", " "))
    return date.fromisoformat(found[:10]) if found else None


def vectors(articles: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """For each article its `TERMS` heaviest words with their weights, length 1."""
    counts: list[Counter[str]] = []
    names: list[set[str]] = []
    for article in articles:
        words = WORD.findall(f"{article['title'] or ''}\n{article['text']}")
        counts.append(Counter(word.lower() for word in words if len(word) > 2))
        names.append({word.lower() for word in words if word[0].isupper()} - {word for word in words if word[0].islower()})
    spread = Counter(word for count in counts for word in count)
    most = COMMON * len(articles)
    made = []
    for count, named in zip(counts, names, strict=True):
        weights = {
            word: (1 + math.log(n)) * math.log(len(articles) / spread[word]) * (2 if word in named else 1)
            for word, n in count.items()
            if 1 < spread[word] <= most
        }
        kept = sorted(weights.items(), key=lambda term: (-term[1], term[0]))[:TERMS]
        norm = math.sqrt(sum(weight * weight for _, weight in kept)) or 1.0
        made.append({word: weight / norm for word, weight in kept})
    return made


def candidates(articles: Sequence[dict[str, Any]], *, same_outlet: bool, days: int) -> Iterator[Candidate]:
    """All pairs above the lowest of `BINS`, of one outlet or of different ones, whose known days are at most `days` apart."""
    terms = vectors(articles)
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for at, weights in enumerate(terms):
        for word, weight in weights.items():
            postings[word].append((at, weight))
    arrays = {word: (np.array([at for at, _ in rows]), np.array([w for _, w in rows])) for word, rows in postings.items()}
    dates = [day_of(article) for article in articles]
    families = np.array([family(article["outlet"]) for article in articles])
    for at, weights in enumerate(terms):
        cosine = np.zeros(len(articles))
        for word, weight in weights.items():
            where, other = arrays[word]
            cosine[where] += weight * other
        near = np.flatnonzero((cosine >= BINS[0]) & ((families == families[at]) == same_outlet))
        for other in near[near > at].tolist():
            one, two = dates[at], dates[other]
            if one is None or two is None or abs(one - two) <= timedelta(days=days):
                yield Candidate(at, other, round(float(cosine[other]), 3))


def spread_sample(found: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
    """`count` of `found`, as evenly over `BINS` as they allow, no article in more than `PER_ARTICLE` of them."""
    rng = random.Random(seed)
    bins = [[c for c in found if low <= c.cosine < high] for low, high in pairwise(BINS)]
    for pairs in bins:
        rng.shuffle(pairs)
    used: Counter[int] = Counter()
    chosen: list[Candidate] = []
    while len(chosen) < count and any(bins):
        for pairs in bins:
            while pairs:
                one = pairs.pop()
                if used[one.first] < PER_ARTICLE and used[one.second] < PER_ARTICLE:
                    used.update((one.first, one.second))
                    chosen.append(one)
                    break
    return chosen[:count]


def longest_run(one: str, two: str) -> str:
    """The longest run of words that stands in both texts, by the textbook table."""
    first, second = ([word.lower() for word in WORD.findall(text)] for text in (one, two))
    best = end = 0
    row = [0] * (len(second) + 1)
    for at, word in enumerate(first, start=1):
        above, row = row, [0] * (len(second) + 1)
        for other, its in enumerate(second, start=1):
            if word == its:
                row[other] = above[other - 1] + 1
                if row[other] > best:
                    best, end = row[other], at
    return " ".join(first[end - best : end])


def shown(article: dict[str, Any], words: int) -> str:
    """An article as a reader sees it, cut to so many words."""
    parts = article["text"].split()
    cut = f" [... {len(parts) - words} more]" if len(parts) > words else ""
    return f"[{article['outlet']}, {article['published_at']}] {article['title']}\n" + " ".join(parts[:words]) + cut


def labelled(path: Path) -> set[frozenset[str]]:
    """The pairs of ids that a label file holds."""
    if not path.exists():
        return set()
    return {frozenset((row["a"], row["b"])) for row in json.loads(path.read_text(encoding="utf-8"))["pairs"]}


def main() -> None:
    """Print a sample of pairs that have no label yet, to be read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--labels", type=Path, default=LABELS, help="pairs in this file are left out")
    parser.add_argument("--same-outlet", action="store_true", help="pairs within one outlet instead of across")
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--low", type=float, default=BINS[0], help="lowest cosine")
    parser.add_argument("--high", type=float, default=BINS[-1], help="highest cosine, exclusive")
    parser.add_argument("--words", type=int, default=250, help="words shown of each text")
    args = parser.parse_args()
    articles = load(args.data)
    known = labelled(args.labels)
    found = [
        pair
        for pair in candidates(articles, same_outlet=args.same_outlet, days=args.days)
        if args.low <= pair.cosine < args.high
        and frozenset((articles[pair.first]["id"], articles[pair.second]["id"])) not in known
    ]
    print(f"{len(found)} candidates", file=sys.stderr)
    for number, pair in enumerate(spread_sample(found, args.count, args.seed), start=1):
        one, two = articles[pair.first], articles[pair.second]
        run = longest_run(one["text"], two["text"])
        print(f"=== {number} {one['id']} {two['id']} cosine {pair.cosine} run of {len(run.split())}: {run}")
        print(f"A {shown(one, args.words)}\n\nB {shown(two, args.words)}\n")


if __name__ == "__main__":
    main()
