"""The corpora that passages are measured on, as `Item`s: pairs of texts with their true cases."""

from __future__ import annotations

import csv
import hashlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

from benchmarks.newsset import Item, make
from benchmarks.plagdet import Case

Half = Literal["tune", "report", "all"]


def half_of(name: str) -> Half:
    """Which half a pair belongs to, by the hash of its name: what was fitted or tuned saw "tune" only."""
    return "report" if hashlib.md5(name.encode(), usedforsecurity=False).digest()[0] & 1 else "tune"


@lru_cache(maxsize=512)
def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def pan(folder: Path, half: Half, sample: int | None) -> Iterator[Item]:
    """PAN 2013 text alignment: `src/`, `susp/`, `0N-TYPE/pairs` and an XML of cases for each pair."""
    for kind in sorted(p.parent for p in folder.glob("0*/pairs")):
        pairs = [line.split() for line in (kind / "pairs").read_text("utf-8").splitlines() if line.strip()]
        chosen = [p for p in pairs if half == "all" or half_of("".join(p)) == half]
        if sample is not None:
            chosen = sorted(chosen, key=lambda p: hashlib.md5("/".join(p).encode(), usedforsecurity=False).digest())[:sample]
        for submission, source in chosen:
            tree = ElementTree.parse(kind / f"{submission[:-4]}-{source[:-4]}.xml")
            cases = []
            for feature in tree.iter("feature"):
                if feature.get("name") == "plagiarism":
                    start, size, at, length = (
                        int(feature.get(key, "")) for key in ("this_offset", "this_length", "source_offset", "source_length")
                    )
                    cases.append(Case(start, start + size, at, at + length))
            yield Item(kind.name, _read(folder / "susp" / submission), _read(folder / "src" / source), tuple(cases))


def clough_stevenson(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """(task, class, answer, source) of the 95 short answers; classes cut, light, heavy and non."""
    with (folder / "file_information.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            texts = [(folder / name).read_bytes() for name in (row["File"], f"orig_task{row['Task']}.txt")]
            answer, source = (_decoded(raw) for raw in texts)
            yield row["Task"], row["Category"], answer, source


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def news(articles: Path, lexicon: Path, half: Half, sample: int | None) -> Iterator[Item]:
    """The made news set; the halves are other seeds."""
    seeds = {"tune": (7,), "report": (2013,), "all": (7, 2013)}[half]
    for seed in seeds:
        yield from make(articles, lexicon, sample or 100, seed)
