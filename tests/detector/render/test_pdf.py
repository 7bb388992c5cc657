import io
import re
import unicodedata

import pytest
from pypdf import PdfReader

from detector.render import render_html, render_pdf
from detector.render.pdf import printable
from detector.render.segments import PRINTED

from .sample import ARTICLE, report


def read(pdf: bytes) -> str:
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_pdf_holds_passages_digests_and_hostile_text_as_text(lang: str) -> None:
    rep = report()
    text = read(render_pdf(rep, lang))
    for passage in rep["matches"][0]["passages"]:
        assert passage["submission"]["text"] in text
    assert "<script>alert" in text
    assert "#set page(width: 1pt)" in text
    assert "[U+1F600]" in text  # no font holds it: named, not dropped
    assert "[U+202E]" in text  # would turn the reading direction: shown instead of obeyed
    assert rep["submission"]["sha256"] in text
    assert rep["matches"][0]["article"]["sha256"] in text


def test_reasons_are_in_the_language_asked_for() -> None:
    rep = report(reason_codes=[{"code": "linked"}])
    assert "This text links to the article or its site." in read(render_pdf(rep, "en"))
    assert "Naskah ini menautkan artikel asal atau situsnya." in read(render_pdf(rep, "id"))


@pytest.mark.parametrize("lang", ["id", "en"])
def test_a_report_names_the_version_of_the_policy_and_what_excused_a_match(lang: str) -> None:
    rep = report()
    rep["engine"]["policy"] = {"name": "Kabar Teluk", "digest": "abc123", "version": 4}
    rep["matches"][0]["excuse"] = "licensed"
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(render_pdf(rep, lang))).pages]
    policy, excuse = ("Kebijakan Kabar Teluk versi 4 abc123", "Tidak ditandai: berizin")
    if lang == "en":
        policy, excuse = ("Policy Kabar Teluk version 4 abc123", "Not flagged: licensed")
    for shown in (*pages, re.sub(r"<[^>]+>", "", render_html(rep, lang))):
        assert policy in re.sub(r"\s+", " ", shown)
    for shown in (" ".join(pages), render_html(rep, lang)):
        assert excuse in re.sub(r"\s+", " ", shown)


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render_pdf(report(), "id") == render_pdf(report(), "id")


def test_it_is_pdf_a() -> None:
    assert b"pdfaid:part>2<" in render_pdf(report(), "id")


def test_every_character_can_be_set() -> None:
    every = "".join(chr(c) for c in range(0x3100) if unicodedata.category(chr(c)) not in ("Cs", "Cn")) + "".join(
        map(chr, range(0xFB00, 0x10000))
    )
    shown = printable(every)
    rep = report(matches=[])
    rep["submission"] |= {"text": " ".join(dict.fromkeys(shown)), "boilerplate": []}
    assert "ﬁ" in shown
    assert render_pdf(rep, "id").startswith(b"%PDF")


def test_long_reports_have_contents_and_page_numbers() -> None:
    rep = report()
    rep["matches"] = rep["matches"] * 20
    pdf = PdfReader(io.BytesIO(render_pdf(rep, "en")))
    assert len(pdf.pages) > 2
    assert f"Page 2 / {len(pdf.pages)}" in re.sub(r"\s+", " ", pdf.pages[1].extract_text())


def test_a_text_too_long_to_be_printed_is_shortened_and_says_so() -> None:
    rep = report()
    opening = rep["submission"]["text"]
    rep["submission"]["text"] = opening + "".join(f" Kalimat ke-{n} tidak ada di arsip." for n in range(5000))
    pdf = PdfReader(io.BytesIO(render_pdf(rep, "id")))
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pdf.pages))
    left_out = len(rep["submission"]["text"].split()) - len(opening.split())
    assert len(pdf.pages) < 10
    assert "Kalimat ke-4999 tidak" in text
    assert "Kalimat ke-2500 tidak" not in text
    assert left_out > PRINTED
    assert re.search(r"diringkas|tidak dicetak", text)
    said = re.search(r"Terlalu panjang untuk dicetak seluruhnya: ([\d.]+) kata", text)
    assert said is not None
    assert left_out - 200 < int(said[1].replace(".", "")) <= left_out
    assert all(passage["submission"]["text"] in text for passage in rep["matches"][0]["passages"])


def test_passages_beyond_what_is_printed_are_named_with_their_places() -> None:
    rep = report()
    one = rep["matches"][0]["passages"][0]
    long = " ".join(f"kata{n}" for n in range(9000))
    for side in ("submission", "article"):
        one[side] = {**one[side], "text": long}
    rep["matches"][0]["passages"] = [one] * 3
    text = read(render_pdf(rep, "en"))
    assert text.count("kata8999") == 4, "two passages on either side"
    assert text.count("not printed, as this report is long") == 1
    assert f"In the submission [{one['submission']['start']}, {one['submission']['end']})" in text


@pytest.mark.parametrize("lang", ["id", "en"])
def test_both_texts_stand_side_by_side_with_their_passages_numbered(lang: str) -> None:
    whole = read(render_pdf(report(), lang, {("a<1>", 2): ARTICLE + " Penutup artikel kami saja."}))
    assert "Penutup artikel kami saja." in whole
    assert len(re.findall(r"1\s?Air laut naik", whole)) == 2  # once on either side, beside the list of passages
    assert "Penutup" not in read(render_pdf(report(), lang, {("a<1>", 1): "Penutup"})), "another version is another text"
