"""Excuses, dates and pages: what changes a flag, never a share."""

from __future__ import annotations

import pytest

from detector import Article, Licence, Policy
from detector.attribution import Mentions
from detector.policy import Requirement
from detector.verdict import Circumstances, first_of, same_page
from fingerprints.tokens import tokenize

ARTICLE = Article(id="a", text="isi", url="https://kabarloweha.co.id/jembatan", published_at="2025-03-04T02:00:00Z")


def excuse(
    policy: Policy, url: str | None = None, published_at: str | None = None, words: int = 50, text: str = "Jembatan."
) -> str | None:
    mentions = Mentions(tokenize(text), None, policy)
    return Circumstances(url, published_at).excuse(ARTICLE, words, mentions, policy)


@pytest.mark.parametrize(
    ("url", "published_at", "expected"),
    [
        (None, None, None),
        ("https://lain.id/jembatan", "2025-03-05", None),
        ("https://lain.id/jembatan", "2025-03-04", None),
        ("https://lain.id/jembatan", "2025-03-03", "older"),
        ("https://lain.id/jembatan", "2025-03-04T01:59:59Z", "older"),
        ("https://lain.id/jembatan", "2025-03-04T02:00:00Z", None),
        ("http://www.kabarloweha.co.id/jembatan/?utm_source=x#isi", None, "own_url"),
        ("https://kabarloweha.co.id/jembatan-lain", None, None),
        ("https://foto.klnews.id/x", None, "own_domain"),
        ("https://bukanklnews.id/x", None, None),
    ],
)
def test_excuses(url: str | None, published_at: str | None, expected: str | None) -> None:
    assert excuse(Policy(own_domains=("klnews.id",)), url, published_at) == expected


@pytest.mark.parametrize(
    ("max_words", "requires", "words", "text", "expected"),
    [
        (None, "nothing", 500, "Jembatan.", "licensed"),
        (50, "nothing", 50, "Jembatan.", "licensed"),
        (50, "nothing", 51, "Jembatan.", None),
        (50, "linked", 50, "Jembatan, tulis Kabarloweha.co.id", None),
        (50, "linked", 50, "Baca https://kabarloweha.co.id/jembatan", "licensed"),
        (None, "named", 50, "Jembatan.", None),
        (None, "named", 50, "Jembatan, tulis Kabarloweha.co.id", "licensed"),
        (None, "named", 50, "Baca https://kabarloweha.co.id/jembatan", "licensed"),
    ],
)
def test_licences_excuse_only_by_their_conditions(
    max_words: int | None, requires: Requirement, words: int, text: str, expected: str | None
) -> None:
    policy = Policy(licences=(Licence("mitra.id", max_words, requires),))
    assert excuse(policy, "https://www.mitra.id/x", None, words, text) == expected
    assert excuse(policy, "https://lain.id/x", None, words, text) is None


def test_first() -> None:
    assert first_of("2025-03-04T02:00:00Z", "2025-03-04T03:00:00Z") == "submission"
    assert first_of("2025-03-05", "2025-03-04T03:00:00Z") == "article"
    assert first_of("2025-03-04", "2025-03-04T03:00:00Z") == "unknown"
    assert first_of("2025-03-04T02:00:00Z", "2025-03-04T02:00:00Z") == "unknown"
    assert first_of(None, "2025-03-04") == "unknown"


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("https://a.id/x?p=1", "http://www.a.id/x/?p=1&fbclid=z", True),
        ("https://a.id/x?p=1", "https://a.id/x?p=2", False),
        ("https://a.id/x", "https://b.id/x", False),
        ("a.id/x", "https://a.id/x", True),
        ("", "", False),
        ("http://[", "http://[", False),
    ],
)
def test_same_page(a: str, b: str, same: bool) -> None:
    assert same_page(a, b) is same
