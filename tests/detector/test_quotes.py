"""Direct speech is found in every style papers use, and only where its speaker is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.quotes import quotations

AFTER = """ujar kata jelas tutur ungkap imbuh tegas papar terang sebut ucap tambah lanjut pungkas beber sambung cetus tandas tukas
    kilah timpal jawab aku katanya ujarnya jelasnya tuturnya ungkapnya imbuhnya tegasnya paparnya terangnya sebutnya
    ucapnya tambahnya lanjutnya pungkasnya bebernya sambungnya kisahnya sesalnya"""
BEFORE = """mengatakan menjelaskan menuturkan mengungkapkan menegaskan memaparkan menerangkan menyebutkan mengucapkan menambahkan
    melanjutkan memungkasi membeberkan menyampaikan menyatakan berkata berujar menandaskan menyambung mengutarakan
    melontarkan mengklaim mengaku menilai mengimbau meminta berharap berpesan bercerita mengeluhkan mengimbuhkan menukas
    menjawab mengkritik membalas menyimpulkan menyesalkan"""


def quoted(text: str) -> list[str]:
    return [text[span.start : span.end] for span in quotations(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Jembatan itu dibuka besok," kata Camat Loweha.', ['"Jembatan itu dibuka besok,"']),
        ("“Jembatan itu dibuka besok,” ujarnya, Senin.", ["“Jembatan itu dibuka besok,”"]),
        ("„Jembatan itu dibuka besok“, tutur Camat.", ["„Jembatan itu dibuka besok“"]),
        ("«Jembatan itu dibuka besok,» ungkap Camat.", ["«Jembatan itu dibuka besok,»"]),
        ("''Jembatan itu dibuka besok,'' imbuh Camat.", ["''Jembatan itu dibuka besok,''"]),
        ("'Jembatan itu dibuka besok pagi,' tegas Camat.", ["'Jembatan itu dibuka besok pagi,'"]),
        ("‘Jembatan itu dibuka besok pagi,’ papar Camat.", ["‘Jembatan itu dibuka besok pagi,’"]),
        ("”Jembatan itu dibuka besok,” terang Camat.", ["”Jembatan itu dibuka besok,”"]),
        ('Camat mengatakan, "Jembatan itu dibuka besok."', ['"Jembatan itu dibuka besok."']),
        ('Camat menuturkan: " Jembatan itu dibuka besok. "', ['" Jembatan itu dibuka besok. "']),
        ("Menurut Camat, “jembatan itu dibuka besok”.", ["“jembatan itu dibuka besok”"]),
        ('“Jembatan itu," sebut Camat, "dibuka besok.”', ['“Jembatan itu,"', '"dibuka besok.”']),
        ('"Kami siap," ucapnya. "Besok kami buka."', ['"Kami siap,"', '"Besok kami buka."']),
        ('Camat menyebut jembatan itu "kokoh" dan "aman".', ['"kokoh"', '"aman"']),
        ('"The bridge opens tomorrow," said the mayor.', ['"The bridge opens tomorrow,"']),
        ('According to the mayor, "the bridge opens tomorrow".', ['"the bridge opens tomorrow"']),
        ('"Kami pasang layar 14" di balai desa," kata Camat.', ['"Kami pasang layar 14" di balai desa,"']),
        ("“Dia bilang ‘pulang saja’ kepada kami,” keluh warga.", ["“Dia bilang ‘pulang saja’ kepada kami,”"]),
        ("“Dia bilang “pulang saja” kepada kami,” keluh warga.", ["“Dia bilang “pulang saja” kepada kami,”"]),
        ("»Jembatan itu dibuka besok,« kata Camat.", ["»Jembatan itu dibuka besok,«"]),
        ("＂Jembatan itu dibuka besok,＂ kata Camat.", ["＂Jembatan itu dibuka besok,＂"]),
        ("〝Jembatan itu dibuka besok,〞 kata Camat.", ["〝Jembatan itu dibuka besok,〞"]),
        ('"Jembatan itu dibuka besok," bunyi maklumat desa.', ['"Jembatan itu dibuka besok,"']),
        ('"Jembatan itu dibuka besok," begitu penjelasannya.', ['"Jembatan itu dibuka besok,"']),
        ('"Jembatan itu dibuka besok." — Camat Loweha', ['"Jembatan itu dibuka besok."']),
        ('"Jembatan itu dibuka besok."\n\nHal itu dikatakan Camat Loweha.', ['"Jembatan itu dibuka besok."']),
        ('"Jembatan itu dibuka besok."\n\nDemikian kata Camat Loweha.', ['"Jembatan itu dibuka besok."']),
        ('"Jembatan itu\ndibuka besok," kata Camat.', ['"Jembatan itu\ndibuka besok,"']),
    ],
)
def test_styles(text: str, expected: list[str]) -> None:
    assert quoted(text) == expected


def test_speech_that_runs_over_paragraphs_is_reopened_at_each_and_attributed_once() -> None:
    text = "“Air naik sejak subuh.\n\n“Kami mengungsi ke masjid.\n\n“Semua selamat,” pungkas Rusdin.\n\nHujan reda sore hari."
    assert quoted(text) == ["“Air naik sejak subuh.", "“Kami mengungsi ke masjid.", "“Semua selamat,”"]


def test_a_paragraph_that_is_all_speech_goes_on_for_the_speaker_before() -> None:
    text = '"Air naik sejak subuh," kata Rusdin.\n\n"Kami mengungsi ke masjid."\n\nHujan reda sore hari.'
    assert quoted(text) == ['"Air naik sejak subuh,"', '"Kami mengungsi ke masjid."']


@pytest.mark.parametrize(("opening", "closing"), [("“", "”"), ('"', '"')])
def test_speech_that_runs_over_paragraphs_without_new_marks_ends_at_its_closing_mark(opening: str, closing: str) -> None:
    speech = f"{opening}Air naik sejak subuh.\n\nKami mengungsi ke masjid.\n\nSemua selamat.{closing}"
    assert quoted(f"Rusdin mengatakan, {speech}\n\nHujan reda sore hari.") == [speech]


def test_a_missing_closing_mark_does_not_swallow_the_paragraphs_up_to_the_next_speech() -> None:
    text = 'Rusdin mengatakan, "Air naik sejak subuh.\n\nWarga menata karung pasir.\n\nCamat berujar, "Bantuan menyusul."'
    assert quoted(text) == ['"Air naik sejak subuh.', '"Bantuan menyusul."']


@pytest.mark.parametrize("verb", AFTER.split())
def test_the_verbs_of_speech_after_it(verb: str) -> None:
    assert quoted(f'Jalan sepi. "Jembatan itu dibuka besok," {verb} Camat.') == ['"Jembatan itu dibuka besok,"']


@pytest.mark.parametrize("verb", BEFORE.split())
def test_the_verbs_of_speech_before_it(verb: str) -> None:
    for lead in (f"Camat Loweha {verb}, ", f"Camat Loweha, Drs. H. Lamuna, M.Si., {verb} dalam rapat itu: "):
        assert quoted(f'Jalan sepi. {lead}"Jembatan itu dibuka besok."') == ['"Jembatan itu dibuka besok."']


def test_without_a_closing_mark_speech_ends_where_its_speaker_is_named() -> None:
    text = '"Air naik sejak subuh, kata Rusdin. Warga lalu menata karung pasir di tepi kali.\nHujan reda sore hari.'
    assert quoted(text) == ['"Air naik sejak subuh,']


def test_without_a_closing_mark_speech_ends_with_the_paragraph() -> None:
    text = 'Rusdin mengatakan, "Air naik sejak subuh. Kami mengungsi.\nHujan reda sore hari.'
    assert quoted(text) == ['"Air naik sejak subuh. Kami mengungsi.']


@pytest.mark.parametrize(
    "text",
    [
        "Warga berkumpul di balai desa sejak pagi.",
        'Kapal "Sinar Loweha" berlayar pukul tujuh pagi menuju pulau seberang dengan muatan penuh hasil kebun.',
        "Salat Jum'at di masjid Al-Ma'ruf dihadiri warga, kata pengurus.",
        'Layar 14" dan 21" dipajang di toko itu, kata penjaga.',
        'Papan itu bertuliskan "Dilarang memancing di sini".\n\nKata Camat, papan lain menyusul.',
        'Warga menutup jalan di muka kapal "Sinar Loweha" sejak pagi.',
        "Pemain '05, '06 dan '07 hadir, kata pelatih.",
    ],
)
def test_no_direct_speech(text: str) -> None:
    assert quoted(text) == []


@given(st.text(alphabet="ab ,.\n\"“”„«»'‘’`4", max_size=80), st.sampled_from(["", " kata Budi", "\nkata Budi:\n"]))
def test_spans_lie_inside_the_text_in_order_and_apart(text: str, speaker: str) -> None:
    text = text + speaker + text
    at = 0
    for span in quotations(text):
        assert at <= span.start < span.end <= len(text)
        at = span.end
