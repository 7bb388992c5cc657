"""Bulk imports over HTTP: articles line by line, in batches, past the bad ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from api.bodies import Line
from api.jsontext import decode_object
from api.problems import as_problem
from api.schemas.articles import BulkArticleIn
from api.submissions import article_of
from detector import Detector
from fingerprints.article import Article
from fingerprints.errors import InputError

MAX_ERRORS = 10_000
"""Errors listed in an answer; all are counted."""


class BulkImport:
    """One bulk import. `add` takes its lines in order, from one thread at a time; what it has taken is durable and findable."""

    def __init__(self, detector: Detector, max_text: int, max_line: int) -> None:
        self._detector, self._max_text, self._max_line = detector, max_text, max_line
        self._seen: set[bytes] = set()
        """16-byte digests of the ids taken: some 90 bytes of memory for each article of the body."""
        self._counts = {"received": 0, "created": 0, "updated": 0, "unchanged": 0, "rejected": 0}
        self._errors: list[dict[str, Any]] = []

    def add(self, lines: Sequence[Line]) -> None:
        """Take in a batch."""
        taken: dict[str, tuple[int, Article]] = {}
        for line in lines:
            self._counts["received"] += 1
            try:
                article = self._read(line)
            except _Rejected as rejected:
                self._reject(line.number, rejected.id, rejected.detail)
            else:
                taken[article.id] = (line.number, article)
        counts = self._detector.add_many(
            (article for _, article in taken.values()),
            on_rejected=lambda article, error: self._reject(taken[article.id][0], article.id, str(error)),
        )
        for change in ("created", "updated", "unchanged"):
            self._counts[change] += getattr(counts, change)

    def result(self) -> dict[str, Any]:
        """The JSON object of the contract."""
        listed = sorted(self._errors, key=lambda error: error["line"])
        return {**self._counts, "errors": listed}

    def _read(self, line: Line) -> Article:
        if line.raw is None:
            raise _Rejected(None, f"the line is longer than {self._max_line} bytes")
        id: str | None = None
        try:
            values = decode_object(line.raw, "line")
            id = values["id"] if isinstance(values.get("id"), str) else None
            given = BulkArticleIn.model_validate(values)
            article = article_of(given.id, given, self._max_text)
        except (InputError, ValidationError) as error:
            raise _Rejected(id, as_problem(error).detail) from None
        digest = hashlib.blake2b(given.id.encode(), digest_size=16).digest()
        if digest in self._seen:
            raise _Rejected(id, "id: was given before in this body; the first stays")
        self._seen.add(digest)
        return article

    def _reject(self, line: int, id: str | None, detail: str) -> None:
        self._counts["rejected"] += 1
        if len(self._errors) < MAX_ERRORS:
            self._errors.append({"line": line, "id": id and id[:200], "detail": detail})


class _Rejected(Exception):
    def __init__(self, id: str | None, detail: str) -> None:
        super().__init__(detail)
        self.id, self.detail = id, detail
