"""With the index inside MongoDB, every report is the one that the embedded index gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from detector import Detector

from .cases import CASES, articles, open_archive, report


@pytest.fixture
def inside(new_database: Callable[[], str]) -> Iterator[Callable[..., Detector]]:
    opened = []

    def new(case: str, url: str | None = None) -> Detector:
        policy = CASES[case][1]
        opened.append(
            Detector.open(
                url or new_database(),
                policy=policy,
                index="mongo",
                clock=lambda: datetime(2025, 6, 1, tzinfo=UTC),
                new_id=lambda: "golden",
            )
        )
        return opened[-1]

    yield new
    for detector in opened:
        detector.close()


def test_whole_reports_are_those_of_the_embedded_index(inside: Callable[..., Detector], new_database: Callable[[], str]) -> None:
    url = new_database()
    first = inside("copy", url)
    for article in articles()[:30]:
        first.add(article)
    first.add_many(articles()[30:], batch=7)
    first.index.flush()
    assert first.verify_index() == []
    for case in CASES:
        with open_archive(CASES[case][1]) as embedded:
            assert report(inside(case, url), case) == report(embedded, case)


def test_deleted_and_replaced_articles_leave_the_same_reports(inside: Callable[..., Detector]) -> None:
    detector = inside("copy")
    with open_archive(CASES["copy"][1]) as embedded:
        detector.add_many(articles())
        for one in (detector, embedded):
            for n, article in enumerate(articles()):
                if n % 3 == 0:
                    one.delete(article.id)
            one.add_many(articles()[:6])
        for case in ("copy", "partial-copy", "copy-mosaic", "shared-source-and-ours", "original"):
            assert report(detector, case) == report(embedded, case)
        assert len(detector.index) == len(embedded.index)
