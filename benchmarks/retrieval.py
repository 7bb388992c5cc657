"""Is the source among the candidates? `python -m benchmarks.retrieval --sample 500 --more 70000`.

Submissions are made from real articles in the ways copyists use; the index holds all the articles (and `--more` recombined from
their sentences). Reported: the share of submissions whose source is listed at all, stands among the first 40, and stands
first, and how many are listed. With `--lexicon` (a Wordnet Bahasa table), words are replaced by synonyms where there are
some; else by words drawn from other articles, common ones as often as they are common.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.index import recombined, sentences
from fingerprints.fingerprint import SCHEME, fingerprint_many
from fingerprints.index import Entry
from fingerprints.segments import SegmentIndex

LIMIT = 40
LEAST_WORDS = 120
BATCH = 500


def load(data: Path) -> list[str]:
    """The texts of the development articles."""
    with lzma.open(data / "articles-dev.jsonl.xz", "rt", encoding="utf-8", newline="") as lines:
        return [json.loads(line)["text"] for line in lines]


def synonyms(path: Path) -> dict[str, list[str]]:
    """Words with their one-word synonyms, from lines `synset<TAB>ind:lemma<TAB>lemma`."""
    sets: dict[str, list[str]] = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            parts = line.rstrip("\n").split("\t")
            if len(parts) == 3 and parts[1].endswith("lemma") and parts[2].isalpha():
                sets[parts[0]].append(parts[2].lower())
    found: dict[str, set[str]] = defaultdict(set)
    for lemmas in sets.values():
        for lemma in lemmas:
            found[lemma].update(other for other in lemmas if other != lemma)
    return {word: sorted(others) for word, others in found.items() if others}


class Maker:
    """Makes submissions of every kind from a source and an unrelated host."""

    def __init__(self, texts: list[str], words: dict[str, list[str]], pick: random.Random) -> None:
        self._texts, self._synonyms, self._pick = texts, words, pick

    def replaced(self, words: list[str], share: float) -> list[str]:
        """A share of the words replaced."""
        out = list(words)
        for i in self._pick.sample(range(len(out)), round(share * len(out))):
            known = self._synonyms.get(out[i].lower().strip(".,\"'()"))
            out[i] = self._pick.choice(known) if known else self._word()
        return out

    def _word(self) -> str:
        return self._pick.choice(self._pick.choice(self._texts).split())

    def excerpt(self, source: str, host: str, length: int, share: float = 0) -> str:
        """`length` words of the source, a share of them replaced, amid the host."""
        words, around = source.split(), host.split()
        at, into = self._pick.randrange(len(words) - length), self._pick.randrange(len(around))
        return " ".join([*around[:into], *self.replaced(words[at : at + length], share), *around[into:]])

    def shuffled(self, source: str, window: int) -> str:
        """Words shuffled inside windows."""
        words = source.split()
        for i in range(0, len(words), window):
            part = words[i : i + window]
            self._pick.shuffle(part)
            words[i : i + window] = part
        return " ".join(words)

    def rewritten(self, source: str, share: float) -> str:
        """A fifth of the sentences dropped, the rest shuffled, a share of the words replaced."""
        parts = re.split(r"(?<=[.!?])\s+", source)
        kept = self._pick.sample(parts, max(1, round(0.8 * len(parts))))
        return " ".join(self.replaced(" ".join(kept).split(), share))

    def kinds(self) -> dict[str, Callable[[str, str], str]]:
        """Name -> how it is made of (source, host)."""
        return {
            "20 words in a host": lambda s, h: self.excerpt(s, h, 20),
            "30 words in a host": lambda s, h: self.excerpt(s, h, 30),
            "60 words in a host": lambda s, h: self.excerpt(s, h, 60),
            "60 words, 20% replaced": lambda s, h: self.excerpt(s, h, 60, 0.2),
            "60 words, 30% replaced": lambda s, h: self.excerpt(s, h, 60, 0.3),
            "30% replaced": lambda s, _: " ".join(self.replaced(s.split(), 0.3)),
            "50% replaced": lambda s, _: " ".join(self.replaced(s.split(), 0.5)),
            "shuffled in fours": lambda s, _: self.shuffled(s, 4),
            "shuffled in eights": lambda s, _: self.shuffled(s, 8),
            "rewritten, 30%": lambda s, _: self.rewritten(s, 0.3),
            "rewritten, 40%": lambda s, _: self.rewritten(s, 0.4),
            "rewritten, 50%": lambda s, _: self.rewritten(s, 0.5),
        }


def fill(texts: list[str], more: Iterator[str]) -> SegmentIndex:
    """An index in memory of `texts` under seqs 1, 2, ..., and of `more` after them."""
    index, seq = SegmentIndex.open(None, store_uuid="benchmark", scheme=SCHEME), 0
    batch: list[str] = []

    def add() -> None:
        nonlocal seq
        index.apply([Entry(seq + i + 1, f) for i, f in enumerate(fingerprint_many(batch))])
        seq += len(batch)
        batch.clear()

    for source in (texts, more):
        for text in source:
            batch.append(text)
            if len(batch) == BATCH:
                add()
    add()
    return index


def measure(index: SegmentIndex, texts: list[str], maker: Maker, chosen: list[tuple[int, int]]) -> dict[str, float]:
    """Print a line for each kind, and return the shares among the first. `chosen`: (source, host) of each submission."""
    shares = {}
    print(f"  {'':24} listed  first {LIMIT}   first   number listed, mean")
    for name, make in maker.kinds().items():
        prints = fingerprint_many([make(texts[s], texts[h]) for s, h in chosen])
        listed = among = first = count = 0
        for (source, host), print_ in zip(chosen, prints, strict=True):
            found = index.candidates(print_, LIMIT, frozenset({host + 1})).seq.tolist()
            place = found.index(source + 1) if source + 1 in found else None
            listed += place is not None
            among += place is not None and place < LIMIT
            first += place == 0
            count += len(found)
        n = len(chosen)
        print(f"  {name:24} {listed / n:6.3f}   {among / n:6.3f}  {first / n:6.3f}   {count / n:6.1f}", flush=True)
        shares[name] = among / n
    return shares


def main() -> None:
    """Parse options and print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with articles-dev.jsonl.xz")
    options.add_argument("--lexicon", type=Path, help="table of synonyms; random words as well as without it")
    options.add_argument("--sample", type=int, default=500, help="submissions of each kind")
    options.add_argument("--more", type=int, default=0, help="articles recombined from the same sentences, beside the real ones")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    texts = load(given.data)
    more = recombined(sentences(given.data), given.more, given.seed) if given.more else iter(())
    index = fill(texts, more)
    print(f"{len(index):,} articles, {index.stats()['segments']} segments, {given.sample} submissions of each kind")
    long = [i for i, text in enumerate(texts) if text.count(" ") >= LEAST_WORDS]
    for lexicon in [given.lexicon, None] if given.lexicon else [None]:
        pick = random.Random(given.seed)
        chosen = [(pick.choice(long), pick.choice(long)) for _ in range(given.sample)]
        print("words replaced by " + ("synonyms, else random words" if lexicon else "random words"))
        measure(index, texts, Maker(texts, synonyms(lexicon) if lexicon else {}, pick), [c for c in chosen if c[0] != c[1]])
    index.close()


if __name__ == "__main__":
    main()
