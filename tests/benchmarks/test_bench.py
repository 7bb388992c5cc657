"""The corpus of the speed benchmark is what it says, tables and plots come out of a run of any size."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from benchmarks import aims, plots, side_by_side
from benchmarks.texts import APART, KINDS, WORDS, Corpus, Pool, batches
from benchmarks.timing import percentile


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return Pool.read(tmp_path_factory.mktemp("nothing"))


def runs(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[i : i + APART]) for i in range(len(words) - APART + 1)}


def test_the_samples_stand_in_where_the_data_is_missing(pool: Pool) -> None:
    assert pool.name == "articles.jsonl"
    assert pool.archive
    assert pool.sources
    assert pool.clean


def test_a_corpus_is_the_same_each_time_in_whatever_parts_it_is_read(pool: Pool) -> None:
    whole = list(Corpus(pool, 60).articles())
    parts = [text for first in (0, 20, 40) for text in Corpus(pool, 60).articles(first, 20)]
    assert whole == parts
    assert len(whole) == 60
    assert all(len(text.split()) >= WORDS for text in whole[1:])
    assert list(Corpus(pool, 60, seed=2).articles()) != whole


def test_copies_name_the_article_that_they_are_of(pool: Pool) -> None:
    corpus = Corpus(pool, 60)
    articles = list(corpus.articles())
    assert all(articles[at] == text for text, at in corpus.submissions("whole", 3))
    for kind in KINDS:
        assert len(corpus.submissions(kind, 4)) == 4
    for text, at in corpus.submissions("1 paragraph", 4):
        assert runs(text) & runs(articles[at])
    sentences = set().union(*map(runs, (*pool.archive, *pool.sources)))
    assert not any(runs(sentence) & sentences for sentence in pool.clean)


def test_a_run_makes_table_and_plots(pool: Pool, tmp_path: Path) -> None:
    corpus = Corpus(pool, 40)
    engines, detector, built = side_by_side.build(corpus, ["sidik", "datasketch", "SQLite FTS5"], 2, tmp_path)
    with detector:
        results = {
            "surroundings": {
                "articles": 40,
                "rounds": 2,
                "queries": 2,
                "corpus": {"file": pool.name, "sha256": pool.digest},
                "python": "3",
                "processor": "any",
                "cores": 1,
                "load": 0.0,
                "versions": {"rensa": ""},
            },
            "build": built,
            "parts": side_by_side.parts(engines["sidik"]),
            "find": side_by_side.find(corpus, engines, 2, 2),
            "report": side_by_side.report(corpus, detector, engines, 2, 2),
        }
    table = aims.table(results)
    assert "rensa not installed" in table
    assert "| recall, edited (datasketch " in table
    assert results["find"]["sidik"]["whole"]["recall"] == results["report"]["whole"]["recall"] == 1
    aims.draw(results, tmp_path)
    for path in tmp_path.glob("*.svg"):
        ElementTree.parse(path)
    assert {path.name for path in tmp_path.glob("*.svg")} == {"bench-build.svg", "bench-find.svg"}


def test_a_plot_says_what_it_has_no_value_for(tmp_path: Path) -> None:
    plots.bars(tmp_path / "a.svg", "Size <of all>", "note", {"one": 0.5, "two": None}, "ms")
    texts = [element.text for element in ElementTree.parse(tmp_path / "a.svg").iter() if element.tag.endswith("text")]
    assert "0.5 ms" in texts
    assert "not possible" in texts


def test_batches_and_percentiles() -> None:
    assert list(batches(iter("abcde"), 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert percentile([0.001, 0.002, 0.003], 50) == pytest.approx(2)
