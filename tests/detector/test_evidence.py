"""Evidence: what sustains a passage, and what always remains of one that is not sustained."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from detector import Article, Detector, Policy, compare
from detector.align import Aligned, align
from detector.evidence import Evidence, sustained
from detector.kernels.runs import covering_runs, pair_words
from detector.reading import Reading

REPORT = (
    "Satuan Reserse Narkoba Polres Loweha menangkap dua tersangka pengedar sabu, Selasa (14/5/2024). Kapolres "
    "Loweha AKBP Darma Wijaya mengatakan, tersangka berinisial RD dan MK diamankan di Jalan Cendrawasih, Kelurahan "
    "Tobuha. Petugas menyita sabu seberat 12,4 gram, satu timbangan digital dan dua unit telepon genggam. Keduanya "
    "dijerat Pasal 114 ayat (1) Undang-Undang Nomor 35 Tahun 2009 tentang Narkotika. "
)
OTHER_REPORT = (
    "Dua pria asal Kelurahan Tobuha, RD dan MK, dibekuk Satuan Reserse Narkoba Polres Loweha. Kepada wartawan, "
    "Kapolres Loweha AKBP Darma Wijaya menyebut penangkapan itu berawal dari laporan warga Jalan Cendrawasih pada "
    "Selasa (14/5/2024). Barang bukti yang diamankan berupa sabu 12,4 gram serta timbangan. Mereka terancam Pasal "
    "114 ayat (1) Undang-Undang Nomor 35 Tahun 2009 tentang Narkotika. "
)
ARTICLE = (
    "Para nelayan di pesisir itu bangun sebelum fajar, menyusun jala yang semalam mereka jahit, lalu mendorong "
    "perahu melewati lumpur yang kian dangkal. Sejak tambak baru dibuka di hulu, endapan menutup alur lama dan "
    "memaksa mereka memutar dua kali lebih jauh. Bahan bakar yang dulu cukup untuk sepekan kini habis dalam empat "
    "hari, sementara harga tangkapan di pelelangan tidak pernah beranjak. Sebagian anak muda memilih merantau, "
    "meninggalkan perahu orang tuanya tertambat dan lapuk di tepi muara."
)
RETOLD = (
    "Nelayan pesisir tersebut sudah bangun sebelum fajar untuk menyusun jala yang dijahit semalam, kemudian "
    "mendorong perahunya melintasi lumpur yang makin dangkal. Semenjak tambak baru di hulu dibuka, alur lama "
    "tertutup endapan sehingga mereka terpaksa memutar dua kali lebih jauh. Bahan bakar yang semula cukup sepekan "
    "sekarang habis empat hari saja, padahal harga tangkapan di pelelangan tak kunjung beranjak. Banyak anak muda "
    "lantas merantau dan membiarkan perahu orang tua mereka lapuk tertambat di muara."
)


def test_two_reports_of_one_event_are_no_match() -> None:
    match = compare(REPORT, OTHER_REPORT)
    assert match.verdict == "original"
    assert match.copied == match.taken == 0
    assert [(passage.words, passage.exempt) for passage in match.passages] == [(12, "boilerplate")]  # a run is always shown


def test_a_text_told_again_sentence_by_sentence_is_a_match() -> None:
    match = compare(RETOLD, ARTICLE)
    assert match.verdict in ("rewrite", "partial_copy", "copy")
    assert match.copied > 0.8
    assert (match.confidence is not None) == (match.verdict == "rewrite")
    assert match.to_dict()["confidence"] == match.confidence


def test_names_and_stock_words_tell_less_than_plain_words() -> None:
    odds = []
    for submission, article in ((REPORT, OTHER_REPORT), (RETOLD, ARTICLE)):
        a, b = Reading(submission), Reading(article)
        pairs = pair_words(a.tokens.hash, b.tokens.hash, 16, 12)
        whole = Aligned(0, len(a), 0, len(b), pairs, similarity=0.5, longest_run=1)
        odds.append(Evidence(a, b, Policy()).odds(whole))
    assert odds[0] < 0 < odds[1]


WORDS = st.sampled_from(("Kapolres", "Loweha", "kata", "14", "sabu", "perahu", "lapuk", "di", "dan", "mereka"))


@given(
    st.lists(WORDS, min_size=1, max_size=80), st.lists(WORDS, min_size=1, max_size=80), st.lists(WORDS, min_size=12, max_size=20)
)
@settings(max_examples=100)
def test_what_remains_holds_every_long_run_and_overlaps_nowhere(x: list[str], y: list[str], run: list[str]) -> None:
    a, b = Reading(" ".join([*x, *run, *x])), Reading(" ".join([*y, *run, *reversed(y)]))
    kept = sustained(a, b, align(a.tokens, b.tokens), Policy(sustained=0.999))
    covered = {at for passage in kept for at in range(passage.start, passage.end)}
    assert len(covered) == sum(passage.end - passage.start for passage in kept)
    for i, _, n in covering_runs(a.tokens.hash, b.tokens.hash, 12).tolist():
        assert covered.issuperset(range(i, i + n))
    for passage in kept:
        x_, y_ = passage.pairs[:, 0], passage.pairs[:, 1]
        assert (a.tokens.hash[x_] == b.tokens.hash[y_]).all()
        assert ((passage.start <= x_) & (x_ < passage.end)).all()
        assert ((passage.article_start <= y_) & (y_ < passage.article_end)).all()


def test_a_search_asks_more_than_a_comparison() -> None:
    submission, article = (
        "Banjir setinggi lutut merendam Kelurahan Tanjung Rimba sejak Senin dini hari setelah hujan deras semalaman. Ratusan "
        "warga mengungsi ke gedung serbaguna milik pemerintah kota, kata Kepala BPBD Rasyid Tamrin.",
        "Kepala BPBD Rasyid Tamrin menyebut banjir di Kelurahan Tanjung Rimba mulai surut pada Senin siang. Warga yang mengungsi "
        "ke gedung serbaguna pemerintah kota, ratusan orang jumlahnya, diminta bertahan sebab hujan deras masih mungkin turun.",
    )
    a, b = Reading(submission), Reading(article)
    whole = Aligned(0, len(a), 0, len(b), pair_words(a.tokens.hash, b.tokens.hash, 16, 12), similarity=0.5, longest_run=1)
    policy = Policy(sustained=0.01, searched=0.99)
    assert sustained(a, b, [whole], policy) == [whole]
    assert sustained(a, b, [whole], policy, searched=True) == []
    assert sustained(a, b, [whole], Policy(sustained=0.99, searched=0.01), searched=True) == [whole]


def test_what_is_told_again_is_found_by_a_search_too() -> None:
    with Detector.open("memory://") as detector:
        detector.add_many([Article(id="a", text=ARTICLE), Article(id="b", text=REPORT)])
        assert detector.check(RETOLD).verdict in ("rewrite", "partial_copy", "copy")
        assert detector.check(OTHER_REPORT).verdict == "original"


def test_close_passages_need_no_evidence() -> None:
    a, b = Reading(REPORT), Reading("Baru saja. " + REPORT)
    found = align(a.tokens, b.tokens)
    assert sustained(a, b, found, Policy()) == found
