import html
import re

import pytest
from lxml import html as parser

from detector.render import render_html

from .sample import SUBMISSION, report


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


def test_nothing_found_is_no_certificate() -> None:
    page = render_html(report(matches=[], verdict="original", flagged=False, score=0), "en")
    assert "Nothing found in the archive" in page
    assert "no guarantee" in page
