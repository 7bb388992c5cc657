"""Words of a text: against an oracle that reads code point by code point with `unicodedata` and nothing of the compiled pass."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fingerprints import folding, words
from fingerprints.tokens import CAPITAL, LINE, NUMBER, SENTENCE, STOP, Tokens, tokenize

HOSTILE = (
    "aeioknsTMЁсаовкРШя"
    + "αοΑΣςάԱօᎪ"
    + "ａＺ𝐀𝒷Ⓐ🅰ﬁﷺßæİı"
    + "1٣²½"
    + "\u0301\u0323\u20e3"
    + "\u200b\u200c\u200d\u00ad\ufe0f\u202e\ufeff\U000e0041"
    " \t\n\r\u2028\u00a0.,!?…\"'()«»-" + "👩⚕🏽©™" + "مىनि漢ก한가" + "\ud800\udfff\U0010ffff\x00"
)
text_strategy = st.one_of(
    st.text(st.sampled_from(HOSTILE), max_size=40),
    st.text(st.characters(), max_size=30),
    st.lists(
        st.sampled_from(["menulis", "Polres", "S.I.K.", "dan", "10", ". ", " ", "\n", "ﬁ", "\u200b", "кота", "кot", "он"]),
        max_size=20,
    ).map("".join),
)


def oracle_words(text: str) -> list[tuple[int, int, str]]:
    """(start, end, folded) of each word: maximal runs of letters, marks and digits, invisible characters inside skipped."""
    found: list[tuple[int, int, list[int]]] = []
    open_word = False
    for i, c in enumerate(text):
        bits, folded, _ = folding.fold(ord(c))
        if folded:
            if open_word:
                found[-1] = (found[-1][0], i + 1, [*found[-1][2], i])
            else:
                found.append((i, i + 1, [i]))
            open_word = True
        elif bits & folding.MARK and open_word:
            found[-1] = (found[-1][0], i + 1, found[-1][2])
        elif not bits & (folding.MARK | folding.INVISIBLE):
            open_word = False
    return [(start, end, oracle_fold([text[i] for i in at])) for start, end, at in found]


def oracle_fold(letters: list[str]) -> str:
    folds = [folding.fold(ord(c)) for c in letters]
    bits = [b for b, _, _ in folds]
    genuine = any(b & folding.LATIN and not b & folding.LOOKALIKE for b in bits)
    foreign = any(b & folding.OTHER for b in bits) or (any(b & folding.WEAK for b in bits) and not genuine)
    return "".join(own if foreign and b & folding.LOOKALIKE else folded for b, folded, own in folds)


@given(text_strategy)
@example("a\u200b\u0301b")
@example("\u0301a")
@example("1\ufe0f\u20e3")
def test_words_and_hashes_are_those_of_the_oracle(text: str) -> None:
    tokens = tokenize(text)
    expected = oracle_words(text)
    assert list(zip(tokens.start.tolist(), tokens.end.tolist(), strict=True)) == [(a, b) for a, b, _ in expected]
    assert tokens.hash.tolist() == [words.word_hash(folded) for _, _, folded in expected]


def oracle_hash(word: str) -> int:
    """Folded products (wyhash) of 16 bytes at a time, and one more."""
    a, b, c, d = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F, 0xA0761D6478BD642F

    def folded(x: int, y: int) -> int:
        return (x * y ^ x * y >> 64) & (2**64 - 1)

    spelled, h = word.encode(), 0
    for i in range(0, len(spelled), 16):
        low, high = (int.from_bytes(spelled[at : at + 8], "little") for at in (i, i + 8))
        h = folded(low ^ h ^ a, high ^ b)
    return folded(h ^ c, d)


@given(st.one_of(st.text(st.sampled_from("abcz09"), min_size=1, max_size=70), st.text(st.sampled_from("aщ漢𐌰"), min_size=1)))
def test_hash_of_a_word_is_that_of_the_oracle(word: str) -> None:
    assert words.word_hash(word) == oracle_hash(word)
    assert tokenize(word).hash.tolist() == [oracle_hash(word)]


@given(
    st.lists(st.sampled_from(["meng", "ber", "tulis", "ing", "s", "kan", "lah", "an", "ed", "ly", "i", "e", "bac"]), max_size=12)
)
def test_stems_under_many_affixes(parts: list[str]) -> None:
    word = "".join(parts) + "xaba"[len(parts) % 4 :]
    if word not in words.stop_words():
        assert tokenize(word).stem.tolist() == ([words.word_hash(words.stem(word))] if word else [])


@given(text_strategy)
def test_stems_numbers_and_stop_words_are_those_of_the_oracle(text: str) -> None:
    tokens = tokenize(text)
    for (_, _, folded), stem, flag in zip(oracle_words(text), tokens.stem.tolist(), tokens.flags.tolist(), strict=True):
        stop = folded in words.stop_words()
        number = all(unicodedata.category(c)[0] == "N" for c in folded)
        assert bool(flag & STOP) == stop
        assert bool(flag & NUMBER) == number
        assert stem == words.word_hash(folded if stop or number else words.stem(folded))


@given(text_strategy, text_strategy)
def test_a_text_means_the_same_beside_one_that_needs_the_slow_path(text: str, other: str) -> None:
    """Plain texts take a faster loop; a mark and an emoji on another line force the general one."""
    alone, beside = tokenize(text), tokenize(f"{text}\n\u0301😀\n{other}")
    n = len(alone)
    for name in ("start", "end", "hash", "stem", "flags"):
        assert getattr(alone, name).tolist() == getattr(beside, name)[:n].tolist()


@given(text_strategy)
def test_arrays_are_sound(text: str) -> None:
    tokens = tokenize(text)
    bounds = np.column_stack([tokens.start, tokens.end]).ravel()
    assert (np.diff(bounds) >= 0).all()
    assert (tokens.start < tokens.end).all()
    assert len(text) >= (bounds[-1] if len(bounds) else 0)
    assert [a.dtype for a in (tokens.start, tokens.end, tokens.hash, tokens.stem, tokens.flags)] == list(
        map(np.dtype, ("int32", "int32", "uint64", "uint64", "uint8"))
    )
    assert tokens.lookalike >= 0
    assert 0 <= tokens.invisible <= len(text)


def spelled(tokens: Tokens) -> list[str]:
    return [tokens.text[a:b] for a, b in zip(tokens.start, tokens.end, strict=True)]


def same(a: str, b: str) -> bool:
    return tokenize(a).hash.tolist() == tokenize(b).hash.tolist()


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("KENDARI", "kendari"),
        ("cafe\u0301 caf\u00e9", "cafe cafe"),
        ("kеndаrі", "kendari"),
        ("ΚΕΝDΑRΙ", "kendari"),
        ("ＫＥＮＤＡＲＩ", "kendari"),
        ("𝐊𝐞𝐧𝐝𝐚𝐫𝐢 𝓀ℯ𝓃", "kendari ken"),
        ("ﬁlm oﬃce", "film office"),
        ("ken\u200bda\u00adri\u2060", "kendari"),
        ("ke\u202en\u202cdari", "kendari"),
        ("Ⓚⓔⓝ", "ken"),
        ("կ" + "օտա"[1:], "կտա"),
        ("٣٤", "34"),
    ],
)
def test_disguises_fold_away(disguised: str, plain: str) -> None:
    assert same(disguised, plain)


@pytest.mark.parametrize(
    ("text", "lookalike"),
    [
        ("Kapolres kеndаri", 2),
        ("Kapolres ＡＢＣ", 3),
        ("satu dua сор", 3),
        ("kapolreк", 1),
        ("wartawan ke Москва", 0),
        ("Слово за словом, он и она, а сор", 0),
        ("αυτός και η οδός", 0),
        ("café naïve ﬁlm", 0),
        ("ＮＨＫ放送", 0),
    ],
)
def test_lookalikes_count_only_where_they_pose_as_latin(text: str, lookalike: int) -> None:
    assert tokenize(text).lookalike == lookalike


@pytest.mark.parametrize(
    ("text", "invisible"),
    [
        ("ka\u200bta", 1),
        ("kata\u200b lain", 1),
        (" \u200bkata", 1),
        ("ka\u00adta\u2060", 2),
        ("\ufeffKata", 0),
        ("Kata \u200b lain", 0),
        ("👩\u200d⚕\ufe0f kata", 0),
        ("👩\u200d👩\u200dkata", 0),
        ("1\ufe0f\u20e3", 0),
        ("می\u200cخواهم", 0),
        ("क्\u200dष", 0),
    ],
)
def test_invisible_characters_count_where_they_touch_words(text: str, invisible: int) -> None:
    assert tokenize(text).invisible == invisible


def test_spans_hold_invisibles_inside_but_not_at_the_edges() -> None:
    assert spelled(tokenize("\u200bka\u200bta\u200b e\u0301 ")) == ["ka\u200bta", "e\u0301"]


def sentences(text: str) -> list[str]:
    tokens = tokenize(text)
    return [tokens.text[a:b] for a, b, f in zip(tokens.start, tokens.end, tokens.flags, strict=True) if f & SENTENCE]


@pytest.mark.parametrize(
    ("text", "first_words"),
    [
        ("Warga panik. Api padam.", ["Warga", "Api"]),
        ("Kapolres AKBP Rahmat Wijaya, S.I.K., M.Si. Pratama hadir. Ia pulang.", ["Kapolres", "Ia"]),
        ("Harga Rp 1.500.000 naik. Pedagang mengeluh.", ["Harga", "Pedagang"]),
        ("Rumah di Jl. Melati No. 5 terbakar. Korban selamat.", ["Rumah", "Korban"]),
        ("Bupati H. M. Nur Salim datang. Warga senang.", ["Bupati", "Warga"]),
        ("“Kami siap.” Ia lalu pergi.", ["Kami", "Ia"]),
        ('"Kami siap." "Besok mulai." katanya', ["Kami", "Besok"]),
        ('"Benar begitu?" tanya Ani. Budi diam!', ["Benar", "Budi"]),
        ("Judul berita\nIsi berita", ["Judul", "Isi"]),
        ("1. Pertama kita datang\n2. Kedua pulang", ["1", "2"]),
        ("pasar tersebut.Kapolres datang, situs kabar.com. Selesai", ["pasar", "Kapolres", "Selesai"]),
        ("Apa… Siapa?! Entah", ["Apa", "Siapa", "Entah"]),
        ("", []),
    ],
)
def test_sentences(text: str, first_words: list[str]) -> None:
    assert sentences(text) == first_words


def test_line_and_capital_flags_follow_the_original() -> None:
    tokens = tokenize("Ani pergi\n dan Вudi\r\n10 ekor")
    flags = dict(zip(spelled(tokens), tokens.flags.tolist(), strict=True))
    assert [w for w, f in flags.items() if f & LINE] == ["Ani", "dan", "10"]
    assert [w for w, f in flags.items() if f & CAPITAL] == ["Ani", "Вudi"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("menggelar", "digelar"),
        ("memukul", "dipukul"),
        ("menulis", "ditulis"),
        ("menyapu", "disapu"),
        ("menyimpan", "disimpannya"),
        ("mengirim", "dikirimkan"),
        ("rumahnya", "rumah"),
    ],
)
def test_voice_does_not_change_the_stem(a: str, b: str) -> None:
    assert tokenize(a).stem.tolist() == tokenize(b).stem.tolist()


def test_hashes_spread_over_both_halves() -> None:
    hashes = tokenize(" ".join(f"kata{i}" for i in range(20000))).hash
    for half in (hashes & np.uint64(0xFFFFFFFF), hashes >> np.uint64(32)):
        assert len(np.unique(half)) >= 19990
        for shift in (0, 8, 16, 24):
            counts = np.bincount(((half >> np.uint64(shift)) & np.uint64(255)).astype(np.int64), minlength=256)
            assert 30 < counts.min() <= counts.max() < 140


def test_hashes_are_the_same_on_every_machine() -> None:
    """A change here changes `SCHEME`."""
    assert [f"{x:016x}" for x in tokenize("Polisi menangkap 2 pelaku").hash.tolist()] == GOLDEN


GOLDEN = ["d419017f7eb55191", "4155b5e2fb6d1659", "5949376e5486c863", "b04c24b27584dec9"]
