"""Real pairs that copied nothing, and how many of them are flagged: `python -m benchmarks.negatives`.

`labelled` judges the pairs that a reader labelled (`benchmarks/labels/same_event.json`), each by `compare` in both directions and
by `Detector.check` against an index of one side. `clean` checks a sample of articles against all others; what it flags was read
too (`benchmarks/labels/flagged.json`), which tells republication in the data from false alarms.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.same_event import DATA, LABELS, family, load
from detector import Article, Detector, InputError, Match, Policy, Report, compare
from detector.verdict import FLAGGED

FLAGGED_LABELS = LABELS.with_name("flagged.json")
NEGATIVE = ("independent", "quotes_only", "different")
"""Labels of pairs in which a flag is a false alarm."""
NEAR = 0.5
"""Jaccard from which two articles are one text published twice."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One labelled pair, judged. `submission`, `article`: ids. `by`: `compare` or `check`. `matches`: at most one."""

    submission: str
    article: str
    label: str
    scope: str
    by: str
    match: Match | None

    @property
    def flagged(self) -> bool:
        """Whether an editor would see an alarm."""
        return self.match is not None and self.match.verdict in FLAGGED


@dataclass(frozen=True, slots=True)
class Alarm:
    """A sampled article that was flagged. `report`: all that was found; `best`: the match that explains it, None when only
    several together do; `kind`: `near` (the same text again), `across` or `same_outlet`."""

    submission: str
    report: Report
    best: Match | None
    kind: str

    @property
    def article(self) -> str:
        """Id of the article that explains it, empty when only several together do."""
        return self.best.article.id if self.best else ""


def rows(path: Path) -> list[dict[str, Any]]:
    """The pairs of a label file."""
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["pairs"]
    return found


def archive(articles: Iterable[Mapping[str, Any]], policy: Policy | None = None) -> Detector:
    """A detector in memory over articles; without dates, which could only excuse what is measured here."""
    detector = Detector.open("memory://", policy=policy)
    detector.add_many(stored(article) for article in articles)
    return detector


def stored(article: Mapping[str, Any]) -> Article:
    """An article of the data file as the index takes it."""
    return Article(id=article["id"], text=article["text"], title=article["title"], outlet=article["outlet"])


def labelled(
    articles: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]], policy: Policy | None = None
) -> Iterator[Outcome]:
    """Judge labelled pairs (`a`, `b`, `label`, `scope`). Raises `InputError` for a pair whose articles are not in the data."""
    by_id = {article["id"]: article for article in articles}
    if missing := {row[side] for row in pairs for side in ("a", "b")} - by_id.keys():
        raise InputError("labels", f"{len(missing)} articles are not in the data, such as {min(missing)}")
    sides = {row["b"]: by_id[row["b"]] for row in pairs}
    with archive(sides.values(), policy) as detector:
        for row in pairs:
            for one, two in ((row["a"], row["b"]), (row["b"], row["a"])):
                match = compare(by_id[one]["text"], by_id[two]["text"], policy)
                yield Outcome(one, two, row["label"], row["scope"], "compare", match)
            report = detector.check(by_id[row["a"]]["text"], by_id[row["a"]]["title"], exclude_articles=[row["a"]])
            found = next((match for match in report.matches if match.article.id == row["b"]), None)
            yield Outcome(row["a"], row["b"], row["label"], row["scope"], "check", found)


def table(outcomes: Iterable[Outcome]) -> str:
    """Per scope, label and way of asking: pairs, share flagged, mean and highest score, verdicts."""
    groups: dict[tuple[str, str, str], list[Outcome]] = defaultdict(list)
    for one in outcomes:
        groups[one.scope, one.label, one.by].append(one)
    lines = [f"{'scope':12}{'label':16}{'by':9}{'n':>5}{'flagged':>9}{'score':>7}{'max':>6}  verdicts"]
    for (scope, label, by), members in sorted(groups.items()):
        scores = [one.match.score if one.match else 0.0 for one in members]
        verdicts = Counter(one.match.verdict if one.match else "none" for one in members)
        share = sum(one.flagged for one in members) / len(members)
        told = ", ".join(f"{name} {count}" for name, count in verdicts.most_common())
        mean, most = statistics.mean(scores), max(scores)
        lines.append(f"{scope:12}{label:16}{by:9}{len(members):>5}{share:>9.1%}{mean:>7.3f}{most:>6.2f}  {told}")
    return "\n".join(lines)


def clean(articles: Sequence[Mapping[str, Any]], count: int, seed: int, policy: Policy | None = None) -> tuple[list[Alarm], int]:
    """Check `count` articles against all others; those flagged, and how many were checked."""
    by_id = {article["id"]: article for article in articles}
    chosen = random.Random(seed).sample(sorted(by_id), min(count, len(by_id)))
    alarms = []
    with archive(by_id.values(), policy) as detector:
        for id in chosen:
            report = detector.check(by_id[id]["text"], by_id[id]["title"], exclude_articles=[id])
            if report.verdict in FLAGGED:
                alarms.append(_alarm(by_id, id, report))
    return alarms, len(chosen)


def _alarm(by_id: Mapping[str, Mapping[str, Any]], id: str, report: Report) -> Alarm:
    """The flagged match of most words from another outlet explains an alarm, else the one from the same."""
    flagged = [match for match in report.matches if match.verdict in FLAGGED]
    if not flagged:
        return Alarm(id, report, None, "several_together")
    own = family(by_id[id]["outlet"])
    across = [match for match in flagged if family(by_id[match.article.id]["outlet"]) != own]
    best = max(across or flagged, key=lambda match: (match.counting_words, match.article.id))
    kind = "near" if best.jaccard >= NEAR else "across" if across else "same_outlet"
    return Alarm(id, report, best, kind)


def clean_table(alarms: Sequence[Alarm], checked: int, read: Sequence[Mapping[str, Any]]) -> str:
    """Per kind: share flagged, how many of those were read, and from them the share of all checked that is a false alarm."""
    labels = {(row["a"], row["b"]): row["label"] for row in read}
    lines = [f"checked {checked}, flagged {len(alarms)} ({len(alarms) / checked:.2%})"]
    lines.append(f"{'kind':18}{'flagged':>8}{'share':>8}{'read':>6}{'false':>7}{'false of all':>14}  labels")
    for kind in ("near", "across", "same_outlet", "several_together"):
        members = [alarm for alarm in alarms if alarm.kind == kind]
        told = Counter(label for alarm in members if (label := labels.get((alarm.submission, alarm.article))))
        seen, false = told.total(), sum(told[label] for label in NEGATIVE)
        rate = f"{len(members) / checked * false / seen:.2%}" if seen else "unread"
        named = ", ".join(f"{name} {count}" for name, count in told.most_common())
        lines.append(f"{kind:18}{len(members):>8}{len(members) / checked:>8.2%}{seen:>6}{false:>7}{rate:>14}  {named}")
    return "\n".join(lines)


def shown(outcome: Outcome) -> str:
    """A pair with the passages that count, for reading."""
    match = outcome.match
    head = f"--- {outcome.label} {outcome.scope} {outcome.by} {outcome.submission} {outcome.article}"
    return head if match is None else f"{head}\n{passages(match)}"


def passages(match: Match) -> str:
    """Verdict and shares of a match, and its passages side by side."""
    lines = [
        f"{match.verdict} score {match.score:.2f} copied {match.copied:.2f} taken {match.taken:.2f} words {match.counting_words} "
        f"run {match.longest_run_words} jaccard {match.jaccard:.2f}"
    ]
    for passage in match.passages:
        parts = ",".join(f"{span.reason} {span.start}-{span.end}" for span in passage.exempt_spans)
        lines.append(f"  [{passage.kind} {passage.words} words, {passage.similarity:.2f}, {passage.exempt or parts or 'counts'}]")
        lines.append(f"    S {' '.join(passage.submission.text.split())}\n    A {' '.join(passage.article.text.split())}")
    return "\n".join(lines)


def main() -> None:
    """Print the tables, and with `--show` what was judged wrongly, for reading."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--clean", type=int, default=0, help="articles to check against all others; 0 for none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    articles = load(args.data)
    outcomes = list(labelled(articles, rows(args.labels)))
    print(table(outcomes))
    wrong = [one for one in outcomes if one.flagged and one.label in NEGATIVE]
    print("\nfalse alarms:")
    for one in wrong:
        print(shown(one) if args.show else f"{one.label} {one.scope} {one.by} {one.submission} {one.article}")
    if args.clean:
        alarms, checked = clean(articles, args.clean, args.seed)
        read = rows(FLAGGED_LABELS) if FLAGGED_LABELS.exists() else []
        print("\n" + clean_table(alarms, checked, read))
        for alarm in alarms if args.show else ():
            best = alarm.best
            print(f"=== {alarm.kind} {alarm.submission} {alarm.article or '-'} {alarm.report.verdict}")
            print(passages(best) if best else "\n".join(map(passages, alarm.report.matches)))


if __name__ == "__main__":
    main()
