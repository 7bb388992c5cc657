"""Each golden report comes out as it stands in reports/, and its verdict is the one the sample submission shows."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from detector import Detector

from .cases import CASES, DEMO, REPORTS, open_archive, report

SHOWN = {
    item["file"].removesuffix(".txt"): item["verdict"]
    for item in json.loads((DEMO / "submissions" / "index.json").read_text("utf-8"))
}


@pytest.fixture(scope="module")
def detectors() -> Iterator[dict[str, Detector]]:
    opened = {
        policy.digest: open_archive(policy) for policy in {policy.digest: policy for _, policy, _ in CASES.values()}.values()
    }
    yield opened
    for detector in opened.values():
        detector.close()


@pytest.mark.parametrize("case", CASES)
def test_report(detectors: dict[str, Detector], case: str) -> None:
    golden = json.loads((REPORTS / f"{case}.json").read_text("utf-8"))
    assert report(detectors[CASES[case][1].digest], case) == golden


@pytest.mark.parametrize("case", CASES)
def test_verdict_is_the_one_the_submission_shows(case: str) -> None:
    golden = json.loads((REPORTS / f"{case}.json").read_text("utf-8"))
    assert golden["verdict"] == SHOWN[CASES[case][0]]
    assert golden["flagged"] is (golden["verdict"] in ("copy", "partial_copy", "rewrite") and not case.startswith("excused"))


def test_the_order_in_which_articles_came_changes_nothing() -> None:
    from .cases import articles

    with Detector.open("memory://") as backwards:
        for article in reversed(articles()):
            backwards.add(article)
        for case in ("copy", "partial-copy", "copy-mosaic", "shared-source-and-ours", "original"):
            golden = json.loads((REPORTS / f"{case}.json").read_text("utf-8"))
            again = report(backwards, case)
            assert {key: again[key] for key in ("verdict", "score", "reasons", "matches")} == {
                key: golden[key] for key in ("verdict", "score", "reasons", "matches")
            }
