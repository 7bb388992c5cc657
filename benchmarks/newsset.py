"""Submissions with known spans, made from any file of articles: what copyists do, and what looks like it. Seeded.

Each `Item` is one pair of texts with its true cases. Kinds of copying: `KINDS`; kinds without any: `CLEAN`. Truth spans
cover the copied stretch on both sides whatever was done to the words inside it.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.plagdet import Case

WORD = re.compile(r"\w+")
SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+[\"”']?|\n|$)\s*")
QUOTE = re.compile(r"[\"“][^\"“”\n]{60,400}[\"”]")
UNITS = ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas"]
PRONOUNS = ("ia", "dia", "pihaknya", "beliau")
LOOKALIKE = str.maketrans("aeopcxyAEOPCX", "аеорсхуАЕОРСХ")
HEAD = (
    "BERANDA NASIONAL DAERAH\n{title}\n{title}\nDilihat 1.204 kali\n×\nSebarkan artikel ini\n",
    "Home › Berita › {title}\nBagikan:\n",
)
TAIL = (
    "\nTinggalkan Balasan\nAlamat email Anda tidak akan dipublikasikan. Ruas yang wajib ditandai *\n",
    "\nBaca juga: Berita terpopuler hari ini\n(red)\n",
)
OPENING = "Kabar berikut dirangkum tim redaksi kami untuk pembaca setia.\n"


@dataclass(frozen=True, slots=True)
class Item:
    """One pair of texts. `cases`: what of `article` stands in `submission`, empty for a clean pair."""

    kind: str
    submission: str
    article: str
    cases: tuple[Case, ...]


class Rewriter:
    """Replaces words the way a copyist does: synonyms first, then voice, numbers and names; any word of the lexicon last."""

    def __init__(self, lexicon: Path) -> None:
        """`lexicon`: a Wordnet Bahasa table, `synset<TAB>ind:lemma<TAB>lemma` a line."""
        synsets = defaultdict(list)
        with lexicon.open(encoding="utf-8") as lines:
            for line in lines:
                parts = line.rstrip("\n").split("\t")
                if len(parts) == 3 and parts[1].endswith("lemma") and parts[2].isalpha():
                    synsets[parts[0]].append(parts[2].lower())
        self._synonyms: dict[str, list[str]] = defaultdict(list)
        for lemmas in synsets.values():
            for lemma in lemmas:
                self._synonyms[lemma] += [other for other in lemmas if other != lemma]
        self._lemmas = sorted(self._synonyms)

    def __call__(self, text: str, rate: float, rng: random.Random) -> str:
        """`text` with a share `rate` of its words replaced."""
        words = list(WORD.finditer(text))
        chosen = sorted(rng.sample(range(len(words)), round(rate * len(words))))
        out, at = [], 0
        for k in chosen:
            out += [text[at : words[k].start()], self._other(words[k].group(), rng)]
            at = words[k].end()
        return "".join([*out, text[at:]])

    def _other(self, word: str, rng: random.Random) -> str:
        low = word.lower()
        if low.isdigit():
            return spelled(low)
        if (turned := turned_voice(low)) and rng.random() < 0.5:
            return turned
        if self._synonyms.get(low):
            found = rng.choice(self._synonyms[low])
            return found.capitalize() if word[0].isupper() else found
        if word[0].isupper():
            return rng.choice(PRONOUNS)
        return rng.choice(self._lemmas)


def spelled(number: str) -> str:
    """Digits as words where they are few, else rounded."""
    return UNITS[int(number)] if int(number) < len(UNITS) else f"sekitar {int(number) // 10 * 10}"


def turned_voice(low: str) -> str | None:
    """A verb in me- with di- and the other way round; None of other words."""
    if len(low) > 6 and low.startswith("me"):
        return "di" + low[4 if low[2:4] in ("ng", "ny") else 3 :]
    return "me" + low[2:] if len(low) > 5 and low.startswith("di") else None


def forms(text: str, rng: random.Random) -> str:
    """Only the forms of words changed: voices turned, numbers spelled, half of the names inside sentences pronouns."""

    def other(found: re.Match[str]) -> str:
        word = found.group()
        if word.isdigit():
            return spelled(word)
        named = word[0].isupper() and text[found.start() - 2 : found.start()][-2:-1].isalnum()
        if named and rng.random() < 0.5:
            return rng.choice(PRONOUNS)
        return turned_voice(word) or word

    return WORD.sub(other, text)


def dropped(text: str, rng: random.Random) -> str:
    """A third of the sentences left out, the order kept."""
    return "".join(s for s in sentences(text) if rng.random() > 1 / 3)


def merged(text: str, rng: random.Random) -> str:
    """Sentences joined two by two with a conjunction."""
    parts = [s.strip() for s in sentences(text) if s.strip()]
    out = []
    for one, two in zip(parts[::2], [*parts[1::2], ""], strict=False):
        joint = rng.choice((", dan ", ", sementara ", "; ", ", sedangkan "))
        out.append(one.rstrip(".!?") + joint + two[:1].lower() + two[1:] if two else one)
    return " ".join(out)


def sentences(text: str) -> list[str]:
    """`text` cut into sentences; joined they give the text again."""
    return [m.group() for m in SENTENCE.finditer(text)] or [text]


def shuffled(text: str, window: int, rng: random.Random) -> str:
    """`text` with its words shuffled inside windows of so many."""
    words = WORD.findall(text)
    out: list[str] = []
    for k in range(0, len(words), window):
        part = words[k : k + window]
        rng.shuffle(part)
        out += part
    return " ".join(out)


def heavily(text: str, rate: float, rewrite: Rewriter, rng: random.Random) -> str:
    """Words replaced, a fifth of the sentences dropped, the rest in another order."""
    kept = [s.strip() for s in sentences(text) if rng.random() > 0.2]
    rng.shuffle(kept)
    return rewrite(" ".join(kept), rate, rng)


def excerpt(text: str, words: int, rng: random.Random) -> tuple[int, int]:
    """`[start, end)` of so many words of `text` in a row, somewhere."""
    found = list(WORD.finditer(text))
    first = rng.randrange(max(1, len(found) - words))
    return found[first].start(), found[min(first + words, len(found)) - 1].end()


def inserted(host: str, parts: Iterable[tuple[str, int, int]], rng: random.Random) -> tuple[str, list[Case]]:
    """`host` with each part (text, source start, source end) put in between two of its sentences; and where they went."""
    pieces = sentences(host)
    slots: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    for part in parts:
        slots[rng.randrange(1, len(pieces) + 1)].append(part)
    out, at, cases = [], 0, []
    for k, piece in enumerate(pieces, start=1):
        out.append(piece)
        at += len(piece)
        for text, start, end in slots.get(k, ()):
            lead = "" if out[-1][-1:].isspace() else " "
            cases.append(Case(at + len(lead), at + len(lead) + len(text), start, end))
            out += [lead, text, ". "]
            at += len(lead) + len(text) + 2
    return "".join(out), cases


Source = dict[str, str]
"""An article as its file has it."""
Made = Iterator[tuple[str, str, list[Case]]]
"""Submissions, each with the article it is held against and what it took from there."""
Maker = Callable[[random.Random, "Rewriter", Source, list[Source]], Made]


def _whole(change: Callable[[str, random.Random, Rewriter], str]) -> Maker:
    def make(rng: random.Random, rewrite: Rewriter, source: Source, others: list[Source]) -> Made:
        text = source["text"]
        new = change(text, rng, rewrite)
        yield new, text, [Case(0, len(new), 0, len(text))]

    return make


def _furniture(rng: random.Random, rewrite: Rewriter, source: Source, others: list[Source]) -> Made:
    text = source["text"]
    head = rng.choice(HEAD).format(title=source["title"] or "Berita")
    yield head + text + rng.choice(TAIL), text, [Case(len(head), len(head) + len(text), 0, len(text))]


def _headline(rng: random.Random, rewrite: Rewriter, source: Source, others: list[Source]) -> Made:
    text = source["text"]
    head = rewrite(source["title"] or "Berita hari ini", 0.6, rng) + "\n" + OPENING
    yield head + text, text, [Case(len(head), len(head) + len(text), 0, len(text))]


def _excerpt(words: int, rate: float = 0.0) -> Maker:
    def make(rng: random.Random, rewrite: Rewriter, source: Source, others: list[Source]) -> Made:
        start, end = excerpt(source["text"], words, rng)
        part = source["text"][start:end]
        new, cases = inserted(others[0]["text"], [(rewrite(part, rate, rng) if rate else part, start, end)], rng)
        yield new, source["text"], cases

    return make


def _mosaic(rng: random.Random, rewrite: Rewriter, source: Source, others: list[Source]) -> Made:
    sources = [source, *others[1:5]]
    parts = []
    for k, one in enumerate(sources):
        start, end = excerpt(one["text"], rng.randrange(40, 90), rng)
        parts.append((rewrite(one["text"][start:end], rng.choice((0, 0.1, 0.2)), rng), start, end, k))
    new, cases = inserted(others[0]["text"], [p[:3] for p in parts], rng)
    order = {(p[1], p[2], len(p[0])): p[3] for p in parts}
    for k, one in enumerate(sources):
        yield new, one["text"], [c for c in cases if order[c.source_start, c.source_end, c.end - c.start] == k]


def _quotations(rng: random.Random, rewrite: Rewriter, source: Source, others: list[Source]) -> Made:
    quotes = list(QUOTE.finditer(source["text"]))
    if quotes:
        new, cases = inserted(others[0]["text"], [(m.group(), m.start(), m.end()) for m in quotes[:3]], rng)
        yield new, source["text"], cases


def _replaced(rate: float) -> Maker:
    return _whole(lambda text, rng, rewrite: rewrite(text, rate, rng))


def _heavily(rate: float) -> Maker:
    return _whole(lambda text, rng, rewrite: heavily(text, rate, rewrite, rng))


def _shuffled(window: int) -> Maker:
    return _whole(lambda text, rng, rewrite: shuffled(text, window, rng))


def _hidden(text: str, rng: random.Random, rewrite: Rewriter) -> str:
    swapped = WORD.sub(lambda m: m.group().translate(LOOKALIKE) if rng.random() < 0.5 else m.group(), text)
    return WORD.sub(
        lambda m: m.group()[:2] + "\u200b" + m.group()[2:] if rng.random() < 0.3 and len(m.group()) > 3 else m.group(), swapped
    )


def _unrelated(rng: random.Random, rewrite: Rewriter, source: Source, others: list[Source]) -> Made:
    yield others[0]["text"], source["text"], []


KINDS: dict[str, Maker] = {
    "verbatim": _whole(lambda t, rng, rw: t),
    "furniture": _furniture,
    "headline": _headline,
    **{f"words{rate}": _replaced(rate / 100) for rate in (10, 20, 30, 40, 50)},
    **{f"rewrite{rate}": _heavily(rate / 100) for rate in (0, 30, 40, 50)},
    **{f"shuffle{window}": _shuffled(window) for window in (4, 8)},
    **{f"excerpt{n}": _excerpt(n) for n in (20, 30, 60, 100, 200)},
    "excerpt60+20": _excerpt(60, 0.2),
    "excerpt100+20": _excerpt(100, 0.2),
    "mosaic": _mosaic,
    "quotations": _quotations,
    "dropped": _whole(lambda t, rng, rw: dropped(t, rng)),
    "merged": _whole(lambda t, rng, rw: merged(t, rng)),
    "forms": _whole(lambda t, rng, rw: forms(t, rng)),
    "joined": _whole(lambda t, rng, rw: " ".join(t.split())),
    "list": _whole(lambda t, rng, rw: "".join(f"- {s.strip()}\n" for s in sentences(t))),
    "hidden": _whole(_hidden),
}
CLEAN: dict[str, Maker] = {"unrelated": _unrelated}


@dataclass(frozen=True, slots=True)
class Story:
    """Two stories made of one `release`. `kind`: what `theirs` has beside it."""

    kind: str
    release: str
    ours: str
    theirs: str


def releases(articles: Path, lexicon: Path, count: int, seed: int) -> Iterator[Story]:
    """`count` stories of each kind made of a shared release: both run it as it is, or edited; each adds paragraphs of its own;
    the other lifts what we added."""
    with articles.open(encoding="utf-8") as lines:
        pool = [a["text"] for a in map(json.loads, lines) if len(a["text"]) >= 600]
    rewrite, rng = Rewriter(lexicon), random.Random(f"{seed} releases")
    for _ in range(count):
        release, one, two = rng.sample(pool, 3)
        ours, theirs = (own[slice(*excerpt(own, 80, rng))] for own in (one, two))
        added = f"{release}\n{ours}."
        yield Story("as it is", release, added, release)
        yield Story("edited", release, added, rewrite(release, 0.2, rng))
        yield Story("with own additions", release, added, f"{release}\n{theirs}.")
        yield Story("with our additions lifted", release, added, f"{theirs}.\n{release}\n{ours}.")
        yield Story("our additions alone", release, added, f"{theirs}.\n{ours}.")


def make(articles: Path, lexicon: Path, count: int, seed: int, kinds: Iterable[str] | None = None) -> Iterator[Item]:
    """`count` items of each kind (of every kind, if `kinds` is None) from a JSONL file of articles (`text`, `title`)."""
    with articles.open(encoding="utf-8") as lines:
        pool = [a for a in map(json.loads, lines) if len(a["text"]) >= 600]
    rewrite = Rewriter(lexicon)
    for kind, maker in (KINDS | CLEAN).items():
        if kinds is not None and kind not in kinds:
            continue
        rng = random.Random(f"{seed} {kind}")
        made = 0
        while made < count:
            source, *others = rng.sample(pool, 6)
            for submission, article, cases in maker(rng, rewrite, source, others):
                made += 1
                yield Item(kind, submission, article, tuple(cases))
