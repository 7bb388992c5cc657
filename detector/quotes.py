"""Quotations: direct speech in quotation marks whose speaker is named near it, in the styles of Indonesian and English papers."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from detector.kernels import speech as kernels
from detector.kernels.quotes import quotations as attributed
from fingerprints.article import Span
from fingerprints.tokens import tokenize

_SPEECH = """kata ujar jelas tutur ungkap imbuh tegas papar terang sebut ucap pungkas beber lanjut cetus tambah tandas tukas kilah
    sergah timpal jawab tanya tulis cuit harap pinta ajak imbau himbau keluh seloroh kelakar kenang cerita pesan urai rinci
    sambung bilang klaim tuding kecam komentar teriak bisik gumam sindir nilai tutup kutip lapor saran bantah puji akui
    canda ancam jabar tantang elak gugat tekan celetuk sahut bunyi lontar sesal tepis tampik gurau dalih celoteh tegur sanggah
    singgung simpul ulas"""
_AFFIXED = "kisah kritik respons usul balas tanggap utara anjur"
"""Stems that tell of speech only with a prefix or a suffix: kisahnya, mengutarakan."""
_NO_NASAL = frozenset(("tutup",))
"""Stems that say something else with a nasal prefix: menutup."""
_WITH_BER = "kata ujar tutur cerita komentar teriak bisik kelakar canda harap pesan seloroh tanya janji"
_OTHERS = "menurut demikian aku akunya dilansir melansir mengaku membenarkan"
_NOUNS = "penjelasan pernyataan penuturan pengakuan ungkapan perkataan ucapan keluhan keterangan"
"""What is said, with -nya: `"...," begitu penjelasannya`."""
_ENGLISH_SPEECH = """said says say saying told tells adds added according stated states explained explains wrote writes replied
    asked noted argued claimed insisted warned announced remarked commented continued concluded declared admitted recalled
    recounted tweeted stressed emphasized reiterated responded testified called quipped"""


def _attributing() -> frozenset[str]:
    """Every form of a word that attributes speech, in small letters."""
    stems, nouns = f"{_SPEECH} {_AFFIXED}".split(), _NOUNS.split()
    nasal = [stem[1:] for stem in stems if stem[0] in "ptsk" and stem not in _NO_NASAL]  # kata: meng-ata-kan
    prefixed = [prefix + stem for prefix in ("me", "mem", "men", "meng", "meny", "di") for stem in stems]
    prefixed += [prefix + stem for prefix in ("mem", "men", "meng", "meny") for stem in nasal]
    prefixed += ["menyatakan", "dinyatakan", "menyampaikan", "disampaikan"]
    forms = {word + suffix for word in prefixed for suffix in ("", "i", "kan", "nya", "kannya")}
    forms.update(stem + suffix for stem in _SPEECH.split() for suffix in ("", "kan", "nya", "kannya"))
    forms.update(word + "nya" for word in [*stems, *nouns])
    forms.update("ber" + stem for stem in _WITH_BER.split())
    return frozenset([*forms, *_OTHERS.split(), *_ENGLISH_SPEECH.split()])


_SPOKEN = {form for stem in [*_SPEECH.split(), "menurut", "demikian"] for form in (stem, stem + "nya")}
"""What may follow speech whose closing mark is missing, at once and in small letters or not."""
_SO = "demikian demikianlah begitu begitulah itulah"
_SAYING, _THIS = "hal pernyataan ucapan ungkapan kalimat", "itu tersebut ini"
"""How the paragraph after speech begins that names its speaker: `Demikian`, `Hal itu`."""


@cache
def _classes() -> NDArray[np.uint8]:
    """uint8[65536]: the bits of each code point."""
    letters = np.arange(kernels.BMP, dtype=np.uint32).view("<U1")
    tests = (
        (kernels.ALPHANUMERIC, np.strings.isalnum),
        (kernels.SPACE, np.strings.isspace),
        (kernels.DIGIT, np.strings.isdigit),
        (kernels.LOWER, np.strings.islower),
    )
    out = np.zeros(kernels.BMP, np.uint8)
    for bit, test in tests:
        out |= np.where(test(letters), np.uint8(bit), np.uint8(0))
    return out


@cache
def _listed() -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint8]]:
    """Hashes of the words that tell of speech, sorted; the bits of each; and where in the sieve they are."""
    known: dict[str, int] = {}
    lists = (
        (kernels.ATTRIBUTES, _attributing()),
        (kernels.SPOKEN, _SPOKEN),
        (kernels.SO, _SO.split()),
        (kernels.SAYING, _SAYING.split()),
        (kernels.THIS, _THIS.split()),
    )
    for bit, forms in lists:
        for form in forms:
            known[form] = known.get(form, 0) | bit
    hashes = tokenize("\n".join(known)).hash
    order = np.argsort(hashes)
    sieve = np.zeros(kernels.FILTER, np.uint8)
    sieve[(hashes & np.uint64(kernels.FILTER - 1)).astype(np.intp)] = 1
    return hashes[order], np.array(list(known.values()), np.uint8)[order], sieve


def speech(text: str) -> NDArray[np.int32]:
    """int32[m, 2]: start and end of attributed direct speech in code points, marks included, in order, none overlapping."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return np.asarray(attributed(codes, _classes(), *_listed()))


def quotations(text: str) -> list[Span]:
    """`speech` as spans."""
    return [Span(start, end) for start, end in speech(text).tolist()]
