"""No quality figure falls below its floor (`floors.json`); floors only rise; they hold for the texts they were measured on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.plagdet import Case
from tests.quality import measure as m
from tests.quality.sets import HOSTED, NEGATIVES, Item, articles, digests, made

BASELINE = m.read()


@pytest.fixture(scope="module")
def measured() -> m.Measured:
    return m.measure(m.families(BASELINE))


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return made(articles(), m.families(BASELINE))


@pytest.mark.parametrize("name", BASELINE["floors"])
def test_no_figure_is_below_its_floor(measured: m.Measured, name: str) -> None:
    assert not m.below({name: BASELINE["floors"][name]}, {name: measured.figures.get(name, {})})


def test_every_set_has_floors_that_keep_the_goals(measured: m.Measured) -> None:
    assert BASELINE["floors"].keys() == measured.figures.keys()
    floors = {(name, figure): floor for name, row in BASELINE["floors"].items() for figure, floor in row.items()}
    assert {key: floors[key] for key, goal in m.GOALS.items() if floors[key] < goal} == {}


def test_floors_were_measured_on_the_texts_that_ship(measured: m.Measured) -> None:
    assert not m.changed(BASELINE, measured.digests)


@pytest.mark.parametrize("corpus", ["articles", "submissions", "made"])
def test_another_corpus_is_told_with_the_command(measured: m.Measured, corpus: str) -> None:
    (told,) = m.changed(BASELINE, {**measured.digests, corpus: "0" * 64})
    assert told.startswith(f"{corpus}: ")
    assert told.endswith("measure again: python -m tests.quality.measure --raise")


def test_a_lower_figure_is_told_with_its_items() -> None:
    figures = {"excerpt60": {"found": m.Figure(0.9, 10, ("kt-kopi-sagu",))}}
    (told,) = m.below({"excerpt60": {"found": 0.9001}}, figures)
    assert "0.9000 of 10, below its floor 0.9001" in told
    assert "kt-kopi-sagu" in told
    assert not m.below({"excerpt60": {"found": 0.9}}, figures)


def test_a_figure_that_is_gone_or_has_no_floor_is_told() -> None:
    figures = {"mosaic": {"found": m.Figure(1.0, 10)}}
    assert len(m.below({"mosaic": {"found": 0.9, "flagged": 0.9}}, figures)) == 1
    assert len(m.below({}, figures)) == 1


@pytest.mark.parametrize(
    ("name", "figure", "value", "of", "floor"),
    [
        ("mosaic", "flagged", 1.0, 34, 0.9705),
        ("mosaic", "flagged", 0.01, 34, 0.0),
        ("verbatim", "flagged", 1.0, 34, 1.0),
        ("verbatim", "flagged", 0.9, 10, 0.8),
        ("excerpt30", "found", 0.995, 200, 0.99),
    ],
    ids=["one item below", "never negative", "at the goal", "goal missed", "not below the goal"],
)
def test_a_floor_is_one_item_below_the_figure(name: str, figure: str, value: float, of: int, floor: float) -> None:
    assert m.floor_of(name, figure, m.Figure(value, of)) == pytest.approx(floor)


def test_raising_never_lowers(tmp_path: Path, measured: m.Measured, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "floors.json"
    doctored: dict[str, Any] = json.loads(json.dumps(BASELINE))
    doctored["digests"]["made"] = "0" * 64
    doctored["floors"]["verbatim"]["plagdet"] = 0.5
    doctored["floors"]["mosaic"]["plagdet"] = 1.0
    del doctored["floors"]["excerpt30"]
    path.write_text(json.dumps(doctored), "utf-8")
    status = m.main(["--raise", "--floors", str(path)])
    again = m.read(path)
    before = {(name, figure): floor for name, row in doctored["floors"].items() for figure, floor in row.items()}
    assert all(again["floors"][name][figure] >= floor for (name, figure), floor in before.items())
    assert again["floors"]["verbatim"]["plagdet"] == m.floor_of("verbatim", "plagdet", measured.figures["verbatim"]["plagdet"])
    assert again["floors"]["mosaic"]["plagdet"] == 1.0
    assert again["floors"]["excerpt30"].keys() == measured.figures["excerpt30"].keys()
    assert again["digests"] == measured.digests
    assert again["families"] == BASELINE["families"]
    assert status == 1
    assert "mosaic: plagdet is" in capsys.readouterr().out


def test_a_worse_measurement_changes_no_floor(measured: m.Measured) -> None:
    worse = {name: {figure: m.Figure(0.0, found.of) for figure, found in row.items()} for name, row in measured.figures.items()}
    assert m.raised(BASELINE, replace(measured, figures=worse))["floors"] == BASELINE["floors"]


def test_truth_spans_hold_what_was_copied(items: list[Item]) -> None:
    text = {article["id"]: article["text"] for article in articles()}
    for item in items:
        for id, cases in item.cases.items():
            for case in cases:
                assert 0 <= case.start < case.end <= len(item.text)
                assert 0 <= case.source_start < case.source_end <= len(text[id])
                if item.kind in ("verbatim", "furniture", "headline") or item.kind.startswith("excerpt"):
                    assert item.text[case.start : case.end] == text[id][case.source_start : case.source_end]


def test_every_item_is_what_its_kind_says(items: list[Item]) -> None:
    for item in items:
        assert bool(item.cases) is (item.kind not in NEGATIVES)
        assert (item.kind in HOSTED) <= (len(item.exclude) == 1 and item.exclude[0] not in item.cases)
        assert item.kind != "mosaic" or len(item.cases) == 3
        assert item.kind not in ("unrelated", "same_event") or item.source in item.exclude


def test_the_digest_sees_every_part_of_an_item() -> None:
    item = Item("excerpt20", "a", "text", None, ("b",), {"a": (Case(0, 4, 0, 4),)})
    others = [replace(item, text="texts"), replace(item, exclude=()), replace(item, cases={"a": (Case(0, 4, 0, 3),)})]
    assert len({digests([one])["made"] for one in (item, *others)}) == 4
