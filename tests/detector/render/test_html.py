import html
import re

import pytest
from lxml import html as parser

from detector.policy import Language
from detector.render import render_html

from .sample import ARTICLE, SUBMISSION, report


@pytest.mark.parametrize("lang", ["id", "en"])
def test_hostile_text_stays_text(lang: str) -> None:
    page = render_html(report(), lang)
    tree = parser.fromstring(page)
    assert tree.xpath("//script") == []
    assert "<b>Judul</b>" not in page
    assert [a.get("href") for a in tree.xpath("//a") if not a.get("href").startswith("#")] == []


def test_the_whole_submission_can_be_read_back() -> None:
    tree = parser.fromstring(render_html(report(), "id"))
    for number in tree.xpath("//div[@class='text']//sup"):
        number.drop_tree()
    assert tree.xpath("//div[@class='text']")[-1].text_content() == SUBMISSION


def test_nothing_is_loaded_from_anywhere() -> None:
    page = render_html(report(), "id")
    assert parser.fromstring(page).xpath("//@src | //link | //object | //iframe") == []
    assert not re.search(r"@import|url\(", page)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_both_languages_say_verdict_and_score_as_they_write_them() -> None:
    assert "Salinan sebagian · 99,9%" in html.unescape(render_html(report(), "id"))
    assert "Partial copy · 99.9%" in html.unescape(render_html(report(), "en"))


REASONS = {"id": "Naskah ini menautkan artikel asal atau situsnya.", "en": "This text links to the article or its site."}


@pytest.mark.parametrize(("lang", "other"), [("id", "en"), ("en", "id")])
def test_reasons_are_in_the_language_asked_for_whatever_language_they_were_kept_in(lang: Language, other: Language) -> None:
    page = render_html(report(reasons=[REASONS[other]], reason_codes=[{"code": "linked"}]), lang)
    assert REASONS[lang] in page
    assert REASONS[other] not in page


@pytest.mark.parametrize("more", [{}, {"reason_codes": [{"code": "given_up"}]}])
def test_reasons_without_codes_that_are_known_stay_as_they_were_kept(more: dict[str, object]) -> None:
    assert "Sebagian naskah <b>disalin</b> 😀." in html.unescape(render_html(report(**more), "en"))


def test_nothing_found_is_no_certificate() -> None:
    page = render_html(report(matches=[], verdict="original", flagged=False, score=0), "en")
    assert "Nothing found in the archive" in page
    assert "no guarantee" in page


def test_the_policy_is_named_with_its_digest() -> None:
    assert "default abc123" in html.unescape(render_html(report(), "id"))


def test_both_texts_stand_side_by_side_with_their_passages_numbered() -> None:
    page = render_html(report(), "id", {("a<1>", 2): ARTICLE + " Penutup <b>artikel</b> kami."})
    assert page.count('<a href="#p1">1</a>') == 2
    assert "Penutup &lt;b&gt;artikel&lt;/b&gt; kami." in page
    assert "Kedua teks berdampingan" in page
    assert "Kedua teks berdampingan" not in render_html(report(), "id")
