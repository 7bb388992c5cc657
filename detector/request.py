"""CheckRequest: a text to be checked, validated when made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from detector.reading import Reading
from detector.report import Submission
from fingerprints.article import check_id, check_text
from fingerprints.dates import canonical_time


class Stamp(NamedTuple):
    """What a report is known by. `created_at`: RFC 3339, UTC."""

    id: str
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """A text to be checked, with what is known about it; see `Detector.check`."""

    text: str
    title: str | None = None
    url: str | None = None
    published_at: str | None = None
    ref: str | None = None
    exclude_articles: Sequence[str] = ()
    links: Sequence[str] | None = None
    page_published_at: str | None = None

    def __post_init__(self) -> None:
        check_text("text", self.text, blank=False)
        for name in ("title", "url", "ref"):
            if (value := getattr(self, name)) is not None:
                check_text(name, value)
        for name in ("published_at", "page_published_at"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, canonical_time(value, name))
        for at, id in enumerate(self.exclude_articles):
            check_id(id, f"exclude_articles[{at}]")


def describe(request: CheckRequest, submission: Reading) -> Submission:
    """What a report says of the submission."""
    return Submission(
        title=request.title,
        url=request.url,
        published_at=request.published_at or request.page_published_at,
        published_at_claimed=request.published_at is None and request.page_published_at is not None,
        text=request.text,
        sha256=hashlib.sha256(request.text.encode()).hexdigest(),
        words=len(submission),
        own_words=submission.own_words,
        boilerplate=tuple((span.start, span.end) for span in submission.boilerplate),
        lookalike=submission.tokens.lookalike,
        invisible=submission.tokens.invisible,
    )
