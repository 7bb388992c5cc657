"""`compare`: what holds for any two texts, and the definitions of the contract on small ones."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector import InputError, Match, compare
from fingerprints.tokens import tokenize

SYLLABLES = ("ba", "ce", "do", "gi", "ku", "la", "me", "no", "pi", "ru", "sa", "te")


def vocabulary(letter: str, size: int = 400) -> list[str]:
    """Invented words that start with `letter`, so that two vocabularies share none."""
    rng = random.Random(letter)
    return sorted({letter + "".join(rng.choices(SYLLABLES, k=3)) for _ in range(size)})


OURS, THEIRS = vocabulary("v"), vocabulary("x")


def prose(rng: random.Random, words: list[str], n: int) -> list[str]:
    """`n` sentences of 6 to 18 words."""
    return [" ".join(rng.choices(words, k=rng.randint(6, 18))).capitalize() + "." for _ in range(n)]


def well_formed(match: Match, submission: str, article: str) -> None:
    """Offsets delimit what they claim; shares lie within 0 and 1; passages do not overlap in the submission."""
    for share in (match.score, match.copied, match.taken, match.verbatim, match.jaccard):
        assert 0 <= share <= 1
    assert match.score == max(match.copied, match.taken)
    at = 0
    for passage in match.passages:
        for side, text in ((passage.submission, submission), (passage.article, article)):
            assert text[side.start : side.end] == side.text
            assert side.text
        assert at <= passage.submission.start
        at = passage.submission.end
        assert passage.words == len(tokenize(passage.submission.text))
        for span in passage.exempt_spans:
            assert passage.submission.start <= span.start < span.end <= passage.submission.end
        assert not (passage.exempt and passage.exempt_spans)


@given(st.integers(0, 10**9), st.integers(1, 30))
@settings(max_examples=60)
def test_a_text_beside_itself_is_one_passage_and_all_copied(seed: int, sentences: int) -> None:
    text = "\n".join(prose(random.Random(seed), OURS, sentences))
    match = compare(text, text)
    assert (match.score, match.copied, match.taken, len(match.passages)) == (1.0, 1.0, 1.0, 1)
    assert match.verdict == "copy"
    well_formed(match, text, text)


def test_a_short_article_lifted_with_its_quotation_is_copied() -> None:
    text = '"Jembatan itu kami buka besok pagi untuk semua warga tanpa kecuali," kata Camat Loweha, Senin.'
    assert compare(text, text).score == 1.0


def test_texts_that_share_nothing_give_a_match_without_passages() -> None:
    rng = random.Random(1)
    match = compare(" ".join(prose(rng, OURS, 9)), " ".join(prose(rng, THEIRS, 9)))
    assert (match.score, match.passages, match.verdict) == (0.0, (), "original")


@pytest.mark.parametrize(("submission", "article"), [("", "abc"), ("abc", " \n"), ("a\0b", "abc"), ("abc", "\ud800")])
def test_bad_texts_are_refused(submission: str, article: str) -> None:
    with pytest.raises(InputError):
        compare(submission, article)


@given(st.integers(0, 10**9), st.integers(12, 40), st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=80)
def test_every_run_of_twelve_words_is_reported(seed: int, length: int, before: int, after: int) -> None:
    rng = random.Random(seed)
    run = rng.choices(OURS, k=length)
    article = " ".join([*rng.choices(OURS, k=30), *run, *rng.choices(OURS, k=30)])
    lead, rest = rng.choices(THEIRS, k=before), rng.choices(THEIRS, k=after)
    submission = " ".join([*lead, *run, *rest])
    match = compare(submission, article)
    start = len(" ".join(lead)) + bool(lead)
    covered = [(p.submission.start, p.submission.end) for p in match.passages]
    assert any(low <= start and start + len(" ".join(run)) <= high for low, high in covered)
    well_formed(match, submission, article)


@given(st.integers(0, 10**9), st.integers(1, 8), st.integers(0, 8))
@settings(max_examples=80)
def test_taken_never_rises_when_copied_text_is_removed(seed: int, copied: int, removed: int) -> None:
    rng = random.Random(seed)
    sentences = prose(rng, OURS, 8)
    article = " ".join(sentences)
    own = prose(rng, THEIRS, 4)
    full = compare(" ".join(own[:2] + sentences[:copied] + own[2:]), article)
    less = compare(" ".join(own[:2] + sentences[: max(0, copied - removed)] + own[2:]), article)
    assert less.taken <= full.taken


@given(st.integers(0, 10**9))
@settings(max_examples=40)
def test_disguises_change_neither_shares_nor_what_offsets_mean(seed: int) -> None:
    rng = random.Random(seed)
    article = " ".join(prose(rng, OURS, 8))
    plain = " ".join(prose(rng, THEIRS, 2)) + " " + article[: len(article) // 2]
    disguise = {"a": "а", "e": "е", "o": "о", "p": "р"}
    disguised = "".join(
        (disguise.get(c, c) if rng.random() < 0.3 else c) + ("\u200b" if c.isalpha() and rng.random() < 0.1 else "")
        for c in plain
    )
    a, b = compare(plain, article), compare(disguised, article)
    assert (a.score, a.copied, a.taken, a.verbatim, a.jaccard) == (b.score, b.copied, b.taken, b.verbatim, b.jaccard)
    assert [p.article for p in a.passages] == [p.article for p in b.passages]
    well_formed(b, disguised, article)
    for left, right in zip(a.passages, b.passages, strict=True):
        assert tokenize(left.submission.text).hash.tolist() == tokenize(right.submission.text).hash.tolist()


def test_shares_by_their_definitions() -> None:
    rng = random.Random(5)
    article = rng.sample(OURS, 200)
    own = rng.sample(THEIRS, 60)
    match = compare(" ".join([*own[:30], *article[40:80], *own[30:]]), " ".join(article))
    assert (match.copied, match.taken, match.score, match.verbatim) == (0.4, 0.2, 0.4, 1.0)
    assert (match.longest_run_words, match.counting_words, match.verdict) == (40, 40, "partial_copy")
    (passage,) = match.passages
    assert (passage.words, passage.similarity, passage.kind) == (40, 1.0, "verbatim")


def test_a_word_of_the_article_is_taken_once_however_often_it_is_repeated() -> None:
    rng = random.Random(6)
    article, own = prose(rng, OURS, 12), prose(rng, THEIRS, 16)
    part, size = (
        article[:4],
        {name: len(" ".join(text).split()) for name, text in (("all", article), ("part", article[:4]), ("own", own))},
    )
    match = compare("\n".join([*part, *own[:12], *part, *own[12:]]), "\n".join(article))
    assert match.taken == pytest.approx(size["part"] / size["all"], abs=0.02)
    assert match.copied == pytest.approx(2 * size["part"] / (2 * size["part"] + size["own"]), abs=0.02)


def test_a_quotation_is_exempt_while_little_else_was_taken() -> None:
    rng = random.Random(7)
    speech, outside, rest = rng.sample(OURS, 40), rng.sample(OURS, 25), rng.sample(THEIRS, 100)
    article = " ".join(outside) + '. "' + " ".join(speech) + '," kata Budi.'
    quoting = " ".join(rest) + '. "' + " ".join(speech) + '," kata Budi.'
    match = compare(quoting, article)
    assert match.verdict == "quotation"
    quoted = [(p.exempt, {s.reason for s in p.exempt_spans}) for p in match.passages]
    assert quoted in ([("quotation", set())], [(None, {"quotation"})])
    lifted = compare(" ".join(rest) + ". " + article, article)
    assert lifted.verdict in ("copy", "partial_copy")
    assert all(p.exempt is None and not p.exempt_spans for p in lifted.passages)
    assert lifted.taken == 1.0


def test_quoted_words_without_a_speaker_are_copied() -> None:
    rng = random.Random(8)
    speech, rest = rng.sample(OURS, 40), rng.sample(THEIRS, 100)
    match = compare(" ".join(rest) + '. "' + " ".join(speech) + '".', " ".join(speech))
    assert match.verdict == "copy"


LAW = "Undang-Undang Nomor 41 Tahun 2015 tentang Badan Pengelola Pelabuhan Perikanan dan Pesisir Teluk Loweha"


def test_names_titles_and_numbers_are_no_evidence_on_their_own() -> None:
    rng = random.Random(9)
    own, rest = " ".join(prose(rng, THEIRS, 6)), prose(rng, OURS, 6)
    match = compare(f"{own} {LAW} {own}", f"{' '.join(rest)} {LAW}.")
    assert (match.verdict, match.score) == ("original", 0.0)
    assert [passage.exempt for passage in match.passages] == ["boilerplate"]
    lifted = compare(f"{own} {LAW} {' '.join(rest[:3])} {own}", f"{' '.join(rest)} {LAW}.")
    assert all(passage.exempt is None and not passage.exempt_spans for passage in lifted.passages)


def test_lists_tables_and_articles_of_law_are_no_evidence_on_their_own() -> None:
    shared = (
        "1. Darma Wijaya (Loweha FC) 1'32.775s, 2. Rudi Hasan (Persewa) 0.057s, 3. Yusran Malik (Bahari United) 0.396s, "
        "4. Andi Tola (Loweha FC) 0.695s, 5. Ferdi Lapa (Persewa) 0.749s, 6. Hasrul Boni (Bahari United) 0.849s."
    )
    charge = (
        "Pasal 12 huruf a atau Pasal 11 Undang-Undang Nomor 31 Tahun 1999 sebagaimana diubah dengan Undang-Undang Nomor 20 "
        "Tahun 2001"
    )
    rng = random.Random(11)
    for taken in (shared, charge):
        match = compare(f"{' '.join(prose(rng, OURS, 6))}\n{taken}", f"{' '.join(prose(rng, THEIRS, 6))}\n{taken}")
        assert match.passages
        assert {passage.exempt for passage in match.passages} == {"boilerplate"}
        assert match.score == 0


@pytest.mark.parametrize(
    "figures",
    [
        "Beras premium Rp 16.500 per kilogram, beras medium Rp 14.200 per kilogram, cabai rawit merah Rp "
        "68.000 per kilogram, bawang merah Rp 39.800 per kilogram, telur ayam Rp 30.150 per "
        "kilogram, minyak goreng curah Rp 18.400 per liter.",
        "Loweha: cerah berawan, suhu 24-32 derajat Celsius, kelembapan 65-95 persen. Tiworo: hujan ringan, "
        "suhu 23-31 derajat Celsius, kelembapan 70-98 persen. Tobuha: berawan, suhu 24-31 derajat "
        "Celsius, kelembapan 68-96 persen.",
        "Indeks ditutup menguat 0,42 persen atau 30,15 poin ke level 7.214,33. LWHA naik 1,2 persen ke Rp "
        "9.875, TBHA naik 0,8 persen ke Rp 4.560, TWRO turun 0,5 persen ke Rp 2.910, MNSA turun 2,3 persen ke Rp 1.745.",
        "0,5 gram: Rp 1.012.500\n1 gram: Rp 1.925.000\n2 gram: Rp 3.790.000\n5 gram: Rp 9.400.000\n10 gram: Rp 18.745.000",
        "Jadwal salat: Imsak 04.38 WITA, Subuh 04.48 WITA, Terbit 06.06 WITA, Zuhur 12.02 WITA, Asar 15.22 "
        "WITA, Magrib 17.53 WITA.",
        "Hadir Wakil Bupati H. Andi Rahma, S.E., M.Si., Ketua DPRD Drs. La Ode Marsu, Kapolres AKBP Dedi "
        "Kurna, S.I.K., Dandim Letkol Inf Bambang Sutra, Kajari Rina Wulan, S.H., M.H., serta "
        "Sekretaris Daerah Ir. Yusuf Tahira.",
        "Jumat, 7 November 2025\n15.30 WIB: Persela Tiworo vs PS Muna\n19.00 WIB: Garuda Loweha vs Putra Tobuha\n"
        "Sabtu, 8 November 2025\n15.30 WIB: Bintang Kola vs Persikon\n19.00 WIB: Persewa vs Loweha United",
    ],
)
def test_lists_of_figures_and_officials_are_no_evidence_on_their_own(figures: str) -> None:
    rng = random.Random(12)
    ours, theirs = "\n".join(prose(rng, OURS, 6)), prose(rng, THEIRS, 6)
    match = compare(f"{ours}\n\n{figures}\n", "\n".join([*theirs, figures]))
    assert {passage.exempt for passage in match.passages} <= {"boilerplate"}
    assert (match.verdict, match.score) == ("original", 0.0)
    assert compare(figures, figures).score == 1.0  # the list itself, as an article
    lifted = compare(f"{ours}\n\n{figures}\n" + "\n".join(theirs[:3]), "\n".join([*theirs, figures]))
    assert lifted.verdict in ("copy", "partial_copy")


def test_an_article_in_capitals_is_evidence() -> None:
    text = " ".join(prose(random.Random(10), OURS, 6)).upper()
    assert compare(text, text).score == compare(text.lower(), text).score == 1.0


def test_a_short_sentence_against_itself_is_a_copy() -> None:
    text = "Rapat dewan ditunda sampai pekan depan."
    match = compare(text, text)
    assert (match.score, len(match.passages), match.passages[0].exempt) == (1.0, 1, None)


def test_a_short_sentence_with_a_word_moved_is_found() -> None:
    one = "Dua pompa bergerak baru tiba pukul dua dini hari karena jalan menuju lokasi terendam."
    other = "Dua pompa baru tiba pukul dua dini hari karena jalan menuju lokasi masih terendam."
    (passage,) = compare(other, one).passages
    assert (passage.submission.start, passage.article.start) == (0, 0)
    assert passage.words >= 12
    assert compare(other, one).verdict == "copy"


def test_six_equal_words_of_a_long_text_are_no_passage() -> None:
    one = " ".join(f"satu{n}" for n in range(60)) + " rapat dewan ditunda sampai pekan depan"
    other = " ".join(f"lain{n}" for n in range(60)) + " rapat dewan ditunda sampai pekan depan"
    assert compare(one, other).passages == ()


STORY = (
    "Nelayan Tanjung Sagu mulai memasang lampu pelampung buatan sendiri sejak awal pekan. Lampu itu dirakit dari "
    "botol bekas, panel kecil, dan baterai mainan yang mereka kumpulkan dari tempat pembuangan. Setiap malam tiga "
    "puluh perahu keluar lewat celah karang yang dulu hanya dilalui ketika bulan purnama. Ongkos satu lampu tidak "
    "sampai dua puluh ribu rupiah, jauh lebih murah daripada yang dijual di pasar kota. Sejak dipasang, belum ada "
    "lagi perahu yang robek lambungnya, dan hasil tangkapan naik hampir separuh."
)


@pytest.mark.parametrize("close", ['"', ""])
def test_a_story_put_between_quotation_marks_is_no_quotation(close: str) -> None:
    match = compare(f'"{STORY}{close}, kata Hendra.', STORY + " " + "Warga berharap bantuan datang. " * 8)
    assert match.verdict == "copy"


def test_two_sentences_of_a_story_may_be_cited() -> None:
    cited = STORY[: STORY.index(" Setiap malam")]
    other = " ".join(f"Catatan{n} perjalanan{n} kami{n}." for n in range(30))
    assert compare(f'{other} "{cited}", tulis Kabar Teluk, kata Hendra.', STORY).verdict == "quotation"
