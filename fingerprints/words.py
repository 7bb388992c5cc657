"""Small lexical tables, folded: function words of Indonesian and English, abbreviations, affixes. All written for this project."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from fingerprints.kernels.text import hash_word

STOP_WORDS = frozenset(
    # Indonesian: pronouns, prepositions, conjunctions, auxiliaries, particles, question words.
    """ada adalah adapun agar akan akhirnya aku amat anda antara apa apabila apakah apalagi atas atau bagai bagaimana bagi bahkan bahwa baik
    banyak bawah beberapa begini begitu belum berbagai berdasarkan berupa biasa biasanya bila bisa boleh bukan cukup cuma
    dalam dan dapat dari daripada dekat demi demikian dengan depan di dia dialah dirinya dong dulu guna hal hampir hanya harus hendak hingga
    ia ialah ini itu iya jadi jangan jauh jika jikalau juga kah kala kalau kali kalian kami kamu kan kapan karena karenanya
    kata katanya ke kemudian kenapa kepada ketika khususnya kini kita lagi lah lain lainnya lalu lama lebih lewat maka makin malah
    mampu mana masih masing maupun melainkan melalui memang mengapa mengenai menjadi menurut mereka merupakan meski meskipun mestinya
    misalnya mulai mungkin namun nanti nya oleh olehnya pada padahal paling para pasti per pernah pertama pula pun punya
    rupanya saat saja saling sama sambil sampai samping sana sang sangat sangatlah saya se seakan sebab sebabnya sebagai sebagaimana sebagian
    sebaliknya sebelum sebelumnya sebuah secara sedang sedangkan sedikit segala segera sehingga sejak sejumlah sekali sekaligus sekarang
    seketika sekitar selain selaku selalu selama selanjutnya seluruh semakin sementara semua semuanya sendiri seolah seorang sepanjang
    seperti sering serta sesuai sesudah setelah setiap seusai si siapa sini soal suatu sudah supaya tak tanpa tapi telah tengah
    tentang tentu tentunya terhadap terkait termasuk ternyata tersebut tetap tetapi tiap tidak tidaklah toh tuh turut
    ujar ujarnya ungkap ungkapnya untuk usai walau walaupun yaitu yakni yang tutur tuturnya jelas jelasnya imbuh imbuhnya ucap
    ucapnya terang terangnya
    """.split()
) | frozenset(
    # English.
    """a about above after again against all also am among an and any are as at be because been before being below between both but by can
    could did do does doing done down during each either else even ever every few for from further had has have having he her here hers
    herself him himself his how however i if in into is it its itself just may me might more most much must my myself neither no nor not
    now of off on once one only onto or other our ours ourselves out over own per rather s said same she should since so some still
    such than that the their theirs them themselves then there therefore these they this those though through thus to too toward under
    until up upon us very was we were what when where whether which while who whom whose why will with within without would yet you
    your yours yourself t
    """.split()
)
"""Words that carry grammar rather than content."""

ABBREVIATIONS = frozenset(
    """jl jln no nomor rp dr drg drs dra prof ir hj kh rt rw kec kab kel ds dsn gg tgl thn hlm hal pt cv ud tbk st mr mrs ms jr sr vs bpk
    bp sdr sdri yth ttd an ub up ay ust tn ny rs sd smp sma smk gub wagub kol letkol let kapt brig brigjen irjen komjen kombes akbp kompol akp iptu ipda
    aiptu aipda bripka brigpol briptu bripda jend mayjen letjen serma serda peltu pelda sertu kopda praka prada sp msi mh se sh st inc ltd co
    fig eds ed vol art ps approx dept est jan feb mar apr jun jul agt sep sept okt nov des aug oct dec
    """.split()
)
"""Abbreviations that are written with a full stop and seldom end a sentence."""

PREFIXES = ("meng", "meny", "mem", "men", "me", "peng", "peny", "pem", "pen", "pe", "ber", "ter", "per", "di", "ke", "se")
SUFFIXES = ("kannya", "annya", "inya", "lah", "kah", "nya", "kan", "an", "i")
MIN_STEM = 4
"""Letters that must remain when an affix is dropped."""


def _codes(word: str) -> NDArray[np.uint32]:
    return np.frombuffer(word.encode("utf-32-le"), np.uint32)


@cache
def lexicon() -> NDArray[np.uint64]:
    """Open-addressed hash set of 2048 slots: word hash with its two lowest bits for stop word (1) and abbreviation (2); 0 is free."""
    table = np.zeros(2048, np.uint64)
    for word in sorted(STOP_WORDS | ABBREVIATIONS):
        code = int(hash_word(_codes(word), 0, len(word)))
        slot = code >> 53
        while table[slot]:
            slot = (slot + 1) % len(table)
        table[slot] = (code & ~3) | (word in STOP_WORDS) | (word in ABBREVIATIONS) << 1
    table.flags.writeable = False
    return table


@cache
def affixes() -> NDArray[np.uint32]:
    """`PREFIXES`, an empty row, `SUFFIXES`: uint32[n, 8], each row the length and the letters."""
    rows = np.zeros((len(PREFIXES) + 1 + len(SUFFIXES), 8), np.uint32)
    for row, affix in zip(rows, (*PREFIXES, "", *SUFFIXES), strict=True):
        row[0] = len(affix)
        row[1 : 1 + len(affix)] = _codes(affix)
    return rows
