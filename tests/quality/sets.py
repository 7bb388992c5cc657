"""The quality sets that ship: the sample submissions, and copies and negatives made from the 40 sample articles with fixed seeds.

Nothing else is read, so that every machine measures the same. What was done to a copy is `benchmarks.newsset`'s; only words are
replaced by words of the other sample articles, as no lexicon ships.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.newsset import KINDS, WORD, shuffled
from benchmarks.plagdet import Case

DEMO = Path(__file__).parents[2] / "api" / "demo"
SEED = 2025
COPIES = {
    **{kind: kind for kind in ("verbatim", "furniture", "headline", "joined", "list", "hidden", "words10", "words20")},
    "reordered": "rewrite0",
    **{kind: kind for kind in ("shuffle4", "excerpt20", "excerpt30", "excerpt60", "mosaic")},
}
"""Kinds of copies, each with its maker in `benchmarks.newsset.KINDS`. `reordered`: a fifth of the sentences dropped, the rest in
another order. `hidden`: look-alike letters and zero-width spaces. `mosaic`: of three articles, in a fourth."""
HOSTED = frozenset(("excerpt20", "excerpt30", "excerpt60", "mosaic"))
"""Kinds that stand inside an unrelated sample article, which the check leaves out."""
EVASIONS = ("furniture", "headline", "joined", "list", "hidden")
"""Kinds whose score must be that of the verbatim copy."""
NEGATIVES = ("unrelated", "shuffled", "same_event")
"""`unrelated`: an article against all others but those of its family. `shuffled`: its words in random order, against all.
`same_event`: the articles of a family labelled `independent`, each against the other."""


@dataclass(frozen=True, slots=True)
class Item:
    """A text to check, without the articles `exclude`. `source`: the id of the article it was made of. `cases`: by id of article,
    what of it stands in `text`; empty for a negative."""

    kind: str
    source: str
    text: str
    title: str | None = None
    exclude: tuple[str, ...] = ()
    cases: Mapping[str, tuple[Case, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """Sample articles that share text or an event, labelled by reading: `release` (one press release run by several outlets) or
    `independent` (one event, two reporters)."""

    label: str
    articles: tuple[str, ...]


class Replacer:
    """Replaces words by those of other texts, chosen as often as they stand there. Takes the place of `newsset.Rewriter`."""

    def __init__(self, words: Sequence[str]) -> None:
        """`words`: of texts other than the one to be changed; two different ones at least."""
        self._words = words

    def __call__(self, text: str, rate: float, rng: random.Random) -> str:
        """`text` with a share `rate` of its words replaced."""
        words = list(WORD.finditer(text))
        out, at = [], 0
        for k in sorted(rng.sample(range(len(words)), round(rate * len(words)))):
            new = self._other(words[k].group(), rng)
            out += [text[at : words[k].start()], new]
            at = words[k].end()
        return "".join([*out, text[at:]])

    def _other(self, word: str, rng: random.Random) -> str:
        while (new := rng.choice(self._words)).lower() == word.lower():
            pass
        return new.capitalize() if word[0].isupper() else new.lower()


def articles() -> list[dict[str, Any]]:
    """The sample articles, as they are imported."""
    return [json.loads(line) for line in (DEMO / "articles.jsonl").read_text("utf-8").splitlines()]


def submissions() -> list[tuple[dict[str, Any], str]]:
    """The sample submissions: what `index.json` says of each, and its text."""
    folder = DEMO / "submissions"
    return [(row, (folder / row["file"]).read_text("utf-8")) for row in json.loads((folder / "index.json").read_text("utf-8"))]


def made(pool: Sequence[Mapping[str, Any]], families: Sequence[Family]) -> list[Item]:
    """Every copy and every negative. Members of a family are neither copied nor hosts: the others would be found too, rightly."""
    kin = {id: family for family in families for id in family.articles}
    alone = [article for article in pool if article["id"] not in kin]
    words = {article["id"]: WORD.findall(article["text"]) for article in alone}
    items = [_copy(kind, source, alone, words) for kind in COPIES for source in alone]
    for article in pool:
        family = kin[article["id"]].articles if article["id"] in kin else (article["id"],)
        items.append(Item("unrelated", article["id"], article["text"], article["title"], family))
    for article in alone:
        rng = random.Random(f"{SEED} shuffled {article['id']}")
        items.append(Item("shuffled", article["id"], shuffled(article["text"], len(article["text"]), rng)))
    return [*items, *_same_event(pool, families)]


def digests(items: Iterable[Item]) -> dict[str, str]:
    """SHA-256 of the sample archive, of the submissions (index and texts) and of what was made from the archive."""
    files = [DEMO / "submissions" / "index.json", *sorted((DEMO / "submissions").glob("*.txt"))]
    parts = {
        "articles": (DEMO / "articles.jsonl").read_bytes(),
        "submissions": b"\0".join(file.name.encode() + b"\0" + file.read_bytes() for file in files),
        "made": "\n".join(json.dumps(asdict(item), ensure_ascii=False, sort_keys=True) for item in items).encode(),
    }
    return {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}


def _copy(kind: str, source: Mapping[str, Any], alone: Sequence[Mapping[str, Any]], words: Mapping[str, Sequence[str]]) -> Item:
    """One copy. What a maker yields for several sources is one submission. `words`: of each article."""
    rng = random.Random(f"{SEED} {kind} {source['id']}")
    rest = [article for article in alone if article is not source]
    others = rng.sample(rest, 3)
    replace = Replacer([word for article in rest for word in words[article["id"]]])
    id_of = {article["text"]: article["id"] for article in alone}
    pairs = list(KINDS[COPIES[kind]](rng, replace, source, others))
    return Item(
        kind,
        source["id"],
        pairs[0][0],
        exclude=(others[0]["id"],) if kind in HOSTED else (),
        cases={id_of[article]: tuple(cases) for _, article, cases in pairs},
    )


def _same_event(pool: Sequence[Mapping[str, Any]], families: Sequence[Family]) -> Iterator[Item]:
    """Articles of independent families, without themselves."""
    by_id = {article["id"]: article for article in pool}
    for family in families:
        if family.label == "independent":
            for id in family.articles:
                yield Item("same_event", id, by_id[id]["text"], by_id[id]["title"], (id,))
