"""What a user would pick instead, and this project, behind one face: texts in, numbers of candidate articles out.

Every peer in its fastest settings that find copies at all: words by `str.lower().split()`, shingles of three words, one thread.
"""

from __future__ import annotations

import pickle
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Callable, Collection, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from benchmarks.texts import Corpus, batches

TOP = 10
"""Results that are asked of the engines that rank."""
BATCH = 500
APPLIED = 1000
"""Articles that this project applies to its index at once, as its store's followers do."""


class Engine(Protocol):
    """`settings`: in words. `folder`: where it may keep files, None for memory only. Raises ModuleNotFoundError."""

    settings: str

    def __init__(self, folder: Path | None = None) -> None: ...

    def add(self, first: int, texts: Sequence[str]) -> None:
        """Take in articles `first`, `first` + 1, ...; all are findable when it returns."""

    def find(self, text: str) -> Collection[int]:
        """Numbers of the articles that may share text with `text`."""

    def save(self) -> None:
        """Bring to `folder` what is not there yet. Raises NotImplementedError where it cannot."""

    def load(self) -> None:
        """Into a new object: what is in `folder`, ready to be asked."""


def shingles(text: str) -> list[str]:
    """The three-word shingles of a text."""
    words = text.lower().split()
    return [f"{a} {b} {c}" for a, b, c in zip(words, words[1:], words[2:], strict=False)]


class Sidik:
    """This project's index, as `detector` asks it."""

    settings = "40 candidates and every article that shares 12 words in a row"

    def __init__(self, folder: Path | None = None) -> None:
        from fingerprints.fingerprint import SCHEME, fingerprint_many, read
        from fingerprints.index import Batch
        from fingerprints.segments import SegmentIndex

        self._many, self._read, self._batch = fingerprint_many, read, Batch
        self._open: Callable[[], SegmentIndex] = lambda: SegmentIndex.open(
            folder, store_uuid="benchmark", scheme=SCHEME, writer=True
        )
        self.index = self._open()

    def add(self, first: int, texts: Sequence[str]) -> None:
        for at in range(0, len(texts), APPLIED):
            prints = self._many(texts[at : at + APPLIED])
            seqs, nothing = range(first + at + 1, first + at + 1 + len(prints)), [None] * len(prints)
            self.index.apply(self._batch(seqs, prints, nothing, nothing))
        self.index.settle()

    def find(self, text: str) -> Collection[int]:
        found: list[int] = (self.index.candidates(self._read(text)[1]).seq - 1).tolist()
        return found

    def save(self) -> None:
        self.index.close()

    def load(self) -> None:
        """It is open."""


class Datasketch:
    """MinHash with the fastest hash that Python has (zlib's CRC-32), bulk generation, LSH at threshold .5."""

    settings = "MinHashLSH, threshold .5, 128 permutations (affine32), crc32, 3-word shingles"

    def __init__(self, folder: Path | None = None) -> None:
        from datasketch import MinHash, MinHashLSH

        self._minhash, self._folder = MinHash, folder
        self._lsh = MinHashLSH(threshold=0.5, num_perm=128)

    def add(self, first: int, texts: Sequence[str]) -> None:
        sets = ([s.encode() for s in set(shingles(text))] for text in texts)
        for i, minhash in enumerate(self._minhash.generator(sets, num_perm=128, hashfunc=zlib.crc32, scheme="affine32")):
            self._lsh.insert(first + i, minhash, check_duplication=False)

    def find(self, text: str) -> Collection[int]:
        minhash = self._minhash(num_perm=128, hashfunc=zlib.crc32, scheme="affine32")
        minhash.update_batch([s.encode() for s in set(shingles(text))])
        found: Collection[int] = self._lsh.query(minhash)
        return found

    def save(self) -> None:
        assert self._folder
        (self._folder / "lsh").write_bytes(pickle.dumps(self._lsh, pickle.HIGHEST_PROTOCOL))

    def load(self) -> None:
        assert self._folder
        self._lsh = pickle.loads((self._folder / "lsh").read_bytes())


class Rensa:
    """R-MinHash in bulk, and its own LSH with as many bands as find partial copies best."""

    settings = "RMinHashLSH, 64 bands of 2, digest matrices, 3-word shingles"

    def __init__(self, folder: Path | None = None) -> None:
        import rensa

        self._minhash, self._folder = rensa.RMinHash, folder
        self._lsh = rensa.RMinHashLSH(0.5, 128, 64)

    def add(self, first: int, texts: Sequence[str]) -> None:
        for at in range(0, len(texts), BATCH):
            matrix = self._minhash.digest_matrix_from_token_sets([shingles(t) for t in texts[at : at + BATCH]], 128, 42)
            self._lsh.insert_matrix(matrix, first + at)

    def find(self, text: str) -> Collection[int]:
        minhash = self._minhash(128, 42)
        minhash.update(shingles(text))
        found: Collection[int] = self._lsh.query(minhash)
        return found

    def save(self) -> None:
        assert self._folder
        (self._folder / "lsh").write_bytes(pickle.dumps(self._lsh))

    def load(self) -> None:
        assert self._folder
        self._lsh = pickle.loads((self._folder / "lsh").read_bytes())


class Gaoya:
    """Words, shingles and MinHash in Rust."""

    settings = "MinHashStringIndex, 64 bands of 2, 32 bits, its own 3-word shingles, no threshold after the bands"

    def __init__(self, folder: Path | None = None) -> None:
        from gaoya.minhash import MinHashStringIndex

        self._index = MinHashStringIndex(32, 0.0, 64, 2, None, "word", True, (3, 3), "smallvec")

    def add(self, first: int, texts: Sequence[str]) -> None:
        for i, text in enumerate(texts):
            self._index.insert_document(first + i, text)

    def find(self, text: str) -> Collection[int]:
        found: Collection[int] = self._index.query(text)
        return found

    def save(self) -> None:
        raise NotImplementedError

    def load(self) -> None:
        raise NotImplementedError


class Tantivy:
    """A search engine: the ten best by BM25 for all words of the submission."""

    settings = f"all words, BM25, top {TOP}; one writing thread, texts not stored"

    def __init__(self, folder: Path | None = None) -> None:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("id", stored=True)
        builder.add_text_field("text", stored=False, index_option="freq")
        self._tantivy, self._schema = tantivy, builder.build()
        if folder is None:
            self._index = tantivy.Index(self._schema)
        else:
            self._index = tantivy.Index(self._schema, str(folder))
        self._writer: Any = None
        self._searcher = self._index.searcher()

    def add(self, first: int, texts: Sequence[str]) -> None:
        if self._writer is None:
            self._writer = self._index.writer(256_000_000, 1)
        for i, text in enumerate(texts):
            self._writer.add_document(self._tantivy.Document(id=first + i, text=text))
        self._writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()

    def find(self, text: str) -> Collection[int]:
        query, _ = self._index.parse_query_lenient(" ".join(w for w in text.split() if w.isalnum()), ["text"])
        hits = self._searcher.search(query, TOP).hits
        return [self._searcher.doc(address)["id"][0] for _, address in hits]

    def save(self) -> None:
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def load(self) -> None:
        """It is open."""


class Fts5:
    """SQLite's full-text search: the ten best by BM25 for any of the words."""

    settings = f"any word, BM25, top {TOP}; contentless, unicode61"

    def __init__(self, folder: Path | None = None) -> None:
        self._con = sqlite3.connect(folder / "fts.db" if folder else ":memory:")
        self._con.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS article USING fts5(text, content='', columnsize=1, tokenize='unicode61')"
        )

    def add(self, first: int, texts: Sequence[str]) -> None:
        with self._con:
            self._con.executemany("INSERT INTO article (rowid, text) VALUES (?, ?)", enumerate(texts, first))

    def find(self, text: str) -> Collection[int]:
        words = " OR ".join({w for w in text.lower().split() if w.isalnum()})
        rows = self._con.execute("SELECT rowid FROM article WHERE article MATCH ? ORDER BY rank LIMIT ?", (words, TOP))
        return [row[0] for row in rows]

    def save(self) -> None:
        self._con.close()

    def load(self) -> None:
        """It is open."""


ENGINES: dict[str, type[Engine]] = {
    "sidik": Sidik,
    "datasketch": Datasketch,
    "rensa": Rensa,
    "gaoya": Gaoya,
    "tantivy": Tantivy,
    "SQLite FTS5": Fts5,
}


def versions() -> dict[str, str]:
    """Of each engine, "" where it is not installed."""
    out = {}
    for name in ENGINES:
        try:
            out[name] = sqlite3.sqlite_version if name == "SQLite FTS5" else version(name)
        except PackageNotFoundError:
            out[name] = ""
    return out


def resident() -> int:
    """Bytes of memory of this process that no file backs."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no RssAnon in /proc/self/status")


def weigh(name: str, corpus: Corpus) -> dict[str, float | None]:
    """Bytes an article in memory and on disk, seconds from a new object to the first answer; None where it keeps no files."""
    engine = ENGINES[name]()
    engine.add(0, [])
    engine.find("satu dua tiga empat lima")
    before, first = resident(), 0
    for texts in batches(corpus.articles(), 10_000):
        engine.add(first, texts)
        first += len(texts)
    del texts
    out: dict[str, float | None] = {"memory": (resident() - before) / corpus.count, "disk": None, "ready": None}
    del engine
    with tempfile.TemporaryDirectory() as folder:
        engine, first = ENGINES[name](Path(folder)), 0
        for texts in batches(corpus.articles(), 10_000):
            engine.add(first, texts)
            first += len(texts)
        try:
            engine.save()
        except NotImplementedError:
            return out
        out["disk"] = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file()) / corpus.count
        del engine
        begin = time.perf_counter()
        engine = ENGINES[name](Path(folder))
        engine.load()
        assert corpus.source_at(0) in engine.find(corpus.sources[0])
        out["ready"] = time.perf_counter() - begin
    return out
