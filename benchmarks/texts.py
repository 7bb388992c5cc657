"""The texts that speed is measured on: real articles recombined to size, and copies of them.

The development articles fall into three parts by the hash of their id. The *archive* is made of sentences of the first part,
kept whole up to 100,000 articles, so that phrases are as common as they are in news; beyond, the words inside each sentence are
permuted, so that texts stay distinct. *Sources*, spread evenly over the archive, are made of sentences of the second part,
each used once: what is copied from them stands nowhere else. *Clean* submissions are made of the third part, of which nothing is
in the archive. Without the data the shipped sample archive stands in, far too small for figures that mean anything.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "api" / "demo" / "articles.jsonl"
WHOLE_SENTENCES_UPTO = 100_000
"""Articles of whole sentences; there are some 400,000 sentences to choose from."""
WORDS = 400
"""Words of an article, at least; the last sentence is not cut."""
SOURCES = 1000
"""Articles that copies are taken from, at most."""
KINDS = ("clean", "whole", "edited", "30% replaced", "1 paragraph", "2 paragraphs", "1 paragraph, 10% edited")
APART = 8
"""Words in a row that no sentence of a source or a clean submission shares with the archive's other sentences."""
PARAGRAPH = 60
"""Words of a paragraph."""


@dataclass(frozen=True)
class Pool:
    """Sentences of the three parts. `name`: of the file they come from. `digest`: SHA-256 of it, 16 digits."""

    name: str
    digest: str
    archive: Sequence[str]
    sources: Sequence[str]
    clean: Sequence[str]

    @classmethod
    def read(cls, data: Path) -> Pool:
        """Sentences of 5 to 60 words of the development articles in `data`, else of the samples; each in one part only."""
        path = next((p for p in (data / "articles-dev.jsonl.xz", data / "articles-dev.jsonl") if p.exists()), SAMPLE)
        parts: tuple[dict[str, None], ...] = ({}, {}, {})
        opened = lzma.open if path.suffix == ".xz" else open
        with opened(path, "rt", encoding="utf-8", newline="") as lines:
            for line in lines:
                article = json.loads(line)
                place = hashlib.blake2b(article["id"].encode(), digest_size=1).digest()[0] % 8
                found = (s.strip() for s in re.split(r"(?<=[.!?])\s+", article["text"]))
                parts[max(place - 5, 0)].update(dict.fromkeys(s for s in found if 5 <= s.count(" ") + 1 <= 60))
        archive, (sources, clean) = list(parts[0]), _apart(parts[0], parts[1], parts[2])
        return cls(path.name, hashlib.sha256(path.read_bytes()).hexdigest()[:16], archive, sources, clean)


class Corpus:
    """An archive of `count` articles and the submissions to it, the same for the same pool, `count` and `seed`."""

    def __init__(self, pool: Pool, count: int, seed: int = 1) -> None:
        self.pool, self.count, self.seed = pool, count, seed
        once = _once(pool.sources, random.Random(f"{seed} sources"))
        self.sources = once[: min(SOURCES, len(once), max(count // 10, 1))]
        self._step = count // max(len(self.sources), 1)

    def source_at(self, n: int) -> int:
        """The number in the archive of the `n`-th source."""
        return n * self._step

    def articles(self, first: int = 0, count: int | None = None) -> Iterator[str]:
        """The texts of the archive in order, from number `first` on."""
        for n in range(first, self.count if count is None else min(first + count, self.count)):
            place, rest = divmod(n, self._step)
            if not rest and place < len(self.sources):
                yield self.sources[place]
            else:
                pick = random.Random(f"{self.seed} {n}")
                yield recombined(self.pool.archive, pick, permute=n >= WHOLE_SENTENCES_UPTO)

    def clean(self, count: int) -> list[str]:
        """Texts of which nothing is in the archive."""
        return [recombined(self.pool.clean, random.Random(f"{self.seed} clean {n}")) for n in range(count)]

    def submissions(self, kind: str, count: int) -> list[tuple[str, int]]:
        """Submissions of one of `KINDS` with the number of the article that was copied, -1 for none."""
        hosts = self.clean(count)
        if kind == "clean":
            return [(text, -1) for text in hosts]
        out = []
        for n, host in enumerate(hosts):
            place, pick = n % len(self.sources), random.Random(f"{self.seed} {kind} {n}")
            out.append((self._copy(kind, self.sources[place], host, pick), self.source_at(place)))
        return out

    def _copy(self, kind: str, source: str, host: str, pick: random.Random) -> str:
        words, others = source.split(), host.split()
        if kind == "whole":
            return source
        if kind in ("edited", "30% replaced"):
            return " ".join(_replaced(words, 0.1 if kind == "edited" else 0.3, others, pick))
        length = min(PARAGRAPH * (2 if kind == "2 paragraphs" else 1), len(words))
        start, at = pick.randrange(len(words) - length + 1), pick.randrange(len(others))
        part = words[start : start + length]
        if kind == "1 paragraph, 10% edited":
            part = _replaced(part, 0.1, others, pick)
        return " ".join([*others[:at], *part, *others[at:]])


def recombined(sentences: Sequence[str], pick: random.Random, permute: bool = False) -> str:
    """A text of some WORDS words of random sentences; `permute`: their words in another order."""
    parts: list[str] = []
    words = 0
    while words < WORDS:
        sentence = sentences[int(pick.random() * len(sentences))]
        if permute:
            own = sentence.split()
            pick.shuffle(own)
            sentence = " ".join(own)
        parts.append(sentence)
        words += sentence.count(" ") + 1
    return " ".join(parts)


def _apart(known: Iterable[str], *parts: Iterable[str]) -> list[list[str]]:
    """What of each part shares no run of APART words with `known` or a part before it: outlets publish the same sentences."""
    seen = set().union(*(_runs(sentence) for sentence in known))
    out = []
    for part in parts:
        kept, runs = [], set()
        for sentence in part:
            own = _runs(sentence)
            if seen.isdisjoint(own):
                kept.append(sentence)
            runs.update(own)
        seen |= runs
        out.append(kept)
    return out


def _runs(sentence: str) -> list[int]:
    words = re.findall(r"\w+", sentence.lower())
    return [hash(tuple(words[i : i + APART])) for i in range(max(len(words) - APART, 0) + 1)]


def _once(sentences: Sequence[str], pick: random.Random) -> list[str]:
    """Texts of some WORDS words, in which no sentence comes twice."""
    texts: list[str] = []
    parts: list[str] = []
    words = 0
    for sentence in pick.sample(sentences, len(sentences)):
        parts.append(sentence)
        words += sentence.count(" ") + 1
        if words >= WORDS:
            texts.append(" ".join(parts))
            parts, words = [], 0
    return texts or [" ".join(parts)]


def _replaced(words: list[str], share: float, others: list[str], pick: random.Random) -> list[str]:
    out = list(words)
    for i in pick.sample(range(len(out)), round(share * len(out))):
        out[i] = pick.choice(others)
    return out


def batches(texts: Iterator[str], size: int) -> Iterator[list[str]]:
    """Lists of `size` texts, the last one maybe shorter."""
    while batch := list(islice(texts, size)):
        yield batch
