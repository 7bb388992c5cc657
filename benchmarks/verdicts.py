"""Verdicts: copies flagged by kind, false alarms by label, and PAN 2013 passages as reported: `python -m benchmarks.verdicts`.

    python -m benchmarks.verdicts [--data DIR] [--half tune|report|all] [--sample N] [--show KIND]

Every submission is checked against an archive of the other text; the passages of PAN 2013 are those of `compare`. Made copies and
labelled real pairs are parted in halves (other seeds; hash of the ids), as are PAN 2013 and Clough & Stevenson. What the
judgement was fitted or tuned on is the half "tune"; the floors are those of the project's goals, the figures that count those of
the half "report".
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.corpora import Half, clough_stevenson, half_of, news, pan
from benchmarks.data import FOLDER, unpacked
from benchmarks.negatives import FLAGGED_LABELS, NEGATIVE, passages, rows
from benchmarks.newsset import Item, releases
from benchmarks.plagdet import Case, score
from benchmarks.same_event import LABELS, load
from detector import Article, Detector, Report, compare
from detector.policy import REWRITE_CONFIDENCE, Policy
from detector.reading import Mask, Reading, words_in
from detector.verdict import FLAGGED

FLOORS = {
    **dict.fromkeys(
        ("verbatim", "furniture", "headline", "words10", "words20", "joined", "list", "hidden", "excerpt60"), (">=", 1.0)
    ),
    "words30": (">=", 0.98),
    "rewrite30": (">=", 0.98),
    "words40": (">=", 0.92),
    "rewrite40": (">=", 0.92),
    "excerpt100+20": (">=", 0.92),
    "unrelated": ("<=", 0.0),
    "same event: independent": ("<=", 0.02),
    "same event: quotes_only": ("<=", 0.02),
    "same event: different": ("<=", 0.002),
}
"""Share flagged that a kind must reach, or may not exceed."""
COPIES = (
    *(
        "verbatim",
        "furniture",
        "headline",
        "joined",
        "list",
        "hidden",
        "dropped",
        "merged",
        "forms",
        "words10",
        "words20",
        "words30",
        "words40",
        "words50",
    ),
    *("rewrite0", "rewrite30", "rewrite40", "rewrite50", "shuffle4", "shuffle8", "excerpt30", "excerpt60", "excerpt100"),
    *("excerpt60+20", "excerpt100+20"),
)
REWORDED = (
    *("words40", "words50", "rewrite30", "rewrite40", "rewrite50", "excerpt60+20", "excerpt100+20"),
    *("answer: light", "answer: heavy"),
)
"""Kinds of copies that a `rewrite` may be found in; half of what its confidence is measured on."""
UNRELATED = 5
"""Random pairs for each copy of a kind: false alarms among them are rare, or the detector is useless."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts and what is known of them: `kind`, of made copies or of labelled pairs. `id`: for reading."""

    kind: str
    submission: str
    article: str
    id: str


def made(data: Path, half: Half, sample: int) -> Iterator[Pair]:
    """Copies made from articles, by what was done to them."""
    seeds = {"tune": (7,), "report": (2013,), "all": (7, 2013)}[half]
    lexicon = data / "wordnet-bahasa" / "wnbahasa_wn-data-ind.tab"
    for item in news(data / "articles-dev.jsonl", lexicon, half, sample):
        if item.kind in COPIES:
            kind = f"{item.kind}, speech" if item.kind.startswith("excerpt") and of_speech(item) else item.kind
            yield Pair(kind, item.submission, item.article, "")
    articles = [a["text"] for a in load(data / "articles-dev.jsonl") if len(a["text"]) >= 600]
    for seed in seeds:
        rng = random.Random(f"{seed} unrelated")
        for _ in range(UNRELATED * sample):
            submission, article = rng.sample(articles, 2)
            yield Pair("unrelated", submission, article, "")


def copied_words(submission: Reading, item: Item) -> Mask:
    """bool[n]: the words of a made submission that are copied."""
    return words_in(submission.tokens, np.array([(case.start, case.end) for case in item.cases], np.int32).reshape(-1, 2))


def of_speech(item: Item) -> bool:
    """True when an excerpt is attributed direct speech but for fewer words than make quotations count: exempt by the contract."""
    submission = Reading(item.submission)
    copied = copied_words(submission, item)
    return int((copied & ~submission.quoted).sum()) < Policy().quotation_words


def real(data: Path, half: Half) -> Iterator[Pair]:
    """Real pairs of different outlets in both directions: those about one event, and those that the clean test had flagged."""
    by_id: Mapping[str, Any] = {article["id"]: article for article in load(data / "articles-dev.jsonl")}
    for path, name in ((LABELS, "same event"), (FLAGGED_LABELS, "once flagged")):
        for row in rows(path):
            if row["scope"] != "across" or (half != "all" and half_of(f"{row['a']} {row['b']}") != half):
                continue
            for one, two in ((row["a"], row["b"]), (row["b"], row["a"])):
                yield Pair(f"{name}: {row['label']}", by_id[one]["text"], by_id[two]["text"], f"{one} {two}")


def answers(data: Path, half: Half) -> Iterator[Pair]:
    """Short answers to five questions, copied, revised or written without the source (Clough & Stevenson 2011)."""
    for task, kind, answer, source in clough_stevenson(data / "clough_stevenson"):
        if half == "all" or half_of(f"{task} {answer}") == half:
            yield Pair(f"answer: {kind}", answer, source, task)


def released(data: Path, half: Half, sample: int) -> Iterator[tuple[str, Report]]:
    """Stories made of one shared release, checked against it and another story made of it."""
    lexicon = data / "wordnet-bahasa" / "wnbahasa_wn-data-ind.tab"
    seed = {"tune": 7, "report": 2013, "all": 7}[half]
    for story in releases(data / "articles-dev.jsonl", lexicon, sample, seed):
        with Detector.open("memory://") as detector:
            detector.add(Article(id="release", text=story.release, rights="shared"))
            detector.add(Article(id="ours", text=story.ours))
            yield story.kind, detector.check(story.theirs)


def told(reports: Iterable[tuple[str, Report]]) -> dict[str, dict[str, Any]]:
    """Per kind of story: share flagged and verdicts."""
    kinds: dict[str, list[Report]] = defaultdict(list)
    for kind, report in reports:
        kinds[kind].append(report)
    print(f"\n{'made of one shared release':32}{'n':>5}{'flagged':>9}  verdicts")
    out = {}
    for kind, members in kinds.items():
        verdicts = Counter(report.verdict for report in members)
        share = sum(report.flagged for report in members) / len(members)
        named = ", ".join(f"{name} {count}" for name, count in verdicts.most_common())
        print(f"{kind:32}{len(members):>5}{share:>9.3f}  {named}")
        out[kind] = {"stories": len(members), "flagged": share, "verdicts": dict(verdicts)}
    return out


def reported(items: Iterable[Item]) -> dict[str, dict[str, float]]:
    """PlagDet by kind of the passages that `compare` reports."""
    kinds: dict[str, list[tuple[tuple[Case, ...], list[Case]]]] = defaultdict(list)
    for item in items:
        found = [
            Case(p.submission.start, p.submission.end, p.article.start, p.article.end)
            for p in compare(item.submission.replace("\0", " "), item.article.replace("\0", " ")).passages
        ]
        kinds[item.kind].append((item.cases, found))
        kinds["all"].append((item.cases, found))
    print(f"\n{'PAN 2013, reported':24}{'n':>5}{'PlagDet':>9}{'precision':>11}{'recall':>8}{'missed':>8}{'false':>7}")
    out = {}
    for kind, members in sorted(kinds.items()):
        s = score(members)
        out[kind] = {"plagdet": s.plagdet, "precision": s.precision, "recall": s.recall, "missed": s.missed, "false": s.false}
        print(f"{kind:24}{len(members):>5}{s.plagdet:>9.3f}{s.precision:>11.3f}{s.recall:>8.3f}{s.missed:>8}{s.false:>7}")
    return out


def judged(pairs: Iterable[Pair], show: str | None) -> dict[str, dict[str, Any]]:
    """Per kind: pairs, share flagged and verdicts; prints those of the kind `show` that are flagged, with their passages."""
    kinds: dict[str, list[Report]] = defaultdict(list)
    times = []
    for pair in pairs:
        with Detector.open("memory://") as detector:
            detector.add(Article(id="article", text=pair.article))
            report = detector.check(pair.submission)
        times.append(report.elapsed_ms)
        kinds[pair.kind].append(report)
        if pair.kind == show and report.verdict in FLAGGED:
            print(f"--- {pair.kind} {pair.id}\n{passages(report.matches[0])}")
    print(f"{'kind':32}{'n':>5}{'flagged':>9}{'floor':>9}{'score':>7}{'listed':>8}  verdicts")
    out = {}
    for kind, members in kinds.items():
        share = sum(report.verdict in FLAGGED for report in members) / len(members)
        listed = sum(bool(report.matches) for report in members) / len(members)
        verdicts = Counter(report.verdict for report in members)
        sign, floor = FLOORS.get(kind, ("", 0.0))
        told = f"{sign} {floor:g}" if sign else ""
        named = ", ".join(f"{name} {count}" for name, count in verdicts.most_common())
        mean = statistics.mean(report.score for report in members)
        print(f"{kind:32}{len(members):>5}{share:>9.3f}{told:>9}{mean:>7.2f}{listed:>8.3f}  {named}")
        out[kind] = {"pairs": len(members), "flagged": share, "listed": listed, "score": mean, "verdicts": dict(verdicts)}
    print(f"ms a check: median {statistics.median(times):.2f}")
    out["confidence"] = confidence(kinds)
    return out


def confidence(kinds: Mapping[str, list[Report]]) -> dict[str, Any]:
    """How often a finding of `rewrite` is right, by counting words, of as many reworded copies as read pairs that copied nothing.
    One false finding more than there was is assumed in each row. See `policy.REWRITE_CONFIDENCE`."""
    copies = [report for kind in REWORDED for report in kinds.get(kind, [])]
    clean = [report for kind, found in kinds.items() if kind.endswith(NEGATIVE) and ": " in kind for report in found]
    print(f"\nrewrite, of {len(copies)} copies and {len(clean)} pairs that copied nothing\nwords      right  wrong  confidence")
    out: dict[str, Any] = {"copies": len(copies), "clean": len(clean)}
    most = float("inf")
    for least, _ in REWRITE_CONFIDENCE:
        right, wrong = (
            sum(report.verdict == "rewrite" and least <= report.counting_words < most for report in group)
            for group in (copies, clean)
        )
        hit, false = right / max(len(copies), 1), (wrong + 1) / max(len(clean), 1)
        print(f"from {least:<6}{right:>5}{wrong:>7}{hit / (hit + false):>12.2f}")
        out[str(least)] = {"right": right, "wrong": wrong, "confidence": hit / (hit + false)}
        most = least
    return out


def main() -> None:
    """Print the tables and write them to `benchmarks/results`."""
    parser = argparse.ArgumentParser(description="Copies flagged by kind, false alarms by label")
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="report")
    parser.add_argument("--sample", type=int, default=100, help="made copies a kind, and pairs a kind of PAN 2013")
    parser.add_argument("--show", metavar="KIND", help="print the flagged pairs of a kind, to be read")
    options = parser.parse_args()
    options.data = unpacked(options.data)

    def pairs() -> Iterator[Pair]:
        yield from made(options.data, options.half, options.sample)
        yield from real(options.data, options.half)
        yield from answers(options.data, options.half)

    results: dict[str, Any] = {"half": options.half, "sample": options.sample}
    results["verdicts"] = judged(pairs(), options.show)
    results["released"] = told(released(options.data, options.half, options.sample))
    results["pan"] = reported(pan(options.data / "pan13_text_alignment" / "train_corpus", options.half, options.sample))
    path = Path(__file__).parent / "results" / f"verdicts-{options.half}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
