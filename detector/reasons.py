"""Reasons: why a report says what it says, as codes with values, and as sentences in Indonesian and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from detector.policy import Language
from fingerprints.dates import WIB

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding: a `code` of `CODES` and the values its sentence names (shares from 0 to 1, words, titles, dates)."""

    code: str
    values: tuple[tuple[str, Value], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """`{code, ...values}`."""
        return {"code": self.code, **dict(self.values)}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Reason:
        """The inverse of `to_dict`: for showing a stored report in another language."""
        return cls(given["code"], tuple((name, value) for name, value in given.items() if name != "code"))


_ID = {
    "copied": "{words} kata, {copied} dari naskah ini, sama dengan artikel arsip; terpanjang {run} kata berturut-turut.",
    "reworded": "{words} kata, {copied} dari naskah ini, mengikuti artikel arsip dengan kata-kata yang diubah.",
    "confidence": "Temuan tulis ulang seperti ini benar dalam {right} kasus pada set uji, yang separuhnya memang salinan.",
    "top_match": "Paling banyak dari “{article}”: {taken} dari artikel itu ada di naskah ini.",
    "more_matches": "Selain itu, ada bagian yang sama dengan {count} artikel lain.",
    "quotation": "Yang sama dengan arsip hanya kutipan langsung yang disebut narasumbernya ({words} kata).",
    "shared_source": "Yang sama dengan arsip berasal dari sumber bersama seperti siaran pers ({words} kata).",
    "common": "{words} kata berdiri di lebih dari 100 artikel arsip (sampai {articles} artikel) dan tidak dihitung.",
    "nothing_found": "Tidak ditemukan apa pun di arsip.",
    "below_thresholds": "Kesamaan dengan arsip hanya {words} kata yang dihitung, di bawah ambang.",
    "exempt_only": "Yang sama dengan arsip hanya perabot halaman, nama dan jabatan, atau bagian lain yang tidak dihitung.",
    "quotations_count": "Kutipan ikut dihitung karena beritanya sendiri juga diambil ({words} kata di luar kutipan).",
    "linked": "Naskah ini menautkan artikel asal atau situsnya.",
    "named": "Naskah ini menyebut sumbernya tanpa menautkannya.",
    "absent": "Naskah ini tidak menyebut dan tidak menautkan sumbernya.",
    "article_first": "Artikel arsip terbit lebih dulu ({article_date}; naskah {submission_date}).",
    "submission_first": "Naskah ini terbit lebih dulu ({submission_date}; artikel arsip {article_date}).",
    "claimed_date": "Tanggal naskah ({submission_date}) dibaca dari halamannya sendiri: klaim, bukan alasan pembebasan.",
    "excused_older": "Tidak ditandai: naskah ini lebih tua dari artikel arsip.",
    "excused_own_domain": "Tidak ditandai: naskah ini ada di situs kita sendiri ({domain}).",
    "excused_own_url": "Tidak ditandai: ini alamat artikel itu sendiri.",
    "excused_licensed": "Tidak ditandai: {domain} memegang izin untuk ini.",
    "partly_excused": "Sebagian dimaafkan ({count} artikel), sisanya tidak.",
    "licence_exceeded": "{domain} memegang izin, tetapi syaratnya tidak dipenuhi: {condition}.",
    "evasion": "Tanda penyamaran: {lookalike} huruf mirip dari aksara lain dan {invisible} karakter tak terlihat di dalam kata.",
    "omitted": "{count} artikel lain yang juga sama tidak ditampilkan.",
}

_EN = {
    "copied": "{words} words, {copied} of this text, are the same as articles in the archive; the longest run is {run} words.",
    "reworded": "{words} words, {copied} of this text, follow articles in the archive in changed words.",
    "confidence": "On the measured set, half of it copies, such a finding of rewording was right in {right} of the cases.",
    "top_match": "Most of it from “{article}”: {taken} of that article is in this text.",
    "more_matches": "Besides, parts are the same as {count} other articles.",
    "quotation": "Only direct speech with its speaker named is the same as in the archive ({words} words).",
    "shared_source": "What is the same as in the archive comes from a shared source such as a press release ({words} words).",
    "common": "{words} words stand in more than 100 articles of the archive (up to {articles}) and do not count.",
    "nothing_found": "Nothing found in the archive.",
    "below_thresholds": "Only {words} counting words are the same as in the archive, below the thresholds.",
    "exempt_only": "Only site furniture, names with titles or other parts that do not count are the same as in the archive.",
    "quotations_count": "Quotations count, because the story itself was taken too ({words} words outside quotations).",
    "linked": "This text links to the article or its site.",
    "named": "This text names its source without a link.",
    "absent": "This text neither names nor links its source.",
    "article_first": "The article in the archive was published first ({article_date}; this text {submission_date}).",
    "submission_first": "This text was published first ({submission_date}; the article {article_date}).",
    "claimed_date": "The date of this text ({submission_date}) was read from its own page: a claim, which excuses nothing.",
    "excused_older": "Not flagged: this text is older than the article.",
    "excused_own_domain": "Not flagged: this text is on one of our own sites ({domain}).",
    "excused_own_url": "Not flagged: this is the article's own address.",
    "excused_licensed": "Not flagged: {domain} holds a licence for this.",
    "partly_excused": "A part is excused ({count} articles), the rest is not.",
    "licence_exceeded": "{domain} holds a licence, but its conditions are not met: {condition}.",
    "evasion": "Signs of disguise: {lookalike} look-alike letters of other scripts, {invisible} invisible characters in words.",
    "omitted": "{count} more articles that match are not listed.",
}

_CONDITIONS: dict[Language, dict[str, str]] = {
    "id": {"max_words": "terlalu banyak kata", "linked": "harus menautkan sumber", "named": "harus menyebut sumber"},
    "en": {"max_words": "too many words", "linked": "must link to the source", "named": "must name the source"},
}
_MONTHS: dict[Language, str] = {
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
    "en": "January February March April May June July August September October November December",
}
_SHARES = frozenset(("copied", "taken", "right"))
_DATES = frozenset(("article_date", "submission_date"))

CODES = frozenset(_ID)


def sentence(reason: Reason, language: Language = "id") -> str:
    """The reason as a sentence, numbers and dates as the language writes them."""
    templates = _ID if language == "id" else _EN
    return templates[reason.code].format_map({name: _shown(name, value, language) for name, value in reason.values})


def _shown(name: str, value: Value, language: Language) -> str:
    if name in _SHARES and isinstance(value, int | float):
        return whole_percent(value)
    if name in _DATES and isinstance(value, str):
        return _date(value, language)
    if name == "condition":
        return _CONDITIONS[language][str(value)]
    if isinstance(value, int):
        return number(value, language)
    return "?" if value is None else str(value)


_SWAPPED = str.maketrans(",.", ".,")


def number(value: float, language: Language, digits: int = 0) -> str:
    """A number with so many decimals as the language writes it: 1.234,50 or 1,234.50."""
    shown = f"{value:,.{digits}f}"
    return shown.translate(_SWAPPED) if language == "id" else shown


def whole_percent(share: float) -> str:
    """Whole percent, but never "100%" for less than all nor "0%" for more than nothing."""
    whole = round(share * 100)
    if whole == 100 and share < 1:
        whole = 99
    return "<1%" if whole == 0 < share else f"{whole}%"


def _date(canonical: str, language: Language) -> str:
    if len(canonical) == 10:
        return _day(date.fromisoformat(canonical), language)
    moment = datetime.fromisoformat(canonical).astimezone(WIB if language == "id" else UTC)
    return f"{_day(moment, language)} {moment:%H.%M} WIB" if language == "id" else f"{_day(moment, language)} {moment:%H:%M} UTC"


def _day(day: date, language: Language) -> str:
    return f"{day.day} {_MONTHS[language].split()[day.month - 1]} {day.year}"
