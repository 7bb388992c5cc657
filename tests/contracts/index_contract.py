"""What every index promises, against a slow and obvious oracle. A subclass says how to open one."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from fingerprints.fingerprint import (
    COMMON_ARTICLES,
    RUN_WORDS,
    TEMPLATE_ARTICLES,
    TEMPLATE_SHARE,
    Fingerprint,
    fingerprint,
    fingerprint_many,
)
from fingerprints.index import Batch, Candidates, Entry, FingerprintIndex, TemplateRun
from fingerprints.signature import bands
from fingerprints.tokens import tokenize

LISTED_COPIES = 250
SYLLABLES = ["ka", "me", "ri", "to", "su", "ban", "da", "pe", "lin", "go", "sar", "wa", "ti", "nu"]


def word(n: int) -> str:
    """A made-up word of its own for each number."""
    out = ""
    while True:
        out += SYLLABLES[n % len(SYLLABLES)]
        n //= len(SYLLABLES)
        if not n:
            return out + "k"


def text(seed: int, words: int, vocabulary: int = 4000) -> str:
    """`words` made-up words, the same for the same seed."""
    pick = random.Random(seed)
    return " ".join(word(pick.randrange(vocabulary)) for _ in range(words))


@cache
def fp(content: str) -> Fingerprint:
    """The fingerprint of a text."""
    return fingerprint(tokenize(content))


def windows(f: Fingerprint) -> list[bytes]:
    """Each window of RUN_WORDS words, by its start."""
    return [f.words[i : i + RUN_WORDS].tobytes() for i in range(len(f.words) - RUN_WORDS + 1)]


class Oracle:
    """An index as a dictionary of fingerprints."""

    def __init__(self) -> None:
        self.held: dict[int, Fingerprint] = {}

    def apply(self, entries: Sequence[Entry]) -> None:
        for e in entries:
            if e.removes is not None:
                self.held.pop(e.removes, None)
            if e.fingerprint is not None:
                self.held[e.seq] = e.fingerprint

    def counts(self, f: Fingerprint) -> list[int]:
        """In how many articles each window of the submission stands."""
        sets = [set(windows(g)) for g in self.held.values()]
        return [sum(w in s for s in sets) for w in windows(f)]

    def classes(self, f: Fingerprint) -> tuple[set[int], set[int], dict[int, list[int]]]:
        """(articles that share a run that is not common, those half of which is common runs, seq -> shared window starts)."""
        counts, rare, mostly, shared = self.counts(f), set(), set(), {}
        for seq, g in self.held.items():
            own = set(windows(g))
            starts = [i for i, w in enumerate(windows(f)) if w in own]
            if starts:
                shared[seq] = starts
                covered = {p for i in starts for p in range(i, i + RUN_WORDS)}
                if any(counts[i] <= COMMON_ARTICLES for i in starts):
                    rare.add(seq)
                elif 2 * len(covered) >= len(g.words):
                    mostly.add(seq)
        return rare, mostly, shared

    def common(self, f: Fingerprint) -> list[tuple[int, int, int]]:
        """The common stretches of the submission."""
        out: list[tuple[int, int, int]] = []
        for i, n in enumerate(self.counts(f)):
            if n <= COMMON_ARTICLES:
                continue
            if out and out[-1][1] == i + RUN_WORDS - 1:
                out[-1] = (out[-1][0], i + RUN_WORDS, min(out[-1][2], n))
            else:
                out.append((i, i + RUN_WORDS, n))
        return out

    def sharing(self, f: Fingerprint) -> set[int]:
        """Articles that share any sketch hash with the submission."""
        a, b = set(f.ordered.tolist()), set(f.free.tolist())
        return {s for s, g in self.held.items() if a & set(g.ordered.tolist()) or b & set(g.free.tolist())}

    def duplicates(self, f: Fingerprint, threshold: float) -> list[tuple[int, float]]:
        """Those that agree in a whole band, and their share of equal values. A text without a shingle resembles nothing."""
        if (f.signature == 0xFFFFFFFF).all():
            return []
        count, rows = bands(0.5)
        found = []
        for seq, g in self.held.items():
            equal = f.signature == g.signature
            if any(equal[b * rows : (b + 1) * rows].all() for b in range(count)) and equal.mean() >= threshold:
                found.append((seq, float(equal.mean())))
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def templates(entries: Sequence[Entry], f: Fingerprint) -> tuple[TemplateRun, ...]:
    """The runs that many articles of one outlet hold, of articles none of which is a copy of another."""
    counts = [0] * len(windows(f))
    everywhere = [sum(w in windows(e.fingerprint) for e in entries if e.fingerprint) for w in windows(f)]
    for outlet in {e.outlet for e in entries if e.outlet}:
        sets = [set(windows(e.fingerprint)) for e in entries if e.outlet == outlet and e.fingerprint]
        needed = max(TEMPLATE_ARTICLES, math.ceil(TEMPLATE_SHARE * len(sets)))
        for i, window in enumerate(windows(f)):
            held = sum(window in s for s in sets)
            if held >= needed and everywhere[i] <= COMMON_ARTICLES:
                counts[i] = max(counts[i], held)
    found, start = [], 0
    for i in range(len(counts) + 1):
        if i == len(counts) or not counts[i]:
            if start < i:
                found.append(TemplateRun(start, i - 1 + RUN_WORDS, min(counts[start:i])))
            start = i + 1
    return tuple(found)


def as_lists(c: Candidates) -> tuple[list[int], list[float], list[bool], list[tuple[int, int, int]], int]:
    """Candidates in a form that compares."""
    common = [(r.start, r.end, r.articles) for r in c.common]
    return c.seq.tolist(), np.round(c.weight, 3).tolist(), c.verbatim.tolist(), common, c.omitted


def fill(index: FingerprintIndex, texts: Sequence[str], first: int = 1) -> None:
    """Add texts under rising seqs."""
    index.apply([Entry(first + i, fp(t)) for i, t in enumerate(texts)])


class IndexContract:
    """Tests; a subclass gives the fixture `index` (empty), `fresh` and `settle`."""

    replacements = 400
    """Made while queries go on."""

    @pytest.fixture
    def index(self) -> Iterator[FingerprintIndex]:
        raise NotImplementedError

    def fresh(self) -> FingerprintIndex:
        """Another empty index, for comparison."""
        raise NotImplementedError

    def settle(self, index: FingerprintIndex) -> FingerprintIndex:
        """The same index after whatever can happen to its files: written out, closed, opened."""
        raise NotImplementedError

    def test_an_empty_index_knows_nothing(self, index: FingerprintIndex) -> None:
        assert (len(index), index.seq) == (0, 0)
        assert as_lists(index.candidates(fp(text(1, 50)))) == ([], [], [], [], 0)
        assert index.duplicates(fp(text(1, 50))) == []
        assert index.verify() == []

    def test_an_article_is_found_at_once_with_its_words(self, index: FingerprintIndex) -> None:
        fill(index, [text(s, 120) for s in range(5)])
        found = index.candidates(fp(text(3, 120)))
        assert found.seq[0] == 4
        assert found.verbatim[0]
        assert index.duplicates(fp(text(3, 120))) == [(4, 1.0)]
        assert index.stats()["articles"] == len(index) == 5

    def test_an_empty_text_is_held_and_never_found(self, index: FingerprintIndex) -> None:
        fill(index, ["", text(1, 60), ""])
        assert len(index) == 3
        assert as_lists(index.candidates(fp("")))[0] == []
        assert index.duplicates(fp("")) == []

    def test_known_changes_are_skipped_and_the_order_is_kept(self, index: FingerprintIndex) -> None:
        fill(index, [text(1, 60)], first=5)
        fill(index, [text(2, 60)], first=4)
        index.apply([], upto=9)
        assert (len(index), index.seq) == (1, 9)
        with pytest.raises(ValueError, match="seq 10 after 11"):
            index.apply([Entry(11, fp(text(1, 60))), Entry(10, fp(text(2, 60)))])
        assert (len(index), index.seq) == (1, 9)

    @pytest.mark.parametrize(
        ("seqs", "removes"),
        [
            ([3, 4, 7], [None, None, None]),
            ([3, 4, 7], [1, None, 2]),  # replace what is there
            ([3, 4, 7], [None, 3, None]),  # replace another of the batch
            ([1, 2, 7], [None, None, None]),  # some are known
            ([1, 2], [None, None]),
        ],
    )
    def test_a_batch_is_as_its_entries(self, index: FingerprintIndex, seqs: list[int], removes: list[int | None]) -> None:
        one_by_one, texts = self.fresh(), [text(60 + s, 70) for s in seqs]
        batch = Batch(seqs, fingerprint_many(texts), removes, ["a.example", None, "a.example"][: len(seqs)])
        for some, entries in ((index, batch), (one_by_one, list(batch))):
            fill(some, [text(1, 80), text(2, 80)])
            some.apply(entries)
        assert (len(index), index.seq) == (len(one_by_one), one_by_one.seq)
        assert index.verify() == []
        for query in [text(1, 80), text(2, 80), *texts]:
            assert as_lists(index.candidates(fp(query))) == as_lists(one_by_one.candidates(fp(query)))
            assert index.duplicates(fp(query)) == one_by_one.duplicates(fp(query))

    def test_a_batch_out_of_order_changes_nothing(self, index: FingerprintIndex) -> None:
        with pytest.raises(ValueError, match="seq 4 after 5"):
            index.apply(Batch([5, 4], fingerprint_many(["satu dua", "tiga"]), [None, None], [None, None]))
        assert (len(index), index.seq) == (0, 0)

    def test_replaced_and_removed_articles_are_gone(self, index: FingerprintIndex) -> None:
        fill(index, [text(1, 80), text(2, 80)])
        index.apply([Entry(3, fp(text(3, 80)), removes=1), Entry(4, None, removes=2), Entry(5, fp(text(5, 80)))])
        index.apply([Entry(6, fp(text(6, 80)), removes=5), Entry(7, None, removes=99)])
        index = self.settle(index)
        assert len(index) == 2
        assert [as_lists(index.candidates(fp(text(n, 80))))[0] for n in (1, 2, 3, 5, 6)] == [[], [], [3], [], [6]]
        assert index.duplicates(fp(text(2, 80))) == []

    @pytest.mark.parametrize("seed", range(20))
    def test_it_answers_as_the_oracle(self, seed: int) -> None:
        index, oracle, pick = self.fresh(), Oracle(), random.Random(seed)
        phrases = [text(1000 + k, pick.choice([5, 11, 12, 13, 30]), 300) for k in range(6)]

        def compose() -> str:
            filler = [text(pick.randrange(40), pick.randrange(1, 40), 120) for _ in range(5)]
            parts = [pick.choice(phrases) if pick.random() < 0.5 else other for other in filler]
            return " ".join(parts[: pick.randrange(6)])

        seq = 0
        for _ in range(pick.randrange(1, 6)):
            entries = []
            for _ in range(pick.choice([1, 1, 7, 40])):
                seq += pick.randrange(1, 3)
                gone = pick.choice([*oracle.held, *[e.seq for e in entries], None]) if pick.random() < 0.4 else None
                entries.append(Entry(seq, None if gone and pick.random() < 0.3 else fp(compose()), gone))
            index.apply(entries)
            oracle.apply(entries)
            if pick.random() < 0.3:
                index = self.settle(index)
        plain = self.fresh()
        plain.apply([Entry(s, f) for s, f in oracle.held.items()])
        assert len(index) == len(oracle.held)
        assert index.verify() == []
        for _ in range(5):
            query = fp(" ".join(compose() for _ in range(3)))
            found, limit = index.candidates(query, limit=1000), pick.randrange(4)
            rare, _, _ = oracle.classes(query)
            assert set(found.seq[found.verbatim].tolist()) == rare
            assert set(found.seq.tolist()) == oracle.sharing(query)
            assert as_lists(found) == as_lists(plain.candidates(query, limit=1000))
            best = set(found.seq[~found.verbatim][:limit].tolist())
            assert set(index.candidates(query, limit=limit).seq.tolist()) == best | rare
            assert index.duplicates(query) == oracle.duplicates(query, 0.5)
        index.close()
        plain.close()

    def test_every_run_of_the_promised_length_is_found_whatever_surrounds_it(self, index: FingerprintIndex) -> None:
        sources = [text(s, 100) for s in range(30)]
        fill(index, sources)
        pick = random.Random(7)
        for n, source in enumerate(sources):
            at = pick.randrange(100 - RUN_WORDS + 1)
            stolen = " ".join(source.split()[at : at + RUN_WORDS])
            hosts = text(900 + n, 200).split()
            for cut in (0, 77, 200):
                found = index.candidates(fp(" ".join([*hosts[:cut], stolen, *hosts[cut:]])), limit=0)
                assert n + 1 in found.seq.tolist(), (n, at)

    def test_a_run_beyond_a_hundred_articles_is_common_and_counted(self, index: FingerprintIndex) -> None:
        run = text(77, 20)
        fill(index, [f"{text(s, 60)} {run} {text(500 + s, 40)}" for s in range(COMMON_ARTICLES)])
        query = fp(f"{text(9001, 30)} {run} {text(9002, 30)}")
        found = index.candidates(query, limit=5)
        assert found.common == ()
        assert found.verbatim.sum() == COMMON_ARTICLES
        index.apply([Entry(200, fp(f"{text(600, 60)} {run}"))])
        found = self.settle(index).candidates(query, limit=5)
        assert as_lists(found)[3:] == ([(30, 50, COMMON_ARTICLES + 1)], 0)
        assert (found.seq.tolist(), found.verbatim.tolist()) == ([1], [False])

    def test_a_rare_run_beside_a_common_one_is_still_found(self, index: FingerprintIndex) -> None:
        run, lead = text(77, 14), "sebelas"
        fill(index, [f"{text(s, 50)} {run} {text(500 + s, 40)}" for s in range(150)])
        index.apply([Entry(151, fp(f"{text(700, 50)} {lead} {run} {text(800, 30)}"))])
        found = index.candidates(fp(f"{text(9001, 30)} {lead} {run} {text(9002, 30)}"), limit=0)
        assert dict(zip(found.seq.tolist(), found.verbatim.tolist(), strict=True)) == {1: False, 151: True}
        assert as_lists(found)[3] == [(31, 45, 151)]

    def test_common_runs_are_those_of_the_oracle(self, index: FingerprintIndex) -> None:
        pick, oracle = random.Random(3), Oracle()
        runs = [text(400 + k, 12 + 3 * k) for k in range(4)]
        entries = []
        for seq in range(1, 221):
            parts = [text(seq, 10), *(run for run in runs if pick.random() < 0.5), text(1000 + seq, 10)]
            entries.append(Entry(seq, fp(" ".join(parts)), removes=seq - 7 if seq % 9 == 0 else None))
        index.apply(entries)
        oracle.apply(entries)
        counts = set()
        for order in range(8):
            chosen = pick.sample(runs, pick.randrange(1, 5))
            query = fp(" ".join([text(9000 + order, 8), *chosen, text(9100 + order, 8), chosen[0]]))
            found = as_lists(index.candidates(query))[3]
            assert found == oracle.common(query)
            counts.add(len(found))
        assert len(counts) > 1

    def test_what_many_articles_of_one_outlet_hold_is_its_template(self, index: FingerprintIndex) -> None:
        line, others = text(77, 20), math.floor(TEMPLATE_ARTICLES / TEMPLATE_SHARE) - TEMPLATE_ARTICLES
        query = fp(f"{text(9001, 30)} {line} {text(9002, 30)}")

        def seen(found: Candidates) -> list[tuple[int, int, int]]:
            return [(run.start, run.end, run.articles) for run in found.templates]

        def holding(seed: int) -> Fingerprint:
            return fp(f"{text(seed, 60)} {line} {text(500 + seed, 40)}")

        elsewhere = [Entry(1 + s, holding(s), outlet=("b.id", None)[s % 2]) for s in range(2 * TEMPLATE_ARTICLES - 2)]
        index.apply(elsewhere)
        index.apply([Entry(100 + s, holding(100 + s), outlet="a.id") for s in range(TEMPLATE_ARTICLES - 1)])
        index.apply([Entry(150 + s, fp(f"{text(100, 60)} {line} {text(700 + s, 9)}"), outlet="a.id") for s in range(5)])
        assert seen(index.candidates(query)) == []  # copies of one article count once
        index.apply([Entry(200, holding(99), outlet="a.id")])
        assert seen(index.candidates(query)) == [(30, 50, TEMPLATE_ARTICLES)]
        assert seen(index.candidates(query, exclude=frozenset({200}))) == [(30, 50, TEMPLATE_ARTICLES)]
        assert seen(index.candidates(holding(99), limit=0)) == [(60, 80, TEMPLATE_ARTICLES)]
        index.apply([Entry(1000 + s, fp(text(2000 + s, 30)), outlet="a.id") for s in range(others - 5)])
        index = self.settle(index)
        assert seen(index.candidates(query)) == [(30, 50, TEMPLATE_ARTICLES)]
        index.apply([Entry(3000, fp(text(3000, 30)), outlet="a.id")])
        assert seen(index.candidates(query)) == []  # too small a share of the outlet
        index.apply([Entry(3001, None, removes=3000)])
        assert seen(index.candidates(query)) == [(30, 50, TEMPLATE_ARTICLES)]
        index.apply([Entry(3002, None, removes=200)])
        assert seen(index.candidates(query)) == []

    def test_templates_are_those_of_the_oracle_in_any_order(self, index: FingerprintIndex) -> None:
        pick, other = random.Random(5), self.fresh()
        lines, entries = [text(400 + k, 12 + 2 * k) for k in range(5)], []
        for seq in range(1, 121):
            held = [line for k, line in enumerate(lines) if pick.random() < 0.08 * (k + 1)]
            parts = [text(seq, 75), *held, text(1000 + seq, 45)]
            entries.append(Entry(seq, fp(" ".join(parts)), outlet=("a.id", "b.id", None)[pick.choice([0, 0, 1, 2])]))
        index.apply(entries)
        shuffled = pick.sample(entries, len(entries))
        other.apply([replace(entry, seq=seq) for seq, entry in enumerate(shuffled, start=1)])
        found = set()
        for order in range(12):
            query = fp(" ".join([text(9000 + order, 8), *pick.sample(lines, 4), text(9100 + order, 8), lines[0], text(9200, 3)]))
            runs = index.candidates(query).templates
            assert runs == other.candidates(query).templates == templates(entries, query)
            found.add(len(runs))
        assert len(found) > 1
        assert other.verify() == []
        other.close()

    def test_of_many_copies_the_best_are_listed_and_the_rest_counted(self, index: FingerprintIndex) -> None:
        content = text(5, 90)
        fill(index, [content] * 300 + [text(6, 90)])
        found = index.candidates(fp(content), limit=40)
        assert found.seq.tolist() == list(range(1, LISTED_COPIES + 1))
        assert found.verbatim.all()
        assert as_lists(found)[3:] == ([(0, 90, 300)], 300 - LISTED_COPIES)

    def test_what_stands_close_together_is_told_of_each_article(self, index: FingerprintIndex) -> None:
        source, other = text(1, 300), text(2, 300)
        words = source.split()
        scattered = other.split()
        scattered[::60] = words[::60]
        excerpt = " ".join([*other.split()[:150], *words[100:130], *other.split()[150:]])
        long_ago = [
            Entry(n, fp(content)) for n, content in enumerate((excerpt, other, " ".join(scattered), "kata tiga"), start=1)
        ]
        index.apply(long_ago)
        index.apply([Entry(5, None, removes=2)])
        query, seqs = fp(source), np.array([1, 2, 3, 4, 99], np.int64)
        close, shares = index.closeness(query.words, np.ones(300, np.bool_), seqs, RUN_WORDS)
        assert close[0] > 20
        assert close[2] < 6
        assert np.isinf(close[3])
        assert close[4] == 0
        assert shares.tolist() == [True, False, False, False, False]
        nothing, _ = index.closeness(query.words, np.zeros(300, np.bool_), seqs[:1])
        assert nothing.tolist() == [0]
        assert index.closeness(query.words, np.ones(300, np.bool_), seqs[:0])[0].tolist() == []

    def test_words_far_apart_or_often_repeated_are_not_close(self, index: FingerprintIndex) -> None:
        """Against counting by hand: each shared word of the best square of two by two blocks of 32 words."""
        mine, theirs = text(5, 200, 300).split(), text(6, 200, 300).split()
        index.apply([Entry(1, fp(" ".join(theirs)))])
        often = {w: (mine.count(w), theirs.count(w)) for w in set(mine) & set(theirs)}
        best = 0.0
        for row in range(len(mine) // 32 + 1):
            for column in range(len(theirs) // 32 + 1):
                found = 0.0
                for i, word_ in enumerate(mine):
                    for j, other in enumerate(theirs):
                        if word_ == other and max(often[word_]) <= 4 and i // 32 - row in (0, 1) and j // 32 - column in (0, 1):
                            found += 1 / min(often[word_])
                best = max(best, found)
        close, _ = index.closeness(fp(" ".join(mine)).words, np.ones(200, np.bool_), np.array([1], np.int64))
        assert close[0] == pytest.approx(best)

    def test_closeness_is_told_by_seq_whatever_is_missing_between(self, index: FingerprintIndex) -> None:
        source, seqs = text(1, 300), [3, 4, 9, 10, 11, 50, 51, 400, 401, 5000]
        index.apply([Entry(seq, fp(source if seq % 2 else text(seq + 10, 300))) for seq in seqs])
        asked = np.array([*seqs, 1, 2, 5, 49, 52, 402, 4999, 5001], np.int64)
        close, shares = index.closeness(fp(source).words, np.ones(300, np.bool_), asked, RUN_WORDS)
        assert (close > 20).tolist() == [seq in seqs and seq % 2 == 1 for seq in asked.tolist()]
        assert shares.tolist() == [seq in seqs and seq % 2 == 1 for seq in asked.tolist()]

    def test_the_best_are_the_first_of_all_oldest_first(self, index: FingerprintIndex) -> None:
        words = text(1, 400).split()
        pick = np.random.default_rng(5)
        contents = []
        for n in range(90):  # up to six pieces of nine words, too short for a run; every third article as the one before it
            if n % 3 == 0:
                own = text(n + 100, 90).split()
                for at in pick.choice(40, n % 7, replace=False).tolist():
                    own[at : at + 9] = words[9 * at : 9 * at + 9]
            contents.append(" ".join(own))
        fill(index, contents)
        query = fp(" ".join(words))
        every = index.candidates(query, limit=1000)
        assert len(every.seq) > 60
        assert not every.verbatim.all()
        keys = list(zip((-every.weight).tolist(), every.seq.tolist(), strict=True))
        assert keys == sorted(keys)
        must = set(every.seq[every.verbatim].tolist())
        others = [seq for seq in every.seq.tolist() if seq not in must]
        for limit in (0, 1, 2, 10, 41, len(others) - 1, len(others)):
            found = index.candidates(query, limit=limit)
            chosen = must | set(others[:limit])
            assert found.seq.tolist() == [seq for seq in every.seq.tolist() if seq in chosen]

    def test_excluded_articles_are_not_listed(self, index: FingerprintIndex) -> None:
        fill(index, [text(1, 80), text(1, 80), text(2, 80)])
        found = index.candidates(fp(text(1, 80)), exclude=frozenset({1, 77}))
        assert found.seq.tolist() == [2]
        assert index.duplicates(fp(text(1, 80)), exclude=frozenset({2})) == [(1, 1.0)]

    @pytest.mark.parametrize("content", ["kata " * 20_000, "satu dua " * 5000, f"{text(3, 40)} " * 200])
    def test_repetition_is_bounded_and_right(self, index: FingerprintIndex, content: str) -> None:
        fill(index, [text(1, 60), content, "kata " * 30, f"{text(8, 300)} {'satu dua ' * 9} {text(3, 40)}"])
        oracle = Oracle()
        oracle.apply([Entry(1, fp(text(1, 60))), Entry(3, fp("kata " * 30))])
        oracle.apply([Entry(2, fp(content)), Entry(4, fp(f"{text(8, 300)} {'satu dua ' * 9} {text(3, 40)}"))])
        for query in (content, f"{text(9, 50)} {content[:400]}", "kata " * 12, text(1, 60)):
            found = index.candidates(fp(query))
            own = set(windows(fp(query)))
            assert set(found.seq[found.verbatim].tolist()) == {s for s, g in oracle.held.items() if own & set(windows(g))}

    def test_words_far_into_a_long_article_are_found(self, index: FingerprintIndex) -> None:
        long = text(1, 70_000, 100_000)
        fill(index, [long, text(2, 50)])
        stolen = " ".join(long.split()[69_000:69_012])
        assert index.candidates(fp(f"{text(3, 40)} {stolen}"), limit=0).seq.tolist() == [1]

    def test_weights_prefer_the_excerpt_to_common_phrases(self, index: FingerprintIndex) -> None:
        stock = [text(100 + k, 6) for k in range(12)]
        fill(index, [" ".join(f"{p} {text(s * 31 + k, 8)}" for k, p in enumerate(stock)) for s in range(60)] + [text(4, 100)])
        excerpt = " ".join(text(4, 100).split()[40:51])
        query = " ".join(f"{p} {text(5000 + k, 30)}" for k, p in enumerate(stock)) + f" {excerpt} {text(9, 60)}"
        assert index.candidates(fp(query)).seq[0] == 61

    def test_queries_see_all_or_nothing_of_a_replacement(self, index: FingerprintIndex) -> None:
        content, stop = text(1, 60), threading.Event()
        index.apply([Entry(1, fp(content))])
        seen: set[int] = set()

        def ask() -> None:
            asked = False  # once at least, also where this thread comes last
            while not asked or not stop.is_set():
                seen.add(len(index.candidates(fp(content), limit=0).seq))
                asked = True

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for seq in range(2, self.replacements):
            index.apply([Entry(seq, fp(content), removes=seq - 1)])
        stop.set()
        for thread in threads:
            thread.join()
        assert seen == {1}
