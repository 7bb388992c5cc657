"""Labels hold ids and words about them, never the articles' text; pairs are found by what they speak of; tables count right."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import negatives, same_event
from detector import InputError

ALLOWED = {"independent", "quotes_only", "shared_release", "copied", "different", "background", "template", "duplicate"}
FLOOD = (
    "Banjir setinggi pinggang merendam Desa Wirasaba sejak Selasa dini hari. Bupati Darsono Wiratmaja meninjau tanggul Kali "
    "Gemuling yang jebol sepanjang dua puluh meter. Menurut Darsono, perbaikan tanggul Gemuling rampung pekan depan."
)
FLOOD_ELSEWHERE = (
    "Tanggul Kali Gemuling jebol, warga Wirasaba mengungsi ke balai desa. Darsono Wiratmaja, bupati setempat, berjanji menambal "
    "tanggul itu dalam sepekan. Banjir masih menggenangi sawah di sekitar Gemuling."
)
HARVEST = "Petani kopi di lereng Gunung Saptarenggo memanen ceri merah lebih awal karena kemarau. Harga biji kering ikut naik."


def article(id: str, text: str, outlet: str, day: str | None) -> dict[str, str | None]:
    return {"id": id, "text": text, "title": None, "outlet": outlet, "published_at": day}


@pytest.mark.parametrize("name", ["same_event.json", "flagged.json"])
def test_labels_name_each_pair_once_and_hold_no_text(name: str) -> None:
    rows = json.loads((same_event.LABELS.parent / name).read_text(encoding="utf-8"))["pairs"]
    pairs = [frozenset((row["a"], row["b"])) for row in rows]
    assert all(len(pair) == 2 for pair in pairs)
    directed = [(row["a"], row["b"]) for row in rows]
    assert len(set(directed)) == len(directed)
    assert {row["label"] for row in rows} <= ALLOWED
    for row in rows:
        assert row["reader"]
        assert row["date"]
        assert 0 < len(row["reason"].split()) <= 8
        assert row.keys() <= {"a", "b", "scope", "label", "reason", "pattern", "cosine", "date", "reader"}


def test_candidates_speak_of_one_event_in_different_outlets_within_days() -> None:
    many = [article(f"n{i}", f"{HARVEST} Catatan {i} tentang hal{i} dan soal{i}.", "lain.example", None) for i in range(200)]
    articles = [
        article("a", FLOOD, "kabar.example", "2031-02-03"),
        article("b", FLOOD_ELSEWHERE, "warta.test", "2031-02-04"),
        article("late", FLOOD_ELSEWHERE, "berita.test", "2031-03-04"),
        article("own", FLOOD_ELSEWHERE, "news.kabar.example", "2031-02-04"),
        *many,
    ]
    across = {
        (articles[c.first]["id"], articles[c.second]["id"]) for c in same_event.candidates(articles, same_outlet=False, days=2)
    }
    within = {
        (articles[c.first]["id"], articles[c.second]["id"]) for c in same_event.candidates(articles, same_outlet=True, days=2)
    }
    assert ("a", "b") in across
    assert ("b", "own") in across
    assert not any("late" in pair for pair in across)
    assert ("a", "own") in within
    assert ("a", "b") not in within


def test_a_sample_is_spread_over_the_ranges_and_repeats_no_article_often() -> None:
    found = [same_event.Candidate(i, 1000 + i, low + 0.01) for low in same_event.BINS[:-1] for i in range(40)]
    chosen = same_event.spread_sample(found, 12, seed=3)
    for low, high in pairwise(same_event.BINS):
        assert sum(low <= one.cosine < high for one in chosen) == 2
    assert chosen == same_event.spread_sample(found, 12, seed=3)
    crowd = [same_event.Candidate(0, 1 + i, 0.5) for i in range(40)]
    assert len(same_event.spread_sample(crowd, 12, seed=3)) == same_event.PER_ARTICLE


def test_longest_run_is_the_longest_run() -> None:
    assert same_event.longest_run("Satu dua, TIGA empat lima", "nol dua tiga empat; satu dua") == "dua tiga empat"
    assert same_event.longest_run("a b", "c d") == ""


def test_labelled_pairs_are_judged_both_ways_and_counted(tmp_path: Path) -> None:
    articles = [
        article("a", FLOOD, "kabar.example", None),
        article("b", FLOOD, "warta.test", None),
        article("c", HARVEST, "lain.test", None),
    ]
    path = tmp_path / "labels.json"
    pairs = [
        {"a": "a", "b": "b", "label": "copied", "scope": "across"},
        {"a": "a", "b": "c", "label": "different", "scope": "across"},
    ]
    path.write_text(json.dumps({"pairs": pairs}), encoding="utf-8")
    outcomes = list(negatives.labelled(articles, negatives.rows(path)))
    assert [(one.label, one.by, one.flagged) for one in outcomes] == [
        ("copied", "compare", True),
        ("copied", "compare", True),
        ("copied", "check", True),
        ("different", "compare", False),
        ("different", "compare", False),
        ("different", "check", False),
    ]
    lines = negatives.table(outcomes).splitlines()
    assert lines[1].split()[:5] == ["across", "copied", "check", "1", "100.0%"]
    assert lines[4].split()[:5] == ["across", "different", "compare", "2", "0.0%"]


def test_a_label_without_its_article_is_named() -> None:
    with pytest.raises(InputError, match="zzz"):
        list(negatives.labelled([article("a", FLOOD, "k", None)], [{"a": "a", "b": "zzz", "label": "copied", "scope": "across"}]))


def test_the_clean_test_tells_reuse_from_alarms_by_what_was_read() -> None:
    articles = [
        article("a", FLOOD, "kabar.example", None),
        article("b", FLOOD, "warta.test", None),
        article("c", HARVEST, "lain.test", None),
    ]
    alarms, checked = negatives.clean(articles, 3, seed=1)
    assert checked == 3
    assert sorted((alarm.submission, alarm.article, alarm.kind) for alarm in alarms) == [("a", "b", "near"), ("b", "a", "near")]
    read = [{"a": "a", "b": "b", "label": "copied"}, {"a": "b", "b": "a", "label": "different"}]
    near = next(line for line in negatives.clean_table(alarms, checked, read).splitlines() if line.startswith("near"))
    assert near.split()[:6] == ["near", "2", "66.67%", "2", "1", "33.33%"]
