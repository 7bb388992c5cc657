"""Credit: linked before named before absent; unknown where only bare text is known and it names nobody."""

from __future__ import annotations

import pytest

from detector import Article, Policy
from detector.attribution import Mentions
from fingerprints.tokens import tokenize

ARTICLE = Article(id="a", text="isi", url="https://www.kabarloweha.co.id/2025/jembatan", outlet="kabarloweha.co.id")
ANTARA = Article(id="b", text="isi", url="https://antara.example/2025/jembatan")
POLICY = Policy(own_names=("Kabar Loweha",), own_domains=("klnews.id",))


def credit(text: str, links: list[str] | None = None, article: Article = ARTICLE, policy: Policy = POLICY) -> str:
    return Mentions(tokenize(text), links, policy).of(article)


@pytest.mark.parametrize(
    ("text", "links", "expected"),
    [
        ("Jembatan dibuka.", ["https://www.kabarloweha.co.id/2025/jembatan"], "linked"),
        ("Jembatan dibuka.", ["https://foto.kabarloweha.co.id/"], "linked"),
        ("Jembatan dibuka.", ["https://klnews.id/x"], "linked"),
        ("Jembatan dibuka. Baca https://kabarloweha.co.id/2025/jembatan.", None, "linked"),
        ("Jembatan dibuka. Baca www.kabarloweha.co.id/2025.", None, "linked"),
        ("Jembatan dibuka, tulis Kabar Loweha.", ["https://lain.id/"], "named"),
        ("Jembatan dibuka, tulis KABAR LOWEHA.", None, "named"),
        ("Sumber: KabarLoweha.co.id", None, "named"),
        ("Jembatan dibuka, tulis Kabarloweha, Senin.", None, "named"),
        ("Jembatan dibuka.", ["https://lain.id/", "mailto:a@b", "http://[", "/tentang"], "absent"),
        ("Jembatan dibuka.", [], "absent"),
        ("Jembatan dibuka.", None, "unknown"),
        ("Jembatan dibuka. Baca https://bukankabarloweha.co.id/", None, "unknown"),
        ("Ada kabar dari Loweha.", None, "unknown"),
    ],
)
def test_credit(text: str, links: list[str] | None, expected: str) -> None:
    assert credit(text, links) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jalan antara dua desa putus.", "unknown"),
        ("Antara dua desa, jalan putus.", "unknown"),
        ("Demikian dikutip dari antara.example, Senin.", "named"),
    ],
)
def test_a_word_of_the_language_is_no_name(text: str, expected: str) -> None:
    assert credit(text, None, ANTARA, Policy()) == expected
